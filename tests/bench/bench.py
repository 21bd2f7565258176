"""Shared by the rows of the table: services, run lengths, figures, and one-off measurements."""

import contextlib
import ctypes
import os
import statistics
import time

from load import Load
from report import Figure, terminal_line
from services import BenchError, cpu_seconds, open_files, pause, wait_until

_ARGON2ID13 = 2
_ARGON2_OPS = 2              # auth.argon2_ops
_ARGON2_BYTES = 19456 * 1024  # auth.argon2_memory_kib


class Bench:
    def __init__(self, services, quick, repeats):
        self.services = services
        self.quick = quick
        self.repeats = repeats
        self.figures = []
        self._once = {}
        self._began = time.monotonic()

    def say(self, text):
        print(f"[{time.monotonic() - self._began:5.0f} s] {text}", flush=True)

    def once(self, key, measure):
        """The result of measure(), which is called only the first time."""
        if key not in self._once:
            try:
                self._once[key] = measure()
            except BenchError as error:
                self._once[key] = error
        if isinstance(self._once[key], BenchError):
            raise self._once[key]
        return self._once[key]

    def add(self, figure):
        self.figures.append(figure)
        self.say(terminal_line(figure))
        return figure

    def span(self, seconds, quick_seconds=2.0):
        """How long a run warms up and measures, as options of chatbench."""
        if self.quick:
            return ["--warm-up", "0.5", "--seconds", f"{quick_seconds:g}"]
        return ["--warm-up", "2", "--seconds", f"{seconds:g}"]

    @contextlib.contextmanager
    def servers(self, engine, count=1, database="chat", **seeded):
        """Chatservers on a new database, and everything that works for them."""
        self.services.new_database(engine, database, **seeded)
        servers = self.services.start_servers(engine, database, count)
        try:
            yield servers
        finally:
            for server in servers:
                self.services.stop(server)

    def watched(self, engine, servers):
        """The processes whose CPU a figure is divided by."""
        return [*servers, *([self.services.mariadb] if engine == "mariadb" else []),
                *([self.services.redis] if len(servers) > 1 else [])]

    def start(self, mode, engine, servers, options, name="chatbench"):
        return Load(self.services, name, mode, servers, self.watched(engine, servers), options)

    def run(self, mode, engine, servers, options, patience=180, **sampling):
        return self.start(mode, engine, servers, options).result(patience, **sampling)

    @contextlib.contextmanager
    def crowd(self, engine, server, first_user, connections):
        """A number of idle logged-in users beside the load."""
        crowd = self.start("idle", engine, [server],
                           ["--first-user", str(first_user), "--connections", str(connections),
                            "--seconds", "86400"], name="crowd")
        try:
            self._await_calm(crowd, server, connections)
            yield
            if not crowd.process.running():
                raise BenchError(f"the idle users have disconnected: {crowd.process.last_words()}")
        finally:
            crowd.stop()

    def _await_calm(self, crowd, server, connections):
        spent = cpu_seconds(server.pid)

        def is_calm():
            nonlocal spent
            if not crowd.process.running():
                raise BenchError(f"the idle users cannot log in: {crowd.process.last_words()}")
            pause(0.5)
            before, spent = spent, cpu_seconds(server.pid)
            return open_files(server.pid) > connections and spent - before < 0.05

        wait_until(is_calm, 300, f"{connections} users to be logged in")

    def run_all(self, mode, engine, servers, options, at_most=float("inf"), **more):
        """Runs as often as a row is measured; begins no further run after `at_most` seconds."""
        runs = []
        began = time.monotonic()
        while len(runs) < self.repeats and (not runs or time.monotonic() - began < at_most):
            runs.append(self.run(mode, engine, servers, options, **more))
        return runs

    def figure(self, row, engine, runs, value, unit, beside=(), **more):
        """A figure with value(run) of each run. A failure in `beside` fails it too."""
        good = [run for run in runs if run.count > 0]
        micros = statistics.median(run.micros_each for run in good) if good else None
        share = statistics.median(run.own_share for run in good) if good else None
        problems = [run.problem for run in [*runs, *beside] if run.problem]
        refused = sum(run.refused for run in runs)
        if refused:
            more["notes"] = [*more.get("notes", []), f"{refused} requests were refused: overload"]
        return self.add(Figure(row, engine, unit, [value(run) for run in runs], micros=micros,
                               own_share=share, problems=problems, **more))

    # The yardsticks of the machine

    def relay(self, mode, options):
        """The runs of the bare relay under the same load."""
        def measure():
            relay = self.services.start_relay()
            try:
                return [Load(self.services, "chatbench", mode, [relay], [relay],
                             ["--relay", *options]).result(180) for _ in range(self.repeats)]
            finally:
                self.services.stop(relay)
        return self.once(("relay", mode, *options), measure)

    @contextlib.contextmanager
    def _on_server_cpu(self):
        before = os.sched_getaffinity(0)
        os.sched_setaffinity(0, {self.services.server_cpu})
        try:
            yield
        finally:
            os.sched_setaffinity(0, before)

    def fsync_millis(self):
        """Times of appending 128 bytes and syncing them, on the databases' disk."""
        times = []
        path = self.services.data / "fsync"
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        with self._on_server_cpu():
            for _ in range(200 if self.quick else 1000):
                began = time.perf_counter()
                os.write(fd, b"x" * 128)
                os.fdatasync(fd)
                times.append(1000 * (time.perf_counter() - began))
        os.close(fd)
        path.unlink()
        return times

    def argon2_per_cpu_second(self):
        """How many passwords a CPU-second can hash when nothing else is done."""
        def measure():
            sodium = ctypes.CDLL("libsodium.so.23")
            if sodium.sodium_init() < 0:
                raise BenchError("libsodium does not start")
            out, salt = ctypes.create_string_buffer(32), ctypes.create_string_buffer(16)
            password = b"benchmark"
            count = 20 if self.quick else 100
            with self._on_server_cpu():
                began = time.process_time()
                for _ in range(count):
                    failed = sodium.crypto_pwhash(
                        out, ctypes.c_ulonglong(32), password, ctypes.c_ulonglong(len(password)),
                        salt, ctypes.c_ulonglong(_ARGON2_OPS), ctypes.c_size_t(_ARGON2_BYTES),
                        ctypes.c_int(_ARGON2ID13))
                    if failed:
                        raise BenchError("there is no memory to hash a password")
                return count / (time.process_time() - began)
        return self.once("argon2", measure)
