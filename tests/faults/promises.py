"""What the system promises, by number as PROMISES.md lists it, and the tests that prove it.

A test is named as GoogleTest names it, without the prefix and the number of its parameter; one that
is not GoogleTest's, by its name in meson.
"""

PROMISES = {
    "P1": [
        "ServerFault.KilledTenTimesBehindNginx",
        "ServerFault.BothKilledAtOnceOnTheirOwnPorts",
        "MariadbFault.KilledThreeTimes",
        "RedisFault.KilledAndForAWhileAway",
        "RedisFault.WhatOneServerMissedComesWhenItIsBack",
        "NginxFault.WorkersMasterAndAllKilled",
        "ClientFault.KilledBetweenReceiveAndAck",
        "NetworkFault.BetweenClientsAndAServer",
        "BadLine.ClientsAreCutAnywhere",
        "PacketFault.BetweenClientsAndAServer",
        "Nemesis.PartialFaultsBreakNoPromise",
    ],
    "P2": [
        "MariadbFault.ServersAreKilledWhileItIsStopped",
        "MariadbFault.SlowDisk",
        "DiskFault.TheDatabaseCannotGrow",
        "WeakDatabase.IsToldInTheLogAndOnStderrBeforeTheServerIsReady",
        "WeakDatabase.IsACommentOfCheckThatChangesNothingElse",
    ],
    "P3": [
        "CutCommits.TwentyUnderTraffic",
        "MariadbFault.EveryConnectionResetFiveTimes",
        "MariadbFault.EveryConnectionKilledTenTimes",
        "TwoNodes.CidHoldsOnEveryNode",
        "DirectChat.SendingAgainWithTheSameCidGivesTheFirstSeqAndNoSecondPush",
        "Groups.SendingAgainWithTheSameCidGivesTheFirstSeqHoweverLate",
        "BadRequests.SameCidWithAnotherTextIsAConflict",
    ],
    "P4": [
        "ServerFault.RestartedOneAfterTheOther",
        "MariadbFault.DeadlocksAreForced",
        "ClockFault.OfAServerJumpsByAnHour",
        "ClockFault.OfTheDatabaseJumpsByAnHour",
        "DiskFault.ThePlaceForTheLogIsFull",
        "Offline.TenThousandWaitAndComeInOrderAndWhatWasAcknowledgedComesNoMore",
    ],
    "P5": [
        "ServerFault.KilledWhileNobodySendsAgain",
        "ChatCheck.WithoutSendingAgainTheServerMayBeKilledToo",
    ],
    "P6": [
        "RedisFault.StoppedForTenSeconds",
        "NetworkFault.BetweenTheServersAndRedis",
        "PacketFault.BetweenTheServersAndRedis",
        "ClusterFault.WithoutRedisMessagesCrossWithinTenSeconds",
        "ClusterFault.AStoppedRedisStallsNobody",
    ],
    "P7": [
        "ServerFault.StoppedForTwentySecondsLosesItsUsersAndEnds",
        "PacketFault.WhoFallsSilentIsOfflineSoon",
        "MariadbFault.StoppedForTenSeconds",
        "MariadbFault.IdleConnectionsEndAfterTwoSeconds",
        "ResourceFault.KilledForItsMemory",
        "ClusterFault.UsersOfAKilledServerAreBackOnTheOther",
        "ClusterFault.AServerRestartedUnderItsNameLocksNobodyOut",
        "ClusterDatabase.AnOutageLogsNobodyOut",
    ],
    "P8": [
        "OneSession.TakeoverOnTheOtherNodeClosesTheOlderWithAWord",
        "OneSession.SimultaneousTakeoversLeaveExactlyOneSession",
        "ClusterFault.WithoutRedisATakeoverEndsTheOlderSessionWithinTenSeconds",
    ],
    "P9": [
        "ClientFault.RecipientThatDoesNotReadCostsLittle",
    ],
    "P10": [
        "ClientFault.ThousandHalfFramesAreThrownOut",
        "InputBank.EveryRowGetsItsAnswerAndHarmsNobody",
        "Framing.TwoHundredRequestsInOneWriteAreAllAnswered",
        "replay-frames",
        "replay-requests",
        "replay-proxy_headers",
        "replay-conversations",
    ],
    "P11": [
        "ResourceFault.OverloadIsRefusedWithinASecond",
        "ResourceFault.NoDescriptorsAreLeft",
        "HashLane.HundredLoginsAtOnceAllEndLoggedIn",
        "ChatRate.WhatIsOverIsRefusedAndWorksLater",
    ],
    "P12": [
        "Stop.UnderTrafficEveryStoredMessageWasAcknowledged",
        "Stop.SaysByeOnEveryConnectionAndExitsWithZero",
        "Stop.ReaderThatIsStuckDoesNotHoldItUp",
    ],
    "P13": [
        "ClientFault.TwoThousandComeBackDuringAStormOfBadPasswords",
    ],
}
