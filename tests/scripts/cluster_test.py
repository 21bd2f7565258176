#!/usr/bin/env python3
"""scripts/cluster.sh with everything running:  cluster_test.py FOLDER_OF_CHATSERVER

One story: up, chat across nodes, add, remove, kill, start, a dead nginx, TLS, down. Skipped (77) where
a program is missing.
"""

import json
import os
import pathlib
import random
import shutil
import signal
import socket
import ssl
import subprocess
import sys

from cluster_script import ROOT, Cluster

PROGRAMS = ("mariadbd", "mariadb-install-db", "mariadb", "redis-server", "redis-cli", "nginx", "ss",
            "openssl")
MODULE = pathlib.Path("/usr/lib/nginx/modules/ngx_stream_module.so")
PATIENCE_S = 10

PING, HELLO, REGISTER, LOGIN, CHAT, BYE = 21, 20, 4, 1, 6, 204


class Client:
    """One connection in text framing."""

    def __init__(self, port, tls=None):
        self._socket = socket.create_connection(("127.0.0.1", port), PATIENCE_S)
        if tls:
            self._socket = tls.wrap_socket(self._socket, server_hostname="127.0.0.1")
        self._lines = self._socket.makefile("r", encoding="utf-8")

    def send(self, **request):
        self._socket.sendall(json.dumps(request).encode() + b"\n")

    def receive(self, msgid):
        """The next frame with this number; what comes before it is dropped."""
        for line in self._lines:
            frame = json.loads(line)
            if frame["msgid"] == msgid:
                return frame
        raise AssertionError(f"the connection ended before msgid {msgid}")

    def request(self, reply, **request):
        self.send(**request)
        frame = self.receive(reply)
        assert frame["errno"] == 0, (request, frame)
        return frame

    def is_alive(self):
        return "ts" in self.request(PING + 100, msgid=PING)

    def node(self):
        return self.request(HELLO + 100, msgid=HELLO)["node"]

    def new_user(self, name):
        user = self.request(REGISTER + 1, msgid=REGISTER, name=name, password="secret-1")["id"]
        self.request(LOGIN + 1, msgid=LOGIN, id=user, password="secret-1")
        return user


def why_not(programs):
    for name in PROGRAMS:
        if not shutil.which(name):
            return f"{name} is not installed"
    if not MODULE.exists():
        return f"{MODULE} is not here: install libnginx-mod-stream"
    check = subprocess.run([programs / "chatserver", "-c", "conf/cluster.ini", "--check"],
                           cwd=ROOT, capture_output=True, text=True, check=False)
    if check.returncode:
        return f"this chatserver takes part in no cluster: {check.stderr.strip()}"
    return None


