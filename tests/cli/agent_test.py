"""Two agents against one another: every option of the pre-shared key mode, updates, and what must fail."""

import base64
import unittest

from agent_driver import ALICE, BOB, KEY, AgentTest, octets

SUITES = {  # octets of master key and salt
    "AES_CM_128_HMAC_SHA1_80": (16, 14), "AES_CM_128_HMAC_SHA1_32": (16, 14), "AES_192_CM_HMAC_SHA1_80": (24, 14),
    "AES_192_CM_HMAC_SHA1_32": (24, 14), "AES_256_CM_HMAC_SHA1_80": (32, 14), "AES_256_CM_HMAC_SHA1_32": (32, 14),
    "F8_128_HMAC_SHA1_80": (16, 14), "NULL_HMAC_SHA1_80": (16, 14), "AEAD_AES_128_GCM": (16, 12),
    "AEAD_AES_256_GCM": (32, 12), "SEED_CTR_128_HMAC_SHA1_80": (16, 14), "SEED_128_CCM_80": (16, 12),
    "SEED_128_GCM_96": (16, 12)}


class Establishing(AgentTest):
    def test_default_exchange(self):
        mine, theirs, messages = self.exchange(*self.pair())
        self.assertEqual(len(messages), 2)
        self.assertEqual([m["uri"] for m in messages], [BOB, ALICE])
        self.assertEqual((mine["peer"], theirs["peer"], mine["mode"], mine["prf"]), (BOB, ALICE, "psk", "MIKEY-1"))
        [session] = mine["crypto_sessions"]
        self.assertEqual({k: session[k] for k in ("cs_id", "protocol", "roc", "policy_no", "suite", "mki", "valid_from", "valid_to")},
                         {"cs_id": 1, "protocol": "SRTP", "roc": 0, "policy_no": 0, "suite": "AES_CM_128_HMAC_SHA1_80",
                          "mki": "", "valid_from": None, "valid_to": None})
        self.assertRegex(session["ssrc"], "^0x[0-9a-f]{8}$")
        self.assertNotEqual(session["ssrc"], "0x00000000")
        self.assertEqual((len(session["tek"]), len(session["salt"]), len(mine["tgk"][0])), (32, 28, 32))
        self.assertNotIn("extensions", mine)

    def test_keys_are_hidden_by_default(self):
        alice, bob = self.start("alice", reveal=False), self.start("bob")
        _, theirs, messages = self.exchange_hidden(alice, bob)
        mine = alice.receive(messages[1]["message"])["bundle"]
        self.assertNotIn("tgk", mine)
        self.assertFalse({"tek", "salt"} & set(mine["crypto_sessions"][0]))
        self.assertEqual(mine["crypto_sessions"][0]["ssrc"], theirs["crypto_sessions"][0]["ssrc"])
        alice.close()
        self.assertEqual(alice.stderr(), "")

    def exchange_hidden(self, alice, bob):
        sent = alice.initiate()
        got = bob.receive(sent["send"][0]["message"])
        return sent, got["bundle"], sent["send"] + got["send"]

    def test_every_suite(self):
        for name, (key, salt) in SUITES.items():
            with self.subTest(name):
                [session] = self.exchange(*self.pair({"srtp": [name]}))[0]["crypto_sessions"]
                self.assertEqual((session["suite"], len(session["tek"]) // 2, len(session["salt"]) // 2), (name, key, salt))

    def test_f8_alias(self):
        [session] = self.exchange(*self.pair({"srtp": ["F8"]}))[0]["crypto_sessions"]
        self.assertEqual(session["suite"], "F8_128_HMAC_SHA1_80")

    def test_streams(self):
        alice, bob = self.pair({"srtp": list(SUITES)[:3]})
        streams = [{"ssrc": "0x11223344", "roc": 5}, {"policy": "AES_192_CM_HMAC_SHA1_80"}, {"ssrc": 7, "roc": "0xffffffff"}]
        s = self.exchange(alice, bob, streams=streams, with_salt=None)[0]["crypto_sessions"]
        self.assertEqual([x["cs_id"] for x in s], [1, 2, 3])
        self.assertEqual([(s[0]["ssrc"], s[0]["roc"]), (s[2]["ssrc"], s[2]["roc"])], [("0x11223344", 5), ("0x00000007", 2**32 - 1)])
        self.assertEqual([x["suite"] for x in s], [list(SUITES)[0], "AES_192_CM_HMAC_SHA1_80", list(SUITES)[0]])
        self.assertEqual(len({x["tek"] for x in s}), 3)
        self.assertEqual(len(self.exchange(alice, bob, streams=[{}] * 255)[0]["crypto_sessions"]), 255)
        self.assertEqual(self.exchange(alice, bob, streams=[])[0]["crypto_sessions"], [])

    def test_keys(self):
        alice, bob = self.pair()
        for length in (1, 16, 33, 1024):
            self.assertEqual(len(self.exchange(alice, bob, key_length=length)[0]["tgk"][0]), 2 * length)
        given = "000102030405060708090a0b0c0d0e0f"
        self.assertEqual(self.exchange(alice, bob, key=given, with_salt=False)[0]["tgk"], [given])
        bundle = self.exchange(alice, bob, key=given, key_type="tek", with_salt=False, mki="0a0b")[0]
        [session] = bundle["crypto_sessions"]
        self.assertEqual((session["tek"], session["salt"], session["mki"], bundle["tgk"]), (given, "00" * 14, "0a0b", []))
        [session] = self.exchange(alice, bob, key_type="tek", key_length=16)[0]["crypto_sessions"]
        self.assertNotEqual(session["salt"], "00" * 14)

    def test_validity(self):
        alice, bob = self.pair()
        [session] = self.exchange(alice, bob, interval=["0x000000000010", "0xffffffffffff"])[0]["crypto_sessions"]
        self.assertEqual((session["valid_from"], session["valid_to"], session["mki"]), ("0x000000000010", "0xffffffffffff", ""))

    def test_extensions_and_key_ids(self):
        mine, theirs, _ = self.exchange(*self.pair(), extensions=[{"type": 0, "data": "deadbeef"}, {"type": 1, "data": "00"}],
                                        key_ids=[{"type": 0, "id": "0102"}, {"type": 1, "id": "03040506"}])
        self.assertEqual(theirs["extensions"], [{"type": 0, "data": "deadbeef"}, {"type": 1, "data": "00"}])
        self.assertEqual(theirs["key_ids"], [{"type": 0, "id": "0102"}, {"type": 1, "id": "03040506"}])

    def test_empty_map(self):
        mine, theirs, _ = self.exchange(*self.pair(), map="empty", key_ids=[{"type": 1, "id": "01020304"}])
        self.assertEqual((theirs["crypto_sessions"], len(theirs["tgk"])), ([], 1))

    def test_algorithms(self):
        for policy in ({"prf": "HMAC-SHA-256", "kemac_mac": "HMAC-SHA-256-256"}, {"kemac_encryption": "AES-KW-128"},
                       {"kemac_encryption": "AES-CM-256"}, {"request_verification": False},
                       {"kemac_encryption": "NULL", "kemac_mac": "NULL", "allow_null": True}):
            with self.subTest(policy):
                mine, _, messages = self.exchange(*self.pair(policy))
                self.assertEqual(mine["prf"], policy.get("prf", "MIKEY-1"))
                self.assertEqual(len(messages), 2 if policy.get("request_verification", True) else 1)

    def test_of_a_list_the_first_is_sent_and_all_are_accepted(self):
        prf = ["HMAC-SHA-256", "MIKEY-1"]
        alice, bob = self.pair(alice={"policy": {"prf": prf}}, bob={"policy": {"prf": prf[::-1]}})
        self.assertEqual(self.exchange(alice, bob)[0]["prf"], "HMAC-SHA-256")
        self.assertEqual(self.exchange(bob, alice, to=ALICE)[0]["prf"], "MIKEY-1")

    def test_identities(self):
        for kind, a, b in (("nai", "alice@example.com", "bob@example.com"), ("bytes", "a1a1", "b0b0")):
            with self.subTest(kind):
                alice, bob = self.pair(alice={"identity": a, "id_type": kind, "psk": {b: {"key": "hex:" + KEY}}},
                                       bob={"identity": b, "id_type": kind, "psk": {a: {"key": "hex:" + KEY}}})
                mine, theirs, messages = self.exchange(alice, bob, to=b)
                self.assertEqual((mine["peer"], theirs["peer"], messages[0]["uri"]), (b, a, b))

    def test_interleaved(self):
        alice, bob = self.pair()
        sent = [alice.initiate() for _ in range(5)]
        self.assertEqual(len({a["csb"] for a in sent}), 5)
        answers = [bob.receive(a["send"][0]["message"]) for a in sent]
        for a, r in reversed(list(zip(sent, answers))):
            i = alice.receive(r["send"][0]["message"])
            self.assertEqual((i["csb"], i["bundle"]["tgk"]), (a["csb"], r["bundle"]["tgk"]))


class Updating(AgentTest):
    def test_by_both_sides(self):
        alice, bob = self.pair()
        first = self.exchange(alice, bob)[0]
        seen = {first["crypto_sessions"][0]["tek"]}
        for one, other, to in ((alice, bob, BOB), (bob, alice, ALICE), (alice, bob, BOB)):
            b = self.exchange(one, other, to=to, csb=first["csb"])[0]
            self.assertEqual((b["csb"], b["crypto_sessions"][0]["ssrc"]), (first["csb"], first["crypto_sessions"][0]["ssrc"]))
            self.assertNotIn(b["crypto_sessions"][0]["tek"], seen)
            seen.add(b["crypto_sessions"][0]["tek"])

    def test_keeping_the_key(self):
        alice, bob = self.pair({"srtp": list(SUITES)[:2]})
        first = self.exchange(alice, bob, streams=[{"ssrc": "0x5"}])[0]
        more = self.exchange(alice, bob, csb=first["csb"], no_key=True,
                             streams=[{"ssrc": "0x5"}, {"ssrc": "0x6", "policy": list(SUITES)[1]}])[0]["crypto_sessions"]
        self.assertEqual([s["suite"] for s in more], list(SUITES)[:2])
        self.assertEqual(more[0]["tek"], first["crypto_sessions"][0]["tek"])
        self.assert_refused(alice.initiate(no_key=True))

    def test_a_failed_update_keeps_the_bundle(self):
        alice, bob = self.pair()
        first = self.exchange(alice, bob)[0]
        update = bytearray(octets(alice.initiate(csb=first["csb"])["send"][0]["message"]))
        update[-1] ^= 1
        self.assert_failed(bob.receive(bytes(update)), 0)
        self.assertEqual(self.exchange(alice, bob, csb=first["csb"])[0]["csb"], first["csb"])

    def test_forgotten_and_unknown(self):
        alice, bob = self.pair()
        csb = self.exchange(alice, bob)[0]["csb"]
        self.assertEqual(alice.ask(op="forget", csb=csb), {"id": alice.count, "csb": csb, "send": [], "state": "forgotten"})
        self.assert_refused(alice.initiate(csb=csb), "no such CSB")
        self.assert_refused(alice.ask(op="forget", csb=csb), "no such CSB")
        update = bob.initiate(to=ALICE, csb=csb)
        self.assert_failed(alice.receive(update["send"][0]["message"]), 12)


class Failing(AgentTest):
    def test_wrong_key_is_told_to_the_peer(self):
        alice, bob = self.pair(bob={"psk": {ALICE: {"key": "hex:ff"}}})
        sent = alice.initiate()
        answer = self.assert_failed(bob.receive(sent["send"][0]["message"]), 0)
        self.assertIsInstance(answer["error"]["offset"], int)
        [error] = answer["send"]
        told = alice.receive(error["message"])  # it cannot be authentic, so it is no more than a hint
        self.assertNotEqual(told["state"], "established")

    def test_no_key_for_the_sender(self):
        alice, bob = self.pair(bob={"psk": {ALICE: None, "sip:carol@example.com": {"key": "hex:00"}}})
        self.assert_failed(bob.receive(alice.initiate()["send"][0]["message"]), 0)

    def test_replay(self):
        alice, bob = self.pair()
        _, _, messages = self.exchange(alice, bob)
        for _ in range(2):
            answer = self.assert_failed(bob.receive(messages[0]["message"]), 1)
            self.assertEqual(answer["send"], [])
        self.assert_failed(alice.receive(messages[1]["message"]), 12)

    def test_clocks(self):
        bob = self.start("bob", {"clock_skew": 100})
        for offset, good in ((-90, True), (90, True), (-130, False), (130, False), (-86400 * 400, False)):
            alice = self.start("alice", offset=offset)
            answer = bob.receive(alice.initiate()["send"][0]["message"])
            self.assertEqual(answer["state"], "established" if good else "failed", (offset, answer))
            if not good:
                self.assert_failed(answer, 1)

    def test_policy_that_is_not_accepted(self):
        alice, bob = self.pair(alice={"policy": {"srtp": ["AEAD_AES_128_GCM"]}}, bob={"policy": {"srtp": list(SUITES)[:2]}})
        answer = self.assert_failed(bob.receive(alice.initiate()["send"][0]["message"]), 10)
        told = self.assert_failed(alice.receive(answer["send"][0]["message"]), 10)
        self.assertEqual(told["error"]["supported"], list(SUITES)[:2])

    def test_message_for_another(self):
        alice, bob = self.pair(alice={"psk": {"sip:carol@example.com": {"key": "hex:" + KEY}}})
        self.assert_failed(bob.receive(alice.initiate("sip:carol@example.com")["send"][0]["message"]), 7)

    def test_damage_and_then_the_genuine_message(self):
        alice, bob = self.pair()
        sent = alice.initiate()
        message = octets(sent["send"][0]["message"])
        for n in range(len(message)):
            self.assertEqual(bob.receive(message[:n])["state"], "failed")
            self.assertEqual(bob.receive(message[:n] + bytes([message[n] ^ 0x10]) + message[n + 1:])["state"], "failed")
        answer = bob.receive(message)
        self.assertEqual(answer["state"], "established")
        response = octets(answer["send"][0]["message"])
        self.assertEqual(alice.receive(response[:-1] + bytes([response[-1] ^ 1]))["state"], "failed")
        self.assertEqual(alice.receive(response)["state"], "established")

    def test_null_protection_needs_consent(self):
        null = {"kemac_encryption": "NULL", "kemac_mac": "NULL"}
        alice, bob = self.pair(alice={"policy": {**null, "allow_null": True}})
        self.assertEqual(bob.receive(alice.initiate()["send"][0]["message"])["state"], "failed")
        self.assert_refused(self.start("alice", {"policy": null}).initiate())

    def test_garbage(self):
        bob = self.start("bob")
        for message in (b"", b"\1", bytes(300), b"\xff" * 300, bytes(range(256)) * 256):
            self.assertEqual(bob.receive(base64.b64encode(message).decode())["state"], "failed")


if __name__ == "__main__":
    unittest.main()
