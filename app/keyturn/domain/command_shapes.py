"""Which arguments of a call are commands: SQL, a shell's, or a request of HTTP.

Told by an argument's name and by its text, never by what a server says. A parser has the last word
on what only looks like one (`sure`); what is one for sure and is not understood raises.
"""

import re
from collections import deque
from collections.abc import Iterator
from enum import Flag, auto
from functools import lru_cache
from itertools import islice, product

import msgspec

from keyturn.domain.canonical import JsonObject, JsonValue
from keyturn.domain.commands import (
    Command,
    Does,
    Language,
    Step,
    command_of,
    not_understood,
)
from keyturn.domain.json_pointer import escaped
from keyturn.domain.names import (
    QUERY_NAMES,
    SHELL_NAMES,
    SQL_NAMES,
    is_code,
    is_content,
    is_word,
    words_of,
)
from keyturn.domain.shell_programs import CHANGES, READS, REMOVES, SHELLS, is_program, plain_name

LONGEST_COMMAND = 4_000
"""Characters of one that are parsed; a longer one is not understood."""
MOST_COMMANDS = 16
MOST_VALUES = 1_000
"""Texts, lists and objects of one call that are looked through."""
MOST_MEMBERS = 20_000
"""Members of these; of more nobody knows what they hold."""
MOST_LOOKED_AT = 40_000
"""Characters of one call's texts that are looked at, and 4,000 of each: it is done on the loop."""
MOST_NAMED = 8_000
"""Characters of the names of its members, each name counted once."""
_MOST_VERBS = 4
_MOST_STATEMENTS = 50
_MOST_TOGETHER = 4
"""Programs with arguments, and methods, of one object."""
_LONGEST_NAME = 200
_MANY = frozenset({"cmds", "commands", "scripts"})
ARGUMENT_NAMES = frozenset({"args", "argv", "arguments", "parameters", "params"})
_ADDRESS_NAMES = frozenset(
    {"address", "endpoint", "href", "link", "path", "resource", "route", "uri", "url"}
)
_METHOD_NAMES = frozenset({"method", "verb"})
_METHODS = frozenset(
    {"CONNECT", "COPY", "DELETE", "GET", "HEAD", "LOCK", "MKCOL", "MOVE", "OPTIONS", "PATCH"}
    | {"POST", "PROPFIND", "PROPPATCH", "PURGE", "PUT", "QUERY", "TRACE", "UNLOCK"}
)
_ONLY_READ = frozenset({"GET", "HEAD", "OPTIONS", "PROPFIND", "QUERY", "TRACE"})
_SQL_WITH = {
    "alter": r"\b(?:table|database|schema|view|index|user|role|sequence|type|system)\b",
    "attach": r"\bas\b",
    "begin": r";",
    "call": r"\(",
    "copy": r"\b(?:from|to)\b",
    "create": r"\b(?:table|database|schema|view|index|user|role|function|procedure|trigger|type)\b",
    "declare": r";",
    "delete": r"\b(?:from|where)\b",
    "do": r"\$",
    "drop": r"\b(?:table|database|schema|view|index|user|role|function|procedure|trigger|column)\b",
    "exec": r"\w",
    "execute": r"\w",
    "explain": r"\b(?:select|insert|update|delete)\b",
    "grant": r"\bto\b",
    "insert": r"\binto\b",
    "load": r"\bdata\b",
    "merge": r"\busing\b",
    "pragma": r"\w",
    "replace": r"\binto\b",
    "revoke": r"\bfrom\b",
    "select": r"\bfrom\b",
    "set": r"=",
    "truncate": r"\w",
    "update": r"\bset\b",
    "use": r";",
    "vacuum": r"^",
    "with": r"\b(?:select|insert|update|delete|merge)\b",
}
"""The words that statements begin with, and what follows in each that is one for sure."""
_SURELY = {verb: re.compile(follows, re.IGNORECASE) for verb, follows in _SQL_WITH.items()}
_VERB = re.compile(r"(" + "|".join(sorted(_SQL_WITH)) + r")\b", re.IGNORECASE)
_BLANK = re.compile(r"[\s;(\ufeff]*")
_COMMENTS = {"--": "\n", "#": "\n", "/*": "*/"}
"""How one begins, and what ends it."""
_FIRST_WORD = re.compile(r"[\s$>]*([\w./\\+-]{1,200})(?=$|[\s;|&])")
_SHELL_SIGN = re.compile(r"(?:^|\s)--?\w|[|;&<>`]|\$\(|[~./]/|\s/\w")
_ENGLISH = frozenset(
    {"command", "del", "exec", "find", "format", "go", "install", "kill", "make", "mount", "open"}
    | {"patch", "rd", "service", "split", "time", "touch", "watch"}
)
"""Programs whose names are also words that a sentence may begin with."""


