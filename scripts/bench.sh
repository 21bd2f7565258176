#!/usr/bin/env bash
# Measures the server's performance on this machine and compares it with the targets.

# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

usage() {
  cat <<'TEXT'
usage: scripts/bench.sh [--quick] [--only ROW]… [--repeats N] [--build DIR] [--output FILE]
       scripts/bench.sh --against DIR [--repeats N] [--build DIR]

Installs what is missing, makes a release build in DIR (default build-bench) and measures: starts
chatservers, a MariaDB and a Redis of its own, with full durability, and loads them. They, and the
bare relay that they are compared with, run on the first CPU, the load generator on the second.

Every row is measured three times. The table shows medians beside the targets, in figures per
CPU-second of all server-side processes together. A full run takes up to an hour, has the machine
to itself, and writes tests/bench/RESULTS.md; the part of it that is written by hand stays.

  --quick        one short measurement a row, four minutes; without what takes longest, and with
                 5 000 connections where a full run has 19 000
  --only ROW     these rows only: relay ping window-32 window-1 window-4 lone group cross login
                 offline idle growth log many pressure
  --repeats N    how often each row is measured
  --output FILE  where the report goes; with --quick or --only it is DIR/tests/bench/RESULTS.md
  --against DIR  instead, the cost of a message compared with that of the server in DIR, the
                 build-bench of another version's checkout: both run side by side under the same
                 load, so that the machine's other work affects both alike. Ten minutes.

Exit code: 1 if a row failed, which means that a message was lost, came twice or out of order, or
that something could not run at all. A missed target is marked, and is no failure.
TEXT
}

bad_usage() {
  printf 'bench.sh: %s\nSee scripts/bench.sh --help\n' "$1" >&2
  exit 2
}

build="build-bench"
program=run.py
options=()
while (($#)); do
  case $1 in
    -h | --help)
      usage
      exit
      ;;
    --quick) options+=(--quick) ;;
    --repeats)
      [[ ${2:-} =~ ^[1-9][0-9]?$ ]] || bad_usage "--repeats needs a number from 1 to 99"
      options+=(--repeats "$2")
      shift
      ;;
    --only | --output)
      (($# > 1)) || bad_usage "$1 needs a value"
      options+=("$1" "$2")
      shift
      ;;
    --against)
      (($# > 1)) || bad_usage "--against needs a folder"
      [[ -d $2 ]] || bad_usage "there is no folder '$2'"
      program=compare.py
      options+=(--against "$(realpath "$2")")
      shift
      ;;
    --build)
      (($# > 1)) || bad_usage "--build needs a folder"
      build=$2
      shift
      ;;
    *) bad_usage "unknown argument '$1'" ;;
  esac
  shift
done

install_packages "${packages_to_bench[@]}"
configure "$build" --buildtype=release -Dbench=true -Dtests=false
compile "$build" bench-programs
# Raises the descriptor limit, which children inherit: one descriptor per client.
ulimit -n "$(ulimit -Hn)" 2>/dev/null || true
export PYTHONDONTWRITEBYTECODE=1
exec python3 "tests/bench/$program" --programs "$build/tests/bench" "${options[@]}"
