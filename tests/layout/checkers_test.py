"""Plants violations into small trees and requires that the repository's checkers find each of them, and only them."""

import pathlib
import subprocess
import sys
import tempfile
import unittest

SCRIPTS = pathlib.Path(__file__).resolve().parents[2] / "script"


class Tree(unittest.TestCase):
    script = ""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name).resolve()

    def put(self, path, text):
        full = self.root / path
        full.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(text, bytes):
            full.write_bytes(text)
        else:
            full.write_text(text, encoding="utf-8")

    def check(self):
        result = subprocess.run([sys.executable, "-B", SCRIPTS / self.script, self.root], capture_output=True,
                                text=True)
        return result.returncode, result.stdout

    def assert_clean(self):
        status, output = self.check()
        self.assertEqual(status, 0, output)

    def assert_found(self, *words):
        status, output = self.check()
        self.assertEqual(status, 1, output)
        for word in words:
            self.assertIn(word, output)
        self.assertEqual(len(output.splitlines()), 2, "one violation and the summary: " + output)


class Dependencies(Tree):
    script = "check-deps"

    def setUp(self):
        super().setUp()
        self.put("include/mikey/base/bytes.hpp", "#pragma once\n#include <vector>\n")
        self.put("include/mikey/wire/hdr.hpp", '#pragma once\n#include "mikey/base/bytes.hpp"\n')
        self.put("include/mikey/crypto/aes.hpp", "#pragma once\n#include <string.h>\n")
        self.put("src/wire/table.hpp", "#pragma once\n")
        self.put("src/wire/hdr.cpp", '#include "mikey/wire/hdr.hpp"\n#include "table.hpp"\n#include "wire/table.hpp"\n')
        self.put("src/crypto/openssl/aes.cpp", "#include <openssl/evp.h>\nint* p = reinterpret_cast<int*>(0);\n")
        self.put("src/exchange/psk.cpp", '#include "mikey/wire/hdr.hpp"\n#include "mikey/crypto/aes.hpp"\n')
        self.put("cmd/mikey/main.cpp", "#include <CLI/CLI.hpp>\n#include <unistd.h>\n#include <fstream>\n")

    def test_a_tree_that_keeps_the_rule(self):
        self.assert_clean()

    def test_an_empty_tree_is_no_success(self):
        for path in sorted(self.root.rglob("*"), reverse=True):
            path.unlink() if path.is_file() else path.rmdir()
        self.assertEqual(self.check()[0], 1)

    def test_base_knows_nothing(self):
        self.put("src/base/bytes.cpp", '#include "mikey/wire/hdr.hpp"\n')
        self.assert_found("src/base/bytes.cpp:1", "base may not know wire")

    def test_wire_does_not_know_crypto(self):
        self.put("src/wire/mac.cpp", '\n#include "mikey/crypto/aes.hpp"\n')
        self.assert_found("src/wire/mac.cpp:2", "wire may not know crypto")

    def test_a_room_does_not_know_the_tool(self):
        self.put("cmd/mikey/verbs.hpp", "#pragma once\n")
        self.put("src/exchange/dh.cpp", '#include "../../cmd/mikey/verbs.hpp"\n')
        self.assert_found("exchange may not know cmd")

    def test_private_headers_stay_private(self):
        self.put("src/exchange/dh.cpp", '#include "wire/table.hpp"\n')
        self.assert_found("src/wire/table.hpp is private to wire")

    def test_public_headers_include_no_private_one(self):
        self.put("include/mikey/wire/t.hpp", '#include "wire/table.hpp"\n')
        self.assert_found("public header includes the private src/wire/table.hpp")

    def test_openssl_outside_its_folder(self):
        self.put("src/crypto/prf.cpp", "#include <openssl/hmac.h>\n")
        self.assert_found("src/crypto/prf.cpp:1", "src/crypto/openssl/ alone")

    def test_openssl_in_a_public_header(self):
        self.put("include/mikey/crypto/evp.hpp", "#  include <openssl/evp.h>\n")
        self.assert_found("include/mikey/crypto/evp.hpp:1", "alone")

    def test_srtp_json_sql(self):
        for header in ("srtp2/srtp.h", "nlohmann/json.hpp", "sqlite3.h", "boost/asio.hpp", "toml++/toml.h"):
            with self.subTest(header):
                self.put("src/bind/sdp.cpp", f"#include <{header}>\n")
                self.assert_found("src/bind/sdp.cpp:1", header)

    def test_unknown_header(self):
        self.put("src/bind/sdp.cpp", "#include <sofia-sip/sdp.h>\n")
        self.assert_found("neither found nor a header this script knows")

    def test_sockets_and_files_in_the_library(self):
        for header in ("sys/socket.h", "fstream", "thread"):
            with self.subTest(header):
                self.put("src/wire/io.cpp", f"#include <{header}>\n")
                self.assert_found("src/wire/io.cpp:1", header)

    def test_a_new_room_must_be_named(self):
        self.put("src/util/misc.cpp", "int a;\n")
        self.assert_found("'util' is no room")

    def test_headers_in_a_circle(self):
        self.put("include/mikey/wire/a.hpp", '#include "mikey/wire/b.hpp"\n')
        self.put("include/mikey/wire/b.hpp", '#include "mikey/wire/a.hpp"\n')
        self.assert_found("includes itself")

    def test_reinterpret_cast(self):
        self.put("src/wire/cast.cpp", "// reinterpret_cast in a comment is none\nauto p = reinterpret_cast<int*>(q);\n")
        self.assert_found("src/wire/cast.cpp:2")


