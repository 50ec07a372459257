#!/usr/bin/env python3
"""GStreamer's srtpdec and srtpenc, keyed by what this project exports, beside its own SRTP: both directions.

    gstreamer_test.py SRTP_STREAMS     the program at the other end

Exit status 77 where GStreamer or its srtp plugin is not installed.
"""
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

STREAMS = ""
LIMIT = 60  # seconds for a pipeline that takes less than one


def streams(*arguments):
    return subprocess.run([STREAMS, *map(str, arguments)], capture_output=True, text=True, check=True, timeout=LIMIT).stdout


def pipeline(text):
    """Runs gst-launch-1.0 to the end of its stream. Its log goes to a file that is cut, as 1.22 can write without end."""
    command = ["gst-launch-1.0", "-q", *text.split()]
    return subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=LIMIT, check=False).returncode


def framed(octets):
    """The packets of an RFC 4571 stream."""
    packets = []
    while octets:
        size = int.from_bytes(octets[:2], "big")
        packets.append(octets[2:2 + size])
        octets = octets[2 + size:]
    return packets


class GStreamer(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.suites = streams("list").split()
        self.assertIn("AES_CM_128_HMAC_SHA1_80", self.suites)

    def decrypted(self, suite, mki="-", roc=0, spoil=lambda caps: caps):
        """What srtpdec makes of our packets, and what it should."""
        pcap, plain, out = (self.folder / name for name in ("srtp.pcap", "plain", "out"))
        streams("protect", suite, mki, roc, pcap, plain)
        caps = spoil(streams("export", suite, mki, roc).splitlines()[0]).replace(" ", "")
        pipeline(f"filesrc location={pcap} ! pcapparse caps={caps} ! identity ! srtpdec ! rtpstreampay ! filesink location={out}")
        return framed(out.read_bytes()), framed(plain.read_bytes())

    def test_srtpdec_reads_what_we_send(self):
        for suite in self.suites:
            for mki in ("-", "0a0b0c0d"):
                with self.subTest(suite=suite, mki=mki):
                    got, sent = self.decrypted(suite, mki)
                    self.assertEqual(len(sent), 50)
                    self.assertEqual(got, sent)

    def test_srtpdec_starts_at_a_later_roc(self):
        got, sent = self.decrypted("AES_CM_128_HMAC_SHA1_80", roc=7)
        self.assertEqual(got, sent)

    def test_srtpdec_with_another_key_reads_nothing(self):
        def spoil(caps):
            at = caps.index("srtp-key=(buffer)") + len("srtp-key=(buffer)")
            return caps[:at] + ("0" if caps[at] != "0" else "1") + caps[at + 1:]
        got, sent = self.decrypted("AES_CM_128_HMAC_SHA1_80", spoil=spoil)
        self.assertEqual((got, len(sent)), ([], 50))

    def test_we_read_what_srtpenc_sends(self):
        for suite in self.suites:
            for mki in ("-", "0a0b0c0d"):
                with self.subTest(suite=suite, mki=mki):
                    plain, srtp, out = (self.folder / name for name in ("plain", "srtp", "out"))
                    properties = streams("export", suite, mki, 0).splitlines()[1]
                    status = pipeline(
                        "audiotestsrc num-buffers=50 samplesperbuffer=160 ! audio/x-raw,rate=8000,channels=1 ! mulawenc ! "
                        "rtppcmupay ssrc=287454020 ! tee name=t "
                        f"t. ! queue ! srtpenc {properties} ! rtpstreampay ! filesink location={srtp} "
                        f"t. ! queue ! rtpstreampay ! filesink location={plain}")
                    self.assertEqual(status, 0)
                    streams("unprotect", suite, mki, 0, srtp, out)
                    sent = framed(plain.read_bytes())
                    self.assertEqual(framed(out.read_bytes()), sent)
                    self.assertGreater(len(sent), 10)
                    self.assertNotEqual(srtp.read_bytes(), plain.read_bytes())


def installed():
    if not shutil.which("gst-launch-1.0"):
        return False
    have = [subprocess.run(["gst-inspect-1.0", "--exists", e], check=False).returncode == 0
            for e in ("srtpdec", "srtpenc", "pcapparse", "rtpstreampay", "rtppcmupay")]
    return all(have)


if __name__ == "__main__":
    if not installed():
        print("GStreamer, or its srtp, pcapparse or rtp elements, are not installed")
        sys.exit(77)
    STREAMS = sys.argv.pop(1)
    unittest.main()
