"""What the tests of scripts/cluster.sh share: a cluster in a folder of its own."""

import os
import pathlib
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "scripts" / "cluster.sh"


class Cluster:
    """Runs cluster.sh on a temporary folder; nothing is installed or built."""

    def __init__(self, programs):
        self._folder = tempfile.TemporaryDirectory(prefix="chat-cluster-")
        self.dir = pathlib.Path(self._folder.name) / "cluster"
        self._environment = {**os.environ, "CHAT_CLUSTER_DIR": str(self.dir),
                             "CHAT_CLUSTER_PROGRAMS": str(programs)}

    def run(self, *arguments):
        return subprocess.run([SCRIPT, *arguments], env=self._environment, text=True, check=False,
                              stdin=subprocess.DEVNULL, capture_output=True)

    def succeed(self, *arguments):
        done = self.run(*arguments)
        assert done.returncode == 0, f"{arguments}: {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout

    def status(self):
        """Exit code, and {process: (pid, address, connections, healthy)}; pid None without one."""
        done = self.run("status")
        rows = {}
        for line in done.stdout.splitlines()[1:]:
            name, pid, address, connections, healthy = line.split(None, 4)
            rows[name] = (None if pid == "-" else int(pid), address,
                          None if connections == "-" else int(connections), healthy)
        return done.returncode, rows
