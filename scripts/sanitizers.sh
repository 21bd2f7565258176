# How sanitized builds are set up and run. `source` it after lib.sh.
# shellcheck shell=bash

# A report of any of them ends the test that it belongs to.
export ASAN_OPTIONS=detect_stack_use_after_return=1:strict_string_checks=1:abort_on_error=1
export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
export TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1

# configure_sanitized FOLDER SANITIZERS [MESON OPTION…]
configure_sanitized() {
  local folder=$1 sanitizers=$2
  shift 2
  configure "$folder" --buildtype=debugoptimized -Db_sanitize="$sanitizers" "$@"
}
