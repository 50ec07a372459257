"""What the agent makes of requests: wrong ones, hostile ones, and those that do not act."""

import base64
import json
import subprocess
import unittest

from agent_driver import ALICE, BOB, KEY, TOOL, AgentTest, octets

INITIATE = {"id": 7, "op": "initiate", "mode": "psk", "to": BOB}

WRONG_MEMBERS = [  # members of `initiate` and what the refusal must name
    ({"to": None}, "to:"), ({"to": 5}, "to:"), ({"to": ""}, "to:"), ({"mode": "nope"}, "mode:"), ({"mode": None}, "mode:"),
    ({"to": "sip:nobody@example.com"}, "no PSK for sip:nobody@example.com"),
    ({"streams": 5}, "streams:"), ({"streams": [5]}, "streams[0]:"), ({"streams": [{}] * 256}, "streams:"),
    ({"streams": [{}, {"policy": "ROT13"}]}, "streams[1].policy"), ({"streams": [{"policy": 1}]}, "streams[0].policy"),
    ({"streams": [{"ssrc": -1}]}, "streams[0].ssrc"), ({"streams": [{"ssrc": 1.5}]}, "streams[0].ssrc"),
    ({"streams": [{"ssrc": "0x100000000"}]}, "streams[0].ssrc"), ({"streams": [{"ssrc": 2**32}]}, "streams[0].ssrc"),
    ({"streams": [{"ssrc": "12"}]}, "streams[0].ssrc"), ({"streams": [{"ssrc": "0x"}]}, "streams[0].ssrc"),
    ({"streams": [{"roc": 10**30}]}, "streams[0].roc"), ({"streams": [{"roc": True}]}, "streams[0].roc"),
    ({"key_type": "gtgk"}, "key_type"), ({"key_length": 0}, "key_length"), ({"key_length": 1025}, "key_length"),
    ({"key_length": "x"}, "key_length"), ({"key_type": "tek", "key_length": 17}, "length"), ({"with_salt": 1}, "with_salt"),
    ({"key": "0"}, "key:"), ({"key": "zz"}, "key:"), ({"key": ""}, "key:"), ({"key": "00" * 1025}, "key:"),
    ({"key": "0001", "key_length": 3}, "length"), ({"mki": "0"}, "mki"), ({"mki": "00" * 256}, "mki"), ({"mki": 1}, "mki"),
    ({"interval": "0x1"}, "interval"), ({"interval": ["0x01"]}, "interval"), ({"interval": ["01", "02"]}, "interval"),
    ({"interval": ["0x01", 2]}, "interval"), ({"interval": ["0x", "0x"]}, "interval"),
    ({"mki": "01", "interval": ["0x01", "0x02"]}, "interval"),
    ({"extensions": {}}, "extensions"), ({"extensions": [{"type": 1}]}, "extensions[0].data"),
    ({"extensions": [{"data": ""}]}, "extensions[0].type"), ({"extensions": [{"type": 256, "data": ""}]}, "extensions[0].type"),
    ({"extensions": [{"type": 1, "data": "00" * 65536}]}, "extensions[0].data"),
    ({"extensions": [{"type": 1, "data": ""}] * 65}, "extensions"),
    ({"key_ids": [{"type": 0}]}, "key_ids[0].id"), ({"key_ids": [{"type": 0, "id": "00" * 256}]}, "key_ids[0].id"),
    ({"key_ids": [{"type": 0, "id": "00" * 255}] * 256}, "key_ids"),
    ({"csb": "0x01020304"}, "no such CSB"), ({"csb": "x"}, "csb"), ({"csb": [1]}, "csb"), ({"map": "generic"}, "map"),
    ({"no_key": "yes"}, "no_key"), ({"streams": [{"policy": "AES_CM_128_HMAC_SHA1_80"}, {"policy": "AEAD_AES_128_GCM"}],
                                     "with_salt": True}, "with_salt"),
]

