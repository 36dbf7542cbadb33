"""Makes command lines that are meant to be read wrongly, runs them, and says what they changed.

Every word names something within the folder that they run in, and nothing above it.
"""

import os
import random
import shutil
import stat
import subprocess
import tempfile
from pathlib import Path

from keyturn.domain.command_shapes import Shaped
from keyturn.domain.commands import Command, Language
from keyturn.inspection.shell_commands import read_shell

FILES = {
    "a": "3\n1\n2\n",
    "b.txt": "x y\nz\n",
    "c d": "q\n",
    "+": "4\n4\n",
    "-o": "a switch where it is no operand\n",
    ";touch made;": "a command where it is evaluated\n",
    "sub/e": "e\n",
}
SCRIPT = "touch made\nrm -f a\n"
READING = (
    "ls",
    "cat",
    "echo",
    "head -n1",
    "wc -l",
    "grep -n x",
    "sort",
    "sort -n",
    "uniq",
    "date",
    "stat",
    "printf '%s\\n'",
    "printf %s",
    "test -f",
    "find . -name",
    "cut -c1",
    "tail -n 1",
    "tr a b <",
    "diff a",
    "env",
    "true",
    ":",
    "pwd",
    "seq 2",
    "basename",
    "cd",
    "read -r",
    "export",
    "jobs",
    "type",
    "set",
)
CHANGING = (
    "rm -f",
    "touch",
    "cp a",
    "mv a",
    "mkdir",
    "mkdir -p",
    "tee",
    "sort -o",
    "uniq a",
    "truncate -s 0",
    "ln -s a",
    "chmod 600",
    "find . -delete -name",
    "sed -i s/x/y/",
    "eval touch",
    "rm -rf",
    "unlink",
    "cp -r sub",
    "dd of=made if=a #",
)
PREFIXES = (
    *("sh -c", "bash -c", "eval", "command", "env", "env -S", "xargs", "echo a | xargs", "exec"),
    *("timeout 5", "builtin", "nice", "jobs -x", "trap", "time", "!", "coproc", "bash -ec", "sh"),
    *("echo ls | xargs -I ls", "echo a | xargs -I{}", "eval echo", "find . -exec", "LS", "sudo"),
    *("x=", "x=1", "PATH=.", "IFS=x", "f() {", "if true; then", "while false; do", "nohup", "."),
)
WORDS = (
    *("a", "b.txt", "'c d'", '"c d"', "c\\ d", "sub", "sub/e", "made", "*", "a*", "?", "{a,made}"),
    *("-o", "'-o'", '"-o"', "\\-o", "-'o'", "-\\o", "$'-o'", '$"-o"', "--output=made", "-omade"),
    *('"$X"', "$X", "${X}", "${X:-made}", "${X@P}", "${P@P}", "$((1+1))", "$(($E))", "$((P))"),
    *("$(echo made)", "`echo made`", "$(touch made)", "`rm -f a`", "<(touch made)", ">(cat>made)"),
    *("'a[$(touch made)]'", "a[\\$(rm a)]", "-v", "'touch made'", "'rm -f a'", '"touch made"'),
    *(
        "-\\\nomade",
        "--out\\\nput=made",
        "-\\\no",
        "[0]",
        "]]",
        "made -a",
        "'%n' 'q[$(touch made)]'",
    ),
    *(
        "'q[$(touch made)]' 1",
        "'q[$(touch made)]' ]",
        "'q[$(touch made)]' ]]",
        "$E",
        '"$E"',
        "$E ]]",
    ),
    *(
        "-exec",
        "-delete",
        "-fprint",
        "{}",
        "\\;",
        "+",
        "rm",
        "touch",
        "s\\\nort",
        "ma\\\nde",
        "\\\n",
    ),
    *(
        "--",
        "-",
        "+%F",
        "%n",
        "x",
        "1",
        "'",
        '"',
        "$",
        "#",
        "# x",
        "~",
        "~/made",
        "[",
        "]",
        "=",
        "!",
    ),
    *("script.sh", "./script.sh", "-c", "-I{}", "sub/*", "''", '""', "$@", "x=made", "é", "\u00a0"),
)
BETWEEN = (" ", " ", " ", " ", " ", " ", "  ", "\t", "", "\\\n", " \\\n", "\n", "\r", "\u00a0")
ENDS = (
    *("", "", "", " > made", " >> a", " >made", " 2>&1", " >&made", " &>made", " >| a", " <> made"),
    *(
        " < a",
        " <<< $(touch made)",
        " > /dev/null",
        " 2> made",
        " > '-o'",
        ' > "$X"',
        " {fd}> made",
    ),
    *(
        " <<E\n$(touch made)\nE\n",
        " <<'E'\n$(touch made)\nE\n",
        " <<E\nx\nE\n",
        " <<-E\n\tE\n",
        ")",
    ),
    *("; }", "; fi", "; done", " # x"),
)
_PLAIN: tuple[str, ...] = ("a", "b.txt", "'c d'", "sub", "sub/e", "made", "sub/made", '"c d"')
_EVALUATING = (
    *(
        "sort",
        "sort",
        "sort",
        "sort a",
        "sort -n",
        "uniq",
        "uniq a",
        "uniq a",
        "printf",
        "printf -v",
    ),
    *("printf '%s'", "test -v", "test"),
    *("[ -v", "[[ -v", "read", "read -r", "export", "jobs -x", "eval", "find .", "find", "date"),
    *(
        "set",
        "cd",
        "let",
        "declare",
        "local",
        "env",
        "env -S",
        "xargs",
        "echo a | xargs",
        "wait -p",
    ),
    *("[ -n", "[[ 1 -eq", "for x in", "case a in", "getopts a", "mapfile -C", "unset", "trap"),
)
_GLUE = ("\\\n", "\\", "''", '""', "$X", "${P@P}", "$(touch made)", "\t", " ", ";", "`touch made`")
_WRAPPED = ("sh -c", "sh -c", "sort", "sort", "uniq", "uniq", "cat", "ls", "echo", "wc -l")
_WRAPPED_WORDS = ("a", "made", "ls", "%", "'{}'", "+", "--", "/dev/null", "'cat a'")
JOINS = ("; ", " && ", " || ", " | ", "\n", " & ", " |& ", ";", "|", " ;; ", " #\n")
EXPORTED = {"X": "-omade", "P": "$(touch made)", "E": "q[$(touch made)]"}
"""Variables that are there before a line runs; an agent knows of such, or sets them itself."""


