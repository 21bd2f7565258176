#!/usr/bin/env python3
"""Adds up what `meson test` has logged in one or more files and prints
"N passed, N failed[, N skipped]". Exit code 0 only if something passed and nothing failed.

A GoogleTest program counts as its single cases, read from what it printed; any other test
counts as one. A case that did not end (a crash, a time-out) has failed; a program that ended
badly although its cases passed (a leak, say) counts as one failure more. A test that is skipped
because a program is not installed ("install NAME") has failed, too: scripts/test.sh installs all of
them. On its own, `meson test` only skips such a test.
"""

import argparse
import json
import pathlib
import re
import sys

CASE = re.compile(r"^\[ +(OK|FAILED|SKIPPED) +\] (\S+)(?: \(\d+ ms\)|, where .* \(\d+ ms\))$")
START = re.compile(r"^\[ RUN +\] (\S+)$")
BAD = {"FAIL", "TIMEOUT", "ERROR", "INTERRUPT", "UNEXPECTEDPASS"}


class Totals:
    def __init__(self):
        self.passed = 0
        self.failed = []
        self.skipped = []

    def add_skipped(self, name, reason):
        missing = re.search(r"\binstall \w", reason)
        (self.failed if missing else self.skipped).append(f"{name}: {reason}")


def count_cases(name, output, totals):
    """The number of failed cases, or None if the output is not GoogleTest's."""
    if "[==========] Running" not in output:
        return None
    failures = 0
    running = None
    since_start = []
    for line in output.splitlines():
        if match := START.match(line):
            running = match.group(1)
            since_start = []
        elif match := CASE.match(line):
            running = None
            what, case = match.groups()
            if what == "OK":
                totals.passed += 1
            elif what == "FAILED":
                failures += 1
                totals.failed.append(f"{name}: {case}")
            else:
                reason = " ".join(text.strip() for text in since_start if text.strip())
                totals.add_skipped(f"{name}: {case}", reason or "no reason given")
        else:
            since_start.append(line)
    if running:
        failures += 1
        totals.failed.append(f"{name}: {running}: did not end")
    return failures


def add_test(run, test, totals):
    name = f"{run}: {test['name']}"
    output = test.get("stdout", "")
    bad = test["result"] in BAD
    failures = count_cases(name, output, totals)
    if failures is None:
        if test["result"] == "SKIP":
            lines = (output or test.get("stderr", "")).strip().splitlines()
            totals.add_skipped(name, lines[-1] if lines else "no reason given")
        elif bad:
            totals.failed.append(f"{name}: {test['result']}")
        else:
            totals.passed += 1
    elif bad and failures == 0:
        totals.failed.append(f"{name}: {test['result']}, exit code {test.get('returncode')}")


def add_log(path, totals):
    log = pathlib.Path(path)
    run = f"{log.parent.parent.name}, {log.stem}"
    tests = log.read_text(encoding="utf-8").splitlines() if log.exists() else []
    if not tests:
        totals.failed.append(f"{run}: no test ran")
    for test in tests:
        add_test(run, json.loads(test), totals)


def report(totals):
    for title, names in (("skipped", totals.skipped), ("failed", totals.failed)):
        for name in names:
            print(f"{title}: {name}")
    line = f"{totals.passed} passed, {len(totals.failed)} failed"
    if totals.skipped:
        line += f", {len(totals.skipped)} skipped"
    print(line)
    return 0 if totals.passed and not totals.failed else 1


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--logs", nargs="*", default=[], help="of meson test, *.json")
    parser.add_argument("--broken", nargs="*", default=[], help="failures known already")
    arguments = parser.parse_args()
    totals = Totals()
    totals.failed += arguments.broken
    for log in arguments.logs:
        add_log(log, totals)
    return report(totals)


if __name__ == "__main__":
    sys.exit(main())
