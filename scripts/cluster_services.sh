# How each part of the cluster on one machine is started, checked and stopped. `source` it after
# cluster_processes.sh, with $dir, $programs and the folders in it set (see cluster.sh).
# shellcheck shell=bash disable=SC2154

node_stop_seconds=5
mariadb_seconds=60

# As root, MariaDB needs an explicit --user.
as_whom=()
((EUID != 0)) || as_whom=(--user=root)

# MariaDB: the data in data/mariadb, a Unix socket, as durable as it gets

sql() {
  timeout 2 mariadb --no-defaults --user=root --socket="$mariadb_socket" --batch \
    --skip-column-names --execute="$1" 2>/dev/null
}

# Fails if it does not answer. Excludes this connection.
mariadb_connections() {
  sql "SELECT variable_value - 1 FROM information_schema.global_status
       WHERE variable_name = 'THREADS_CONNECTED'"
}

# with_own_tmp COMMAND…: at its start, MariaDB deletes every "#sql…" in its temporary folder; in
# /tmp these may belong to another MariaDB.
with_own_tmp() {
  mkdir -p "$dir/data/tmp"
  TMPDIR="$dir/data/tmp" "$@"
}

# Made in a folder that is renamed when complete, so that an interruption leaves nothing that looks
# like a database.
make_mariadb_data() {
  [[ ! -d $dir/data/mariadb ]] || return 0
  say "making a new database in $dir/data/mariadb"
  rm -rf "$dir/data/mariadb.new"
  quietly with_own_tmp mariadb-install-db --no-defaults --datadir="$dir/data/mariadb.new" \
    --auth-root-authentication-method=normal --skip-test-db "${as_whom[@]}" ||
    die "mariadb-install-db failed (see above)"
  mv "$dir/data/mariadb.new" "$dir/data/mariadb"
}

# The account's password is generated once. Whoever can read it can also read the data.
mysql_password() {
  if [[ ! -s $dir/data/password ]]; then
    (umask 077 && od -An -N16 -tx1 /dev/urandom | tr -d ' \n' >"$dir/data/password")
  fi
  cat "$dir/data/password"
}

start_mariadb() {
  local pid
  if pid=$(pid_of mariadb); then
    say "mariadb runs already, pid $pid"
    return
  fi
  make_mariadb_data
  with_own_tmp launch mariadb mariadbd --no-defaults --datadir="$dir/data/mariadb" \
    --socket="$mariadb_socket" --pid-file="$run/mariadbd.own.pid" --skip-networking \
    --skip-log-bin --innodb-flush-log-at-trx-commit=1 --character-set-server=utf8mb4 \
    --max-connections=500 --performance-schema=OFF "${as_whom[@]}"
  await_start mariadb "$mariadb_seconds" sql 'SELECT 1' >/dev/null
  sql "CREATE DATABASE IF NOT EXISTS chat CHARACTER SET utf8mb4;
       CREATE USER IF NOT EXISTS chat@localhost;
       ALTER USER chat@localhost IDENTIFIED BY '$(mysql_password)';
       GRANT ALL ON chat.* TO chat@localhost" || die "mariadb refuses to make the database 'chat'"
  say "mariadb started, pid $(pid_of mariadb), socket $mariadb_socket"
}

# Redis: a Unix socket, nothing on the disk

redis_says() { timeout 1 redis-cli -s "$redis_socket" "$@" 2>/dev/null; }

redis_answers() { [[ $(redis_says ping) == PONG ]]; }

redis_connections() {
  local count
  redis_answers || return 1
  count=$(redis_says info clients | sed -n 's/^connected_clients:\([0-9]*\).*/\1/p')
  echo $((count - 1))
}

start_redis() {
  local pid
  if pid=$(pid_of redis); then
    say "redis runs already, pid $pid"
    return
  fi
  # Without --logfile it would log to stdout, which is discarded.
  launch redis redis-server --port 0 --unixsocket "$redis_socket" --unixsocketperm 700 \
    --save '' --appendonly no --daemonize no --dir "$run" --logfile "$log/redis.log"
  await_start redis 10 redis_answers
  say "redis started, pid $(pid_of redis), socket $redis_socket"
}

# chatservers: nodes/N contains the two ports of node-N, for clients and for nginx

nodes() { find "$dir/nodes" -type f -name '[0-9]*' -printf '%f\n' 2>/dev/null | sort -n; }

