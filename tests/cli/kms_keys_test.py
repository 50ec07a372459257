"""The key services of TS 33.180 on a real server: init, keyprov and certcache, for bearer tokens and client certificates."""

import json
import os
import re
import subprocess
import time
import unittest
import urllib.parse

from agent_driver import ALICE, BOB, TOOL
from kms_server import KmsServerTest, ask, connect

BASE = "/keymanagement/identity/v1/"
TOKENS = {ALICE: "aliceaLICEalice0123", BOB: "bobbob-._~+/bobbob=="}
XML = {"Content-Type": "application/xml"}


def name_of(who):
    return who[len("sip:"):who.index("@")]


def bearer(who):
    return {"Authorization": "Bearer " + TOKENS[who]}


class KeyServices(KmsServerTest):
    def setUp(self):
        super().setUp()
        self.tls("IP:127.0.0.1", f"URI:{ALICE}", "DNS:nobody.example.com")
        self.tool("kms", "init", "kms.example.com", "--out", "kms")
        self.tool("kms", "init", "other.example.com", "--out", "other")
        (self.folder / "tokens").write_text("# who has which token\n\n" + "".join(f"{t} {who}\n" for who, t in TOKENS.items()))
        (self.folder / "alice.trk").write_text("a5" * 32)

    def tool(self, *arguments):
        return subprocess.run([TOOL, *arguments], cwd=self.folder, check=True, capture_output=True, timeout=120, text=True)

    def keys_config(self, **sakke):
        tls = {"certificate": "0.pem", "key": "0.key", "client_ca": "ca.pem", "client_certificate": "optional"}
        return self.kms_config({"server": {"listen": ["https://127.0.0.1:0", "http://127.0.0.1:0"], "tls": tls},
                                "sakke": {"master": "kms/sakke-master.json", "tokens": "tokens", "external": ["other/kms.json"], **sakke}})

    def start_keys(self, **sakke):
        self.server = self.serve(config=self.keys_config(**sakke))

    def post(self, path, headers, body=None, own=None, method="POST"):
        connection = connect(self.server.addresses[0], self.client_tls(own=own))
        try:
            status, got, text = ask(connection, body, headers, method, BASE + path)
            return status, got, text.decode()
        finally:
            connection.close()

    def load(self, xml, user, *arguments):
        """The keys of a response, checked by the tool against the KMS's certificate and written as JSON."""
        (self.folder / "response.xml").write_text(xml)
        self.tool("kms", "import", "response.xml", "--kms", "kms/kms.json", "--out", "imported", "--force", *arguments)
        found = [json.loads(p.read_text()) for p in sorted((self.folder / "imported").glob(f"{user}-*.json"))]
        for p in (self.folder / "imported").iterdir():
            p.unlink()
        return found

    def test_a_user_is_provisioned_and_calls(self):
        """Alice and Bob get their keys over TLS, and a message of one is opened by the other."""
        self.start_keys(ahead=0)
        for who in (ALICE, BOB):
            status, headers, xml = self.post("init", bearer(who))
            self.assertEqual((status, headers["Content-Type"], headers["Cache-Control"]), (200, "application/xml", "no-store"), xml)
            self.assertIn("<KmsUri>kms.example.com</KmsUri>", xml)
            self.assertIn('Role="Root"', xml)
            (self.folder / "init.xml").write_text(xml)
            status, _, xml = self.post("keyprov", bearer(who))
            self.assertEqual(status, 200, xml)
            [keys] = self.load(xml, name_of(who))
            self.assertEqual((keys["uri"], keys["kms_uri"]), (who, "kms.example.com"))
            (self.folder / f"{name_of(who)}-keys.json").write_text(json.dumps(keys))
        self.tool("kms", "import", "init.xml", "--out", "from-init")
        agents = [self.start(name, {"sakke": {"keys": [f"{name}-keys.json"], "kms": ["from-init/kms.json"]}})
                  for name in ("alice", "bob")]
        sent = agents[0].initiate(mode="sakke")
        got = agents[1].receive(sent["send"][0]["message"])
        self.assertEqual(got["state"], "established", got)
        self.assertEqual(got["bundle"]["peer"], ALICE)

    def test_periods(self):
        self.start_keys(ahead=2, behind=1)
        now = int(time.time()) + 2208988800
        period = 2592000
        current = now // period
        _, _, xml = self.post("keyprov/" + urllib.parse.quote(ALICE, safe=""), bearer(ALICE))
        self.assertEqual([int(k["period"]) for k in self.load(xml, "alice")], [current, current + 1, current + 2])
        for number, status in ((current - 1, 200), (current + 2, 200), (current - 2, 403), (current + 3, 403)):
            at = f"{number * period % 2**32:08x}00000000"
            got, _, xml = self.post(f"keyprov/{ALICE}/{at}", bearer(ALICE))
            self.assertEqual(got, status, xml)
            if status == 200:
                self.assertEqual([int(k["period"]) for k in self.load(xml, "alice")], [number])
        for wrong, status in ((f"keyprov/{BOB}", 403), (f"keyprov/{ALICE}/1", 400), (f"keyprov/{ALICE}/" + "g" * 16, 400), ("keyprov/%zz", 403),
                              ("keyprov/%", 403), (f"keyprov/{ALICE}/{'0' * 16}/x", 404), ("init/x", 404)):
            self.assertEqual(self.post(wrong, bearer(ALICE))[0], status, wrong)

    def test_wrapped_and_signed(self):
        self.start_keys(user={ALICE: {"trk": "alice.trk", "trk_id": "trk-1"}}, ahead=0)
        _, _, xml = self.post("keyprov", bearer(ALICE))
        self.assertIn("<SignedKmsResponse", xml)
        self.assertEqual(len(re.findall("<xenc:EncryptedKey", xml)), 3)
        self.assertNotIn("KeyContentType\">0", xml)
        [keys] = self.load(xml, "alice", "--trk", "alice.trk")
        self.assertEqual(keys["uri"], ALICE)

    def test_the_certificates_of_other_kms(self):
        self.start_keys(cache_number=7)
        for path, there in (("certcache", True), ("certcache/6", True), ("certcache/7", False)):
            status, _, xml = self.post(path, bearer(BOB))
            self.assertEqual((status, "<KmsUri>other.example.com</KmsUri>" in xml), (200, there), xml)
            self.assertIn('CacheNum="7"', xml)
        for path, status in (("certcache/x", 400), ("certcache/-1", 400), ("certcache/99999999999999999999", 400), ("certcache/1/2", 404)):
            self.assertEqual(self.post(path, bearer(BOB))[0], status, path)

    def test_who_may_not(self):
        self.start_keys(users=[ALICE])
        for headers, own, status in (({}, None, 401), ({"Authorization": "Bearer " + "x" * 20}, None, 401), ({"Authorization": "Bearer "}, None, 401),
                                     ({"Authorization": "Basic " + TOKENS[ALICE]}, None, 401), (bearer(BOB), None, 403), (bearer(ALICE), None, 200),
                                     ({}, "1", 200), ({}, "2", 401), ({"Authorization": "Bearer wrongwrongwrong00"}, "1", 401)):
            with self.subTest(f"{headers} {own}"):
                got, answered, text = self.post("keyprov", headers, own=own)
                self.assertEqual(got, status, text)
                self.assertEqual("WWW-Authenticate" in answered, status == 401)
        self.assertEqual(self.post("keyprov", {}, method="GET")[0], 405)
        for nothing in ("lookup", "redirect", "cert/x", "", "keyprovision"):
            self.assertEqual(self.post(nothing, bearer(ALICE))[0], 404, nothing)
        plain = connect(self.server.addresses[1])
        self.assertEqual(ask(plain, None, bearer(ALICE), "POST", BASE + "keyprov")[0], 403)
        plain.close()
        self.assertNotIn(TOKENS[ALICE], self.server.stderr())

    def test_requests_in_xml(self):
        self.start_keys(ahead=0)
        request = ('<KmsRequest xmlns="urn:3gpp:ns:mcsecKMSInterface:1.0" Id="xmldoc" Version="1.1.0"><UserUri>%s</UserUri><KmsUri>%s</KmsUri>'
                   '<Time>2026-11-28T00:00:00</Time><ClientReqUrl>https://kms.example.com/x</ClientReqUrl></KmsRequest>')
        headers = {**bearer(ALICE), **XML}
        status, _, xml = self.post("keyprov", headers, request % (ALICE, "kms.example.com"))
        self.assertEqual(status, 200, xml)
        self.assertIn("<ClientReqUrl>https://kms.example.com/x</ClientReqUrl>", xml)
        for body in (request % (BOB, "kms.example.com"), request % (ALICE, "elsewhere"), "<x/>", "nonsense", os.urandom(50), "<!DOCTYPE x>" + request,
                     xml, request[:200]):
            self.assertEqual(self.post("keyprov", headers, body)[0], 400, body)

    def test_wrong_configurations(self):
        def refused(**sakke):
            path = self.write(self.keys_config(**sakke), "bad.toml")
            done = subprocess.run([os.path.join(os.path.dirname(TOOL), "mikey-kms"), "serve", "--check", "--config", str(path)],
                                  capture_output=True, text=True, timeout=60)
            self.assertEqual(done.returncode, 2, done.stderr)
            return done.stderr
        (self.folder / "short").write_text("short sip:x@y\n")
        (self.folder / "twice").write_text(f"{TOKENS[ALICE]} a\n{TOKENS[ALICE]} b\n")
        (self.folder / "nobody").write_text(f"{TOKENS[ALICE]}\n")
        for sakke, key in (({"master": "kms/kms.json"}, "master"), ({"master": "tokens"}, "master"), ({"tokens": "short"}, "tokens: line 1"),
                           ({"tokens": "twice"}, "tokens: line 2"), ({"tokens": "nobody"}, "tokens: line 1"), ({"external": ["tokens"]}, "external"),
                           ({"ahead": -1}, "ahead"), ({"users": "x"}, "users"), ({"user": {ALICE: {"trk": "short"}}}, f'user."{ALICE}".trk')):
            with self.subTest(str(sakke)):
                text = refused(**sakke)
                self.assertIn(f"sakke.{key}", text)
                self.assertNotIn(TOKENS[ALICE], text)


if __name__ == "__main__":
    unittest.main()
