# How sanitized builds are set up and run. `source` it after lib.sh.
# shellcheck shell=bash

# A report of any of them ends the test that it belongs to.
export ASAN_OPTIONS=detect_stack_use_after_return=1:strict_string_checks=1:abort_on_error=1
export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
export TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1

# configure_sanitized FOLDER SANITIZERS [MESON OPTION…]
#
# What compiles slowest is left out: three of UBSan's checks are of what AddressSanitizer finds at the
# access itself, or the fuzzers' build (which has them all) at the parsers; alignment is one of them.
# With them, and optimised further, a file that handles JSON takes four times as long.
configure_sanitized() {
  local folder=$1 sanitizers=$2
  shift 2
  local arguments=-g1
  if [[ $sanitizers == *undefined* ]]; then
    arguments+=" -fno-sanitize=null,object-size,vptr,alignment"
  fi
  configure "$folder" -Doptimization=1 -Ddebug=false \
    -Dcpp_args="$arguments" -Db_sanitize="$sanitizers" "$@"
}

# test_inside FOLDER: the programs that hold parts of the product, as FOLDER has them. Results are in
# FOLDER/meson-logs/testlog.json.
test_inside() {
  say "testing $1/"
  nice -n "$niceness" meson test -C "$1" --no-rebuild --print-errorlogs --suite unit --suite fuzz --suite in-process \
    --timeout-multiplier 4 </dev/null || return 1
}

# test_outside FOLDER SANITIZERS [MESON OPTION…]: the tests that only drive the product from outside
# come as they are from build/, which must be built; the product is FOLDER's. Results are in
# build/meson-logs/SANITIZERS-env.json (commas as dashes; meson adds the wrapper's name).
test_outside() {
  local folder=$1 sanitizers=$2 name
  shift 2
  # How long floods last matters where latencies are judged, and a sanitizer's are not.
  local programs=(env "CHAT_TEST_SANITIZER=$sanitizers" CHAT_FLOOD_SECONDS=2)
  for name in chatserver chatclient chatcheck; do
    programs+=("${name^^}=$PWD/$folder/$name")
  done
  say "testing $folder/ from outside"
  nice -n "$niceness" meson test -C build --no-rebuild --print-errorlogs --suite integration --no-suite in-process "$@" \
    --logbase "${sanitizers//,/-}" --wrapper "${programs[*]}" --timeout-multiplier 20 \
    </dev/null || return 1
}