ports_of() { cat "$dir/nodes/$1"; }

# free_port FIRST: the first port from FIRST on that is unused and not reserved for a node.
free_port() {
  local port=$1
  while is_listening "$port" || grep -qsw "$port" "$dir"/nodes/*; do
    port=$((port + 1))
    ((port < 32768)) || die "no free port from $1 on"
  done
  echo "$port"
}

choose_ports() {
  local listen proxy
  rm -f "$dir/nodes/$1"
  listen=$(free_port $((6100 + $1)))
  proxy=$(free_port $((6200 + $1)))
  echo "$listen $proxy" >"$dir/nodes/$1"
}

# Succeeds if a chatserver, and everything in between, answers PING within a second.
chat_answers() {
  # shellcheck disable=SC2016  # $1 and $answer are the inner shell's
  timeout 1 bash -c 'exec 3<>"/dev/tcp/127.0.0.1/$1" && echo "{\"msgid\":21}" >&3 &&
    read -r answer <&3 && [[ $answer == *\"msgid\":121* ]]' ping "$1" 2>/dev/null
}

start_node() {
  local name=node-$1 listen proxy pid
  if pid=$(pid_of "$name"); then
    say "$name runs already, pid $pid"
    return
  fi
  read -r listen proxy < <(ports_of "$1")
  if is_listening "$listen" || is_listening "$proxy"; then
    say "$name: port $listen or $proxy is taken, choosing others"
    choose_ports "$1"
    read -r listen proxy < <(ports_of "$1")
  fi
  # This Redis has no password, whatever the caller's environment says about another one.
  CHAT_MYSQL_PASSWORD=$(mysql_password) launch "$name" \
    env -u CHAT_REDIS_PASSWORD "$programs/chatserver" \
    -c conf/cluster.ini --set server.node="$name" --set server.listen="127.0.0.1:$listen" \
    --set server.proxy_listen="127.0.0.1:$proxy" --set mysql.socket="$mariadb_socket" \
    --set redis.socket="$redis_socket"
  await_start "$name" 20 grep -qs '^ready' "$run/$name.out"
  say "$name started, pid $(pid_of "$name"), 127.0.0.1:$listen, for nginx 127.0.0.1:$proxy"
}

# stop_nodes N…: stops all at once. Those that do not end in time are killed; nothing acknowledged
# is lost.
stop_nodes() {
  local number
  for number in "$@"; do signal "node-$number" TERM; done
  for number in "$@"; do
    if ! await_end "node-$number" "$node_stop_seconds"; then
      say "node-$number does not end within $node_stop_seconds s: killing it"
      signal "node-$number" KILL
      await_end "node-$number" 5 || die "node-$number cannot be killed"
    fi
    rm -f "$run/node-$number.pid"
  done
}

# nginx: conf/nginx.conf or conf/nginx-tls.conf with this cluster's addresses and files

# Terminates TLS if there is a certificate.
has_tls() { [[ -f $dir/tls/server.crt ]]; }

nginx_template() { if has_tls; then echo conf/nginx-tls.conf; else echo conf/nginx.conf; fi; }

choose_tls() {
  [[ $1 ]] && ! has_tls || return 0
  ! is_running nginx || die "nginx runs without TLS: scripts/cluster.sh down, then up --tls"
  quietly scripts/certificate.sh --dir "$dir/tls" --force || die "no certificate (see above)"
}

# Like chat_answers, but encrypted if nginx is.
nginx_answers() {
  has_tls || {
    chat_answers "$1"
    return
  }
  # s_client exits at the end of its input, so the input stays open for a second, until the answer
  # arrives. shellcheck disable=SC2016 # $1 and $2 are the inner shell's
  timeout 2 bash -c '{ echo "{\"msgid\":21}"; sleep 1; } |
    openssl s_client -quiet -no_ign_eof -verify_return_error -CAfile "$2" -connect "127.0.0.1:$1" |
    grep -qm1 "\"msgid\":121"' ping "$1" "$dir/tls/ca.crt" 2>/dev/null
}

# nginx_configuration N…: the configuration with these nodes. The first `server ADDRESS …;` line of
# the file is the template for each.
nginx_configuration() {
  local number proxies='' descriptors proxy _
  for number in "$@"; do
    read -r _ proxy < <(ports_of "$number")
    proxies+=" 127.0.0.1:$proxy"
  done
  descriptors=$(ulimit -Hn)
  [[ $descriptors != unlimited ]] && ((descriptors < 33000)) || descriptors=33000
  awk -v proxies="$proxies" -v port="$(cat "$dir/port")" -v folder="$dir" \
    -v descriptors="$descriptors" '
    function with(name, value) { sub(name " [^ ;]+", name " " value) }
    /^ *server [^{]*;/ {
      count = seen++ ? 0 : split(proxies, addresses, " ")
      for (i = 1; i <= count; ++i) { with("server", addresses[i]); print }
      next
    }
    /^ *listen /             { with("listen", "127.0.0.1:" port) }
    /^pid /                  { with("pid", "\"" folder "/run/nginx.own.pid\"") }
    /^error_log /            { with("error_log", "\"" folder "/log/nginx.log\"") }
    /^ *ssl_certificate /     { with("ssl_certificate", "\"" folder "/tls/server.crt\"") }
    /^ *ssl_certificate_key / { with("ssl_certificate_key", "\"" folder "/tls/server.key\"") }
    /^worker_rlimit_nofile / { with("worker_rlimit_nofile", descriptors) }
    /^ *worker_connections / { with("worker_connections", descriptors - 232) }
    { print }' "$(nginx_template)"
}

title_of() { tr '\0' ' ' <"/proc/$1/cmdline"; }

# await_reload WORKER…: waits until none of these old workers accepts connections.
await_reload() {
  local deadline=$((SECONDS + 10)) pid title serving=1
  while ((serving)); do
    ((SECONDS <= deadline)) || die "nginx does not take the new configuration: see $log/nginx.log"
    sleep 0.05
    serving=0
    for pid in "$@"; do
      title=$(title_of "$pid" 2>/dev/null) || continue
      if [[ $title == 'nginx: worker process '* && $title != *'shutting down'* ]]; then serving=1; fi
    done
  done
}

# route_to N…: makes nginx send new clients to these nodes; existing connections stay.
route_to() {
  local old_workers
  nginx_configuration "$@" >"$dir/nginx.conf.new"
  quietly nginx -t -p "$dir" -e "$log/nginx.log" -c "$dir/nginx.conf.new" ||
    die "nginx refuses its configuration (see above)"
  if cmp -s "$dir/nginx.conf.new" "$dir/nginx.conf"; then
    rm "$dir/nginx.conf.new"
    return
  fi
  mv "$dir/nginx.conf.new" "$dir/nginx.conf"
  is_running nginx || return 0
  mapfile -t old_workers < <(children_of nginx)
  signal nginx HUP
  await_reload "${old_workers[@]}"
  say "nginx reloaded, sends clients to$(printf ' node-%s' "$@")"
}

# Workers whose master was killed keep the port. Makes them release it and finish their connections.
dismiss_orphaned_workers() {
  local pid
  for pid in $(children_of nginx); do kill -s QUIT "$pid" 2>/dev/null || true; done
}

# nginx answers and all its workers run: a late one would be mistaken for a new one at a reload.
nginx_is_up() {
  (($(children_of nginx | wc -l) >= $(getconf _NPROCESSORS_ONLN))) && nginx_answers "$1"
}

start_nginx() {
  local pid port
  port=$(cat "$dir/port")
  if pid=$(pid_of nginx); then
    say "nginx runs already, pid $pid"
    return
  fi
  dismiss_orphaned_workers
  for _ in {1..40}; do
    is_listening "$port" || break
    sleep 0.05
  done
  ! is_listening "$port" || die "port $port is taken by another program: choose one with --port"
  launch nginx nginx -p "$dir" -e "$log/nginx.log" -c "$dir/nginx.conf" -g 'daemon off;'
  await_start nginx 10 nginx_is_up "$port"
  say "nginx started, pid $(pid_of nginx), 127.0.0.1:$port"
}

# Its workers end with their last connection, so call this after the chatservers have closed theirs.
finish_nginx() {
  local pid
  if ! await_end nginx 3; then
    signal nginx TERM
    await_end nginx 5 || signal nginx KILL
  fi
  for pid in $(children_of nginx); do kill -s TERM "$pid" 2>/dev/null || true; done
  rm -f "$run/nginx.pid"
}
