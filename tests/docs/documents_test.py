"""Tests of the documents' runner: what is right passes, what is not is found."""

import pathlib
import tempfile
import unittest

import documents
from documents import Fault

FENCE = "```"


def block(marker, language, body):
    return f"<!-- {marker} -->\n{FENCE}{language}\n{body}{FENCE}\n"


class Runner(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name).resolve()
        self.source = self.root / "source"
        self.build = self.root / "out"
        self.source.mkdir()
        (self.build / "bin").mkdir(parents=True)
        (self.source / "data.txt").write_text("one\ntwo\nthree\n")
        tool = self.build / "bin" / "tool"
        tool.write_text("#!/bin/sh\necho tool $1\nexit ${2:-0}\n")
        tool.chmod(0o755)
        self.document = self.source / "a.md"

    def session(self, body):
        self.document.write_text("# A\n\n" + block("session", "console", body))
        return documents.run_sessions(self.source, self.build, self.document)

    def test_a_session_as_shown(self):
        self.assertEqual(self.session("$ tool 5\ntool 5\n$ build/bin/tool x\ntool x\n$ cat data.txt\none\n...\nthree\n"), 3)

    def test_files_stay_from_one_command_to_the_next_but_not_in_the_source(self):
        self.assertEqual(self.session("$ echo x > new.txt\n$ cat new.txt\nx\n"), 2)
        self.assertFalse((self.source / "new.txt").exists())

    def test_other_output(self):
        with self.assertRaisesRegex(Fault, "printed\ntool 5"):
            self.session("$ tool 5\ntool 6\n")

    def test_output_that_is_not_shown(self):
        with self.assertRaises(Fault):
            self.session("$ cat data.txt\none\ntwo\n")

    def test_output_that_does_not_come(self):
        with self.assertRaises(Fault):
            self.session("$ tool 5\ntool 5\nmore\n")

    def test_a_failing_command(self):
        with self.assertRaisesRegex(Fault, "ended with 3"):
            self.session("$ tool 5 3\ntool 5\n")
        self.assertEqual(self.session("$ tool 5 3 || echo status $?\ntool 5\nstatus 3\n"), 1)

    def test_a_process_that_stays(self):
        patience, documents.PATIENCE = documents.PATIENCE, 0.3
        self.addCleanup(setattr, documents, "PATIENCE", patience)
        with self.assertRaisesRegex(Fault, "sleep 77[^$]*leaves a process"):
            self.session("$ sleep 77 > /dev/null 2>&1 &\n$ tool 5\ntool 5\n")
        self.assertEqual(self.session("$ sleep 77 > /dev/null 2>&1 & echo $! > pid\n$ kill $(cat pid)\n"), 2)

    def test_part_of_a_line(self):
        self.session("$ tool 2026-11-24T00:00\ntool ...T00:00\n")
        with self.assertRaises(Fault):
            self.session("$ tool 5\ntool ...6\n")

    def test_a_command_of_two_lines(self):
        self.session("$ tool \\\n> 5\ntool 5\n")

    def test_markers_must_mark(self):
        for text in ("<!-- session -->\ntext\n", block("session", "bash", "$ x\n"), block("example", "cpp", "int a;\n"),
                     block("session: x", "console", "$ x\n"), "<!-- example : a -->\n"):
            with self.subTest(text), self.assertRaises(Fault):
                documents.blocks(text, "a.md")

    def test_examples_are_taken_out(self):
        self.document.write_text(block("example: one", "cpp", "int main() {}\n") + "text\n" +
                                 block("output: one", "text", "1\n"))
        names = documents.extract(self.root / "x", [self.document])
        self.assertEqual(names, ["one"])
        self.assertEqual((self.root / "x/one.cpp").read_text(), "int main() {}\n")
        self.assertEqual((self.root / "x/one.out").read_text(), "1\n")

    def test_two_examples_of_one_name(self):
        self.document.write_text(2 * block("example: one", "cpp", "int main() {}\n"))
        with self.assertRaises(Fault):
            documents.extract(self.root / "x", [self.document])

    def test_an_examples_output(self):
        expected = self.root / "o"
        expected.write_text("tool\n")
        documents.check_example(self.build / "bin/tool", expected)
        expected.write_text("tool 1\n")
        with self.assertRaises(Fault):
            documents.check_example(self.build / "bin/tool", expected)


if __name__ == "__main__":
    unittest.main()
