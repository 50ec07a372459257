"""`mikey-kms serve` in operation: signals, limits, load, clients that mean no good, and nothing that grows.

MIKEY_KMS_REQUESTS is the number of requests of the test of memory and file descriptors (script/ci-full: 1000000).
"""

import base64
import concurrent.futures
import http.client
import json
import os
import signal
import socket
import stat
import threading
import time
import unittest

from agent_driver import ALICE, BOB, toml
from kms_server import (CAROL, ERROR, KmsServerTest, ask, ask_once, connect, framed, health, raw_exchange, where)

REQUESTS = int(os.environ.get("MIKEY_KMS_REQUESTS", "3000"))
BROKEN = b"\1\x0b" + bytes(60)  # gets a short error message


def post_head(size):
    return b"POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/mikey\r\nContent-Length: %d\r\n\r\n" % size


class Signals(KmsServerTest):
    def test_hangup_reads_the_configuration_again(self):
        config = self.kms_config({"ticket": {"initiators": [CAROL]}})
        server, alice = self.serve(config=config), self.party("alice")
        connection = self.connect(server)
        status, _, body = ask(connection, self.question(alice))
        self.assertEqual((status, body[1]), (200, ERROR))

        config["ticket"].pop("initiators")
        self.write(config, "kms.toml")
        replayed = self.question(alice)
        server.signal(signal.SIGHUP)
        server.wait_for_log("the configuration was read again")
        self.assertEqual(self.metric(server, 'mikey_kms_reloads_total{result="good"}'), 1)
        status, _, body = ask(connection, replayed)  # the connection is the same
        self.assertNotEqual(body[1], ERROR)
        server.signal(signal.SIGHUP)  # what was seen before is not forgotten
        server.wait_for_log("the configuration was read again")
        while self.metric(server, 'mikey_kms_reloads_total{result="good"}') < 2:
            time.sleep(0.02)
        self.assertEqual(ask(connection, replayed)[0], 400)

    def test_a_wrong_configuration_changes_nothing(self):
        server, alice = self.serve(), self.party("alice")
        connection = self.connect(server)
        for i, wrong in enumerate(("identity = ", toml(self.kms_config({"ticket": {"tpk": "hex:00"}})),
                                   toml(self.kms_config({"server": {"tls": {"certificate": "kms.toml", "key": "kms.toml"}}})),
                                   toml(self.kms_config({"server": {"log": {"file": "kms.toml/x"}}})),
                                   toml(self.kms_config({"server": {"audit": "kms.toml/x"}})))):
            self.write(wrong, "kms.toml")
            server.signal(signal.SIGHUP)
            until = time.monotonic() + 20
            while self.metric(server, 'mikey_kms_reloads_total{result="failed"}') != i + 1 and time.monotonic() < until:
                time.sleep(0.02)
            status, _, body = ask(connection, self.question(alice))
            self.assertEqual((status, body[1]), (200, 13), wrong)
        events = [json.loads(line) for line in server.stderr().splitlines()]
        reasons = [e["reason"] for e in events if e["event"].startswith("the new configuration is not used")]
        self.assertEqual(len(reasons), 5, reasons)
        self.assertIn("ticket.tpk: expected 16 to 255 octets", reasons[1])
        self.assertNotIn("7e7e", server.stderr())

    def test_terminate_under_load(self):
        """Whoever was answered was answered wholly; the server ends in time and with status 0."""
        server = self.serve({"server": {"shutdown_timeout": 5}})
        answers, broken, refused = [], [], threading.Event()

        def load():
            while not refused.is_set():
                connection = connect(server.addresses[0], timeout=10)
                try:
                    while True:
                        status, _, body = ask(connection, BROKEN)
                        answers.append((status, len(body)))
                except ConnectionRefusedError:
                    refused.set()
                except (OSError, http.client.RemoteDisconnected, http.client.CannotSendRequest):
                    pass  # closed between two requests, which is no answer lost
                except (http.client.IncompleteRead, http.client.BadStatusLine) as e:
                    broken.append(e)
                finally:
                    connection.close()
        threads = [threading.Thread(target=load) for _ in range(4)]
        for t in threads:
            t.start()
        while len(answers) < 200:
            time.sleep(0.01)
        begin = time.monotonic()
        self.assertEqual(server.stop(), 0)
        self.assertLess(time.monotonic() - begin, 6)
        refused.set()
        for t in threads:
            t.join(30)
        self.assertEqual(broken, [])
        self.assertEqual(len(set(answers)), 1, set(answers))

    def test_terminate_waits_for_a_request_that_has_begun(self):
        server, alice = self.serve({"server": {"shutdown_timeout": 20}}), self.party("alice")
        question = self.question(alice)
        with socket.create_connection(where(server.addresses[0]), timeout=30) as s:
            s.sendall(post_head(len(question)) + question[:10])
            health(server.addresses[0])  # what was sent before has arrived
            server.signal(signal.SIGTERM)
            server.wait_for_log('"event":"stopping"')
            with self.assertRaises(OSError):
                while True:  # until the listener is closed
                    socket.create_connection(where(server.addresses[0]), timeout=5).close()
            s.sendall(question[10:])
            answer = s.recv(65536)
            self.assertTrue(answer.startswith(b"HTTP/1.1 200 OK") and b"Connection: close" in answer, answer)
        self.assertEqual(server.process.wait(30), 0)

    def test_terminate_is_bounded(self):
        server = self.serve({"server": {"shutdown_timeout": 1, "request_timeout": 60}})
        with socket.create_connection(where(server.addresses[0]), timeout=30) as s:
            s.sendall(post_head(10))
            health(server.addresses[0])
            begin = time.monotonic()
            self.assertEqual(server.stop(), 0)
            self.assertLess(time.monotonic() - begin, 5)
        self.assertIn("before all requests were answered", server.stderr())


