"""Configurations of `mikey agent`: what is wrong is told in one line, what is right works."""

import json
import os
import pathlib
import subprocess
import unittest

from agent_driver import BOB, KEY, TOOL, AgentTest, merged

CERTIFICATE = {"chain": "alice.pem", "key": "alice.key", "trust": ["ca.pem"], "crls": []}

WRONG = [  # what is laid over a good configuration, and the key the error must name
    ({"identity": None}, "identity"), ({"identity": ""}, "identity"), ({"identity": 5}, "identity"),
    ({"id_type": "zip"}, "id_type"), ({"id_type": "bytes"}, "identity"), ({"clock_skew": -1}, "clock_skew"),
    ({"clock_skew": "x"}, "clock_skew"), ({"clock_skew": 1.5}, "clock_skew"), ({"clock_skew": 10**12}, "clock_skew"),
    ({"patience": 0}, "patience"), ({"policy": {"srtp": ["ROT13"]}}, "policy.srtp"), ({"policy": {"srtp": []}}, "policy.srtp"),
    ({"policy": {"srtp": "F8"}}, "policy.srtp"), ({"policy": {"srtp": [1]}}, "policy.srtp"), ({"policy": {"prf": "X"}}, "policy.prf"),
    ({"policy": {"prf": []}}, "policy.prf"), ({"policy": {"prf": ["MIKEY-1", "X"]}}, "policy.prf"), ({"policy": {"prf": 1}}, "policy.prf"),
    ({"policy": {"kemac_encryption": "DES"}}, "policy.kemac_encryption"), ({"policy": {"kemac_mac": "MD5"}}, "policy.kemac_mac"),
    ({"policy": {"allow_null": "yes"}}, "policy.allow_null"), ({"policy": {"request_verification": 1}}, "policy.request_verification"),
    ({"psk": {BOB: {"key": "hex:0g"}}}, f'psk."{BOB}".key'), ({"psk": {BOB: {"key": "hex:"}}}, f'psk."{BOB}".key'),
    ({"psk": {BOB: {"key": KEY}}}, f'psk."{BOB}".key'), ({"psk": {BOB: {"key": 1}}}, f'psk."{BOB}".key'),
    ({"psk": {BOB: {"key": None}}}, f'psk."{BOB}".key'), ({"psk": {BOB: {"key_file": "alice.pem"}}}, f'psk."{BOB}".key'),
    ({"psk": {BOB: {"key": None, "key_file": "missing"}}}, f'psk."{BOB}".key_file'),
    ({"psk": {BOB: {"key": None, "key_file": "empty"}}}, f'psk."{BOB}".key_file'),
    ({"psk": {BOB: {"key": None, "key_file": "."}}}, f'psk."{BOB}".key_file'),
    ({"certificate": {**CERTIFICATE, "chain": "missing.pem"}}, "certificate.chain"),
    ({"certificate": {**CERTIFICATE, "chain": "empty"}}, "certificate.chain"), ({"certificate": {"key": "alice.key"}}, "certificate.chain"),
    ({"certificate": {**CERTIFICATE, "key": "alice.pem"}}, "certificate.key"), ({"certificate": {**CERTIFICATE, "key": "ca.key"}}, "certificate.key"),
    ({"certificate": {**CERTIFICATE, "trust": ["missing"]}}, "certificate.trust"),
    ({"certificate": {**CERTIFICATE, "trust": "ca.pem"}}, "certificate.trust"),
    ({"certificate": {**CERTIFICATE, "crls": ["ca.pem"]}}, "certificate.crls"),
    ({"peers": {BOB: {"certificate": "missing.pem"}}}, f'peers."{BOB}".certificate'), ({"peers": {BOB: {"kms": 1}}}, f'peers."{BOB}".kms'),
    ({"rsar": {"group_csb": 5}}, "rsar.group_csb"), ({"rsar": {"group_key": "x"}}, "rsar.group_key"),
    ({"sakke": {"keys": ["missing.json"]}}, "sakke.keys"), ({"sakke": {"sign": "dsa"}}, "sakke.sign"), ({"sakke": {"hide": 1}}, "sakke.hide"), ({"sakke": {"kms": ["empty"]}}, "sakke.kms"),
    ({"sakke": {"keys": ["empty"]}}, "sakke.keys"), ({"sakke": {"idr": "some"}}, "sakke.idr"),
    ({"ticket": {"mode": 5}}, "ticket.mode"), ({"ticket": {"flags": "ABC"}}, "ticket.flags"), ({"ticket": {"keys": ["xyz"]}}, "ticket.keys"),
    ({"ticket": {"auth": "none"}}, "ticket.auth"), ({"ticket": {"lifetime": 0}}, "ticket.lifetime"),
    ({"ibake": {"params": "missing.json"}}, "ibake.params"), ({"ibake": {"accept": "x"}}, "ibake.accept"),
]

WRONG_TEXTS = ["", "identity", "identity = \"a\"\nidentity = \"b\"", "policy = 5\nidentity = \"a\"", "psk = []\nidentity = \"a\"",
               "[psk]\n\"a\" = 5", "\"\\n\\u001b[2J\" = ", "\0", "[certificate", "identity = " + "[" * 10000]


