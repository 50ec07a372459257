"""MIKEY-SAKKE as an agent's configuration and requests bring it about. The key files are those of vectors/mikey-peer."""

import json
import os
import pathlib
import subprocess
import time
import unittest

from agent_driver import TOOL, AgentTest, merged

FILES = json.loads((pathlib.Path(os.environ["MIKEY_SOURCE_DIR"]) / "vectors/mikey-peer/sakke-files.json").read_text())
THEN = 1790000000  # 2026-09-21, in the key periods of the files
TEL = {"alice": "tel:+447700900123", "bob": "tel:+447700900456"}
SIP = {"alice": "sip:alice@example.com", "bob": "sip:bob@example.com"}
DAY = 86400


class Sakke(AgentTest):
    def setUp(self):
        super().setUp()
        self.write_json(FILES)

    def config(self, name, over=None):
        keys = TEL[name].split("+")[1] + "-2026-09.json"
        return merged({"identity": TEL[name], "sakke": {"keys": [keys], "kms": ["kms.json"]}}, over or {})

    def start(self, name, over=None, offset=0, **options):
        return super().start(name, over, offset=int(THEN + offset - time.time()), **options)

    def hashed(self, name, over=None):
        return self.start(name, merged({"identity": SIP[name], "policy": {"prf": "HMAC-SHA-256"},
                                        "sakke": {"keys": [f"mcx-{name}-1542.json"], "kms": ["mcx-kms.json"]}}, over or {}))

    def test_one_message_is_all(self):
        alice, bob = self.start("alice"), self.start("bob")
        mine, theirs, messages = self.exchange(alice, bob, mode="sakke", to=TEL["bob"], streams=[{"ssrc": "0x1"}], mki="0a0b")
        self.assertEqual((len(messages), mine["mode"], mine["peer"], theirs["peer"]), (1, "sakke", TEL["bob"], TEL["alice"]))
        self.assertEqual(mine["crypto_sessions"][0]["mki"], "0a0b")
        again, _, _ = self.exchange(alice, bob, mode="sakke", to=TEL["bob"], csb=mine["csb"])
        self.assertNotEqual(again["tgk"], mine["tgk"])
        self.assert_failed(bob.receive(messages[0]["message"]), 1)

    def test_hashed_uids_and_hidden_identities(self):
        alice, bob = self.hashed("alice", {"sakke": {"hide": True}}), self.hashed("bob", {"peers": {SIP["alice"]: {}}})
        _, theirs, messages = self.exchange(alice, bob, mode="sakke", to=SIP["bob"])
        self.assertEqual(theirs["peer"], SIP["alice"])
        seen = bob.ask(op="inspect", message=messages[0]["message"])
        self.assertNotIn(SIP["alice"], json.dumps(seen))

    def test_a_group_has_one_ssv(self):
        alice, bob = self.start("alice"), self.start("bob")
        for _ in range(2):
            mine, _, _ = self.exchange(alice, bob, mode="sakke", to=TEL["bob"], key="00" * 15 + "07", rand="11" * 16)
            self.assertEqual(mine["tgk"], ["00" * 15 + "07"])

    def test_a_given_csb_id(self):
        alice, bob = self.start("alice"), self.start("bob")
        mine, _, _ = self.exchange(alice, bob, mode="sakke", to=TEL["bob"], csb_id="0x12345678")
        self.assertEqual(mine["csb"], "0x12345678")

    def test_stored_messages_are_opened_later(self):
        alice, bob = self.start("alice"), self.start("bob", offset=20 * DAY)
        message = alice.initiate(mode="sakke", to=TEL["bob"])["send"][0]["message"]
        self.assert_failed(bob.receive(message), 1)
        self.assert_failed(bob.ask(op="receive", message=message, max_age=DAY), 1)
        for _ in range(2):
            self.assertEqual(bob.ask(op="receive", message=message, max_age=30 * DAY)["state"], "established")
        self.assert_refused(bob.ask(op="receive", message=message, max_age="long"), "max_age")

    def test_requests_that_cannot_be_met(self):
        alice = self.start("alice")
        for members, word in (({"to": "tel:44"}, "tel:+"), ({"kms": "kms9"}, "kms"), ({"key_type": "tek"}, "TGK"), ({"kms": 5}, "kms"),
                              ({"key_length": 32}, "16 octets"), ({"interval": ["0x01", "0x02"]}, "interval"),
                              ({"timestamp": THEN - 90 * DAY}, "period"), ({"timestamp": "now"}, "timestamp"), ({"rand": "00"}, "rand"),
                              ({"rand": "x"}, "rand"), ({"csb_id": -1}, "csb_id"), ({"to_self": 1}, "to_self")):
            with self.subTest(members):
                self.assert_refused(alice.initiate(**{"mode": "sakke", "to": TEL["bob"], **members}), word)
        self.assertEqual(alice.initiate(mode="sakke", to=TEL["bob"])["state"], "established")

    def test_no_key_set_for_the_period(self):
        alice = self.start("alice", offset=40 * DAY)
        self.assert_refused(alice.initiate(mode="sakke", to=TEL["bob"]), "key set")

    def test_key_files_that_are_wrong(self):
        good, other = FILES["447700900123-2026-09.json"], FILES["447700900456-2026-09.json"]
        cases = [({"RSK": other["RSK"]}, "RSK"), ({"SSK": other["SSK"]}, "SSK"), ({"PVT": other["PVT"]}, "SSK"), ({"RSK": "00"}, "RSK"),
                 ({"uri": "sip:a@b"}, "uri"), ({"period": "2026-9"}, "period"), ({"kms_uri": "kms2"}, "kms_uri"), ({"params": 2}, "params")]
        for change, member in cases:
            with self.subTest(change):
                (self.folder / "bad.json").write_text(json.dumps({**good, **change}))
                self.assert_unusable({"sakke": {"keys": ["bad.json"]}}, "sakke.keys", f"{member}: ")
        (self.folder / "bad.json").write_text(json.dumps({**FILES["kms.json"], "Z": "04" + "00" * 256}))
        self.assert_unusable({"sakke": {"kms": ["bad.json"]}}, "sakke.kms", "Z: ")
        self.assert_unusable({"sakke": {"kms": ["mcx-kms.json"]}}, "sakke.keys", "kms_uri: ")
        self.assert_unusable({"sakke": {"profile": "lenient"}}, "sakke.profile", "strict mcx")

    def assert_unusable(self, over, key, text):
        path = self.write(self.config("alice", over), "bad.toml")
        run = subprocess.run([TOOL, "agent", "--config", str(path)], stdin=subprocess.DEVNULL, capture_output=True, timeout=120)
        error = run.stderr.decode()
        self.assertEqual((run.returncode, run.stdout, error.count("\n")), (2, b"", 1), error)
        self.assertIn(f": {key}: ", error)
        self.assertIn(text, error)
        self.assertNotIn(FILES["447700900123-2026-09.json"]["SSK"], error)

    def test_the_profile_of_mission_critical_systems_takes_messages_of_ones_own(self):
        alice = self.hashed("alice")
        message = alice.initiate(mode="sakke", to=SIP["bob"], to_self=True)["send"][0]["message"]
        self.assert_failed(self.hashed("alice").receive(message), 7)
        own = self.hashed("alice", {"sakke": {"profile": "mcx"}}).receive(message)
        self.assertEqual((own["state"], own["bundle"]["role"], own["bundle"]["peer"]), ("established", "initiator", SIP["bob"]))


if __name__ == "__main__":
    unittest.main()
