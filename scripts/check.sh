#!/usr/bin/env bash
# The checks that a change should pass before it is proposed:
#
#   scripts/check.sh [STEP…]
#
#   format   clang-format finds nothing to change
#   clang    builds with clang, each source alone, with -Wthread-safety and warnings as errors
#   tidy     clang-tidy (.clang-tidy) over src and client
#   cppcheck cppcheck over src and client
#   asan     unit, integration and fuzz tests under ASan and UBSan
#   tsan     unit, integration and fuzz tests under TSan
#
# Without a step: all of them, in this order; each one's verdict is printed at the end.

# shellcheck disable=SC2317  # the steps are called by name
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
source scripts/sanitizers.sh

all_steps=(format clang tidy cppcheck asan tsan)

step_format() {
  git ls-files -z '*.h' '*.cpp' | xargs -0 clang-format --dry-run --Werror
}

# Each source is compiled alone here; the usual builds combine many into one.
step_clang() {
  CXX=clang++ configure build-clang --buildtype=debug -Dunity=off && compile_all build-clang
}

# The compile commands, and the generated sources, which cppcheck needs.
compile_commands() {
  CXX=clang++ configure build-clang --buildtype=debug -Dunity=off || return
  compile build-clang src/storage/{mysql,sqlite}_migrations.cpp
}

step_tidy() {
  compile_commands || return
  # Only what the build compiles has a compile command; tests are left out.
  run-clang-tidy -quiet -j"$(nproc)" -p build-clang "^$PWD/(src|client)/.*\.cpp\$" \
    2> >(grep -v 'warnings generated' >&2)
}

# Unused functions and style are left to clang-tidy and reviewers.
step_cppcheck() {
  compile_commands || return
  cppcheck --quiet --project=build-clang/compile_commands.json --file-filter='src/*' \
    --file-filter='client/*' --enable=warning,performance,portability --inline-suppr \
    --suppress='*:/usr/*' --error-exitcode=1 -j "$(nproc)"
}

# test_under FOLDER SANITIZERS
test_under() {
  local status=0
  configure build && compile_tests build integration || return
  configure_sanitized "$1" "$2" && compile_tests "$1" unit fuzz in-process || return
  test_inside "$1" || status=1
  test_outside "$1" "$2" "${2//,/-}" --suite integration --no-suite all-only || status=1
  return "$status"
}

step_asan() { test_under build-asan address,undefined; }

step_tsan() { test_under build-tsan thread; }

steps=("$@")
((${#steps[@]})) || steps=("${all_steps[@]}")
for step in "${steps[@]}"; do
  [[ " ${all_steps[*]} " == *" $step "* ]] || die "there is no step '$step': ${all_steps[*]}"
done

install_packages "${packages_to_check[@]}"
verdicts=()
failed=0
for step in "${steps[@]}"; do
  say "$step"
  # In a subprocess, so that a step that exits early ends only itself.
  if ("step_$step"); then
    verdicts+=("pass $step")
  else
    verdicts+=("FAIL $step")
    failed=1
  fi
done
printf '%s\n' "${verdicts[@]}"
exit "$failed"
