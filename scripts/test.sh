#!/usr/bin/env bash
#   scripts/test.sh [--all]
#
# Installs what is missing, builds, and runs the tests: style, scripts, integration and faults on the
# release build; unit, fuzz and integration with what they test under AddressSanitizer and
# UndefinedBehaviorSanitizer. The last line says
#
#   N passed, N failed[, N skipped]
#
# counting single GoogleTest cases (and other tests as one each) of both builds. The exit code is
# 0 only if something ran and nothing failed. A build that fails counts as one failure.
#
# --all adds what takes long: the unit tests of the release build, everything on MariaDB under the
# sanitizers, the nemesis for ten minutes, the soak, and a minute of each fuzzer.

# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
source scripts/sanitizers.sh

# A shell without job control starts what runs in its background with these ignored, and no shell can
# undo that for its children: tests of Ctrl-C would find a program that takes no notice.
if [[ -z ${CHAT_TEST_SIGNALS_RESET:-} ]]; then
  CHAT_TEST_SIGNALS_RESET=1 exec env --default-signal=INT,QUIT "$PWD/scripts/test.sh" "$@"
fi

everything=false
for argument in "$@"; do
  case $argument in
    --all) everything=true ;;
    -h | --help)
      sed -n '2,/^$/s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
      exit 0
      ;;
    *)
      echo "usage: scripts/test.sh [--all]" >&2
      exit 2
      ;;
  esac
done

# Exit codes of tests are of no use here: the summary reads each test's result.
test_release() {
  local name=$1
  shift
  say "testing build/: $name"
  meson test -C build --no-rebuild --print-errorlogs --logbase "$name" "$@" </dev/null || true
}

faults=
stop_faults() {
  [[ -z $faults ]] || kill "$faults" 2>/dev/null || true
}
trap stop_faults EXIT

started=$SECONDS
install_packages "${packages_to_test[@]}"
rm -f build/meson-logs/*.json build-asan/meson-logs/*.json
broken=()
logs=()

# Faults mostly wait, and one after the other: everything that computes comes in their time, at the
# lowest priority. Builds run in processes of their own: what ends one early is a failure, and the
# others get their turn.
if (configure build && compile_tests build style scripts integration faults); then
  test_release faults --suite faults >build/meson-logs/faults.out 2>&1 &
  faults=$!
  logs+=(build/meson-logs/{faults,checks,integration}.json)
else
  broken+=("build does not build")
fi
if (configure_sanitized build-asan address,undefined &&
  niceness=19 && compile_tests build-asan unit fuzz in-process); then
  test_inside build-asan || true
  logs+=(build-asan/meson-logs/testlog.json)
else
  broken+=("build-asan does not build")
fi
if [[ -n $faults ]]; then
  test_release checks --suite style --suite scripts
  say "waiting for the faults"
  wait "$faults" || true
  faults=
  cat build/meson-logs/faults.out
  test_release integration --suite integration --no-suite in-process --no-suite all-only
  if [[ -x build-asan/chatserver ]]; then
    skipped=(--no-suite all-only --no-suite release-only)
    ! $everything || skipped=(--no-suite all-only)
    test_outside build-asan address,undefined "${skipped[@]}" || true
    logs+=(build/meson-logs/address-undefined-env.json)
  fi
fi
if $everything && ((${#broken[@]} == 0)); then
  compile_tests build unit fuzz in-process faults-long || broken+=("build does not build")
  test_release rest --suite unit --suite fuzz --suite in-process --suite all-only \
    --suite faults-long
  logs+=(build/meson-logs/rest.json)
fi

say "took $((SECONDS - started)) s"
exec python3 scripts/test_summary.py --broken "${broken[@]}" --logs "${logs[@]}"
