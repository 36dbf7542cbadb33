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
from keyturn.domain.command_budget import LONGEST_COMMAND, LONGEST_NAME, Budget
from keyturn.domain.command_rulers import VARIABLES, Rulers
from keyturn.domain.command_texts import (
    MOST_VERBS,
    SURELY,
    is_command_line,
    is_line_alone,
    is_line_or_script,
    is_program_alone,
    is_script,
    is_sentence,
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
    SEARCH_NAMES,
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
    plain_name,
)

MOST_COMMANDS = 16
_MOST_TOGETHER = 4
"""Programs with arguments, and methods, of one object."""
_PROGRAM_NAMES = frozenset(
    {"bin", "binary", "entrypoint", "exe", "executable", "file", "interpreter", "program"}
    | {"runtime", "script"}
)
_MANY = frozenset({"cmds", "commands", "scripts"})
ARGUMENT_NAMES = frozenset({"args", "argv", "arguments", "parameters", "params"})
_ADDRESS_NAMES = frozenset(
    {"address", "endpoint", "href", "link", "path", "resource", "route", "uri", "url"}
)
_PLACES = frozenset(
    {"cwd", "dir", "directories", "directory", "dirs", "file", "filename", "files", "folder"}
    | {"location", "path", "paths", "pattern", "root", "workdir", "workspace"}
)
"""Names of what a tool that runs commands is given beside one."""
_METHOD_NAMES = frozenset({"method", "verb"})
_MAY_BE_METHOD = frozenset({"action", "operation", "type"})
"""They name one where an address of the web stands beside them."""
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
    foreign: bool = False
    """It may mean another thing: to a shell unlike bash, or by a header that names a method."""

    @property
    def too_long(self) -> bool:
        """Whether there is more of it than is parsed."""
        return len(self.text) + sum(map(len, self.words)) > LONGEST_COMMAND


def shapes_of(arguments: JsonObject, *, runs: bool = False, tool: str = "") -> tuple[Shaped, ...]:
    """Return the arguments that look like commands, the outer ones first.

    `runs`: the tool says of itself that it runs commands, so that any text may be one. `tool`: its
    name, which may be that of a shell unlike bash.
    """
    found: list[Shaped] = []
    waiting: deque[tuple[str, JsonValue, tuple[str, ...]]] = deque([("", arguments, ())])
    budget, rulers = Budget(), Rulers(tool)
    while waiting:
        path, value, words = waiting.popleft()
        if budget.spent_on(value) or len(found) > MOST_COMMANDS:
            return (*found[:MOST_COMMANDS], _rest())
        rulers.see(path, value, words, beside_program=_has_program(value))
        match value:
            case str():
                found += _in_text(path, value, words, runs=runs)
            case dict():
                found += _of_members(path, value)
                waiting.extend(_members(path, value, words))
            case list():
                taken = list(_argv(path, value, words))
                found += taken
                one_program = bool(taken) and _MANY.isdisjoint(words)
                waiting.extend(_elements(path, value, words, one_program=one_program))
            case _:
                pass
    # A program's name is no command line of its own where its arguments stand beside it.
    whole = {shaped.path for shaped in found if shaped.words}
    kept = [shaped for shaped in found if shaped.words or shaped.path not in whole]
    ruled = (*_settings(kept, rulers), *(_ruled(shaped, rulers) for shaped in kept))
    return ruled if len(ruled) <= MOST_COMMANDS else (*ruled[:MOST_COMMANDS], _rest())


def _ruled(shaped: Shaped, rulers: Rulers) -> Shaped:
    """Take what is said elsewhere into account: another method, another shell."""
    ruled = rulers.foreign if shaped.language is Language.SHELL else rulers.overrides
    if ruled and shaped.language is not Language.SQL:
        return msgspec.structs.replace(shaped, foreign=True)
    return shaped


def _settings(found: list[Shaped], rulers: Rulers) -> Iterator[Shaped]:
    """Take variables for what a line would begin with that sets them."""
    has_line = any(shaped.language is Language.SHELL for shaped in found)
    for path, names in rulers.settings(has_line=has_line):
        text = " ".join(f"{name}=" for name in names)
        yield Shaped(path=path, language=Language.SHELL, text=text)


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


