#!/usr/bin/env bash
#   scripts/test.sh
#
# Installs what is missing, builds, and runs the tests: all suites of the release build but the long
# one, then unit, integration and fuzz under AddressSanitizer and UndefinedBehaviorSanitizer. The
# last line says
#
#   N passed, N failed[, N skipped]
#
# counting single GoogleTest cases (and other tests as one each) of both builds. The exit code is
# 0 only if something ran and nothing failed. A build that fails counts as one failure.

# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
source scripts/sanitizers.sh

(($# == 0)) || { echo "usage: scripts/test.sh" >&2; exit 2; }

builds=()
broken=()

set_up() {
  case $1 in
    build) configure build ;;
    build-asan) configure_sanitized build-asan address,undefined ;;
  esac
}

# run_tests FOLDER [meson test option…]
run_tests() {
  local folder=$1
  shift
  rm -f "$folder/meson-logs/testlog.json"
  # A process of its own: what ends it early is a failure, and the other build gets its turn.
  if ! (set_up "$folder" && compile "$folder"); then
    broken+=("$folder does not build")
    return
  fi
  say "testing $folder/"
  # The exit code is of no use here: the summary reads each test's result.
  meson test -C "$folder" --no-rebuild --print-errorlogs "$@" </dev/null || true
  builds+=("$folder")
}

started=$SECONDS
install_packages "${packages_to_test[@]}"
run_tests build --no-suite faults-long
run_tests build-asan --suite unit --suite integration --suite fuzz --timeout-multiplier 4

say "took $((SECONDS - started)) s"
exec python3 scripts/test_summary.py --broken "${broken[@]}" --builds "${builds[@]}"