class Repository(Tree):
    script = "check-repo"

    def setUp(self):
        super().setUp()
        self.git("init", "-q")
        self.put("README.md", "text\n")
        self.commit()

    def git(self, *arguments):
        identity = ["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false"]
        subprocess.run(["git", *identity, *arguments], cwd=self.root, check=True, capture_output=True)

    def commit(self):
        self.git("add", "-A", "-f")
        self.git("commit", "-q", "-m", "x")

    def assert_found_tracked(self, *words):
        self.commit()
        self.assert_found(*words)

    def test_a_small_repository(self):
        self.assert_clean()

    def test_untracked_files_do_not_count(self):
        self.put("build/CMakeCache.txt", "x")
        self.assert_clean()

    def test_a_large_file(self):
        self.put("capture.pcap", bytes(401 * 1024))
        self.assert_found_tracked("capture.pcap", "KiB")

    def test_build_output(self):
        for path in ("build/bin/tool", "build-gcc/x.txt", "src/a.o", "lib/libmikey.so.1", "CMakeCache.txt",
                     "fuzz/crash-" + "0" * 40, "dump.tar"):
            with self.subTest(path):
                self.put(path, "x")
                self.assert_found_tracked(path, "build output")
                self.git("rm", "-q", path)

    def test_a_program_without_a_suffix(self):
        self.put("tool", b"\x7fELF\x02\x01\x01")
        self.assert_found_tracked("tool", "compiled program")

    def test_a_long_file_needs_a_reason(self):
        self.put("src/long.cpp", "int a;\n" * 501)
        self.assert_found_tracked("src/long.cpp", "501 lines")

    def test_a_long_file_with_a_reason(self):
        self.put("src/long.cpp", "// Long because it is one table of the registry.\n" + "int a;\n" * 501)
        self.commit()
        self.assert_clean()

    def test_too_much_in_all(self):
        for number in range(53):
            self.put(f"vectors/{number}.json", str(number).encode() + b" " * (399 * 1024))
        self.assert_found_tracked("tracked files have")

    def test_what_was_removed_stays_in_the_history(self):
        self.git("config", "core.compression", "0")
        self.put("capture.pcap", bytes(51 * 1024 * 1024))
        self.commit()
        self.git("rm", "-q", "capture.pcap")
        self.assert_found_tracked("the history has")


class Links(Tree):
    script = "check-links"

    def setUp(self):
        super().setUp()
        self.put("README.md", "# A `B` c\n[x](doc/a.md) [y](#a-b-c) <https://example.com> [z](https://example.com/q)\n")
        self.put("doc/a.md", "# One\n## Two words\n[up](../README.md#a-b-c)\n```\n[no](nothing.md)\n```\n`[n](o.md)`\n")

    def test_links_that_lead_somewhere(self):
        self.assert_clean()

    def test_a_missing_file(self):
        self.put("doc/b.md", "see [b](../b.md)\n")
        self.assert_found("doc/b.md: ../b.md", "no such file")

    def test_a_missing_heading(self):
        self.put("doc/b.md", "see [b](a.md#three)\n")
        self.assert_found("doc/b.md: a.md#three", "no such heading")

    def test_a_link_out_of_the_repository(self):
        self.put("doc/b.md", "see [b](../../)\n")
        self.assert_found("doc/b.md: ../../")


del Tree  # has no tests of its own

if __name__ == "__main__":
    unittest.main()