def one_line(dice: random.Random) -> str:
    """Make a line of a few commands."""
    parts = [_command(dice)]
    while dice.random() < 0.35:
        parts += [dice.choice(JOINS), _command(dice)]
    return "".join(parts)


def _command(dice: random.Random) -> str:
    program = dice.choice(READING) if dice.random() < 0.72 else dice.choice(CHANGING)
    words = [program, *(dice.choice(WORDS) for _ in range(dice.choice((0, 1, 1, 2, 2, 3))))]
    if dice.random() < 0.2:
        words.insert(0, dice.choice(PREFIXES))
    if dice.random() < 0.12:
        line = " ".join(words).replace("'", "'\\''")
        words = [dice.choice(("sh -c", "bash -c", "eval", "env -S", "trap")), f"'{line}'"]
    line = words[0]
    for word in words[1:]:
        line += dice.choice(BETWEEN) + word
    return line + dice.choice(ENDS)


def one_plain_line(dice: random.Random) -> str:
    """Make a line out of words that stand for themselves, so that most are understood."""
    parts: list[str] = []
    for _ in range(dice.choice((1, 1, 2, 3))):
        program = dice.choice(READING) if dice.random() < 0.4 else dice.choice(CHANGING)
        words = [program, *(dice.choice(_PLAIN) for _ in range(dice.choice((1, 1, 2, 3))))]
        parts.append(" ".join(words) + dice.choice(("", "", "", " > made", " >> a", " 2> x")))
    return dice.choice(("; ", " && ", " | ", "\n")).join(parts)


