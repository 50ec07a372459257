#!/usr/bin/env python3
"""Captures that the library writes, as tshark reads them: addresses, times, checksums, contents, MIKEY inside SDP.

    capture_test.py CAPTURE        the program that writes one and says what is in it

Exit status 77 without tshark.
"""
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

PROGRAM = ""
FIELDS = ["frame.time_epoch", "ip.src", "ipv6.src", "ip.dst", "ipv6.dst", "udp.srcport", "udp.dstport", "udp.payload",
          "udp.checksum.status", "ip.checksum.status", "mikey.type", "mikey.csb_id", "sdp.media", "_ws.malformed"]
GOOD = "1"  # of a checksum's status


class Capture(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        path = pathlib.Path(folder.name) / "out.pcap"
        said = subprocess.run([PROGRAM, path], capture_output=True, text=True, check=True, timeout=60).stdout
        self.written = [json.loads(line) for line in said.splitlines()]
        options = [o for check in ("udp.check_checksum", "ip.check_checksum") for o in ("-o", f"{check}:TRUE")]
        wanted = [o for field in FIELDS for o in ("-e", field)]
        seen = subprocess.run(["tshark", "-n", "-r", path, *options, "-T", "fields", "-E", "separator=|", *wanted],
                              capture_output=True, text=True, check=True, timeout=120).stdout
        self.seen = [dict(zip(FIELDS, line.split("|"), strict=True)) for line in seen.splitlines()]

    def test_every_datagram_is_seen_as_it_was_written(self):
        self.assertEqual(len(self.seen), len(self.written))
        self.assertGreater(len(self.seen), 5)
        for written, seen in zip(self.written, self.seen, strict=True):
            address = "[{}]:{}" if seen["ipv6.src"] else "{}:{}"
            self.assertEqual(address.format(seen["ip.src"] or seen["ipv6.src"], seen["udp.srcport"]), written["from"])
            self.assertEqual(address.format(seen["ip.dst"] or seen["ipv6.dst"], seen["udp.dstport"]), written["to"])
            self.assertEqual(seen["udp.payload"], written["payload"])
            self.assertEqual(seen["udp.checksum.status"], GOOD)
            self.assertEqual(seen["ip.checksum.status"], "" if seen["ipv6.src"] else GOOD)
            seconds, fraction = seen["frame.time_epoch"].split(".")
            self.assertEqual(int(seconds) * 10**9 + int(fraction.ljust(9, "0")), written["time_ns"])
            self.assertEqual(seen["_ws.malformed"], "")

    def test_mikey_is_seen_inside_sdp_and_by_itself(self):
        found = [(s["mikey.type"], s["mikey.csb_id"], bool(s["sdp.media"])) for s in self.seen if s["mikey.type"]]
        self.assertEqual(found, [("0", "0x12345678", True), ("0", "0x12345678", False), ("0", "0x12345678", True)])


if __name__ == "__main__":
    if not shutil.which("tshark"):
        print("tshark is not installed")
        sys.exit(77)
    PROGRAM = sys.argv.pop(1)
    unittest.main()
