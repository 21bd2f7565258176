"""The rows of the table: what is run for each, and what it is to achieve.

A row is a function that is given the Bench and adds its figures. Targets are per CPU-second of all
server-side processes, unless they say otherwise.
"""

import shutil
import statistics

from report import Figure
from services import BenchError, resident_bytes

_ENGINES = ("mariadb", "sqlite")
_ROWS = {}  # name -> function, in the order of the table


def row(function):
    _ROWS[function.__name__.replace("_", "-")] = function
    return function


def all_rows():
    return dict(_ROWS)


def _per_cpu_second(run):
    return run.per_cpu_second


def _median(runs, value=_per_cpu_second):
    return statistics.median(value(run) for run in runs)


def _pair_options(pairs, window):
    return ["--pairs", str(pairs), "--window", str(window)]


# Loads that the relay carries as well. It has no target itself: other rows are compared with it.

LOADS = {
    "window 32, 100 pairs": ("pairs", _pair_options(100, 32)),
    "window 1, 100 pairs": ("pairs", _pair_options(100, 1)),
    "window 4, 1000 pairs": ("pairs", _pair_options(1000, 4)),
    "lone pair": ("pairs", _pair_options(1, 1)),
    "group of 200": ("group", ["--groups", "1", "--group-size", "200", "--window", "32"]),
}


def _relay(bench, load):
    mode, options = LOADS[load]
    seconds = bench.span(10, 1.5)
    return bench.relay(mode, [*options, *seconds])


@row
def relay(bench):
    for load in LOADS:
        runs = _relay(bench, load)
        if load == "lone pair":
            bench.figure(f"bare relay, {load}: send to delivered, p50", "", runs,
                         lambda run: run.p50_ms, "ms")
        else:
            bench.figure(f"bare relay, {load}", "", runs, _per_cpu_second, "messages/CPU-s")


@row
def ping(bench):
    with bench.servers("sqlite", users=100) as servers:
        runs = bench.run_all("ping", "sqlite", servers,
                             ["--connections", "100", "--window", "32", *bench.span(10)])
    bench.figure("ping, window 32, 100 connections", "", runs, _per_cpu_second, "pings/CPU-s",
                 target=250_000)


# One to one

def _pairs(bench, engine, pairs, window):
    def measure():
        with bench.servers(engine, users=2 * pairs) as servers:
            return bench.run_all("pairs", engine, servers,
                                 [*_pair_options(pairs, window), *bench.span(10)])
    return bench.once(("pairs", engine, pairs, window), measure)


def _pairs_figures(bench, pairs, window, targets):
    load = f"window {window}, {pairs} pairs"
    relay_median = _median(_relay(bench, load))
    for engine in _ENGINES:
        runs = _pairs(bench, engine, pairs, window)
        bench.figure(f"one to one, {load}", engine, runs, _per_cpu_second, "messages/CPU-s",
                     target=targets[engine], relay=relay_median)


@row
def window_32(bench):
    _pairs_figures(bench, 100, 32, {"mariadb": 65_000, "sqlite": 45_000})


@row
def window_1(bench):
    _pairs_figures(bench, 100, 1, {"mariadb": 30_000, "sqlite": 25_000})
    relay_p99 = _median(_relay(bench, "window 1, 100 pairs"), lambda run: run.p99_ms)
    for engine in _ENGINES:
        bench.figure("one to one, window 1, 100 pairs: send to delivered, p99", engine,
                     _pairs(bench, engine, 100, 1), lambda run: run.p99_ms, "ms", target=15,
                     at_most=True, relay=relay_p99)


@row
def window_4(bench):
    _pairs_figures(bench, 1000, 4, {"mariadb": 50_000, "sqlite": 35_000})


@row
def lone(bench):
    relay_p50 = _median(_relay(bench, "lone pair"), lambda run: run.p50_ms)
    # The speed of the disk varies, so it is measured before, between and after.
    fsyncs = bench.fsync_millis()
    runs = {}
    for engine in ("sqlite", "mariadb"):
        runs[engine] = _pairs(bench, engine, 1, 1)
        fsyncs += bench.fsync_millis()
    fsync = statistics.median(fsyncs)
    for engine, allowance in (("sqlite", 0.3), ("mariadb", 0.7)):
        bench.figure("lone sender: send to delivered, p50", engine, runs[engine],
                     lambda run: run.p50_ms, "ms", target=relay_p50 + fsync + allowance,
                     at_most=True, relay=relay_p50,
                     target_text=f"≤ {relay_p50:.2f} relay + {fsync:.2f} fsync + {allowance} ms")