def _members(
    path: str, value: JsonObject, words: tuple[str, ...]
) -> Iterator[tuple[str, JsonValue, tuple[str, ...]]]:
    # What is in a command is a part of it, however it is called there.
    outer = ("command",) if SHELL_NAMES.intersection(words) else ()
    outer = (*outer, "env") if VARIABLES.intersection(words) else outer
    for key, inner in value.items():
        if isinstance(inner, str | list | dict):
            own = words_of(key)
            said = not TELLS_WHY.isdisjoint(own[-1:])
            yield f"{path}/{escaped(key)}", inner, own if said else (*outer, *own)


def _elements(
    path: str, value: list[JsonValue], words: tuple[str, ...], *, one_program: bool
) -> Iterator[tuple[str, JsonValue, tuple[str, ...]]]:
    """Return what is in a list; of a program's words those that may be lines of their own."""
    for number, inner in enumerate(value):
        if isinstance(inner, str) and one_program and not is_line_alone(inner[:LONGEST_COMMAND]):
            continue
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
    if is_word(head) and not is_code(words) and not (runs and is_program_alone(head)):
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
    if not runs and SEARCH_NAMES.intersection(words[-1:]) and is_sentence(head):
        return False
    if is_shell_text(head) or (runs and SCRIPT_NAMES.intersection(words)):
        return True
    if {"script", "scripts"}.intersection(words) and is_script(head):
        return True
    if not runs or SQL_NAMES.union(QUERY_NAMES).intersection(words) or verbs_in(head):
        return False
    started = is_program_alone(head) or (head.startswith("./") and _PLACES.isdisjoint(words))
    return is_line_or_script(head) or started


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
    if len(value) < 2 or not isinstance(first, str) or not is_program(first[:LONGEST_NAME]):
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
    if (_METHOD_NAMES | _MAY_BE_METHOD).intersection(words):
        part |= _Part.METHOD
    return part | _Part.ADDRESS if _ADDRESS_NAMES.intersection(words) else part


def _of_members(path: str, value: JsonObject) -> Iterator[Shaped]:
    """Take members together: a program and its arguments, a method and an address."""
    parts = {key: part for key in value if (part := _part_of(key[:LONGEST_NAME]))}
    if not parts:
        return
    arguments = [k for k, p in parts.items() if _Part.ARGUMENTS in p and _is_given(value[k])]
    programs = [key for key, part in parts.items() if _Part.PROGRAM in part] if arguments else []
    if arguments:
        programs += [k for k, one in value.items() if k not in parts and _is_named_program(one)]
    methods = [(key, word) for key, part in parts.items() if (word := _method(part, value[key]))]
    if not any(isinstance(one, str) and _is_web(one) for one in value.values()):
        methods = [
            (key, word) for key, word in methods if _METHOD_NAMES.intersection(words_of(key))
        ]
    if len(programs) * len(arguments) > _MOST_TOGETHER or len(methods) > _MOST_TOGETHER:
        yield _rest()
    for key, other in islice(product(programs, arguments), _MOST_TOGETHER):
        program = value[key]
        if key != other and isinstance(program, str):
            yield from _with_arguments(f"{path}/{escaped(key)}", program, value[other])
    for key, method in methods[:_MOST_TOGETHER]:
        yield from _requests(path, key, method, value)


def _is_given(value: JsonValue) -> bool:
    return isinstance(value, str | list) and bool(value)


def _is_named_program(value: JsonValue) -> bool:
    """Tell whether a member of any name names a program, where arguments stand beside it."""
    return isinstance(value, str) and len(value) <= LONGEST_NAME and is_program(value.strip())


def _has_program(value: JsonValue) -> bool:
    return isinstance(value, dict) and any(
        _Part.PROGRAM in _part_of(key[:LONGEST_NAME]) for key in value
    )


def _method(part: _Part, value: JsonValue) -> str:
    """Return which method of HTTP a member names; empty for none."""
    if _Part.METHOD not in part or not isinstance(value, str) or len(value) > LONGEST_NAME:
        return ""
    # What no one sees is none of its letters.
    word = "".join(sign for sign in value if sign.isprintable()).strip().upper()
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
        named = _Part.ADDRESS in _part_of(other[:LONGEST_NAME])
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
    if shaped.foreign:
        return not_understood(shaped.path, Language.HTTP, (step,))
    return command_of(shaped.path, Language.HTTP, (step,))


def _is_web(text: str) -> bool:
    return text[:8].lower().startswith(("http://", "https://"))


def _spelt(value: JsonValue) -> str:
    return value if isinstance(value, str) else str(value)
