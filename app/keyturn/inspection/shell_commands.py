"""Says what the commands of a shell do: which program each runs, on what, and what bounds it.

By tables of names alone. A program that is not in them, and everything that runs code, may do
anything.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from keyturn.domain import shell_programs as programs
from keyturn.domain.command_budget import LONGEST_COMMAND
from keyturn.domain.command_shapes import Shaped
from keyturn.domain.commands import Command, Does, Language, Step, Why, command_of, not_understood
from keyturn.inspection.shell_operands import (
    Arguments,
    changing,
    fetching,
    is_device,
    is_plain_fetch,
    reading,
    removing,
    writing_whole,
)
from keyturn.inspection.shell_reading import (
    FIND_CHANGES,
    FIND_RUNS,
    find_is_plain,
    is_quiet,
    only_reads,
    taken_by_find,
)
from keyturn.inspection.shell_switches import CHANGING, CURL, WGET, WRAPPING, Given, taken
from keyturn.inspection.shell_syntax import (
    Around,
    Assignment,
    Obscure,
    Part,
    Redirect,
    Simple,
    parts_of,
)
from keyturn.inspection.shell_words import Word

MOST_WITHIN = 4
"""Commands within the text of commands that are read."""
MOST_WRAPPED = 20
"""Programs that do nothing but run the next one."""
MOST_PARTS = 200
_NO_SIGNS = re.compile(r"[\w./:=,@%+-]+")
"""A word that no shell parts, drops or makes another of."""
_NOWHERE = frozenset({"/dev/null", "/dev/stdout", "/dev/stderr", "/dev/tty"})
_OPENS_SHELL = frozenset({"-i", "-s", "--login", "--shell"})
_MOVES = frozenset({"cd", "popd", "pushd"})
_RUNS_THERE = frozenset({"-execdir", "-okdir"})
_ASKS = frozenset({"--version", "-V", "--help", "-h"})
_ONLY_CODE = re.compile(r"-[eux]*c?")
_LIKE_BASH = frozenset({"ash", "bash", "dash", "ksh", "mksh", "sh", "zsh"})
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
        if not all(map(_NO_SIGNS.fullmatch, shaped.words)):
            return _also_joined(shaped, reading_of, steps)
    else:
        steps = list(reading_of.script(shaped.text, 0))
    return _known(shaped, reading_of, steps)


def _known(shaped: Shaped, read: "_Reading", steps: list[Step]) -> Command:
    if read.understood and not shaped.foreign:
        return command_of(shaped.path, Language.SHELL, steps)
    return not_understood(shaped.path, Language.SHELL, steps)


def _also_joined(shaped: Shaped, alone: "_Reading", steps: list[Step]) -> Command:
    """Read a program's words as the line, too, that a server may make of them for a shell.

    They are understood only where both come to the same.
    """
    joined = _Reading()
    others = list(joined.script(" ".join(shaped.words), 0))
    one, other = _known(shaped, alone, steps), _known(shaped, joined, others)
    if one.understood and other.understood and _bounds(one) == _bounds(other):
        return one
    new = [step for step in others if step not in steps]
    return not_understood(shaped.path, Language.SHELL, [*steps, *new])


def _bounds(command: Command) -> tuple[object, ...]:
    return command.changes, command.destroys, command.count, command.writes, command.runs


class _Reading:
    """Goes through one command line, and the ones that are written within it."""

    def __init__(self) -> None:
        self._understood = True
        self._parts = 0
        self._moves = self._goes_by_folder = False

    @property
    def understood(self) -> bool:
        """Whether all is known; in another folder settings may run code that nobody has seen."""
        return self._understood and not (self._moves and self._goes_by_folder)

    @understood.setter
    def understood(self, understood: bool) -> None:
        self._understood = understood

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
        if name.glued or not programs.is_spelt_plainly(name.text):
            self.understood = False
        if not name.plain or not name.text.strip():
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
        words = simple.words
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
            yield from self._by_table(name, words)
        elif is_quiet(name, rest):
            self._moves = self._moves or name in _MOVES
        else:
            self.understood = False

    def _by_table(self, name: str, words: Sequence[Word]) -> Iterator[Step]:
        given = Arguments(words[1:])
        if name in programs.FETCHES:
            taken_apart = taken(words[1:], CURL if name == "curl" else WGET)
            if taken_apart is None or not is_plain_fetch(taken_apart):
                self.understood = False
                yield _unknown(name, words)
            else:
                implied = programs.IMPLIED.get(name, ())
                yield from (step.running(implied) for step in fetching(name, taken_apart))
        elif name in programs.REMOVES | programs.CHANGES:
            known = taken(words[1:], CHANGING[name]) if name in CHANGING else None
            self.understood = self.understood and known is not None
            if known is not None:
                given = replace(given, known=known.operands)
            yield removing(name, given) if name in programs.REMOVES else changing(name, given)
        elif name in programs.WHOLE:
            yield writing_whole(name, given)
        elif only_reads(name, words[1:]):
            spelt = words[0].text
            self._goes_by_folder = self._goes_by_folder or name == "git"
            yield reading(name, given, *((spelt,) if "/" in spelt else ()))
        else:
            self.understood = self.understood and name not in programs.READS
            yield _unknown(name, words)

    def _wrapped(self, name: str, simple: Simple, within: int) -> Iterator[Step]:
        """Look at what a program runs that only runs others."""
        rest = list(simple.words[1:])
        options = _taken_options(rest, programs.WRAPPERS[name])
        if name == "command" and {"-v", "-V"} & {option.text for option in options}:
            return
        switches = WRAPPING.get(name)
        given = None if switches is None else taken(options, switches, leading=True)
        self.understood = self.understood and given is not None
        if name == "env":
            yield from self._settings(rest)
            if any("S" in o.text or o.text.startswith("--s") for o in options):
                yield _runs(simple.words, Why.CODE)
        if name in ("timeout", "chroot"):
            self.understood = self.understood and bool(rest) and rest[0].plain
            del rest[:1]
        if name == "xargs":
            if given is None or any(one.text != "{}" for one in given.values_of("I")):
                # Whatever it puts what it reads in the place of, be it the program's name.
                self.understood = False
            rest = _with_input(rest, given)
        if rest:
            loops = simple.around.loops or name == "xargs"
            around = replace(simple.around, loops=loops)
            inner = Simple(words=tuple(rest), around=around, within=simple.within + 1)
            yield from self.simple(inner, within)
        elif _OPENS_SHELL & {option.text for option in options}:
            yield _runs(simple.words, Why.PIPED)

    def _settings(self, rest: list[Word]) -> Iterator[Step]:
        """Take the variables off what `env` is given; any of them may rule what runs."""
        while rest and "=" in rest[0].text:
            name = rest.pop(0).text.partition("=")[0]
            self.understood = self.understood and programs.may_be_set(name)
            if programs.rules_others(name):
                yield Step(does=Does.RUNS, target=f"{name}=", count=None, why=Why.CODE)

    def _code(self, words: Sequence[Word], within: int) -> Iterator[Step]:
        """Read words that a shell runs as a command line of their own."""
        if all(word.plain for word in words):
            yield from self.script(" ".join(word.text for word in words), within + 1)
        else:
            yield _runs(words, Why.COMPUTED)

    def _interpreter(self, name: str, simple: Simple, within: int) -> Iterator[Step]:
        words = simple.words
        given = Arguments(words[1:])
        code = given.after(_CODE, also_in="c" if name in programs.SHELLS else "ce")
        if code is not None:
            if name in programs.SHELLS:
                before = [word.text for word in words[1 : words.index(code)]]
                if name not in _LIKE_BASH or not all(map(_ONLY_CODE.fullmatch, before)):
                    self.understood = False
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
        elif simple.around.piped or not _only_asks(words[1:]):
            yield _runs(words, Why.PIPED)

    def _find(self, simple: Simple, within: int) -> Iterator[Step]:
        """Say what becomes of what is found."""
        rest = simple.words[1:]
        texts = [word.text for word in rest]
        where = Arguments(rest).operands[:1]
        target = where[0].text if where else "."
        if FIND_CHANGES.intersection(texts):
            changes = next(text for text in texts if text in FIND_CHANGES)
            yield Step(
                does=Does.REMOVES if changes == "-delete" else Does.WRITES,
                target=target,
                program=f"find {changes}",
                count=None,
                why=Why.RECURSIVE,
            )
        self.understood = self.understood and find_is_plain(rest)
        self._moves = self._moves or not _RUNS_THERE.isdisjoint(texts)
        runs = list(_run_by_find(rest))
        for words in filter(None, runs):
            inner = Simple(words=words, around=Around(loops=True), within=simple.within + 1)
            yield from self.simple(inner, within)
        if not runs and not FIND_CHANGES.intersection(texts):
            yield Step(does=Does.READS, target=target, program="find")


def _run_by_find(rest: Sequence[Word]) -> Iterator[tuple[Word, ...]]:
    """Yield what `find` runs on what it finds: each up to its end."""
    left = list(rest)
    while left:
        word = left.pop(0)
        if word.text in FIND_RUNS:
            words = taken_by_find(word.text, left)
            yield words[:-1] if words and words[-1].text in (";", "+") else words


def _only_asks(words: Sequence[Word]) -> bool:
    return bool(words) and all(word.plain and word.text in _ASKS for word in words)


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
    if around.loops and step.changes and (step.count is not None or step.why is Why.WITHIN):
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
    why = Why.COMPUTED if loose else None
    if does is not Does.SENDS and is_device(target.text):
        why = Why.WHOLE
    yield Step(
        does=does,
        target=target.text,
        count=1 if why is None else None,
        why=why,
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


def _with_input(rest: list[Word], given: Given | None) -> list[Word]:
    """Put what `xargs` reads into the words that it runs: anything, and any number of them.

    `given`: its switches; None where they are not understood.
    """
    read = Word(text="…", literal=False, splits=True)
    if given is not None and given.has("I"):
        # Each may hold what is read, in its middle too, whatever it is called there.
        rest = [word if n == 0 and word.text.isalnum() else read for n, word in enumerate(rest)]
    # A switch behind (`-n`, `-L`) takes `-I` back: then it stands at the end all the same.
    return [*(rest or [Word(text="echo")]), read]