@row
def group(bench):
    relay_median = _median(_relay(bench, "group of 200"))
    for engine in _ENGINES:
        with bench.servers(engine, users=200, groups=1, group_size=200) as servers:
            runs = bench.run_all("group", engine, servers,
                                 ["--groups", "1", "--group-size", "200", "--window", "32",
                                  *bench.span(10)])
        bench.figure("group of 200", engine, runs, _per_cpu_second, "deliveries/CPU-s",
                     target=300_000, relay=relay_median)


@row
def cross(bench):
    same = _median(_pairs(bench, "mariadb", 100, 32))
    with bench.servers("mariadb", count=2, users=200) as servers:
        runs = bench.run_all("pairs", "mariadb", servers,
                             [*_pair_options(100, 32), "--cross", *bench.span(10)])
    bench.figure("across two servers, window 32, 100 pairs", "mariadb + redis", runs,
                 _per_cpu_second, "messages/CPU-s", target=0.6 * same,
                 target_text=f"≥ 60 % of the {same / 1000:.1f} k on one server")


# Logging in

@row
def login(bench):
    for engine, target in (("sqlite", 5_000), ("mariadb", 2_500)):
        with bench.servers(engine, users=2000) as servers:
            runs = bench.run_all("login", engine, servers,
                                 ["--connections", "50", "--users", "2000", *bench.span(10)])
        bench.figure("login by token", engine, runs, _per_cpu_second, "logins/CPU-s",
                     target=target)
    limit = bench.argon2_per_cpu_second()
    with bench.servers("sqlite", users=2000) as servers:
        runs = bench.run_all("login", "sqlite", servers,
                             ["--connections", "16", "--users", "2000", "--password", "benchmark",
                              *bench.span(10, 4)])
    bench.figure("login by password", "sqlite", runs, _per_cpu_second, "logins/CPU-s",
                 target=0.95 * limit,
                 target_text=f"≥ 95 % of the {limit:.1f} hashes of a CPU-s")


@row
def offline(bench):
    recipients = 20 if bench.quick else 200
    for engine in _ENGINES:
        with bench.servers(engine, users=recipients + 10) as servers:
            runs = bench.run_all("offline", engine, servers,
                                 ["--recipients", str(recipients), "--messages", "1000",
                                  "--senders", "10", "--window", "64"])
        bench.figure(f"offline: {recipients} catch up with 1000 messages each", engine, runs,
                     _per_cpu_second, "messages/CPU-s", target=100_000)
    for engine in _ENGINES:
        with bench.servers(engine, users=2) as servers:
            runs = bench.run_all("offline", engine, servers,
                                 ["--recipients", "1", "--messages", "10000", "--window", "64"])
        bench.figure("offline: from connecting to the last of 10 000", engine, runs,
                     lambda run: run.p99_ms, "ms", target=300, at_most=True)


# Many connections

def _crowd(bench):
    """A large number of connections: about as many as one process may open here."""
    return 5_000 if bench.quick else 19_000


def _thousands(number):
    return f"{number:,}".replace(",", " ")


@row
def idle(bench):
    people = _crowd(bench)
    runs = []
    for _ in range(bench.repeats):
        with bench.servers("sqlite", users=people) as servers:
            runs.append(bench.run("idle", "sqlite", servers,
                                  ["--connections", str(people), "--warm-up", "6", "--seconds",
                                   "8" if bench.quick else "30"], patience=300))
    problems = [run.problem for run in runs if run.problem]
    bench.add(Figure(f"idle, {_thousands(people)} logged in: memory of the process",
                     "sqlite", "bytes/connection",
                     [run.raw["processes"][0]["bytes_per_connection"] for run in runs],
                     target=1000, at_most=True, problems=problems))
    bench.add(Figure(f"idle, {_thousands(people)} logged in: CPU when nothing happens",
                     "sqlite", "% of a core",
                     [100 * run.server_cpu / run.seconds for run in runs], target=0.3,
                     at_most=True))


