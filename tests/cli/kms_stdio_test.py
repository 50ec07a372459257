"""`mikey-kms stdio` and `mikey agent` in mode ticket, as real processes."""

import base64
import os
import pathlib
import subprocess
import tempfile

from agent_driver import ALICE, BOB, KEY, TOOL, Agent, AgentTest

KMS_TOOL = str(pathlib.Path(TOOL).parent / "mikey-kms")
KMS, KMS2 = "sip:kms@example.com", "sip:kms2@example.com"
CAROL = "sip:carol@example.com"
KEYS = {ALICE: "a1" * 16, BOB: "b0" * 16, CAROL: "ca" * 16}


class Kms(Agent):
    """A running KMS, which answers lines as an agent does."""

    def __init__(self, config):
        self.log = tempfile.TemporaryFile()
        self.process = subprocess.Popen([KMS_TOOL, "stdio", "--config", str(config)], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=self.log)
        self.count = 0


class KmsTest(AgentTest):
    def kms_config(self, over=None):
        return {"identity": KMS, "psk": {who: {"key": "hex:" + key} for who, key in KEYS.items()},
                "ticket": {"tpk": "hex:" + "7e" * 32, **(over or {})}}

    def kms(self, over=None, config=None):
        path = self.write(config or self.kms_config(over), f"kms{len(list(self.folder.iterdir()))}.toml")
        kms = Kms(path)
        self.addCleanup(kms.log.close)
        self.addCleanup(kms.close)
        return kms

    def party(self, name, ticket=None):
        who = f"sip:{name}@example.com"
        return self.start(name, {"psk": {BOB: None, ALICE: None, KMS: {"key": "hex:" + KEYS[who]}},
                                 "ticket": {"kms": KMS, **(ticket or {})}})

    def call(self, kms, first, second, **request):
        """Everything that is sent, carried; the last answers of the two, and the data types of the messages."""
        last, seen = {first: first.initiate(mode="ticket", **request)}, []
        todo = [(first, m) for m in last[first]["send"]]
        while todo:
            sender, m = todo.pop(0)
            seen.append(base64.b64decode(m["message"])[1])
            if m["to"] == "kms":
                for back in kms.receive(m["message"])["send"]:
                    seen.append(base64.b64decode(back["message"])[1])
                    last[sender] = sender.receive(back["message"], "kms")
                    todo += [(sender, x) for x in last[sender]["send"]]
            else:
                other = second if sender is first else first
                last[other] = other.receive(m["message"])
                todo += [(other, x) for x in last[other]["send"]]
        return last[first], last.get(second), seen

    def assert_established(self, a, b):
        self.assertEqual((a["state"], b["state"]), ("established", "established"), (a.get("error"), b.get("error")))
        self.assertEqual(a["bundle"]["crypto_sessions"], b["bundle"]["crypto_sessions"])
        self.assertEqual(a["bundle"]["tgk"], b["bundle"]["tgk"])

    def test_a_call_in_mode_1(self):
        a, b, seen = self.call(self.kms(), self.party("alice"), self.party("bob"))
        self.assert_established(a, b)
        self.assertEqual(seen, [11, 13, 14, 16, 18, 15])
        self.assertEqual((a["bundle"]["peer"], b["bundle"]["peer"]), (BOB, ALICE))

    def test_requests_have_a_ticket_table_of_their_own(self):
        kms, alice, bob = self.kms(), self.party("alice"), self.party("bob")
        a, b, seen = self.call(kms, alice, bob, ticket={"mode": 2, "flags": "DFGHNO"})
        self.assert_established(a, b)
        self.assertEqual(seen, [11, 13, 14, 15])
        a, b, seen = self.call(kms, alice, bob, ticket={"mode": 3, "keys": ["gtgk", "tek"], "lifetime": 60, "rekey": 30})
        self.assert_established(a, b)
        self.assertEqual(seen, [14, 16, 18, 15])
        for ticket, name in (({"mode": 5}, "ticket.mode"), ({"flags": "X"}, "ticket.flags"), ({"keys": "tgk"}, "ticket.keys"),
                             ({"keys": ["x"]}, "ticket.keys"), ({"responders": [1]}, "ticket.responders"), (7, "ticket"),
                             ({"groups": []}, "ticket.groups"), ({"reuse": True}, "no ticket to use again"),
                             ({"mode": 0}, "ticket.mode"), ({"lifetime": -1}, "ticket.lifetime")):
            with self.subTest(str(ticket)):
                self.assert_refused(alice.initiate(mode="ticket", ticket=ticket), name)

    def test_reuse_and_updates(self):
        kms, alice, bob = self.kms(), self.party("alice", {"flags": "DEFGHIJLMNO", "reuse": True}), self.party("bob")
        a, b, _ = self.call(kms, alice, bob)
        self.assert_established(a, b)
        again, b, seen = self.call(kms, alice, bob)
        self.assert_established(again, b)
        self.assertEqual(seen, [14, 15])
        self.assertNotEqual(again["csb"], a["csb"])
        for first, second, to in ((alice, bob, BOB), (bob, alice, ALICE)):
            x, y, seen = self.call(kms, first, second, to=to, csb=a["csb"])
            self.assert_established(x, y)
            self.assertEqual(seen, [14, 15])

    def test_without_a_ticket_table_there_are_no_tickets(self):
        self.assert_refused(self.start("alice").initiate(mode="ticket"), "MIKEY-TICKET is not configured")

    def test_who_may_not_gets_nothing(self):
        kms = self.kms({"initiators": [CAROL]})
        a, _, seen = self.call(kms, self.party("alice"), self.party("bob"))
        self.assert_failed(a, 0)
        self.assertEqual(seen, [11, 6])

    def test_groups(self):
        group = "sip:it@example.com"
        kms = self.kms({"groups": {group: [CAROL]}})
        alice, carol = self.party("alice"), self.party("carol", {"groups": [group]})
        a, c, _ = self.call(kms, alice, carol, to=group)
        self.assert_established(a, c)
        self.assertEqual(a["bundle"]["peer"], CAROL)
        a, b, _ = self.call(kms, alice, self.party("bob", {"groups": [group]}), to=group)
        self.assert_failed(b, 0)

    def test_one_after_the_other_with_one_ticket(self):
        kms, alice, bob = self.kms(), self.party("alice"), self.party("bob")
        carol = self.party("carol", {"decentralized": True})
        ticket = {"flags": "DEFHJNO", "keys": ["gtgk"], "responders": [BOB, CAROL], "rekey": 600}
        a, b, _ = self.call(kms, alice, bob, ticket=ticket)
        self.assert_established(a, b)
        self.assertIsInstance(a["bundle"]["rekey_by"], int)
        x, c, seen = self.call(kms, bob, carol, to=CAROL, csb=b["csb"])  # Bob calls on (RFC 6043 9)
        self.assert_established(x, c)
        self.assertEqual(seen, [14, 16, 18, 15])
        self.assertEqual(c["bundle"]["peer"], BOB)
        self.assertEqual(c["bundle"]["crypto_sessions"], a["bundle"]["crypto_sessions"])

    def test_compatibility_mode(self):
        kms, alice = self.kms({"compatible": True}), self.party("alice")
        old = self.start("bob", {"psk": {ALICE: None, BOB: None, KMS: {"key": "hex:" + KEYS[BOB]}}})  # RFC 3830 only
        a, b, seen = self.call(kms, alice, old, ticket={"compatible": True})
        self.assert_established(a, b)
        self.assertEqual(seen, [11, 13, 0])
        self.assertEqual((a["bundle"]["peer"], b["bundle"]["peer"], b["bundle"]["mode"]), (BOB, KMS, "psk"))
        self.assert_refused(alice.initiate(mode="ticket", ticket={"compatible": True, "flags": "D"}), "ticket.compatible")
        configured = self.party("carol", {"compatible": True})
        c, b, seen = self.call(kms, configured, old)
        self.assert_established(c, b)
        self.assertEqual(seen, [11, 13, 0])
        c, b, seen = self.call(kms, configured, self.party("bob"), ticket={"mode": 1})
        self.assertEqual(seen, [11, 13, 14, 16, 18, 15], "a request's mode is no compatibility mode")
        refused, _, _ = self.call(self.kms(), alice, old, ticket={"compatible": True})
        self.assert_failed(refused, 14)

    def test_two_kms(self):
        link = {"key": "hex:" + "22" * 16}
        first = self.kms_config({"trusted_kms": [KMS2]})
        first["psk"][KMS2] = link
        second = {"identity": KMS2, "psk": {BOB: {"key": "hex:" + KEY}, KMS: link},
                  "ticket": {"tpk": "hex:" + "11" * 16, "other_kms": [KMS]}}
        one, two = self.kms(config=first), self.kms(config=second)
        bob = self.start("bob", {"psk": {ALICE: None, KMS2: {"key": "hex:" + KEY}}, "ticket": {"kms": KMS2}})
        alice = self.party("alice")
        granted = one.receive(alice.initiate(mode="ticket")["send"][0]["message"])
        transfer = alice.receive(granted["send"][0]["message"], "kms")
        asks = bob.receive(transfer["send"][0]["message"])
        passed_on = two.receive(asks["send"][0]["message"])
        self.assertEqual((passed_on["state"], passed_on["send"][0]["to"]), ("waiting", "kms"))
        theirs = one.receive(passed_on["send"][0]["message"])
        back = two.receive(theirs["send"][0]["message"], "kms")
        self.assertEqual(back["state"], "answered", back)
        b = bob.receive(back["send"][0]["message"], "kms")
        a = alice.receive(b["send"][0]["message"])
        self.assert_established(a, b)

    def test_wrong_lines(self):
        kms = self.kms()
        for line in ("", " ", "\t"):
            kms.write((line + "\n").encode())
        for line in ("x", "{}", "[]", '{"op":"initiate"}', '{"op":"receive"}', '{"op":"receive","message":"!"}',
                     '{"op":"receive","message":"AA==","from":"nobody"}', '{"id":1,"id":2}', "\x00", '{"op":"receive","message":5}'):
            with self.subTest(line):
                self.assert_refused(kms.raw(line))
        for message in (b"", b"\1", os.urandom(100), b"\1\x0b" + bytes(50)):
            with self.subTest(message.hex()):
                self.assertEqual(kms.receive(message)["state"], "failed")
        self.assertEqual(kms.close(), 0)
        self.assertEqual(kms.stderr(), "")

    def test_configuration(self):
        def run(config):
            path = self.write(config, "bad.toml")
            return subprocess.run([KMS_TOOL, "stdio", "--config", str(path)], stdin=subprocess.DEVNULL, capture_output=True,
                                  timeout=60)
        for over, key in (({"tpk": "hex:00"}, "ticket.tpk"), ({"tpk": "x"}, "ticket.tpk"), ({"old_tpk": "hex:01"}, "ticket.old_tpk"),
                          ({"max_lifetime": 0}, "ticket.max_lifetime"), ({"drop_flags": "Z"}, "ticket.drop_flags"),
                          ({"initiators": "x"}, "ticket.initiators"), ({"initiators": [""]}, "ticket.initiators"),
                          ({"groups": []}, "ticket.groups"), ({"groups": {"g": 1}}, "ticket.groups.g")):
            with self.subTest(key):
                done = run(self.kms_config(over))
                self.assertEqual((done.returncode, done.stdout), (2, b""), done.stderr)
                self.assertIn(f" {key}: expected", done.stderr.decode())
                self.assertNotIn("7e7e", done.stderr.decode())
        self.assertEqual(run("identity = 5").returncode, 2)
        warned = run(self.kms_config({"other_kms": ["sip:nokey@example.com"], "lifetime": 5}))
        self.assertEqual(warned.returncode, 0)
        self.assertIn("sip:nokey@example.com", warned.stderr.decode())
        self.assertIn("ticket.lifetime: no such key", warned.stderr.decode())

    def test_command_line(self):
        def run(*arguments):
            return subprocess.run([KMS_TOOL, *arguments], stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
        self.assertEqual(run().returncode, 2)
        self.assertEqual(run("stdio").returncode, 2)
        self.assertEqual(run("stdio", "--config", "missing.toml").returncode, 2)
        self.assertIn(b"mikey-kms ", run("--version").stdout)
        self.assertIn(b"stdio", run("--help").stdout)
        self.assertIn(b"--config", run("stdio", "--help").stdout)
