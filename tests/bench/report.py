"""The results of a run, as a table for the terminal and as tests/bench/RESULTS.md."""

import dataclasses
import datetime
import json
import os
import pathlib
import platform
import re
import statistics
import subprocess

_BEGIN = "<!-- written by hand: the script keeps what stands from here -->"
_END = "<!-- to here -->"


@dataclasses.dataclass
class Figure:
    """One line of the table: one quantity, measured several times."""
    row: str
    engine: str
    unit: str
    values: list
    target: float = None
    at_most: bool = False      # the target is an upper limit
    target_text: str = ""
    relay: float = None        # the bare relay's median of the same thing
    micros: float = None       # server-side CPU per message
    own_share: float = None    # how busy the load generator was, 0 … 1
    notes: list = dataclasses.field(default_factory=list)
    problems: list = dataclasses.field(default_factory=list)

    @property
    def median(self):
        return statistics.median(self.values) if self.values else None

    @property
    def ratio(self):
        """1 and more: the target is met."""
        if self.target is None or self.median is None:
            return None
        if not self.at_most:
            return self.median / self.target
        return self.target / self.median if self.median else float("inf")

    @property
    def missed(self):
        return self.ratio is not None and self.ratio < 1


def number(value):
    if value is None:
        return ""
    if abs(value) >= 10_000:
        return f"{value / 1000:,.1f} k"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def spread(figure):
    if not figure.values:
        return "no result"
    text = number(figure.median)
    if len(figure.values) > 1:
        text += f" [{number(min(figure.values))} – {number(max(figure.values))}]"
    return f"{text} {figure.unit}"


def target(figure):
    if figure.target_text:
        return figure.target_text
    if figure.target is None:
        return ""
    return f"{'≤' if figure.at_most else '≥'} {number(figure.target)}"


def verdict(figure):
    if figure.problems:
        return "FAILED"
    if figure.ratio is None:
        return ""
    met = "×" + f"{min(figure.ratio, 999):.2f}"
    return f"**{met}**" if figure.missed else met


def _share(value):
    return "" if value is None else f"{100 * value:.0f} %"


def of_relay(figure):
    if not figure.relay or figure.median is None:
        return ""
    return f"{figure.median / figure.relay:.3g}"


def terminal_line(figure):
    parts = [f"{figure.row} ({figure.engine})" if figure.engine else figure.row, spread(figure)]
    if target(figure):
        parts.append(f"target {target(figure)}: {verdict(figure).strip('*')}"
                     + (" MISSED" if figure.missed else ""))
    if figure.relay:
        parts.append(f"{of_relay(figure)} of the bare relay's {number(figure.relay)}")
    return " | ".join(parts + figure.notes + [f"FAILED: {p}" for p in figure.problems])


def _command(*command):
    try:
        done = subprocess.run(command, capture_output=True, text=True)
    except OSError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def _cpu_model():
    text = pathlib.Path("/proc/cpuinfo").read_text()
    found = re.search(r"^model name\s*:\s*(.*)$", text, re.MULTILINE)
    return found.group(1) if found else platform.machine()


def _version(package):
    return _command("dpkg-query", "-W", "-f=${Version}", package) or "unknown"


