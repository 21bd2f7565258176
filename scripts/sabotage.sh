#!/usr/bin/env bash
#   scripts/sabotage.sh [SWITCH…]
#
# Proves that the fault tests detect a server that breaks its guarantees. Builds a server with
# switches (build-sabotage/), and runs each switch's scenarios without it, which must pass, and with
# it, which must fail.
#
#   ack-before-commit   messages are acknowledged before they are stored
#   skip-resync         no server looks for what it missed while Redis or its link was down
#   ignore-lease        a server goes on after its lease is lost
#   forget-creations    a group creation without a COMMIT answer is not read back. The nemesis does
#                       not detect that, because the next look at the table heals it within 10 s.
#   repeat-acts         a server that was paused makes changes for sessions that were taken over. The
#                       nemesis detects that too seldom.
#
# and, for the nemesis to detect within ten minutes (CHAT_TEST_SEED selects the schedule); in
# brackets the seconds after which one run failed:
#
#   keep-older            an older session that was taken over ends only by a message on the bus [41]
#   trust-own-link        a server judges the bus by its own connections alone [39]
#   forget-takeovers      a takeover that was reported late or never is not reviewed [183]
#   store-older           messages of older sessions are stored [262]
#   forget-joinings       a write without a COMMIT answer is not read back: a join, whose member
#                         asks in vain for its messages [230],
#   forget-claims         … a login [186],
#   forget-releases       … the end of a session [508],
#   forget-sweeps         … a sweep of a dead server's users [360],
#   forget-deletions      … the deletion of an account [302],
#   forget-passwords      … a password change [72],
#   forget-registrations  … a registration [133]
#   admit-anyone          a server without a bus starts on a cluster's database [173]
#   forget-acts           a change of a group without a COMMIT answer is not read back [50]
#   early-rights          who may write to a group is decided before the group is locked [112]
#   endless-windows       who has left a group goes on getting its messages [15]
#   local-blocks          a block binds only on the server that stored it [141]
#
# Without arguments: all of them. The exit code is 0 only if the tests fail with each switch and pass
# without.

# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# The program in tests/ and its scenarios, by switch.
declare -A programs=(
  [ack-before-commit]=faults/faults
  [skip-resync]=faults/faults
  [ignore-lease]=faults/faults
  [forget-creations]=integration/integration_cluster
  [repeat-acts]=integration/integration_cluster
)
declare -A scenarios=(
  [ack-before-commit]=MariadbFault.ServersAreKilledWhileMariadbIsStopped
  [skip-resync]=RedisFault.ReconnectedServerDeliversMissedMessages
  [ignore-lease]=ServerFault.ServerStoppedForTwentySecondsLosesItsUsersAndExits
  [forget-creations]='AllWays/LostAnswer.OfAGroupCreation*'
  [repeat-acts]='ClusterPauseOfAnAct.*'
)
for_the_nemesis=(
  keep-older trust-own-link forget-takeovers store-older forget-joinings forget-claims
  forget-releases forget-sweeps forget-deletions forget-passwords forget-registrations
  admit-anyone forget-acts early-rights endless-windows local-blocks
)
for switch in "${for_the_nemesis[@]}"; do
  programs[$switch]=faults/nemesis/fault_nemesis
  scenarios[$switch]=Nemesis.PartialFaultsBreakNoPromise
done
all_switches=(ack-before-commit skip-resync ignore-lease forget-creations repeat-acts "${for_the_nemesis[@]}")
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
    CHATCTL="$PWD/$folder/chatctl" CHATSERVER="$PWD/$folder/chatserver" CHAT_NEMESIS_SECONDS="$nemesis_seconds" \
    timeout 900 "$program" --gtest_filter="$filter" >"$3" 2>&1 </dev/null || status=$?
  failures=$(grep -cE ': Failure$' "$3" || true)
  # Nothing ran, or it was ended from outside: that proves nothing about a switch.
  grep -qE '^\[==========\] [1-9][0-9]* tests? from .* ran\.' "$3" || return 1
  ((status != 0 || failures == 0)) || return 1
  echo "$failures"
}

# A scenario that aborts for another reason does not count as detection.
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
  # Its output without the servers' logs.
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
compile "$folder" chatserver chatcheck chatclient chatctl \
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
