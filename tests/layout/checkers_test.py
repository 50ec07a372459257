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

    def put_table(self, cells):
        self.put("tests/a/x_test.cpp", "TEST(Early, Yes) {}\nTEST_P(Early, No) {}\n")
        self.put("tests/b_test.cpp", "TEST_F(Late, Perhaps) {}\n")
        self.put("doc/b.md", "<!-- names tests: tests/a/x_test.cpp -->\n" + "".join(f"| x | `{c}` |\n" for c in cells))

    def test_tests_that_a_document_names(self):
        self.put_table(["Early.Yes", "All/Early.No/psk", "Late.Perhaps"])
        self.assert_clean()

    def test_a_named_test_that_does_not_exist(self):
        self.put_table(["Early.Yes", "Early.No", "Early.Maybe"])
        self.assert_found("doc/b.md: no test is called Early.Maybe")

    def test_a_test_that_is_not_named(self):
        self.put_table(["Early.Yes"])
        self.assert_found("doc/b.md: the test Early.No is not named")

    def test_a_file_of_tests_that_does_not_exist(self):
        self.put("doc/b.md", "<!-- names tests: tests/none.cpp -->\n")
        self.assert_found("doc/b.md: no such file: tests/none.cpp")


RFC = """
RFC 9999                     Made Up                       January 2026

   The key words "MUST", "MUST NOT" and "SHOULD" in this document are to
   be interpreted as described in RFC 2119.

1.  Introduction .............. 1

1.  Introduction

   A message MUST have a head, and MUST
   NOT have two.

Nobody                      Standards Track                    [Page 1]
\f
RFC 9999                     Made Up                       January 2026

2.1.  Tails

   The tail SHOULD be long.
"""

FILE = """
rfc = 9999
title = "Made up"
[keywords]
"1" = { MUST = 1, "MUST NOT" = 1 }
"2.1" = { SHOULD = 1 }
[[requirement]]
id = "1-head"
section = "1"
text = ["A message MUST have a head", "and MUST NOT have two"]
code = ["src/wire/head.cpp:read_head"]
test = ["Head.IsRead", "Tool.test_heads", "layout.heads", "compile_fail.headless"]
[[requirement]]
id = "2.1-tail"
section = "2.1"
text = "The tail SHOULD be long."
exception = "Tails are of another department."
"""

HEAD_TEST = """TEST(Head, IsRead) {
  EXPECT_EQ(read_head(), 1);
}
"""


