"""`mikey inspect` from outside: every form of input, exit statuses, JSON, and what hostile input may print."""

import base64
import json
import os
import pathlib
import re
import struct
import subprocess
import tempfile
import unittest

TOOL = os.environ["MIKEY_TOOL"]
ROOT = pathlib.Path(os.environ["MIKEY_SOURCE_DIR"])
MESSAGES = {m["name"]: base64.b64decode(m["base64"])
            for m in json.loads((ROOT / "vectors/field/messages.json").read_text(encoding="utf-8"))}
CAMERA = MESSAGES["gortsplib-a"]
SIP = MESSAGES["rfc4567-psk-init"]
KEY = "9091783dfce8ddcd443a53508b64509f35bd8a86bc4d8b7637a502493daf"  # of CAMERA


def run(*arguments, stdin=b"", environment=None):
    """Exit status, standard output and standard error of `mikey inspect`."""
    done = subprocess.run([TOOL, "inspect", *arguments], input=stdin, capture_output=True, timeout=60,
                          env={**os.environ, "TERM": "xterm", **(environment or {})})
    return done.returncode, done.stdout.decode("utf-8"), done.stderr.decode("utf-8")


def text(octets):
    return base64.b64encode(octets).decode()


def sdp(*messages):
    lines = ["v=0", "o=- 1 1 IN IP4 192.0.2.1", "s=-", "c=IN IP4 192.0.2.1", "t=0 0"]
    for octets in messages:
        lines += ["m=audio 49170 RTP/SAVP 0", f"a=key-mgmt:mikey {text(octets)}"]
    return "\r\n".join(lines) + "\r\n"


def setup_request(octets):
    return ("SETUP rtsp://192.0.2.1/stream/1 RTSP/1.0\r\nCSeq: 3\r\n"
            f'KeyMgmt: prot=mikey;uri="rtsp://192.0.2.1/stream/1";data="{text(octets)}"\r\n\r\n')


def pcap(*datagrams, seconds=1750331565):
    """A capture of UDP datagrams to MIKEY's port, a second apart; link type raw IP."""
    out = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 101)
    for index, octets in enumerate(datagrams):
        udp = struct.pack(">HHHH", 5000, 2269, 8 + len(octets), 0) + octets
        ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0, bytes([192, 0, 2, 1]),
                         bytes([192, 0, 2, 2]))
        checksum = sum(struct.unpack(">10H", ip))
        checksum = ~((checksum & 0xFFFF) + (checksum >> 16)) & 0xFFFF
        packet = ip[:10] + struct.pack(">H", checksum) + ip[12:] + udp
        out += struct.pack("<IIII", seconds + index, 0, len(packet), len(packet)) + packet
    return out


