#!/usr/bin/env python3
"""Makes the table of PROMISES.md: promises, scenarios and figures from what a run has logged.

  figures.py LOG…                 prints the table; a log is meson's testlog.json
  figures.py --page FILE LOG…     puts it between the two markers of FILE
  figures.py --check ROOT         every test that promises.py names exists, and every scenario of
                                  tests/faults is named

Where several logs hold a test, the last one counts. The exit code is 0 only if every test of the
table has run and none has failed.
"""

import argparse
import json
import pathlib
import re
import sys

from promises import PROMISES

# Of the suite faults-long: it proves all of them at once, and is not part of the usual run.
LONG = [
    "Soak.EveryComponentFailsUnderHalfOfTheTopSpeed",
    "MigrationOf010.ByMigrateIsQuickAndContinuesAfterKills",
    "MigrationOf010.ByAStartLeavesAServerThatWorksAndRefusesTheOldOne",
]
BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"
START = re.compile(r"^\[ RUN +\] (\S+)$")
CASE = re.compile(r"^\[ +(OK|FAILED|SKIPPED) +\] (\S+?)(?:,.*)? \((\d+) ms\)$")
TRAFFIC = "traffic: "
FIGURE = re.compile(r"^figure: (.+) = (-?\d+)( \S+)?$")
DEFINED = re.compile(r"^TEST(?:_[FP])?\((\w+),\s*(\w+)\)", re.MULTILINE)


class Result:
    """Of one test, over all its parameters and programs."""

    def __init__(self):
        self.states = []
        self.traffic = []
        self.figures = {}  # name: (largest value, unit)
        self.slowest_ms = 0

    def note(self, line):
        if line.startswith(TRAFFIC):
            self.traffic.append(json.loads(line[len(TRAFFIC):]))
        elif match := FIGURE.match(line):
            name, value, unit = match.group(1), int(match.group(2)), match.group(3) or ""
            if name not in self.figures or value > self.figures[name][0]:
                self.figures[name] = (value, unit)

    def end(self, state, took_ms):
        self.states.append(state)
        self.slowest_ms = max(self.slowest_ms, took_ms)


def plain(name):
    """Without the prefix and the number of a parameter."""
    parts = name.split("/")
    return next(part for part in parts if "." in part) if "." in name else name


def read_cases(output, results):
    current = None
    for line in output.splitlines():
        if match := START.match(line):
            current = results.setdefault(plain(match.group(1)), Result())
        elif match := CASE.match(line):
            if current is not None:
                current.end(match.group(1), int(match.group(3)))
            current = None
        elif current is not None:
            current.note(line)
    if current is not None:
        current.end("FAILED", 0)  # it did not end


def read_log(path):
    results = {}
    for line in pathlib.Path(path).read_text(encoding="utf-8").splitlines():
        test = json.loads(line)
        output = test.get("stdout", "")
        if "[==========] Running" in output:
            read_cases(output, results)
        else:
            name = test["name"].split(" / ")[-1]
            state = {"OK": "OK", "SKIP": "SKIPPED"}.get(test["result"], "FAILED")
            results.setdefault(name, Result()).end(state, round(test["duration"] * 1000))
    return results


def seconds(value_ms):
    return f"{value_ms / 1000:.1f} s"


def of_traffic(reports):
    def total(key):
        return sum(report[key] for report in reports)

    words = [f"{total('acked')} acked, {total('lost')} lost, {total('doubled')} doubled,"
             f" {total('gaps') + total('reordered')} gaps"]
    if total("disconnections"):
        words.append(f"{total('disconnections')} disconnections")
    outages = [report["worst_recovery_ms"] for report in reports]
    if None in outages:
        words.append("somebody never came back")
    elif max(outages) > 0:
        words.append(f"longest outage {seconds(max(outages))}")
    delivery = max(report["delivery_ms"]["max"] for report in reports)
    words.append(f"slowest delivery {seconds(delivery)}")
    return words


def of_result(result):
    if result is None or not result.states:
        return "not run"
    if "FAILED" in result.states:
        return "**FAILED**"
    if "OK" not in result.states:
        return "skipped"
    words = of_traffic(result.traffic) if result.traffic else []
    words += [f"{name} {value}{unit}" for name, (value, unit) in result.figures.items()]
    if words:
        return "; ".join(words)
    passed = result.states.count("OK")
    times = f" ×{passed}" if passed > 1 else ""
    return f"passed{times}, {seconds(result.slowest_ms)}"


def table(results):
    lines = ["| promise | scenario | figure of the last run |", "|---|---|---|"]
    for promise, tests in PROMISES.items():
        for index, test in enumerate(tests):
            label = promise if index == 0 else ""
            lines.append(f"| {label} | `{test}` | {of_result(results.get(test))} |")
    return "\n".join(lines)


def all_ran_well(results):
    fine = True
    for test in {test for tests in PROMISES.values() for test in tests}:
        figure = of_result(results.get(test))
        if figure in ("not run", "**FAILED**"):
            print(f"{test}: {figure.strip('*')}", file=sys.stderr)
            fine = False
    return fine


def put(path, text):
    page = pathlib.Path(path)
    before, rest = page.read_text(encoding="utf-8").split(BEGIN)
    after = rest.split(END)[1]
    page.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", encoding="utf-8")


def check(root):
    """The names that are wrong, each with what is wrong."""
    tests = pathlib.Path(root) / "tests"
    defined = {}
    for path in tests.rglob("*.cpp"):
        for suite, name in DEFINED.findall(path.read_text(encoding="utf-8")):
            defined[f"{suite}.{name}"] = path.relative_to(tests).parts[0]
    for path in (tests / "fuzz" / "corpus").iterdir():
        defined["replay-" + path.name] = "fuzz"
    named = [test for tests in PROMISES.values() for test in tests]
    yield from (f"{test}: there is no such test" for test in named if test not in defined)
    yield from (f"{test}: proves no promise" for test, suite in defined.items()
                if suite == "faults" and test not in named and test not in LONG)
    listed = re.findall(r"^- \*\*(P\d+)\*\*", (tests / "faults" / "PROMISES.md").read_text(
        encoding="utf-8"), re.MULTILINE)
    if listed != list(PROMISES):
        yield f"PROMISES.md lists {listed}, promises.py {list(PROMISES)}"


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--page")
    parser.add_argument("--check", metavar="ROOT")
    parser.add_argument("logs", nargs="*", metavar="LOG")
    arguments = parser.parse_args()
    if arguments.check:
        faults = list(check(arguments.check))
        print("\n".join(faults) or "all names are right")
        return 1 if faults else 0
    results = {}
    for log in arguments.logs:
        results.update(read_log(log))
    if arguments.page:
        put(arguments.page, table(results))
    else:
        print(table(results))
    return 0 if all_ran_well(results) else 1


if __name__ == "__main__":
    sys.exit(main())