class Configuration(AgentTest):
    def run_agent(self, path):
        return subprocess.run([TOOL, "agent", "--config", str(path)], stdin=subprocess.DEVNULL, capture_output=True, timeout=60)

    def assert_unusable(self, path, name=""):
        run = self.run_agent(path)
        error = run.stderr.decode("utf-8")
        self.assertEqual((run.returncode, run.stdout), (2, b""), error)
        self.assertEqual(error.count("\n"), 1, error)
        self.assertTrue(error.isprintable() or error[:-1].isprintable(), repr(error))
        self.assertIn(path.name + ":", error)
        self.assertIn(f" {name}: expected" if name else ": ", error)
        self.assertNotIn(KEY, error)

    def make_certificates(self):
        def openssl(*arguments):
            subprocess.run(["openssl", *arguments], cwd=self.folder, check=True, capture_output=True)
        for name in ("ca", "alice", "bob"):
            openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={name}", "-days", "30",
                    "-keyout", f"{name}.key", "-out", f"{name}.pem")

    def test_wrong_values(self):
        self.make_certificates()
        self.write("", "empty")
        good = self.config("alice", {"certificate": CERTIFICATE, "peers": {BOB: {"certificate": "bob.pem"}}})
        self.assertEqual(self.run_agent(self.write(good)).stderr, b"")
        for over, name in WRONG:
            with self.subTest(str(over)):
                self.assert_unusable(self.write(merged(self.config("alice"), over)), name)

    def test_wrong_texts(self):
        for text in WRONG_TEXTS:
            with self.subTest(text[:40]):
                self.assert_unusable(self.write(text))
        self.assert_unusable(self.folder / "missing.toml")
        (self.folder / "folder.toml").mkdir()
        self.assert_unusable(self.folder / "folder.toml")

    def test_command_line(self):
        for arguments in ([], ["--config"], ["--config", "x", "--wrong"]):
            run = subprocess.run([TOOL, "agent", *arguments], stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
            self.assertEqual((run.returncode, run.stdout), (2, b""))

    def test_unknown_keys_are_told_and_let_pass(self):
        alice = self.start("alice", {"identty": "x", "policy": {"srpt": []}, "psk": {BOB: {"kye": 1}}, "\x1b[2J": 1})
        self.assertEqual(alice.initiate()["state"], "waiting")
        self.assertEqual(alice.close(), 0)
        log = alice.stderr()
        for key in ("identty", "policy.srpt", f'psk."{BOB}".kye'):
            self.assertEqual(log.count(f" {key}: no such key"), 1, log)
        self.assertEqual(log.count("\n"), 4)
        self.assertNotIn("\x1b", log)

    def test_everything_of_the_contract_is_known(self):
        self.make_certificates()
        subprocess.run([TOOL, "keygen", "ibake-params", "sip:kms@example.com", "--level", "1024", "--dir", str(self.folder)],
                       check=True, capture_output=True)
        files = json.loads((pathlib.Path(os.environ["MIKEY_SOURCE_DIR"]) / "vectors/mikey-peer/sakke-files.json").read_text())
        for name in ("mcx-alice-1542.json", "mcx-kms.json"):
            self.write(json.dumps(files[name]), name)
        alice = self.start("alice", {
            "id_type": "uri", "clock_skew": 300, "patience": 60,
            "policy": {"srtp": ["AES_CM_128_HMAC_SHA1_80"], "prf": "MIKEY-1", "kemac_encryption": ["AES-CM-128", "NULL"],
                       "kemac_mac": ["HMAC-SHA-1-160"], "allow_null": False, "request_verification": True},
            "certificate": CERTIFICATE, "peers": {BOB: {"certificate": "bob.pem", "kms": "sip:kms@example.com"}},
            "rsar": {"group_csb": "0x12345678", "group_key": "hex:00", "group_salt": "hex:00"},
            "sakke": {"keys": ["mcx-alice-1542.json"], "kms": ["mcx-kms.json"], "sign": "eccsi", "idr": "all", "hide": False,
                      "profile": "strict", "open_own": False},
            "ticket": {"kms": "sip:kms@example.com", "auth": "psk", "mode": 1, "flags": "DEFGHINO", "responders": [BOB],
                       "lifetime": 86400, "keys": ["tgk", "gtgk", "tek"], "groups": [], "decentralized": False, "reuse": False,
                       "rekey": 60, "applications": ["a"], "content_key": "00"},
            "ibake": {"kms": "sip:kms@example.com", "params": "ibake-params.json", "keys": [], "auth": "pk", "accept": [], "answer_for": []}})
        self.assertEqual(alice.initiate()["state"], "waiting")
        alice.close()
        self.assertEqual(alice.stderr(), "")

    def test_files_are_found_beside_the_configuration(self):
        (self.folder / "psk.bin").write_bytes(bytes.fromhex(KEY))
        alice = self.start("alice", {"psk": {BOB: {"key": None, "key_file": "psk.bin"}}})
        self.assertEqual(self.start("bob").receive(alice.initiate()["send"][0]["message"])["state"], "established")

    def test_names_that_are_not_hex_match_nobody(self):
        alice = self.start("alice", {"identity": "a1", "id_type": "bytes", "psk": {"b0": {"key": "hex:" + KEY}}})
        self.assert_refused(alice.initiate(), "to:")
        self.assert_refused(alice.initiate("c0"), "no PSK")
        self.assertEqual(alice.initiate("b0")["send"][0]["uri"], "b0")
        self.assertEqual(alice.close(), 0)
        self.assertIn(BOB, alice.stderr())

    def test_defaults_are_those_of_rfc_3830(self):
        alice = self.start("alice")
        message = self.start("bob").ask(op="inspect", message=alice.initiate()["send"][0]["message"])["message"]
        kemac = {f["name"]: f["value"] for f in message["payloads"][-1]["fields"]}
        self.assertEqual((int(kemac["Encr alg"]), int(kemac["Mac alg"])), (1, 1))


if __name__ == "__main__":
    unittest.main()
