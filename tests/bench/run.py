#!/usr/bin/env python3
"""Measures every row of the table and writes the report. scripts/bench.sh prepares and calls it."""

import argparse
import os
import pathlib
import signal
import sys

import report
from bench import Bench
from rows import all_rows
from services import MARIADB_SETTINGS, BenchError, Services

_ROOT = pathlib.Path(__file__).resolve().parents[2]
_RESULTS = _ROOT / "tests" / "bench" / "RESULTS.md"


def arguments():
    parser = argparse.ArgumentParser(prog="scripts/bench.sh")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", action="append", default=[])
    parser.add_argument("--repeats", type=int)
    parser.add_argument("--output", type=pathlib.Path)
    parser.add_argument("--programs", type=pathlib.Path, required=True)
    return parser.parse_args()


def chosen_rows(only):
    rows = all_rows()
    for name in only:
        if name not in rows:
            sys.exit(f"bench.sh: there is no row '{name}': {' '.join(rows)}")
    return {name: rows[name] for name in rows if not only or name in only}


def choose_cpus():
    """A CPU for the servers and one for the load generator: two if there are two."""
    cpus = sorted(os.sched_getaffinity(0))
    return cpus[0], cpus[min(1, len(cpus) - 1)]


def measure(bench, rows):
    """Runs the rows; a failure is recorded, and the remaining rows still run."""
    failed = []
    for name, function in rows.items():
        bench.say(f"-- {name}")
        try:
            function(bench)
        except BenchError as error:
            bench.say(f"{name}: FAILED: {error}")
            bench.figures.append(report.Figure(name, "", "", [], problems=[str(error)]))
    for figure in bench.figures:
        failed += [f"{figure.row} {figure.engine}: {problem}" for problem in figure.problems]
    return failed


def main():
    options = arguments()
    rows = chosen_rows(options.only)
    server_cpu, client_cpu = choose_cpus()
    output = options.output or (
        options.programs / "RESULTS.md" if options.quick or options.only else _RESULTS)
    # A signal leaves the `with` block, which ends every process that was started.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda got, _: sys.exit(128 + got))
    load_average = ", ".join(f"{value:.2f}" for value in os.getloadavg())
    with Services(_ROOT, options.programs, server_cpu, client_cpu) as services:
        bench = Bench(services, options.quick, options.repeats or (1 if options.quick else 3))
        if server_cpu == client_cpu:
            bench.say("there is one CPU only: the load generator takes part of its time")
        failed = measure(bench, rows)
        micro = [] if options.only else report.micro_benchmarks(
            options.programs / "micro" / "chatbench-micro", 0.02 if options.quick else 0.5)
    report.write(output, _RESULTS, options.quick,
                 report.machine(_ROOT, server_cpu, client_cpu, MARIADB_SETTINGS, load_average),
                 bench.figures, micro)
    missed = [figure for figure in bench.figures if figure.missed]
    bench.say(f"{len(bench.figures)} figures, {len(missed)} below their target, "
              f"{len(failed)} failures; see {os.path.relpath(output)}")
    for problem in failed:
        print(f"FAILED {problem}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
