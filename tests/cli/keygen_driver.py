"""Runs `mikey keygen` for tests, in a folder of their own."""

import pathlib
import subprocess
import tempfile
import unittest

from agent_driver import TOOL


class KeygenTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def keygen(self, *arguments, status=0):
        done = subprocess.run([TOOL, "keygen", *arguments], capture_output=True, text=True, timeout=120, cwd=self.folder,
                              stdin=subprocess.DEVNULL)
        self.assertEqual(done.returncode, status, done.stderr)
        return done.stdout if status == 0 else done.stderr

    def mode(self, name):
        return (self.folder / name).stat().st_mode & 0o777
