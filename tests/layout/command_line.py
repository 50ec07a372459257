"""Requires that manual pages and completion know every verb and option that `mikey ... --help` tells, and no other, and
that the commands shown in help texts, manual pages and documents have no option that is unknown.

command_line.py MIKEY MIKEY-KMS SOURCE-ROOT
"""

import functools
import pathlib
import re
import subprocess
import sys

OPTION = re.compile(r"--[a-z0-9][a-z0-9-]*")


@functools.cache
def help_of(program, *verbs):
    result = subprocess.run([program, *verbs, "--help"], capture_output=True, text=True, stdin=subprocess.DEVNULL,
                            timeout=60)
    if result.returncode != 0:
        sys.exit(f"mikey {' '.join(verbs)} --help ended with {result.returncode}: {result.stderr}")
    return result.stdout


def defined_options(text):
    """Options a help text defines: those that begin a line (its prose is indented further), with their short forms and aliases."""
    found = set()
    for line in text.splitlines():
        head = re.match(r"  ((?:-\w|--[a-z0-9-]+)(?:\s*,\s*--[a-z0-9-]+)*)", line)
        if head:
            found |= set(OPTION.findall(head.group(1)))
    return found


def subcommands(text):
    """Verbs a help text lists under its heading for them."""
    block = re.search(r"^(?:Sub)?commands:\n((?:[ \t]+.*\n|\n)*)", text, re.I | re.M)
    return re.findall(r"^  ([a-z][a-z0-9-]*)\b", block.group(1), re.M) if block else []


def complete(program, completion, *words):
    """What bash would offer after these words: options and verbs."""
    script = ('. "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _mikey; '
              'printf "%s\\n" "${COMPREPLY[@]}"')
    run = subprocess.run(["bash", "-c", script, "bash", completion, program, *words], capture_output=True, text=True, check=True)
    return set(run.stdout.split())


def manual_options(path):
    """Options a page mentions; mdoc writes them `.Fl -json`, man `\\-\\-json`."""
    text = path.read_text(encoding="utf-8").replace("\\-", "-").replace("Fl -", "--")
    return set(OPTION.findall(text))


def commands_shown(program, text):
    """Command lines of the program in a text: (verb, rest) each, lines that end with a backslash joined."""
    text = re.sub(r"\\e?\n(?:> )?\s*", " ", text).replace("\\-", "-")
    name = pathlib.Path(program).name
    return re.findall(rf"(?:^|[|;&] *|[$>] )[ \t]*(?:build/bin/)?{name} ([a-z]+)((?:[^|;&\n>]|\d?>)*)", text, re.M)


def unknown_options(program, where, text):
    """Options of commands in a text that the verb does not have."""
    for verb, rest in commands_shown(program, text):
        if verb not in subcommands(help_of(program)):
            continue  # prose
        words = rest.split()
        subs = subcommands(help_of(program, verb))
        path = [verb, words[0]] if words and words[0] in subs else [verb]
        for option in sorted(set(OPTION.findall(rest)) - defined_options(help_of(program, *path)) - {"--help"}):
            yield f"{where}: shows {' '.join([pathlib.Path(program).name, *path])} {option}, which is unknown to the program"


def kms_faults(program, root):
    """The same of the server, whose verbs share their pages."""
    pages = [root / "doc/man" / name for name in ("mikey-kms.8", "mikey-kms-admin.8", "mikey-kms-stdio.1")]
    documented = set().union(*map(manual_options, pages))
    options = set()
    for verb in subcommands(help_of(program)):
        for path in [[verb, sub] for sub in subcommands(help_of(program, verb))] or [[verb]]:
            text = help_of(program, *path)
            options |= defined_options(text)
            yield from unknown_options(program, f"mikey-kms {' '.join(path)} --help", text)
            shown = re.compile(rf"mikey-kms {verb}\b" + (rf"(?s:.{{0,40}})\b{path[1]}\b" if path[1:] else ""))
            if not any(shown.search(page.read_text(encoding="utf-8")) for page in pages):
                yield f"mikey-kms {' '.join(path)}: in no manual page"
    if not options:
        yield "mikey-kms --help tells of no option"
    for option in sorted(options - documented - {"--help"}):
        yield f"mikey-kms {option}: in no manual page"
    for option in sorted(documented - options - {"--help", "--version"}):
        yield f"mikey-kms {option}: in a manual page, but unknown to the program"


def main():
    program, server, root = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3])
    completion = str(root / "packaging/completion/mikey.bash")
    faults = []
    verbs = subcommands(help_of(program))
    if not verbs:
        sys.exit("no verbs found in mikey --help:\n" + help_of(program))

    offered = {w for w in complete(program, completion, "") if not w.startswith("-")}
    if offered != set(verbs):
        faults.append(f"the completion offers the verbs {sorted(offered)}, not {sorted(verbs)}")

    checked = 0
    for verb in verbs:
        page = root / "doc/man" / f"mikey-{verb}.1"
        if not page.is_file():
            faults.append(f"verb {verb}: no {page.relative_to(root)}")
            continue
        text = help_of(program, verb)
        paths = [[verb, sub] for sub in subcommands(text)] or [[verb]]
        all_options = set(OPTION.findall(text)) & defined_options(text)
        for path in paths:
            options = defined_options(help_of(program, *path))
            all_options |= options
            known = {w for w in complete(program, completion, *path, "--") if w.startswith("--")}
            for option in sorted(options ^ known):
                what = "not completed" if option in options else "completed, but unknown to the program"
                faults.append(f"mikey {' '.join(path)} {option}: {what}")
            checked += len(options)
            faults += unknown_options(program, f"mikey {' '.join(path)} --help", help_of(program, *path))
        documented = manual_options(page)
        for option in sorted(all_options - documented - {"--help"}):
            faults.append(f"mikey {verb} {option}: not in {page.relative_to(root)}")
        for option in sorted(documented - all_options - {"--help", "--version"}):
            faults.append(f"mikey {verb} {option}: in {page.relative_to(root)}, but unknown to the program")

    faults += kms_faults(server, root)
    documents = [root / "README.md", *sorted((root / "doc").rglob("*.md")), *sorted((root / "doc/man").glob("*.[18]"))]
    shown = 0
    for path in documents:
        text = path.read_text(encoding="utf-8")
        for each in (program, server):
            shown += len(commands_shown(each, text))
            faults += unknown_options(each, path.relative_to(root), text)
    if not shown:
        faults.append("no document shows a command")

    print("\n".join(faults + [f"{len(verbs)} verbs, {checked} options, {shown} commands in documents, {len(faults)} faults"]))
    return 1 if faults or not checked else 0


if __name__ == "__main__":
    sys.exit(main())
