"""`mikey call` from outside: a call between two processes, a wrong key, and suites that no call can use."""

import pathlib
import struct
import subprocess
import tempfile
import unittest
import wave

from agent_driver import ALICE, BOB, KEY, TOOL, merged, toml
from kms_server import KEYS, KMS, Server


class Call(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        for name, peer in (("alice", BOB), ("bob", ALICE)):
            self.config(name, peer)
            with wave.open(str(self.folder / f"{name}.wav"), "wb") as out:
                out.setparams((1, 2, 8000, 0, "NONE", ""))
                out.writeframes(b"".join(struct.pack("<h", (i * (37 if name == "bob" else 91)) % 20000 - 10000) for i in range(8000)))

    def config(self, name, peer, over=None):
        table = merged({"identity": f"sip:{name}@example.com", "psk": {peer: {"key": "hex:" + KEY}}}, over or {})
        (self.folder / f"{name}.toml").write_text(toml(table))

    def start(self, *arguments):
        p = subprocess.Popen([TOOL, "call", *arguments], cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.addCleanup(p.stdout.close)
        self.addCleanup(p.wait)
        self.addCleanup(p.kill)
        return p

    def call(self, *more, answerer=()):
        """Bob listens, Alice calls with further arguments: statuses and outputs."""
        bob = self.start("--listen", "127.0.0.1:0", "--config", "bob.toml", "--wav", "bob.wav", "--record", "bob-heard.wav", "--fast",
                         *answerer)
        at = bob.stdout.readline().split()[-1]
        alice = self.start("--connect", at, "--config", "alice.toml", "--to", BOB, "--wav", "alice.wav", "--record", "alice-heard.wav",
                           "--pcap", "call.pcap", "--fast", "--quiet", *more)
        outputs = [p.communicate(timeout=60)[0] for p in (alice, bob)]
        return (alice.returncode, bob.returncode), outputs

    def samples(self, name):
        with wave.open(str(self.folder / name), "rb") as w:
            return struct.unpack(f"<{w.getnframes()}h", w.readframes(w.getnframes()))

    def test_speech_both_ways(self):
        statuses, outputs = self.call()
        self.assertEqual(statuses, (0, 0), outputs)
        for output in outputs:
            self.assertIn("crypto session 2", output)
            self.assertIn(" 0 authentication failures, 0 replays", output)
            self.assertNotIn(KEY, output)
        for said, heard in (("alice.wav", "bob-heard.wav"), ("bob.wav", "alice-heard.wav")):
            said, heard = self.samples(said), self.samples(heard)
            self.assertEqual(len(said), len(heard))
            self.assertLess(max(abs(a - b) for a, b in zip(said, heard, strict=True)), 600)  # what G.711 loses

    def test_a_call_keyed_by_one_message(self):
        """MIKEY-SAKKE (RFC 6509): the offer brings the key, and the answer has no key management in it."""
        for arguments in (["init", "kms.example.com", "--out", "kms"],
                          ["provision", "--master", "kms/sakke-master.json", "--out", ".", ALICE, BOB]):
            subprocess.run([TOOL, "kms", *arguments], cwd=self.folder, check=True, capture_output=True, timeout=120)
        for name, peer in (("alice", BOB), ("bob", ALICE)):
            [keys] = [path.name for path in self.folder.glob(f"{name}-*.json")]
            self.config(name, peer, {"sakke": {"keys": [keys], "kms": ["kms/kms.json"]}})
        statuses, outputs = self.call("--mode", "sakke")
        self.assertEqual(statuses, (0, 0), outputs)
        for output in outputs:
            self.assertIn("mode sakke", output)
            self.assertIn(" 0 authentication failures, 0 replays", output)
        self.assertNotIn("answered", outputs[0])
        for said, heard in (("alice.wav", "bob-heard.wav"), ("bob.wav", "alice-heard.wav")):
            self.assertEqual(len(self.samples(said)), len(self.samples(heard)))

    def test_a_call_with_a_ticket(self):
        """MIKEY-TICKET (RFC 6043): both ask a KMS, over HTTP and, with its certificate checked, over HTTPS."""
        config = {"identity": KMS, "psk": {who: {"key": "hex:" + KEYS[who]} for who in (ALICE, BOB)}, "ticket": {"tpk": "hex:" + "7e" * 32},
                  "server": {"listen": ["http://127.0.0.1:0", "https://127.0.0.1:0"], "threads": 1,
                             "tls": {"certificate": "kms.pem", "key": "kms.key"}}}
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                        "-keyout", "kms.key", "-out", "kms.pem", "-subj", "/CN=kms", "-addext", "subjectAltName=IP:127.0.0.1"],
                       cwd=self.folder, check=True, capture_output=True, timeout=60)
        path = self.folder / "kms.toml"
        path.write_text(toml(config))
        server = Server(path, 2)
        self.addCleanup(server.log.close)
        self.addCleanup(server.stop)
        for name in ("alice", "bob"):
            table = {"identity": f"sip:{name}@example.com", "psk": {KMS: {"key": "hex:" + KEYS[f"sip:{name}@example.com"]}}, "ticket": {"kms": KMS}}
            (self.folder / f"{name}.toml").write_text(toml(table))
        http, https = server.addresses
        for kms in (("--kms", http), ("--kms", https, "--kms-ca", "kms.pem")):
            with self.subTest(kms[1]):
                statuses, outputs = self.call("--mode", "ticket", *kms, answerer=kms)
                self.assertEqual(statuses, (0, 0), outputs)
                for output in outputs:
                    self.assertIn("mode ticket", output)
                    self.assertIn(" 0 authentication failures, 0 replays", output)
                    self.assertIn("MIKEY message from the KMS", output)
                for said, heard in (("alice.wav", "bob-heard.wav"), ("bob.wav", "alice-heard.wav")):
                    self.assertEqual(len(self.samples(said)), len(self.samples(heard)))
        for kms, why in (((), "--kms says where it is"), (("--kms", "x"), "--kms: expected an http:// or https:// URL"),
                         (("--kms", https), "certificate verify failed"), (("--kms", https, "--kms-ca", "none.pem"), "--kms-ca: none.pem"),
                         (("--kms", "http://127.0.0.1:1"), "no connection"), (("--kms", http + "/elsewhere"), "HTTP status 404")):
            with self.subTest(why):
                alice = self.start("--connect", "127.0.0.1:9", "--config", "alice.toml", "--to", BOB, "--mode", "ticket", *kms)
                output = alice.communicate(timeout=60)[0]
                self.assertIn(why, output)
                self.assertNotEqual(alice.returncode, 0)

    def test_a_call_with_identity_based_agreement(self):
        """MIKEY-IBAKE (RFC 6267): four messages in two offers and answers; both get their private keys from the KMS."""
        subprocess.run([TOOL, "keygen", "ibake-params", KMS, "--level", "1024"], cwd=self.folder, check=True, capture_output=True,
                       timeout=60)
        path = self.folder / "kms.toml"
        path.write_text(toml({"identity": KMS, "psk": {who: {"key": "hex:" + KEYS[who]} for who in (ALICE, BOB)},
                              "ibake": {"master": "ibake-master.json"}, "server": {"listen": ["http://127.0.0.1:0"], "threads": 1}}))
        server = Server(path, 1)
        self.addCleanup(server.log.close)
        self.addCleanup(server.stop)
        for name in ("alice", "bob"):
            (self.folder / f"{name}.toml").write_text(toml(
                {"identity": f"sip:{name}@example.com", "psk": {KMS: {"key": "hex:" + KEYS[f"sip:{name}@example.com"]}},
                 "ibake": {"kms": KMS, "params": "ibake-params.json"}}))
        kms = ("--kms", server.addresses[0])
        statuses, outputs = self.call("--mode", "ibake", *kms, answerer=kms)
        self.assertEqual(statuses, (0, 0), outputs)
        for output in outputs:
            self.assertIn("mode ibake", output)
            self.assertIn(" 0 authentication failures, 0 replays", output)
            self.assertEqual(output.count("MIKEY message from the KMS"), 1)
        self.assertEqual(outputs[0].count("MIKEY message offered"), 2)
        self.assertEqual(outputs[0].count("MIKEY message answered"), 2)
        for said, heard in (("alice.wav", "bob-heard.wav"), ("bob.wav", "alice-heard.wav")):
            self.assertEqual(len(self.samples(said)), len(self.samples(heard)))

    def test_every_suite_that_a_call_can_use(self):
        for suite in ("AES_256_CM_HMAC_SHA1_80", "AEAD_AES_128_GCM", "NULL_HMAC_SHA1_80"):
            with self.subTest(suite):
                for name, peer in (("alice", BOB), ("bob", ALICE)):
                    self.config(name, peer, {"policy": {"srtp": [suite]}})
                statuses, outputs = self.call()
                self.assertEqual(statuses, (0, 0), outputs)
                self.assertIn(suite, outputs[0])

    def test_a_wrong_key(self):
        self.config("alice", BOB, {"psk": {BOB: {"key": "hex:" + KEY[::-1]}}})
        statuses, outputs = self.call()
        self.assertEqual(statuses, (1, 1), outputs)
        self.assertIn("the call is refused: REFUSED 488", outputs[0])
        self.assertIn("refused: Auth failure", outputs[1])
        self.assertFalse((self.folder / "bob-heard.wav").exists())

    def test_suites_that_no_call_can_use(self):
        for suite, why in (("AES_192_CM_HMAC_SHA1_80", "AES-192"), ("F8_128_HMAC_SHA1_80", "does not have the suite")):
            self.config("alice", BOB, {"policy": {"srtp": ["AES_CM_128_HMAC_SHA1_80", suite]}})
            alice = self.start("--connect", "127.0.0.1:9", "--config", "alice.toml", "--to", BOB)
            output = alice.communicate(timeout=60)[0]
            if alice.returncode != 2:  # a libsrtp2 that does AES-192 as RFC 6188 has it
                self.assertNotIn(suite, output)
                continue
            self.assertIn(f"policy.srtp: {suite} is of no use to a call: ", output)
            self.assertIn(why, output)


if __name__ == "__main__":
    unittest.main()
