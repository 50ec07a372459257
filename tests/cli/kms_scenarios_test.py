"""Scenarios of MIKEY-TICKET with real processes: agents, and KMSs that are asked over HTTP (RFC 6043 4, 7 to 10)."""

import base64
import unittest

from agent_driver import ALICE, BOB, KEY
from kms_server import (CAROL, DAVE, ERROR, KEYS, KMS, KMS2, KmsServerTest, ask_once, health)

GROUP = "sip:it@example.com"


class Scenarios(KmsServerTest):
    def keys_of(self, answer):
        return [s["tek"] for s in answer["bundle"]["crypto_sessions"]]

    def to_kms(self, server, agent, answer):
        """Carries the one message for the KMS, and its answer back to the agent."""
        [m] = answer["send"]
        self.assertEqual(m["to"], "kms", answer)
        status, _, body = ask_once(server.addresses[0], base64.b64decode(m["message"]))
        self.assertEqual(status, 200, body)
        return agent.receive(body, "kms")

    def offer(self, server, alice, **request):
        """TRANSFER_INIT of a new ticket."""
        answer = self.to_kms(server, alice, alice.initiate(mode="ticket", **request))
        self.assertEqual([m["to"] for m in answer["send"]], ["peer"], answer)
        return answer["send"][0]["message"]

    def test_one_to_one_in_each_mode(self):
        server = self.serve()
        for mode, seen in ((1, [11, 13, 14, 16, 18, 15]), (2, [11, 13, 14, 15]), (3, [14, 16, 18, 15])):
            with self.subTest(mode):
                agents = {ALICE: self.party("alice", {"mode": mode}), BOB: self.party("bob")}
                last, types = self.call(server, agents)
                self.assert_established(last[ALICE], last[BOB])
                self.assertEqual(types, seen)

    def test_forking_to_three_responders(self):
        """Bob's three devices get the same offer; each resolves it and has a key that the others have not."""
        server = self.serve()
        alice = self.party("alice", {"responders": [BOB, CAROL, DAVE]})
        offer = self.offer(server, alice)
        answers, keys = [], []
        for name in ("bob", "carol", "dave"):
            agent = self.party(name, {"groups": [BOB]})
            answer = self.to_kms(server, agent, agent.receive(offer))
            self.assertEqual(answer["state"], "established", answer)
            answers.append(answer["send"][0]["message"])
            keys.append(self.keys_of(answer))
        self.assertEqual(len({tuple(k) for k in keys}), 3, "each has keys of its own")
        done = alice.receive(answers[1])
        self.assertEqual((done["state"], done["bundle"]["peer"]), ("established", CAROL))
        self.assertEqual(self.keys_of(done), keys[1])

    def test_diversion(self):
        """The call to Bob is diverted to Carol, whom the ticket allows too; Alice learns who answers."""
        server = self.serve()
        alice, carol = self.party("alice", {"responders": [BOB, CAROL]}), self.party("carol", {"groups": [BOB]})
        answer = self.to_kms(server, carol, carol.receive(self.offer(server, alice)))
        self.assertEqual(answer["state"], "established", answer)
        done = alice.receive(answer["send"][0]["message"])
        self.assertEqual((done["state"], done["bundle"]["peer"]), ("established", CAROL))
        self.assertEqual(self.keys_of(done), self.keys_of(answer))

    def test_a_group(self):
        server = self.serve({"ticket": {"groups": {GROUP: [BOB, CAROL]}}})
        alice = self.party("alice")
        offer = self.offer(server, alice, to=GROUP)
        carol = self.party("carol", {"groups": [GROUP]})
        answer = self.to_kms(server, carol, carol.receive(offer))
        self.assertEqual(answer["state"], "established", answer)
        done = alice.receive(answer["send"][0]["message"])
        self.assertEqual((done["state"], done["bundle"]["peer"]), ("established", CAROL))

    def test_who_is_not_of_the_group(self):
        server = self.serve({"ticket": {"groups": {GROUP: [CAROL]}}})
        alice, bob = self.party("alice"), self.party("bob", {"groups": [GROUP]})
        answer = self.to_kms(server, bob, bob.receive(self.offer(server, alice, to=GROUP)))
        self.assert_failed(answer, 0)
        self.assertEqual(self.metric(server, 'mikey_kms_tickets_total{event="resolved"}'), 0)

    def test_an_unauthorised_responder(self):
        server = self.serve()
        alice, carol = self.party("alice"), self.party("carol", {"groups": [BOB]})
        answer = self.to_kms(server, carol, carol.receive(self.offer(server, alice)))
        self.assert_failed(answer, 0)
        self.assertNotIn("bundle", answer)

    def test_deferred_delivery(self):
        """The store has message and media, but the KMS gives it no key; Bob resolves the ticket when he comes."""
        server = self.serve({"clock_skew": 3600})
        alice = self.party("alice", {"flags": "DEHNO"})
        answer = self.to_kms(server, alice, alice.initiate(mode="ticket"))
        self.assertEqual(answer["state"], "established", answer)  # no answer is awaited
        stored = answer["send"][0]["message"]
        store = self.party("carol", {"groups": [BOB]})
        refused = self.to_kms(server, store, store.receive(stored))
        self.assert_failed(refused, 0)
        later = self.start("bob", {"clock_skew": 3600, "psk": {ALICE: None, KMS: {"key": "hex:" + KEYS[BOB]}}, "ticket": {"kms": KMS}}, offset=600)
        got = self.to_kms(server, later, later.receive(stored))
        self.assertEqual((got["state"], got["send"]), ("established", []), got)
        self.assertEqual(self.keys_of(got), self.keys_of(answer))

    def test_reuse_allowed_and_forbidden(self):
        server = self.serve()
        agents = {ALICE: self.party("alice", {"flags": "DEFGHIJLMNO", "reuse": True}), BOB: self.party("bob")}
        first, seen = self.call(server, agents)
        again, seen_again = self.call(server, agents)
        for last in (first, again):
            self.assert_established(last[ALICE], last[BOB])
        self.assertEqual((seen, seen_again), ([11, 13, 14, 16, 18, 15], [14, 15]))
        self.assertNotEqual(self.keys_of(first[BOB]), self.keys_of(again[BOB]))
        # A KMS that does not grant J: every call has a ticket of its own.
        server = self.serve({"ticket": {"drop_flags": "J"}}, name="strict")
        agents = {ALICE: self.party("alice", {"flags": "DEFGHIJLMNO", "reuse": True}, file="alice2"), BOB: self.party("bob", file="bob2")}
        for _ in range(2):
            last, seen = self.call(server, agents)
            self.assert_established(last[ALICE], last[BOB])
            self.assertEqual(seen, [11, 13, 14, 16, 18, 15])

    def two_kms(self, url=None):
        link = {"key": "hex:" + "22" * 16}
        first = self.kms_config({"psk": {KMS2: link}, "ticket": {"trusted_kms": [KMS2]}})
        one = self.serve(config=first, name="kms1")
        second = self.kms_config({"identity": KMS2, "ticket": {"tpk": "hex:" + "11" * 16, "other_kms": [KMS]},
                                  "server": {"kms": {KMS: {"url": url or one.addresses[0], "timeout": 2}}}})
        second["psk"] = {BOB: {"key": "hex:" + KEY}, KMS: link}
        two = self.serve(config=second, name="kms2")
        bob = self.start("bob", {"psk": {ALICE: None, KMS2: {"key": "hex:" + KEY}}, "ticket": {"kms": KMS2}})
        return one, two, bob

    def test_two_kms(self):
        """Bob's KMS asks Alice's about the ticket, by HTTP, while Bob waits for his answer (RFC 6043 10)."""
        one, two, bob = self.two_kms()
        alice = self.party("alice")
        for _ in range(3):
            answer = self.to_kms(two, bob, bob.receive(self.offer(one, alice)))
            self.assertEqual(answer["state"], "established", answer)
            done = alice.receive(answer["send"][0]["message"])
            self.assertEqual((done["state"], self.keys_of(done)), ("established", self.keys_of(answer)))
        self.assertEqual(self.metric(one, 'mikey_kms_tickets_total{event="resolved"}'), 3)
        self.assertEqual(self.metric(one, 'mikey_kms_connections_total{transport="http"}'), 3 + 2 + 1)  # Alice, this test, the KMS

    def test_the_other_kms_refuses(self):
        one, two, bob = self.two_kms()
        alice = self.party("alice", {"responders": [CAROL]})
        bob_asks = bob.receive(self.offer(one, alice, to=CAROL))
        if bob_asks["state"] == "waiting":  # the ticket is not for him, which the other KMS says
            self.assert_failed(self.to_kms(two, bob, bob_asks), 0)
        self.assertEqual(self.metric(one, 'mikey_kms_tickets_total{event="resolved"}'), 0)

    def test_the_other_kms_is_away(self):
        one, two, bob = self.two_kms()
        alice = self.party("alice")
        asks = bob.receive(self.offer(one, alice))
        one.stop()
        status, headers, body = ask_once(two.addresses[0], base64.b64decode(asks["send"][0]["message"]))
        self.assertEqual((status, headers["Retry-After"]), (502, "5"), body)
        two.wait_for_log("another KMS gives no answer")
        self.assertEqual(health(two.addresses[0])[0], 200)

    def test_a_ticket_that_was_changed_on_its_way(self):
        server = self.serve()
        alice, bob = self.party("alice"), self.party("bob")
        offer = bytearray(base64.b64decode(self.offer(server, alice)))
        offer[len(offer) // 2] ^= 1
        answer = bob.receive(bytes(offer))
        if answer["state"] == "waiting":
            answer = self.to_kms(server, bob, answer)
        self.assertEqual(answer["state"], "failed", answer)
        self.assertNotIn("bundle", answer)

    def test_who_the_kms_does_not_know(self):
        server = self.serve()
        mallory = self.start("alice", {"psk": {KMS: {"key": "hex:" + "66" * 16}}, "ticket": {"kms": KMS}}, file="mallory")
        status, _, body = ask_once(server.addresses[0], self.question(mallory))
        self.assertEqual((status, body[1]), (200, ERROR))


if __name__ == "__main__":
    unittest.main()
