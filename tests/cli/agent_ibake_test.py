"""MIKEY-IBAKE as an agent's configuration and requests bring it about, with real processes. The key files are those of
vectors/mikey-peer."""

import base64
import json
import os
import pathlib
import subprocess
import time
import unittest

from agent_driver import ALICE, BOB, TOOL, AgentTest, merged

VECTORS = pathlib.Path(os.environ["MIKEY_SOURCE_DIR"]) / "vectors/mikey-peer"
FILES = {**json.loads((VECTORS / "ibake-files.json").read_text()), **json.loads((VECTORS / "ibake-devices.json").read_text())}
CAROL, DAVE, KMS2 = "sip:carol@example.com", "sip:dave@example.com", "sip:kms2@example.com"
THEN = 1790000000  # 2026-09-21, the date of the files
DAY = 86400


def kind(message):
    return base64.b64decode(message["message"])[1]


class Ibake(AgentTest):
    def setUp(self):
        super().setUp()
        self.write_json(FILES)

    def config(self, name, over=None):
        own = {"params": "ibake-params.json", "keys": [f"{name}-ibake-2026-09.json"]}
        return merged({"identity": f"sip:{name}@example.com", "ibake": own}, over or {})

    def start(self, name, over=None, offset=0, **options):
        return super().start(name, over, offset=int(THEN + offset - time.time()), **options)

    def call(self, first, second, **request):
        return self.exchange(first, second, mode="ibake", **request)

    def test_two_round_trips(self):
        alice, bob = self.start("alice"), self.start("bob")
        mine, theirs, messages = self.call(alice, bob, streams=[{"ssrc": "0x1", "roc": 2}, {"ssrc": "0x0"}], mki="0a0b")
        self.assertEqual([kind(m) for m in messages], [22, 23, 24, 25])
        self.assertEqual((mine["peer"], theirs["peer"]), (BOB, ALICE))
        self.assertEqual(mine["crypto_sessions"][0]["mki"], "0a0b")
        self.assertNotEqual(mine["crypto_sessions"][1]["ssrc"], "0x00000000")
        for m in messages:
            receiver = bob if kind(m) in (22, 24) else alice
            self.assertEqual(receiver.receive(m["message"])["state"], "failed")

    def test_curves(self):
        alice, bob = self.start("alice"), self.start("bob")
        for curve in ("P-192", "P-224", "P-256", "P-384", "P-521", "B-233", "K-233", "B-283", "K-283", "B-409", "K-409", "B-571",
                      "K-571"):
            with self.subTest(curve):
                self.call(alice, bob, curve=curve)
        self.assert_refused(alice.initiate(mode="ibake", curve="K-163"), "curve")
        self.assert_refused(alice.initiate(mode="ibake", curve="X25519"), "curve")
        weak = {"ibake": {"curves": ["K-163", "B-163", "sect163r1"]}}
        alice, bob = self.start("alice", weak, file="weak-alice"), self.start("bob", weak, file="weak-bob")
        for curve in ("K-163", "B-163", "sect163r1"):
            self.call(alice, bob, curve=curve)

    def test_an_interval(self):
        alice, bob = self.start("alice"), self.start("bob")
        mine, _, _ = self.call(alice, bob, interval=["0x000000000001", "0x0000000000ff"])
        self.assertEqual(mine["crypto_sessions"][0]["valid_to"], "0x0000000000ff")

    def test_updates_from_both_sides(self):
        alice, bob = self.start("alice"), self.start("bob")
        first, _, _ = self.call(alice, bob)
        second, _, messages = self.call(alice, bob, csb=first["csb"], curve="P-521")
        self.assertEqual([kind(m) for m in messages], [22, 23])
        self.assertNotEqual(second["tgk"], first["tgk"])
        third, _, _ = self.update_by(bob, alice, first["csb"])
        self.assertNotEqual(third["tgk"], second["tgk"])
        kept, _, _ = self.call(alice, bob, csb=first["csb"], no_key=True)
        self.assertEqual(kept["tgk"], third["tgk"])

    def update_by(self, first, second, csb):
        begun = first.initiate(mode="ibake", to=ALICE, csb=csb)
        answer = second.receive(begun["send"][0]["message"])
        self.assertEqual(answer["state"], "established", answer)
        done = first.receive(answer["send"][0]["message"])
        self.assertEqual(done["bundle"]["tgk"], answer["bundle"]["tgk"])
        return done["bundle"], answer["bundle"], None

    def test_forking(self):
        """Two devices answer for bob, each under its own name; the caller goes on with one, and the other learns nothing."""
        alice = self.start("alice", {"ibake": {"accept": [CAROL, DAVE]}})
        carol, dave = (self.start(n, {"ibake": {"answer_for": [BOB]}}) for n in ("carol", "dave"))
        offer = alice.initiate(mode="ibake")["send"][0]["message"]
        slow, quick = (device.receive(offer)["send"][0]["message"] for device in (carol, dave))
        second = alice.receive(quick)
        self.assertEqual(second["send"][0]["uri"], DAVE)
        self.assertEqual(alice.receive(slow)["state"], "failed")
        self.assertEqual(carol.receive(second["send"][0]["message"])["state"], "failed")
        answered = dave.receive(second["send"][0]["message"])
        done = alice.receive(answered["send"][0]["message"])
        self.assertEqual((done["state"], done["bundle"]["peer"]), ("established", DAVE))
        self.assertEqual(done["bundle"]["tgk"], answered["bundle"]["tgk"])

    def test_retargeting(self):
        """A proxy sends the call to carol: she answers under her own name, which the caller must accept."""
        carol = self.start("carol", {"ibake": {"answer_for": [BOB]}})
        alice = self.start("alice")
        answer = carol.receive(alice.initiate(mode="ibake")["send"][0]["message"])["send"][0]["message"]
        self.assertIn(CAROL, self.assert_failed(alice.receive(answer), 7)["error"]["detail"])
        for over in ({"ibake": {"accept": [CAROL]}}, {"ibake": {"accept": ["*"]}}):
            alice = self.start("alice", over, file=f"alice-{len(self.agents)}-{over['ibake']['accept'][0][:1]}")
            mine, _, _ = self.call(alice, carol)
            self.assertEqual(mine["peer"], CAROL)
        self.assert_failed(self.start("dave").receive(alice.initiate(mode="ibake")["send"][0]["message"]), 7)

    def test_deferred_delivery(self):
        """Carol's mailbox stores a key that it cannot read; bob opens it when he is back, a month later."""
        alice = self.start("alice", {"ibake": {"accept": [CAROL]}})
        mailbox = self.start("carol", {"ibake": {"answer_for": [BOB]}})
        mine, stored, messages = self.call(alice, mailbox)
        self.assertEqual(stored["esk"]["owner"], BOB)
        self.assertNotIn("content_key", stored)
        self.assert_refused(mailbox.ask(op="open", esk=stored["esk"]), "private key")
        bob = self.start("bob", offset=40 * DAY)
        opened = bob.ask(op="open", esk=stored["esk"])
        self.assertEqual((opened["state"], opened["sender"]), ("opened", ALICE))
        self.assertEqual(opened["content_key"], mine["content_key"])
        self.assertNotIn(opened["content_key"], (*mine["tgk"], mine["crypto_sessions"][0]["tek"]))
        self.assertNotIn("content_key", self.start("bob", file="discreet", reveal=False).ask(op="open", esk=stored["esk"]))
        for esk in (None, 5, {}, {**stored["esk"], "data": "?"}, {**stored["esk"], "timestamp": "then"}, {**stored["esk"], "owner": ""}):
            self.assert_refused(bob.ask(op="open", esk=esk), "esk")
        damaged = {**stored["esk"], "data": stored["esk"]["data"][4:]}
        self.assert_failed(bob.ask(op="open", esk=damaged), 12)

    def test_a_content_key_for_the_one_called(self):
        alice, bob = self.start("alice"), self.start("bob")
        mine, theirs, _ = self.call(alice, bob, esk=True)
        self.assertEqual((len(mine["content_key"]), mine["content_key"]), (32, theirs["content_key"]))

    def test_two_kmss(self):
        """Bob's KMS has other parameters, and dates of days."""
        both = ["ibake-params.json", "kms2-ibake-params.json"]
        alice = self.start("alice", {"ibake": {"params": both}, "peers": {BOB: {"kms": KMS2}}})
        bob = self.start("bob", {"ibake": {"params": both[::-1], "keys": ["kms2-bob-ibake-2026-09-21.json"]},
                                 "peers": {ALICE: {"kms": "sip:kms@example.com"}}})
        self.call(alice, bob)
        other = self.start("alice", {"peers": {BOB: {"kms": KMS2}}}, file="one-kms")
        self.assert_refused(other.initiate(mode="ibake"), "KMS")

    def test_another_date(self):
        late = self.start("alice", offset=20 * DAY)
        self.assert_refused(late.initiate(mode="ibake"), "private key")

    def test_requests_that_cannot_be_met(self):
        alice = self.start("alice")
        for members, word in (({"key": "00" * 16}, "TGK"), ({"key_type": "tek"}, "TGK"), ({"with_salt": True}, "TGK"),
                              ({"key_length": 32}, "key_length"), ({"no_key": True}, "update"), ({"esk": 1}, "esk"), ({"curve": 5}, "curve"),
                              ({"csb": "0x1"}, "CSB")):
            with self.subTest(members):
                self.assert_refused(alice.initiate(**{"mode": "ibake", **members}), word)
        plain = self.start("bob", {"ibake": None}, file="plain")
        self.assert_refused(plain.initiate(to=ALICE, mode="ibake"), "not configured")
        self.assert_failed(plain.receive(alice.initiate(mode="ibake")["send"][0]["message"]), 11)

    def test_files_that_are_wrong(self):
        good, other = FILES["alice-ibake-2026-09.json"], FILES["bob-ibake-2026-09.json"]
        for change, member in (({"privateKey": other["privateKey"]}, "privateKey"), ({"identity": BOB}, "privateKey"), ({"date": "2026-10"}, "privateKey"),
                               ({"date": "2026"}, "date"), ({"kms_uri": KMS2}, "kms_uri")):
            with self.subTest(change):
                (self.folder / "bad.json").write_text(json.dumps({**good, **change}))
                self.assert_unusable({"ibake": {"keys": ["bad.json"]}}, "ibake.keys", f"{member}: ")
        (self.folder / "bad.json").write_text(json.dumps({**FILES["ibake-params.json"], "q": "11"}))
        self.assert_unusable({"ibake": {"params": "bad.json"}}, "ibake.params", "")
        self.assert_unusable({"ibake": {"params": None, "keys": []}}, "ibake.params", "missing")
        for key, value in (("curves", ["P-1"]), ("auth", "none"), ("accept", "x"), ("answer_for", 5)):
            self.assert_unusable({"ibake": {key: value}}, f"ibake.{key}", "expected")

    def assert_unusable(self, over, key, text):
        path = self.write(self.config("alice", over), "bad.toml")
        run = subprocess.run([TOOL, "agent", "--config", str(path)], stdin=subprocess.DEVNULL, capture_output=True, timeout=120)
        error = run.stderr.decode()
        self.assertEqual((run.returncode, run.stdout, error.count("\n")), (2, b"", 1), error)
        self.assertIn(f": {key}: ", error)
        self.assertIn(text, error)
        self.assertNotIn(FILES["alice-ibake-2026-09.json"]["privateKey"]["x"], error)


if __name__ == "__main__":
    unittest.main()