class Inputs(unittest.TestCase):
    """The same message in every form."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def file(self, name, content):
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return str(path)

    def test_forms_of_one_message_say_the_same(self):
        want = run(text(CAMERA))
        self.assertEqual(want[0], 0)
        self.assertIn("KEMAC (1)", want[1])
        forms = {"hex": CAMERA.hex(), "HEX with blanks": CAMERA.hex(" ").upper(), "octets": CAMERA,
                 "base64": text(CAMERA), "base64 in lines": base64.encodebytes(CAMERA)}
        for name, content in forms.items():
            with self.subTest(name):
                got = run(self.file("message", content))
                self.assertEqual((got[0], got[1][got[1].index("  0  HDR"):]), (0, want[1]))
        self.assertEqual(run(CAMERA.hex()), want)
        self.assertEqual(run(stdin=CAMERA), want)
        self.assertEqual(run("-", stdin=text(CAMERA).encode()), want)

    def test_containers_have_a_line_for_every_message(self):
        forms = {"a.sdp": sdp(CAMERA, SIP), "a.rtsp": setup_request(CAMERA) + setup_request(SIP),
                 "a.pcap": pcap(CAMERA, SIP)}
        for name, content in forms.items():
            with self.subTest(name):
                status, out, error = run(self.file(name, content))
                self.assertEqual((status, error), (0, ""))
                self.assertIn("message 1 of 2: ", out)
                self.assertIn("message 2 of 2: ", out)
                self.assertIn("0xe69d51f8", out)
                self.assertIn("donald@duck.com", out)
                _, out, _ = run(self.file(name, content), "--json")
                found = json.loads(out)
                self.assertEqual([m["payloads"][0]["fields"][5]["value"] for m in found], ["0xe69d51f8", "0xcd177e50"])
                self.assertTrue(all(m["source"]["where"] for m in found))

    def test_a_capture_says_which_packet_and_when(self):
        _, out, _ = run(self.file("a.pcap", pcap(CAMERA, SIP)), "--no-hex")
        self.assertIn("message 1 of 2: packet 1, 2025-06-19T11:12:45.000Z, 192.0.2.1:5000 to 192.0.2.2:2269", out)
        source = json.loads(run(self.file("a.pcap", pcap(CAMERA, SIP)), "--json")[1])[1]["source"]
        self.assertEqual((source["packet"], source["from"], source["time"]),
                         (2, "192.0.2.1:5000", "2025-06-19T11:12:46.000Z"))

    def test_a_capture_tells_the_time_for_lint(self):
        late = self.file("late.pcap", pcap(CAMERA, seconds=1750331565 + 86400 // 2))
        good = self.file("good.pcap", pcap(CAMERA))
        self.assertIn("t-skew", run(late, "--lint")[1])
        self.assertNotIn("t-skew", run(good, "--lint")[1])
        self.assertIn("t-outside-hour", run(late, "--peer", "gortsplib")[1])
        self.assertIn("t-skew", run(good, "--lint", "--now", "1750340000")[1])
        self.assertNotIn("t-skew", run(late, "--lint", "--now", "1750331600")[1])

    def test_one_bad_message_among_good_ones(self):
        status, out, _ = run(self.file("a.sdp", sdp(CAMERA, SIP[:-3], CAMERA)))
        self.assertEqual(status, 1)
        self.assertEqual(out.count("malformed: "), 1)
        self.assertIn("message 3 of 3", out)

    def test_nothing_in_it(self):
        for name, content in {"a.sdp": sdp(), "a.pcap": pcap(b"\x80\x00 not MIKEY")}.items():
            status, out, error = run(self.file(name, content))
            self.assertEqual((status, out), (1, ""), name)
            self.assertIn("no MIKEY message", error)
            self.assertEqual(run(self.file(name, content), "--json")[:2], (1, "[]\n"))

    def test_no_input_to_read(self):
        for arguments in (["/nonexistent/file"], [str(self.folder)], ["no such thing"], ["AQ=="]):
            status, out, error = run(*arguments)
            self.assertEqual((status, out), (2, ""))
            self.assertTrue(error.startswith("mikey inspect: "), error)

    def test_empty_and_foreign_input(self):
        for content in (b"", b"\n\n", b"\x00" * 50, b"hello, this is not a message", b"<html></html>", b"\xff" * 20):
            status, _, error = run(self.file("x", content))
            self.assertEqual(status, 1, content)
            self.assertIn("mikey inspect: ", error + "mikey inspect: " * (not content))

    def test_big_input_is_refused(self):
        path = self.folder / "big"
        with path.open("wb") as f:
            f.truncate((256 << 20) + 1)
        status, out, error = run(str(path))
        self.assertEqual((status, out), (2, ""))
        self.assertIn("larger than 256 MiB", error)

    def test_many_messages(self):
        status, out, _ = run("--json", stdin=sdp(*[CAMERA] * 300).encode())
        self.assertEqual(status, 0)
        self.assertEqual(len(json.loads(out)), 300)


class Malformed(unittest.TestCase):
    def test_cut_at_every_octet(self):
        for cut in range(1, len(CAMERA)):
            status, out, _ = run("-", stdin=CAMERA[:cut])
            self.assertEqual(status, 1, cut)
            where = re.search(r"where:  octet (\d+) ", out)
            self.assertTrue(where and int(where[1]) <= cut, out)
            for word in ("malformed: ", "rule:   RFC ", "answer: error ", "try:    "):
                self.assertIn(word, out)

    def test_changed_at_every_octet(self):
        for at in range(len(SIP)):
            octets = SIP[:at] + bytes([SIP[at] ^ 0x40]) + SIP[at + 1:]
            status, out, _ = run("--json", "--lint", stdin=text(octets).encode())
            message = json.loads(out)
            self.assertEqual(status, 0 if message["error"] is None else 1, at)
            if message["error"] is not None and message["error"]["offset"] is not None:
                self.assertLessEqual(message["error"]["offset"], len(SIP))
                self.assertEqual(message["lint"]["findings"], [])

    def test_what_to_try(self):
        self.assertIn("--peer milestone", run(text(CAMERA + b"\0"))[1])
        self.assertEqual(run(text(CAMERA + b"\0"), "--peer", "milestone")[0], 0)
        self.assertEqual(run(text(CAMERA + b"\0\0"), "--peer", "milestone")[0], 1)
        self.assertIn("cut the input", run(text(CAMERA + b"xx"))[1])
        self.assertIn("begins with its version", run(text(b"\2" + CAMERA[1:]))[1])
        self.assertIn("cut short", run(text(CAMERA[:-1]))[1])
        self.assertIn("--registry", run(text(CAMERA[:2] + b"\x77" + CAMERA[3:]))[1])


class Output(unittest.TestCase):
    def test_json_is_an_object(self):
        for name, octets in MESSAGES.items():
            status, out, _ = run(text(octets), "--json", "--lint")
            message = json.loads(out)
            self.assertEqual(status, 0 if message["error"] is None else 1, name)
            self.assertEqual(message["payloads"][0]["name"], "HDR")
            self.assertEqual(message["lint"]["peer"], "strict")
            for finding in message["lint"]["findings"]:
                self.assertEqual(list(finding), ["id", "severity", "offset", "rfc", "detail", "advice"])

    def test_the_map_covers_every_octet_once(self):
        for name, octets in MESSAGES.items():
            _, out, _ = run(text(octets), "--hex")
            found = b""
            for line in out.splitlines():
                row = re.match(r"([0-9a-f]{4,})  ((?:[0-9a-f]{2} {1,2})*(?:[0-9a-f]{2}))", line[:55].rstrip())
                if row:
                    self.assertEqual(int(row[1], 16), len(found), name)
                    found += bytes.fromhex(row[2])
            self.assertEqual(found, octets, name)

    def test_parts_on_request(self):
        everything = run(text(CAMERA))[1]
        tree, octets = run(text(CAMERA), "--no-hex")[1], run(text(CAMERA), "--hex")[1]
        self.assertEqual(tree + "\n" + octets, everything)
        self.assertEqual(run(text(CAMERA), "--hex", "--no-hex")[0], 2)

    def test_mask_keys(self):
        plain, masked = run(text(CAMERA))[1], run(text(CAMERA), "--mask-keys")[1]
        self.assertIn(KEY, plain)
        self.assertNotIn(KEY[:16], masked.replace(" ", ""))
        self.assertIn("** **", masked)
        self.assertNotIn(KEY[:16], run(text(CAMERA), "--mask-keys", "--json")[1])
        for cut in range(85, len(CAMERA)):  # a message that breaks must not give its keys away either
            for form in ([], ["--json"]):
                out = run(text(CAMERA[:cut]), "--mask-keys", *form)[1].replace(" ", "")
                self.assertNotIn(KEY[:8], out, f"cut at {cut}")

    def test_colours(self):
        self.assertNotIn("\x1b", run(text(CAMERA), "--lint")[1])  # a pipe
        coloured = run(text(CAMERA), "--lint", "--color", "always")[1]
        self.assertIn("\x1b[", coloured)
        self.assertEqual(re.sub(r"\x1b\[\d+m", "", coloured), run(text(CAMERA), "--lint")[1])

    def test_colours_on_a_terminal(self):
        for environment, want in (({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)):
            leader, follower = os.openpty()
            with subprocess.Popen([TOOL, "inspect", text(CAMERA), "--no-hex"], stdout=follower,
                                  stdin=subprocess.DEVNULL,
                                  env={**{k: v for k, v in os.environ.items() if k != "NO_COLOR"}, "TERM": "xterm",
                                       **environment}) as process:
                os.close(follower)
                out = b""
                try:
                    while chunk := os.read(leader, 4096):
                        out += chunk
                except OSError:
                    pass  # the other end is gone
                os.close(leader)
                self.assertEqual(process.wait(timeout=60), 0)
            self.assertEqual(b"\x1b[" in out, want, environment)

    def test_no_control_character_of_others_is_printed(self):
        nasty = b"sip:\x1b]0;x\x07\x1b[31m\x9b\xc2\x9b\xe2\x80\xae\r\n\x00\xff@example.com"
        message = SIP[:47] + b"\x0a\x01" + struct.pack(">H", len(nasty)) + nasty + SIP[66:]  # in place of the ID payload
        status, out, _ = run(text(message), "--lint")
        self.assertEqual(status, 0, out)
        self.assert_harmless(out)
        self.assertEqual(json.loads(run(text(message), "--json")[1])["error"], None)
        request = setup_request(CAMERA).replace('stream/1"', 'stream/\x1b[31m\x07\u202e\u009b"')
        status, out, error = run("-", stdin=request.encode())
        self.assert_harmless(out + error)
        self.assertIn("\\x1b", out + error)
        status, _, error = run("\x1b[31m/nonexistent")
        self.assertEqual(status, 2)
        self.assertIn("\\x1b", error)
        self.assert_harmless(error)

    def assert_harmless(self, printed):
        for character in printed:
            self.assertTrue(character == "\n" or character.isprintable(), repr(character))

    def test_tables(self):
        status, out, _ = run("--registry")
        self.assertEqual(status, 0)
        for name in ("KEMAC", "HMAC-SHA-256-256", "OAKLEY 5", "TEK+SALT"):
            self.assertIn(name, out)
        status, out, _ = run("--registry", "mac ALG")
        self.assertEqual((status, out.splitlines()[0], len(out.splitlines())), (0, "MAC alg", 4))
        self.assertEqual(run("--registry", "no such name space")[0], 2)
        self.assertIn("gortsplib and mediamtx", run("--peers")[1])
        self.assertIn("tek-holds-salt", run("--rules")[1])


class Lint(unittest.TestCase):
    def test_every_peer(self):
        peers = [line.split()[0] for line in run("--peers")[1].splitlines()]
        self.assertEqual(peers, ["strict", "onvif", "gstreamer", "live555", "genetec", "gortsplib", "milestone", "mcx"])
        for peer in peers:
            status, out, _ = run(text(CAMERA), "--peer", peer)
            self.assertEqual(status, 0)
            self.assertIn(f"lint (peer: {peer}): ", out)

    def test_findings_do_not_change_the_exit_status(self):
        status, out, _ = run(text(CAMERA), "--peer", "onvif")
        self.assertEqual(status, 0)
        self.assertRegex(out, r"error +mki-missing +octet 78, RFC 3830 6\.14\n +the key has no MKI\n +-> onvif: ")

    def test_every_finding_has_a_rule(self):
        listed = {line.split()[0] for line in run("--rules")[1].splitlines()}
        for octets in MESSAGES.values():
            for peer in ("strict", "gstreamer", "live555", "mcx"):
                message = json.loads(run(text(octets), "--json", "--peer", peer)[1])
                self.assertLessEqual({f["id"] for f in message["lint"]["findings"]}, listed)


class CommandLine(unittest.TestCase):
    def test_usage_errors(self):
        for arguments in (["--bogus"], [text(CAMERA), "--peer", "axis"], [text(CAMERA), "--color", "blue"],
                          [text(CAMERA), "--now", "yesterday"], [text(CAMERA), "--now", "-1"], ["a", "b"],
                          [text(CAMERA), "--now", "99999999999999999999"]):
            status, out, error = run(*arguments)
            self.assertEqual((status, out), (2, ""), arguments)
            self.assertTrue(error.startswith("mikey"), error)

    def test_help_and_version(self):
        for arguments in (["--help"], ["inspect", "--help"]):
            done = subprocess.run([TOOL, *arguments], capture_output=True, text=True, timeout=60)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertIn("Exit status: 0 done, 1 malformed or failed, 2 usage", done.stdout)
        self.assertIn("Examples:", done.stdout)
        done = subprocess.run([TOOL, "--version"], capture_output=True, text=True, timeout=60)
        self.assertRegex(done.stdout, r"^mikey \d+\.\d+\.\d+\n$")
        self.assertEqual(subprocess.run([TOOL], capture_output=True, timeout=60).returncode, 2)


if __name__ == "__main__":
    unittest.main()
