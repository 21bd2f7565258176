#!/usr/bin/env bash
# Runs the fuzzers of tests/fuzz:
#
#   scripts/fuzz.sh [SECONDS] [TARGET…]
#
# each target for SECONDS (default 60), one after the other, all of them by default. Results go to
# var/fuzz/TARGET: inputs that reach new code in corpus/, failing inputs as crash-…, leak-… or
# timeout-…; the exit code is then 1. After the fix, move the failing input to
# tests/fuzz/corpus/TARGET, where every test run tries it again.

# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
source scripts/sanitizers.sh

mapfile -t all_targets < <(find tests/fuzz/corpus -mindepth 1 -maxdepth 1 -type d -printf '%f\n' | sort)

seconds=60
if (($#)) && [[ $1 =~ ^[0-9]+$ ]]; then
  seconds=$1
  shift
fi
targets=("$@")
((${#targets[@]})) || targets=("${all_targets[@]}")
for target in "${targets[@]}"; do
  [[ " ${all_targets[*]} " == *" $target "* ]] ||
    die "there is no target '$target': ${all_targets[*]}"
done

# statistic NAME LOG: a value of libFuzzer's final statistics.
statistic() { sed -n "s/^stat::$1: *//p" "$2"; }

# malloc() dominates the time of an input, so it records short stacks, fills only the beginning of
# blocks, and keeps freed blocks for a shorter time.
export ASAN_OPTIONS=$ASAN_OPTIONS:malloc_context_size=10:max_malloc_fill_size=64:quarantine_size_mb=16

# options_of TARGET
options_of() {
  [[ $1 == conversations ]] || return 0
  # State that the server keeps between inputs looks like a leak to libFuzzer, which then repeats
  # the input; real leaks are reported at the end. The entropic schedule costs more than an input
  # itself if every input reaches thousands of edges. Longer inputs are slower, not more
  # interesting.
  echo -detect_leaks=0 -entropic=0 -max_len=1024
}

# fuzz TARGET
fuzz() {
  local target=$1 folder=$PWD/var/fuzz/$1 status=0 options
  read -ra options <<<"$(options_of "$target")"
  mkdir -p "$folder/corpus"
  say "$target for $seconds s"
  "build-fuzz/tests/fuzz/fuzz_$target" -max_total_time="$seconds" -timeout=20 \
    "${options[@]}" -print_final_stats=1 -artifact_prefix="$folder/" \
    "$folder/corpus" "tests/fuzz/corpus/$target" >"$folder/log" 2>&1 </dev/null || status=$?
  if ((status)); then
    verdicts+=("FAIL $target: see $folder/log")
    failed=1
  else
    verdicts+=("pass $target: $(statistic number_of_executed_units "$folder/log") inputs, \
$(statistic average_exec_per_sec "$folder/log") a second, \
$(statistic new_units_added "$folder/log") of them took new ways")
  fi
}

install_packages "${packages_to_fuzz[@]}"
CXX=clang++ configure build-fuzz --buildtype=debugoptimized -Dfuzz=true
compile build-fuzz "${targets[@]/#/tests/fuzz/fuzz_}"
verdicts=()
failed=0
for target in "${targets[@]}"; do fuzz "$target"; done
printf '%s\n' "${verdicts[@]}"
exit "$failed"
