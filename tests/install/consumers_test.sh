#!/usr/bin/env bash
# consumers_test.sh BUILD-DIR CONSUMER-DIR CXX LIBDIR HAS-SRTP HAS-TOOL HAS-KMS
set -euo pipefail
export CMAKE_GENERATOR=Ninja  # a bare system need not have make

build=$1 consumer=$2 cxx=$3 libdir=$4 has_srtp=$5 has_tool=$6 has_kms=$7
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

say() { printf '== %s\n' "$*"; }
must_exist() {
  local path
  for path in "$@"; do [ -e "$prefix/$path" ] || { echo "not installed: $path"; exit 1; }; done
}
# The consumer prints the base64 of the octets 0 to 5.
must_work() { [ "$("$@")" = AAECAwQF ] || { echo "wrong output of $*"; exit 1; }; }

say "install, then move: the installed tree must not know where it was"
cmake --install "$build" --prefix "$work/first" >"$work/install.log"
mv "$work/first" "$work/second"
prefix=$work/second
must_exist include/mikey/base/bytes.hpp "$libdir/cmake/mikey/mikeyConfig.cmake" "$libdir/pkgconfig/mikey.pc" \
  share/doc/mikey/LICENSE
if grep -rIlF -e "$work/first" -e "$build" "$prefix/$libdir"; then
  echo "the files above name the build or the first prefix"
  exit 1
fi

components=(base)
if [ "$has_srtp" = 1 ]; then
  must_exist "$libdir/pkgconfig/mikey-srtp.pc"
  components+=(srtp)
fi
if [ "$has_kms" = 1 ]; then
  must_exist "$libdir/pkgconfig/mikey-kms.pc" include/mikey/kms/xml.hpp \
    "$libdir/pkgconfig/mikey-kms-http.pc" include/mikey/kms/server.hpp \
    "$libdir/pkgconfig/mikey-kms-store.pc" include/mikey/kms/store.hpp
  components+=(kms kms_http kms_store)
fi
if [ "$has_tool" = 1 ]; then
  must_exist bin/mikey share/man/man1/mikey.1 share/bash-completion/completions/mikey \
    bin/mikey-kms share/man/man8/mikey-kms.8 share/bash-completion/completions/mikey-kms lib/systemd/system/mikey-kms.service
  "$prefix/bin/mikey" --help >/dev/null
fi

for component in "${components[@]}"; do
  say "find_package: $component"
  cmake -S "$consumer" -B "$work/$component" -DCMAKE_PREFIX_PATH="$prefix" -DCMAKE_CXX_COMPILER="$cxx" \
    -DCOMPONENT="$component" -DCMAKE_FIND_USE_PACKAGE_REGISTRY=OFF >"$work/configure.log" ||
    { cat "$work/configure.log"; exit 1; }
  cmake --build "$work/$component"
  must_work "$work/$component/consumer"
done

say "a component that does not exist is refused"
if cmake -S "$consumer" -B "$work/none" -DCMAKE_PREFIX_PATH="$prefix" -DCMAKE_CXX_COMPILER="$cxx" \
  -DCOMPONENT=nonsense >"$work/none.log" 2>&1; then
  echo "find_package(mikey COMPONENTS nonsense) succeeded"
  exit 1
fi
grep -q "component 'nonsense'" "$work/none.log"

export PKG_CONFIG_PATH=$prefix/$libdir/pkgconfig
packages=(mikey)
[ "$has_srtp" = 0 ] || packages+=(mikey-srtp)
[ "$has_kms" = 0 ] || packages+=(mikey-kms mikey-kms-http mikey-kms-store)
for package in "${packages[@]}"; do
  say "pkg-config: $package"
  read -ra flags <<<"$(pkg-config --cflags --libs "$package")"
  definitions=()
  [ "$package" != mikey-kms ] || definitions=(-DHAS_KMS)
  [ "$package" != mikey-kms-http ] || definitions=(-DHAS_KMS_HTTP)
  [ "$package" != mikey-kms-store ] || definitions=(-DHAS_KMS_STORE)
  "$cxx" -std=c++20 "${definitions[@]}" -o "$work/by-pkg-config" "$consumer/consumer.cpp" "${flags[@]}"
  LD_LIBRARY_PATH=$prefix/$libdir must_work "$work/by-pkg-config"
done
say "installed tree: good"
