#!/usr/bin/env bash
# A complete private cluster on this machine: MariaDB, Redis, N chatservers and nginx in front of them,
# with data, logs and pid files in var/cluster.

# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# Another folder is another cluster; if the programs are given, nothing is installed or built.
dir=$(realpath -m "${CHAT_CLUSTER_DIR:-var/cluster}")
programs=${CHAT_CLUSTER_PROGRAMS:-build}
run=$dir/run
log=$dir/log
mariadb_socket=$run/mariadb.sock
redis_socket=$run/redis.sock
default_port=8000
default_nodes=2

# shellcheck source=scripts/cluster_processes.sh
source scripts/cluster_processes.sh
# shellcheck source=scripts/cluster_services.sh
source scripts/cluster_services.sh

usage() {
  cat <<TEXT
usage:
  scripts/cluster.sh up [--nodes N] [--port PORT] [--tls]
      Installs what is missing, builds, and starts a MariaDB, a Redis, N chatservers
      (default $default_nodes) and nginx on 127.0.0.1:PORT (default $default_port). What runs already is left alone;
      with a larger N than there are, servers are added. --tls: clients come encrypted, with a
      test certificate for localhost in var/cluster/tls, until down --purge.
  scripts/cluster.sh status
      What runs, where, with how many connections, and whether it answers.
      Exit code 1 if something does not.
  scripts/cluster.sh add
      One more chatserver; it gets new clients once it is ready.
  scripts/cluster.sh remove N
      node-N gets no more clients, then it stops; its clients go to the others.
  scripts/cluster.sh kill N
      Ends node-N with SIGKILL, as a crash would.
  scripts/cluster.sh start N
      Starts node-N again.
  scripts/cluster.sh down [--purge]
      Stops everything. The data stays; with --purge it goes.

Data, logs and pid files are in var/cluster.
TEXT
}

bad_usage() {
  printf 'cluster.sh: %s\nSee scripts/cluster.sh --help\n' "$1" >&2
  exit 2
}

# One change at a time. The lock ends with this process.
take_lock() {
  [[ -w $dir ]] || die "cannot write to $dir: whose is it?"
  exec {lock}>"$dir/lock"
  flock -n "$lock" || die "another cluster.sh is at work on this cluster: wait until it is done"
}

expect_cluster() {
  [[ -n $(nodes) ]] || die "there is no cluster yet: scripts/cluster.sh up"
}

expect_up() {
  local name
  for name in mariadb redis nginx; do
    is_running "$name" || die "$name does not run: scripts/cluster.sh up"
  done
}

