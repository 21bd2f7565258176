"""What the system promises, by number as PROMISES.md lists it, and the tests that prove it.

A test is named as GoogleTest names it, without the prefix and the number of its parameter; one that
is not GoogleTest's, by its name in meson.
"""

PROMISES = {
    "P1": [
        "ServerFault.ServersAreKilledTenTimesBehindNginx",
        "ServerFault.BothServersAreKilledAtOnce",
        "MariadbFault.KilledThreeTimes",
        "RedisFault.RedisIsKilledAndStaysAway",
        "RedisFault.ReconnectedServerDeliversMissedMessages",
        "NginxFault.WorkersThenMasterThenAllAreKilled",
        "ClientFault.ClientKilledBetweenReceivingAndAcknowledging",
        "NetworkFault.BlackholeBetweenClientsAndAServer",
        "BadLine.ClientsAreCutAtAnyByte",
        "PacketFault.PacketLossBetweenClientsAndAServer",
        "Nemesis.PartialFaultsBreakNoPromise",
    ],
    "P2": [
        "MariadbFault.ServersAreKilledWhileMariadbIsStopped",
        "MariadbFault.SlowDiskDelaysButLosesNothing",
        "DiskFault.DatabaseDiskIsFull",
        "WeakDatabase.IsReportedInTheLogAndOnStderrBeforeReady",
        "WeakDatabase.IsACommentInTheOutputOfCheck",
    ],
    "P3": [
        "CutCommits.TwentyCommitsAreCutUnderTraffic",
        "MariadbFault.EveryConnectionResetFiveTimes",
        "MariadbFault.EveryConnectionKilledTenTimes",
        "TwoNodes.CidIsRecognisedOnEveryNode",
        "DirectChat.RepeatedCidReturnsTheFirstSeqWithoutAPush",
        "Groups.RepeatedCidReturnsTheFirstSeqHoweverLate",
        "BadRequests.SameCidWithAnotherTextIsAConflict",
    ],
    "P4": [
        "ServerFault.ServersAreRestartedOneAfterTheOther",
        "MariadbFault.ForcedDeadlocksLoseNothing",
        "ClockFault.ServerClockJumpsByAnHour",
        "ClockFault.DatabaseClockJumpsByAnHour",
        "DiskFault.LogDiskIsFull",
        "Offline.TenThousandArriveInOrderAndAcknowledgedOnesOnce",
    ],
    "P5": [
        "ServerFault.ServerIsKilledWhileClientsDoNotResend",
        "ChatCheck.WithoutSendingAgainTheServerMayBeKilledToo",
    ],
    "P6": [
        "RedisFault.RedisIsStoppedForTenSeconds",
        "NetworkFault.BlackholeBetweenServersAndRedis",
        "PacketFault.PacketLossBetweenServersAndRedis",
        "ClusterFault.WithoutRedisMessagesCrossWithinTenSeconds",
        "ClusterFault.StoppedRedisDelaysNobody",
    ],
    "P7": [
        "ServerFault.ServerStoppedForTwentySecondsLosesItsUsersAndExits",
        "PacketFault.SilentClientsSoonCountAsOffline",
        "MariadbFault.StoppedForTenSeconds",
        "MariadbFault.IdleConnectionsAreClosedAfterTwoSeconds",
        "ResourceFault.ServerIsKilledForItsMemory",
        "ClusterFault.UsersOfAKilledServerLogInElsewhere",
        "ClusterFault.AServerRestartedUnderItsNameLocksNobodyOut",
        "ClusterDatabase.OutageLogsNobodyOut",
    ],
    "P8": [
        "OneSession.TakeoverOnTheOtherNodeClosesTheOlderWithBye",
        "OneSession.SimultaneousTakeoversLeaveExactlyOneSession",
        "ClusterFault.WithoutRedisATakeoverEndsTheOlderSessionWithinTenSeconds",
    ],
    "P9": [
        "ClientFault.SlowReaderCostsOthersLittle",
    ],
    "P10": [
        "ClientFault.ThousandConnectionsWithHalfFramesAreClosed",
        "InputBank.EveryRowGetsItsReplyAndHarmsNobody",
        "Framing.TwoHundredRequestsInOneWriteAreAllAnswered",
        "replay-frames",
        "replay-requests",
        "replay-proxy_headers",
        "replay-conversations",
    ],
    "P11": [
        "ResourceFault.OverloadIsRefusedWithinASecond",
        "ResourceFault.ServerRunsOutOfDescriptors",
        "HashLane.HundredLoginsAtOnceAllEndLoggedIn",
        "ChatRate.ExcessIsRefusedAndWorksLater",
    ],
    "P12": [
        "Stop.UnderTrafficEveryStoredMessageWasAcknowledged",
        "Stop.SaysByeOnEveryConnectionAndExitsWithZero",
        "Stop.StuckReaderDoesNotDelayIt",
    ],
    "P13": [
        "ClientFault.TwoThousandReconnectDuringAPasswordGuessingAttack",
    ],
    "P14": [
        "CrowdedGroup.NoViewDiffersFromTheTables",
        "ActPause.BothSidesAgreeAfterwards",
        "EndedSession.OfAPausedServerChangesNothing",
        "LateCommit.OfASessionThatWasTakenOverIsNotStored",
        "LateDirectCommit.ToSomebodyWhoHasBlockedTheSenderIsNotStored",
        "DeletedWhileJoining.LeavesNoGhostMember",
    ],
}
