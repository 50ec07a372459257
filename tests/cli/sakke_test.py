"""`mikey sakke group`, and `mikey inspect` with keys, from outside: what one makes the other opens, and the messages of a
running product."""

import base64
import json
import os
import pathlib
import subprocess
import tempfile
import unittest

TOOL = os.environ["MIKEY_TOOL"]
ROOT = pathlib.Path(os.environ["MIKEY_SOURCE_DIR"])
GMS, ALICE, BOB = "sip:gms@example.org", "sip:alice@example.org", "sip:bob@example.org"


class Folder(unittest.TestCase):
    """A folder of its own for every test."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def run_mikey(self, *arguments, stdin=b""):
        done = subprocess.run([TOOL, *arguments], input=stdin, capture_output=True, timeout=120, cwd=self.folder,
                              env={**os.environ, "TERM": "xterm"})
        return done.returncode, done.stdout.decode("utf-8"), done.stderr.decode("utf-8")

    def good(self, *arguments, **more):
        status, out, error = self.run_mikey(*arguments, **more)
        self.assertEqual(status, 0, error + out)
        return out

    def refused(self, status, word, *arguments, **more):
        got, out, error = self.run_mikey(*arguments, **more)
        self.assertEqual(got, status, error + out)
        self.assertIn(word, error)

    def write(self, path, content):
        (self.folder / path).write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def opened(self, message, *arguments, status=0):
        """The member "opened" of what `inspect --json` says of a message (base64)."""
        got, out, error = self.run_mikey("inspect", "-", "--json", *arguments, stdin=message.encode())
        self.assertEqual(got, status, out + error)
        return json.loads(out)["opened"]


class Group(Folder):
    def setUp(self):
        super().setUp()
        self.good("kms", "init", "kms.example.org", "--out", "kms")
        made = self.good("kms", "provision", "--master", "kms/sakke-master.json", GMS, ALICE, BOB).split()
        self.gms, self.alice, self.bob = made
        self.common = ["sakke", "group", "--keys", self.gms, "--kms", "kms/kms.json"]

    def lines(self, *arguments, **more):
        return [json.loads(line) for line in self.good(*self.common, *arguments, **more).splitlines()]

    def open_as(self, keys, message, *arguments, **more):
        return self.opened(message, "--keys", keys, "--kms", "kms/kms.json", *arguments, **more)

    def test_one_key_for_all(self):
        sent = self.lines(ALICE, BOB, "--save", "group.json")
        self.assertEqual([s["to"] for s in sent], [ALICE, BOB])
        self.assertNotEqual(sent[0]["csb"], sent[1]["csb"])  # GUK-IDs
        saved = json.loads((self.folder / "group.json").read_text(encoding="utf-8"))
        self.assertEqual((self.folder / "group.json").stat().st_mode & 0o777, 0o600)
        for keys, message in ((self.alice, sent[0]), (self.bob, sent[1])):
            got = self.open_as(keys, message["message"], "--reveal-keys")
            self.assertEqual((got["good"], got["signer"], got["SSV"]), (True, GMS, saved["key"]))
            self.assertTrue(got["signature"].startswith("good (ECCSI"))
            self.assertTrue(got["GMK_ID"].startswith(saved["id"]), got)
        self.assertNotIn(saved["key"], json.dumps(self.open_as(self.alice, sent[0]["message"])))

    def test_only_the_member_opens_it(self):
        sent = self.lines(ALICE)[0]["message"]
        got = self.open_as(self.bob, sent)
        self.assertTrue(got["SSV"].startswith("not opened"), got)
        self.assertTrue(got["good"])  # the signature is, and nothing failed
        self.assertNotIn("SSV", self.opened(sent, "--kms", "kms/kms.json"))

    def test_the_same_key_again(self):
        first = self.lines(ALICE, "--save", "group.json")[0]
        later = self.lines(BOB, "--again", "group.json")[0]
        one, two = self.open_as(self.alice, first["message"]), self.open_as(self.bob, later["message"])
        self.assertEqual((one["SSV"], one["GMK_ID"].split(",")[0]), (two["SSV"], two["GMK_ID"].split(",")[0]))
        self.assertNotEqual(self.open_as(self.bob, self.lines(BOB)[0]["message"])["SSV"], one["SSV"])
        self.refused(1, "exists", *self.common, ALICE, "--save", "group.json")
        self.write("broken.json", "{}")
        self.refused(2, "no group's key", *self.common, ALICE, "--again", "broken.json")
        saved = json.loads((self.folder / "group.json").read_text(encoding="utf-8"))
        self.write("pck.json", json.dumps({**saved, "id": "1" + saved["id"][1:]}))
        self.refused(2, "purpose tag", *self.common, ALICE, "--again", "pck.json")

    def test_key_parameters_and_hiding(self):
        sent = self.lines(ALICE, "--hide", "--text", "shift B", "--group-id", "sip:fire@example.org")[0]["message"]
        self.assertNotIn(b"alice", base64.b64decode(sent))
        got = self.open_as(self.alice, sent)
        self.assertEqual((got["text"], got["groups"], got["activation"], got["expiry"]),
                         ("shift B", ["sip:fire@example.org"], "the time of the message", "never"))
        self.assertTrue(got["signer"].startswith("UID "), got)
        self.assertEqual(self.open_as(self.alice, sent, "--keys", self.gms)["signer"], GMS)

    def test_files(self):
        self.write("members", f"# the group\n{ALICE}\n{BOB} kms.example.org\n")
        self.good(*self.common, "--members", "members", "--out", "messages")
        self.assertEqual(sorted(p.name for p in (self.folder / "messages").iterdir()), ["alice.mikey", "bob.mikey"])
        out = self.good("inspect", "messages/bob.mikey", "--no-hex", "--kms", "kms/kms.xml", "--keys", self.bob)
        self.assertRegex(out, r"(?m)^signature +good ")
        self.refused(1, "exists", *self.common, "--members", "members", "--out", "messages")
        self.good(*self.common, "--members", "members", "--out", "messages", "--force")

    def test_members_of_another_kms(self):
        self.good("kms", "init", "kms.example.com", "--out", "other")
        carol = self.good("kms", "provision", "--master", "other/sakke-master.json", "sip:carol@example.com").strip()
        self.write("members", "sip:carol@example.com kms.example.com\n" + ALICE)
        self.refused(2, "name them with --kms", *self.common, "--members", "members")
        sent = self.lines("--kms", "other/kms.json", "--members", "members")
        got = self.opened(sent[0]["message"], "--kms", "kms/kms.json", "--kms", "other/kms.json", "--keys", carol)
        self.assertEqual((got["good"], got["signer"]), (True, GMS))
        self.assertEqual(got["SSV"], self.open_as(self.alice, sent[1]["message"])["SSV"])

    def test_many_members_in_order(self):
        members = [f"sip:user{n}@example.org" for n in range(120)]
        self.write("members", "\n".join(members))
        status, out, error = self.run_mikey(*self.common, "--members", "members", "--jobs", "4")
        self.assertEqual(status, 0)
        self.assertEqual([json.loads(line)["to"] for line in out.splitlines()], members)
        self.assertRegex(error, r"^120 messages in \d+\.\d s, \d+/s; GMK-ID 0[0-9a-f]{7}, key fingerprint [0-9a-f]{16}\n$")

    def test_tel_uris(self):
        self.good("kms", "init", "kms.example.org", "--scheme", "1", "--out", "monthly")
        me, you = self.good("kms", "provision", "--master", "monthly/sakke-master.json", "tel:+1", "tel:+2").split()
        common = ["sakke", "group", "--keys", me, "--kms", "monthly/kms.json"]
        sent = [json.loads(line) for line in self.good(*common, "tel:+2", "tel:+3").splitlines()]
        self.assertEqual(sent[0]["csb"], sent[1]["csb"])
        got = self.opened(sent[0]["message"], "--keys", you, "--kms", "monthly/kms.json")
        self.assertEqual((got["good"], got["signer"]), (True, "tel:+1"))
        self.assertNotIn("GMK_ID", got)
        self.refused(2, "tel", *common, ALICE)

    def test_what_cannot_be_used(self):
        self.refused(2, "name members", *self.common)
        self.refused(2, "stands twice", *self.common, ALICE, ALICE)
        self.refused(2, "holds no key set", "sakke", "group", "--keys", "kms/kms.json", "--kms", "kms/kms.json", ALICE)
        self.refused(2, "different users", *self.common, "--keys", self.alice, BOB)
        old = self.good("kms", "provision", "--master", "kms/sakke-master.json", GMS, "--period", "1000").strip()
        self.refused(2, "current key period", "sakke", "group", "--keys", old, "--kms", "kms/kms.json", ALICE)
        self.good("kms", "init", "kms.example.org", "--out", "false")
        self.refused(2, "RSK", "sakke", "group", "--keys", self.gms, "--kms", "false/kms.json", ALICE)
        for arguments in (["sakke"], ["sakke", "group"], ["sakke", "group", "--keys", self.gms], [*self.common, "--bogus"]):
            self.assertEqual(self.run_mikey(*arguments)[0], 2, arguments)


class Inspect(Folder):
    """The messages of Streamwide's test vectors."""

    def setUp(self):
        super().setUp()
        self.known = json.loads((ROOT / "vectors/streamwide/mcx.json").read_text(encoding="utf-8"))
        self.keys = ["--kms", self.write("kms.json", json.dumps(self.known["kms"]))]
        for n, user in enumerate(self.known["users"]):
            self.keys += ["--keys", self.write(f"user{n}.json", json.dumps(user))]

    def test_messages_open(self):
        self.assertGreater(len(self.known["messages"]), 1)
        for m in self.known["messages"]:
            kind = m["name"].split()[0]
            got = self.opened(m["message"], *self.keys, "--reveal-keys")
            self.assertTrue(got["good"], got)
            self.assertEqual((got["SSV"], got["signer"]), (m[kind], m["Initiator URI"]))
            self.assertIn(m["Responder URI"], got["opened_with"])
            self.assertTrue(got["key_parameters"].startswith(kind + ", in force"))
            if kind == "GMK":
                self.assertTrue(got["GMK_ID"].startswith(m["GMK-ID"]))

    def test_keys_are_told_on_request_only(self):
        for m in self.known["messages"]:
            key = m[m["name"].split()[0]]
            for form in ([], ["--json"]):
                self.assertNotIn(key, self.good("inspect", m["message"], *self.keys, *form))
        self.refused(2, "--mask-keys", "inspect", self.known["messages"][0]["message"], *self.keys, "--reveal-keys", "--mask-keys")

    def test_every_part_is_checked(self):
        message = base64.b64decode(self.known["messages"][0]["message"])
        seen = set()
        for at in range(10, len(message), 9):
            changed = bytearray(message)
            changed[at] ^= 1
            status, out, _ = self.run_mikey("inspect", "-", "--json", *self.keys, stdin=base64.b64encode(changed))
            got = json.loads(out)
            if got["error"] is None:
                self.assertFalse(got["opened"].get("signature", "").startswith("good"), at)
                self.assertTrue(status == 1 or got["opened"]["signature"].startswith("not checked"), at)
                seen |= {k for k, v in got["opened"].items() if isinstance(v, str) and v.startswith("bad")}
                seen |= {"SSV"} if "does not open" in got["opened"].get("SSV", "") else set()
        self.assertLessEqual({"signature", "SSV", "key_parameters"}, seen)

    def test_contents_of_sakke_and_signature(self):
        fields = json.loads(self.good("inspect", self.known["messages"][0]["message"], "--json"))
        parts = {}
        for p in fields["payloads"]:
            for f in p["fields"]:
                for inside in f.get("fields", []):
                    parts[(p["name"], inside["name"])] = inside
        for key, length in ((("SAKKE", "R"), 257), (("SAKKE", "H"), 16), (("SIGN", "r"), 32), (("SIGN", "s"), 32), (("SIGN", "PVT"), 65)):
            self.assertEqual(parts[key]["length"], length)
        self.assertTrue(parts[("SIGN", "PVT")]["value"].startswith("04"))

    def test_other_messages_are_shown_as_ever(self):
        camera = {m["name"]: m["base64"] for m in json.loads((ROOT / "vectors/field/messages.json").read_text(encoding="utf-8"))}["gortsplib-a"]
        self.assertEqual(self.good("inspect", camera, *self.keys), self.good("inspect", camera))

    def test_usage(self):
        message = self.known["messages"][0]["message"]
        self.refused(2, "--kms", "inspect", message, "--keys", "user0.json")
        self.refused(2, "--kms", "inspect", message, "--reveal-keys")
        self.refused(2, "no key set", "inspect", message, "--kms", "kms.json", "--keys", "kms.json")
        self.refused(2, "no public keys", "inspect", message, "--kms", "user0.json")
        self.write("changed.json", json.dumps({**self.known["users"][0], "SSK": self.known["users"][1]["SSK"]}))
        self.refused(2, "SSK", "inspect", message, "--kms", "kms.json", "--keys", "changed.json")


if __name__ == "__main__":
    unittest.main()
