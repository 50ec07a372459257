# Shared by the scripts of this folder, which source it.
# shellcheck shell=bash

set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"

# Jobs at once; JOBS=1 keeps a shared machine usable.
jobs=${JOBS:-$(nproc)}

say() { printf '\n== %s\n' "$*"; }

die() {
  printf '%s: %s\n' "${0##*/}" "$*" >&2
  exit 1
}

# Configures and builds one preset of CMakePresets.json: build_preset NAME [CMAKE-ARGUMENT...]
build_preset() {
  local preset=$1
  shift
  say "build: $preset"
  cmake --preset "$preset" "$@"
  cmake --build --preset "$preset" -j "$jobs"
}

# Runs the tests of a preset: test_preset NAME [CTEST-ARGUMENT...]. No test at all is a failure.
test_preset() {
  local preset=$1
  shift
  say "ctest: $preset"
  ctest --preset "$preset" -j "$jobs" "$@" </dev/null
}

# Git, also in a clone that belongs to someone else (a container's root, a mounted volume).
repo_git() { git -c safe.directory="$root" -C "$root" "$@"; }
