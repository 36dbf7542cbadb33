"""Which arguments of a call are commands: SQL, a shell's, or a request of HTTP.

Told by an argument's name and by its text, never by what a server says. A parser has the last word
on what only looks like one (`sure`); what is one for sure and is not understood raises.
"""

from collections import deque
from collections.abc import Iterator
from enum import Flag, auto
from functools import lru_cache
from itertools import islice, product

import msgspec

from keyturn.domain.canonical import JsonObject, JsonValue
from keyturn.domain.command_texts import (
    MOST_VERBS,
    SURELY,
    is_command_line,
    is_line_or_script,
    is_script,
    is_shell_text,
    verbs_in,
)
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
    SCRIPT_NAMES,
    SHELL_NAMES,
    SQL_NAMES,
    TELLS_WHY,
    is_code,
    is_content,
    is_word,
    words_of,
)
from keyturn.domain.shell_programs import (
    CHANGES,
    REMOVES,
    WHOLE,
    is_program,
    may_be_set,
    plain_name,
)

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
_MOST_TOGETHER = 4
"""Programs with arguments, and methods, of one object."""
_LONGEST_NAME = 200
_PROGRAM_NAMES = frozenset(
    {"bin", "binary", "entrypoint", "exe", "executable", "file", "interpreter", "program"}
    | {"runtime", "script"}
)
_VARIABLES = frozenset({"env", "environ", "environment", "envs", "envvars", "variables", "vars"})
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


def shapes_of(arguments: JsonObject, *, runs: bool = False) -> tuple[Shaped, ...]:
    """Return the arguments that look like commands, the outer ones first.

    `runs`: the tool says of itself that it runs commands, so that any text may be one.
    """
    found: list[Shaped] = []
    waiting: deque[tuple[str, JsonValue, tuple[str, ...]]] = deque([("", arguments, ())])
    budget = _Budget()
    while waiting:
        path, value, words = waiting.popleft()
        if budget.spent_on(value) or len(found) > MOST_COMMANDS:
            return (*found[:MOST_COMMANDS], _rest())
        match value:
            case str():
                found += _in_text(path, value, words, runs=runs)
            case dict():
                found += _of_members(path, value)
                waiting.extend(_members(path, value, words))
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


def _members(
    path: str, value: JsonObject, words: tuple[str, ...]
) -> Iterator[tuple[str, JsonValue, tuple[str, ...]]]:
    # What is in a command is a part of it, however it is called there.
    outer = ("command",) if SHELL_NAMES.intersection(words) else ()
    for key, inner in value.items():
        if isinstance(inner, str | list | dict):
            own = words_of(key)
            said = not TELLS_WHY.isdisjoint(own[-1:])
            yield f"{path}/{escaped(key)}", inner, own if said else (*outer, *own)


def _elements(
    path: str, value: list[JsonValue], words: tuple[str, ...]
) -> Iterator[tuple[str, JsonValue, tuple[str, ...]]]:
    for number, inner in enumerate(value):
        if isinstance(inner, str | list | dict):
            yield f"{path}/{number}", inner, words


def _in_text(path: str, text: str, words: tuple[str, ...], *, runs: bool) -> Iterator[Shaped]:
    head = text[:LONGEST_COMMAND]
    if not text or (is_content(words) and (not runs or TELLS_WHY.intersection(words[-1:]))):
        return
    if head.isspace():
        if len(text) > LONGEST_COMMAND:
            # Whatever comes behind so many spaces was not looked at.
            yield Shaped(path=path, language=Language.SHELL, text=text)
        return
    if is_word(head) and not is_code(words):
        # Most are such, and one word is no command where nothing says so.
        return
    if _is_shell(head, words, runs=runs):
        yield Shaped(path=path, language=Language.SHELL, text=text)
        return
    named, queries = SQL_NAMES.intersection(words), QUERY_NAMES.intersection(words)
    verbs = verbs_in(head)
    surely = _is_surely_sql(text, verbs)
    if named or (verbs and (surely or queries)):
        # A sentence may begin like a statement: of any other name the parser has the last word.
        sure = bool(named or (queries and surely))
        yield Shaped(path=path, language=Language.SQL, text=text, sure=sure)


def _is_shell(head: str, words: tuple[str, ...], *, runs: bool) -> bool:
    """Tell whether a text is for a shell, by its name, by its tool's and by itself."""
    if SHELL_NAMES.intersection(words):
        return is_command_line(head)
    if is_shell_text(head) or (runs and SCRIPT_NAMES.intersection(words)):
        return True
    if {"script", "scripts"}.intersection(words) and is_script(head):
        return True
    of_sql = SQL_NAMES.union(QUERY_NAMES).intersection(words) or verbs_in(head)
    return runs and not of_sql and is_line_or_script(head)