class Limits(KmsServerTest):
    def test_by_address(self):
        server = self.serve({"server": {"listen": ["http://127.0.0.1:0", "tcp://127.0.0.1:0"],
                                        "rate": {"per_address": 1, "address_burst": 5}}})
        connection = self.connect(server)
        statuses = [ask(connection, BROKEN) for _ in range(8)]
        self.assertEqual([s for s, _, _ in statuses[:5]], [200] * 5)
        self.assertEqual(statuses[-1][0], 429)
        self.assertEqual(int(statuses[-1][1]["Retry-After"]), 1)
        with socket.create_connection(where(server.addresses[1]), timeout=30) as s:
            self.assertEqual(framed(s, BROKEN), b"")
        self.assertGreaterEqual(self.metric(server, 'mikey_kms_rate_limited_total{by="address"}'), 3)
        time.sleep(1.1)
        self.assertEqual(ask(connection, BROKEN)[0], 200)

    def test_by_identity(self):
        server = self.serve({"server": {"rate": {"per_address": 0, "per_identity": 1, "identity_burst": 3}, "audit": "audit.jsonl"}})
        alice, carol, connection = self.party("alice"), self.party("carol"), self.connect(server)
        for _ in range(3):
            self.assertEqual(ask(connection, self.question(alice))[0], 200)
        status, headers, body = ask(connection, self.question(alice))
        self.assertEqual((status, headers["Retry-After"], headers["Content-Type"], body[1]), (429, "1", "application/mikey", ERROR))
        self.assertEqual(ask(connection, self.question(carol))[0], 200)
        self.assertEqual(self.metric(server, 'mikey_kms_rate_limited_total{by="identity"}'), 1)
        trail = [json.loads(line) for line in (self.folder / "audit.jsonl").read_text().splitlines()]
        self.assertEqual([e["client"] for e in trail], [ALICE] * 3 + [CAROL])

    def test_a_full_queue(self):
        """While the server stands still, more requests come than its queue has room for."""
        server = self.serve({"server": {"queue": 8, "threads": 1}})
        sockets = [socket.create_connection(where(server.addresses[0]), timeout=30) for _ in range(40)]
        try:
            for s in sockets:  # all are accepted
                s.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
                self.assertIn(b"ok\n", s.recv(4096))
            server.signal(signal.SIGSTOP)
            for s in sockets:
                s.sendall(post_head(len(BROKEN)) + BROKEN)
            server.signal(signal.SIGCONT)
            answers = [s.recv(4096) for s in sockets]
        finally:
            for s in sockets:
                s.close()
        full = [a for a in answers if a.startswith(b"HTTP/1.1 503")]
        self.assertTrue(all(a.startswith((b"HTTP/1.1 200", b"HTTP/1.1 503")) for a in answers), answers)
        self.assertGreaterEqual(len(full), 1)
        self.assertGreaterEqual(len(answers) - len(full), 8)
        for a in full:
            self.assertIn(b"\r\nRetry-After: 1\r\n", a)
        self.assertEqual(self.metric(server, "mikey_kms_queue_full_total"), len(full))
        self.assertEqual(self.metric(server, "mikey_kms_queue_length"), 0)
        self.assertEqual(ask_once(server.addresses[0], BROKEN)[0], 200)

    def test_slow_clients_do_not_keep_others_out(self):
        server = self.serve({"server": {"max_connections": 60, "max_connections_per_address": 50, "request_timeout": 2, "threads": 1}})
        slow = [socket.create_connection(where(server.addresses[0]), timeout=30) for _ in range(49)]
        for s in slow:
            s.sendall(b"POST / HTTP/1.1\r\n")
        self.assertEqual(ask_once(server.addresses[0], BROKEN)[0], 200)
        stopped = time.monotonic() + 1.5
        dripping = list(slow)
        while time.monotonic() < stopped:  # an octet now and then gains no time
            for s in dripping:
                s.send(b"X")
            time.sleep(0.1)
        for s in slow:
            self.assertTrue(s.recv(4096).startswith(b"HTTP/1.1 408"))
            s.close()
        self.assertEqual(ask_once(server.addresses[0], BROKEN)[0], 200)

    def test_too_many_connections(self):
        server = self.serve({"server": {"max_connections": 20, "max_connections_per_address": 10}})
        held = [self.connect(server) for _ in range(10)]
        for connection in held:
            self.assertEqual(ask(connection, BROKEN)[0], 200)
        status, headers, _ = health(server.addresses[0])
        self.assertEqual((status, headers["Retry-After"]), (503, "5"))
        self.assertEqual(ask(held[0], BROKEN)[0], 200)
        for connection in held:
            connection.close()
        until = time.monotonic() + 20
        while health(server.addresses[0])[0] != 200:
            self.assertLess(time.monotonic(), until)
            time.sleep(0.02)
        self.assertGreaterEqual(self.metric(server, "mikey_kms_connections_refused_total"), 1)


