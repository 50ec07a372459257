"""Runs `mikey-kms serve` for tests, with agents that reach it by HTTP."""

import base64
import http.client
import os
import pathlib
import re
import signal
import socket
import ssl
import subprocess
import tempfile
import threading
import time

from agent_driver import ALICE, BOB, TOOL, AgentTest, merged

KMS_TOOL = str(pathlib.Path(TOOL).parent / "mikey-kms")
KMS, KMS2 = "sip:kms@example.com", "sip:kms2@example.com"
CAROL, DAVE = "sip:carol@example.com", "sip:dave@example.com"
KEYS = {ALICE: "a1" * 16, BOB: "b0" * 16, CAROL: "ca" * 16, DAVE: "da" * 16}
MIKEY = {"Content-Type": "application/mikey"}
REQUEST, REQUEST_RESP, RESOLVE, RESOLVE_RESP, ERROR = 11, 13, 16, 18, 6
# Tests ask from one address, as fast as they can.
NO_LIMITS = {"rate": {"per_address": 0, "per_identity": 0}}


class Server:
    """A running server. `addresses` are the URLs it listens at, in the order of the configuration."""

    def __init__(self, config, count=1, *arguments):
        self.log = tempfile.TemporaryFile()
        self.process = subprocess.Popen([KMS_TOOL, "serve", "--config", str(config), *arguments], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=self.log, text=True)
        watchdog = threading.Timer(60, self.process.kill)
        watchdog.start()
        self.addresses = []
        for _ in range(count):
            line = self.process.stdout.readline()
            if not line.startswith("listening on "):
                raise AssertionError(f"the server does not listen, status {self.process.wait()}: {line}{self.stderr()}")
            self.addresses.append(line.split()[-1])
        watchdog.cancel()

    def stderr(self):
        self.log.seek(0)
        return self.log.read().decode(errors="replace")

    def wait_for_log(self, text, seconds=20):
        """Waits until the log has said `text`."""
        until = time.monotonic() + seconds
        while text not in self.stderr():
            if time.monotonic() > until:
                raise AssertionError(f"the log does not say {text!r}: {self.stderr()}")
            time.sleep(0.02)

    def signal(self, number):
        self.process.send_signal(number)

    def memory(self):
        """Resident memory in KiB."""
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1])

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def stop(self, seconds=30):
        """The exit status after SIGTERM."""
        if self.process.poll() is None:
            self.signal(signal.SIGTERM)
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()
        finally:
            self.process.stdout.close()


def where(url):
    """Host and port of a URL."""
    host, port = re.fullmatch(r"\w+://\[?([^\]]+?)\]?:(\d+)", url).groups()
    return host, int(port)


def connect(url, tls=None, timeout=30):
    """An HTTP connection."""
    host, port = where(url)
    if url.startswith("https"):
        return http.client.HTTPSConnection(host, port, context=tls, timeout=timeout)
    return http.client.HTTPConnection(host, port, timeout=timeout)


def ask(connection, body, headers=None, method="POST", path="/"):
    """Status, headers and body of an answer."""
    connection.request(method, path, body, MIKEY if headers is None else headers)
    answer = connection.getresponse()
    return answer.status, answer.headers, answer.read()


def ask_once(url, *arguments, tls=None):
    """The same over a connection of its own."""
    connection = connect(url, tls)
    try:
        return ask(connection, *arguments)
    finally:
        connection.close()


def health(url):
    """Status, headers and body of /healthz."""
    return ask_once(url, None, {}, "GET", "/healthz")


def raw_exchange(url, octets, timeout=30):
    """All that a server sends back on a plain connection until it closes it."""
    with socket.create_connection(where(url), timeout=timeout) as s:
        s.sendall(octets)
        got = b""
        while more := s.recv(65536):
            got += more
        return got


def framed(s, message):
    """A message over TCP behind its length, and the answer."""
    s.sendall(len(message).to_bytes(2, "big") + message)

    def read(n):
        got = b""
        while len(got) < n:
            more = s.recv(n - len(got))
            if not more:
                raise EOFError("the server has closed the connection")
            got += more
        return got
    return read(int.from_bytes(read(2), "big"))