@row
def growth(bench):
    for engine in ("sqlite",) if bench.quick else _ENGINES:
        _growth_of_connections(bench, engine)


def _growth_of_connections(bench, engine):
    people = _crowd(bench)
    options = [*_pair_options(100, 32), *bench.span(10)]
    with bench.servers(engine, users=people) as (server,):
        few = bench.run_all("pairs", engine, [server], options)
        with bench.crowd(engine, server, 201, people - 200):
            many = bench.run_all("pairs", engine, [server], options)
    few_median = _median(few)
    bench.figure(f"growth: {_thousands(people)} connections, 200 of them in traffic (window 32)",
                 engine, many, _per_cpu_second, "messages/CPU-s", beside=few,
                 target=0.8 * few_median,
                 target_text=f"≥ 80 % of the {few_median / 1000:.1f} k with 200 connections")


_LOG_ROWS = 10_000_000
_LOG_STREAMS = 20_000
_LOG_DISK_GIB = 8


@row
def log(bench):
    if bench.quick:
        bench.say("10 M messages in the log: in a full run only")
        return
    for engine in _ENGINES:
        _growth_of_log(bench, engine)


def _growth_of_log(bench, engine):
    free = shutil.disk_usage(bench.services.data).free / 2**30
    if free < _LOG_DISK_GIB:
        raise BenchError(f"10 M messages need {_LOG_DISK_GIB} GiB of disk, {free:.1f} are free")
    options = [*_pair_options(_LOG_STREAMS // 100, 8), *bench.span(5)]
    # Short runs in alternation, each kind first equally often: otherwise the variation of the
    # machine from one minute to the next would look like growth.
    costs, beside = {}, []
    with bench.servers(engine, database="empty", users=_LOG_STREAMS) as empty, \
            bench.servers(engine, users=_LOG_STREAMS, log_rows=_LOG_ROWS) as full:
        turn = [("empty", empty), ("full", full)]
        for _ in range(2 * bench.repeats):
            runs = {log: bench.run("pairs", engine, servers, options) for log, servers in turn}
            turn.reverse()
            costs[runs["full"]] = runs["full"].micros_each / runs["empty"].micros_each
            beside.append(runs["empty"])
    bench.figure("growth: cost of a message with 10 M in the log, 1 % of the streams in traffic",
                 engine, list(costs), costs.get, "× that with none", beside=beside,
                 target=1.15, at_most=True, target_text="flat (≤ 1.15)")


@row
def many(bench):
    if bench.quick:
        bench.say("100 000 logged in: in a full run only")
        return
    people, nodes = 100_000, 6
    with bench.servers("mariadb", count=nodes, users=people) as servers:
        runs = bench.run_all("pairs", "mariadb", servers,
                             ["--connections", str(people), "--random", "--rate", "5000",
                              "--warm-up", "5", "--seconds", "30", "--drain", "120"],
                             patience=900, at_most=480)
    bench.figure("100 000 logged in on six servers, 5 000 messages/s at random: "
                 "send to delivered, p99", "mariadb + redis", runs, lambda run: run.p99_ms, "ms",
                 target=50, at_most=True)


# Overload

@row
def pressure(bench):
    seconds = 10 if bench.quick else 60
    for engine in ("sqlite",) if bench.quick else _ENGINES:
        top = _median(_pairs(bench, engine, 100, 32), lambda run: run.count / run.seconds)
        with bench.servers(engine, users=200) as (server,):
            runs = bench.run_all("pairs", engine, [server],
                                 ["--pairs", "100", "--rate", str(round(2 * top)), "--warm-up",
                                  "0", "--seconds", str(seconds), "--drain", "120"],
                                 patience=seconds + 180,
                                 sample=lambda: resident_bytes(server.pid))
        bench.figure(f"twice the top speed for {seconds} s: growth of memory after 5 s", engine,
                     runs, lambda run: _growth(run, seconds), "MiB", target=16, at_most=True,
                     target_text="flat (≤ 16 MiB)",
                     notes=[f"offered {2 * top:,.0f} messages/s; none may be lost"])


def _growth(run, seconds):
    sizes = [size for second, size in run.samples if 5 <= second <= seconds]
    return (max(sizes) - min(sizes)) / 2**20 if sizes else float("inf")
