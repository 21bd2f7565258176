#!/usr/bin/env python3
"""conf/chatserver@.service is one that systemd takes without a remark, and shuts the server in.

  unit_file_test.py UNIT CHATSERVER

systemd itself need not run. Exits with 77, which meson counts as skipped, where it is not there.
"""

import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

UNIT, CHATSERVER = sys.argv[1:]
# systemd's own measure in tenths, 0 (shut in) to 100; 15 with what a network server needs.
EXPOSURE_MOST = 20
WANTED = ["User=chat", "Type=notify", "WatchdogSec=30", "NoNewPrivileges=yes",
          "ProtectSystem=strict", "MemoryMax=4G", "LimitCORE=0:1", "CapabilityBoundingSet=",
          "StateDirectory=chat", "LogsDirectory=chat",
          "LoadCredential=mysql-password:/etc/chat/mysql-password",
          "Environment=CHAT_MYSQL_PASSWORD_FILE=%d/mysql-password"]


def analyze(*arguments, unit):
    """Of a copy that starts the program at hand: the one that it names need not be installed."""
    text = unit.replace("/usr/local/bin/chatserver", str(pathlib.Path(CHATSERVER).resolve()))
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "chatserver@node-1.service")
        path.write_text(text, encoding="utf-8")
        done = subprocess.run(["systemd-analyze", "--no-pager", *arguments, path],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout + done.stderr


class UnitFile(unittest.TestCase):
    def setUp(self):
        self.unit = pathlib.Path(UNIT).read_text(encoding="utf-8")

    def test_is_taken_without_a_remark(self):
        self.assertEqual(analyze("verify", "--man=no", unit=self.unit), (0, ""))

    def test_remarks_would_be_seen(self):
        for wrong in [("WatchdogSec=", "WatchdogSecs="), ("MemoryMax=4G", "MemoryMax=lots")]:
            _, said = analyze("verify", "--man=no", unit=self.unit.replace(*wrong))
            self.assertNotEqual(said, "", wrong)

    def test_shuts_the_server_in(self):
        security = ["security", "--offline=true", f"--threshold={EXPOSURE_MOST}"]
        code, said = analyze(*security, unit=self.unit)
        self.assertEqual(code, 0, said)
        code, _ = analyze(*security, unit=self.unit.replace("ProtectSystem=strict\n", "")
                          .replace("NoNewPrivileges=yes\n", "")
                          .replace("CapabilityBoundingSet=\n", ""))
        self.assertNotEqual(code, 0, "an open one would be seen")

    def test_holds_what_the_server_counts_on(self):
        lines = self.unit.splitlines()
        for line in WANTED:
            self.assertIn(line, lines)


if __name__ == "__main__":
    if shutil.which("systemd-analyze") is None:
        print("systemd-analyze is not here: install systemd")
        sys.exit(77)
    unittest.main(argv=sys.argv[:1])
