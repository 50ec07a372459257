"""`mikey-kms serve` as a process: HTTP, TLS, UDP and TCP, every status, and what it says of itself."""

import json
import os
import socket
import ssl
import subprocess
import time
import unittest

from agent_driver import ALICE, BOB
from kms_server import (ERROR, KMS_TOOL, REQUEST_RESP, KmsServerTest, ask, ask_once, connect, framed, health, raw_exchange, where)


class Http(KmsServerTest):
    def setUp(self):
        super().setUp()
        self.server = self.serve({"server": {"max_body": 4096, "request_timeout": 1, "idle_timeout": 30}})
        self.url = self.server.addresses[0]

    def status(self, *arguments, **options):
        connection = connect(self.url)
        try:
            return ask(connection, *arguments, **options)
        finally:
            connection.close()

    def test_a_ticket(self):
        alice = self.party("alice")
        status, headers, body = self.status(self.question(alice))
        self.assertEqual((status, headers["Content-Type"], body[1]), (200, "application/mikey", REQUEST_RESP))
        self.assertEqual(headers["Cache-Control"], "no-store")
        self.assertRegex(headers["Date"], r"^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$")
        self.assertEqual(alice.receive(body, "kms")["send"][0]["to"], "peer")

    def test_a_call_and_what_the_metrics_say_of_it(self):
        agents = {ALICE: self.party("alice"), BOB: self.party("bob")}
        last, seen = self.call(self.server, agents)
        self.assert_established(last[ALICE], last[BOB])
        self.assertEqual(seen, [11, 13, 14, 16, 18, 15])
        self.assertEqual(self.metric(self.server, 'mikey_kms_tickets_total{event="issued"}'), 1)
        self.assertEqual(self.metric(self.server, 'mikey_kms_tickets_total{event="resolved"}'), 1)
        self.assertEqual(self.metric(self.server, 'mikey_kms_messages_total{type="request_init_psk",result="answered"}'), 1)
        self.assertEqual(self.metric(self.server, "mikey_kms_request_seconds_count"), 2)
        self.assertEqual(self.metric(self.server, 'mikey_kms_request_seconds_bucket{le="+Inf"}'), 2)
        self.assertEqual(self.metric(self.server, 'mikey_kms_http_responses_total{code="200"}'), 2 + 5)
        self.assertEqual(self.metric(self.server, "mikey_kms_threads"), 2)

    def test_mikey_errors_have_status_200(self):
        question = bytearray(self.question(self.party("alice")))
        question[-1] ^= 1
        status, headers, body = self.status(bytes(question))
        self.assertEqual((status, headers["Content-Type"], body[1]), (200, "application/mikey", ERROR))

    def test_without_a_mikey_answer_it_is_400(self):
        for body in (b"", b"\0", os.urandom(200), b"\1\6" + bytes(40), b"\1\0" + bytes(40)):
            with self.subTest(body.hex()):
                status, headers, text = self.status(body)
                self.assertEqual((status, headers.get_content_type()), (400, "text/plain"), text)
                self.assertRegex(text, rb"^.+\n$")

    def test_a_replay_is_not_answered(self):
        question = self.question(self.party("alice"))
        self.assertEqual(self.status(question)[0], 200)
        for _ in range(5):  # also by the other thread
            self.assertEqual(self.status(question)[0], 400)

    def test_types(self):
        question = self.question(self.party("alice"))
        for wrong in ({}, {"Content-Type": "text/plain"}, {"Content-Type": "application/mikeys"},
                      {"Content-Type": "application/mikey; version=2"}):
            self.assertEqual(self.status(question, wrong)[0], 415, wrong)
        self.assertEqual(self.status(question, {"Content-Type": "Application/MIKEY ; Version=1; x=y"})[0], 200)

    def test_paths_and_methods(self):
        for method, path, status in (("GET", "/", 405), ("PUT", "/mikey", 405), ("POST", "/mikey", 400), ("POST", "/mikey?x", 400),
                                     ("POST", "/elsewhere", 404), ("GET", "/mikey/", 404), ("POST", "/healthz", 405),
                                     ("DELETE", "/metrics", 405), ("BREW", "/", 405), ("GET", "/healthz", 200), ("HEAD", "/healthz", 200),
                                     ("POST", "http://kms.example.com/mikey", 400), ("POST", "http://kms.example.com", 400)):
            with self.subTest(f"{method} {path}"):
                got, headers, body = self.status(b"x", method=method, path=path)
                self.assertEqual(got, status, body)
                self.assertEqual("Allow" in headers, status == 405)
                if method == "HEAD":
                    self.assertEqual((body, headers["Content-Length"]), (b"", "3"))

    def test_keep_alive_and_requests_sent_ahead(self):
        alice, connection = self.party("alice"), self.connect(self.server)
        for _ in range(20):
            self.assertEqual(ask(connection, self.question(alice))[0], 200)
        before = self.metric(self.server, 'mikey_kms_connections_total{transport="http"}')
        self.assertEqual(before, 2)  # this one, and the one that reads the metrics
        connection.close()
        ahead = b"".join(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/mikey\r\nContent-Length: %d\r\n\r\n%s" % (len(q), q)
                         for q in (self.question(alice) for _ in range(5)))
        got = raw_exchange(self.url, ahead + b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        self.assertEqual(got.count(b"HTTP/1.1 200 OK"), 6)
        self.assertEqual(got.count(b"Connection: close"), 1)

    def test_http_1_0(self):
        got = raw_exchange(self.url, b"GET /healthz HTTP/1.0\r\n\r\n")
        self.assertTrue(got.startswith(b"HTTP/1.1 200 OK") and b"Connection: close" in got, got)

    def test_a_body_in_pieces_and_after_100(self):
        alice, (host, port) = self.party("alice"), where(self.url)
        q = self.question(alice)
        with socket.create_connection((host, port), timeout=30) as s:
            s.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/mikey\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n" % len(q))
            self.assertEqual(s.recv(100), b"HTTP/1.1 100 Continue\r\n\r\n")
            s.sendall(q)
            self.assertTrue(s.recv(65536).startswith(b"HTTP/1.1 200 OK"))
            q = self.question(alice)
            s.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/mikey\r\nTransfer-Encoding: chunked\r\n\r\n")
            for i in range(0, len(q), 10):
                s.sendall(b"%x\r\n%s\r\n" % (len(q[i:i + 10]), q[i:i + 10]))
            s.sendall(b"0\r\n\r\n")
            self.assertTrue(s.recv(65536).startswith(b"HTTP/1.1 200 OK"))

    def test_what_is_too_large(self):
        self.assertEqual(self.status(bytes(4096))[0], 400)
        self.assertEqual(self.status(bytes(4097))[0], 413)
        head = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/mikey\r\n"
        for request, status in ((head + b"Content-Length: 99999999999999999999\r\n\r\n", b"400"),
                                (head + b"Content-Length: 4294967296\r\n\r\n", b"413"),
                                (head + b"Transfer-Encoding: chunked\r\n\r\nffffffff\r\n" + bytes(100000), b"413"),
                                (head + b"Content-Length: 4097\r\n\r\n" + bytes(4097), b"413"),
                                (head + b"Content-Length: 4097\r\n\r\nX: y\r\n\r\n" + bytes(4090), b"413"),
                                (head + b"X: " + b"y" * 9000 + b"\r\n\r\n", b"431"),
                                (b"POST /" + b"y" * 9000 + b" HTTP/1.1\r\n\r\n", b"431")):
            with self.subTest(request[:80]):
                self.assertTrue(raw_exchange(self.url, request).startswith(b"HTTP/1.1 " + status))

    def test_what_is_no_http(self):
        for octets in (b"\r\n\r\n\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/2.0\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\x00\x05hello\r\n\r\n",
                       b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", b"POST / HTTP/1.1\r\nHost : x\r\n\r\n",
                       b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
                       b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
                       b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", b"A" * 20 + b"\0\r\n\r\n"):
            with self.subTest(octets):
                self.assertTrue(raw_exchange(self.url, octets).startswith(b"HTTP/1.1 400"))
        self.assertEqual(self.status(b"", method="GET", path="/healthz")[0], 200)

    def test_who_is_slow(self):
        for octets in (b"P", b"POST / HTTP/1.1\r\nHost: x\r\n",
                       b"POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/mikey\r\nContent-Length: 9\r\n\r\n12345678"):
            with self.subTest(octets):
                got = raw_exchange(self.url, octets)
                self.assertTrue(got.startswith(b"HTTP/1.1 408") and b"Connection: close" in got, got)

    def test_the_log_has_no_secrets(self):
        self.server.stop()
        server = self.serve({"server": {"log": {"level": "debug"}}})
        agents = {ALICE: self.party("alice"), BOB: self.party("bob")}
        last, _ = self.call(server, agents)
        connection = self.connect(server)
        ask(connection, b"\1\x0b" + bytes(40))
        self.assertEqual(server.stop(), 0)
        lines = [json.loads(line) for line in server.stderr().splitlines()]
        for line in lines:
            self.assertRegex(line["time"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
        requests = [line for line in lines if line["event"] == "request"]
        self.assertEqual([r["result"] for r in requests], ["answered", "answered", "refused"], requests)
        self.assertEqual([r["client"] for r in requests], [ALICE, BOB, ""])
        self.assertEqual((lines[0]["event"], lines[-1]["event"]), ("listening", "stopped"))
        [tgk], [session] = last[ALICE]["bundle"]["tgk"], last[ALICE]["bundle"]["crypto_sessions"]
        for secret in ("a1a1a1", "b0b0b0", "7e7e7e", tgk, session["tek"]):
            self.assertNotIn(secret, server.stderr())


class Tls(KmsServerTest):
    def setUp(self):
        super().setUp()
        self.tls("IP:127.0.0.1", f"URI:{ALICE}")

    def start_tls(self, **over):
        tls = {"certificate": "0.pem", "key": "0.key", **over}
        return self.serve({"server": {"listen": ["https://127.0.0.1:0"], "tls": tls}})

    def healthy(self, server, context):
        connection = self.connect(server, context)
        try:
            return ask(connection, None, {}, "GET", "/healthz")[0] == 200 and connection.sock.version()
        finally:
            connection.close()

    def test_a_call_over_tls(self):
        server, context = self.start_tls(), self.client_tls()
        agents = {ALICE: self.party("alice"), BOB: self.party("bob")}
        last, _ = self.carry(server, agents, ALICE, agents[ALICE].initiate(mode="ticket"), context)
        self.assert_established(last[ALICE], last[BOB])
        connection = self.connect(server, context)
        for _ in range(10):
            self.assertEqual(ask(connection, self.question(agents[ALICE]))[0], 200)

    def test_versions(self):
        context = self.client_tls()
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        self.assertEqual(self.healthy(self.start_tls(), self.client_tls()), "TLSv1.3")
        with self.assertRaises(ssl.SSLError):
            self.healthy(self.start_tls(), context)
        self.assertEqual(self.healthy(self.start_tls(min_version="1.2"), context), "TLSv1.2")

    def test_a_wrong_ca_is_told_by_the_client(self):
        server = self.start_tls()
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                        "-keyout", "other.key", "-out", "other.pem", "-subj", "/CN=Other CA"], cwd=self.folder, check=True,
                       capture_output=True, timeout=60)
        with self.assertRaises(ssl.SSLCertVerificationError):
            self.healthy(server, self.client_tls("other.pem"))
        self.assertTrue(self.healthy(server, self.client_tls()))

    def test_client_certificates(self):
        required = self.start_tls(client_ca="ca.pem")
        self.assertTrue(self.healthy(required, self.client_tls(own="1")))
        with self.assertRaises(OSError):  # TLS 1.3 tells it with the first read
            self.healthy(required, self.client_tls())
        optional = self.start_tls(client_ca="ca.pem", client_certificate="optional")
        self.assertTrue(self.healthy(optional, self.client_tls()))
        self.assertTrue(self.healthy(optional, self.client_tls(own="1")))
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                        "-keyout", "self.key", "-out", "self.pem", "-subj", "/CN=Mallory", "-addext", f"subjectAltName=URI:{ALICE}"],
                       cwd=self.folder, check=True, capture_output=True, timeout=60)
        for server in (required, optional):
            with self.assertRaises(OSError):
                self.healthy(server, self.client_tls(own="self"))

    def test_what_is_no_tls(self):
        server = self.start_tls()
        for octets in (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", os.urandom(300), b"\x16\x03\x01\xff\xff" + bytes(1000)):
            try:
                self.assertNotIn(b"HTTP/1.1 200", raw_exchange(server.addresses[0], octets))
            except ConnectionResetError:
                pass
        self.assertTrue(self.healthy(server, self.client_tls()))


class Plain(KmsServerTest):
    def setUp(self):
        super().setUp()
        self.server = self.serve({"server": {"listen": ["udp://127.0.0.1:0", "tcp://127.0.0.1:0", "http://127.0.0.1:0"],
                                             "request_timeout": 1, "idle_timeout": 2}})

    def test_udp(self):
        alice = self.party("alice")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.settimeout(30)
            s.connect(where(self.server.addresses[0]))
            for _ in range(10):
                question = self.question(alice)
                s.send(question)
                self.assertEqual(s.recv(65536)[1], REQUEST_RESP)
            s.send(question)  # a replay is not answered
            s.send(b"")
            s.send(os.urandom(1400))
            question = bytearray(self.question(alice))
            question[-1] ^= 1
            s.send(question)
            self.assertEqual(s.recv(65536)[1], ERROR)

    def test_tcp(self):
        alice = self.party("alice")
        with socket.create_connection(where(self.server.addresses[1]), timeout=30) as s:
            for _ in range(5):
                question = self.question(alice)
                self.assertEqual(framed(s, question)[1], REQUEST_RESP)
            self.assertEqual(framed(s, question), b"")
            self.assertEqual(framed(s, os.urandom(60000)), b"")
            self.assertEqual(framed(s, self.question(alice))[1], REQUEST_RESP)
            with self.assertRaises((EOFError, ConnectionResetError)):
                framed(s, b"")

    def test_tcp_that_says_nothing_more_is_closed(self):
        for octets in (b"", b"\0\x10abc"):
            with socket.create_connection(where(self.server.addresses[1]), timeout=30) as s:
                s.sendall(octets)
                self.assertEqual(s.recv(10), b"")
        deadline = time.monotonic() + 20  # the server counts after it has closed
        while self.metric(self.server, 'mikey_kms_connections{transport="tcp"}', self.server.addresses[2]) > 0:
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.02)


