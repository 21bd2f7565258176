#!/usr/bin/env python3
"""A release cannot be told to break its promises: a chatserver that was not built for sabotage
contains none of its switches, and meson refuses to build a release for sabotage.

  sabotage_test.py CHATSERVER true|false SOURCE_ROOT MESON…

The second argument says whether this build is one for sabotage: then it must hold the switches,
which shows that they would be found.
"""

import pathlib
import subprocess
import sys
import tempfile
import unittest

CHATSERVER, SABOTAGE, SOURCE_ROOT, *MESON = sys.argv[1:]
NAMES = [b"CHAT_SABOTAGE", b"ack-before-commit", b"skip-resync", b"ignore-lease", b"keep-older",
         b"trust-own-link", b"forget-takeovers", b"store-older", b"forget-joinings",
         b"forget-creations", b"forget-claims", b"forget-releases", b"forget-sweeps",
         b"forget-deletions", b"forget-passwords", b"forget-registrations", b"admit-anyone",
         b"forget-acts", b"early-rights", b"endless-windows", b"local-blocks", b"repeat-acts"]
REFUSED = [["--buildtype=release"], ["--buildtype=plain"], ["--buildtype=minsize"],
           ["--buildtype=debug", "-Db_ndebug=true"]]


class Sabotage(unittest.TestCase):
    def test_is_in_the_program_only_where_it_was_built_in(self):
        program = pathlib.Path(CHATSERVER).read_bytes()
        for name in NAMES:
            self.assertEqual(name in program, SABOTAGE == "true", name)

    def test_is_refused_in_builds_that_people_run(self):
        for options in REFUSED:
            with self.subTest(options=options), tempfile.TemporaryDirectory() as folder:
                done = subprocess.run(
                    [*MESON, "setup", folder, SOURCE_ROOT, "-Dsabotage=true", *options],
                    capture_output=True, text=True, check=False)
                self.assertNotEqual(done.returncode, 0)
                self.assertIn("sabotage is for debug builds only", done.stdout + done.stderr)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
