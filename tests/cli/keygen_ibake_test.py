"""`mikey keygen ibake-params` and `ibake-key` from outside: the files, who may read them, and what they say."""

import base64
import json
import os
import pathlib
import re
import time

from keygen_driver import KeygenTest

KMS, ALICE, BOB = "sip:kms@example.com", "sip:alice@example.com", "sip:bob@example.com"
VECTORS = pathlib.Path(os.environ["MIKEY_SOURCE_DIR"]) / "vectors/mikey-peer/ibake-files.json"


class KeygenIbake(KeygenTest):
    def params(self, *arguments, **options):
        return self.keygen("ibake-params", KMS, "--level", "1024", *arguments, **options)

    def read(self, name):
        return json.loads((self.folder / name).read_text())

    def test_a_kms_and_its_users(self):
        made = self.params("--dir", "ibake").split()
        self.assertEqual(made, ["ibake/ibake-master.json", "ibake/ibake-params.json"])
        self.assertEqual(self.mode("ibake/ibake-master.json"), 0o600)
        self.assertEqual(self.mode("ibake/ibake-params.json") & 0o400, 0o400)
        master, params = self.read("ibake/ibake-master.json"), self.read("ibake/ibake-params.json")
        secret = master.pop("masterSecret")
        self.assertEqual(master, params)
        self.assertNotIn(secret, (self.folder / "ibake/ibake-params.json").read_text())
        self.assertEqual((params["kms_uri"], params["version"], params["date_format"], params["hashfcn"]),
                         (KMS, 2, "YYYY-MM", "1.3.14.3.2.26"))
        self.assertEqual((int(params["p"], 16).bit_length(), int(params["q"], 16).bit_length()), (512, 160))
        self.assertEqual(int(params["p"], 16) % 12, 11)
        self.assertEqual((int(params["p"], 16) + 1) % (12 * int(params["q"], 16)), 0)

        month = time.strftime("%Y-%m", time.gmtime())
        made = self.keygen("ibake-key", "--master", "ibake/ibake-master.json", "--dir", "keys", ALICE, BOB).split()
        self.assertIn(made[0], (f"keys/alice-ibake-{month}.json", f"keys/alice-ibake-{time.strftime('%Y-%m', time.gmtime())}.json"))
        self.assertEqual(len(made), 2)
        key = self.read(made[0])
        self.assertEqual((key["kms_uri"], key["identity"]), (KMS, ALICE))
        self.assertEqual(self.mode(made[0]), 0o600)
        x, y, p = int(key["privateKey"]["x"], 16), int(key["privateKey"]["y"], 16), int(params["p"], 16)
        self.assertEqual((y * y - x ** 3 - 1) % p, 0)

    def test_keys_are_those_of_another_implementation(self):
        files = json.loads(VECTORS.read_text())
        (self.folder / "master.json").write_text(json.dumps(files["ibake-master.json"]))
        self.keygen("ibake-key", "--master", "master.json", "--date", "2026-09", ALICE, BOB)
        for name in ("alice-ibake-2026-09.json", "bob-ibake-2026-09.json"):
            ours = self.read(name)
            theirs = files[name]
            for axis in "xy":
                self.assertEqual(int(ours["privateKey"][axis], 16), int(theirs["privateKey"][axis], 16))
            self.assertEqual({**ours, "privateKey": 0}, {**theirs, "privateKey": 0})

    def test_dates(self):
        self.params("--dates", "YYYY-MM-DD")
        made = self.keygen("ibake-key", "--master", "ibake-master.json", "--date", "2028-02-28..2028-03-01", ALICE).split()
        self.assertEqual(made, [f"alice-ibake-2028-{d}.json" for d in ("02-28", "02-29", "03-01")])
        self.assertEqual(len(self.keygen("ibake-key", "--master", "ibake-master.json", "--date", "now..now+2", BOB).split()), 3)
        for wrong in ("2028-02", "2028-02-30", "tomorrow", "now-1", "2028-03-01..2028-02-01", "now..now+1200", "", "now+99999", ".."):
            with self.subTest(wrong):
                self.assertRegex(self.keygen("ibake-key", "--master", "ibake-master.json", "--date", wrong, ALICE, status=1),
                                 "date|end before")

    def test_the_strength_unless_told_otherwise(self):
        self.keygen("ibake-params", KMS)
        params = self.read("ibake-params.json")
        self.assertEqual((int(params["p"], 16).bit_length(), int(params["q"], 16).bit_length()), (1536, 256))
        self.assertEqual(params["hashfcn"], "2.16.840.1.101.3.4.2.1")

    def test_published_form(self):
        self.params("--publish", "params.b64", "--serial", "7", "--days", "365")
        der = base64.b64decode((self.folder / "params.b64").read_text(), validate=False)
        self.assertEqual(der[:2], b"\x30\x82")
        self.assertEqual(int.from_bytes(der[2:4], "big"), len(der) - 4)
        self.assertIn(KMS.encode(), der)
        self.assertEqual(len(re.findall(rb"\x18\x0f\d{14}Z", der)), 2)
        params = self.read("ibake-params.json")
        self.assertEqual(params["serial"], 7)
        self.assertEqual(params["not_after"] - params["not_before"], 365 * 86400 - 1)

    def test_nothing_is_overwritten(self):
        self.params()
        before = (self.folder / "ibake-master.json").read_bytes()
        self.assertIn("exists already", self.params(status=1))
        (self.folder / "other").mkdir()
        (self.folder / "other/ibake-params.json").write_text("mine")
        self.assertIn("exists already", self.params("--dir", "other", status=1))
        self.assertEqual(os.listdir(self.folder / "other"), ["ibake-params.json"])
        self.assertEqual((self.folder / "ibake-master.json").read_bytes(), before)
        self.params("--force")
        self.assertNotEqual((self.folder / "ibake-master.json").read_bytes(), before)
        self.assertEqual(self.mode("ibake-master.json"), 0o600)
        self.keygen("ibake-key", "--master", "ibake-master.json", "--date", "2026-11", ALICE)
        self.assertIn("exists already", self.keygen("ibake-key", "--master", "ibake-master.json", "--date", "2026-11..2026-12",
                                                    ALICE, status=1))
        self.assertFalse((self.folder / "alice-ibake-2026-12.json").exists())

    def test_what_cannot_be_done(self):
        self.assertIn("No such file", self.keygen("ibake-key", "--master", "missing.json", ALICE, status=1))
        (self.folder / "bad.json").write_text('{"kms_uri": "x"}')
        self.assertIn("bad.json: version", self.keygen("ibake-key", "--master", "bad.json", ALICE, status=1))
        files = json.loads(VECTORS.read_text())
        wrong = {**files["ibake-master.json"], "masterSecret": "5"}
        (self.folder / "wrong.json").write_text(json.dumps(wrong))
        self.assertIn("does not belong", self.keygen("ibake-key", "--master", "wrong.json", ALICE, status=1))
        self.keygen("ibake-params", KMS, "--level", "1000", status=2)
        self.keygen("ibake-params", KMS, "--dates", "YYYY", status=2)
        self.keygen("ibake-params", status=2)
        self.keygen("ibake-key", ALICE, status=2)
        (self.folder / "master.json").write_text(json.dumps(files["ibake-master.json"]))
        self.assertIn("two identities", self.keygen("ibake-key", "--master", "master.json", ALICE, "sip:alice@example.org",
                                                    status=1))
