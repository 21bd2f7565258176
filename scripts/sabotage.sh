#!/usr/bin/env bash
#   scripts/sabotage.sh [SWITCH…]
#
# Shows that the fault bank would notice a server that breaks its promises: builds one that can be
# told to (build-sabotage/), runs the scenarios that each switch concerns without any, which must
# end well, and then with the switch, which must not.
#
#   ack-before-commit   a message is acknowledged first and stored then
#   skip-resync         no server looks for what it missed while Redis or its link was away
#   ignore-lease        a server whose lease was lost goes on
#   forget-creations    what a lost answer would have said is not looked up: of a new group. The
#                       nemesis does not see that: within 10 s the next look at the table heals it.
#
# and, for the nemesis to find within ten minutes (CHAT_TEST_SEED chooses the schedule). In brackets:
# after how many seconds a run of it has gone red:
#
#   keep-older            an older session that was taken over ends only by a word of the bus [41]
#   trust-own-link        a server judges the bus by its own connections to it [39]
#   forget-takeovers      a takeover that was reported late or never is not looked at again [183]
#   store-older           messages of older sessions are stored [262]
#   forget-joinings       what a lost answer would have said is not looked up: of a group's new
#                         member, who asks again in vain for its messages [230],
#   forget-claims         … of a login [186],
#   forget-releases       … of a session's end [508],
#   forget-sweeps         … of a sweep of a dead server's users [360],
#   forget-deletions      … of the deletion of an account [302],
#   forget-passwords      … of a change of a password [72],
#   forget-registrations  … of a registration [133]
#   admit-anyone          a server without a bus starts on a cluster's database [173]
#
# Without arguments: all of them. The exit code is 0 only if the bank goes red with each switch, and
# stays green without.

# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# The program in tests/ and its scenarios, by switch.
declare -A programs=(
  [ack-before-commit]=faults/faults
  [skip-resync]=faults/faults
  [ignore-lease]=faults/faults
  [forget-creations]=integration/integration_cluster
)
declare -A scenarios=(
  [ack-before-commit]=MariadbFault.ServersAreKilledWhileMariadbIsStopped
  [skip-resync]=RedisFault.ReconnectedServerDeliversMissedMessages
  [ignore-lease]=ServerFault.ServerStoppedForTwentySecondsLosesItsUsersAndExits
  [forget-creations]='AllWays/LostAnswer.OfAGroupCreation*'
)
for_the_nemesis=(
  keep-older trust-own-link forget-takeovers store-older forget-joinings forget-claims
  forget-releases forget-sweeps forget-deletions forget-passwords forget-registrations
  admit-anyone
)
for switch in "${for_the_nemesis[@]}"; do
  programs[$switch]=faults/nemesis/fault_nemesis
  scenarios[$switch]=Nemesis.PartialFaultsBreakNoPromise
done
all_switches=(ack-before-commit skip-resync ignore-lease forget-creations "${for_the_nemesis[@]}")
folder=build-sabotage
logs=$folder/sabotage-logs

# run_bank SWITCH CHOSEN LOG: the scenarios of SWITCH with CHOSEN (which may be none); prints how
# many of their checks failed.
run_bank() {
  local program=$folder/tests/${programs[$1]} filter=${scenarios[$1]} status=0 failures
  local nemesis_seconds=60
  [[ -z $2 ]] || nemesis_seconds=600
  env CHAT_SABOTAGE="$2" CHAT_SOURCE_ROOT="$PWD" CHAT_TEST_SANITIZER=none CHAT_TEST_STORAGE=mysql \
    CHATCHECK="$PWD/$folder/chatcheck" CHATCLIENT="$PWD/$folder/chatclient" \
    CHATSERVER="$PWD/$folder/chatserver" CHAT_NEMESIS_SECONDS="$nemesis_seconds" \
    timeout 900 "$program" --gtest_filter="$filter" >"$3" 2>&1 </dev/null || status=$?
  failures=$(grep -cE ': Failure$' "$3" || true)
  # Nothing ran, or it did not end by itself: that proves nothing about a switch.
  grep -qE '^\[==========\] [1-9][0-9]* tests? from .* ran\.' "$3" || return 1
  ((status != 0 || failures == 0)) || return 1
  echo "$failures"
}

# A scenario that breaks off for a reason of its own is no alarm of the bank.
judge() {
  local switch=$1 failures
  say "$switch: without"
  failures=$(run_bank "$switch" '' "$logs/$switch-without.log") || failures=-1
  if ((failures != 0)); then
    tail -n 40 "$logs/$switch-without.log" >&2
    echo "$switch: the bank is red without it (see $logs/$switch-without.log)"
    return 1
  fi
  say "$switch: with"
  failures=$(run_bank "$switch" "$switch" "$logs/$switch.log") || failures=-1
  if ((failures < 0)); then
    tail -n 40 "$logs/$switch.log" >&2
    echo "$switch: the bank did not end (see $logs/$switch.log)"
    return 1
  fi
  if ((failures == 0)); then
    echo "$switch: THE BANK STAYS GREEN: it would not notice"
    return 1
  fi
  # What it said, without the servers' logs.
  grep -E -A 3 ': Failure$' "$logs/$switch.log" | cut -c1-160 | head -n 20 || true
  echo "$switch: the bank goes red ($failures failures)"
}

switches=("$@")
((${#switches[@]})) || switches=("${all_switches[@]}")
for switch in "${switches[@]}"; do
  [[ -n ${scenarios[$switch]:-} ]] || die "there is no switch '$switch': ${all_switches[*]}"
done

install_packages "${packages_to_test[@]}"
configure "$folder" --buildtype=debug -Dsabotage=true
compile "$folder" chatserver chatcheck chatclient \
  "${programs[@]/#/tests/}"
mkdir -p "$logs"

verdicts=()
failed=0
for switch in "${switches[@]}"; do
  judge "$switch" | tee "$logs/verdict" || failed=1
  verdicts+=("$(tail -n 1 "$logs/verdict")")
done
say "verdicts"
printf '%s\n' "${verdicts[@]}"
exit "$failed"
