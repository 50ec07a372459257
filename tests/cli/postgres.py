"""A PostgreSQL server of a test's own, in a temporary folder, reachable by a socket in it alone.

A server that is not installed is a failure: it is in packaging/debian-packages.txt.
"""

import os
import pathlib
import pwd
import signal
import subprocess
import tempfile
import time


def programs():
    found = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found:
        raise AssertionError("PostgreSQL is not installed (Debian: postgresql-15, see packaging/debian-packages.txt)")
    return found[-1].parent


def other_user():
    """PostgreSQL refuses to run as root; then it runs as the user its package makes."""
    if os.geteuid() != 0:
        return {}
    user = pwd.getpwnam("postgres")
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


class Postgres:
    def __init__(self):
        self.temporary = tempfile.TemporaryDirectory(prefix="mikey-pg-")
        self.folder = pathlib.Path(self.temporary.name)
        self.user = other_user()
        if self.user:
            os.chown(self.folder, self.user["user"], self.user["group"])
        self.log = open(self.folder / "log", "wb")
        self.process = None
        made = subprocess.run([programs() / "initdb", "-D", self.folder / "data", "-U", "mikey", "-A", "trust", "-E", "UTF8",
                               "--locale=C", "--no-sync"], stdout=self.log, stderr=self.log, cwd=self.folder, **self.user)
        if made.returncode != 0:
            raise AssertionError(f"initdb failed: {self.tail()}")
        self.start()
        self.url = f"host={self.folder} user=mikey dbname=postgres"

    def tail(self):
        return (self.folder / "log").read_text(errors="replace")[-2000:]

    def start(self):
        self.process = subprocess.Popen([programs() / "postgres", "-D", self.folder / "data", "-k", self.folder, "-c",
                                         "listen_addresses=", "-c", "max_connections=60"], stdout=self.log, stderr=self.log,
                                        cwd=self.folder, **self.user)
        until = time.monotonic() + 60
        ready = [programs() / "pg_isready", "-q", "-h", self.folder, "-U", "mikey"]
        while subprocess.run(ready, cwd=self.folder).returncode != 0:
            if self.process.poll() is not None or time.monotonic() > until:
                raise AssertionError(f"PostgreSQL does not start: {self.tail()}")
            time.sleep(0.05)

    def stop(self, crash=False):
        """Closes connections and ends; with `crash`, at once, so that the next start recovers from the log."""
        self.process.send_signal(signal.SIGQUIT if crash else signal.SIGINT)
        self.process.wait(60)

    def close(self):
        if self.process.poll() is None:
            self.stop()
        self.log.close()
        self.temporary.cleanup()