class KmsServerTest(AgentTest):
    """Gives a test a KMS that knows alice, bob and carol, and agents of theirs that reach it."""

    def kms_config(self, over=None):
        base = {"identity": KMS, "psk": {who: {"key": "hex:" + key} for who, key in KEYS.items()},
                "ticket": {"tpk": "hex:" + "7e" * 32},
                "server": {"listen": ["http://127.0.0.1:0"], "threads": 2, **NO_LIMITS}}
        return merged(base, over or {})

    def serve(self, over=None, name="kms", arguments=(), config=None):
        config = config or self.kms_config(over)
        server = Server(self.write(config, f"{name}.toml"), len(config["server"]["listen"]), *arguments)
        self.addCleanup(server.log.close)
        self.addCleanup(self.stop, server)
        return server

    def stop(self, server):
        """Whatever a test did to it, a server ends as it was told to."""
        self.assertEqual(server.stop(), 0, server.stderr())

    def party(self, name, ticket=None, **options):
        who = f"sip:{name}@example.com"
        return self.start(name, {"psk": {BOB: None, ALICE: None, KMS: {"key": "hex:" + KEYS[who]}},
                                 "ticket": {"kms": KMS, **(ticket or {})}}, **options)

    def connect(self, server, tls=None):
        """A connection that ends with the test."""
        connection = connect(server.addresses[0], tls)
        self.addCleanup(connection.close)
        return connection

    def question(self, agent, **request):
        """An agent's REQUEST_INIT."""
        answer = agent.initiate(mode="ticket", **request)
        self.assertEqual(answer["state"], "waiting", answer)
        return base64.b64decode(answer["send"][0]["message"])

    def tls(self, *names):
        """A CA, and a certificate with its key for each name, an entry of subjectAltName."""
        def openssl(*arguments):
            subprocess.run(["openssl", *arguments], cwd=self.folder, check=True, capture_output=True, timeout=60)
        key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2")
        openssl("req", "-x509", *key, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=Test CA")
        for i, name in enumerate(names):
            openssl("req", "-x509", *key, "-keyout", f"{i}.key", "-out", f"{i}.pem", "-subj", "/CN=test",
                    "-addext", f"subjectAltName={name}", "-addext", "basicConstraints=critical,CA:FALSE",
                    "-CA", "ca.pem", "-CAkey", "ca.key")

    def client_tls(self, ca="ca.pem", own=None):
        context = ssl.create_default_context(cafile=str(self.folder / ca))
        if own is not None:
            context.load_cert_chain(self.folder / f"{own}.pem", self.folder / f"{own}.key")
        return context

    def carry(self, server, agents, first, answer, tls=None):
        """Delivers what `answer` of the agent `first` sends, to the KMS by HTTP and to agents by their names, and what
        comes of it. The last answer of each agent, and the data types of all messages."""
        connection = connect(server.addresses[0], tls)
        last, seen, todo = {first: answer}, [], [(first, m) for m in answer["send"]]
        while todo:
            sender, m = todo.pop(0)
            octets = base64.b64decode(m["message"])
            seen.append(octets[1])
            if m["to"] == "kms":
                status, _, body = ask(connection, octets)
                self.assertEqual(status, 200, body)
                seen.append(body[1])
                last[sender] = agents[sender].receive(body, "kms")
                todo += [(sender, x) for x in last[sender]["send"]]
            else:
                to = m["uri"] if m["uri"] in agents else next(a for a in agents if a != sender)
                last[to] = agents[to].receive(m["message"])
                todo += [(to, x) for x in last[to]["send"]]
        connection.close()
        return last, seen

    def call(self, server, agents, first=ALICE, **request):
        return self.carry(server, agents, first, agents[first].initiate(mode="ticket", **request))

    def assert_established(self, a, b):
        self.assertEqual((a["state"], b["state"]), ("established", "established"), (a.get("error"), b.get("error")))
        self.assertEqual(a["bundle"]["crypto_sessions"], b["bundle"]["crypto_sessions"])
        self.assertEqual(a["bundle"]["tgk"], b["bundle"]["tgk"])

    def metric(self, server, name, url=None):
        """The value of a metric, whose name may have labels."""
        status, _, body = ask_once(url or server.addresses[0], None, {}, "GET", "/metrics")
        self.assertEqual(status, 200)
        return float(re.search("^" + re.escape(name) + r" ([0-9.e+]+)$", body.decode(), re.M).group(1))
