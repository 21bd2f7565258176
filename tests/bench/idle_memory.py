"""How much memory one idle, logged-in connection costs a server.

    idle_memory.py CHATSERVER [--connections N] [--warm N] [--max-bytes N] [--json FILE]

Starts a server on an SQLite file of its own, fills in users and tokens, lets a few thousand of them
come and go so that caches and thread stacks have their size, then logs the rest in over binary
framing and lets them idle. What the server's anonymous memory grew by meanwhile, divided by the
connections, is the figure. With --max-bytes the exit code is 1 when it is more than that.
"""

import argparse
import hashlib
import json
import os
import pathlib
import re
import resource
import selectors
import signal
import socket
import sqlite3
import struct
import subprocess
import sys
import tempfile
import time

_FOREVER_MS = 4102444800000  # the year 2100
_AT_ONCE = 64                # logins on their way at a time


def token_of(user):
    return f"{user:064x}"


def insert_users(path, count):
    """Users 1 … count, each with the token that token_of() gives."""
    database = sqlite3.connect(path)
    with database:
        database.executemany(
            "INSERT INTO user (id, name, name_key, password, created_at) VALUES (?, ?, ?, '', 0)",
            ((user, f"user{user}", f"user{user}") for user in range(1, count + 1)))
        database.executemany(
            "INSERT INTO session (token_hash, userid, created_at, expires_at) VALUES (?, ?, 0, ?)",
            ((hashlib.blake2b(token_of(user).encode(), digest_size=32).hexdigest(), user,
              _FOREVER_MS) for user in range(1, count + 1)))
    database.close()


class Server:
    """A server in a folder of its own."""

    def __init__(self, program, folder, wrapper):
        self._program = program
        self._folder = folder
        self._wrapper = wrapper
        self._process = None
        self.port = 0
        self.database = folder / "chat.db"

    def start(self):
        keys = ["server.listen=127.0.0.1:0", f"storage.path={self.database}", "log.level=warn",
                "server.node=bench"]
        command = [*self._wrapper, self._program]
        for key in keys:
            command += ["--set", key]
        self._process = subprocess.Popen(command, cwd=self._folder, stdout=subprocess.PIPE,
                                         text=True)
        for line in self._process.stdout:
            found = re.match(r"ready listen=127\.0\.0\.1:(\d+)", line)
            if found:
                self.port = int(found.group(1))
                return
        raise RuntimeError("the server did not start")

    def stop(self):
        self._process.send_signal(signal.SIGTERM)
        self._process.wait()

    def memory(self):
        """Bytes by kind: what only this process holds, and of that what no file backs."""
        text = pathlib.Path(f"/proc/{self._process.pid}/smaps_rollup").read_text("ascii")
        rows = dict(re.findall(r"^(\w+): +(\d+) kB", text, re.MULTILINE))
        return {kind: int(rows[kind]) * 1024 for kind in ("Rss", "Private_Dirty", "Anonymous")}

    def settled_memory(self):
        """The same, once it has stopped changing."""
        before = None
        while (now := self.memory()) != before:
            before = now
            time.sleep(1)
        return now


class Client:
    """A connection that logs in and then only keeps still."""

    def __init__(self, port, user):
        self.socket = socket.create_connection(("127.0.0.1", port))
        self._received = b""
        request = json.dumps({"msgid": 1, "token": token_of(user), "ack": True}).encode()
        self.socket.sendall(struct.pack(">I", len(request)) + request)

    def logged_in(self):
        """Reads what is there; whether the whole answer has come."""
        self._received += self.socket.recv(65536)
        if len(self._received) < 4:
            return False
        length, = struct.unpack(">I", self._received[:4])
        if len(self._received) < 4 + length:
            return False
        reply = json.loads(self._received[4:4 + length])
        if reply["msgid"] != 2 or reply["errno"] != 0:
            raise RuntimeError(f"login failed: {reply}")
        self._received = b""
        return True


def log_in(port, users):
    """Clients of these users, all logged in."""
    clients = []
    waiting = selectors.DefaultSelector()
    users = list(users)
    while len(clients) < len(users) or waiting.get_map():
        while len(clients) < len(users) and len(waiting.get_map()) < _AT_ONCE:
            clients.append(Client(port, users[len(clients)]))
            waiting.register(clients[-1].socket, selectors.EVENT_READ, clients[-1])
        for key, _ in waiting.select():
            if key.data.logged_in():
                waiting.unregister(key.fileobj)
    return clients


def come_and_go(port, users):
    for first in range(0, len(users), _AT_ONCE):
        for client in log_in(port, users[first:first + _AT_ONCE]):
            client.socket.close()


def measure(server, connections, warm):
    insert_users(server.database, warm + connections)
    server.start()
    come_and_go(server.port, range(1, warm + 1))
    before = server.settled_memory()
    began = time.monotonic()
    clients = log_in(server.port, range(warm + 1, warm + connections + 1))
    seconds = time.monotonic() - began
    after = server.settled_memory()
    figures = {"connections": len(clients), "logins_per_second": round(len(clients) / seconds)}
    for kind, size in after.items():
        figures[f"{kind.lower()}_bytes_per_connection"] = round(
            (size - before[kind]) / len(clients))
    figures["anonymous_bytes_before"] = before["Anonymous"]
    return figures, clients


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("chatserver")
    parser.add_argument("--connections", type=int, default=5000)
    parser.add_argument("--warm", type=int, default=2000)
    parser.add_argument("--max-bytes", type=int)
    parser.add_argument("--json", metavar="FILE", help="write the figures there too")
    parser.add_argument("--wrapper", default="", help="a program that runs the server")
    parser.add_argument("--hold", type=float, default=0, help="seconds to idle before the end")
    arguments = parser.parse_args()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))

    with tempfile.TemporaryDirectory(prefix="chat-idle-") as folder:
        server = Server(os.path.abspath(arguments.chatserver), pathlib.Path(folder),
                        arguments.wrapper.split())
        server.start()  # makes the tables
        server.stop()
        figures, clients = measure(server, arguments.connections, arguments.warm)
        time.sleep(arguments.hold)
        for client in clients:
            client.socket.close()
        server.stop()
    text = json.dumps(figures, indent=2)
    print(text)
    if arguments.json:
        pathlib.Path(arguments.json).write_text(text + "\n", "ascii")
    limit = arguments.max_bytes
    return int(limit is not None and figures["anonymous_bytes_per_connection"] > limit)


if __name__ == "__main__":
    sys.exit(main())
