#!/usr/bin/env python3
"""Wireshark as an independent decoder: every field of messages our builder made, as our dissection and tshark see it.

    tshark_test.py WIRE_MESSAGES       the program that prints the messages

Exit status 77 without tshark. Where tshark is known to show something else than what stands in the message, this
file says so (NOT_COMPARED, TSHARK_ONLY, OMITTED_WHEN_EMPTY); everything else must agree, in both directions.
"""
import datetime
import json
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import unittest

# Our payload and field names -> tshark's fields.
PAYLOADS = {
    "HDR": ("mikey.hdr", {
        "Version": "mikey.version", "Data type": "mikey.type", "Next payload": "mikey.next_payload",
        "V": "mikey.v.set", "PRF func": "mikey.prf_func", "CSB ID": "mikey.csb_id", "#CS": "mikey.cs_count",
        "CS ID map type": "mikey.cs_id_map_type"}),
    "T": ("mikey.t", {"TS type": "mikey.t.ts_type", "TS value": "mikey.t.ntp"}),
    "RAND": ("mikey.rand", {"RAND len": "mikey.rand.len", "RAND": "mikey.rand.data"}),
    "ID": ("mikey.id", {"ID type": "mikey.id.type", "ID data len": "mikey.id.len", "ID data": "mikey.id.data"}),
    "IDR": ("mikey.idr", {"ID role": "mikey.id.role", "ID type": "mikey.id.type", "ID data len": "mikey.id.len",
                          "ID data": "mikey.id.data"}),
    "CERT": ("mikey.cert", {"Cert type": "mikey.cert.type"}),
    "SP": ("mikey.sp", {"Policy no": "mikey.sp.no", "Prot type": "mikey.sp.proto_type",
                        "Policy param len": "mikey.sp.param_len"}),
    "KEMAC": ("mikey.kemac", {"Encr alg": "mikey.kemac.encr_alg", "Encr data len": "mikey.kemac.key_data_len",
                              "Encr data": "mikey.kemac.key_data", "Mac alg": "mikey.kemac.mac_alg",
                              "MAC": "mikey.kemac.mac"}),
    "Key data": ("mikey.key", {"Type": "mikey.key.type", "KV": "mikey.key.kv", "Key data len": "mikey.key.data.len",
                               "Key data": "mikey.key.data", "Salt data len": "mikey.key.salt.len",
                               "Salt data": "mikey.key.salt", "SPI len": "mikey.key.kv.spi.len",
                               "SPI": "mikey.key.kv.spi", "Valid From len": "mikey.key.kv.from.len",
                               "Valid From": "mikey.key.kv.from", "Valid To len": "mikey.key.kv.to.len",
                               "Valid To": "mikey.key.kv.to"}),
    "PKE": ("mikey.pke", {"C": "mikey.pke.c", "Data len": "mikey.pke.len", "Data": "mikey.pke.data"}),
    "DH": ("mikey.dh", {"DH-Group": "mikey.dh.group", "DH-value": "mikey.dh.value", "Reserv": "mikey.dh.reserv",
                        "KV": "mikey.dh.kv"}),
    "SIGN": ("mikey.sign", {"S type": "mikey.sign.type", "Signature len": "mikey.sign.len",
                            "Signature": "mikey.sign.data"}),
    "CHASH": ("mikey.chash", {}),
    "V": ("mikey.v", {"Auth alg": "mikey.v.auth_alg", "Ver data": "mikey.v.ver_data"}),
    "ERR": ("mikey.err", {"Error no": "mikey.err.no", "Reserved": "mikey.err.reserved"}),
    "General Ext.": ("mikey.ext", {"Type": "mikey.ext.type", "Data len": "mikey.ext.len",
                                   "Data": ("mikey.ext.data", "mikey.ext.value")}),
    "SAKKE": ("mikey.sakke", {"SAKKE params": "mikey.sakke.params", "ID scheme": "mikey.sakke.idscheme",
                              "SAKKE data len": "mikey.sakke.len", "SAKKE data": "mikey.sakke.data"}),
}
SRTP_ID = {"Policy_no": "mikey.srtp_id.policy_no", "SSRC": "mikey.srtp_id.ssrc", "ROC": "mikey.srtp_id.roc"}
PARAM = {"Type": "mikey.sp.param.type", "Value len": "mikey.sp.param.len", "Value": "mikey.sp.patam.value"}
SRTP_PARAMS = ["encr_alg", "encr_len", "auth_alg", "auth_key_len", "salt_len", "prf", "kd_rate", "srtp_encr",
               "srtcp_encr", "fec", "srtp_auth", "auth_tag_len", "srtp_prefix"]

