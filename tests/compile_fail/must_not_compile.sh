#!/usr/bin/env bash
# must_not_compile.sh CASE COMPILER [FLAG...]
set -euo pipefail

case=$1
shift
expected=$(sed -n 's,^// expect: ,,p' "$case")
[ -n "$expected" ] || { echo "$case has no line '// expect: REGEX'"; exit 1; }

"$@" "$case" || { echo "$case does not compile even without FORGE"; exit 1; }
if output=$(LC_ALL=C "$@" -DFORGE "$case" 2>&1); then
  echo "$case compiles with FORGE"
  exit 1
fi
grep -qE "$expected" <<<"$output" || { printf 'refused, but not by "%s":\n%s\n' "$expected" "$output"; exit 1; }