class Shaped(msgspec.Struct, frozen=True, kw_only=True):
    """An argument that looks like a command."""

    path: str
    language: Language
    text: str = ""
    words: tuple[str, ...] = ()
    """The words of a program that is started without a shell; else empty. The method of HTTP."""
    sure: bool = True
    """It is one whatever a parser makes of it."""

    @property
    def too_long(self) -> bool:
        """Whether there is more of it than is parsed."""
        return len(self.text) + sum(map(len, self.words)) > LONGEST_COMMAND


def shapes_of(arguments: JsonObject) -> tuple[Shaped, ...]:
    """Return the arguments that look like commands, the outer ones first."""
    found: list[Shaped] = []
    waiting: deque[tuple[str, JsonValue, tuple[str, ...]]] = deque([("", arguments, ())])
    budget = _Budget()
    while waiting:
        path, value, words = waiting.popleft()
        if budget.spent_on(value) or len(found) > MOST_COMMANDS:
            return (*found[:MOST_COMMANDS], _rest())
        match value:
            case str():
                found += _in_text(path, value, words)
            case dict():
                found += _of_members(path, value)
                waiting.extend(_members(path, value))
            case list():
                found += _argv(path, value, words)
                waiting.extend(_elements(path, value, words))
            case _:
                pass
    # A program's name is no command line of its own where its arguments stand beside it.
    whole = {shaped.path for shaped in found if shaped.words}
    return tuple(shaped for shaped in found if shaped.words or shaped.path not in whole)


def is_parsed(shaped: Shaped) -> bool:
    """Tell whether a parser is needed for it."""
    return shaped.language is not Language.HTTP and not shaped.too_long


def unparsed(shaped: Shaped) -> Command:
    """Return what is known of one without a parser: of a request of HTTP all of it."""
    if shaped.language is Language.HTTP and not shaped.too_long:
        return _request(shaped)
    return not_understood(shaped.path, shaped.language)


def _rest() -> Shaped:
    """Stand for all that was not looked through."""
    return Shaped(path="", language=Language.SHELL, text=" " * (LONGEST_COMMAND + 1))


class _Budget:
    """What of one call is looked at: the loop waits for it, and the stop with the loop."""

    def __init__(self) -> None:
        self._values = self._members = self._texts = self._names = 0
        self._known: set[str] = set()

    def spent_on(self, value: JsonValue) -> bool:
        """Count a value; True where there is more than is looked at."""
        self._values += 1
        if isinstance(value, str):
            self._texts += min(len(value), LONGEST_COMMAND)
        elif isinstance(value, list | dict):
            self._members += len(value)
        if isinstance(value, dict):
            if len(value) > MOST_VALUES:
                return True
            new = value.keys() - self._known
            self._names += sum(min(len(name), _LONGEST_NAME) for name in new)
            self._known |= new
        return (
            self._values > MOST_VALUES
            or self._members > MOST_MEMBERS
            or self._texts > MOST_LOOKED_AT
            or self._names > MOST_NAMED
        )


def _members(path: str, value: JsonObject) -> Iterator[tuple[str, JsonValue, tuple[str, ...]]]:
    for key, inner in value.items():
        if isinstance(inner, str | list | dict):
            yield f"{path}/{escaped(key)}", inner, words_of(key)


