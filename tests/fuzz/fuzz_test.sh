#!/usr/bin/env bash
#   fuzz_test.sh TARGET SECONDS
#
# Lets the fuzzer of one target (scripts/fuzz.sh) look for SECONDS. A test must not install
# anything: what cannot be built here is skipped (exit code 77).

# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../../scripts/lib.sh"

skip() {
  echo "skipped: $*"
  exit 77
}

command -v clang++ >/dev/null || skip "clang++ is not here: install clang"
echo 'extern "C" int LLVMFuzzerTestOneInput(const unsigned char*, unsigned long) { return 0; }' |
  clang++ -x c++ -fsanitize=fuzzer,address,undefined -o /dev/null - 2>/dev/null ||
  skip "clang++ cannot build fuzzers: install libclang-rt-14-dev"
if command -v dpkg-query >/dev/null; then
  mapfile -t missing < <(missing_packages "${packages_to_fuzz[@]}")
  ((${#missing[@]} == 0)) || skip "not installed: ${missing[*]}"
fi
exec scripts/fuzz.sh "$2" "$1"
