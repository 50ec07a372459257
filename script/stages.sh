# Shared by .ci/run and script/ci-full, which source it: commands run in stages, with a heading, a log and the time of
# each, up to the first that fails.
# shellcheck shell=bash

# shellcheck source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# One compiler cache for all clones of a machine; debug information may then name another clone's folder.
export CCACHE_BASEDIR=$root CCACHE_NOHASHDIR=1

stages_begin() {  # FOLDER-OF-LOGS
  exec </dev/null
  logs=$1
  rm -rf "$logs"
  mkdir -p "$logs"
  stages=()  # a line for each that has run
  begun=$SECONDS
}

# What has run, then the tests counted in all CTest runs: summary WORD...
summary() {
  local passed=0 failed=0 bad total line
  printf '\n== summary\n'
  printf '%s\n' "${stages[@]}"
  while read -r bad total; do
    failed=$((failed + bad))
    passed=$((passed + total - bad))
  done < <(sed -nE 's/^[0-9]+% tests passed, ([0-9]+) tests failed out of ([0-9]+).*/\1 \2/p' "$logs"/*.log)
  line="${0##*/}: $*, ${#stages[@]} stages in $(((SECONDS - begun) / 60)) min $(((SECONDS - begun) % 60)) s"
  printf '%s\n%s passed, %s failed\n' "$line" "$passed" "$failed"
}

stage() {  # NAME COMMAND...
  local name=$1 from=$SECONDS log status
  shift
  log=$logs/$(printf '%02d' $((${#stages[@]} + 1))).log
  printf '\n======== stage %d: %s\n' $((${#stages[@]} + 1)) "$name"
  set +e  # a condition would switch it off inside the command, too
  (set -e; "$@") 2>&1 | tee "$log"
  status=${PIPESTATUS[0]}
  set -e
  if [ "$status" -eq 0 ]; then
    stages+=("$(printf '  ok     %5d s  %s' $((SECONDS - from)) "$name")")
  else
    stages+=("$(printf '  FAILED %5d s  %s' $((SECONDS - from)) "$name")")
    summary "FAILED in '$name'"
    exit 1
  fi
}