def _elements(
    path: str, value: list[JsonValue], words: tuple[str, ...]
) -> Iterator[tuple[str, JsonValue, tuple[str, ...]]]:
    for number, inner in enumerate(value):
        if isinstance(inner, str | list | dict):
            yield f"{path}/{number}", inner, words


def _in_text(path: str, text: str, words: tuple[str, ...]) -> Iterator[Shaped]:
    head = text[:LONGEST_COMMAND]
    if not text or is_content(words):
        return
    if head.isspace():
        if len(text) > LONGEST_COMMAND:
            # Whatever comes behind so many spaces was not looked at.
            yield Shaped(path=path, language=Language.SHELL, text=text)
        return
    if is_word(head) and not is_code(words):
        # Most are such, and one word is no command where nothing says so.
        return
    if SHELL_NAMES.intersection(words):
        if _is_command_line(head):
            yield Shaped(path=path, language=Language.SHELL, text=text)
            return
    elif _is_shell_text(head):
        yield Shaped(path=path, language=Language.SHELL, text=text)
        return
    named, queries = SQL_NAMES.intersection(words), QUERY_NAMES.intersection(words)
    verbs = _verbs_in(head)
    surely = len(text) > LONGEST_COMMAND or len(verbs) > _MOST_VERBS
    surely = surely or any(_SURELY[verb].search(head, at) for verb, at in verbs.items())
    if named or (verbs and (surely or queries)):
        # A sentence may begin like a statement: of any other name the parser has the last word.
        sure = bool(named or (queries and surely))
        yield Shaped(path=path, language=Language.SQL, text=text, sure=sure)


def _verbs_in(text: str) -> dict[str, int]:
    """Return the words that a text's statements begin with, and where the first of each ends."""
    found: dict[str, int] = {}
    at = statements = 0
    while at >= 0 and len(found) <= _MOST_VERBS:
        statements += 1
        if statements > _MOST_STATEMENTS:
            # Any may follow: the parser has to find out.
            return dict.fromkeys(_SQL_WITH, 0)
        at = _past_comments(text, at)
        verb = _VERB.match(text, at)
        if verb is not None:
            found.setdefault(verb[1].lower(), verb.end())
        # From here on, so that nothing is looked at twice.
        at = text.find(";", at)
    return found


def _past_comments(text: str, at: int) -> int:
    """Return where the first word stands that is no comment."""
    while True:
        blank = _BLANK.match(text, at)
        at = blank.end() if blank is not None else at
        begins = next((one for one in _COMMENTS if text.startswith(one, at)), None)
        if begins is None:
            return at
        end = text.find(_COMMENTS[begins], at + len(begins))
        at = len(text) if end < 0 else end + len(_COMMENTS[begins])


def _is_command_line(text: str) -> bool:
    """Tell whether what is called a command is one for a shell, and no word of the tool's own."""
    plain = text.strip()
    return not plain.replace("-", "_").isidentifier() or is_program(plain)


def _is_shell_text(text: str) -> bool:
    """Tell whether a text of any name can only be a command line."""
    if text.startswith("#!"):
        line = text.partition("\n")[0].split()
        return any(plain_name(word.removeprefix("#!")) in SHELLS for word in line)
    first = _FIRST_WORD.match(text)
    if first is None or not is_program(first[1]):
        return False
    name = plain_name(first[1])
    if name in READS or (name in _ENGLISH and name == first[1]):
        return name in READS and "|" in text and _pipes_into_program(text)
    follows = not text[first.end() :].isspace() and first.end() < len(text)
    return (follows and name in REMOVES | CHANGES) or _SHELL_SIGN.search(
        text, first.end()
    ) is not None


def _pipes_into_program(text: str) -> bool:
    parts = (_FIRST_WORD.match(part) for part in text[:LONGEST_COMMAND].split("|")[1:])
    return any(part is not None and is_program(part[1]) for part in parts)


def _argv(path: str, value: list[JsonValue], words: tuple[str, ...]) -> Iterator[Shaped]:
    """Take a list under a command's name for the words of one program."""
    if not value or not SHELL_NAMES.intersection(words):
        return
    given = tuple(_spelt(one) for one in value)
    if given[0] and not any(map(str.isspace, given[0])):
        sure = not _MANY.intersection(words) or is_program(given[0])
        yield Shaped(path=path, language=Language.SHELL, words=given, sure=sure)


