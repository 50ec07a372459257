"""Runs `mikey agent` for tests: processes, configurations, and the carrying of messages between two parties."""

import base64
import json
import os
import pathlib
import subprocess
import tempfile
import threading
import unittest

TOOL = os.environ["MIKEY_TOOL"]
ALICE, BOB = "sip:alice@example.com", "sip:bob@example.com"
KEY = "00112233445566778899aabbccddeeff"


def toml(table, path=()):
    """A nested dict as TOML text."""
    lines = [f"{json.dumps(k)} = {json.dumps(v)}" for k, v in table.items() if not isinstance(v, dict)]
    for key, value in table.items():
        if isinstance(value, dict):
            where = (*path, json.dumps(key))
            lines += ["[" + ".".join(where) + "]", toml(value, where)]
    return "\n".join(lines) + "\n"


def merged(a, b):
    """`a` with `b` laid over it; None takes a key away."""
    out = dict(a)
    for key, value in b.items():
        if value is None:
            out.pop(key, None)
        else:
            out[key] = merged(out.get(key, {}), value) if isinstance(value, dict) else value
    return out


def octets(text):
    return base64.b64decode(text, validate=True)


class Agent:
    """A running agent. What it writes on standard error is kept in a file."""

    def __init__(self, config, reveal=True, offset=None):
        command = [TOOL, "agent", "--config", str(config)]
        command += ["--reveal-keys"] if reveal else []
        command += ["--time-offset", str(offset)] if offset is not None else []
        self.log = tempfile.TemporaryFile()
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.log)
        self.count = 0

    def write(self, raw):
        self.process.stdin.write(raw)
        self.process.stdin.flush()

    def read(self):
        watchdog = threading.Timer(60, self.process.kill)
        watchdog.start()
        line = self.process.stdout.readline()
        watchdog.cancel()
        if not line.endswith(b"\n"):
            raise AssertionError(f"the agent gave no answer, status {self.process.poll()}: {self.stderr()}")
        return json.loads(line.decode("utf-8"))

    def raw(self, line):
        """The answer to a line given as text or octets."""
        self.write((line if isinstance(line, bytes) else line.encode()) + b"\n")
        return self.read()

    def ask(self, **request):
        self.count += 1
        answer = self.raw(json.dumps({"id": self.count, **request}))
        if answer.get("id") != self.count:
            raise AssertionError(f"the answer has id {answer.get('id')!r}: {answer}")
        return answer

    def initiate(self, to=BOB, mode="psk", **members):
        return self.ask(op="initiate", mode=mode, to=to, **members)

    def receive(self, message, source="peer"):
        message = message if isinstance(message, str) else base64.b64encode(message).decode()
        return self.ask(op="receive", message=message, **{"from": source})

    def stderr(self):
        self.log.seek(0)
        return self.log.read().decode(errors="replace")

    def peak_memory(self):
        """Peak resident memory in KiB."""
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1])

    def close(self):
        """The exit status after the end of input."""
        if not self.process.stdin.closed:
            self.process.stdin.close()
        try:
            status = self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            status = self.process.wait()
        self.process.stdout.close()
        return status


class AgentTest(unittest.TestCase):
    """Gives a test alice and bob, who share a key."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.agents = {}

    def config(self, name, over=None):
        peer = {"alice": BOB, "bob": ALICE}.get(name, BOB)
        return merged({"identity": f"sip:{name}@example.com", "psk": {peer: {"key": "hex:" + KEY}}}, over or {})

    def write(self, table, name="agent.toml"):
        path = self.folder / name
        path.write_text(table if isinstance(table, str) else toml(table))
        return path

    def write_json(self, files):
        """Key files by name."""
        for name, content in files.items():
            self.write(json.dumps(content), name)

    def start(self, name, over=None, file=None, **options):
        """An agent with the configuration of `name`, written to a file of its own when others have that one too."""
        agent = Agent(self.write(self.config(name, over), f"{file or name}.toml"), **options)
        self.addCleanup(agent.log.close)
        self.addCleanup(agent.close)
        self.agents[name] = agent
        return agent

    def pair(self, policy=None, alice=None, bob=None):
        overs = [{**(over or {}), "policy": {**(policy or {}), **(over or {}).get("policy", {})}} for over in (alice, bob)]
        return self.start("alice", overs[0]), self.start("bob", overs[1])

    def exchange(self, first, second, **request):
        """A whole exchange; the bundles of both, and the messages."""
        answer = first.initiate(**request)
        self.assertIn(answer["state"], ("waiting", "established"), answer)
        bundles, messages = {first: answer.get("bundle")}, []
        todo = [(second, m) for m in answer["send"]]
        while todo:
            receiver, message = todo.pop(0)
            self.assertEqual(message["to"], "peer")
            messages.append(message)
            got = receiver.receive(message["message"])
            self.assertIn(got["state"], ("waiting", "established"), got)
            self.assertEqual(got["csb"], answer["csb"])
            bundles[receiver] = got.get("bundle", bundles.get(receiver))
            todo += [(first if receiver is second else second, m) for m in got["send"]]
        mine, theirs = bundles[first], bundles[second]
        self.assertEqual((mine["role"], theirs["role"]), ("initiator", "responder"))
        same = ("csb", "mode", "prf", "crypto_sessions", "tgk")
        self.assertEqual({k: mine.get(k) for k in same}, {k: theirs.get(k) for k in same})
        self.assertEqual(mine["csb"], answer["csb"])
        return mine, theirs, messages

    def assert_failed(self, answer, number):
        self.assertEqual(answer["state"], "failed", answer)
        self.assertEqual(answer["error"]["number"], number, answer)
        self.assertTrue(answer["error"]["name"] and answer["error"]["detail"])
        self.assertNotIn("bundle", answer)
        return answer

    def assert_refused(self, answer, text=""):
        self.assertEqual(answer["state"], "refused", answer)
        self.assertEqual((answer["error"]["number"], answer["error"]["name"]), (None, "request"))
        self.assertIn(text, answer["error"]["detail"])
        return answer
