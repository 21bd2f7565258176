"""Plain `ninja` builds the product and no test.

usage: default_build_test.py BUILD_FOLDER
"""
import subprocess
import sys


PHONY = ("all", "meson-test-prereq", "meson-benchmark-prereq")


def default_targets(build_folder):
    """What plain ninja is asked for, without what that in turn needs."""
    listed = subprocess.run(["ninja", "-C", build_folder, "-t", "query", *PHONY],
                            check=True, capture_output=True, text=True)
    targets = set()
    section = None
    for line in listed.stdout.splitlines():
        if line.startswith("  ") and not line.startswith("    "):
            section = line.split(":")[0].strip()
        elif section == "input":
            targets.add(line.strip())
    return targets.difference(PHONY)


def main():
    targets = default_targets(sys.argv[1])
    for program in ("chatserver", "chatclient", "chatcheck", "chatctl"):
        if program not in targets:
            sys.exit(f"plain ninja does not build {program}")
    tests = [path for path in sorted(targets)
             if path.startswith("tests/") and not path.startswith("tests/bench/")]
    if tests:
        sys.exit("plain ninja builds tests:\n  " + "\n  ".join(tests))


main()
