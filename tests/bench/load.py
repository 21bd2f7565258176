"""Runs the load generator and returns its measurements as plain values."""

import dataclasses
import json
import time

from services import BenchError, pause


# The count and the latency that matter in each mode.
_WORK = {"ping": ("replies", "reply"), "login": ("logins", "login"), "storm": ("logins", "login"),
         "offline": ("delivered", "catch_up")}
_OTHERS = ("delivered", "delivery")


@dataclasses.dataclass(eq=False)
class Run:
    """One run of chatbench; runs are compared by identity."""
    count: int            # messages, deliveries, logins or pings within the measured seconds
    seconds: float
    server_cpu: float     # CPU seconds of all server-side processes within them
    own_share: float      # how busy the load generator kept its CPU, 0 … 1
    p50_ms: float
    p99_ms: float
    max_ms: float
    problem: str          # what was lost, doubled, reordered and so on; empty when all is well
    refused: int          # requests of an open loop that were answered by "busy" or the like
    raw: dict             # everything that chatbench reported
    samples: list = dataclasses.field(default_factory=list)  # (second, what sample() gave)

    @property
    def per_cpu_second(self):
        return self.count / self.server_cpu if self.server_cpu else 0.0

    @property
    def micros_each(self):
        return 1e6 * self.server_cpu / self.count if self.count else 0.0


def _to_run(raw, code):
    work, latency = _WORK.get(raw["mode"], _OTHERS)
    took = raw["latency_us"].get(latency, {"p50": 0, "p99": 0, "max": 0})
    faults = {name: count for name, count in raw["faults"].items() if count}
    # An open loop may offer more than the server can take: a refusal is an answer, not a loss.
    refused = faults.pop("refused", 0) if raw["options"]["rate"] > 0 else 0
    problem = ", ".join(f"{name} {count}" for name, count in faults.items())
    if problem and raw["problem"]:
        problem += f" ({raw['problem']})"
    if code != 0 and not problem and not refused:
        problem = raw["problem"] or f"chatbench ended with {code}"
    return Run(count=raw["measured"][work], seconds=raw["seconds"],
               server_cpu=sum(one["user_s"] + one["system_s"] for one in raw["processes"]),
               own_share=raw["load"]["cpu_percent"] / 100, p50_ms=took["p50"] / 1000,
               p99_ms=took["p99"] / 1000, max_ms=took["max"] / 1000,
               problem=problem, refused=refused, raw=raw)


class Load:
    """A chatbench that runs in the background until result() is asked for."""

    def __init__(self, services, name, mode, servers, watched, options, cpu=None):
        self.name = name
        self.watched = watched
        self.json = services.folder / f"{name}.json"
        self.json.unlink(missing_ok=True)
        self.services = services
        command = [services.generator, mode]
        for server in servers:
            command += ["--server", server.address]
        for process in watched:
            command += ["--pid", f"{process.pid},{process.name}"]
        self.process = services.launch(
            name, [*command, *options, "--json", self.json],
            services.client_cpu if cpu is None else cpu, pipe=False)

    def result(self, patience, sample=None, every=0.5):
        """Waits for the end. Meanwhile calls `sample` every `every` seconds."""
        samples = []
        began = time.monotonic()
        next_sample = began + every
        while self.process.running():
            now = time.monotonic()
            if now - began > patience:
                self.stop()
                raise BenchError(f"chatbench does not end within {patience} s; "
                                 f"see {self.process.log}")
            if sample and now >= next_sample:
                samples.append((now - began, sample()))
                next_sample = now + every
            pause(0.05)
        code = self.process.child.returncode
        self.stop()
        for server in self.watched:
            if not server.running():
                raise BenchError(f"{server.name} has ended: {server.last_words()}")
        run = self._read(code)
        run.samples = samples
        return run

    def stop(self):
        self.services.stop(self.process)

    def _read(self, code):
        try:
            raw = json.loads(self.json.read_text())
        except (OSError, ValueError):
            raise BenchError(f"chatbench ended with {code}: {self.process.last_words()}") from None
        if code not in (0, 1):
            raise BenchError(f"chatbench ended with {code}: {self.process.last_words()}")
        return _to_run(raw, code)
