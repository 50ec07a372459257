"""The verbs of `mikey-kms` that administer a store."""

import json
import os
import pathlib
import stat
import subprocess
import tempfile
import unittest

TOOL = str(pathlib.Path(os.environ["MIKEY_TOOL"]).parent / "mikey-kms")
ALICE, BOB, IT = "sip:alice@example.com", "sip:bob@example.com", "sip:it@example.com"


class AdminTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        (self.folder / "kms.toml").write_text('identity = "sip:kms@example.com"\n[store]\nurl = "sqlite:kms.db"\n'
                                              'master_key = "file:master.key"\n')

    def run_tool(self, *arguments, stdin=b"", env=None):
        return subprocess.run([TOOL, *arguments], input=stdin, capture_output=True, timeout=60, cwd=self.folder,
                              env={**os.environ, **(env or {})})

    def do(self, *arguments, stdin=b""):
        """What a command prints; it must succeed, and say nothing on standard error."""
        run = self.run_tool(*arguments, "--config", "kms.toml", stdin=stdin)
        self.assertEqual((run.returncode, run.stderr), (0, b""), arguments)
        return run.stdout.decode()

    def json(self, *arguments):
        return json.loads(self.do(*arguments, "--json"))

    def refused(self, text, *arguments, status=2):
        run = self.run_tool(*arguments, "--config", "kms.toml")
        self.assertEqual((run.returncode, run.stdout), (status, b""), arguments)
        self.assertIn(text, run.stderr.decode())
        self.assertEqual(run.stderr.count(b"\n"), 1, run.stderr)

    def test_init(self):
        self.refused("cannot open", "user", "list")
        out = self.do("init")
        self.assertIn("keep a copy elsewhere", out)
        for name in ("kms.db", "master.key"):
            self.assertEqual(stat.S_IMODE((self.folder / name).stat().st_mode), 0o600)
        key = (self.folder / "master.key").read_text()
        self.assertRegex(key, "^hex:[0-9a-f]{64}\n$")
        self.assertNotIn(key[4:20], out)
        self.assertIn("is ready", self.do("init"))  # again: nothing changes
        self.assertEqual((self.folder / "master.key").read_text(), key)
        self.assertEqual(len(self.json("key", "list")["ticket_keys"]), 1)

    def test_serve_makes_what_is_missing(self):
        """`serve --init`: the README's one command."""
        (self.folder / "tables.toml").write_text('identity = "sip:kms@example.com"\n')
        run = self.run_tool("serve", "--init", "--config", "tables.toml")
        self.assertEqual((run.returncode, run.stdout), (2, b""))
        self.assertIn(b"there is no [store] to make", run.stderr)
        self.assertNotEqual(self.run_tool("serve", "--init", "--check", "--config", "kms.toml").returncode, 0)
        self.assertFalse((self.folder / "kms.db").exists())
        server = subprocess.Popen([TOOL, "serve", "--init", "--config", "kms.toml", "--listen", "http://127.0.0.1:0"],
                                  cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(lambda: server.poll() is None and server.kill())
        self.assertIn(b"listening on http://127.0.0.1:", server.stdout.readline())
        self.assertEqual(self.json("user", "list"), [])
        server.terminate()
        log = server.communicate(timeout=30)[1]
        self.assertIn(b"master.key is the new master key", log)
        self.assertNotIn((self.folder / "master.key").read_bytes()[4:20], log)

    def test_a_master_key_on_a_token(self):
        """An RSA key that never leaves its PKCS#11 token (SoftHSM) opens the store, and nothing else does."""
        module = next(str(p) for p in pathlib.Path("/usr/lib").glob("**/libsofthsm2.so"))
        (self.folder / "tokens").mkdir()
        (self.folder / "softhsm2.conf").write_text(f"directories.tokendir = {self.folder / 'tokens'}\nobjectstore.backend = file\n")
        (self.folder / "pin").write_text("918273\n")
        env = {"SOFTHSM2_CONF": str(self.folder / "softhsm2.conf")}

        def run(*command):
            return subprocess.run(command, cwd=self.folder, check=True, capture_output=True, timeout=60, env={**os.environ, **env})
        run("openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", "kms.key")
        run("softhsm2-util", "--init-token", "--free", "--label", "kms", "--so-pin", "654321", "--pin", "918273")
        run("softhsm2-util", "--import", "kms.key", "--token", "kms", "--label", "master", "--id", "01", "--pin", "918273")
        uri = f"pkcs11:token=kms;object=master;type=private?module-path={module}&pin-source=file:{self.folder / 'pin'}"
        named = ("--store", "sqlite:token.db", "--master-key", uri)
        for arguments in (("init",), ("user", "add", ALICE, "--generate", "--out", "alice.psk"), ("user", "list")):
            done = self.run_tool(*arguments, *named, env=env)
            self.assertEqual((done.returncode, done.stderr), (0, b""), arguments)
        self.assertIn(ALICE.encode(), done.stdout)
        (self.folder / "other.key").write_text("hex:" + "5a" * 32)
        other = self.run_tool("user", "list", "--store", "sqlite:token.db", "--master-key", "file:other.key")
        self.assertEqual((other.returncode, other.stdout), (2, b""))
        (self.folder / "pin").write_text("000000\n")
        wrong = self.run_tool("user", "list", *named, env=env)
        self.assertEqual((wrong.returncode, wrong.stdout), (2, b""))
        self.assertNotIn(b"000000", wrong.stderr)

    def test_which_store(self):
        self.do("init")
        named = ("--store", "sqlite:kms.db", "--master-key")
        for key, env in (("master.key", {}), ("file:master.key", {}), ("env:KMS_KEY", {
                "KMS_KEY": (self.folder / "master.key").read_text()})):
            run = self.run_tool("user", "list", *named, key, env=env)
            self.assertEqual((run.returncode, run.stderr), (0, b""), key)
        (self.folder / "raw.key").write_bytes(os.urandom(32))
        (self.folder / "short.key").write_bytes(b"secret")
        for key, text in (("raw.key", "sealed under the master key"), ("short.key", "32 to 1024"), ("none", "cannot open"),
                          ("env:NO_SUCH", "no such environment"), ("env:HOME", "hexadecimal"),
                          ("pkcs11:token=x", "module-path")):
            with self.subTest(key):
                run = self.run_tool("user", "list", *named, key)
                self.assertEqual((run.returncode, run.stdout), (2, b""))
                self.assertIn(text, run.stderr.decode())
                self.assertNotIn("secret", run.stderr.decode())
        for arguments in (("user", "list"), ("user", "list", "--store", "sqlite:kms.db"),
                          ("user", "list", "--store", "x", "--config", "kms.toml"), ("user",), ("user", "nonsense")):
            with self.subTest(arguments):
                self.assertEqual(self.run_tool(*arguments).returncode, 2)
        away = self.run_tool("user", "list", "--store", "host=/nonexistent dbname=x", "--master-key", "master.key")
        self.assertEqual(away.returncode, 1)
        self.assertIn(b"cannot be reached", away.stderr)
        for text, key in (("", "store"), ("[store]\n", "store.url"), ('[store]\nurl = "sqlite:a"\n', "store.master_key"),
                          ('[store]\nurl = "sqlite:a"\nmaster_key = "a"\n', "store.master_key")):
            with self.subTest(text):
                (self.folder / "bad.toml").write_text('identity = "sip:kms@example.com"\n' + text)
                run = self.run_tool("user", "list", "--config", "bad.toml")
                self.assertEqual(run.returncode, 2)
                self.assertIn(f"{key}: expected", run.stderr.decode())

    def test_users_and_their_keys(self):
        self.do("init")
        self.do("user", "add", ALICE, "--generate", "--out", "alice.psk", "--note", "first floor")
        self.assertEqual(len((self.folder / "alice.psk").read_bytes()), 16)
        self.assertEqual(stat.S_IMODE((self.folder / "alice.psk").stat().st_mode), 0o600)
        revealed = self.do("user", "add", BOB, "--generate", "--length", "32", "--reveal", "--psk-name", "bob's")
        self.assertRegex(revealed, "hex:[0-9a-f]{64}\n")
        self.do("user", "add", "sip:kms2@example.org", "--trusted-kms", "--other-kms", "--disabled")
        users = {u["id"]: u for u in self.json("user", "list")}
        self.assertEqual(users[ALICE]["note"], "first floor")
        self.assertTrue(users[ALICE]["psk"] and users[ALICE]["enabled"])
        self.assertEqual(users[BOB]["psk_name"], "bob's")
        self.assertTrue(users["sip:kms2@example.org"]["trusted_kms"] and users["sip:kms2@example.org"]["other_kms"])
        self.assertFalse(users["sip:kms2@example.org"]["enabled"])
        self.assertIn("first floor", self.do("user", "list"))
        self.assertEqual(len(self.json("user", "list", "sip:a")), 1)

        for arguments, text in ((("add", ALICE), "already"), (("add", "sip:x", "--generate"), "--reveal"),
                                (("add", "sip:x", "sip:y", "--generate", "--reveal"), "one user at a time"),
                                (("add", "sip:x", "--psk-name", "n"), "--psk-name needs"),
                                (("add", "xyz", "--id-type", "bytes"), "no identity of type bytes"),
                                (("psk", ALICE), "--generate"), (("psk", "sip:x", "--psk-file", "alice.psk"), "no user"),
                                (("psk", ALICE, "--psk-file", "/dev/null"), "16 to 255"), (("remove", "sip:x"), "no user"),
                                (("disable", "sip:x"), "no user")):
            with self.subTest(arguments):
                self.refused(text, "user", *arguments)
        # Neither half of two users, nor the file of a key that was not kept.
        self.refused("already", "user", "add", "sip:new@example.com", ALICE)
        self.refused("already", "user", "add", ALICE, "--generate", "--out", "lost.psk")
        self.assertFalse((self.folder / "lost.psk").exists())
        self.refused("exists already", "user", "add", "sip:new@example.com", "--generate", "--out", "alice.psk")
        self.assertEqual(len(self.json("user", "list")), 3)

        self.do("user", "psk", ALICE, "--psk-file", "-", stdin=b"hex:" + b"a1" * 16)
        self.do("user", "disable", ALICE, BOB)
        self.assertFalse(any(u["enabled"] for u in self.json("user", "list")))
        self.do("user", "enable", BOB)
        self.do("user", "psk", BOB, "--remove")
        self.do("user", "remove", ALICE)
        [bob, _] = self.json("user", "list")
        self.assertTrue(bob["enabled"] and not bob["psk"])
        self.assertNotIn(b"\xa1" * 8, (self.folder / "kms.db").read_bytes())

    def test_certificates(self):
        subprocess.run([os.environ["MIKEY_TOOL"], "keygen", "ca", "--dir", "pki", "--for", ALICE], cwd=self.folder, check=True,
                       capture_output=True)
        self.do("init")
        self.do("user", "add", ALICE)
        [shown] = self.json("user", "certificate", ALICE, "pki/alice.pem")
        self.refused("already", "user", "certificate", ALICE, "pki/alice.pem")
        self.refused("kms.toml", "user", "certificate", ALICE, "kms.toml")
        self.assertIn(shown["fingerprint"], self.do("user", "certificate", ALICE))
        self.do("user", "certificate", ALICE, shown["fingerprint"], "--remove")
        self.assertEqual(self.json("user", "certificate", ALICE), [])

    def test_groups_rules_and_policies(self):
        self.do("init")
        self.do("group", "add", IT)
        self.do("group", "join", IT, ALICE, BOB)
        self.do("group", "leave", IT, ALICE)
        self.assertEqual(self.json("group", "list"), {IT: [BOB]})
        self.assertIn(BOB, self.do("group", "list"))
        self.refused("no group", "group", "join", "sip:none", ALICE)
        self.refused("no member", "group", "leave", IT, ALICE)
        self.do("group", "remove", IT)
        rule = self.json("policy", "allow", "call", "sip:*@example.com", "*")["rule"]
        self.do("policy", "deny", "resolve", "*", ALICE)
        self.do("policy", "set", "sip:*@example.com", "--max-lifetime", "60", "--drop-flags", "JL")
        shown = self.json("policy", "list")
        self.assertEqual([(r["allow"], r["kind"], r["who"], r["whom"]) for r in shown["rules"]],
                         [(True, "call", "sip:*@example.com", "*"), (False, "resolve", "*", ALICE)])
        self.assertEqual(shown["policies"], [{"pattern": "sip:*@example.com", "max_lifetime": 60, "drop_flags": "JL"}])
        self.assertIn("deny", self.do("policy", "list"))
        self.do("policy", "remove", str(rule))
        self.do("policy", "unset", "sip:*@example.com")
        for arguments, text in ((("remove", "77"), "no rule"), (("unset", "x"), "no policy"),
                                (("set", "x", "--drop-flags", "A"), "letters D to O"), (("set", ""), "pattern")):
            with self.subTest(arguments):
                self.refused(text, "policy", *arguments)
        for arguments in (("policy", "allow", "sing", "*", "*"), ("policy", "set", "x", "--max-lifetime", "-1"),
                          ("policy", "remove", "x"), ("key", "rotate", "--keep-for", "-2")):
            with self.subTest(arguments):
                self.assertEqual(self.run_tool(*arguments, "--config", "kms.toml").returncode, 2)

    def test_keys(self):
        self.do("init")
        self.do("user", "add", ALICE, "--generate", "--out", "alice.psk")
        self.do("key", "rotate")
        self.do("key", "rotate", "--keep-for", "0")
        self.assertEqual([k["state"] for k in self.json("key", "list")["ticket_keys"]], ["old", "old", "current"])
        (self.folder / "new.key").write_bytes(os.urandom(32))
        self.refused("cannot open", "key", "rotate-master", "--new-master-key", "none.key")
        self.do("key", "rotate-master", "--new-master-key", "new.key")
        self.refused("sealed under the master key", "key", "list")
        os.replace(self.folder / "new.key", self.folder / "master.key")
        self.do("key", "rotate-data")
        self.do("key", "retire")
        self.assertIn("current", self.do("key", "list"))

    def test_audit_of_nothing(self):
        self.do("init")
        ticket = "ab" * 32
        self.assertEqual(self.json("audit", "show", "--client", ALICE, "--since", "7d", "--until", "1", "--ticket", ticket), [])
        self.do("audit", "revoke", ticket, "--reason", "lost telephone")
        self.assertIn("lost telephone", self.do("audit", "revoked"))
        self.assertEqual(self.json("audit", "revoked")[0]["fingerprint"], ticket)
        self.do("audit", "unrevoke", ticket)
        self.assertEqual(self.json("audit", "prune", "--before", "90d"), {"deleted": 0})
        self.refused("no such ticket", "audit", "unrevoke", ticket)
        self.refused("64 hexadecimal digits", "audit", "revoke", "abc")
        for time in ("x", "5x", "d", "-1", "9999999999999"):
            with self.subTest(time):
                self.refused("is no time", "audit", "show", f"--since={time}")

    def test_import(self):
        self.do("init")
        (self.folder / "stdio.toml").write_text(f"""
identity = "sip:kms@example.com"
[psk."{ALICE}"]
key = "hex:{'a1' * 16}"
id = "alice's key"
[psk."{BOB}"]
key = "hex:{'b0' * 16}"
[psk."sip:kms2@example.org"]
key = "hex:{'22' * 16}"
[ticket]
tpk = "hex:{'7e' * 32}"
old_tpk = "hex:{'7d' * 32}"
max_lifetime = 3600
drop_flags = "J"
initiators = ["{ALICE}"]
trusted_kms = ["sip:kms2@example.org"]
[ticket.groups]
"{IT}" = ["{BOB}"]
""")
        self.assertIn("3 users, 1 groups, 2 ticket keys", self.do("import", "stdio.toml"))
        users = {u["id"]: u for u in self.json("user", "list")}
        self.assertEqual(set(users), {ALICE, BOB, "sip:kms2@example.org"})
        self.assertEqual(users[ALICE]["psk_name"], "alice's key")
        self.assertTrue(users["sip:kms2@example.org"]["trusted_kms"])
        self.assertEqual(self.json("group", "list"), {IT: [BOB]})
        policy = self.json("policy", "list")
        self.assertEqual(policy["policies"], [{"pattern": "*", "max_lifetime": 3600, "drop_flags": "J"}])
        self.assertEqual([(r["who"], r["whom"]) for r in policy["rules"]], [(ALICE, "*")])
        self.assertEqual([k["state"] for k in self.json("key", "list")["ticket_keys"]], ["old", "old", "current"])
        self.do("import", "stdio.toml")  # again: the same users
        self.assertEqual(len(self.json("user", "list")), 3)
        (self.folder / "weak.toml").write_text(f'identity = "sip:kms@example.com"\n[psk."{ALICE}"]\nkey = "hex:00"\n'
                                               '[psk."sip:new@example.com"]\nkey = "hex:' + "00" * 16 + '"\n')
        self.refused("16 to 255", "import", "weak.toml")
        self.assertEqual(len(self.json("user", "list")), 3)
        self.refused("missing.toml", "import", "missing.toml")
