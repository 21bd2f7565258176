#!/usr/bin/env python3
"""What chatbench relies on: the relay moves frames as relay_protocol.h says, and the seeded data is
as seed_rows.h says. Argument: the folder of the programs."""

import contextlib
import hashlib
import pathlib
import socket
import sqlite3
import struct
import subprocess
import sys
import tempfile
import unittest

PROGRAMS = pathlib.Path(sys.argv.pop(1))
GROUP_BIT = 0x80000000
GROUP_FRAME = 0xFFFFFFFF


def frame(number, payload=b""):
    return struct.pack(">II", len(payload) + 4, number) + payload


class Peer:
    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=10)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, data):
        self.socket.sendall(data)

    def read(self, size):
        data = b""
        while len(data) < size:
            more = self.socket.recv(size - len(data))
            if not more:
                raise EOFError(f"closed after {len(data)} bytes")
            data += more
        return data

    def greet(self, number):
        self.send(frame(number))
        assert self.read(8) == frame(number)
        return self


class RelayTest(unittest.TestCase):
    def setUp(self):
        self.relay = subprocess.Popen([PROGRAMS / "chatbench-relay"], stdout=subprocess.PIPE)
        self.port = int(self.relay.stdout.readline().decode().rsplit(":", 1)[1])
        self.peers = contextlib.ExitStack()

    def tearDown(self):
        self.peers.close()
        self.relay.terminate()
        self.relay.wait()
        self.relay.stdout.close()

    def peer(self, number=None):
        peer = Peer(self.port)
        self.peers.callback(peer.socket.close)
        return peer if number is None else peer.greet(number)

    def assert_closed(self, peer):
        with self.assertRaises((EOFError, ConnectionError)):
            peer.read(1)

    def test_moves_a_frame_unchanged_wherever_it_is_cut(self):
        alice, bob = self.peer(1), self.peer(2)
        whole = frame(2, b"hello") + frame(2) + frame(2, b"\0\xff")
        for cut in range(len(whole) + 1):
            alice.send(whole[:cut])
            alice.send(whole[cut:])
            self.assertEqual(bob.read(len(whole)), whole)

    def test_groups_get_everything_but_ones_own(self):
        members = [self.peer(number) for number in (10, 11, 12)]
        registered = frame(GROUP_FRAME, struct.pack(">III", 7, 10, 4))
        members[0].send(registered)
        self.assertEqual(members[0].read(len(registered)), registered)
        message = frame(GROUP_BIT | 7, b"all")
        members[0].send(message)
        self.assertEqual([member.read(len(message)) for member in members[1:]], [message] * 2)
        members[1].send(frame(10, b"next"))  # the first thing that the sender gets
        self.assertEqual(members[0].read(12), frame(10, b"next"))

    def test_drops_what_is_for_nobody(self):
        alice = self.peer(1)
        alice.send(frame(99, b"x") + frame(GROUP_BIT | 99, b"x") + frame(1, b"me"))
        self.assertEqual(alice.read(10), frame(1, b"me"))

    def test_a_second_hello_takes_the_id_over(self):
        old, alice = self.peer(5), self.peer(1)
        new = self.peer(5)
        old.socket.close()
        alice.send(frame(5, b"x"))
        self.assertEqual(new.read(9), frame(5, b"x"))

    def test_ends_who_breaks_the_rules(self):
        for bad in (struct.pack(">I", 3), struct.pack(">I", 65537), frame(0), frame(GROUP_BIT | 1),
                    frame(1, b"no hello")):
            peer = self.peer()
            peer.send(bad)
            self.assert_closed(peer)

    def test_keeps_what_a_slow_reader_does_not_take(self):
        alice, slow = self.peer(1), self.peer(2)
        payload = bytes(range(256)) * 200
        count = 500  # 25 MB: far more than the sockets hold
        for _ in range(count):
            alice.send(frame(2, payload))
        for _ in range(count):
            self.assertEqual(slow.read(len(payload) + 8), frame(2, payload))


class SeedTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.database = pathlib.Path(self.folder.name) / "chat.db"

    def tearDown(self):
        self.folder.cleanup()

    def seed(self, *options):
        return subprocess.run(
            [PROGRAMS / "chatbench-seed", "--set", f"storage.path={self.database}", *options],
            capture_output=True, text=True)

    def rows(self, query):
        with contextlib.closing(sqlite3.connect(self.database)) as database:
            return database.execute(query).fetchall()

    def test_makes_users_with_tokens_friends_and_groups(self):
        done = self.seed("--users", "10", "--friends", "2", "--groups", "3", "--group-size", "3")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.rows("SELECT id, name, state FROM user WHERE id IN (1, 10)"),
                         [(1, "bench1", "offline"), (10, "bench10", "offline")])
        token = b"%064x" % 10
        hashed = hashlib.blake2b(token, digest_size=32).hexdigest()
        self.assertEqual(self.rows(f"SELECT userid FROM session WHERE token_hash = '{hashed}'"),
                         [(10,)])
        self.assertEqual(self.rows("SELECT friendid FROM friend WHERE userid = 10"), [(1,), (2,)])
        self.assertEqual(
            self.rows("SELECT userid, grouprole FROM groupuser WHERE groupid = 2"),
            [(4, "creator"), (5, "normal"), (6, "normal")])

    def test_makes_a_log_of_which_nothing_waits(self):
        done = self.seed("--users", "4", "--log-rows", "20")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(
            self.rows("SELECT recipient, sender, MIN(seq), MAX(seq), COUNT(*) FROM directmessage"
                      " GROUP BY recipient, sender"),
            [(1, 2, 1, 5, 5), (2, 1, 1, 5, 5), (3, 4, 1, 5, 5), (4, 3, 1, 5, 5)])
        self.assertEqual(self.rows("SELECT COUNT(*) FROM offlinemessage"), [(0,)])
        self.assertEqual(self.rows("SELECT DISTINCT delivered_seq, read_seq FROM directcursor"),
                         [(5, 5)])

    def test_refuses_a_database_with_users(self):
        self.assertEqual(self.seed("--users", "2").returncode, 0)
        again = self.seed("--users", "2")
        self.assertEqual(again.returncode, 1)
        self.assertIn("users in this database already", again.stderr)
        self.assertEqual(self.rows("SELECT COUNT(*) FROM user"), [(2,)])

    def test_refuses_numbers_that_do_not_fit(self):
        for options in (["--users", "10", "--groups", "2", "--group-size", "6"],
                        ["--users", "10", "--groups", "2"],
                        ["--users", "10", "--friends", "10"],
                        ["--users", "3", "--log-rows", "30"],
                        ["--users", "4", "--log-rows", "30"]):
            self.assertEqual(self.seed(*options).returncode, 2, options)


if __name__ == "__main__":
    unittest.main()
