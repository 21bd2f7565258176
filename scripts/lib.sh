# Shared by the scripts of this folder: `source` it. Changes to the top of the repository.
# shellcheck shell=bash disable=SC2034

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# Prefer the packaged programs over those of pyenv, conda and the like.
export PATH="/usr/bin:/bin:/usr/sbin:/sbin:$PATH"
export LC_ALL=C.UTF-8
# More than the cores, because most tests wait more than they compute.
export MESON_TESTTHREADS=${MESON_TESTTHREADS:-$((2 * $(nproc)))}

# Debian 12 packages. They include googletest because `meson setup build` also sets up the tests,
# and telnet because the scripts suggest it.
packages_to_run=(
  g++ meson ninja-build pkg-config
  nlohmann-json3-dev libspdlog-dev libfmt-dev libinih-dev libcli11-dev libexpected-dev
  libsodium-dev libssl-dev libsqlite3-dev default-libmysqlclient-dev libgtest-dev
  libgmock-dev libhiredis-dev libsystemd-dev telnet
)
# These servers are run privately, on separate sockets and ports; servers started by the packages
# are left alone.
packages_to_cluster=(
  "${packages_to_run[@]}" mariadb-server mariadb-client redis-server redis-tools nginx
  libnginx-mod-stream iproute2 openssl
)
packages_to_test=(
  "${packages_to_cluster[@]}" clang-format git netcat-openbsd sqlite3 shellcheck strace faketime
  nftables binutils systemd
)
packages_to_check=("${packages_to_test[@]}" clang clang-tidy cppcheck)
packages_to_bench=(
  "${packages_to_run[@]}" libbenchmark-dev mariadb-server mariadb-client redis-server redis-tools
  python3 util-linux git
)
packages_to_fuzz=("${packages_to_run[@]}" clang libclang-rt-14-dev)

# Prints the comment at the top of the running script.
print_help() {
  sed -n '2,/^$/s/^# \{0,1\}//p' "scripts/$(basename "$0")"
}

say() { printf '== %s\n' "$*"; }

die() {
  printf '%s: %s\n' "$(basename "$0")" "$*" >&2
  exit 1
}

# Runs a command and shows its output only if it fails.
quietly() {
  local log status=0
  log=$(mktemp)
  "$@" >"$log" 2>&1 </dev/null || status=$?
  ((status == 0)) || cat "$log" >&2
  rm -f "$log"
  return "$status"
}

# Prints the given packages that are not installed.
missing_packages() {
  local name
  for name in "$@"; do
    [[ $(dpkg-query -W -f='${db:Status-Status}' "$name" 2>/dev/null) == installed ]] || echo "$name"
  done
}

as_root() {
  if ((EUID == 0)); then
    "$@"
  else
    sudo "$@"
  fi
}

apt_get() {
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300 "$@"
}

install_packages() {
  local missing
  if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
    say "this is no Debian: make sure that you have what these packages hold: $*"
    return
  fi
  mapfile -t missing < <(missing_packages "$@")
  ((${#missing[@]})) || return 0

  say "installing ${missing[*]}"
  if ((EUID != 0)); then
    command -v sudo >/dev/null ||
      die "these packages are missing; install them as root (there is no sudo here): ${missing[*]}"
    # Ask for the password first, because the output is hidden afterwards.
    sudo -n true 2>/dev/null || sudo -v || die "sudo refused; as root, do: apt-get install ${missing[*]}"
  fi
  quietly apt_get update || die "apt-get update failed: no network, or no Debian mirror in reach?"
  quietly apt_get install --no-install-recommends "${missing[@]}" ||
    die "apt-get install failed (see above)"
}

# configure FOLDER [MESON OPTION…]: sets the folder up once; later calls keep its options.
configure() {
  local folder=$1
  shift
  [[ -f $folder/build.ninja ]] && return
  say "setting up $folder/"
  quietly meson setup "$folder" "$@" || die "meson setup $folder failed (see above)"
}

# compile FOLDER [TARGET…]: one at a time in each folder, as two ninjas would write the same files.
niceness=0
compile() {
  local folder=$1
  shift
  say "building $folder/ ${*:-(everything)}"
  nice -n "$niceness" flock --no-fork "$folder/.ninja_running" ninja -C "$folder" "$@"
}

# compile_all FOLDER: includes the tests, which plain ninja leaves out.
compile_all() {
  local linked
  mapfile -t linked < <(ninja -C "$1" -t targets rule cpp_LINKER)
  say "building $1/ (with its tests)"
  ninja -C "$1" "${linked[@]}"
}

# compile_tests FOLDER SUITE…: the product, and the programs of these suites' tests. Programs that
# contain parts of the product belong to the suite in-process only.
compile_tests() {
  local folder=$1 linked
  shift
  mapfile -t linked < <(meson introspect --tests "$folder" | python3 -c '
import json, os, sys
folder, wanted = os.path.abspath(sys.argv[1]), set(sys.argv[2:])
programs = set()
for test in json.load(sys.stdin):
    suites = {name.partition(":")[2] for name in test["suite"]}
    if suites & wanted and ("in-process" not in suites or "in-process" in wanted):
        programs.update(os.path.normpath(word) for word in test["cmd"])
for program in sorted(programs):
    if program.startswith(folder + "/"):
        print(os.path.relpath(program, folder))' "$folder" "$@")
  compile "$folder" chatserver chatclient chatcheck chatctl "${linked[@]}"
}

# Builds the two programs for users; silent if up to date.
build_quietly_if_done() {
  ninja -C build -n chatserver chatclient 2>/dev/null | grep -q 'no work to do' && return
  compile build chatserver chatclient
}
