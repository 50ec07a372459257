"""`mikey kms` from outside: the files it makes, the forms they take, what it refuses, and what it never shows."""

import json
import os
import pathlib
import re
import stat
import subprocess
import tempfile
import unittest

TOOL = os.environ["MIKEY_TOOL"]
ROOT = pathlib.Path(os.environ["MIKEY_SOURCE_DIR"])
KMS = "kms.example.org"
ALICE, BOB = "sip:alice@example.org", "sip:bob@example.org"


class Folder(unittest.TestCase):
    """A folder of its own for every test."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def run_kms(self, *arguments, stdin=b""):
        """Exit status, standard output and standard error of `mikey kms`."""
        done = subprocess.run([TOOL, "kms", *arguments], input=stdin, capture_output=True, timeout=120, cwd=self.folder,
                              env={**os.environ, "TERM": "xterm"})
        return done.returncode, done.stdout.decode("utf-8"), done.stderr.decode("utf-8")

    def good(self, *arguments, **more):
        status, out, error = self.run_kms(*arguments, **more)
        self.assertEqual(status, 0, error + out)
        return out

    def refused(self, status, word, *arguments, **more):
        got, out, error = self.run_kms(*arguments, **more)
        self.assertEqual(got, status, error + out)
        self.assertIn(word, error)
        return error

    def init(self, *arguments):
        return self.good("init", KMS, "--out", "kms", *arguments)

    def provision(self, *arguments, **more):
        return self.good("provision", "--master", "kms/sakke-master.json", *arguments, **more)

    def json(self, path):
        return json.loads((self.folder / path).read_text(encoding="utf-8"))

    def write(self, path, content):
        (self.folder / path).write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def mode(self, path):
        return stat.S_IMODE((self.folder / path).stat().st_mode)


class Init(Folder):
    def test_makes_a_kms(self):
        out = self.init()
        self.assertEqual([line.split()[0] for line in out.splitlines()],
                         ["kms/sakke-master.json", "kms/kms.json", "kms/kms.xml"])
        self.assertEqual(self.mode("kms/sakke-master.json"), 0o600)
        self.assertEqual(self.mode("kms"), 0o700)
        public, master = self.json("kms/kms.json"), self.json("kms/sakke-master.json")
        self.assertEqual((public["kms_uri"], public["params"], public["id_scheme"], public["key_period"]), (KMS, 1, 2, 2592000))
        self.assertEqual(set(master) - set(public), {"z", "KSAK"})
        xml = (self.folder / "kms/kms.xml").read_text(encoding="utf-8")
        self.assertIn(f"<PubEncKey>{public['Z'].upper()}</PubEncKey>", xml)
        for name in ("z", "KSAK"):
            self.assertNotIn(master[name], xml.lower() + json.dumps(public))

    def test_two_kms_differ(self):
        self.init()
        self.good("init", KMS, "--out", "other")
        self.assertNotEqual(self.json("kms/kms.json")["Z"], self.json("other/kms.json")["Z"])

    def test_schemes_and_periods(self):
        self.init("--scheme", "1", "--valid", "2026-11..2027-10")
        public = self.json("kms/kms.json")
        self.assertEqual((public["id_scheme"], public["from"], public["to"]), (1, "2026-11", "2027-10"))
        self.assertNotIn("key_period", public)
        self.assertFalse((self.folder / "kms/kms.xml").exists())
        self.good("init", KMS, "--out", "b", "--period", "86400", "--offset", "3600", "--valid", "46000..46010")
        public = self.json("b/kms.json")
        self.assertEqual((public["key_period"], public["key_period_offset"], public["from"], public["to"]),
                         (86400, 3600, 46000, 46010))

    def test_nothing_is_overwritten_unasked(self):
        self.init()
        before = (self.folder / "kms/sakke-master.json").read_bytes()
        self.refused(1, "--force", "init", KMS, "--out", "kms")
        self.assertEqual((self.folder / "kms/sakke-master.json").read_bytes(), before)
        self.init("--force")
        self.assertNotEqual((self.folder / "kms/sakke-master.json").read_bytes(), before)
        self.assertEqual(self.mode("kms/sakke-master.json"), 0o600)

    def test_usage(self):
        for arguments in (["init"], ["init", "a b"], ["init", ""], ["init", KMS, "--scheme", "3"],
                          ["init", KMS, "--period", "0"], ["init", KMS, "--period", "100", "--offset", "100"],
                          ["init", KMS, "--valid", "yesterday"], ["init", KMS, "--valid", "1600..1500"], [], ["make"]):
            status, out, error = self.run_kms(*arguments)
            self.assertEqual((status, out), (2, ""), arguments)
            self.assertTrue(error.startswith("mikey"), error)
        self.assertEqual(list(self.folder.iterdir()), [])

    def test_a_folder_that_cannot_be(self):
        self.write("file", "")
        self.refused(1, "folder", "init", KMS, "--out", "file/kms")


class Provision(Folder):
    def setUp(self):
        super().setUp()
        self.init()

    def test_key_sets_fit(self):
        out = self.provision(ALICE, BOB, "--period", "1545..1547", "--out", "keys")
        names = [f"keys/{u}-{p}.json" for u in ("alice", "bob") for p in (1545, 1546, 1547)]
        self.assertEqual(out.split(), names)
        for name in names:
            self.assertEqual(self.mode(name), 0o600)
        shown = json.loads(self.good("show", *names, "--kms", "kms/kms.json", "--json"))
        self.assertEqual([t["period"] for t in shown], ["1545", "1546", "1547"] * 2)
        self.assertTrue(all(len(t["good"]) == 1 and not t["bad"] for t in shown))
        self.assertEqual(self.json("keys/bob-1546.json")["uri"], BOB)

    def test_monthly_keys(self):
        self.good("init", KMS, "--scheme", "1", "--out", "monthly")
        out = self.good("provision", "--master", "monthly/sakke-master.json", "tel:+447700900123", "--period", "2026-11..2027-01")
        self.assertEqual(out.split(), [f"447700900123-{m}.json" for m in ("2026-11", "2026-12", "2027-01")])
        self.good("show", *out.split(), "--kms", "monthly/kms.json")
        self.refused(2, "tel", "provision", "--master", "monthly/sakke-master.json", ALICE)
        self.refused(2, "json", "provision", "--master", "monthly/sakke-master.json", "tel:+1", "--format", "xml")

    def test_now(self):
        now = [int(p) for p in re.findall(r"-(\d+)\.json", self.provision(ALICE, "--period", "now..now+2", "--out", "keys"))]
        self.assertEqual(now, [now[0], now[0] + 1, now[0] + 2])
        shown = json.loads(self.good("show", f"keys/alice-{now[0]}.json", f"keys/alice-{now[1]}.json", "--kms", "kms/kms.json", "--json"))
        self.assertNotIn("today", shown[0])
        self.assertEqual(shown[1]["today"], "the period has not begun")

    def test_a_file_of_users(self):
        self.write("users", f"# staff\n\n  {ALICE}  \r\n{BOB}\n")
        self.assertEqual(self.provision("--users", "users", "--period", "1545").split(), ["alice-1545.json", "bob-1545.json"])
        self.provision("--users", "-", "--period", "1545", "--out", "b", stdin=BOB.encode())
        self.assertTrue((self.folder / "b/bob-1545.json").exists())
        self.refused(2, "stands twice", "provision", "--master", "kms/sakke-master.json", "--users", "users", ALICE)
        self.refused(2, "name users", "provision", "--master", "kms/sakke-master.json")
        self.refused(2, "cannot open", "provision", "--master", "kms/sakke-master.json", "--users", "nobody")

    def test_many_users_on_many_threads(self):
        users = [f"sip:user{n}@example.org" for n in range(300)]
        self.write("users", "\n".join(users))
        status, out, error = self.run_kms("provision", "--master", "kms/sakke-master.json", "--users", "users", "--period", "1545",
                                          "--out", "keys", "--jobs", "4")
        self.assertEqual(status, 0)
        self.assertIn("... and 280 files more", out)
        self.assertRegex(error, r"300 key sets in \d+\.\d s, \d+/s, in keys\n$")
        self.assertNotIn("\r", error)  # no bar: this is no terminal
        files = sorted((self.folder / "keys").iterdir())
        self.assertEqual(len(files), 300)
        made = [json.loads(f.read_text(encoding="utf-8")) for f in files]
        self.assertEqual({m["uri"] for m in made}, set(users))
        self.assertEqual(len({m["PVT"] for m in made}), 300)
        self.good("show", *[f"keys/{f.name}" for f in files[::30]], "--kms", "kms/kms.json")

    def test_a_bar_on_a_terminal(self):
        self.write("users", "\n".join(f"sip:user{n}@example.org" for n in range(400)))
        leader, follower = os.openpty()
        with subprocess.Popen([TOOL, "kms", "provision", "--master", "kms/sakke-master.json", "--users", "users", "--out", "keys"],
                              cwd=self.folder, stdout=subprocess.DEVNULL, stderr=follower, stdin=subprocess.DEVNULL) as process:
            os.close(follower)
            shown = b""
            try:
                while chunk := os.read(leader, 4096):
                    shown += chunk
            except OSError:
                pass  # the other end is gone
            os.close(leader)
            self.assertEqual(process.wait(timeout=120), 0)
        self.assertRegex(shown, rb"\r\[#*-*\] +\d+%  \d+ of 400 key sets  \d+/s  \d+ s left")
        self.assertRegex(shown, rb"400 key sets in \d+\.\d s")

    def test_names_that_would_collide(self):
        out = self.provision("sip:alice@a.example", "sip:alice@b.example", BOB, "--period", "1545").split()
        self.assertEqual(len(set(out)), 3)
        self.assertIn("bob-1545.json", out)
        self.assertRegex(out[0], r"^alice-[0-9a-f]{8}-1545\.json$")
        self.assertEqual({self.json(name)["uri"] for name in out}, {"sip:alice@a.example", "sip:alice@b.example", BOB})

    def test_names_stay_in_their_folder(self):
        out = self.provision("sip:../../etc/passwd@example.org", "sip:$(rm -rf)@example.org", "/tmp/x", "--period", "1545", "--out", "keys")
        for name in out.split():
            self.assertRegex(name, r"^keys/[A-Za-z0-9_]+-1545\.json$")

    def test_what_exists_stays(self):
        self.provision(ALICE, "--period", "1545")
        before = (self.folder / "alice-1545.json").read_bytes()
        error = self.refused(1, "alice-1545.json exists", "provision", "--master", "kms/sakke-master.json", BOB, ALICE, "--period", "1545")
        self.assertIn("--skip-existing", error)
        self.assertFalse((self.folder / "bob-1545.json").exists())
        self.provision(BOB, ALICE, "--period", "1545", "--skip-existing")
        self.assertTrue((self.folder / "bob-1545.json").exists())
        self.assertEqual((self.folder / "alice-1545.json").read_bytes(), before)
        self.provision(ALICE, "--period", "1545", "--force")
        self.assertNotEqual((self.folder / "alice-1545.json").read_bytes(), before)
        self.refused(2, "excludes", "provision", "--master", "kms/sakke-master.json", ALICE, "--force", "--skip-existing")
        self.assertEqual([p.name for p in self.folder.iterdir() if p.name.count(".") > 1], [])  # nothing half written

    def test_what_is_not_a_master(self):
        self.provision(ALICE, "--period", "1545")
        self.refused(2, "no master secrets", "provision", "--master", "kms/kms.json", ALICE)
        self.refused(2, "no master secrets", "provision", "--master", "alice-1545.json", ALICE)
        self.refused(2, "cannot open", "provision", "--master", "nothing", ALICE)
        master = self.json("kms/sakke-master.json")
        self.good("init", KMS, "--out", "other")
        self.write("mixed", json.dumps({**master, "Z": self.json("other/kms.json")["Z"]}))
        self.refused(2, "Z: it is not the public key", "provision", "--master", "mixed", ALICE)
        self.write("broken", json.dumps(master)[:-5])
        self.refused(2, "no JSON at octet", "provision", "--master", "broken", ALICE)

    def test_periods_that_are_none(self):
        for period in ("", "then", "2026-11", "now-1", "now+", "now+1x", "1..", "..2", "5..4", "0..100000", "-1", "1.5"):
            self.refused(2, "period", "provision", "--master", "kms/sakke-master.json", ALICE, f"--period={period}")
        self.good("init", KMS, "--out", "short", "--valid", "1545..1546")
        error = self.refused(1, "period", "provision", "--master", "short/sakke-master.json", ALICE, "--period", "1546..1547")
        self.assertIn("not for it", error)


class Xml(Folder):
    def setUp(self):
        super().setUp()
        self.init()
        self.write("trk", bytes(range(32)))
        self.write("ink", "hex:" + "5a" * 32 + "\n")

    def test_plain(self):
        out = self.provision(ALICE, "--period", "1545..1546", "--format", "xml")
        self.assertEqual(out, "alice-1545-1546.xml\n")
        self.assertEqual(self.mode("alice-1545-1546.xml"), 0o600)
        text = (self.folder / "alice-1545-1546.xml").read_text(encoding="utf-8")
        self.assertEqual(text.count("<KmsKeySet "), 2)
        self.assertNotIn("Signature", text)
        self.good("show", "alice-1545-1546.xml", "--kms", "kms/kms.xml")

    def test_wrapped_and_signed(self):
        self.provision(BOB, "--period", "1545", "--format", "xml", "--trk", "trk", "--trk-id", "t1", "--ink", "ink", "--ink-id", "i1")
        shown = json.loads(self.good("show", "bob-1545.xml", "--json"))
        self.assertEqual([shown[0][k] for k in ("signature", "signed_under", "wrapped_under", "uri")],
                         ["not checked: name the key with --ink or --trk", "i1", "t1", BOB])
        keys = ["--trk", "trk", "--ink", "ink"]
        shown = json.loads(self.good("show", "bob-1545.xml", "--json", "--kms", "kms/kms.json", *keys))
        self.assertEqual((shown[0]["signature"], len(shown[0]["good"])), ("verified", 1))
        self.assertEqual(self.good("import", "kms/kms.xml", "bob-1545.xml", "--out", "in", *keys), "in/kms.json\nin/bob-1545.json\n")
        self.assertEqual(self.json("in/kms.json"), self.json("kms/kms.json"))
        self.good("show", "in/bob-1545.json", "--kms", "kms/kms.json")
        self.write("wrong", bytes(32))
        for bad in (["--trk", "wrong", "--ink", "ink"], ["--trk", "trk", "--ink", "wrong"]):
            status, out, _ = self.run_kms("show", "bob-1545.xml", *bad)
            self.assertEqual(status, 1)
            self.assertIn("Auth failure", out)
            self.refused(1, "line ", "import", "kms/kms.xml", "bob-1545.xml", "--out", "bad", *bad)
        self.assertFalse((self.folder / "bad").exists())

    def test_the_names_of_the_wrap(self):
        for how, name in (("pad", "xmlenc11#kw-aes-256-pad"), ("3gpp", "xmlenc#kw-aes256\"")):
            self.provision(BOB, "--period", "1545", "--format", "xml", "--trk", "trk", "--wrap", how, "--out", how)
            self.assertIn(name, (self.folder / how / "bob-1545.xml").read_text(encoding="utf-8"))
            self.good("show", f"{how}/bob-1545.xml", "--kms", "kms/kms.xml", "--trk", "trk")  # signed with the TrK

    def test_changes_are_noticed(self):
        self.provision(BOB, "--period", "1545", "--format", "xml", "--trk", "trk")
        text = (self.folder / "bob-1545.xml").read_text(encoding="utf-8")
        self.write("forged.xml", text.replace(BOB, ALICE))
        status, out, _ = self.run_kms("show", "forged.xml", "--trk", "trk")
        self.assertEqual(status, 1)
        self.assertIn("document was changed", out)
        self.write("dtd.xml", text.replace("<Signed", "<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><Signed", 1))
        status, out, _ = self.run_kms("show", "dtd.xml")
        self.assertEqual(status, 1)
        self.assertIn("DOCTYPE", out)

    def test_keys_of_wrong_sizes_and_places(self):
        self.write("short", bytes(31))
        common = ["provision", "--master", "kms/sakke-master.json", BOB]
        self.refused(2, "32 octets", *common, "--format", "xml", "--trk", "short")
        self.refused(2, "--format xml", *common, "--trk", "trk")
        self.refused(2, "cannot open", *common, "--format", "xml", "--ink", "nothing")
        self.write("tiny", b"12345")
        self.refused(1, "16 to 128 octets", *common, "--format", "xml", "--ink", "tiny")

    def test_import_checks_against_the_kms(self):
        self.provision(BOB, "--period", "1545", "--format", "xml")
        self.refused(1, "name them with --kms", "import", "bob-1545.xml")
        self.good("init", KMS, "--out", "other")
        self.refused(1, "do not fit", "import", "bob-1545.xml", "--kms", "other/kms.json")
        self.refused(1, "JSON already", "import", "kms/kms.json")
        self.good("import", "bob-1545.xml", "--kms", "kms/kms.json")
        self.refused(1, "exists", "import", "bob-1545.xml", "--kms", "kms/kms.json")
        self.good("import", "bob-1545.xml", "--kms", "kms/kms.json", "--force")


class Show(Folder):
    def setUp(self):
        super().setUp()
        self.init()
        self.provision(ALICE, BOB, "--period", "1545")

    def test_no_key_is_ever_shown(self):
        files = ["kms/sakke-master.json", "kms/kms.json", "kms/kms.xml", "alice-1545.json"]
        self.provision(ALICE, "--period", "1545", "--format", "xml")
        files.append("alice-1545.xml")
        secrets = [self.json("kms/sakke-master.json")[k] for k in ("z", "KSAK")]
        secrets += [self.json("alice-1545.json")[k] for k in ("RSK", "SSK")]
        for form in ([], ["--json"]):
            out = self.good("show", *files, "--kms", "kms/kms.json", *form).lower()
            for secret in secrets:
                self.assertNotIn(secret[:10].lower(), out)
                self.assertNotIn(secret[-10:].lower(), out)

    def test_checks(self):
        changes = {"RSK": "RSK", "SSK": "SSK", "PVT": "SSK", "uri": "id", "period": "id"}
        keys = self.json("alice-1545.json")
        bob = self.json("bob-1545.json")
        for member, named in changes.items():
            value = 1546 if member == "period" else bob[member]
            self.write("changed.json", json.dumps({**keys, member: value}))
            status, out, _ = self.run_kms("show", "changed.json", "--kms", "kms/kms.json")
            self.assertEqual(status, 1, member)
            self.assertIn(f"bad:  the keys do not fit: {named}", out)
        self.good("init", "kms.example.com", "--out", "foreign")
        status, out, _ = self.run_kms("show", "alice-1545.json", "--kms", "foreign/kms.json")
        self.assertEqual(status, 1)
        self.assertIn("none of the KMSs given is kms.example.org", out)
        self.good("show", "alice-1545.json", "--kms", "foreign/kms.json", "--kms", "kms/kms.json")

    def test_keys_of_streamwides_kms(self):
        known = json.loads((ROOT / "vectors/streamwide/mcx.json").read_text(encoding="utf-8"))
        self.write("kms.json", json.dumps(known["kms"]))
        for n, user in enumerate(known["users"]):
            self.write(f"user{n}.json", json.dumps(user))
        shown = json.loads(self.good("show", *[f"user{n}.json" for n in range(len(known["users"]))], "--kms", "kms.json", "--json"))
        self.assertTrue(all(t["good"] and not t["bad"] for t in shown))

    def test_what_holds_nothing(self):
        for content in (b"", b"{}", b"[]", b"hello", b"<a/>", b"\x00" * 50, b"{\"RSK\": 1}", b"{\"KPAK\":", b"<",
                        "<KmsResponse xmlns='urn:3gpp:ns:mcsecKMSInterface:1.0'/>".encode()):
            self.write("x", content)
            status, out, error = self.run_kms("show", "x")
            self.assertEqual((status, error), (1, ""), content)
            self.assertIn("bad:  ", out)
        status, out, _ = self.run_kms("show", "nothing", "kms/kms.json")
        self.assertEqual(status, 1)
        self.assertIn("cannot open nothing", out)
        self.assertIn("public keys of a KMS", out)  # one bad file does not hide the others

    def test_control_characters_are_not_printed(self):
        public = self.json("kms/kms.json")
        self.write("x.json", json.dumps({**public, "kms_uri": "kms\x1b[31m\u202e.example"}))
        _, out, error = self.run_kms("show", "x.json", "\x1b[2Jname")
        for character in out + error:
            self.assertTrue(character == "\n" or character.isprintable(), repr(character))

    def test_from_standard_input(self):
        self.assertIn("key set", self.good("show", "-", stdin=(self.folder / "alice-1545.json").read_bytes()))


if __name__ == "__main__":
    unittest.main()