# parse_number WHAT TEXT MIN MAX
parse_number() {
  if [[ ! $2 =~ ^[0-9]{1,5}$ ]] || ((10#$2 < $3 || 10#$2 > $4)); then
    bad_usage "$1 must be a number from $3 to $4, not '$2'"
  fi
  echo $((10#$2))
}

node_names() { nodes | sed 's/^/node-/'; }

# Sets $node from "2" or "node-2".
parse_node() {
  (($# == 1)) || bad_usage "$command needs one N, as in: scripts/cluster.sh $command 2"
  node=$(parse_number N "${1#node-}" 1 9999)
}

expect_node() {
  [[ -f $dir/nodes/$node ]] || die "there is no node-$node, only $(node_names | xargs)"
}

make_folders() {
  ((${#mariadb_socket} <= 107)) ||
    die "$mariadb_socket is too long for a Unix socket (107 bytes): use a shorter path"
  mkdir -p "$log" "$dir/nodes" "$run" "$dir/data"
  # Whoever can enter run/ has full access to the database.
  chmod 700 "$run" "$dir/data"
}

choose_port() {
  local wanted=$1 now
  now=$(cat "$dir/port" 2>/dev/null) || now=
  if is_running nginx; then
    [[ -z $wanted || $wanted == "$now" ]] ||
      die "nginx is on port $now; to move it: scripts/cluster.sh down, then up --port $wanted"
    return
  fi
  now=${wanted:-${now:-$default_port}}
  # Our own workers whose master was killed release the port later.
  if is_listening "$now" && [[ -z $(children_of nginx) ]]; then
    die "port $now is taken by another program: choose one with --port"
  fi
  echo "$now" >"$dir/port"
}

# Nodes 1, 2 … up to the requested number, by default the existing ones.
choose_nodes() {
  local wanted=$1 count number=1
  count=$(nodes | wc -l)
  [[ $wanted ]] || wanted=$((count ? count : default_nodes))
  ((wanted >= count)) ||
    say "there are $count nodes, and they stay: scripts/cluster.sh remove N takes one away"
  while ((count < wanted)); do
    if [[ ! -f $dir/nodes/$number ]]; then
      choose_ports "$number"
      count=$((count + 1))
    fi
    number=$((number + 1))
  done
}

start_everything() {
  local number all
  start_mariadb
  start_redis
  mapfile -t all < <(nodes)
  for number in "${all[@]}"; do start_node "$number"; done
  route_to "${all[@]}"
  start_nginx
}

everything_runs() {
  local name
  for name in mariadb redis nginx $(node_names); do is_running "$name" || return 1; done
}

how_to_connect() {
  local port by
  port=$(cat "$dir/port")
  by="  ./build/chatclient --port $port"
  if has_tls; then
    by+=" --tls --ca ${dir#"$PWD"/}/tls/ca.crt"
  else
    by+=$'\n'"  telnet 127.0.0.1 $port"
  fi
  cat <<TEXT

The cluster is up: $(node_names | xargs) behind 127.0.0.1:$port. Talk to it:
$by
See what runs with scripts/cluster.sh status; stop it with scripts/cluster.sh down.
TEXT
}

command_up() {
  local wanted_nodes='' wanted_port='' wanted_tls=''
  while (($#)); do
    case $1 in
      --tls) wanted_tls=yes ;;
      --nodes=*) wanted_nodes=${1#*=} ;;
      --port=*) wanted_port=${1#*=} ;;
      --nodes | --port)
        (($# > 1)) || bad_usage "$1 needs a number"
        printf -v "wanted_${1#--}" %s "$2"
        shift
        ;;
      *) bad_usage "up does not know '$1'" ;;
    esac
    shift
  done
  [[ ! $wanted_nodes ]] || wanted_nodes=$(parse_number --nodes "$wanted_nodes" 1 50)
  [[ ! $wanted_port ]] || wanted_port=$(parse_number --port "$wanted_port" 1 65535)

  mkdir -p "$dir" 2>/dev/null || true
  take_lock
  if [[ ! ${CHAT_CLUSTER_PROGRAMS:-} ]]; then
    install_packages "${packages_to_cluster[@]}"
    configure build
    build_quietly_if_done
  fi
  make_folders
  choose_port "$wanted_port"
  choose_tls "$wanted_tls"
  choose_nodes "$wanted_nodes"
  ! everything_runs || say "the cluster is up already"
  start_everything
  how_to_connect
}

command_add() {
  (($# == 0)) || bad_usage "add takes no argument: the new node gets the next free number"
  expect_cluster
  take_lock
  expect_up
  local number=1 all
  while [[ -f $dir/nodes/$number ]]; do number=$((number + 1)); done
  choose_ports "$number"
  # A node that cannot start is removed.
  # shellcheck disable=SC2064  # the number of now
  trap "signal node-$number KILL; rm -f '$dir/nodes/$number'" EXIT
  start_node "$number"
  trap - EXIT
  mapfile -t all < <(nodes)
  route_to "${all[@]}"
}

any_runs() {
  local number
  for number in "$@"; do
    if is_running "node-$number"; then return; fi
  done
  return 1
}

command_remove() {
  parse_node "$@"
  expect_cluster
  take_lock
  expect_up
  expect_node
  local rest
  mapfile -t rest < <(nodes | grep -vx "$node")
  ((${#rest[@]})) || die "node-$node is the only one: scripts/cluster.sh down stops the cluster"
  any_runs "${rest[@]}" || die "no other node runs: bring one back with scripts/cluster.sh up first"
  # nginx first, so that no client is sent to the server that stops. The server sends BYE to its
  # clients, which reconnect to another one.
  route_to "${rest[@]}"
  stop_nodes "$node"
  rm -f "$dir/nodes/$node"
  say "node-$node is removed"
}

command_kill() {
  parse_node "$@"
  expect_cluster
  take_lock
  expect_node
  local pid
  pid=$(pid_of "node-$node") || die "node-$node does not run"
  signal "node-$node" KILL
  await_end "node-$node" 5 || die "node-$node, pid $pid, cannot be killed"
  say "node-$node, pid $pid, is killed; scripts/cluster.sh start $node brings it back"
}

command_start() {
  parse_node "$@"
  expect_cluster
  take_lock
  expect_up
  expect_node
  local all
  start_node "$node"
  mapfile -t all < <(nodes)
  route_to "${all[@]}"  # its ports may be other ones now
}

command_down() {
  local purge='' all
  case "$*" in
    '') ;;
    --purge) purge=yes ;;
    *) bad_usage "down does not know '$*'" ;;
  esac
  expect_cluster
  take_lock
  mapfile -t all < <(nodes)

  say "stopping nginx and $(node_names | xargs)"
  signal nginx QUIT
  stop_nodes "${all[@]}"
  finish_nginx
  say "stopping redis"
  signal redis TERM
  await_end redis 10 || signal redis KILL
  say "stopping mariadb"
  signal mariadb TERM
  await_end mariadb "$mariadb_seconds" ||
    die "mariadb, pid $(pid_of mariadb), still writes its data: look again with scripts/cluster.sh status"
  rm -f "$run"/*.pid
  if [[ $purge ]]; then
    find "$dir" -mindepth 1 -maxdepth 1 ! -name lock -exec rm -rf {} +
    say "the cluster is down, its data is gone"
  else
    say "the cluster is down; its data stays in $dir/data"
  fi
}

# row NAME ADDRESS CONNECTIONS REASON: healthy if REASON is empty.
row() {
  local pid verdict=yes colour=$green
  pid=$(pid_of "$1") || pid=-
  if [[ $4 ]]; then
    verdict="no: $4" colour=$red
    unhealthy=$((unhealthy + 1))
  fi
  printf '%-9s %8s  %-34s %11s  %s%s%s\n' "$1" "$pid" "$2" "$3" "$colour" "$verdict" "$plain"
}

# why_not NAME CHECK…: prints nothing if it runs and the check succeeds.
why_not() {
  if ! is_running "$1"; then
    echo "does not run"
  elif ! "${@:2}" >/dev/null; then
    echo "no answer"
  fi
}

command_status() {
  (($# == 0)) || bad_usage "status takes no argument"
  expect_cluster
  local green='' red='' plain='' unhealthy=0 number listen proxy port
  if [[ -t 1 && ! ${NO_COLOR:-} ]]; then
    green=$'\e[32m' red=$'\e[31m' plain=$'\e[0m'
  fi
  printf '%-9s %8s  %-34s %11s  %s\n' PROCESS PID ADDRESS CONNECTIONS 'HEALTHY?'
  row mariadb "${mariadb_socket#"$PWD"/}" "$(mariadb_connections || echo -)" "$(why_not mariadb sql 'SELECT 1')"
  row redis "${redis_socket#"$PWD"/}" "$(redis_connections || echo -)" "$(why_not redis redis_answers)"
  for number in $(nodes); do
    read -r listen proxy < <(ports_of "$number")
    row "node-$number" "127.0.0.1:$listen" "$(connections_to "$listen" "$proxy")" \
      "$(why_not "node-$number" chat_answers "$listen")"
  done
  port=$(cat "$dir/port")
  row nginx "127.0.0.1:$port" "$(connections_to "$port")" "$(why_not nginx nginx_answers "$port")"
  ((unhealthy == 0))
}

# Raises the descriptor limit, which children inherit: one descriptor per client.
ulimit -n "$(ulimit -Hn)" 2>/dev/null || true

command=${1:-}
case $command in
  -h | --help | help) usage ;;
  up | status | add | remove | kill | start | down) "command_$command" "${@:2}" ;;
  '') bad_usage "what is to be done?" ;;
  *) bad_usage "there is no command '$command'" ;;
esac