WRONG_LINES = [  # lines, the id of the answer, and what the refusal must name
    ("{", None, "JSON"), ("[]", None, "object"), ("5", None, "object"), ('"x"', None, "object"), ("nul", None, "JSON"),
    ('{"id":7}', 7, "op"), ('{"id":7,"op":"dance"}', 7, "op"), ('{"id":7,"op":null}', 7, "op"), ('{"id":7,"op":[]}', 7, "op"),
    ('{"id":7,"id":8,"op":"forget"}', None, '"id" stands twice'), ('{"id":7,"op":"a","op":"b"}', 7, '"op" stands twice'),
    ('{"id":7,"x":{"y":1,"y":2}}', 7, '"y" stands twice'), ('{"id":7,"op":"forget"} x', None, "JSON"),
    ('{"id":7,"op":"forget"}{}', None, "JSON"), ("'id'", None, "JSON"), ('{"id":01}', None, "JSON"), ('{"id":1e999}', None, "range"),
    ('{"id":7,"op":"receive","from":"peer","message":"***"}', 7, "message"), ('{"id":7,"op":"receive"}', 7, "message"),
    ('{"id":7,"op":"receive","message":"QUI"}', 7, "message"), ('{"id":7,"op":"receive","message":"QUJ="}', 7, "message"),
    ('{"id":7,"op":"receive","message":"","from":"me"}', 7, "from"), ('{"id":7,"op":"inspect","message":7}', 7, "message"),
    ('{"id":7,"op":"forget"}', 7, "csb"), ('{"id":7,"op":"forget","csb":"0x1"}', 7, "no such CSB"),
    ('{"id":7,"op":"supply"}', 7, "certificate_url"),
    ('{"id":7,"op":"supply","certificate_url":"http://example.com","certificate":"x"}', 7, "certificate:"),
    ('{"id":7,"op":"supply","certificate_url":"http://example.com"}', 7, "no exchange waits"),
    ('{"id":"a\0b"}', None, "zero"), (b'{"id":"\xff\xfe"}', None, "JSON"), (b"\xef\xbb\xbf", None, "JSON"), (b"\x80", None, "JSON"),
    ("[" * 100000, None, "deep"), ('{"id":7,"x":' + "[" * 64 + "]" * 64 + "}", None, "deep"), ("[" + "0," * 20000 + "0]", None, "values"),
    ("x" * (5 << 20), None, "octets"), ('{"id":7,"op":"' + "x" * (4 << 20) + '"}', None, "octets"),
]


