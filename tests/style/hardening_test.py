#!/usr/bin/env python3
"""What people run is built so that a mistake in memory ends the process instead of giving it away:
the programs lie at random addresses, what the linker wrote cannot be overwritten, no stack holds
code, overwritten stack frames are noticed, and copies in optimised builds know their bounds.

  hardening_test.py true|false PROGRAM…

The first argument says whether this build checks copies (_FORTIFY_SOURCE).
"""

import os
import re
import subprocess
import sys
import unittest

FORTIFIED, *PROGRAMS = sys.argv[1:]


def readelf(option, program):
    done = subprocess.run(["readelf", "--wide", option, program], capture_output=True, text=True,
                          check=True, env={**os.environ, "LC_ALL": "C"})
    return done.stdout


def of_every_program(option):
    return [(readelf(option, program), program) for program in PROGRAMS]


class Hardening(unittest.TestCase):
    def test_programs_are_position_independent(self):
        for header, program in of_every_program("--file-header"):
            self.assertRegex(header, r"Type:\s+DYN\b", program)
        for dynamic, program in of_every_program("--dynamic"):
            self.assertRegex(dynamic, r"\(FLAGS_1\).*\bPIE\b", program)

    def test_what_the_linker_resolved_is_read_only(self):
        for dynamic, program in of_every_program("--dynamic"):
            self.assertRegex(dynamic, r"\(FLAGS\).*\bBIND_NOW\b", program)
        for segments, program in of_every_program("--program-headers"):
            self.assertIn("GNU_RELRO", segments, program)

    def test_stacks_hold_no_code(self):
        for segments, program in of_every_program("--program-headers"):
            self.assertRegex(segments, r"GNU_STACK(\s+0x[0-9a-f]+){5}\s+RW\s+0x", program)

    def test_overwritten_stack_frames_are_noticed(self):
        for symbols, program in of_every_program("--dyn-syms"):
            self.assertIn("__stack_chk_fail", symbols, program)

    @unittest.skipUnless(FORTIFIED == "true", "this build is not optimised, or has sanitizers")
    def test_copies_know_their_bounds(self):
        for symbols, program in of_every_program("--dyn-syms"):
            self.assertRegex(symbols, r"\b__\w+_chk@GLIBC", program)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
