"""The modes with certificates and Diffie-Hellman, as an agent's configuration and requests bring them about."""

import subprocess
import unittest

from agent_driver import ALICE, BOB, KEY, AgentTest, merged

URL = "https://example.com/alice.der"


class Modes(AgentTest):
    def setUp(self):
        super().setUp()
        self.certify("ca", "-addext", "basicConstraints=critical,CA:TRUE")
        self.certify("other-ca", "-addext", "basicConstraints=critical,CA:TRUE")
        for name in ("alice", "bob", "dave", "mallory"):
            identity = ALICE if name == "mallory" else f"sip:{name}@example.com"
            issuer = "other-ca" if name == "mallory" else "ca"
            self.certify(name, "-addext", f"subjectAltName=URI:{identity}", "-CA", f"{issuer}.pem", "-CAkey", f"{issuer}.key",
                         "-addext", "basicConstraints=critical,CA:FALSE")

    def certify(self, name, *arguments):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={name}", "-days", "30",
                        "-keyout", f"{name}.key", "-out", f"{name}.pem", *arguments],
                       cwd=self.folder, check=True, capture_output=True)

    def config(self, name, over=None):
        own = {"certificate": {"chain": f"{name}.pem", "key": f"{name}.key", "trust": ["ca.pem"]}}
        if name == "alice":
            own["peers"] = {BOB: {"certificate": "bob.pem"}}
        return super().config(name, merged(own, over or {}))

    def test_every_mode(self):
        for mode in ("pk", "dh", "dhhmac", "rsar"):
            with self.subTest(mode):
                alice, bob = self.pair()
                mine, theirs, _ = self.exchange(alice, bob, mode=mode)
                self.assertEqual((mine["mode"], mine["peer"], theirs["peer"]), (mode, BOB, ALICE))
                again = self.exchange(alice, bob, mode=mode, csb=mine["csb"])[0]
                self.assertEqual(again["csb"], mine["csb"])
                self.assertNotEqual(again["crypto_sessions"][0]["tek"], mine["crypto_sessions"][0]["tek"])

    def test_groups(self):
        alice, bob = self.pair(bob={"policy": {"dh_groups": ["oakley5", "oakley2"]}})
        for group, size in (("oakley2", 256), ("oakley5", 384)):
            self.assertEqual(len(self.exchange(alice, bob, mode="dh", group=group)[0]["tgk"][0]), size)
        answer = self.assert_failed(bob.receive(alice.initiate(mode="dh", group="oakley1")["send"][0]["message"]), 6)
        self.assertEqual(len(answer["send"]), 1)
        self.assert_refused(alice.initiate(mode="dh", group="oakley6"), "group:")
        self.assert_refused(alice.initiate(mode="dh", key_length=20))

    def test_signatures(self):
        for policy in ({"signature_hash": "SHA-256"}, {"signature": "RSA-PSS", "signature_hash": "SHA-512"}):
            with self.subTest(policy):
                self.exchange(*self.pair(policy), mode="dh")

    def test_envelope_keys(self):
        alice, bob = self.pair()
        for cache, kind in (("none", 2), ("cache", 0), ("csb", 0)):  # a cached envelope key makes updates of type 0
            first = self.exchange(alice, bob, mode="pk", cache=cache)[0]
            messages = self.exchange(alice, bob, mode="pk", csb=first["csb"])[2]
            hdr = alice.ask(op="inspect", message=messages[0]["message"])["message"]["payloads"][0]
            self.assertEqual({f["name"]: f["value"] for f in hdr["fields"]}["Data type"], kind)
        self.assert_refused(alice.initiate(mode="pk", cache="maybe"), "cache:")
        self.assert_refused(bob.initiate(ALICE, mode="pk"))  # bob holds no certificate of alice

    def test_a_group_of_the_initiators(self):
        alice, bob = self.pair()
        carol = self.start("bob", {"identity": "sip:carol@example.com"}, "carol")
        server = self.start("alice", {"psk": {"sip:carol@example.com": {"key": "hex:" + KEY}}}, "server")
        wanted = {"mode": "psk", "key": "5a" * 16, "salt": "a5" * 14, "verification": False}
        first = server.initiate(streams=[{"ssrc": "0x1001"}], **wanted)
        self.assertEqual(first["state"], "established", first)
        second = server.initiate("sip:carol@example.com", csb=first["csb"], **wanted)
        self.assertEqual((second["state"], second["csb"]), ("established", first["csb"]), second)
        keys = [first["bundle"]["crypto_sessions"]]
        keys.append(bob.receive(first["send"][0]["message"])["bundle"]["crypto_sessions"])
        keys.append(carol.receive(second["send"][0]["message"])["bundle"]["crypto_sessions"])
        self.assertTrue(all(k == keys[0] for k in keys), keys)
        wanted["key"] = "6b" * 16
        for to, listener in ((BOB, bob), ("sip:carol@example.com", carol)):
            again = server.initiate(to, csb=first["csb"], **wanted)
            got = listener.receive(again["send"][0]["message"])
            self.assertEqual(got["bundle"]["crypto_sessions"], again["bundle"]["crypto_sessions"])
            self.assertNotEqual(got["bundle"]["crypto_sessions"], keys[0])
        self.assert_refused(server.initiate("sip:carol@example.com", mode="psk", csb="0x00000001", key="5a" * 16))
        self.assert_refused(server.initiate(mode="psk", salt="5a"), "salt:")
        self.assert_refused(alice.initiate(mode="psk", key="5a" * 16, salt=""), "salt:")

    def test_who_may_answer(self):
        alice, _ = self.pair()
        dave = self.start("dave", {"certificate": {"chain": "dave.pem", "key": "dave.key", "trust": ["ca.pem"]}})
        for mode in ("dh", "rsar"):
            for accept in (["sip:dave@example.com"], ["sip:eve@example.com"]):
                sent = alice.initiate(mode=mode, accept=accept)
                answer = dave.receive(sent["send"][0]["message"])
                self.assertEqual(answer["state"], "established", answer)
                done = alice.receive(answer["send"][0]["message"])
                if "dave" in accept[0]:
                    self.assertEqual(done["bundle"]["peer"], "sip:dave@example.com")
                else:
                    self.assert_failed(done, 7)
        self.assert_refused(alice.initiate(mode="pk", accept=["sip:dave@example.com"]))
        for wrong in ("sip:dave@example.com", [5], [""], ["sip:x@example.com"] * 65):
            self.assert_refused(alice.initiate(mode="dh", accept=wrong), "accept:")

    def test_group_key(self):
        group = {"group_csb": "0x01020304", "group_key": "hex:" + "5a" * 16}
        alice, bob = self.pair(bob={"rsar": group})
        sent = alice.initiate(mode="rsar", group_mode=True)
        answer = bob.receive(sent["send"][0]["message"])
        self.assertEqual(answer["state"], "established", answer)
        done = alice.receive(answer["send"][0]["message"])
        self.assertEqual((done["state"], done["bundle"]["tgk"]), ("established", ["5a" * 16]), done)

    def test_who_is_not_trusted(self):
        bob = self.start("bob")
        mallory = self.start("alice", {"certificate": {"chain": "mallory.pem", "key": "mallory.key"}})
        for mode in ("pk", "dh", "rsar"):
            answer = self.assert_failed(bob.receive(mallory.initiate(mode=mode)["send"][0]["message"]), 8)
            self.assertNotIn("bundle", answer)
        bob = self.start("bob", {"certificate": {"exclude": ["*@example.com"]}})
        alice = self.start("alice")
        self.assert_failed(bob.receive(alice.initiate(mode="dh")["send"][0]["message"]), 8)

    def need(self, bob, alice):
        answer = bob.receive(alice.initiate(mode="dh")["send"][0]["message"])
        self.assertEqual((answer["state"], answer["need"]), ("waiting", {"certificate_url": URL}), answer)
        return answer

    def test_certificates_by_url(self):
        alice, bob = self.pair(alice={"certificate": {"url": URL}})
        needs = [self.need(bob, alice), self.need(bob, alice)]
        pem = (self.folder / "alice.pem").read_text()
        self.assert_refused(bob.ask(op="supply", certificate_url=URL + "x", certificate=pem), "no exchange waits")
        self.assert_refused(bob.ask(op="supply", certificate_url=URL, certificate="-----BEGIN CERTIFICATE-----"), "certificate:")
        answer = bob.ask(op="supply", certificate_url=URL, certificate=pem)
        answers = [answer, *answer["more"]]
        self.assertEqual([a["state"] for a in answers], ["established"] * 2)
        self.assertEqual({a["csb"] for a in answers}, {n["csb"] for n in needs})
        for a in answers:
            done = alice.receive(a["send"][0]["message"])
            self.assertEqual((done["state"], done["bundle"]["tgk"]), ("established", a["bundle"]["tgk"]))

    def test_certificates_that_cannot_be_fetched(self):
        alice, bob = self.pair(alice={"certificate": {"url": URL}})
        self.need(bob, alice)
        self.assert_failed(bob.ask(op="supply", certificate_url=URL, certificate=None), 8)
        self.need(bob, alice)
        wrong = (self.folder / "mallory.pem").read_text()
        self.assertEqual(bob.ask(op="supply", certificate_url=URL, certificate=wrong)["state"], "failed")


if __name__ == "__main__":
    unittest.main()