class Requests(AgentTest):
    def test_wrong_members(self):
        alice = self.start("alice", {"policy": {"srtp": ["AES_CM_128_HMAC_SHA1_80", "AEAD_AES_128_GCM"]}})
        for members, name in WRONG_MEMBERS:
            with self.subTest(str(members)[:80]):
                answer = self.assert_refused(alice.raw(json.dumps({**INITIATE, **members})), name)
                self.assertEqual(answer["id"], 7)
        self.assertEqual(alice.initiate()["state"], "waiting")

    def test_wrong_lines(self):
        alice = self.start("alice")
        for line, number, name in WRONG_LINES:
            with self.subTest(str(line)[:80]):
                self.assertEqual(self.assert_refused(alice.raw(line), name)["id"], number)
        self.assertEqual(alice.initiate()["state"], "waiting")
        self.assertEqual(alice.close(), 0)
        self.assertEqual(alice.stderr(), "")

    def test_modes_without_a_configuration_are_refused(self):
        alice = self.start("alice", {"psk": {BOB: {"key": "hex:" + KEY}}})
        for mode, says in (("ibake", "MIKEY-IBAKE is not configured"), ("zrtp", "mode")):
            self.assert_refused(alice.initiate(mode=mode), says)

    def test_ids_are_repeated_as_written(self):
        alice = self.start("alice")
        texts = {"[1, [2]]": "[1,[2]]", '{"id":1, "op":[" , "]}': '{"id":1,"op":[" , "]}'}  # only white space may go
        for text in ("0", "-0", "1.50", "123456789012345678901234567890", "1E5", "null", "true", '"\\u00e9\\n"', '"é"', '"}"',
                     '"\\\\"', '"a\\"id\\":3"', "[]", "{}", *texts):
            for line in ('{"op":"x","id":%s}', '{ "id" : %s , "op":"x"}', '{"x":{"id":99},"\\u0069d":%s}'):
                alice.write((line % text + "\n").encode())
                answer = alice.process.stdout.readline().decode()
                self.assertEqual(answer[:answer.index(',"state":"refused"')], '{"id":' + texts.get(text, text), line)

    def test_lines(self):
        alice = self.start("alice")
        alice.write(b'\n \t\r\n{"id":1,"op":"x"}\r\n{"id":2,')
        self.assertEqual(alice.read()["id"], 1)
        alice.write(b'"op":"x"}\n\n{"id":3,"op":"x"}')
        self.assertEqual(alice.read()["id"], 2)
        alice.process.stdin.close()  # the last line needs no end
        self.assertEqual(alice.read()["id"], 3)
        self.assertEqual(alice.process.stdout.read(), b"")
        self.assertEqual(alice.close(), 0)

    def test_memory_stays_bounded(self):
        alice = self.start("alice")
        alice.raw('{"id":1}')
        block = b"x" * (1 << 20)
        for _ in range(300):
            alice.write(block)
        self.assert_refused(alice.raw("x"), "octets")
        self.assert_refused(alice.raw('{"x":[' + "[]," * 1000000 + "0]}"), "values")
        self.assertLess(alice.peak_memory(), 100 << 10)

    def test_closed_output(self):
        path = self.write(self.config("alice"))
        run = subprocess.run(["bash", "-c", '{ echo {}; sleep 0.2; echo {}; } | { "$0" agent --config "$1"; echo $? >&2; } >&-',
                              TOOL, str(path)], capture_output=True, timeout=60)
        self.assertTrue(run.stderr.endswith(b"1\n"), run.stderr)

    def test_answers_are_utf_8(self):
        bob = self.start("bob", {"psk": {"sip:\x7f": {"key": "hex:00"}}})
        alice = self.start("alice")
        message = bytearray(octets(alice.initiate()["send"][0]["message"]))
        at = message.index(ALICE.encode())
        message[at:at + 4] = b"\xff\xfe\x1b\x80"
        answer = self.assert_failed(bob.receive(bytes(message)), 0)  # the agent's lines are decoded strictly
        self.assertIn("\ufffd", answer["send"][0]["uri"])

    def test_secrets_stay_inside(self):
        alice = self.start("alice", reveal=False)
        key = "a1b2c3d4e5f60718293a4b5c6d7e8f90"
        answers = [alice.initiate(key=key), alice.initiate(key=key + "0"), alice.initiate(key=key, key_length=3),
                   alice.raw('{"id":1,"key":"' + key)]
        self.assertEqual([a["state"] for a in answers], ["waiting", "refused", "refused", "refused"])
        alice.close()
        for text in (json.dumps(answers), alice.stderr()):
            self.assertNotIn(key, text)
            self.assertNotIn(KEY, text)


class Inspecting(AgentTest):
    def test_message(self):
        alice = self.start("alice")
        sent = alice.initiate()
        message = sent["send"][0]["message"]
        answer = alice.ask(op="inspect", message=message)
        self.assertEqual((answer["csb"], "state" in answer, "error" in answer), (sent["csb"], False, False))
        names = [p["name"] for p in answer["message"]["payloads"]]
        self.assertEqual((names[0], names[-1]), ("HDR", "KEMAC"))
        self.assertTrue({"T", "RAND", "ID", "SP"} <= set(names))

    def test_damaged_message(self):
        alice = self.start("alice")
        message = octets(alice.initiate()["send"][0]["message"])
        for n in range(len(message)):
            answer = alice.ask(op="inspect", message=base64.b64encode(message[:n]).decode())
            self.assertEqual(answer["state"], "failed")
            self.assertIsInstance(answer["error"]["offset"], int)
            self.assertLessEqual(answer["error"]["offset"], n)
        self.assertEqual(answer["csb"], "0x" + message[4:8].hex())
        self.assertEqual(alice.ask(op="inspect", message="")["csb"], None)


if __name__ == "__main__":
    unittest.main()
