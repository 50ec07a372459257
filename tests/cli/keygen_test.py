"""`mikey keygen` from outside; what it makes is judged by openssl(1)."""

import os
import pathlib
import subprocess
import unittest

from keygen_driver import KeygenTest

ALICE, BOB = "sip:alice@example.com", "bob@example.com"


class Keygen(KeygenTest):
    def openssl(self, *arguments):
        return subprocess.run(["openssl", *arguments], capture_output=True, text=True, cwd=self.folder, check=True).stdout

    def test_a_whole_pki_in_one_command(self):
        made = self.keygen("ca", "--dir", "pki", "--name", "Lab CA", "--for", ALICE, "--for", BOB).split()
        self.assertEqual(made, [f"pki/{name}.{kind}" for name in ("ca", "alice", "bob") for kind in ("pem", "key")])
        self.assertEqual(sorted(os.listdir(self.folder / "pki")), sorted(pathlib.Path(p).name for p in made))
        self.assertIn("OK", self.openssl("verify", "-x509_strict", "-CAfile", "pki/ca.pem", "pki/alice.pem", "pki/bob.pem"))
        self.assertIn("CN = Lab CA", self.openssl("x509", "-in", "pki/ca.pem", "-noout", "-subject"))
        for name in ("ca", "alice", "bob"):
            self.assertEqual(self.mode(f"pki/{name}.key"), 0o600)
            self.assertIn("-----BEGIN PRIVATE KEY-----", (self.folder / f"pki/{name}.key").read_text())  # PKCS#8, no passphrase
            self.assertEqual(self.openssl("pkey", "-in", f"pki/{name}.key", "-pubout"),
                             self.openssl("x509", "-in", f"pki/{name}.pem", "-noout", "-pubkey"))

    def test_what_certificates_say(self):
        self.keygen("ca", "--days", "3", "--for", ALICE)
        self.keygen("cert", BOB, "--also", "sip:bob@example.com", "--days", "300", "--bits", "3072")
        said = self.openssl("x509", "-in", "bob.pem", "-noout", "-text")
        for text in ("email:bob@example.com, URI:sip:bob@example.com", "CA:FALSE", "Digital Signature, Key Encipherment",
                     "(3072 bit)", "sha256WithRSAEncryption"):
            if text.startswith("email"):
                self.assertTrue(text in said or "URI:sip:bob@example.com, email:bob@example.com" in said, said)
            else:
                self.assertIn(text, said)
        self.assertIn("URI:sip:alice@example.com", self.openssl("x509", "-in", "alice.pem", "-noout", "-text"))
        end = [self.openssl("x509", "-in", f"{name}.pem", "-noout", "-enddate") for name in ("ca", "bob")]
        self.assertEqual(end[0], end[1])  # not longer than its CA
        self.assertIn("CA:TRUE", self.openssl("x509", "-in", "ca.pem", "-noout", "-text"))
        self.openssl("x509", "-in", "ca.pem", "-noout", "-checkend", str(3 * 86400 - 600))

    def test_nothing_is_overwritten(self):
        self.keygen("ca")
        before = (self.folder / "ca.key").read_bytes()
        self.assertIn("exists already", self.keygen("ca", "--for", ALICE, status=1))
        self.assertEqual(sorted(os.listdir(self.folder)), ["ca.key", "ca.pem"])
        self.assertEqual((self.folder / "ca.key").read_bytes(), before)
        self.keygen("cert", ALICE)
        self.assertIn("alice.pem exists", self.keygen("cert", BOB, ALICE, status=1))
        self.assertFalse((self.folder / "bob.pem").exists())
        self.keygen("cert", BOB, ALICE, "--force")
        self.keygen("ca", "--force")
        self.assertNotEqual((self.folder / "ca.key").read_bytes(), before)
        self.assertEqual(self.mode("ca.key"), 0o600)
        for name, kind in (("x.psk", "psk"), ("x.key", "rsa")):
            self.keygen(kind, "--out", name)
            first = (self.folder / name).read_bytes()
            self.assertEqual(self.mode(name), 0o600)
            self.assertIn("exists already", self.keygen(kind, "--out", name, status=1))
            self.assertEqual((self.folder / name).read_bytes(), first)
            self.keygen(kind, "--out", name, "--force")
            self.assertNotEqual((self.folder / name).read_bytes(), first)
        self.assertFalse([name for name in os.listdir(self.folder) if name.count(".") > 1])  # no drafts are left

    def test_a_link_is_replaced_rather_than_followed(self):
        (self.folder / "precious").write_text("precious")
        (self.folder / "x.key").symlink_to("precious")
        self.keygen("rsa", "--out", "x.key", status=1)
        self.keygen("rsa", "--out", "x.key", "--force")
        self.assertEqual((self.folder / "precious").read_text(), "precious")

    def test_keys(self):
        self.assertRegex(self.keygen("psk"), "^hex:[0-9a-f]{32}\n$")
        self.keygen("psk", "--length", "32", "--out", "k")
        self.assertEqual((self.folder / "k").stat().st_size, 32)
        for bits in ("2048", "4096"):
            (self.folder / "r.pem").write_text(self.keygen("rsa", "--bits", bits))
            self.assertIn(f"{bits} bit", self.openssl("pkey", "-in", "r.pem", "-noout", "-text").splitlines()[0])

    def test_wrong_command_lines(self):
        for arguments in (("rsa", "--bits", "1024"), ("rsa", "--bits", "2047"), ("psk", "--length", "15"), ("ca", "--days", "0"),
                          ("ca", "--for", "alice"), ("ca", "--for", "sip:a\nb@c"), ("cert",), ("cert", ""), ()):
            with self.subTest(arguments):
                self.keygen(*arguments, status=2)
        self.assertEqual(os.listdir(self.folder), [])

    def test_what_cannot_be_done(self):
        self.keygen("cert", ALICE, status=1)  # no CA
        self.keygen("ca", "--dir", "no/such/folder", status=1)
        self.keygen("ca", "--for", ALICE, "--for", "sip:alice@example.net", status=1)  # one file name
        self.keygen("ca", "--for", "sip:ca@example.com", status=1)
        self.keygen("ca", "--for", "sip:../x@example.com", status=1)
        self.assertEqual(os.listdir(self.folder), [])
        self.keygen("ca", "--for", ALICE)
        self.assertIn("not the certificate of a CA", self.keygen("cert", BOB, "--ca", "alice.pem", "--ca-key", "alice.key", status=1))
        self.assertIn("not the private key", self.keygen("cert", BOB, "--ca-key", "alice.key", status=1))
        self.keygen("cert", BOB, "c@example.com", "--also", "d@example.com", status=1)


if __name__ == "__main__":
    unittest.main()
