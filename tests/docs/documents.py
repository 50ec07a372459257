"""Compiles and runs what the documents show.

    <!-- example: NAME -->      before a ```cpp block: a whole program, built against the library and run
    <!-- output: NAME -->       before a ```text block: what the example NAME prints
    <!-- session -->            before a ```console block: `$ ` lines are typed into bash, the rest is their output

In a session, a line `...` stands for any number of lines, and `...` inside a line for any text. A command that ends
with another status than 0 fails the session (write `command || echo status $?`). A document's sessions run one after
another in one empty folder, in which every entry of the source tree can be reached, and build/ is the build directory.

    documents.py extract DIRECTORY DOCUMENT...     writes NAME.cpp and NAME.out, prints the names
    documents.py example PROGRAM EXPECTED-OUTPUT
    documents.py session SOURCE-ROOT BUILD-DIRECTORY DOCUMENT
"""

import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time

BLOCK = re.compile(r"^<!-- (example|output|session)(?:: ([a-z0-9_]+))? -->\n+```(\w+)\n(.*?)^```$", re.M | re.S)
MARKER = re.compile(r"^\s*<!--\s*(example|output|session)\b", re.M)
PATIENCE = 10  # seconds for what was told to end
LANGUAGE = {"example": "cpp", "output": "text", "session": "console"}


class Fault(Exception):
    """Something is wrong with a document."""


def blocks(text, name):
    """The marked blocks of a document: (kind, name, text). Markers that mark nothing are faults."""
    found = []
    for kind, label, language, body in BLOCK.findall(text):
        if language != LANGUAGE[kind]:
            raise Fault(f"{name}: the block after '{kind}' is {language}, not {LANGUAGE[kind]}")
        if (kind != "session") != bool(label):
            raise Fault(f"{name}: '{kind}' with a name too many or too few")
        found.append((kind, label, body))
    if len(found) != len(MARKER.findall(text)):
        raise Fault(f"{name}: a marker is not followed by its block")
    return found


def extract(directory, documents):
    examples, outputs = {}, {}
    for document in documents:
        for kind, label, body in blocks(document.read_text(encoding="utf-8"), document.name):
            table = {"example": examples, "output": outputs, "session": {}}[kind]
            if label in table:
                raise Fault(f"{document.name}: there are two blocks '{kind}: {label}'")
            table[label] = body
    if set(outputs) - set(examples):
        raise Fault(f"outputs without an example: {sorted(set(outputs) - set(examples))}")
    directory.mkdir(parents=True, exist_ok=True)
    for label, body in examples.items():
        for path, text in ((directory / f"{label}.cpp", body), (directory / f"{label}.out", outputs.get(label, ""))):
            if not path.is_file() or path.read_text(encoding="utf-8") != text:
                path.write_text(text, encoding="utf-8")
    return sorted(examples)


def matches(expected, got):
    """Whether the lines `got` are what the document shows, `...` standing for what it leaves out."""
    pattern = ""
    for line in expected:
        if line.strip() == "...":
            pattern += r"(?:.*\n)*?"
        else:
            pattern += ".*".join(re.escape(part) for part in line.rstrip().split("...")) + r"[ \t]*\n"
    return re.fullmatch(pattern, "".join(line.rstrip() + "\n" for line in got)) is not None


def check_example(program, expected_path):
    run = subprocess.run([program], capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60)
    expected = expected_path.read_text(encoding="utf-8").splitlines()
    if run.returncode != 0:
        raise Fault(f"{program} ended with {run.returncode}\n{run.stdout}{run.stderr}")
    if not matches(expected, run.stdout.splitlines()):
        raise Fault(f"{program} printed\n{run.stdout}and not\n" + "\n".join(expected))


def steps(body):
    """The commands of a session with the output shown for each."""
    found = []
    for line in body.splitlines():
        if line.startswith("$ "):
            found.append([line[2:], []])
        elif line.startswith("> ") and found and not found[-1][1]:
            found[-1][0] += "\n" + line[2:]
        elif found:
            found[-1][1].append(line)
        else:
            raise Fault(f"a session begins with output: {line}")
    if not found:
        raise Fault("a session without a command")
    return found


def run_sessions(source, build, document):
    sessions = [body for kind, _, body in blocks(document.read_text(encoding="utf-8"), document.name)
                if kind == "session"]
    if not sessions:
        raise Fault(f"{document.name} has no session")
    count = 0
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder)
        for entry in source.iterdir():
            if entry.name not in ("build", ".git"):
                (work / entry.name).symlink_to(entry)
        (work / "build").symlink_to(build)
        environment = {**os.environ, "PATH": f"{build}/bin:{os.environ['PATH']}", "LC_ALL": "C.UTF-8", "TERM": "dumb"}
        groups = {}
        try:
            for command, expected in (step for body in sessions for step in steps(body)):
                run = subprocess.Popen(["bash", "-c", command], cwd=work, env=environment, stdin=subprocess.DEVNULL,
                                       stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                       start_new_session=True)
                groups[run.pid] = command
                printed, _ = run.communicate(timeout=60)
                if run.returncode != 0:
                    raise Fault(f"$ {command}\nended with {run.returncode}:\n{printed}")
                if not matches(expected, printed.splitlines()):
                    raise Fault(f"$ {command}\nprinted\n{printed}and not\n" + "\n".join(expected))
                count += 1
            until = time.monotonic() + PATIENCE
            while (left := groups.keys() & alive_groups()) and time.monotonic() < until:
                time.sleep(0.1)
            if left:
                raise Fault(f"$ {groups[min(left)]}\nleaves a process that no later command ends")
        finally:
            for group in groups.keys() & alive_groups():
                os.killpg(group, signal.SIGKILL)
    return count


def alive_groups():
    """The process groups in which there is a process. A zombie whose parent does not care is none."""
    found = set()
    for status in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, group = status.read_text().rpartition(") ")[2].split()[:3]
        except OSError:  # it has just ended
            continue
        if state != "Z":
            found.add(int(group))
    return found


def main(arguments):
    paths = [pathlib.Path(argument).resolve() for argument in arguments[1:]]
    try:
        if arguments[0] == "extract":
            print("\n".join(extract(paths[0], paths[1:])))
        elif arguments[0] == "example":
            check_example(*paths)
        else:
            print(f"{run_sessions(*paths)} commands did as the document says")
    except Fault as fault:
        sys.exit(str(fault))


if __name__ == "__main__":
    main(sys.argv[1:])