class Time(KmsServerTest):
    def test_clocks_that_are_off(self):
        server = self.serve({"clock_skew": 300})
        connection = self.connect(server)
        for offset, good in ((0, True), (250, True), (-250, True), (400, False), (-400, False), (-86400, False)):
            with self.subTest(offset):
                alice = self.party("alice", file=f"alice{offset}", offset=offset)
                status, _, body = ask(connection, self.question(alice))
                self.assertEqual((status, body[1]), (200, 13 if good else ERROR))

    def test_a_server_whose_clock_is_off(self):
        server = self.serve(arguments=("--time-offset", "4000"))
        status, _, body = ask_once(server.addresses[0], self.question(self.party("alice")))
        self.assertEqual((status, body[1]), (200, ERROR))


class Trail(KmsServerTest):
    def test_audit(self):
        server = self.serve({"server": {"audit": "audit.jsonl", "log": {"format": "text", "file": "kms.log"}}})
        agents = {ALICE: self.party("alice"), BOB: self.party("bob")}
        last, _ = self.call(server, agents)
        self.assert_established(last[ALICE], last[BOB])
        path = self.folder / "audit.jsonl"
        self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o600)
        issued, resolved = (json.loads(line) for line in path.read_text().splitlines())
        self.assertEqual((issued["event"], issued["client"], issued["initiator"], issued["responders"]), ("issued", ALICE, ALICE, [BOB]))
        self.assertEqual((resolved["event"], resolved["client"], resolved["initiator"]), ("resolved", BOB, ALICE))
        self.assertEqual(issued["ticket"], resolved["ticket"])
        [session] = last[ALICE]["bundle"]["crypto_sessions"]
        self.assertNotIn(session["tek"], path.read_text())
        # Files that were moved away are taken anew.
        path.rename(self.folder / "audit.1")
        (self.folder / "kms.log").rename(self.folder / "kms.log.1")
        server.signal(signal.SIGHUP)
        until = time.monotonic() + 20
        while not (path.exists() and (self.folder / "kms.log").exists()) and time.monotonic() < until:
            time.sleep(0.02)
        self.call(server, agents)
        self.assertEqual(len(path.read_text().splitlines()), 2)
        self.assertIn(" info listening address=", (self.folder / "kms.log.1").read_text())

    def test_no_ticket_without_its_line(self):
        """When the trail cannot be written, the keys do not leave."""
        server, alice = self.serve({"server": {"audit": "/dev/full"}}), self.party("alice")
        status, headers, _ = ask_once(server.addresses[0], self.question(alice))
        self.assertEqual((status, headers["Retry-After"]), (503, "5"))
        self.assertIn("the audit trail cannot be written", server.stderr())
        self.assertEqual(self.metric(server, 'mikey_kms_messages_total{type="request_init_psk",result="unavailable"}'), 1)


