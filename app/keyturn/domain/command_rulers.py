"""Owns what rules the commands of a call from elsewhere in it: variables, headers and shells.

Looked for at every depth, for no server says what it takes from where; it only ever raises.
"""

import re
from collections.abc import Iterator
from functools import lru_cache

from keyturn.domain.canonical import JsonObject, JsonValue
from keyturn.domain.json_pointer import escaped
from keyturn.domain.names import SHELL_NAMES, listed, words_of
from keyturn.domain.shell_programs import may_be_set, plain_name

_LONGEST_LOOKED_AT = 4_000
_LONGEST_NAME = 200
VARIABLES = listed("env environ environment envs envvars variables vars")
_NAMES_ONE = listed("key name var variable")
_HEADERS = listed("header headers")
_OVERRIDES = re.compile(r"x[-_]?(?:http[-_]?)?method", re.IGNORECASE)
"""How a header begins that makes another method of a request."""
_FOREIGN_NAMES = listed("powershell pwsh")
_FOREIGN = _FOREIGN_NAMES | listed("cmd csh elvish fish nu nushell tcsh wsl xonsh")
"""Shells whose lines mean other things than those of bash."""
_NAMES_SHELL = SHELL_NAMES | listed("interpreter kind lang language runtime type")


class Rulers:
    """Gathers them from the values of one call, each seen once."""

    def __init__(self, tool: str) -> None:
        self.overrides = False
        """Whether a header may make another method of a request."""
        self.foreign = _names_foreign(words_of(tool))
        """Whether a shell is named whose lines are not read here."""
        self._settings: list[tuple[str, tuple[str, ...]]] = []
        self._beside: set[str] = set()

    def see(
        self, path: str, value: JsonValue, words: tuple[str, ...], *, beside_program: bool = False
    ) -> None:
        """Look at one value, and at the names of its members."""
        within = not VARIABLES.isdisjoint(words)
        match value:
            case str():
                self.overrides = self.overrides or _names_method(value, words)
            case list() if within:
                self._set(path, (one.partition("=")[0] for one in value if isinstance(one, str)))
            case dict():
                if within:
                    self._set(path, _names_in(value))
                for key, inner in value.items():
                    self._member(path, key, inner, beside_program=beside_program)
            case _:
                pass

    def settings(self, *, has_line: bool) -> list[tuple[str, tuple[str, ...]]]:
        """Return which variables that may rule a program are set, and where.

        `has_line`: the call has a line for a shell; else only those beside a program count.
        """
        return [
            (path, names)
            for path, names in self._settings
            if has_line or not self._beside.isdisjoint(_down_to(path))
        ]

    def _member(self, path: str, key: str, value: JsonValue, *, beside_program: bool) -> None:
        words = words_of(key)
        self.overrides = self.overrides or _OVERRIDES.match(key[:_LONGEST_NAME].strip()) is not None
        self.foreign = self.foreign or _names_foreign(words)
        if isinstance(value, str) and not _NAMES_SHELL.isdisjoint(words):
            self.foreign = self.foreign or _is_foreign(value[:_LONGEST_NAME])
        if VARIABLES.isdisjoint(words):
            return
        at = f"{path}/{escaped(key)}"
        if beside_program:
            self._beside.add(at)
        if isinstance(value, str) and "=" in value[:_LONGEST_LOOKED_AT]:
            parts = value[:_LONGEST_LOOKED_AT].split()
            self._set(at, (part.partition("=")[0] for part in parts))

    def _set(self, path: str, names: Iterator[str]) -> None:
        ruling = tuple(name for name in names if not may_be_set(name.strip()))
        if ruling:
            self._settings.append((path, ruling))


def _down_to(path: str) -> Iterator[str]:
    """Return the paths of all that a value lies in, and its own."""
    yield path
    at = path.find("/", 1)
    while at > 0:
        yield path[:at]
        at = path.find("/", at + 1)


def _names_in(value: JsonObject) -> Iterator[str]:
    """Return the names of an object of variables, or the one that a list's entry names."""
    yield from value
    for key, inner in value.items():
        if isinstance(inner, str) and not _NAMES_ONE.isdisjoint(words_of(key)):
            yield inner


def _names_method(text: str, words: tuple[str, ...]) -> bool:
    if len(text) > _LONGEST_LOOKED_AT and not _HEADERS.isdisjoint(words):
        return True
    return _OVERRIDES.search(text, 0, _LONGEST_LOOKED_AT) is not None


def _names_foreign(words: tuple[str, ...]) -> bool:
    """Tell whether the name of a tool or an argument is that of such a shell."""
    return not _FOREIGN_NAMES.isdisjoint(words) or {"power", "shell"}.issubset(words)


@lru_cache(maxsize=1024)
def _is_foreign(text: str) -> bool:
    """Tell whether a text names such a shell, alone or with its switches."""
    names = (text, text.partition(" ")[0])
    return any(plain_name(name.strip()) in _FOREIGN for name in names)
