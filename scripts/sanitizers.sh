# How sanitized builds are set up and run. `source` it after lib.sh.
# shellcheck shell=bash

# Any report ends its test.
export ASAN_OPTIONS=detect_stack_use_after_return=1:strict_string_checks=1:abort_on_error=1
export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
export TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1

# configure_sanitized FOLDER SANITIZERS [MESON OPTION…]
#
# Leaves out what compiles slowest: three of UBSan's checks, among them alignment, cover errors that
# AddressSanitizer finds at the access itself, or that the fuzzers' build, which has all checks,
# finds in the parsers. With them, a file that handles JSON takes four times as long. -O1 instead of
# -Og would make all files take half as long again.
configure_sanitized() {
  local folder=$1 sanitizers=$2
  shift 2
  local arguments=-g1
  if [[ $sanitizers == *undefined* ]]; then
    arguments+=" -fno-sanitize=null,object-size,vptr,alignment"
  fi
  configure "$folder" -Doptimization=g -Ddebug=false \
    -Dcpp_args="$arguments" -Db_sanitize="$sanitizers" "$@"
}

# test_inside FOLDER: runs FOLDER's test programs that contain parts of the product. Results are in
# FOLDER/meson-logs/testlog.json.
test_inside() {
  say "testing $1/"
  nice -n "$niceness" meson test -C "$1" --no-rebuild --print-errorlogs --suite unit --suite fuzz --suite in-process \
    --timeout-multiplier 4 </dev/null || return 1
}

# test_outside FOLDER SANITIZERS LOG MESON OPTION…: runs tests of build/, which must be built, that
# drive the product from outside, with FOLDER's product. The options choose the tests. Results are in
# build/meson-logs/LOG-env.json (meson adds the wrapper's name).
test_outside() {
  local folder=$1 sanitizers=$2 log=$3 name
  shift 3
  # Floods are shortened, because latencies are not judged under a sanitizer.
  local programs=(env "CHAT_TEST_SANITIZER=$sanitizers" CHAT_FLOOD_SECONDS=2)
  for name in chatserver chatclient chatcheck chatctl; do
    programs+=("${name^^}=$PWD/$folder/$name")
  done
  say "testing $folder/ from outside: $log"
  nice -n "$niceness" meson test -C build --no-rebuild --print-errorlogs "$@" --no-suite in-process \
    --logbase "$log" --wrapper "${programs[*]}" --timeout-multiplier 20 </dev/null || return 1
}