def free_port():
    """Below those that the kernel gives to clients."""
    while True:
        port = random.randint(10000, 32000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue


def expect_healthy(cluster, *names):
    code, rows = cluster.status()
    assert list(rows) == ["mariadb", "redis", *names, "nginx"], rows
    assert all(row[0] and row[3] == "yes" for row in rows.values()), rows
    assert code == 0
    return rows


def chat_across(rows):
    """A user on one node writes to a user on another."""
    ports = [int(rows[name][1].split(":")[1]) for name in ("node-1", "node-2")]
    alice, bob = (Client(port) for port in ports)
    alice_id = alice.new_user("alice")
    bob_id = bob.new_user("bob")
    alice.request(CHAT + 100, msgid=CHAT, toid=bob_id, msg="from node to node", cid="c1")
    push = bob.receive(CHAT)
    assert (push["id"], push["msg"]) == (alice_id, "from node to node"), push


def add_and_remove(cluster, port):
    clients = [Client(port) for _ in range(4)]
    by_node = {name: [c for c in clients if c.node() == name] for name in ("node-1", "node-2")}
    assert [len(held) for held in by_node.values()] == [2, 2], "each node holds as many"
    assert cluster.status()[1]["nginx"][2] >= len(clients)

    said = cluster.succeed("add")
    assert "node-3 started" in said and "nginx reloaded" in said, said
    expect_healthy(cluster, "node-1", "node-2", "node-3")
    assert all(client.is_alive() for client in clients), "nobody was cut by the new node"
    assert {Client(port).node() for _ in range(12)} == {"node-1", "node-2", "node-3"}

    said = cluster.succeed("remove", "1")
    assert "node-1 is removed" in said, said
    expect_healthy(cluster, "node-2", "node-3")
    for client in by_node["node-1"]:
        client.receive(BYE)
    assert all(client.is_alive() for client in by_node["node-2"]), "nobody else was cut"
    assert {Client(port).node() for _ in range(8)} == {"node-2", "node-3"}


def kill_and_start(cluster, port):
    cluster.succeed("kill", "node-2")
    code, rows = cluster.status()
    assert code == 1 and rows["node-2"][3] == "no: does not run", rows
    assert rows["nginx"][3] == "yes", "nginx goes on to the other node"
    assert all(Client(port).node() == "node-3" for _ in range(4))
    refused = cluster.run("remove", "3")
    assert refused.returncode == 1 and "no other node runs" in refused.stderr, refused
    cluster.succeed("start", "2")
    expect_healthy(cluster, "node-2", "node-3")


def nginx_dies(cluster, port):
    held = Client(port)
    assert held.is_alive()
    os.kill(cluster.status()[1]["nginx"][0], signal.SIGKILL)
    assert "nginx started" in cluster.succeed("up")
    expect_healthy(cluster, "node-2", "node-3")
    assert held.is_alive(), "the old workers keep the connections that they have"


def comes_encrypted(cluster, port):
    said = cluster.succeed("up", "--tls")
    ca = cluster.dir / "tls" / "ca.crt"
    assert f"chatclient --port {port} --tls --ca {ca}" in said and "telnet" not in said, said
    expect_healthy(cluster, "node-2", "node-3")
    context = ssl.create_default_context(cafile=ca)
    assert Client(port, context).is_alive()
    # It stays so without the option, also when nginx is told of another server.
    cluster.succeed("up")
    cluster.succeed("remove", "2")
    expect_healthy(cluster, "node-3")
    assert Client(port, context).is_alive()


def tell_story(cluster, port):
    said = cluster.succeed("up", "--nodes", "2", f"--port={port}")
    assert f"chatclient --port {port}" in said, said
    rows = expect_healthy(cluster, "node-1", "node-2")
    assert "the cluster is up already" in cluster.succeed("up")
    assert expect_healthy(cluster, "node-1", "node-2") == rows, "up left everything alone"
    chat_across(rows)
    add_and_remove(cluster, port)
    kill_and_start(cluster, port)
    nginx_dies(cluster, port)

    pids = [row[0] for row in cluster.status()[1].values()]
    cluster.succeed("down")
    code, rows = cluster.status()
    assert code == 1 and all(row[0] is None for row in rows.values()), rows
    assert all(not pathlib.Path(f"/proc/{pid}/exe").exists() for pid in pids), "something lives on"
    cluster.succeed("up")
    expect_healthy(cluster, "node-2", "node-3")
    refused = cluster.run("up", "--tls")
    assert refused.returncode == 1 and "nginx runs without TLS" in refused.stderr, refused
    cluster.succeed("down")
    comes_encrypted(cluster, port)
    cluster.succeed("down", "--purge")
    assert [path.name for path in cluster.dir.iterdir()] == ["lock"]


def main():
    programs = pathlib.Path(sys.argv[1])
    os.environ["PATH"] = "/usr/sbin:" + os.environ["PATH"]
    if reason := why_not(programs):
        print(reason)
        return 77
    # A time-out of the test runner ends what was started, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended from outside"))
    cluster = Cluster(programs)
    try:
        tell_story(cluster, free_port())
    finally:
        for log in sorted(cluster.dir.glob("log/*.log")) if sys.exc_info()[0] else []:
            print(f"---- {log.name}\n{log.read_text(errors='replace')[-4000:]}")
        cluster.run("down", "--purge")
    return 0


if __name__ == "__main__":
    sys.exit(main())
