#!/usr/bin/env bash
#   scripts/test.sh [--all]
#
# Installs what is missing, builds, and runs the tests: style, scripts, faults and, on MariaDB,
# integration on the release build; unit, fuzz and, on SQLite and in clusters, integration, with the
# code that they test, under AddressSanitizer and UndefinedBehaviorSanitizer. The last line says
#
#   N passed, N failed[, N skipped]
#
# counting single GoogleTest cases (and other tests as one each) of both builds. The exit code is
# 0 only if something ran and nothing failed. A build that fails counts as one failure.
#
# --all adds what takes long: the unit tests and those on SQLite and in clusters of the release build,
# everything on MariaDB under the sanitizers, the nemesis for ten minutes, the soak, and a minute of
# each fuzzer.

# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
source scripts/sanitizers.sh

# A shell without job control starts background commands with SIGINT and SIGQUIT ignored, nohup with
# SIGHUP, and no shell can undo that for its children: the tests of Ctrl-C would find a program that
# ignores it.
if [[ -z ${CHAT_TEST_SIGNALS_RESET:-} ]]; then
  CHAT_TEST_SIGNALS_RESET=1 exec env --default-signal=HUP,INT,QUIT "$PWD/scripts/test.sh" "$@"
fi

everything=false
for argument in "$@"; do
  case $argument in
    --all) everything=true ;;
    -h | --help)
      print_help
      exit 0
      ;;
    *)
      echo "usage: scripts/test.sh [--all]" >&2
      exit 2
      ;;
  esac
done

# The exit code does not matter: the summary reads the result of each test.
test_release() {
  local name=$1
  shift
  say "testing build/: $name"
  nice -n "$niceness" env --default-signal=HUP,INT,QUIT meson test -C build --no-rebuild \
    --print-errorlogs --logbase "$name" --timeout-multiplier 4 "$@" </dev/null || true
}

# beside NAME COMMAND…: runs COMMAND in the background; await_all waits for it and prints its output.
declare -A running=()
beside() {
  local name=$1
  shift
  "$@" >"build/meson-logs/$name.out" 2>&1 &
  running[$name]=$!
}

await_all() {
  local name
  for name in "$@"; do
    [[ -n ${running[$name]:-} ]] || continue
    say "waiting for $name"
    wait "${running[$name]}" || true
    unset "running[$name]"
    cat "build/meson-logs/$name.out"
  done
}

# Most tests of the server make a database. In memory, that costs MariaDB less than half the CPU time
# that it costs on the disk. Faults and measurements use the disk.
in_memory=
choose_temporary_folder() {
  local free
  temporary=${TMPDIR:-/tmp}
  free=$(df --output=avail -k /dev/shm 2>/dev/null | tail -n 1) || return 0
  ((free > 6 << 20)) || return 0
  (($(awk '/^MemAvailable:/ { print $2 }' /proc/meminfo) > 6 << 20)) || return 0
  in_memory=$(mktemp -d /dev/shm/chat-XXXXXX) || return 0
  # Tests execute scripts, which some systems forbid there.
  printf '#!/bin/sh\n' >"$in_memory/probe"
  chmod +x "$in_memory/probe"
  if "$in_memory/probe" 2>/dev/null; then
    temporary=$in_memory
  else
    remove_temporary_folder
  fi
}

remove_temporary_folder() {
  [[ -z $in_memory ]] || rm -rf "$in_memory"
  in_memory=
}

stop_all() {
  local pid
  for pid in "${running[@]}"; do
    kill "$pid" 2>/dev/null || true
  done
  remove_temporary_folder
}
trap stop_all EXIT

started=$SECONDS
install_packages "${packages_to_test[@]}"
choose_temporary_folder
rm -f build/meson-logs/*.json build-asan/meson-logs/*.json
broken=()
logs=()
not_here=(--no-suite in-process --no-suite all-only)
$everything || not_here+=(--no-suite sanitized-only)

# Tests that use the product from outside mostly wait, the faults most of all. So the two lanes of
# faults start first, and everything except measurements runs beside them at a lower priority: the
# integration tests, first on the release build and then on the sanitized one, and, at the lowest,
# the compilers. Under a sanitizer nothing is measured, so the tests that measure are a lane beside
# the others. Builds run in subshells: if one exits early, that counts as a failure, and the rest
# still runs.
release=true
if (configure build && compile_tests build faults); then
  beside faults-1 test_release faults-1 --suite lane-1
  beside faults-2 test_release faults-2 --suite lane-2
  logs+=(build/meson-logs/faults-{1,2}.json)
else
  release=false
fi
if $release && (niceness=19 && compile_tests build style scripts integration); then
  TMPDIR=$temporary niceness=5 beside integration test_release integration --suite integration \
    --no-suite measured "${not_here[@]}"
  logs+=(build/meson-logs/{integration,style,scripts,measured}.json)
else
  release=false
  broken+=("build does not build")
fi
sanitized=true
(configure_sanitized build-asan address,undefined &&
  niceness=19 && compile build-asan chatserver chatclient chatcheck chatctl) || sanitized=false
await_all integration
if $release && $sanitized; then
  skipped=(--no-suite all-only --no-suite release-only)
  ! $everything || skipped=(--no-suite all-only)
  TMPDIR=$temporary niceness=5 beside outside test_outside build-asan address,undefined outside \
    --suite integration --no-suite measured "${skipped[@]}"
  TMPDIR=$temporary niceness=5 beside outside-measured test_outside build-asan address,undefined \
    outside-measured --suite measured --no-suite faults "${skipped[@]}"
  logs+=(build/meson-logs/outside{,-measured}-env.json)
fi
! $sanitized || (niceness=19 && compile_tests build-asan unit fuzz in-process) || sanitized=false
niceness=10
if $sanitized; then
  TMPDIR=$temporary test_inside build-asan || true
  logs+=(build-asan/meson-logs/testlog.json)
else
  broken+=("build-asan does not build")
fi
! $release || test_release style --suite style
niceness=0
await_all faults-1 faults-2 outside outside-measured
if $release; then
  test_release scripts --suite scripts
  test_release measured --suite measured "${not_here[@]}"
fi
if $everything && ((${#broken[@]} == 0)); then
  compile_tests build unit fuzz in-process faults-long || broken+=("build does not build")
  test_release rest --suite unit --suite fuzz --suite in-process --suite all-only \
    --suite faults-long
  logs+=(build/meson-logs/rest.json)
fi

remove_temporary_folder
say "took $((SECONDS - started)) s"
exec python3 scripts/test_summary.py --broken "${broken[@]}" --logs "${logs[@]}"
