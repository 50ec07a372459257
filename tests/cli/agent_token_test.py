"""A private key that stays on a token (PKCS#11): `key = "pkcs11:..."` in a configuration."""

import os
import pathlib
import subprocess
import unittest

from agent_driver import ALICE, BOB, AgentTest, merged

MODULE = next((str(p) for p in pathlib.Path("/usr/lib").glob("**/libsofthsm2.so")), None)
URI = "pkcs11:token=mikey;object=alice;type=private"
PIN = "918273"


class Token(AgentTest):
    def setUp(self):
        super().setUp()
        self.assertIsNotNone(MODULE, "Debian's softhsm2 is missing: script/bootstrap test")
        (self.folder / "tokens").mkdir()
        settings = self.folder / "softhsm2.conf"
        settings.write_text(f"directories.tokendir = {self.folder / 'tokens'}\nobjectstore.backend = file\nlog.level = ERROR\n")
        before = os.environ.get("SOFTHSM2_CONF")
        os.environ["SOFTHSM2_CONF"] = str(settings)
        self.addCleanup(lambda: os.environ.pop("SOFTHSM2_CONF") if before is None
                        else os.environ.update(SOFTHSM2_CONF=before))
        self.run_tool("mikey", "keygen", "ca", "--dir", "pki", "--name", "Lab CA", "--for", ALICE, "--for", BOB)
        self.run_tool("softhsm2-util", "--init-token", "--free", "--label", "mikey", "--so-pin", "654321", "--pin", PIN)
        self.run_tool("softhsm2-util", "--import", "pki/alice.key", "--token", "mikey", "--label", "alice", "--id", "01",
                      "--pin", PIN)
        (self.folder / "pki/alice.key").unlink()
        (self.folder / "alice.pin").write_text(PIN + "\n")

    def run_tool(self, program, *arguments):
        program = os.environ["MIKEY_TOOL"] if program == "mikey" else program
        subprocess.run([program, *arguments], cwd=self.folder, check=True, capture_output=True)

    def config(self, name, over=None):
        own = {"certificate": {"chain": f"pki/{name}.pem", "key": f"pki/{name}.key", "trust": ["pki/ca.pem"]}}
        if name == "alice":
            own["certificate"].update(key=URI, pkcs11_module=MODULE, pin_file="alice.pin")
        other = BOB if name == "alice" else ALICE
        own["peers"] = {other: {"certificate": f"pki/{'bob' if name == 'alice' else 'alice'}.pem"}}
        return super().config(name, merged(own, over or {}))

    def test_signs_and_decrypts_with_it(self):
        alice, bob = self.pair()
        for mode in ("pk", "dh", "rsar"):  # alice signs; the last one encrypts to her
            with self.subTest(mode):
                mine, theirs, _ = self.exchange(alice, bob, mode=mode)
                self.assertEqual(mine["crypto_sessions"][0]["tek"], theirs["crypto_sessions"][0]["tek"])
        answer = bob.initiate(ALICE, mode="pk")  # she decrypts the envelope key
        self.assertEqual(alice.receive(answer["send"][0]["message"])["state"], "established")

    def test_the_proxy_of_all_tokens(self):
        """Without a module p11-kit's is asked, which Debian's softhsm2 registers with."""
        alice = self.start("alice", {"certificate": {"pkcs11_module": None}})
        self.exchange(alice, self.start("bob"), mode="dh")

    def test_what_is_wrong_is_said(self):
        (self.folder / "wrong.pin").write_text("000000")
        for over, word in (({"pin_file": "wrong.pin"}, "certificate.key: expected an RSA private key on a token"),
                           ({"pin_file": None}, "certificate.key: expected an RSA private key on a token"),
                           ({"pin_file": "missing.pin"}, "certificate.pin_file"),
                           ({"key": URI.replace("alice", "carol")}, "no such private key"),
                           ({"pkcs11_module": "/nowhere/module.so"}, "no PKCS#11 module at /nowhere/module.so"),
                           ({"key": "pki/bob.key"}, "expected only with a key that is a pkcs11: URI"),
                           ({"chain": "pki/bob.pem"}, "the private key of the first certificate")):
            with self.subTest(over):
                path = self.write(self.config("alice", {"certificate": over}))
                result = subprocess.run([os.environ["MIKEY_TOOL"], "agent", "--config", str(path)], capture_output=True,
                                        text=True, stdin=subprocess.DEVNULL)
                self.assertEqual(result.returncode, 2, result.stderr)
                self.assertIn(word, result.stderr)
                self.assertNotIn(PIN, result.stderr)
                self.assertEqual(len(result.stderr.splitlines()), 1)


if __name__ == "__main__":
    unittest.main()
