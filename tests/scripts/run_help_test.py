#!/usr/bin/env python3
"""scripts/run.sh --help in a fresh clone: it explains, and installs and builds nothing."""

import pathlib
import shutil
import subprocess
import tempfile
import unittest

SCRIPTS = pathlib.Path(__file__).resolve().parents[2] / "scripts"


class Help(unittest.TestCase):
    def test_it_explains_and_builds_nothing(self):
        for word in ("--help", "-h"):
            with tempfile.TemporaryDirectory() as clone:
                shutil.copytree(SCRIPTS, pathlib.Path(clone) / "scripts")
                done = subprocess.run(["../scripts/run.sh", word], cwd=f"{clone}/scripts",
                                      capture_output=True, text=True, check=False, timeout=60)
                self.assertEqual((done.returncode, done.stderr), (0, ""))
                self.assertIn("scripts/run.sh [ARGUMENTS FOR chatserver]", done.stdout)
                self.assertEqual([path.name for path in pathlib.Path(clone).iterdir()], ["scripts"])


if __name__ == "__main__":
    unittest.main()