def one_odd_line(dice: random.Random) -> str:
    """Make a line of plain words but for one, so that this alone decides what becomes of it."""
    program = dice.choice(_EVALUATING if dice.random() < 0.5 else READING)
    words: list[str] = dice.sample(_PLAIN, dice.choice((0, 1, 1)))
    words.insert(dice.randrange(len(words) + 1), dice.choice(WORDS))
    line = f"{program} {' '.join(words)}"
    if dice.random() < 0.1:
        line = line.replace(" ", dice.choice(("\\\n", " \\\n", "\t", "\r", "\u00a0")), 1)
    if dice.random() < 0.1:
        at = dice.randrange(1, len(line))
        line = f"{line[:at]}{dice.choice(_GLUE)}{line[at:]}"
    if dice.random() < 0.15:
        line = f"{dice.choice(PREFIXES)} {line}"
    return line


def one_wrapped_line(dice: random.Random) -> str:
    """Make a line of a program that runs another, with switches in groups, bare `+` and `--`."""
    program = dice.choice(_WRAPPED)
    words = dice.sample(_WRAPPED_WORDS, dice.choice((0, 1, 1, 2)))
    if dice.random() < 0.4:
        words.insert(0, dice.choice(("+", "+", "'{}'", "--")))
        begins = dice.choice(("-exec", "-exec", "-execdir", "-ok", "-okdir"))
        end = dice.choice(("\\;", "\\;", "'{}' +", "+ -o made \\;", "'{}' + -o made \\;"))
        where = dice.choice((". -maxdepth 0", "a"))
        return f"echo y | find {where} {begins} {program} {' '.join(words)} {end}"
    switches = "".join(dice.sample(("0", "r", "t", "x"), dice.choice((0, 1, 1))))
    value = dice.choice(("ls", "ls", "%", "'{}'"))
    words.insert(0, value)
    more = dice.choice(("", "", "", " -n1", " -L1", " -Ils", " --"))
    read = dice.choice(("'rm -f a'", "-omade"))
    return f"echo {read} | xargs -{switches}I{value}{more} {program} {' '.join(words)}"


def judged(line: str) -> Command:
    """Read a line as a call's argument is read."""
    command = read_shell(Shaped(path="/command", language=Language.SHELL, text=line))
    assert command is not None
    return command


def changed_by(line: str, shell: str) -> set[str]:
    """Run a line in a folder of its own; return what in it is another thing afterwards."""
    folder = Path(tempfile.mkdtemp())
    try:
        for name, text in FILES.items():
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_text(text)
        (folder / "script.sh").write_text(SCRIPT)
        (folder / "script.sh").chmod(0o700)
        before = _seen(folder)
        _run(line, shell, folder)
        after = _seen(folder)
        return {name for name in before | after if before.get(name) != after.get(name)}
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _run(line: str, shell: str, folder: Path) -> None:
    env = {"PATH": "/usr/bin:/bin", "HOME": str(folder), "TMPDIR": str(folder), "LC_ALL": "C.UTF-8"}
    process = subprocess.Popen(
        [shell, "-c", line],
        cwd=folder,
        env=env | EXPORTED,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, 9)
        process.wait()


def _seen(folder: Path) -> dict[str, tuple[int, str]]:
    found: dict[str, tuple[int, str]] = {}
    for path in folder.rglob("*"):
        status = path.lstat()
        text = ""
        if stat.S_ISLNK(status.st_mode):
            text = str(path.readlink())
        elif stat.S_ISREG(status.st_mode):
            text = path.read_bytes().hex() if os.access(path, os.R_OK) else "?"
        found[str(path.relative_to(folder))] = (status.st_mode, text)
    return found


def is_bounded(line: str) -> bool:
    """Tell whether more is said of it than that it may do anything."""
    command = judged(line)
    return command.understood and not (command.changes and command.count is None)


def wrong(line: str, shells: tuple[str, ...]) -> str:
    """Return what a line changed beyond what was said of it; empty where nothing."""
    command = judged(line)
    if not is_bounded(line):
        return ""
    for shell in shells:
        changed = changed_by(line, shell)
        if changed and not command.changes:
            return f"{shell}: reads only, and changed {sorted(changed)}"
        if command.count is not None and len(changed) > command.count:
            return f"{shell}: bound {command.count}, and changed {sorted(changed)}"
    return ""
