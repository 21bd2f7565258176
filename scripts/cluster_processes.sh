# Processes that outlive the script which started them. `source` it after lib.sh, with $run (pid
# files and sockets) and $log naming folders.
#
# Each process has a name and run/NAME.pid, which contains its pid and its start time (clock ticks
# since boot, /proc/PID/stat). Together these identify one process, so a reused pid is never
# signalled. Each leads its own session, whose number is its pid, so that its children can be found
# after its death.
# shellcheck shell=bash disable=SC2154

# Sets $session and $start to those of a pid; fails if it has ended, or is a zombie.
look_at() {
  local text='' fields
  { read -r -d '' text <"/proc/$1/stat" || true; } 2>/dev/null
  # The fields after the name, which may contain blanks and parentheses.
  read -ra fields <<<"${text##*) }"
  [[ ${fields[0]:-X} != [ZX] ]] || return 1
  session=${fields[3]} start=${fields[19]}
}

# Prints the pid of our process; fails if it does not run.
pid_of() {
  local pid expected session start
  [[ -f $run/$1.pid ]] || return 1
  read -r pid expected <"$run/$1.pid" || return 1
  look_at "$pid" || return 1
  [[ $start == "$expected" ]] && echo "$pid"
}

is_running() { pid_of "$1" >/dev/null; }

# Prints the pids of a process's live children, even if it has ended itself.
children_of() {
  local leader pid session start
  [[ -f $run/$1.pid ]] || return 0
  read -r leader _ <"$run/$1.pid"
  for pid in /proc/[0-9]*; do
    pid=${pid#/proc/}
    [[ $pid != "$leader" ]] || continue
    look_at "$pid" || continue
    [[ $session != "$leader" ]] || echo "$pid"
  done
}

# launch NAME COMMAND…: stdout goes to run/NAME.out, which is truncated; stderr is appended to
# log/NAME.log. Nothing of this shell is inherited: no terminal, no lock, no pipe of the caller.
launch() {
  local name=$1 session start
  shift
  (
    for fd in "/proc/$BASHPID/fd/"*; do
      fd=${fd##*/}
      ((fd <= 2)) || exec {fd}>&-
    done
    exec setsid "$@"
  ) </dev/null >"$run/$name.out" 2>>"$log/$name.log" &
  look_at "$!" || start=gone
  echo "$! $start" >"$run/$name.pid"
}

# await_start NAME SECONDS CHECK…: waits until the check succeeds. Ends the script if it does not.
await_start() {
  local name=$1 deadline=$((SECONDS + $2)) why=
  shift 2
  until "$@"; do
    is_running "$name" || why="$name ended at its start"
    ((SECONDS <= deadline)) || why="$name does not get ready"
    if [[ $why ]]; then
      tail -n 12 "$log/$name.log" >&2
      die "$why; the end of $log/$name.log is above"
    fi
    sleep 0.05
  done
}

# signal NAME SIGNAL: does nothing if it does not run.
signal() {
  local pid
  pid=$(pid_of "$1") || return 0
  kill -s "$2" "$pid" 2>/dev/null || true
}

# await_end NAME SECONDS: fails if the process still runs after that.
await_end() {
  local deadline=$((SECONDS + $2))
  while is_running "$1"; do
    ((SECONDS <= deadline)) || return 1
    sleep 0.05
  done
}

is_listening() { [[ -n $(ss -Hltn "sport = :$1") ]]; }

# connections_to PORT…: the number of connections to these local ports.
connections_to() {
  local port total=0
  for port in "$@"; do
    total=$((total + $(ss -Htn state established "( sport = :$port )" | wc -l)))
  done
  echo "$total"
}
