#!/usr/bin/env bash
# Completes a few command lines with the completion of the repository: completion_test.sh FILE
set -euo pipefail

# shellcheck source=../../packaging/completion/mikey.bash
. "$1"
failures=0

# expect "COMMAND LINE" WORD...: completing its last word offers exactly these (in any order).
expect() {
  local line=$1 want got
  shift
  read -ra COMP_WORDS <<<"$line"
  [[ $line != *' ' ]] || COMP_WORDS+=("")
  COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
  _mikey
  want=$(printf '%s\n' "$@" | sort)
  got=$(printf '%s\n' "${COMPREPLY[@]}" | sort)
  if [ "$got" != "$want" ]; then
    printf 'FAILED: "%s" offers [%s], not [%s]\n' "$line" "${got//$'\n'/ }" "${want//$'\n'/ }"
    failures=$((failures + 1))
  fi
}

# offers "COMMAND LINE" WORD: the word is among what is offered.
offers() {
  read -ra COMP_WORDS <<<"$1"
  COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
  _mikey
  if ! printf '%s\n' "${COMPREPLY[@]}" | grep -qxF -- "$2"; then
    printf 'FAILED: "%s" does not offer %s\n' "$1" "$2"
    failures=$((failures + 1))
  fi
}

cd "$(mktemp -d)"
touch alice.toml

expect "mikey in" inspect
expect "mikey ag" agent
expect "mikey sdp " offer answer --help
expect "mikey sdp of" offer
expect "mikey keygen p" psk
expect "mikey inspect --js" --json
expect "mikey inspect --peer g" gstreamer genetec
expect "mikey agent --config a" alice.toml
expect "mikey agent --rev" --reveal-keys
expect "mikey inspect ali" alice.toml
for verb in inspect agent call sdp keygen; do
  offers "mikey $verb --h" --help
  offers "mikey ${verb:0:2}" "$verb"
done

rm -r "$PWD"
[ "$failures" -eq 0 ] && echo "completion: as expected"
