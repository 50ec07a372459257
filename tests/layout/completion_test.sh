#!/usr/bin/env bash
# Completes a few command lines of a program whose help is written as CLI11 writes it: completion_test.sh COMPLETION
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

work=$(mktemp -d)
trap 'rm -r "$work"' EXIT
cd "$work"
mkdir bin
touch alice.toml bin/empty
cat >bin/mikey <<'HELP'
#!/bin/sh
case "$*" in
  --help) printf '%s\n' 'Usage: mikey [OPTIONS] SUBCOMMAND' '' 'Options:' '  -h,--help                   Print this' \
    '  --version                   Say so' '' 'Subcommands:' '  inspect                     Explain inspect and sdp' \
    '  sdp                         Offers and answers' '' 'Exit status: 0' ;;
  'inspect --help') printf '%s\n' 'Usage: mikey inspect [OPTIONS] [message]' '' 'Positionals:' \
    '  message TEXT                The message' '' 'Options:' '  -h,--help                   Print this' \
    '  --json                      As JSON' '  --peer TEXT:{onvif,gstreamer,genetec}' \
    '                              For whom, see' \
    '                              --nothing and -x' '  -c,--config FILE            Which' ;;
  'sdp --help') printf '%s\n' 'Usage' '' 'Options:' '  -h,--help                   Print this' '' 'Subcommands:' \
    '  offer                       Make one' '  answer                      Make one' ;;
  'sdp offer --help') printf '%s\n' 'Usage' '' 'Options:' '  --ssrc UINT                 A number' ;;
  *) exit 2 ;;
esac
HELP
chmod +x bin/mikey
export PATH="$work/bin:$PATH"

expect "mikey " inspect sdp --help --version
expect "mikey in" inspect
expect "mikey --v" --version
expect "mikey nonsense " inspect sdp --help --version
expect "mikey sdp " offer answer --help
expect "mikey sdp of" offer
expect "mikey sdp offer --" --ssrc
expect "mikey inspect --" --json --help --peer --config
expect "mikey inspect --peer g" gstreamer genetec
expect "mikey inspect --config a" alice.toml
expect "mikey inspect -c ali" alice.toml
expect "mikey inspect --json ali" alice.toml
expect "mikey inspect ali" alice.toml

[ "$failures" -eq 0 ] && echo "completion: as expected"