class CommandLine(KmsServerTest):
    def run_serve(self, config, *arguments):
        return subprocess.run([KMS_TOOL, "serve", "--config", str(self.write(config, "bad.toml")), *arguments],
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=60)

    def test_wrong_configurations(self):
        self.tls("IP:127.0.0.1", f"URI:{ALICE}")
        for over, key in (({"listen": []}, "listen"), ({"listen": ["127.0.0.1:80"]}, "listen"), ({"listen": ["ftp://127.0.0.1"]}, "listen"),
                          ({"listen": ["http://localhost:1"]}, "listen"), ({"listen": ["http://127.0.0.1:65536"]}, "listen"),
                          ({"listen": ["https://127.0.0.1:0"]}, "tls"), ({"threads": 0}, "threads"), ({"queue": 0}, "queue"),
                          ({"max_body": 10}, "max_body"), ({"idle_timeout": 0}, "idle_timeout"), ({"metrics_from": ["x"]}, "metrics_from"),
                          ({"rate": {"per_address": -1}}, "rate.per_address"), ({"log": {"level": "loud"}}, "log.level"),
                          ({"log": {"format": "xml"}}, "log.format"), ({"tls": {}}, "tls.certificate"),
                          ({"tls": {"certificate": "0.pem"}}, "tls.key"), ({"tls": {"certificate": "none.pem", "key": "0.key"}}, "tls.certificate"),
                          ({"tls": {"certificate": "0.pem", "key": "0.key", "min_version": "1.1"}}, "tls.min_version"),
                          ({"tls": {"certificate": "0.pem", "key": "0.key", "client_certificate": "required"}}, "tls.client_ca"),
                          ({"kms": {"sip:x@y": {"url": "x"}}}, 'kms."sip:x@y".url')):
            with self.subTest(str(over)):
                done = self.run_serve(self.kms_config({"server": over}), "--check")
                self.assertEqual((done.returncode, done.stdout), (2, b""), done.stderr)
                self.assertRegex(done.stderr.decode(), rf"^mikey-kms: .*bad\.toml: server\.{key.replace('.', '[.]')}: .+\n$")
        for over in ({"tls": {"certificate": "0.pem", "key": "1.key"}}, {"tls": {"certificate": "ca.key", "key": "0.key"}},
                     {"log": {"file": "bad.toml/x"}}, {"audit": "bad.toml/x"}, {"listen": ["http://192.0.2.1:1"]}):
            with self.subTest(str(over)):
                self.assertEqual(self.run_serve(self.kms_config({"server": over})).returncode, 2)

    def test_check_and_listen(self):
        good = self.kms_config({"server": {"nonsense": 1}})
        done = self.run_serve(good, "--check")
        self.assertEqual((done.returncode, done.stdout), (0, b""))
        self.assertIn(b"server.nonsense: no such key", done.stderr)
        self.assertEqual(self.run_serve(good, "--listen", "x", "--check").returncode, 2)
        self.assertEqual(self.run_serve(good, "--listen", "https://127.0.0.1:0", "--check").returncode, 2)
        server = self.serve({"server": {"listen": ["http://127.0.0.1:1"]}}, arguments=("--listen", "http://[::1]:0"))
        self.assertEqual(health(server.addresses[0])[0], 200)
        taken = self.run_serve(self.kms_config({"server": {"listen": server.addresses}}))
        self.assertEqual(taken.returncode, 2)
        self.assertIn(b"cannot listen at", taken.stderr)
        self.assertEqual(self.run_serve("identity = 5").returncode, 2)

    def test_metrics_are_for_those_named(self):
        server = self.serve({"server": {"metrics_from": ["192.0.2.0/24", "2001:db8::1"]}})
        self.assertEqual(ask_once(server.addresses[0], None, {}, "GET", "/metrics")[0], 404)
        server = self.serve({"server": {"metrics_from": ["127.0.0.0/8"]}})
        self.assertEqual(ask_once(server.addresses[0], None, {}, "GET", "/metrics")[0], 200)


if __name__ == "__main__":
    unittest.main()
