"""`mikey-kms stdio` with [ibake], as a real process: private keys for those who may have them."""

import base64
import json
import os
import pathlib
import subprocess
import time

from agent_driver import ALICE, BOB, AgentTest
from kms_server import MIKEY, KmsServerTest, ask, ask_once, connect
from kms_stdio_test import KMS, KMS_TOOL, Kms

SOURCE = pathlib.Path(os.environ["MIKEY_SOURCE_DIR"])
FILES = json.loads((SOURCE / "vectors/mikey-peer/ibake-files.json").read_text())
REQUESTS = json.loads((SOURCE / "vectors/mikey-peer/ibake-key-requests.json").read_text())
HOME = "sip:alice.home@example.com"


def now_at(time_of_request):
    """Arguments that set a program's clock."""
    return "--time-offset", str(time_of_request - time.time())


class KmsIbakeTest(AgentTest):
    def config(self, **ibake):
        (self.folder / "master.json").write_text(json.dumps(FILES["ibake-master.json"]))
        psk = {r["identity"]: {"key": r["psk"]} for r in REQUESTS}
        return {"identity": KMS, "clock_skew": 3600, "psk": psk, "ticket": {"tpk": "hex:" + "7e" * 32},
                "ibake": {"master": "master.json", **ibake}}

    def kms(self, config, at=REQUESTS[0]["time"]):
        kms = Kms.__new__(Kms)
        path = self.write(config, "kms.toml")
        kms.log = open(self.folder / "kms.log", "wb+")
        kms.process = subprocess.Popen([KMS_TOOL, "stdio", "--config", str(path), *now_at(at)],
                                       stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=kms.log)
        kms.count = 0
        self.addCleanup(kms.log.close)
        self.addCleanup(kms.close)
        return kms

    def test_answers_are_those_of_another_implementation(self):
        kms = self.kms(self.config())
        done = 0
        for r in REQUESTS:
            if r["policy"]:
                continue
            answer = kms.receive(bytes.fromhex(r["request"]))
            self.assertEqual(answer["state"], "answered", answer)
            self.assertEqual(answer["send"][0]["uri"], r["identity"])
            self.assertEqual(base64.b64decode(answer["send"][0]["message"]).hex(), r["answer"])
            self.assertEqual(kms.receive(bytes.fromhex(r["request"]))["error"]["number"], 1)  # a replay
            done += 1
        self.assertGreaterEqual(done, 4)

    def test_further_dates(self):
        kms = self.kms(self.config(ahead=3))
        message = base64.b64decode(kms.receive(bytes.fromhex(REQUESTS[0]["request"]))["send"][0]["message"])
        self.assertGreater(len(message), 4 * 150)

    def test_without_a_master_secret_there_are_no_keys(self):
        config = self.config()
        del config["ibake"]
        answer = self.kms(config).receive(bytes.fromhex(REQUESTS[0]["request"]))
        self.assertEqual((answer["state"], answer["error"]["number"], answer["send"]), ("failed", 11, []))

    def test_configuration(self):
        def run(**ibake):
            path = self.write({**self.config(), "ibake": ibake}, "bad.toml")
            return subprocess.run([KMS_TOOL, "stdio", "--config", str(path)], stdin=subprocess.DEVNULL, capture_output=True,
                                  timeout=60)
        self.write_text("params.json", json.dumps(FILES["ibake-params.json"]))
        self.write_text("wrong.json", json.dumps({**FILES["ibake-master.json"], "masterSecret": "abcdef0123456789"}))
        for ibake, key in (({"master": "missing.json"}, "ibake.master"), ({"master": 5}, "ibake.master"),
                           ({"ahead": 1}, "ibake.master"), ({"master": "params.json"}, "ibake.master"),
                           ({"master": "wrong.json"}, "ibake.master"), ({"master": "master.json", "ahead": -1}, "ibake.ahead"),
                           ({"master": "master.json", "ahead": 1001}, "ibake.ahead"),
                           ({"master": "master.json", "members": []}, "ibake.members"),
                           ({"master": "master.json", "members": {ALICE: "x"}}, f'ibake.members."{ALICE}"'),
                           ({"master": "master.json", "members": {ALICE: [""]}}, f'ibake.members."{ALICE}"')):
            with self.subTest(str(ibake)):
                done = run(**ibake)
                self.assertEqual((done.returncode, done.stdout), (2, b""), done.stderr)
                self.assertIn(f" {key}: expected", done.stderr.decode())
                self.assertNotIn("abcdef", done.stderr.decode())
        good = run(master="master.json", members={ALICE: [HOME], BOB: []}, ahead=1000, more=1)
        self.assertEqual(good.returncode, 0, good.stderr)
        self.assertIn("ibake.more: no such key", good.stderr.decode())
        other = {**self.config(), "identity": "sip:other@example.com"}
        done = subprocess.run([KMS_TOOL, "stdio", "--config", str(self.write(other, "other.toml"))],
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
        self.assertIn("which is not this KMS's identity", done.stderr.decode())

    def write_text(self, name, text):
        (self.folder / name).write_text(text)


class KmsIbakeServerTest(KmsServerTest):
    """The same by HTTP, and what is published."""

    def setUp(self):
        super().setUp()
        (self.folder / "master.json").write_text(json.dumps(FILES["ibake-master.json"]))

    def over(self, ibake=None, server=None):
        psk = {r["identity"]: {"key": r["psk"]} for r in REQUESTS}
        return {"clock_skew": 3600, "psk": psk, "ibake": {"master": "master.json", **(ibake or {})}, "server": server or {}}

    def test_keys_by_http(self):
        server = self.serve(self.over({"ahead": 1}, {"audit": "audit.jsonl"}), arguments=now_at(REQUESTS[0]["time"]))
        connection = self.connect(server)
        request = bytes.fromhex(REQUESTS[0]["request"])
        status, headers, body = ask(connection, request)
        self.assertEqual((status, headers["Content-Type"], body[1]), (200, "application/mikey", 21))
        self.assertEqual(ask(connection, request)[0], 400)  # a replay
        changed = bytearray(bytes.fromhex(REQUESTS[1]["request"]))
        changed[-1] ^= 1
        self.assertEqual(ask(connection, bytes(changed))[2][1], 6)
        name = 'mikey_kms_messages_total{type="request_key_init_psk",result="answered"}'
        self.assertEqual(self.metric(server, name), 1)
        [line] = [json.loads(line) for line in (self.folder / "audit.jsonl").read_text().splitlines()]
        self.assertEqual({k: v for k, v in line.items() if k != "time"},
                         {"event": "keys", "client": REQUESTS[0]["identity"], "identities": [REQUESTS[0]["identity"]],
                          "dates": ["2026-09", "2026-10"]})

    def test_who_asks_too_often_has_to_wait(self):
        server = self.serve(self.over(server={"rate": {"per_address": 0, "per_identity": 1, "identity_burst": 1}}),
                            arguments=now_at(REQUESTS[0]["time"]))
        first, second = [bytes.fromhex(r["request"]) for r in REQUESTS if r["identity"] == ALICE and not r["policy"]][:2]
        began = time.monotonic()
        self.assertEqual(ask_once(server.addresses[0], first)[0], 200)
        status, headers, _ = ask_once(server.addresses[0], second)
        if status != 429:  # a machine so slow that the second is over
            self.assertGreater(time.monotonic() - began, 1)
            return
        self.assertGreater(int(headers["Retry-After"]), 0)

    def test_parameters_are_published_over_tls(self):
        self.tls("DNS:localhost,IP:127.0.0.1")
        server = self.serve(self.over(server={"listen": ["http://127.0.0.1:0", "https://127.0.0.1:0"],
                                              "tls": {"certificate": "0.pem", "key": "0.key"}}))
        plain, secure = server.addresses
        connection = connect(secure, self.client_tls())
        self.addCleanup(connection.close)
        status, headers, body = ask(connection, None, {}, "GET", "/ibake/params")
        self.assertEqual((status, headers["Content-Type"]), (200, "application/ibe-pp-data"))
        der = base64.b64decode(body, validate=True)
        self.assertEqual(int.from_bytes(der[2:4], "big") + 4, len(der))
        self.assertIn(KMS.encode(), der)
        self.assertIn(bytes.fromhex(FILES["ibake-params.json"]["p"]), der)
        status, headers, body = ask(connection, None, {}, "GET", "/ibake/params.json?x=1")
        self.assertEqual((status, headers["Content-Type"]), (200, "application/json"))
        got, want = json.loads(body), FILES["ibake-params.json"]
        self.assertEqual(sorted(got), sorted(want))
        self.assertEqual(int(got["pointPpub"]["x"], 16), int(want["pointPpub"]["x"], 16))
        self.assertNotIn(FILES["ibake-master.json"]["masterSecret"].encode(), body)
        for method, path, expected in (("POST", "/ibake/params", 405), ("HEAD", "/ibake/params", 200), ("GET", "/ibake/", 404),
                                       ("GET", "/ibake/master", 404), ("GET", "/ibake/x/params", 404)):
            with self.subTest(path):
                self.assertEqual(ask(connection, None, MIKEY, method, path)[0], expected)
        self.assertEqual(ask_once(plain, None, {}, "GET", "/ibake/params")[0], 403)

    def test_without_tls_when_it_is_said(self):
        server = self.serve(self.over({"plain_http": True}))
        self.assertEqual(ask_once(server.addresses[0], None, {}, "GET", "/ibake/params")[0], 200)
        without = self.over()
        del without["ibake"]
        self.assertEqual(ask_once(self.serve(without, "plain").addresses[0], None, {}, "GET", "/ibake/params")[0], 404)
