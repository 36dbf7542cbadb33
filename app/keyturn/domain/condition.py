"""The sixteen tests that a rule can make on an argument, total over all JSON values."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

from keyturn.domain.alike import imitates
from keyturn.domain.canonical import JsonObject, JsonValue
from keyturn.domain.lamps import Lamps, lamps_from_letters
from keyturn.domain.pattern import BadPattern, glob, regex


class Operator(StrEnum):
    """What a condition asks of the value at its path."""

    EQ = "eq"
    NE = "ne"
    IN = "in"
    GLOB = "glob"
    PREFIX = "prefix"
    SUFFIX = "suffix"
    HOST_IN = "host_in"
    PATH_UNDER = "path_under"
    LT = "lt"
    LE = "le"
    GT = "gt"
    GE = "ge"
    LEN_LE = "len_le"
    MATCHES = "matches"
    TAINT_HAS = "taint_has"
    HAS = "has"


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One test of one argument."""

    path: str
    """JSON Pointer into the arguments (RFC 6901); `taint_has` does not look at it."""
    op: Operator
    value: JsonValue = None


class ConditionFault(Exception):
    """The test cannot be made: an unusable condition, or a value that it cannot be sure of."""


_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_HAS_AUTHORITY = re.compile(r"(?:[A-Za-z][A-Za-z0-9+.-]*:)?//")
_WEB_AUTHORITY = re.compile(r"[A-Za-z]+://[^/]")
_WEB_SCHEMES = frozenset({"ftp", "http", "https", "ws", "wss"})
_DROPPED_BY_BROWSERS = dict.fromkeys(map(ord, "\t\n\r"))
_AMBIGUOUS = re.compile(r"[\x00-\x20\x7f\\]")


@dataclass(frozen=True, slots=True)
class _Missing:
    """Nothing is at the path."""


MISSING = _Missing()


def pointer_value(arguments: JsonObject, pointer: str) -> JsonValue | _Missing:
    """Follow a JSON Pointer; returns `MISSING` when nothing is there."""
    current: JsonValue = arguments
    if pointer == "":
        return current
    for part in pointer.removeprefix("/").split("/"):
        key = _key_of(part)
        if isinstance(current, dict) and key in current:
            current = current[key]
        elif isinstance(current, list) and _is_index(key) and int(key) < len(current):
            current = current[int(key)]
        else:
            return MISSING
    return current


def _refuse_alike(arguments: JsonObject, pointer: str) -> None:
    """Raise ConditionFault where a key is alike to one on the way of a pointer.

    A server whose reader matches keys without regard to case would take that one: `"Amount"` must
    neither pass round a rule on `/amount` nor stand in for it.
    """
    above, slash, key = pointer.rpartition("/")
    while slash:
        parent = pointer_value(arguments, above)
        if isinstance(parent, dict) and imitates(parent, (_key_of(key),)):
            raise ConditionFault("another key differs in its letters only")
        above, slash, key = above.rpartition("/")


def _key_of(part: str) -> str:
    return part.replace("~1", "/").replace("~0", "~")


def holds(condition: Condition, arguments: JsonObject, lamps: Lamps) -> bool:
    """Make the test; an absent value fails every test but `has: false`.

    Raises ConditionFault when the condition itself cannot be evaluated.
    """
    if condition.op is Operator.TAINT_HAS:
        return _taint_has(condition.value, lamps)
    _refuse_alike(arguments, condition.path)
    found = pointer_value(arguments, condition.path)
    if condition.op is Operator.HAS:
        if not isinstance(condition.value, bool) and condition.value is not None:
            raise ConditionFault("`has` takes true, false or nothing")
        return isinstance(found, _Missing) is (condition.value is False)
    wanted = condition.value
    if isinstance(found, _Missing):
        fault_of(condition)
        return False
    return _TESTS[condition.op](found, wanted)


def fault_of(condition: Condition) -> None:
    """Raise ConditionFault when the condition could never be evaluated; used at save and load."""
    match condition.op:
        case Operator.TAINT_HAS:
            _taint_has(condition.value, Lamps.NONE)
        case Operator.HAS:
            holds(condition, {}, Lamps.NONE)
        case _:
            _TESTS[condition.op]("", condition.value)


def _is_index(key: str) -> bool:
    return key.isascii() and key.isdigit() and len(key) < 10 and (key == "0" or key[0] != "0")


def _taint_has(wanted: JsonValue, lamps: Lamps) -> bool:
    if not isinstance(wanted, str) or not wanted or set(wanted) - set("UPX"):
        raise ConditionFault("`taint_has` takes letters of U, P, X")
    return lamps_from_letters(wanted) in lamps


def _same(found: JsonValue, wanted: JsonValue) -> bool:
    # Python holds 1 == True; JSON does not.
    if isinstance(found, bool) or isinstance(wanted, bool):
        return found is wanted
    if isinstance(found, list) and isinstance(wanted, list):
        return len(found) == len(wanted) and all(map(_same, found, wanted))
    if isinstance(found, dict) and isinstance(wanted, dict):
        return found.keys() == wanted.keys() and all(_same(found[k], wanted[k]) for k in found)
    return found == wanted


