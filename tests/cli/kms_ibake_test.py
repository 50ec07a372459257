"""`mikey-kms stdio` with [ibake], as a real process: private keys for those who may have them."""

import base64
import json
import os
import pathlib
import subprocess
import time

from agent_driver import ALICE, BOB, TOOL, AgentTest
from kms_stdio_test import KMS, KMS_TOOL, Kms

SOURCE = pathlib.Path(os.environ["MIKEY_SOURCE_DIR"])
FILES = json.loads((SOURCE / "vectors/mikey-peer/ibake-files.json").read_text())
REQUESTS = json.loads((SOURCE / "vectors/mikey-peer/ibake-key-requests.json").read_text())
HOME = "sip:alice.home@example.com"


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
        kms.process = subprocess.Popen([KMS_TOOL, "stdio", "--config", str(path), "--time-offset", str(at - time.time())],
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
