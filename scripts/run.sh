#!/usr/bin/env bash
# From a fresh Debian 12 to a running chat server, in one command:
#
#   scripts/run.sh [ARGUMENTS FOR chatserver]
#
# installs missing packages, builds, starts a server on 127.0.0.1:6000 with its data in var/chat.db,
# and shows how to connect. Ctrl-C stops the server. Completed steps are skipped, so a second run
# takes seconds. Further arguments are passed to chatserver, for example
#   scripts/run.sh 127.0.0.1 7000
#   scripts/run.sh --set server.listen=127.0.0.1:7000

# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

how_to_connect() {
  local host=127.0.0.1 port=6000
  # The ready line contains the address; 0.0.0.0 and [::] are reached through loopback.
  if [[ $1 =~ (\[[0-9a-fA-F:.]+\]|[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+):([0-9]+) ]]; then
    host=${BASH_REMATCH[1]} port=${BASH_REMATCH[2]}
    host=${host#[} host=${host%]}
    [[ $host == 0.0.0.0 ]] && host=127.0.0.1
    [[ $host == :: ]] && host=::1
  fi
  cat <<TEXT

The server is running. In another terminal, talk to it with its own client:
  ./build/chatclient $host $port
or with telnet (or nc), one JSON object a line:
  telnet $host $port
  {"msgid":4,"name":"alice","password":"secret1"}
  {"msgid":1,"name":"alice","password":"secret1"}
The first line registers an account and answers with its id, the second logs in.
Ctrl-C stops the server; its data stays in var/.

TEXT
}

# Forwards the server's stdout and adds the help once the server is ready. Survives the Ctrl-C that
# ends the server, so that its last lines are shown.
pass_on() {
  trap '' INT TERM
  local line
  while IFS= read -r line; do
    printf '%s\n' "$line"
    [[ $line == ready* ]] && how_to_connect "$line"
  done
}

# Without a build, which takes minutes, the server's own options are not known yet.
if [[ ${1:-} == -h || ${1:-} == --help ]]; then
  print_help
  [[ ! -x build/chatserver ]] || ./build/chatserver --help
  exit 0
fi

install_packages "${packages_to_run[@]}"
configure build
build_quietly_if_done

config=(-c conf/server.ini)
for argument in "$@"; do
  case $argument in -c* | --config | --config=*) config=() ;; esac
done

# Operators want it, and chatting does not wait for it.
(niceness=19 && compile build chatctl chatcheck >/dev/null 2>&1 </dev/null &)

# exec, so that signals, exit code and process id are the server's own.
say "starting ./build/chatserver ${config[*]} $*"
exec ./build/chatserver "${config[@]}" "$@" > >(pass_on)
