"""The processes of a benchmark run: each private, pinned to one CPU, and gone when the run is."""

import contextlib
import ctypes
import os
import pathlib
import re
import select
import shutil
import signal
import subprocess
import tempfile
import threading
import time

_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)
_never = threading.Event()


class BenchError(Exception):
    """An error that ends a row, as a sentence for people."""


def pause(seconds):
    _never.wait(seconds)


def wait_until(condition, seconds, what):
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise BenchError(f"{what}: not within {seconds} s")
        pause(0.02)


def cpu_seconds(pid):
    """User and system time of a process so far."""
    text = pathlib.Path(f"/proc/{pid}/stat").read_text()
    fields = text[text.rindex(")") + 2:].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def resident_bytes(pid):
    return int(pathlib.Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE


def open_files(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def _die_with_parent():
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


class Process:
    """A child on one CPU. Its stderr goes to a file; its stdout is read here, or is a file too."""

    def __init__(self, name, command, log, cpu, env=None, pipe=True):
        self.name = name
        self.log = log
        with open(log, "ab") as errors:
            self.child = subprocess.Popen(
                ["taskset", "-c", str(cpu), *map(str, command)],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE if pipe else errors, stderr=errors,
                env=env, start_new_session=True, preexec_fn=_die_with_parent)

    @property
    def pid(self):
        return self.child.pid

    def running(self):
        return self.child.poll() is None

    def read_line(self, seconds):
        """The next line of its stdout; '' when it has ended."""
        ready, _, _ = select.select([self.child.stdout], [], [], seconds)
        if not ready:
            raise BenchError(f"{self.name} says nothing within {seconds} s; see {self.log}")
        return self.child.stdout.readline().decode()

    def last_words(self):
        lines = pathlib.Path(self.log).read_text(errors="replace").splitlines()
        return " / ".join(line.strip() for line in lines[-4:])

    def stop(self, patience=20):
        """Ends it gracefully, within a time limit."""
        if self.running():
            self.child.terminate()
            try:
                self.child.wait(patience)
            except subprocess.TimeoutExpired:
                self.child.kill()
                self.child.wait()
        if self.child.stdout:
            self.child.stdout.close()


class Services:
    """Starts and ends the processes of a run. A context manager: all end with it."""

    def __init__(self, root, programs, server_cpu, client_cpu, folder="bench"):
        self.root = root
        self.programs = programs.resolve()
        self.generator = self.programs / "chatbench"
        self.server_cpu = server_cpu
        self.client_cpu = client_cpu
        self.folder = root / "var" / folder
        self.data = self.folder / "data"
        self.logs = self.folder / "log"
        self.sockets = None
        self.mariadb = None
        self.redis = None
        self._running = []

    def __enter__(self):
        for folder in (self.data, self.logs):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
        # A Unix socket's path must be short.
        self.sockets = pathlib.Path(tempfile.mkdtemp(prefix="chatbench-"))
        return self

    def __exit__(self, *_):
        for process in reversed(self._running):
            with contextlib.suppress(OSError):
                process.stop()
        shutil.rmtree(self.sockets, ignore_errors=True)
        shutil.rmtree(self.data, ignore_errors=True)

    def launch(self, name, command, cpu, **options):
        process = Process(name, command, self.logs / f"{name}.log", cpu, **options)
        self._running.append(process)
        return process

    def stop(self, process):
        process.stop()
        if process in self._running:
            self._running.remove(process)

    def client(self, name, command):
        """A program of the load generator's side."""
        return self.launch(name, command, self.client_cpu)

    # MariaDB, with full durability

    def _mariadb_command(self, program, *arguments):
        user = ["--user=root"] if os.geteuid() == 0 else []
        return [program, "--no-defaults", f"--datadir={self.data}/mariadb",
                f"--tmpdir={self.data}", *arguments, *user]

    def start_mariadb(self):
        if self.mariadb and self.mariadb.running():
            return self.mariadb
        made = subprocess.run(
            self._mariadb_command("mariadb-install-db", "--skip-test-db",
                                  "--auth-root-authentication-method=normal"),
            capture_output=True, text=True)
        if made.returncode != 0:
            raise BenchError(f"mariadb-install-db failed: {made.stderr or made.stdout}")
        self.mariadb = self.launch(
            "mariadb",
            self._mariadb_command(
                "mariadbd", f"--socket={self.sockets}/mariadb", f"--pid-file={self.sockets}/pid",
                "--skip-networking", "--skip-log-bin", "--innodb-flush-log-at-trx-commit=1",
                *MARIADB_SETTINGS, "--innodb-buffer-pool-dump-at-shutdown=OFF",
                "--innodb-buffer-pool-load-at-startup=OFF"),
            self.server_cpu, pipe=False)
        wait_until(lambda: not self.mariadb.running() or self._sql("SELECT 1"), 60, "MariaDB's start")
        if not self.mariadb.running():
            raise BenchError(f"MariaDB does not start: {self.mariadb.last_words()}")
        return self.mariadb

    def _sql(self, text):
        return subprocess.run(
            ["mariadb", "--no-defaults", "--user=root", f"--socket={self.sockets}/mariadb",
             f"--execute={text}"], capture_output=True, text=True).returncode == 0

    def _new_mysql_database(self, name):
        self.start_mariadb()
        if not self._sql(f"DROP DATABASE IF EXISTS {name};"
                         f" CREATE DATABASE {name} CHARACTER SET utf8mb4;"
                         " CREATE USER IF NOT EXISTS chat@localhost;"
                         f" GRANT ALL ON {name}.* TO chat@localhost"):
            raise BenchError("MariaDB refuses to make a database")

    # Redis, without persistence

    def start_redis(self):
        if self.redis and self.redis.running():
            return self.redis
        socket = f"{self.sockets}/redis"
        self.redis = self.launch(
            "redis", ["redis-server", "--port", "0", "--unixsocket", socket, "--save", "",
                      "--appendonly", "no", "--daemonize", "no", "--dir", self.data],
            self.server_cpu, pipe=False)

        def answers():
            asked = subprocess.run(["redis-cli", "-s", socket, "ping"], capture_output=True)
            return asked.stdout.strip() == b"PONG"

        wait_until(lambda: not self.redis.running() or answers(), 10, "Redis's start")
        if not self.redis.running():
            raise BenchError(f"Redis does not start: {self.redis.last_words()}")
        return self.redis

    # chatserver and the relay

    def storage_settings(self, engine, database):
        if engine == "sqlite":
            return ["--set", "storage.engine=sqlite",
                    "--set", f"storage.path={self.data}/{database}.db"]
        return ["--set", "storage.engine=mysql", "--set", f"mysql.socket={self.sockets}/mariadb",
                "--set", "mysql.user=chat", "--set", f"mysql.database={database}"]

    def new_database(self, engine, name, users, groups=0, group_size=0, log_rows=0):
        """An empty database, then what chatbench-seed puts into it."""
        if engine == "mariadb":
            self._new_mysql_database(name)
        else:
            for file in self.data.glob(f"{name}.db*"):
                file.unlink()
        seeder = self.launch(
            "seed", [self.programs / "chatbench-seed", *self.storage_settings(engine, name),
                     "--users", users, "--groups", groups, "--group-size", group_size,
                     "--log-rows", log_rows],
            self.client_cpu, pipe=False)
        code = seeder.child.wait()
        self.stop(seeder)
        if code != 0:
            raise BenchError(f"chatbench-seed failed: {seeder.last_words()}")

    def start_servers(self, engine, database, count=1):
        """That many chatservers on one database; with more than one, Redis between them."""
        bus = []
        if count > 1:
            self.start_redis()
            bus = ["--set", "bus.engine=redis", "--set", f"redis.socket={self.sockets}/redis"]
        settings = [*self.storage_settings(engine, database), *bus]
        return [self._start_server(f"{database}-{number}", settings)
                for number in range(1, count + 1)]

    def _start_server(self, name, settings):
        env = {key: value for key, value in os.environ.items()
               if not key.startswith(("CHAT_MYSQL_PASSWORD", "CHAT_REDIS_PASSWORD"))}
        server = self.launch(
            name,
            [self.programs.parent.parent / "chatserver", *settings,
             "--set", f"server.node={name}", "--set", "server.listen=127.0.0.1:0",
             "--set", "limits.logins_per_minute=0", "--set", "limits.chat_per_second=0", "--set", "limits.bytes_per_second=0",
             "--set", "log.level=warn"],
            self.server_cpu, env=env)
        return self._await_ready(server)

    def start_relay(self):
        relay = self.launch("relay", [self.programs / "chatbench-relay"], self.server_cpu)
        return self._await_ready(relay)

    def _await_ready(self, process):
        match = re.match(r"ready listen=(\S+)", process.read_line(30))
        if not match:
            raise BenchError(f"{process.name} does not start: {process.last_words()}")
        process.address = match.group(1)
        return process


# Besides full durability: room for the log and the pages, as an operator would give it.
MARIADB_SETTINGS = ["--innodb-buffer-pool-size=1G", "--innodb-log-file-size=512M",
                    "--performance-schema=OFF", "--character-set-server=utf8mb4",
                    "--max-connections=500"]