# tshark 4.0 shows the certificate's length one octet early and its contents as ASN.1; of the sub-payloads of a KEMAC it
# takes apart the first one only, without the Next payload octet.
NOT_COMPARED = {"CERT": ["Certificate data len", "Certificate data"], "Key data": ["Next payload"]}
TSHARK_ONLY = {"CERT": ["mikey.cert.len", "mikey.cert.data", "mikey.cert.data_tree"]}
# Octet strings that tshark leaves out when they are empty.
OMITTED_WHEN_EMPTY = ["Encr data", "MAC", "Ver data"]


# tshark 4.0 knows CHASH by its name only, and of a DH payload not the key validity data; what follows it does not show.
STOPS = {"CHASH": ["Hash func", "Hash"], "DH": ["SPI len", "SPI", "Valid From len", "Valid From", "Valid To len", "Valid To"]}


def reached(payloads):
    """The payloads that tshark gets to, and the fields of the last one that it leaves out."""
    for count, payload in enumerate(payloads, 1):
        left_out = [f["name"] for f in payload["fields"] if f["name"] in STOPS.get(payload["name"], [])]
        if left_out:
            return payloads[:count], left_out
    return payloads, []


def capture(messages):
    """The messages as UDP datagrams on port 2269, in the pcap format (link type 228: IPv4)."""
    out = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 228)
    for number, octets in enumerate(messages):
        udp = struct.pack(">HHHH", 2269, 2269, 8 + len(octets), 0) + octets
        ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), number, 0, 64, 17, 0, b"\x7f\0\0\1", b"\x7f\0\0\1")
        out += struct.pack("<IIII", number, 0, len(ip + udp), len(ip + udp)) + ip + udp
    return out


def pairs_of(items, name):
    return [value for key, value in items if key == name]


def tshark(messages):
    """What tshark makes of each message: a list of (name, list or text)."""
    with tempfile.NamedTemporaryFile(suffix=".pcap") as file:
        file.write(capture(messages))
        file.flush()
        run = subprocess.run(["tshark", "-n", "-r", file.name, "-T", "json", "-J", "mikey"], check=True,
                             capture_output=True, text=True)
    out = []
    for packet in json.loads(run.stdout, object_pairs_hook=list):
        layers = dict(dict(packet)["_source"])["layers"]
        out.append(pairs_of(layers, "mikey"))
    return out


def number(text):
    return int(text, 16) if text.lower().startswith("0x") else int(text)


def iso(text):
    """"Oct 20, 2006 13:43:06.250000000 UTC" as our meaning has it, in whole milliseconds."""
    found = re.fullmatch(r"(\w{3}) +(\d+), (\d{4}) (\d\d:\d\d:\d\d)\.(\d{3})\d* UTC", text)
    day = datetime.datetime.strptime(f"{found[1]} {found[2]} {found[3]}", "%b %d %Y").date().isoformat()
    return f"{day}T{found[4]}.{found[5]}Z"


