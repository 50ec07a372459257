"""`mikey sdp offer|answer` from outside: whole offers and answers, every refusal, and what is shown in the end."""

import base64
import json
import os
import pathlib
import re
import subprocess
import tempfile
import time
import unittest

from agent_driver import ALICE, BOB, KEY, TOOL, merged, toml

VIDEO = ("v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"
         "m=audio 49170 RTP/AVP 111 0\r\na=rtpmap:111 opus/48000/2\r\na=ssrc:287454020 cname:alice\r\n"
         "m=application 5000 UDP/TLS/RTP/SAVP 0\r\nm=video 49180 RTP/AVPF 96\r\na=rtpmap:96 H264/90000\r\n")


def messages(sdp):
    return re.findall(r"^a=key-mgmt:mikey (\S+)\r?$", sdp, re.M)


class Sdp(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        for name, peer in (("alice", BOB), ("bob", ALICE)):
            self.config(name, {"psk": {peer: {"key": "hex:" + KEY}}})

    def config(self, name, over):
        (self.folder / f"{name}.toml").write_text(toml(merged({"identity": f"sip:{name}@example.com"}, over)))

    def run_tool(self, *arguments, stdin="", status=0):
        done = subprocess.run([TOOL, *arguments], input=stdin, capture_output=True, text=True, timeout=60, cwd=self.folder)
        self.assertEqual(done.returncode, status, done.stderr + done.stdout)
        return done

    def start(self, *arguments):
        p = subprocess.Popen([TOOL, "sdp", "offer", "--config", "alice.toml", "--to", BOB, *arguments], cwd=self.folder,
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(p.stdin.close)
        self.addCleanup(p.stdout.close)
        self.addCleanup(p.stderr.close)
        self.addCleanup(p.wait)
        self.addCleanup(p.kill)
        return p

    def offer(self, *arguments):
        """A running offer, and its session description."""
        p, lines = self.start(*arguments), []
        while (line := p.stdout.readline()) not in ("\n", ""):
            lines.append(line)
        return p, "".join(lines)

    def answer(self, offer, *arguments, status=0):
        done = self.run_tool("sdp", "answer", "--config", "bob.toml", *arguments, stdin=offer, status=status)
        sdp, _, report = done.stdout.partition("\n\n")
        return sdp + "\n", report, done.stderr

    def conclude(self, process, answer, status=0):
        out, err = process.communicate(answer, timeout=60)
        self.assertEqual(process.returncode, status, err)
        return out, err

    def exchange(self, *arguments, answer=()):
        process, offer = self.offer(*arguments)
        sdp, theirs, _ = self.answer(offer, *answer)
        mine, _ = self.conclude(process, sdp)
        return offer, sdp, mine, theirs

    def test_an_offer_and_its_answer(self):
        offer, answer, mine, theirs = self.exchange()
        self.assertIn("m=audio 49170 RTP/SAVP 0 8", offer)
        self.assertLess(offer.index("a=key-mgmt:mikey "), offer.index("m=audio"))
        self.assertEqual((len(messages(offer)), len(messages(answer))), (1, 1))
        self.assertEqual(mine.replace(BOB, ""), theirs.replace(ALICE, ""))
        self.assertEqual(len(re.findall(r"crypto session \d .*key [0-9a-f]{16}\.\.\.", mine)), 2)
        self.assertNotRegex(mine + theirs, "[0-9a-f]{28}")

    def test_a_description_of_the_users(self):
        (self.folder / "call.sdp").write_bytes(VIDEO.encode())
        offer, answer, mine, _ = self.exchange("call.sdp")
        self.assertEqual(re.findall("^m=.*", offer, re.M),
                         ["m=audio 49170 RTP/SAVP 111 0", "m=application 5000 UDP/TLS/RTP/SAVP 0", "m=video 49180 RTP/SAVPF 96"])
        self.assertEqual(re.findall("^m=.*", answer, re.M),
                         ["m=audio 49170 RTP/SAVP 111 0", "m=application 0 UDP/TLS/RTP/SAVP 0", "m=video 49174 RTP/SAVPF 96"])
        self.assertEqual(mine.count("crypto session "), 4)
        self.assertIn("crypto session 1  AES_CM_128_HMAC_SHA1_80  SSRC 0x11223344", mine)

    def test_answers_with_a_description_of_ones_own(self):
        (self.folder / "mine.sdp").write_text("v=0\no=- 1 1 IN IP4 192.0.2.2\ns=-\nc=IN IP4 192.0.2.2\nt=0 0\nm=audio 7000 RTP/SAVP 0\n")
        _, answer, _, _ = self.exchange(answer=("--sdp", "mine.sdp"))
        self.assertIn("m=audio 7000 RTP/SAVP 0", answer)
        self.assertEqual(len(messages(answer)), 1)
        self.assertTrue(answer.endswith(messages(answer)[0] + "\nm=audio 7000 RTP/SAVP 0\n"), answer)

    def test_media_level(self):
        (self.folder / "call.sdp").write_bytes(VIDEO.encode())
        offer, answer, mine, _ = self.exchange("--media-level", "call.sdp")
        self.assertEqual((len(messages(offer)), len(messages(answer))), (2, 2))
        self.assertEqual(len(set(re.findall("CSB (0x[0-9a-f]{8})", mine))), 2)
        self.assertGreater(offer.index("a=key-mgmt"), offer.index("m=audio"))

    def test_keys_and_exports_only_when_asked_for(self):
        for side in ("--export=sdes", "--export=gstreamer"):
            done = self.run_tool("sdp", "answer", "--config", "bob.toml", side, stdin="v=0\n", status=2)
            self.assertIn("--reveal-keys", done.stderr)
        offer, _, mine, theirs = self.exchange("--reveal-keys", "--export", "sdes",
                                               answer=("--reveal-keys", "--json", "--export", "sdes", "--export", "gstreamer"))
        bundle = json.loads(theirs)["bundles"][0]
        inline = re.findall(r"^a=crypto:(\d) AES_CM_128_HMAC_SHA1_80 inline:(\S+)$", mine, re.M)
        for (tag, text), session in zip(inline, bundle["crypto_sessions"], strict=True):
            self.assertEqual((int(tag), base64.b64decode(text).hex()), (session["cs_id"], session["tek"] + session["salt"]))
            self.assertIn(f"srtp-key=(buffer){session['tek']}{session['salt']}", bundle["gstreamer"])
            self.assertIn(f"key={session['tek']}{session['salt']} rtp-cipher=aes-128-icm", bundle["gstreamer"])
        self.assertEqual(bundle["sdes"].splitlines(), re.findall("^a=crypto.*", mine, re.M))
        self.assertEqual(len(messages(offer)), 1)
        (self.folder / "offer.sdp").write_text(offer)
        self.run_tool("sdp", "answer", "--config", "bob.toml", "--reveal-keys", "--export", "sdes", "offer.sdp")

    def test_files_in_place_of_pipes(self):
        process = self.start("--out", "offer.sdp", "--answer", "answer.sdp", "--json")
        for _ in range(600):  # it is there at once and whole
            if (self.folder / "offer.sdp").exists():
                break
            time.sleep(0.1)
        self.run_tool("sdp", "answer", "--config", "bob.toml", "offer.sdp", "--out", "answer.sdp")
        out, _ = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 0)
        self.assertEqual(json.loads(out)["bundles"][0]["peer"], BOB)

    def test_a_fifo_brings_the_answer(self):
        os.mkfifo(self.folder / "answer")
        process, offer = self.offer("--answer", "answer")
        sdp, _, _ = self.answer(offer)
        (self.folder / "answer").write_text(sdp)
        self.conclude(process, "")

    def test_a_replay_is_refused(self):
        process, offer = self.offer()
        answer, _, _ = self.answer(offer, "--replay-cache", "bob.replay")
        self.assertEqual((self.folder / "bob.replay").stat().st_mode & 0o777, 0o600)
        again, _, err = self.answer(offer, "--replay-cache", "bob.replay", status=1)
        self.assertIn("received before", err)
        self.assertEqual(messages(again), [])  # a replay gets no answer
        self.conclude(process, answer)
        (self.folder / "bob.replay").write_bytes(b"damaged")
        self.answer(offer, "--replay-cache", "bob.replay", status=2)

    def test_a_wrong_key(self):
        self.config("bob", {"psk": {ALICE: {"key": "hex:" + KEY[::-1]}}})
        process, offer = self.offer()
        refusal, _, err = self.answer(offer, status=1)
        self.assertIn("488 Not Acceptable Here", err)
        self.assertIn("Warning: 399", err)
        self.assertIn("Auth failure", err)
        out, err = self.conclude(process, refusal, 1)
        self.assertIn("Auth failure", err)
        self.assertNotIn("CSB", out)

    def test_policies_that_do_not_meet(self):
        self.config("bob", {"psk": {ALICE: {"key": "hex:" + KEY}}, "policy": {"srtp": ["AEAD_AES_128_GCM", "AEAD_AES_256_GCM"]}})
        process, offer = self.offer()
        refusal, _, err = self.answer(offer, status=1)
        self.assertIn("Warning: 306", err)
        _, err = self.conclude(process, refusal, 1)
        self.assertIn("it supports AEAD_AES_128_GCM AEAD_AES_256_GCM", err)

    def test_bidding_down(self):
        _, offer = self.offer()
        stripped = offer.replace("a=key-mgmt:mikey", "a=key-mgmt:other AAAA\na=key-mgmt:mikey")
        _, _, err = self.answer(stripped, status=1)
        self.assertIn("4567 4.1.4", err)
        self.answer(offer, "--require-sdp-ids")

    def test_an_offer_that_is_none(self):
        for text in ("", "hello", "v=0\ns=-\n", VIDEO):
            _, _, err = self.answer(text, status=1)
            self.assertTrue(err.startswith("mikey sdp: "), err)
        self.run_tool("sdp", "answer", "--config", "bob.toml", "nowhere.sdp", status=2)
        self.run_tool("sdp", "answer", "--config", "nowhere.toml", status=2)
        self.run_tool("sdp", status=2)

    def test_an_answer_that_is_none(self):
        for text in ("", "hello", "v=0\no=- 1 1 IN IP4 192.0.2.1\ns=-\nt=0 0\nm=audio 1 RTP/SAVP 0\n"):
            process, _ = self.offer()
            out, _ = self.conclude(process, text, 1)
            self.assertNotIn("CSB", out)

    def test_an_answer_to_another_offer(self):
        first, offer = self.offer()
        second, _ = self.offer()
        answer, _, _ = self.answer(offer)
        self.conclude(second, answer, 1)
        self.conclude(first, answer)

    def test_nothing_to_secure(self):
        (self.folder / "call.sdp").write_text("v=0\no=- 1 1 IN IP4 192.0.2.1\ns=-\nt=0 0\nm=application 5000 UDP/BFCP *\n")
        done = self.run_tool("sdp", "offer", "--config", "alice.toml", "--to", BOB, "call.sdp", status=2)
        self.assertIn("SRTP", done.stderr)
        (self.folder / "call.sdp").write_text("v=0\ns=-\nm=audio 5000 RTP/AVP 0\na=ssrc:none\n")
        self.run_tool("sdp", "offer", "--config", "alice.toml", "--to", BOB, "call.sdp", status=1)

    def test_certificates(self):
        self.run_tool("keygen", "ca", "--dir", "pki", "--for", ALICE, "--for", BOB)
        for name, peer in (("alice", "bob"), ("bob", "alice")):
            self.config(name, {"certificate": {"chain": f"pki/{name}.pem", "key": f"pki/{name}.key", "trust": ["pki/ca.pem"]},
                               "peers": {f"sip:{peer}@example.com": {"certificate": f"pki/{peer}.pem"}}})
        for mode in ("pk", "dh", "rsar"):
            with self.subTest(mode):
                _, _, mine, _ = self.exchange("--mode", mode)
                self.assertIn(f"mode {mode}", mine)
        self.config("alice", {"certificate": {"chain": "pki/alice.pem", "key": "pki/alice.key", "trust": ["pki/ca.pem"],
                                              "url": "https://example.com/alice.pem"}})
        _, offer = self.offer("--mode", "dh")
        _, _, err = self.answer(offer, status=1)
        self.assertIn("https://example.com/alice.pem", err)
        self.exchange("--mode", "dh", answer=("--certificate", "pki/alice.pem"))


if __name__ == "__main__":
    unittest.main()
