#!/usr/bin/env bash
#   scripts/test.sh
#
# Installs what is missing, builds, and runs the tests: all suites of the release build but the long
# one, then unit, integration and fuzz with what they test under AddressSanitizer and
# UndefinedBehaviorSanitizer. The last line says
#
#   N passed, N failed[, N skipped]
#
# counting single GoogleTest cases (and other tests as one each) of both builds. The exit code is
# 0 only if something ran and nothing failed. A build that fails counts as one failure.

# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
source scripts/sanitizers.sh

(($# == 0)) || { echo "usage: scripts/test.sh" >&2; exit 2; }

release_log=build/meson-logs/testlog.json
asan_logs=(build-asan/meson-logs/testlog.json build/meson-logs/address-undefined-env.json)
broken=()
logs=()

started=$SECONDS
install_packages "${packages_to_test[@]}"
rm -f "$release_log" "${asan_logs[@]}"

# Processes of their own: what ends one early is a failure, and the others get their turn. The exit
# codes of tests are of no use here: the summary reads each test's result.
if (configure build && compile_all build); then
  say "testing build/"
  meson test -C build --no-rebuild --print-errorlogs --no-suite faults-long </dev/null || true
  logs+=("$release_log")
else
  broken+=("build does not build")
fi

(configure_sanitized build-asan address,undefined &&
  test_sanitized build-asan address,undefined) || true
logs+=("${asan_logs[@]}")

say "took $((SECONDS - started)) s"
exec python3 scripts/test_summary.py --broken "${broken[@]}" --logs "${logs[@]}"
