#!/usr/bin/env bash
# A certificate authority and a server's certificate from it, for tests of encrypted connections.
set -euo pipefail
export LC_ALL=C.UTF-8

dir=var/tls
days=365
force=
names=()

usage() {
  cat <<TEXT
usage: scripts/certificate.sh [--dir FOLDER] [--days N] [--force] [NAME|ADDRESS…]
  Makes a certificate authority of its own and a server's certificate from it, for tests: only who
  is told to (chatclient --tls --ca FOLDER/ca.crt) believes it. The certificate is for these host
  names and IP addresses (default: localhost 127.0.0.1 ::1); a client must connect to one of them.

  --dir FOLDER  where the files go (default: var/tls under the working directory):
                ca.crt, ca.key, server.crt, server.key
  --days N      how long they are valid, 1 to 3650 (default: $days)
  --force       replace the files that are there
TEXT
}

say() { printf '== %s\n' "$*"; }

die() {
  printf 'certificate.sh: %s\n' "$*" >&2
  exit 1
}

bad_usage() {
  printf 'certificate.sh: %s\nSee scripts/certificate.sh --help\n' "$1" >&2
  exit 2
}

while (($#)); do
  case $1 in
    -h | --help)
      usage
      exit
      ;;
    --dir=*) dir=${1#*=} ;;
    --days=*) days=${1#*=} ;;
    --dir | --days)
      (($# > 1)) || bad_usage "$1 needs a value"
      printf -v "${1#--}" %s "$2"
      shift
      ;;
    --force) force=yes ;;
    -*) bad_usage "there is no option '$1'" ;;
    *) names+=("$1") ;;
  esac
  shift
done
[[ $dir ]] || bad_usage "--dir is empty"
if [[ ! $days =~ ^[0-9]{1,4}$ ]] || ((10#$days < 1 || 10#$days > 3650)); then
  bad_usage "--days must be a number from 1 to 3650, not '$days'"
fi
((${#names[@]})) || names=(localhost 127.0.0.1 ::1)

# The names of the certificate, as X.509 writes them (subjectAltName).
alternatives=
for name in "${names[@]}"; do
  if [[ $name =~ ^[0-9.]+$ || $name =~ ^[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*$ ]]; then
    kind=IP
  elif [[ $name =~ ^(\*\.)?[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?)*$ ]]; then
    kind=DNS
  else
    bad_usage "'$name' is no host name and no IP address"
  fi
  alternatives+=${alternatives:+,}$kind:$name
done

command -v openssl >/dev/null || die "there is no openssl here: install the package openssl"
files=(ca.crt ca.key server.crt server.key)
for file in "${files[@]}"; do
  [[ $force || ! -e $dir/$file ]] ||
    die "$dir/$file exists already: choose another --dir, or replace it with --force"
done
mkdir -p "$dir"

# Made in a separate folder, so that a failure keeps existing files.
work=$(mktemp -d "$dir/new.XXXXXX")
trap 'rm -rf "$work"' EXIT
umask 077

# openssl_quietly ARGUMENT…: shows openssl's output only if it fails.
openssl_quietly() {
  openssl "$@" >"$work/log" 2>&1 </dev/null || {
    cat "$work/log" >&2
    die "openssl refuses (see above)"
  }
}

# The number in the name distinguishes test CAs.
number=$(openssl rand -hex 4)
openssl_quietly req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -sha256 \
  -subj "/CN=chat test CA $number" -days "$days" \
  -addext "basicConstraints=critical,CA:TRUE,pathlen:0" -addext "keyUsage=critical,keyCertSign,cRLSign" \
  -keyout "$work/ca.key" -out "$work/ca.crt"
openssl_quietly req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -sha256 \
  -subj "/CN=chat test server" -keyout "$work/server.key" -out "$work/server.csr"
cat >"$work/server.ext" <<TEXT
basicConstraints=critical,CA:FALSE
keyUsage=critical,digitalSignature
extendedKeyUsage=serverAuth
subjectKeyIdentifier=hash
authorityKeyIdentifier=keyid
subjectAltName=$alternatives
TEXT
openssl_quietly x509 -req -in "$work/server.csr" -CA "$work/ca.crt" -CAkey "$work/ca.key" -sha256 \
  -set_serial "0x$(openssl rand -hex 16)" -days "$days" -extfile "$work/server.ext" \
  -out "$work/server.crt"

chmod 600 "$work/ca.key" "$work/server.key"
chmod 644 "$work/ca.crt" "$work/server.crt"
for file in "${files[@]}"; do mv -f "$work/$file" "$dir/$file"; done

say "made in $dir, valid for $days days, for tests only:"
cat <<TEXT
  ca.crt      the test CA: chatclient --tls --ca $dir/ca.crt
  ca.key      its key (0600); whoever has it can make certificates that such clients believe
  server.crt  the server's certificate, for ${names[*]}: nginx's ssl_certificate
  server.key  its key (0600): nginx's ssl_certificate_key
Servers for everybody take a certificate of a public CA instead.
TEXT
