"""Says what the commands of a shell do: which program each runs, on what, and what bounds it.

By tables of names alone. A program that is not in them, and everything that runs code, may do
anything.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from keyturn.domain import shell_programs as programs
from keyturn.domain.command_shapes import LONGEST_COMMAND, Shaped
from keyturn.domain.commands import Command, Does, Language, Step, Why, command_of, not_understood
from keyturn.inspection.shell_operands import (
    Arguments,
    changing,
    fetching,
    reading,
    removing,
    writing_whole,
)
from keyturn.inspection.shell_syntax import (
    Around,
    Assignment,
    Obscure,
    Part,
    Redirect,
    Simple,
    Word,
    parts_of,
)

MOST_WITHIN = 4
"""Commands within the text of commands that are read."""
MOST_WRAPPED = 20
"""Programs that do nothing but run the next one."""
MOST_PARTS = 200
_NOWHERE = frozenset({"/dev/null", "/dev/stdout", "/dev/stderr", "/dev/tty"})
_OPENS_SHELL = frozenset({"-i", "-s", "--login", "--shell"})
_FIND_RUNS = frozenset({"-exec", "-execdir", "-ok", "-okdir"})
_FIND_CHANGES = frozenset({"-delete", "-fls", "-fprint", "-fprint0", "-fprintf"})
_ASKS = frozenset({"--version", "-V", "--help", "-h"})
_LOADS = frozenset({"-r", "--require", "--import", "--loader", "--preload", "-S"})
_CODE = frozenset({"-c", "-e", "-p", "-E", "--eval", "--print", "-Command", "-EncodedCommand"})


def read_shell(shaped: Shaped) -> Command | None:
    """Return what a command line does; None for what was none after all."""
    reading_of = _Reading()
    if shaped.words:
        words = tuple(Word(text=word) for word in shaped.words)
        if not shaped.sure and not programs.is_program(shaped.words[0]):
            return None
        steps = list(reading_of.simple(Simple(words=words), 0))
    else:
        steps = list(reading_of.script(shaped.text, 0))
    if reading_of.understood:
        return command_of(shaped.path, Language.SHELL, steps)
    return not_understood(shaped.path, Language.SHELL, steps)


class _Reading:
    """Goes through one command line, and the ones that are written within it."""

    def __init__(self) -> None:
        self.understood = True
        self._parts = 0

    def script(self, text: str, within: int) -> Iterator[Step]:
        """Yield the steps of a text."""
        if within > MOST_WITHIN or len(text) > LONGEST_COMMAND:
            self.understood = False
            return
        for part in parts_of(text):
            yield from self._part(part, within)
            if self._parts > MOST_PARTS:
                self.understood = False
                return

    def simple(self, simple: Simple, within: int) -> Iterator[Step]:
        """Yield the steps of one simple command."""
        self._parts += 1
        if simple.within > MOST_WRAPPED or self._parts > MOST_PARTS:
            self.understood = False
            return
        name = simple.words[0]
        if not name.literal or name.wild or not name.text.strip():
            yield _runs(simple.words, Why.COMPUTED)
            return
        for step in self._program(simple, within):
            yield _as_run(step, simple.around)

    def _part(self, part: Part, within: int) -> Iterator[Step]:
        match part:
            case Simple():
                yield from self.simple(part, within)
            case Redirect():
                self._parts += 1
                yield from _redirected(part)
            case Assignment():
                self._parts += 1
                yield Step(does=Does.RUNS, target=f"{part.name}=", count=None, why=Why.CODE)
            case Obscure():
                self.understood = False

    def _program(self, simple: Simple, within: int) -> Iterator[Step]:
        words, around = simple.words, simple.around
        name, rest = programs.plain_name(words[0].text), words[1:]
        if not programs.is_of_system(words[0].text):
            yield _unknown(name, words)
        elif name in programs.WRAPPERS:
            yield from self._wrapped(name, simple, within)
        elif name in ("eval", "trap"):
            yield from self._code(rest if name == "eval" else rest[:1], within)
        elif name in ("source", "."):
            yield _runs_file(words, rest[:1])
        elif name in programs.INTERPRETERS:
            yield from self._interpreter(name, simple, within)
        elif name == "find":
            yield from self._find(simple, within)
        elif name not in programs.QUIET:
            yield from _by_table(name, words, around)

    def _wrapped(self, name: str, simple: Simple, within: int) -> Iterator[Step]:
        """Look at what a program runs that only runs others."""
        rest = list(simple.words[1:])
        options = _taken_options(rest, programs.WRAPPERS[name])
        if name == "command" and {"-v", "-V"} & {option.text for option in options}:
            return
        if name == "env":
            yield from _taken_settings(rest)
            if any("S" in o.text or o.text.startswith("--s") for o in options):
                yield _runs(simple.words, Why.CODE)
        if name in ("timeout", "chroot"):
            del rest[:1]
        if rest:
            loops = simple.around.loops or name == "xargs"
            around = replace(simple.around, loops=loops)
            inner = Simple(words=tuple(rest), around=around, within=simple.within + 1)
            yield from self.simple(inner, within)
        elif _OPENS_SHELL & {option.text for option in options}:
            yield _runs(simple.words, Why.PIPED)

    def _code(self, words: Sequence[Word], within: int) -> Iterator[Step]:
        """Read words that a shell runs as a command line of their own."""
        if all(word.literal for word in words):
            yield from self.script(" ".join(word.text for word in words), within + 1)
        else:
            yield _runs(words, Why.COMPUTED)

    def _interpreter(self, name: str, simple: Simple, within: int) -> Iterator[Step]:
        words = simple.words
        given = Arguments(words[1:])
        code = given.after(_CODE, also_in="c" if name in programs.SHELLS else "ce")
        if code is not None:
            if name in programs.SHELLS:
                yield from self._code((code,), within)
            else:
                yield _runs(words, Why.CODE)
            return
        module = given.after(frozenset({"-m"}))
        if module is not None:
            path = module.text.replace(".", "/")
            files = (f"{path}.py", f"{path}/__main__.py") if module.literal else ()
            yield _runs(words, Why.CODE).running(files)
            return
        loaded = [w for n, w in enumerate(words[1:], 1) if words[n - 1].text in _LOADS]
        script = [word for word in given.operands if word not in loaded][:1]
        if name in programs.SHELLS and given.has("s"):
            yield _runs(words, Why.PIPED)
        elif script and script[0].text != "-":
            yield _runs_file(words, (*script, *loaded))
        elif simple.around.piped or not given.options or not _ASKS.issuperset(_texts(given)):
            yield _runs(words, Why.PIPED)

    def _find(self, simple: Simple, within: int) -> Iterator[Step]:
        """Say what becomes of what is found."""
        rest = simple.words[1:]
        texts = [word.text for word in rest]
        where = Arguments(rest).operands[:1]
        target = where[0].text if where else "."
        if _FIND_CHANGES.intersection(texts):
            changes = next(text for text in texts if text in _FIND_CHANGES)
            yield Step(
                does=Does.REMOVES if changes == "-delete" else Does.WRITES,
                target=target,
                program=f"find {changes}",
                count=None,
                why=Why.RECURSIVE,
            )
        runs = list(_run_by_find(rest))
        for words in filter(None, runs):
            inner = Simple(words=words, around=Around(loops=True), within=simple.within + 1)
            yield from self.simple(inner, within)
        if not runs and not _FIND_CHANGES.intersection(texts):
            yield Step(does=Does.READS, target=target, program="find")


def _run_by_find(rest: Sequence[Word]) -> Iterator[tuple[Word, ...]]:
    """Yield what `find` runs on what it finds: each up to its end."""
    begun: list[Word] | None = None
    for word in rest:
        if begun is None:
            begun = [] if word.text in _FIND_RUNS else None
        elif word.text in (";", "+"):
            yield tuple(begun)
            begun = None
        else:
            begun.append(word)
    if begun is not None:
        yield tuple(begun)


def _texts(given: Arguments) -> Iterator[str]:
    return (word.text for word in given.options)


def _by_table(name: str, words: Sequence[Word], around: Around) -> Iterator[Step]:
    given = Arguments(words[1:])
    if name in programs.REMOVES:
        yield removing(name, given)
    elif name in programs.CHANGES:
        yield changing(name, given)
    elif name in programs.WHOLE:
        yield writing_whole(name, given)
    elif name in programs.FETCHES:
        yield from fetching(name, given)
    elif _only_reads(name, given):
        yield reading(name, given)
    else:
        yield _unknown(name, words)


def _only_reads(name: str, given: Arguments) -> bool:
    match name:
        case "date":
            plain = all(word.text.startswith("+") for word in given.operands)
            return plain and not given.has("s", "--set")
        case "sort":
            return not given.has("oTS", "--output", "--compress-program", "--temporary-directory")
        case "uniq":
            return len(given.operands) < 2
        case "git":
            first = given.words[0].text if given.words else ""
            return first in programs.GIT_READS and not given.has("", "--output", "--ext-diff")
        case _:
            return name in programs.READS


def _unknown(name: str, words: Sequence[Word]) -> Step:
    """Say that a program runs of which nothing else is known, and which files it runs."""
    spelt = words[0].text
    of_system = programs.is_of_system(spelt)
    files = programs.IMPLIED.get(name, ()) if of_system else (spelt,)
    return _runs(words, Why.UNKNOWN).running(files)


def _runs(words: Sequence[Word], why: Why) -> Step:
    return Step(
        does=Does.RUNS,
        program=words[0].text if words and words[0].literal else "",
        target=" ".join(word.text for word in words),
        count=None,
        why=why,
    )


def _runs_file(words: Sequence[Word], files: Sequence[Word]) -> Step:
    known = tuple(word.text for word in files if word.literal)
    why = Why.CODE if len(known) == len(files) else Why.COMPUTED
    return _runs(words, why).running(known)


def _as_run(step: Step, around: Around) -> Step:
    """Lift the bound of what runs nobody knows how often."""
    if around.loops and step.changes and step.count is not None:
        return step.bounded(None, Why.LOOP)
    return step


def _redirected(part: Redirect) -> Iterator[Step]:
    target = part.target
    if target.literal and target.text in _NOWHERE:
        return
    does = Does.APPENDS if part.appends else Does.WRITES
    if target.text.startswith(("/dev/tcp/", "/dev/udp/")):
        does = Does.SENDS
    loose = not target.literal or target.wild
    yield Step(
        does=does,
        target=target.text,
        count=None if loose else 1,
        why=Why.COMPUTED if loose else None,
        writes=() if loose else (target.text,),
    )


def _taken_options(rest: list[Word], with_value: str) -> list[Word]:
    """Take the options off the front, each with its value."""
    taken: list[Word] = []
    while rest and rest[0].literal and rest[0].text.startswith("-") and rest[0].text != "-":
        option = rest.pop(0)
        if option.text == "--":
            break
        taken.append(option)
        if len(option.text) == 2 and option.text[1] in with_value and rest:
            taken.append(rest.pop(0))
    return taken


def _taken_settings(rest: list[Word]) -> Iterator[Step]:
    """Take the variables off what `env` is given; any of them may rule what runs."""
    while rest and "=" in rest[0].text:
        name = rest.pop(0).text.partition("=")[0]
        if programs.rules_others(name):
            yield Step(does=Does.RUNS, target=f"{name}=", count=None, why=Why.CODE)