class Flat(KmsServerTest):
    def test_memory_and_descriptors(self):
        """Many requests, good ones and bad ones, over connections that are kept and ones that are not."""
        server, alice = self.serve(), self.party("alice")
        address = where(server.addresses[0])
        warm, steps = max(500, REQUESTS // 10), 4
        rare = max(50, REQUESTS // 200)  # each of these is remembered against replays, which may take a page of memory

        def work(n):
            """n requests: most over two connections, some over ones of their own."""
            connection = http.client.HTTPConnection(*address, timeout=60)
            for i in range(n):
                if i % rare == 0:
                    self.assertEqual(ask(connection, self.question(alice))[0], 200)
                elif i % 50 == 1:
                    raw_exchange(server.addresses[0], b"nonsense\r\n\r\n")
                elif i % 50 == 2:
                    socket.create_connection(address, timeout=30).close()
                elif i % 50 == 3:
                    connection.close()
                else:
                    connection.request("POST", "/", BROKEN, {"Content-Type": "application/mikey"})
                    self.assertEqual(connection.getresponse().read()[1], ERROR)
            connection.close()
        work(warm)
        time.sleep(0.2)
        memory, descriptors = server.memory(), server.descriptors()
        for _ in range(steps):
            work(REQUESTS // steps)
        time.sleep(0.2)
        self.assertLessEqual(server.descriptors(), descriptors + 1)
        quarantine = 65536 if os.environ.get("MIKEY_SANITIZE") else 0  # ASan keeps what was freed for a while
        self.assertLess(server.memory() - memory, 2048 + 4 * (REQUESTS // rare + steps) + quarantine)
        self.assertEqual(server.stop(), 0)

    def test_many_at_once(self):
        server = self.serve()
        agents = [self.party("alice", file=f"a{i}") for i in range(4)]

        def work(agent):
            connection = self.connect(server)
            for _ in range(50):
                answer = agent.initiate(mode="ticket")
                status, _, body = ask(connection, base64.b64decode(answer["send"][0]["message"]))
                if status != 200 or agent.receive(body, "kms")["send"][0]["to"] != "peer":
                    return False
            connection.close()
            return True
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            self.assertEqual(list(pool.map(work, agents)), [True] * 4)
        self.assertEqual(self.metric(server, 'mikey_kms_tickets_total{event="issued"}'), 200)


if __name__ == "__main__":
    unittest.main()