def _is_surely_sql(text: str, verbs: dict[str, int]) -> bool:
    if len(text) > LONGEST_COMMAND or len(verbs) > MOST_VERBS:
        return True
    return any(SURELY[verb].search(text[:LONGEST_COMMAND], at) for verb, at in verbs.items())


def _argv(path: str, value: list[JsonValue], words: tuple[str, ...]) -> Iterator[Shaped]:
    """Take a list under a command's name, or that begins with a program, for its words."""
    if not value or not isinstance(value[0], str | int):
        return
    named = SHELL_NAMES.intersection(words)
    if not named and (is_content(words) or not _is_run(value)):
        return
    given = tuple(_spelt(one) for one in value[: LONGEST_COMMAND + 1])
    if given[0] and not any(map(str.isspace, given[0])):
        sure = not _MANY.intersection(words) or is_program(given[0])
        yield Shaped(path=path, language=Language.SHELL, words=given, sure=sure)


def _is_run(value: list[JsonValue]) -> bool:
    """Tell whether a list of any name is a program with its arguments, and no list of names."""
    first = value[0]
    if len(value) < 2 or not isinstance(first, str) or not is_program(first[:_LONGEST_NAME]):
        return False
    if plain_name(first) in REMOVES | CHANGES | WHOLE:
        return True
    return any(isinstance(one, str) and one and not is_word(one) for one in value[1:])


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
    if SHELL_NAMES.intersection(words) or _PROGRAM_NAMES.intersection(words[-1:]):
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
    arguments = [k for k, p in parts.items() if _Part.ARGUMENTS in p and _is_given(value[k])]
    programs = [key for key, part in parts.items() if _Part.PROGRAM in part] if arguments else []
    if arguments:
        programs += [k for k, one in value.items() if k not in parts and _is_named_program(one)]
    methods = [(key, word) for key, part in parts.items() if (word := _method(part, value[key]))]
    if len(programs) * len(arguments) > _MOST_TOGETHER or len(methods) > _MOST_TOGETHER:
        yield _rest()
    for key, other in islice(product(programs, arguments), _MOST_TOGETHER):
        program = value[key]
        if key != other and isinstance(program, str):
            yield from _with_arguments(f"{path}/{escaped(key)}", program, value[other])
    for key, method in methods[:_MOST_TOGETHER]:
        yield from _requests(path, key, method, value)
    if any(_Part.PROGRAM in part for part in parts.values()):
        yield from _settings(path, value)


def _settings(path: str, value: JsonObject) -> Iterator[Shaped]:
    """Take variables beside a program for what a line would begin with that sets them."""
    for key, given in value.items():
        if _VARIABLES.isdisjoint(words_of(key)):
            continue
        match given:
            case dict():
                names = list(given)
            case list():
                names = [_spelt(one).partition("=")[0] for one in given]
            case str() if "=" in given:
                names = [part.partition("=")[0] for part in given.split()]
            case _:
                names = []
        ruling = [name for name in names if not may_be_set(name.strip())]
        if ruling:
            text = " ".join(f"{name}=" for name in ruling)
            yield Shaped(path=f"{path}/{escaped(key)}", language=Language.SHELL, text=text)


def _is_given(value: JsonValue) -> bool:
    return isinstance(value, str | list) and bool(value)


def _is_named_program(value: JsonValue) -> bool:
    """Tell whether a member of any name names a program, where arguments stand beside it."""
    return isinstance(value, str) and len(value) <= _LONGEST_NAME and is_program(value.strip())


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
    if any(_overrides(name) for one in (value, *value.values()) for name in _names_in(one)):
        method = "PATCH" if method in _ONLY_READ else method
    for other, address in value.items():
        named = _Part.ADDRESS in _part_of(other[:_LONGEST_NAME])
        if other != key and isinstance(address, str) and (named or _is_web(address)):
            found = True
            at = f"{path}/{escaped(other)}"
            yield Shaped(path=at, language=Language.HTTP, text=address, words=(method,))
    if not found:
        yield Shaped(path=f"{path}/{escaped(key)}", language=Language.HTTP, words=(method,))


def _names_in(value: JsonValue) -> Iterator[str]:
    return islice(value, MOST_VALUES) if isinstance(value, dict) else iter(())


@lru_cache(maxsize=4096)
def _names_method(name: str) -> bool:
    return "method" in (words := words_of(name)) and not {"override", "http"}.isdisjoint(words)


def _overrides(name: str) -> bool:
    """Tell whether a header makes another method of a request."""
    return _names_method(name[:_LONGEST_NAME]) and name.casefold().startswith("x")


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
