"""`mikey-kms serve` on a store, as real processes: what one has answered another one knows, and so it is when a process
is killed, or the database goes away under load."""

import base64
import http.client
import json
import os
import signal
import subprocess
import threading
import time

from agent_driver import ALICE, BOB
from kms_server import (ERROR, KEYS, KMS, KMS_TOOL, KmsServerTest, NO_LIMITS, REQUEST_RESP, RESOLVE_RESP, Server, ask, connect,
                        health)
from postgres import Postgres

CLIENTS = 3


class Client(threading.Thread):
    """Asks for tickets, at each server in turn, until it is told to stop. What was acknowledged is kept: the request and
    the message to bob."""

    def __init__(self, test, agent, addresses):
        super().__init__(daemon=True)
        self.test, self.agent, self.addresses = test, agent, addresses
        self.kept, self.unavailable, self.broken, self.other = [], 0, 0, []
        self.ended = threading.Event()
        self.connections = {}

    def ask(self, address, octets):
        try:
            if address not in self.connections:
                self.connections[address] = connect(address)
            return ask(self.connections[address], octets)
        except (OSError, http.client.HTTPException):
            self.connections.pop(address).close()
            return None

    def run(self):
        turn = 0
        while not self.ended.is_set():
            turn += 1
            question = base64.b64decode(self.agent.initiate(mode="ticket")["send"][0]["message"])
            answer = self.ask(self.addresses[turn % len(self.addresses)], question)
            if answer is None:
                self.broken += 1
                time.sleep(0.02)
            elif answer[0] == 503:
                self.unavailable += 1
                time.sleep(0.02)
            elif answer[0] == 200 and answer[2][1] == REQUEST_RESP:
                sent = self.agent.receive(answer[2], "kms")["send"]
                self.kept.append((question, base64.b64decode(sent[0]["message"])))
            else:
                self.other.append(answer)

    def finish(self):
        self.ended.set()
        self.join(60)
        for c in self.connections.values():
            c.close()


class StoreServerTest(KmsServerTest):
    def tool(self, *arguments, stdin=b""):
        done = subprocess.run([KMS_TOOL, *arguments, "--config", "kms.toml"], input=stdin, capture_output=True, timeout=60,
                              cwd=self.folder)
        self.assertEqual((done.returncode, done.stderr), (0, b""), arguments)
        return done.stdout.decode()

    def store(self, url):
        """A store with alice and bob, named by kms.toml."""
        self.settings = {"identity": KMS, "store": {"url": url, "master_key": "file:master.key"},
                         "server": {"listen": ["http://127.0.0.1:0"], "threads": 2, **NO_LIMITS}}
        self.write(self.settings, "kms.toml")
        self.tool("init")
        for who in (ALICE, BOB):
            self.tool("user", "add", who, "--psk-file", "-", stdin=b"hex:" + KEYS[who].encode())

    def process(self):
        server = Server(self.folder / "kms.toml")
        self.addCleanup(server.log.close)
        self.addCleanup(server.stop)
        return server

    def clients(self, *servers):
        agents = [self.start("alice", {"psk": {BOB: None, KMS: {"key": "hex:" + KEYS[ALICE]}}, "ticket": {"kms": KMS}},
                             file=f"alice{i}") for i in range(CLIENTS)]
        out = [Client(self, a, [s.addresses[0] for s in servers]) for a in agents]
        for c in out:
            c.start()
        return out

    def wait(self, what, condition, seconds=60):
        until = time.monotonic() + seconds
        while not condition():
            self.assertLess(time.monotonic(), until, what)
            time.sleep(0.02)

    def kept(self, clients):
        return sum(len(c.kept) for c in clients)

    def served_more(self, clients, n=20):
        before = self.kept(clients)
        self.wait(f"{n} more tickets", lambda: self.kept(clients) >= before + n)

    def check_all(self, clients, server):
        """Stops the clients. Each ticket that was acknowledged resolves, is in the audit trail once, and its request is a
        replay."""
        for c in clients:
            c.finish()
            self.assertEqual(c.other, [])
        connection = self.connect(server)
        bob = self.party("bob")
        all_kept = [pair for c in clients for pair in c.kept]
        for question, transfer in all_kept:
            asks = bob.receive(transfer)
            self.assertEqual(asks["state"], "waiting", asks)
            status, _, body = ask(connection, base64.b64decode(asks["send"][0]["message"]))
            self.assertEqual((status, body[1]), (200, RESOLVE_RESP), body)
            self.assertEqual(bob.receive(body, "kms")["state"], "established")
            self.assertEqual(ask(connection, question)[0], 400)
        trail = json.loads(self.tool("audit", "show", "--limit", "100000", "--json"))
        issued = [e["fingerprint"] for e in trail if e["event"] == "issued"]
        resolved = {e["fingerprint"] for e in trail if e["event"] == "resolved"}
        self.assertEqual(len(resolved), len(all_kept))
        self.assertEqual(len(set(issued)), len(issued))
        self.assertLessEqual(resolved, set(issued))