class Compliance(Tree):
    script = "check-compliance"

    def setUp(self):
        super().setUp()
        self.put("src/wire/head.cpp", "// read_tail is elsewhere\nint read_head() { return 1; }\n")
        self.put("tests/unit/head_test.cpp", HEAD_TEST)
        self.put("tests/cli/tool_test.py", "class Tool(TestCase):\n    def test_heads(self):\n        self.assertTrue(1)\n")
        self.put("tests/layout/CMakeLists.txt", "add_test(NAME layout.heads COMMAND x)\n")
        self.put("tests/compile_fail/headless.cpp", "int main() {}\n")
        self.put("texts/rfc9999.txt", RFC)
        self.write()

    def write(self, old="", new=""):
        self.assertIn(old, FILE)
        self.put("compliance/rfc9999.toml", FILE.replace(old, new, 1) if old else FILE)

    def check(self):
        result = subprocess.run([sys.executable, "-B", SCRIPTS / self.script, self.root, "--against",
                                 self.root / "texts"], capture_output=True, text=True)
        return result.returncode, result.stdout

    def assert_found(self, *words):
        """Those words and no others stand in the violations, one each; the table and the summary are not looked at."""
        status, output = self.check()
        self.assertEqual(status, 1, output)
        violations = [line for line in output.splitlines() if line.startswith("compliance/")]
        self.assertEqual(len(violations), len(words), output)
        for word in words:
            self.assertTrue(any(word in line for line in violations), f"{word}\n{output}")

    def test_what_is_traced(self):
        self.assert_clean()
        output = self.check()[1]
        self.assertRegex(output, r"(?m)^9999 +2 +1 +1 +1 +0 +1 +0$")
        self.assertIn("1 RFCs, 0 violations", output)

    def test_nothing_is_no_success(self):
        (self.root / "compliance/rfc9999.toml").unlink()
        self.assertEqual(self.check()[0], 1)

    def test_without_code_or_test_or_both(self):
        self.write('code = ["src/wire/head.cpp:read_head"]\n')
        self.assert_found("1-head: is not traced: no code")
        self.write('test = ["Head.IsRead", "Tool.test_heads", "layout.heads", "compile_fail.headless"]\n')
        self.assert_found("1-head: is not traced: no test")
        self.write('exception = "Tails are of another department."\n')
        self.assert_found("2.1-tail: is not traced: no answer")

    def test_code_that_is_not_there(self):
        self.write("src/wire/head.cpp:read_head", "src/wire/heads.cpp:read_head")
        self.assert_found("there is no src/wire/heads.cpp")
        self.write("src/wire/head.cpp:read_head", "src/wire/head.cpp:read_tail")
        self.assert_found("src/wire/head.cpp has no read_tail")
        self.write("src/wire/head.cpp:read_head", "src/wire/head.cpp:read")
        self.assert_found("src/wire/head.cpp has no read")
        self.write("src/wire/head.cpp:read_head", "src/wire/head.cpp")
        self.assert_found("is not of the form path:symbol")

    def test_tests_that_are_not_there(self):
        for name, other in (("Head.IsRead", "Head.IsWritten"), ("Tool.test_heads", "Tool.test_tails"),
                            ("layout.heads", "layout.tails"), ("compile_fail.headless", "compile_fail.tailless")):
            with self.subTest(name):
                self.write(name, other)
                self.assert_found(f"there is no test {other}")

    def test_tests_that_cannot_fail(self):
        self.put("tests/unit/head_test.cpp", "TEST(Head, IsRead) {\n  read_head();  // EXPECT\n}\n")
        self.assert_found("the test Head.IsRead expects nothing")
        self.put("tests/unit/head_test.cpp", HEAD_TEST.replace("(Head, ", "(DISABLED_Head, "))
        self.assert_found("there is no test Head.IsRead")
        self.put("tests/unit/head_test.cpp", HEAD_TEST)
        self.put("tests/cli/tool_test.py", "class Tool:\n    @skip\n    def test_heads(self):\n        assert 1\n")
        self.assert_found("the test Tool.test_heads is disabled")

    def test_a_forgotten_requirement(self):
        self.write('text = ["A message MUST have a head", "and MUST NOT have two"]', 'text = "A message MUST have a head"')
        self.assert_found("section 1: 0 MUST NOT are answered, [keywords] has 1")

    def test_one_that_is_forgotten_everywhere(self):
        self.write('"2.1" = { SHOULD = 1 }\n', "")
        self.assert_found("section 2.1: 1 SHOULD are answered, [keywords] has 0",
                          "section 2.1: 0 SHOULD stand in [keywords], the text has 1")

    def test_words_that_the_text_has_not(self):
        self.write("The tail SHOULD be long.", "The tail SHOULD be short.")
        self.assert_found("2.1-tail: section 2.1 does not say 'The tail SHOULD be short.'")

    def test_words_quoted_twice(self):
        self.write('"and MUST NOT have two"', '"A message MUST have a head"')
        self.assert_found("another requirement quotes", "2 MUST are answered", "0 MUST NOT are answered")

    def test_words_without_a_keyword(self):
        self.write("The tail SHOULD be long.", "be long.")
        self.assert_found("have no keyword in them", "0 SHOULD are answered")

    def test_a_whole_paragraph_is_no_quotation(self):
        self.write("The tail SHOULD be long.", "The tail SHOULD be long." + " x" * 80)
        self.assert_found("characters are quoted", "does not say")

    def test_reasons(self):
        self.write("Tails are of another department.", "no")
        self.assert_found("'exception' gives no reason")
        self.write("exception =", 'outside = "It is somebody else who does it."\nexception =')
        self.assert_found("either outside of an implementation or an exception")

    def test_ids_and_members(self):
        self.write('id = "2.1-tail"', 'id = "1-head"')
        self.assert_found("there are two of that id")
        self.write("exception =", 'remark = "x"\nexception =')
        self.assert_found("'remark' means nothing")

    def test_another_rfc_than_the_name_says(self):
        self.write("rfc = 9999", "rfc = 9998")
        self.assert_found("'rfc' and 'title' must say", "rfc9998.txt is not there")

    def test_a_file_that_cannot_be_read(self):
        self.write("rfc = 9999", "rfc = = 9999")
        self.assert_found("cannot be read")


del Tree  # has no tests of its own

if __name__ == "__main__":
    unittest.main()
