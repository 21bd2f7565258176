#!/usr/bin/env python3
"""scripts/cluster.sh where nothing runs: usage, messages, exit codes, and whom it never signals."""

import fcntl
import subprocess
import unittest

from cluster_script import Cluster


class Usage(unittest.TestCase):
    def setUp(self):
        self.cluster = Cluster("/nonexistent")

    def pretend_node(self):
        """A cluster of one node that does not run."""
        for folder in ("nodes", "run", "log"):
            (self.cluster.dir / folder).mkdir(parents=True)
        (self.cluster.dir / "nodes" / "1").write_text("6101 6201\n")
        (self.cluster.dir / "port").write_text("8000\n")

    def expect(self, arguments, code, said):
        done = self.cluster.run(*arguments)
        self.assertEqual(done.returncode, code, (arguments, done.stdout, done.stderr))
        self.assertIn(said, done.stdout if code == 0 else done.stderr)

    def test_help_names_every_command(self):
        for word in ("--help", "-h", "help"):
            text = self.cluster.succeed(word)
            for command in ("up", "status", "add", "remove N", "kill N", "start N", "down"):
                self.assertIn(f"scripts/cluster.sh {command}", text)

    def test_bad_usage_is_told_and_exits_with_2(self):
        for arguments, said in (
                ([], "what is to be done"),
                (["dance"], "no command 'dance'"),
                (["up", "--nodes"], "--nodes needs a number"),
                (["up", "--nodes", "0"], "from 1 to 50, not '0'"),
                (["up", "--nodes=two"], "from 1 to 50, not 'two'"),
                (["up", "--port", "65536"], "from 1 to 65535, not '65536'"),
                (["up", "--tls=yes"], "does not know '--tls=yes'"),
                (["up", "now"], "does not know 'now'"),
                (["status", "1"], "no argument"),
                (["add", "1"], "no argument"),
                (["remove"], "needs one N"),
                (["remove", "one"], "not 'one'"),
                (["kill", "1", "2"], "needs one N"),
                (["start", "node-"], "not ''"),
                (["down", "--all"], "does not know '--all'")):
            self.expect(arguments, 2, said)
        self.assertFalse(self.cluster.dir.exists(), "a mistake leaves nothing behind")

    def test_without_a_cluster_it_says_how_to_get_one(self):
        for arguments in (["status"], ["add"], ["remove", "1"], ["kill", "1"], ["start", "1"],
                          ["down"]):
            self.expect(arguments, 1, "there is no cluster yet: scripts/cluster.sh up")
        self.assertFalse(self.cluster.dir.exists())

    def test_status_shows_what_does_not_run(self):
        self.pretend_node()
        code, rows = self.cluster.status()
        self.assertEqual(code, 1)
        self.assertEqual(list(rows), ["mariadb", "redis", "node-1", "nginx"])
        for pid, _, _, healthy in rows.values():
            self.assertIsNone(pid)
            self.assertEqual(healthy, "no: does not run")

    def test_a_pid_that_belongs_to_somebody_else_is_never_signalled(self):
        self.pretend_node()
        with subprocess.Popen(["cat"], stdin=subprocess.PIPE) as bystander:
            # Its pid with another start time: what is left of a process of long ago.
            for name in ("mariadb", "redis", "nginx", "node-1"):
                (self.cluster.dir / "run" / f"{name}.pid").write_text(f"{bystander.pid} 1\n")
            self.expect(["kill", "1"], 1, "node-1 does not run")
            self.cluster.succeed("down")
            self.assertIsNone(bystander.poll())
            bystander.stdin.close()
            self.assertEqual(bystander.wait(), 0, "it ended by itself")

    def test_two_changes_at_once_are_refused(self):
        self.pretend_node()
        with open(self.cluster.dir / "lock", "w", encoding="utf-8") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            for arguments in (["up"], ["add"], ["remove", "1"], ["kill", "1"], ["down"]):
                self.expect(arguments, 1, "another cluster.sh is at work")
            self.assertEqual(self.cluster.status()[0], 1, "looking is allowed")

    def test_there_must_be_a_node_of_that_name(self):
        self.pretend_node()
        self.expect(["kill", "7"], 1, "there is no node-7, only node-1")


if __name__ == "__main__":
    unittest.main()
