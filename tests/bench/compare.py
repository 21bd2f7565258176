#!/usr/bin/env python3
"""Compares the cost of this build's server with that of another build. scripts/bench.sh calls it.

Both servers run at the same time on the same CPU, each on a database of its own, and each under a
load generator of its own; so a machine that becomes slower or faster meanwhile affects both alike.
Runs that follow each other differ by 15 % on a shared machine; the ratios found here by 2 %.
"""

import argparse
import contextlib
import pathlib
import signal
import statistics
import sys

from bench import Bench
from rows import LOADS
from run import choose_cpus
from services import BenchError, Services

_ROOT = pathlib.Path(__file__).resolve().parents[2]
_SEEDED = {"users": 200, "groups": 1, "group_size": 200}
_LOADS = ("window 32, 100 pairs", "window 1, 100 pairs", "group of 200")


def arguments():
    parser = argparse.ArgumentParser(prog="scripts/bench.sh --against DIR")
    parser.add_argument("--programs", type=pathlib.Path, required=True)
    parser.add_argument("--against", type=pathlib.Path, required=True)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=10)
    return parser.parse_args()


def measure_once(benches, engine, load, seconds):
    """The costs in CPU-µs each: the other server's, then ours."""
    mode, options = LOADS[load]
    span = ["--warm-up", "2", "--seconds", f"{seconds:g}"]
    with contextlib.ExitStack() as stack:
        servers = [stack.enter_context(bench.servers(engine, **_SEEDED)) for bench in benches]
        loads = [bench.start(mode, engine, started, [*options, *span])
                 for bench, started in zip(benches, servers)]
        runs = [load.result(180) for load in loads]
    for run in runs:
        if run.problem:
            raise BenchError(run.problem)
    return [run.micros_each for run in runs]


def compare(benches, engine, load, options):
    costs = []
    for number in range(options.repeats):
        # By turns, so that none is always started first.
        order = list(benches) if number % 2 == 0 else list(reversed(benches))
        found = measure_once(order, engine, load, options.seconds)
        costs.append(found if number % 2 == 0 else list(reversed(found)))
    ratios = sorted(ours / other for other, ours in costs)
    other, ours = (statistics.median(column) for column in zip(*costs))
    print(f"{load:22} {engine:8} {other:8.3g} {ours:8.3g} {statistics.median(ratios):7.3f}"
          f"  [{ratios[0]:.3f} – {ratios[-1]:.3f}]", flush=True)


def main():
    options = arguments()
    other_programs = options.against.resolve() / "tests" / "bench"
    if not (other_programs / "chatbench-seed").exists():
        sys.exit(f"bench.sh: {options.against} is no build of scripts/bench.sh")
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda got, _: sys.exit(128 + got))
    cpus = choose_cpus()
    print("CPU-µs of server and database for each message or delivery, in medians\n"
          f"{'load':22} {'engine':8} {'theirs':>8} {'ours':>8} {'ratio':>7}  [least – most]")
    with Services(_ROOT, other_programs, *cpus, folder="bench-other") as theirs, \
            Services(_ROOT, options.programs, *cpus) as ours:
        theirs.generator = ours.generator  # the same load for both
        benches = [Bench(services, False, 1) for services in (theirs, ours)]
        for load in _LOADS:
            for engine in ("sqlite", "mariadb"):
                try:
                    compare(benches, engine, load, options)
                except BenchError as error:
                    sys.exit(f"bench.sh: {load}, {engine}: {error}")


if __name__ == "__main__":
    main()