class _Part(Flag):
    """What a member is of a command that is written over several."""

    NOTHING = 0
    PROGRAM = auto()
    ARGUMENTS = auto()
    METHOD = auto()
    ADDRESS = auto()


@lru_cache(maxsize=4096)
def _part_of(key: str) -> _Part:
    words = words_of(key)
    part = _Part.NOTHING
    if SHELL_NAMES.intersection(words) or words[-1:] in (("program",), ("executable",)):
        part |= _Part.PROGRAM
    if ARGUMENT_NAMES.intersection(words):
        part |= _Part.ARGUMENTS
    if _METHOD_NAMES.intersection(words):
        part |= _Part.METHOD
    return part | _Part.ADDRESS if _ADDRESS_NAMES.intersection(words) else part


def _of_members(path: str, value: JsonObject) -> Iterator[Shaped]:
    """Take members together: a program and its arguments, a method and an address."""
    parts = {key: part for key in value if (part := _part_of(key[:_LONGEST_NAME]))}
    if not parts:
        return
    programs = [key for key, part in parts.items() if _Part.PROGRAM in part]
    arguments = [key for key, part in parts.items() if _Part.ARGUMENTS in part]
    methods = [(key, word) for key, part in parts.items() if (word := _method(part, value[key]))]
    if len(programs) * len(arguments) > _MOST_TOGETHER or len(methods) > _MOST_TOGETHER:
        yield _rest()
    for key, other in islice(product(programs, arguments), _MOST_TOGETHER):
        program = value[key]
        if key != other and isinstance(program, str):
            yield from _with_arguments(f"{path}/{escaped(key)}", program, value[other])
    for key, method in methods[:_MOST_TOGETHER]:
        yield from _requests(path, key, method, value)


def _method(part: _Part, value: JsonValue) -> str:
    """Return which method of HTTP a member names; empty for none."""
    if _Part.METHOD not in part or not isinstance(value, str) or len(value) > _LONGEST_NAME:
        return ""
    word = value.strip().upper()
    return word if word in _METHODS else ""


def _with_arguments(path: str, program: str, given: JsonValue) -> Iterator[Shaped]:
    if isinstance(given, str) and program.strip():
        text = f"{program} {given}"
        yield Shaped(path=path, language=Language.SHELL, text=text)
    elif isinstance(given, list) and program.strip():
        # More words than this are too long whatever they are.
        words = (*program.split(), *(_spelt(one) for one in given[: LONGEST_COMMAND + 1]))
        yield Shaped(path=path, language=Language.SHELL, words=words)


def _requests(path: str, key: str, method: str, value: JsonObject) -> Iterator[Shaped]:
    """Put a method and the addresses beside it together; of none it is a request all the same."""
    found = False
    for other, address in value.items():
        named = _Part.ADDRESS in _part_of(other[:_LONGEST_NAME])
        if other != key and isinstance(address, str) and (named or _is_web(address)):
            found = True
            at = f"{path}/{escaped(other)}"
            yield Shaped(path=at, language=Language.HTTP, text=address, words=(method,))
    if not found:
        yield Shaped(path=f"{path}/{escaped(key)}", language=Language.HTTP, words=(method,))


def _request(shaped: Shaped) -> Command:
    """Return what a request does: what deletes may delete all that is there."""
    method, target = shaped.words[0], shaped.text
    if method in _ONLY_READ:
        step = Step(does=Does.FETCHES, target=target, program=method)
    elif method in ("DELETE", "PURGE"):
        step = Step(does=Does.REMOVES, target=target, program=method, count=None)
    else:
        step = Step(does=Does.SENDS, target=target, program=method)
    return command_of(shaped.path, Language.HTTP, (step,))


def _is_web(text: str) -> bool:
    return text[:8].lower().startswith(("http://", "https://"))


def _spelt(value: JsonValue) -> str:
    return value if isinstance(value, str) else str(value)