class Tshark(unittest.TestCase):
    maxDiff = None

    def compare_field(self, field, theirs):
        """One of our fields and the text tshark shows for it."""
        if field["name"] == "TS value":
            self.assertEqual(iso(theirs), field["meaning"])
        elif field["name"] == "ID data":
            self.assertEqual(theirs, field["meaning"])
        elif isinstance(field["value"], int) or field["value"].startswith("0x"):
            ours = field["value"] if isinstance(field["value"], int) else number(field["value"])
            theirs = number(theirs.replace(":", "") if ":" not in theirs else "0x" + theirs.replace(":", ""))
            self.assertEqual(theirs, ours)
        elif field.get("meaning") == theirs:
            pass  # an extension that tshark shows as text
        else:
            self.assertEqual(theirs.replace(":", ""), field["value"])

    def compare_fields(self, fields, theirs, names, known=()):
        """All fields, and that tshark shows no other."""
        seen = set()
        for field in fields:
            name = field["name"]
            if name in known:
                continue
            with self.subTest(field=name):
                candidates = names[name] if isinstance(names[name], tuple) else (names[name],)
                values = [value for c in candidates for value in pairs_of(theirs, c)]
                if not values and name in OMITTED_WHEN_EMPTY:
                    self.assertEqual(field["value"], "")
                    continue
                self.assertEqual(len(values), 1, f"{candidates} in {theirs}")
                seen.update(candidates)
                self.compare_field(field, values[0])
        return seen

    def compare_params(self, params, theirs):
        found = [(key, value) for key, value in theirs if key[9:] in SRTP_PARAMS]
        self.assertEqual(len(found), len(params))
        for param, (key, value) in zip(params, found):
            fields = {f["name"]: f for f in param["fields"]}
            with self.subTest(parameter=key):
                self.assertEqual(key, "mikey.sp." + SRTP_PARAMS[fields["Type"]["value"]])
                self.assertEqual(number(value), int(fields["Value"]["value"], 16))
                self.compare_fields(param["fields"], pairs_of(theirs, key + "_tree")[0], PARAM)

    def compare_payload(self, payload, key, theirs, left_out=()):
        name = payload["name"]
        their_key, names = PAYLOADS[name]
        self.assertEqual(key, their_key)
        names = dict(names, **{"Next payload": "mikey.next_payload"})
        nested = {"CS ID map info", "Policy param"}
        inner = [f for f in payload["fields"] if f.get("payloads")]
        known = set(NOT_COMPARED.get(name, [])) | nested | set(left_out) | {f["name"] for f in inner}
        seen = self.compare_fields(payload["fields"], theirs, names, known)
        extra = {k for k, _ in theirs if k.startswith("mikey.")} - seen - set(TSHARK_ONLY.get(name, []))
        for field in payload["fields"]:
            if field["name"] == "CS ID map info":
                entries = pairs_of(theirs, "mikey.srtp_id")
                self.assertEqual(len(entries), len(field.get("fields", [])))
                for ours, entry in zip(field.get("fields", []), entries):
                    self.compare_fields(ours["fields"], entry, SRTP_ID)
                extra.discard("mikey.srtp_id")
            elif field["name"] == "Policy param":
                self.compare_params(field.get("fields", []), theirs)
                extra = {k for k in extra if k[9:].removesuffix("_tree") not in SRTP_PARAMS}
        for field in inner:
            extra.discard("mikey.key")
            found = pairs_of(theirs, "mikey.key")
            self.assertEqual(len(found), len(field["payloads"]))
            for sub, value in zip(field["payloads"], found):
                with self.subTest(sub=sub["name"]):
                    self.compare_payload(sub, "mikey.key", value)
        self.assertEqual(extra, set())

    def test_every_field_of_every_message(self):
        lines = subprocess.run([PROGRAM], check=True, capture_output=True, text=True).stdout.splitlines()
        messages = [json.loads(line) for line in lines]
        self.assertGreaterEqual(len(messages), 17 + 20)
        seen = tshark([bytes.fromhex(m["octets"]) for m in messages])
        self.assertEqual(len(seen), len(messages))
        for message, layers in zip(messages, seen):
            with self.subTest(message=message["name"]):
                self.assertIsNone(message["dissection"]["error"])
                self.assertEqual(len(layers), 1)
                ours, left_out = reached(message["dissection"]["payloads"])
                theirs = [(k, v) for k, v in layers[0] if isinstance(v, list) and k.startswith("mikey.")]
                self.assertEqual([PAYLOADS[p["name"]][0] for p in ours], [k for k, _ in theirs])
                for payload, (key, value) in zip(ours, theirs):
                    with self.subTest(payload=payload["name"]):
                        self.compare_payload(payload, key, value, left_out if payload is ours[-1] else ())


if __name__ == "__main__":
    if shutil.which("tshark") is None:
        print("skipped: tshark is not installed")
        sys.exit(77)
    PROGRAM = sys.argv.pop(1)
    unittest.main()