def machine(root, server_cpu, client_cpu, mariadb_settings, load_average):
    """(name, value) lines about where and what was measured."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    commit = _command("git", "-C", str(root), "describe", "--always", "--dirty", "--abbrev=12")
    cpus = (f"chatserver, MariaDB, Redis and the relay on CPU {server_cpu}, the load generator on "
            f"CPU {client_cpu}")
    if server_cpu == client_cpu:
        cpus = f"everything on CPU {server_cpu}: there is no second one, so the load generator " \
               "takes part of the time"
    libraries = ", ".join(f"{name} {_version(package)}" for name, package in (
        ("g++", "g++"), ("MariaDB", "mariadb-server"), ("Redis", "redis-server"),
        ("SQLite", "libsqlite3-0"), ("libmysqlclient (MariaDB's)", "libmariadb3"),
        ("hiredis", "libhiredis0.14"), ("libsodium", "libsodium23")))
    return [
        ("date", datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC")),
        ("commit", commit or "unknown"),
        ("CPU", f"{_cpu_model()}, {os.cpu_count()} cores"),
        ("memory", f"{memory:.0f} GiB"),
        ("kernel", f"{platform.system()} {platform.release()}"),
        ("where", cpus),
        ("load average at the start", load_average),
        ("versions", libraries),
        ("MariaDB", "innodb_flush_log_at_trx_commit=1, no binary log, "
         + " ".join(setting.lstrip("-") for setting in mariadb_settings)),
        ("SQLite", "WAL, synchronous=FULL"),
    ]


def _table(figures):
    yield ("| row | engine | median [least – most] | target | ratio to target "
           "| ratio to relay | server µs each | load generator busy |")
    yield "|---|---|---|---|---|---|---|---|"
    for figure in figures:
        cells = [figure.row, figure.engine, spread(figure), target(figure), verdict(figure),
                 of_relay(figure), number(figure.micros), _share(figure.own_share)]
        yield "| " + " | ".join(cells) + " |"


def _remarks(figures):
    for figure in figures:
        for text in [*figure.notes, *(f"FAILED: {p}" for p in figure.problems)]:
            yield f"- {figure.row}{f', {figure.engine}' if figure.engine else ''}: {text}"


def micro_benchmarks(program, seconds):
    """Lines of a table from Google Benchmark; empty where the program is not built."""
    if not program.exists():
        return []
    try:
        done = subprocess.run(
            [program, "--benchmark_format=json", f"--benchmark_min_time={seconds}"],
            capture_output=True, text=True, timeout=600)
        rows = json.loads(done.stdout)["benchmarks"]
    except (OSError, ValueError, KeyError, subprocess.TimeoutExpired) as error:
        return [f"{program.name} gave no result: {error}"]
    lines = ["| benchmark | CPU time | items/s | bytes/s |", "|---|---|---|---|"]
    for row in rows:
        if row.get("error_occurred"):
            lines.append(f"| {row['name']} | failed: {row.get('error_message', '')} | | |")
            continue
        lines.append(f"| {row['name']} | {number(row['cpu_time'])} {row['time_unit']} "
                     f"| {number(row.get('items_per_second'))} "
                     f"| {number(row.get('bytes_per_second'))} |")
    return lines


def _kept(path):
    """The hand-written text between the markers of an earlier report."""
    try:
        text = path.read_text(encoding="utf-8")
        return text[text.index(_BEGIN) + len(_BEGIN):text.index(_END)].strip("\n")
    except (OSError, ValueError):
        return "## Where the time goes\n\nNothing has been written here yet."


def write(path, kept_from, quick, machine_lines, figures, micro):
    """`kept_from` is the report whose hand-written part is carried over."""
    kept = _kept(kept_from)
    lines = ["# Benchmark results", "",
             "Written by `scripts/bench.sh" + (" --quick" if quick else "") + "`; its `--help` says "
             "what is measured and how.", ""]
    if quick:
        lines += ["A quick run: one short measurement a row. The figures are rough.", ""]
    lines += ["## Machine", "", "| | |", "|---|---|"]
    lines += [f"| {name} | {value} |" for name, value in machine_lines]
    lines += ["", "## Figures", "",
              "Throughput is per CPU-second of all server-side processes together, including the "
              "database and Redis. A row meets its target if the ratio is 1 or more; a missed target "
              "is **bold**. The relay moves the same bytes between the same sockets and does nothing "
              "else.", ""]
    lines += _table(figures)
    remarks = list(_remarks(figures))
    if remarks:
        lines += ["", *remarks]
    if micro:
        lines += ["", "## Micro-benchmarks", "", *micro]
    lines += ["", _BEGIN, "", kept.strip("\n"), "", _END, ""]
    path.write_text("\n".join(lines), encoding="utf-8")