def _in(found: JsonValue, wanted: JsonValue) -> bool:
    if not isinstance(wanted, list):
        raise ConditionFault("`in` takes a list")
    return any(_same(found, item) for item in wanted)


def _text(wanted: JsonValue) -> str:
    if not isinstance(wanted, str):
        raise ConditionFault("the test takes a text")
    return wanted


def _glob(found: JsonValue, wanted: JsonValue) -> bool:
    pattern = glob(_text(wanted))
    return isinstance(found, str) and pattern.fullmatch(found) is not None


def _prefix(found: JsonValue, wanted: JsonValue) -> bool:
    text = _text(wanted)
    return isinstance(found, str) and found.startswith(text)


def _suffix(found: JsonValue, wanted: JsonValue) -> bool:
    text = _text(wanted)
    return isinstance(found, str) and found.endswith(text)


def _regex(found: JsonValue, wanted: JsonValue) -> bool:
    try:
        pattern = regex(_text(wanted))
    except BadPattern as error:
        raise ConditionFault(str(error)) from error
    return isinstance(found, str) and pattern.search(found) is not None


def _host_in(found: JsonValue, wanted: JsonValue) -> bool:
    hosts = wanted if isinstance(wanted, list) else [wanted]
    names = [_text(host).lower() for host in hosts]
    if not isinstance(found, str):
        return False
    host = _host_of(found)
    return any(
        host == name or (name.startswith("*.") and host.endswith(name[1:])) for name in names
    )


def _host_of(text: str) -> str:
    """Name the host of a URL or of `host[:port][/path]`; empty when there is none.

    Raises ConditionFault where clients disagree about the host (RFC 3986 and the WHATWG URL
    standard): such a text could lead an allow rule to another host, or pass round a deny rule.
    """
    scheme = _SCHEME.match(text.strip().translate(_DROPPED_BY_BROWSERS))
    is_web = scheme is not None and scheme[1].lower() in _WEB_SCHEMES
    if (is_web or "//" in text or "\\" in text) and _AMBIGUOUS.search(text):
        raise ConditionFault("the host cannot be told for sure")
    if is_web and not _WEB_AUTHORITY.match(text):
        raise ConditionFault("the host cannot be told for sure")
    try:
        host = urlsplit(text if _HAS_AUTHORITY.match(text) else f"//{text}").hostname or ""
    except ValueError:
        raise ConditionFault("the host cannot be told for sure") from None
    if not host.isascii() or "%" in host:
        raise ConditionFault("the host cannot be told for sure")
    return host.removesuffix(".")


def _path_under(found: JsonValue, wanted: JsonValue) -> bool:
    root = _normal_path(_text(wanted))
    if root is None:
        raise ConditionFault("`path_under` takes an absolute path")
    path = _normal_path(found) if isinstance(found, str) else None
    return path is not None and path[: len(root)] == root


def _normal_path(text: str) -> list[str] | None:
    """Normalise lexically; a relative path has no answer.

    Raises ConditionFault for a NUL, at which many programs end the path.
    """
    if "\0" in text:
        raise ConditionFault("the path holds a NUL")
    if not text.startswith("/"):
        return None
    parts: list[str] = []
    for part in text.split("/"):
        if part == "..":
            # Above the root is the root (POSIX), so that `/../etc` does not pass round a rule.
            del parts[-1:]
        elif part not in ("", "."):
            parts.append(part)
    return parts


def _order(found: JsonValue, wanted: JsonValue) -> int | None:
    if isinstance(wanted, bool) or not isinstance(wanted, int | float):
        raise ConditionFault("the comparison takes a number")
    if isinstance(found, bool) or not isinstance(found, int | float):
        return None
    return (found > wanted) - (found < wanted)


def _len_le(found: JsonValue, wanted: JsonValue) -> bool:
    if isinstance(wanted, bool) or not isinstance(wanted, int):
        raise ConditionFault("`len_le` takes a whole number")
    return isinstance(found, str | list | dict) and len(found) <= wanted


_TESTS: dict[Operator, Callable[[JsonValue, JsonValue], bool]] = {
    Operator.EQ: _same,
    Operator.NE: lambda found, wanted: not _same(found, wanted),
    Operator.IN: _in,
    Operator.GLOB: _glob,
    Operator.PREFIX: _prefix,
    Operator.SUFFIX: _suffix,
    Operator.HOST_IN: _host_in,
    Operator.PATH_UNDER: _path_under,
    Operator.LT: lambda found, wanted: _order(found, wanted) == -1,
    Operator.LE: lambda found, wanted: _order(found, wanted) in (-1, 0),
    Operator.GT: lambda found, wanted: _order(found, wanted) == 1,
    Operator.GE: lambda found, wanted: _order(found, wanted) in (0, 1),
    Operator.LEN_LE: _len_le,
    Operator.MATCHES: _regex,
}
