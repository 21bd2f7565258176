#!/usr/bin/env python3
"""Runs one rule of style over the repository:  style_test.py ROOT RULE [COMPILER…]

Exit code 0: kept. 1: broken, and each place is printed. 77: cannot be checked here.
Rules are functions of rules_*.py that take a Tree and yield sentences; add one there, name it
in RULES, and give it a red example in self_test.py (which fails as long as there is none).
"""

import concurrent.futures
import os
import pathlib
import shutil
import subprocess
import sys

import rules_documents
import rules_rooms
import rules_shape
import rules_text
import rules_units
import tree

_SKIP = 77

RULES = {rule.__name__: rule for rule in (
    rules_rooms.arrows,
    rules_rooms.own_header_first,
    rules_shape.file_length,
    rules_shape.function_length,
    rules_text.top_level,
    rules_text.pragma_once,
    rules_text.forbidden_lines,
    rules_text.no_sleep_in_tests,
    rules_text.no_machine_paths,
    rules_units.public_header_used_elsewhere,
    rules_units.no_unit_cycle,
    rules_units.unique_file_names,
    rules_units.units_per_folder,
    rules_documents.documents_exist,
)}


def _in_parallel(check, items):
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        return [problem for problem in pool.map(check, items) if problem]


def compile_alone(root, compiler, headers):
    """Every header compiles as the only thing in a file."""

    def check(header):
        command = [*compiler, "-std=c++20", "-fsyntax-only", "-x", "c++", "-Iinclude", "-Isrc", "-I.", "-isystem/usr/include/mariadb",
                   header]
        done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
        # g++ warns about #pragma once in a main file; only the exit code counts.
        return f"{header} does not compile alone:\n{done.stderr}" if done.returncode else None

    return _in_parallel(check, headers)


def without_source(paths):
    """The headers that no source includes first (own_header_first). The others are compiled alone
    where each source is (scripts/check.sh clang)."""
    sources = {pathlib.PurePath(path).stem for path in paths if path.endswith(".cpp")}
    return [path for path in paths
            if path.endswith(".h") and pathlib.PurePath(path).stem not in sources]


def clang_format(root, sources):
    """clang-format would change nothing. A batch per process: most of the time goes into its start."""

    def check(batch):
        done = subprocess.run(["clang-format", "--dry-run", "--Werror", *batch], cwd=root,
                              capture_output=True, text=True, check=False)
        return f"clang-format would change:\n{done.stderr}" if done.returncode else None

    return _in_parallel(check, [sources[i:i + 50] for i in range(0, len(sources), 50)])


def _problems(root, rule, compiler):
    repository = tree.Tree.read(root)
    if rule == "headers_compile_alone":
        paths = [path for path, _ in repository.sources("include", "src", "client")]
        return compile_alone(root, compiler, without_source(paths))
    if rule == "clang_format":
        return clang_format(root, [path for path, _ in repository.sources()])
    return list(RULES[rule](repository))


def main():
    root, rule, compiler = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3:]
    if rule == "clang_format" and not shutil.which("clang-format"):
        print("clang-format is not installed")
        return _SKIP
    problems = _problems(root, rule, compiler)
    for problem in problems:
        print(problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