class Sqlite(StoreServerTest):
    def setUp(self):
        super().setUp()
        self.store("sqlite:kms.db")

    def test_a_killed_process_forgets_nothing(self):
        server = self.process()
        clients = self.clients(server)
        self.served_more(clients)
        server.signal(signal.SIGKILL)
        server.process.wait(20)
        for c in clients:
            c.finish()
        self.check_all(clients, self.process())

    def test_two_processes_on_one_file(self):
        one, two = self.process(), self.process()
        clients = self.clients(one, two)
        self.served_more(clients, 40)
        self.check_all(clients, two)

    def test_changes_are_seen_by_the_next_message(self):
        server = self.process()
        alice, connection = self.party("alice"), self.connect(server)

        def answer():
            status, _, body = ask(connection, self.question(alice))
            self.assertEqual(status, 200)
            return body[1]
        self.assertEqual(answer(), REQUEST_RESP)
        for without, again in ((("user", "disable", ALICE), ("user", "enable", ALICE)),
                               (("policy", "deny", "call", "*", BOB), ("policy", "remove", "1")),
                               (("user", "psk", ALICE, "--generate", "--reveal"), ("user", "psk", ALICE, "--psk-file", "-"))):
            with self.subTest(without):
                self.tool(*without)
                self.assertEqual(answer(), ERROR)
                self.tool(*again, stdin=b"hex:" + KEYS[ALICE].encode())
                self.assertEqual(answer(), REQUEST_RESP)

    def test_a_revoked_ticket_and_keys_that_change(self):
        server = self.process()
        agents = {ALICE: self.party("alice"), BOB: self.party("bob")}
        connection = self.connect(server)

        def transfer():
            body = ask(connection, self.question(agents[ALICE]))[2]
            return agents[ALICE].receive(body, "kms")["send"][0]["message"]

        def resolve(message):
            return ask(connection, base64.b64decode(agents[BOB].receive(message)["send"][0]["message"]))[2][1]
        old = transfer()
        self.tool("key", "rotate")
        self.tool("key", "rotate-data")
        self.assertEqual(resolve(old), RESOLVE_RESP)
        revoked = transfer()
        last = json.loads(self.tool("audit", "show", "--limit", "1", "--json"))[0]
        self.assertEqual((last["event"], last["client"]), ("issued", ALICE))
        self.tool("audit", "revoke", last["fingerprint"])
        self.assertEqual(resolve(revoked), ERROR)
        self.assertIn("refused", self.tool("audit", "show", "--ticket", last["fingerprint"]))
        (self.folder / "new.key").write_bytes(os.urandom(32))
        self.tool("key", "rotate-master", "--new-master-key", "new.key")
        self.assertEqual(resolve(transfer()), RESOLVE_RESP)  # the process goes on
        refused = subprocess.run([KMS_TOOL, "serve", "--config", "kms.toml"], cwd=self.folder, capture_output=True, timeout=60)
        self.assertEqual((refused.returncode, refused.stdout), (2, b""))
        self.assertIn(b"sealed under the master key", refused.stderr)
        self.assertEqual(refused.stderr.count(b"\n"), 1)
        os.replace(self.folder / "new.key", self.folder / "master.key")
        server.signal(signal.SIGHUP)
        server.wait_for_log("the configuration was read again")
        self.assertEqual(resolve(transfer()), RESOLVE_RESP)

    def test_what_stdio_says_to_a_store(self):
        run = subprocess.run([KMS_TOOL, "stdio", "--config", "kms.toml"], cwd=self.folder, capture_output=True, timeout=60)
        self.assertEqual(run.returncode, 2)
        self.assertIn(b"mikey-kms serve", run.stderr)


class Postgresql(StoreServerTest):
    def setUp(self):
        super().setUp()
        self.postgres = Postgres()
        self.addCleanup(self.postgres.close)
        self.store(self.postgres.url)

    def test_one_of_two_processes_is_killed_under_load(self):
        one, two = self.process(), self.process()
        clients = self.clients(one, two)
        self.served_more(clients)
        one.signal(signal.SIGKILL)
        one.process.wait(20)
        self.served_more(clients)  # by the other one
        self.assertGreater(sum(c.broken for c in clients), 0)
        self.check_all(clients, two)

    def test_a_request_repeated_to_the_other_process(self):
        one, two = self.process(), self.process()
        question = self.question(self.party("alice"))
        status, _, body = ask(self.connect(one), question)
        self.assertEqual((status, body[1]), (200, REQUEST_RESP))
        for server in (two, one):
            self.assertEqual(ask(self.connect(server), question)[0], 400)

    def restart_under_load(self, crash):
        one, two = self.process(), self.process()
        clients = self.clients(one, two)
        self.served_more(clients)
        self.postgres.stop(crash)
        self.wait("a refusal for now", lambda: sum(c.unavailable for c in clients) > 2)
        self.postgres.start()
        self.served_more(clients)
        self.assertEqual(sum(c.broken for c in clients), 0)  # both were there all the time
        for server in (one, two):
            self.assertEqual(health(server.addresses[0])[0], 200)
        self.check_all(clients, one)

    def test_the_database_is_restarted_under_load(self):
        self.restart_under_load(False)

    def test_the_database_crashes_under_load(self):
        self.restart_under_load(True)

    def test_a_database_that_is_away_at_the_start(self):
        self.postgres.stop()
        run = subprocess.run([KMS_TOOL, "serve", "--config", "kms.toml"], cwd=self.folder, capture_output=True, timeout=60)
        self.assertEqual((run.returncode, run.stdout), (1, b""))
        self.assertIn(b"cannot be reached", run.stderr)
