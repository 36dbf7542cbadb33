"""The sixteen tests that a rule can make on an argument, total over all JSON values."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from keyturn.domain.address import TwoReadings, folded_parts, path_parts, plain_host
from keyturn.domain.alike import folded
from keyturn.domain.canonical import JsonObject, JsonValue
from keyturn.domain.json_pointer import names_in, unescaped
from keyturn.domain.lamps import Lamps, lamps_from_letters
from keyturn.domain.pattern import BadPattern, glob_matches, regex
from keyturn.domain.reading import Folder, Reading


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


@dataclass(frozen=True, slots=True)
class _Missing:
    """Nothing is at the path."""


MISSING = _Missing()


def pointer_value(arguments: JsonObject, pointer: str) -> JsonValue | _Missing:
    """Follow a JSON Pointer; returns `MISSING` when nothing is there."""
    current: JsonValue = arguments
    if pointer == "":
        return current
    for key in names_in(f"/{pointer.removeprefix('/')}"):
        if isinstance(current, dict) and key in current:
            current = current[key]
        elif isinstance(current, list) and _is_index(key) and int(key) < len(current):
            current = current[int(key)]
        else:
            return MISSING
    return current


class Look:
    """Finds values in the arguments of one call, each path once, whatever tests are made there."""

    def __init__(self, arguments: JsonObject) -> None:
        self._arguments = arguments
        self._found: dict[str, Reading | _Missing | ConditionFault] = {}
        self._folds: dict[str, Counter[str]] = {}
        """How many keys of the object at a path are one to a careless reader."""

    def at(self, pointer: str) -> Reading | _Missing:
        """Follow a pointer; raises ConditionFault where a key on its way has one alike to it."""
        found = self._found.get(pointer)
        if found is None:
            found = self._found[pointer] = self._follow(pointer)
        if isinstance(found, ConditionFault):
            raise ConditionFault(str(found))
        return found

    def _follow(self, pointer: str) -> Reading | _Missing | ConditionFault:
        if self._has_alike(pointer):
            return ConditionFault("another key differs in its letters only")
        value = pointer_value(self._arguments, pointer)
        return value if isinstance(value, _Missing) else Reading(value)

    def _has_alike(self, pointer: str) -> bool:
        """Tell whether a key is alike to one on the way of a pointer.

        A server whose reader matches keys without regard to case would take that one: `"Amount"`
        must neither pass round a rule on `/amount` nor stand in for it.
        """
        above, slash, key = pointer.rpartition("/")
        while slash:
            parent, name = pointer_value(self._arguments, above), unescaped(key)
            if isinstance(parent, dict):
                # Counted once: there may be as many paths as rules, and thousands of keys.
                folds = self._folds.get(above)
                if folds is None:
                    folds = self._folds[above] = Counter(map(folded, parent))
                if folds[folded(name)] > (name in parent):
                    return True
            above, slash, key = above.rpartition("/")
        return False


def holds(condition: Condition, arguments: JsonObject, lamps: Lamps) -> bool:
    """Make one test alone; see `holds_in`."""
    return holds_in(condition, Look(arguments), lamps)


def holds_in(condition: Condition, look: Look, lamps: Lamps) -> bool:
    """Make the test; an absent value fails every test but `has: false`.

    Raises ConditionFault when the condition itself cannot be evaluated.
    """
    if condition.op is Operator.TAINT_HAS:
        return _taint_has(condition.value, lamps)
    found = look.at(condition.path)
    if condition.op is Operator.HAS:
        if not isinstance(condition.value, bool) and condition.value is not None:
            raise ConditionFault("`has` takes true, false or nothing")
        return isinstance(found, _Missing) is (condition.value is False)
    wanted = condition.value
    if isinstance(found, _Missing):
        fault_of(condition)
        return False
    return _test(condition.op, found, wanted)


def fault_of(condition: Condition) -> None:
    """Raise ConditionFault when the condition could never be evaluated; used at save and load."""
    match condition.op:
        case Operator.TAINT_HAS:
            _taint_has(condition.value, Lamps.NONE)
        case Operator.HAS:
            holds(condition, {}, Lamps.NONE)
        case _:
            _test(condition.op, Reading(""), condition.value)


def _test(op: Operator, found: Reading, wanted: JsonValue) -> bool:
    try:
        return _TESTS[op](found, wanted)
    except TwoReadings as fault:
        raise ConditionFault(str(fault)) from fault


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


def _in(found: Reading, wanted: JsonValue) -> bool:
    if not isinstance(wanted, list):
        raise ConditionFault("`in` takes a list")
    return any(_same(found.value, item) for item in wanted)


def _text(wanted: JsonValue) -> str:
    if not isinstance(wanted, str):
        raise ConditionFault("the test takes a text")
    return wanted


def _glob(found: Reading, wanted: JsonValue) -> bool:
    try:
        return found.fits(_text(wanted), _matches_glob)
    except BadPattern as error:
        raise ConditionFault(str(error)) from error


def _matches_glob(text: str, form: str) -> bool:
    return glob_matches(form, text)


def _prefix(found: Reading, wanted: JsonValue) -> bool:
    return found.fits(_text(wanted), str.startswith)


def _suffix(found: Reading, wanted: JsonValue) -> bool:
    return found.fits(_text(wanted), str.endswith)


def _regex(found: Reading, wanted: JsonValue) -> bool:
    try:
        pattern = regex(_text(wanted))
    except BadPattern as error:
        raise ConditionFault(str(error)) from error
    if not isinstance(found.value, str):
        return False
    found.refuse_nul()
    return pattern.search(found.value) is not None


def _host_in(found: Reading, wanted: JsonValue) -> bool:
    hosts = wanted if isinstance(wanted, list) else [wanted]
    names = [host_name(_text(host)) for host in hosts]
    host = found.host
    return any(
        host == name or (name.startswith("*.") and host.endswith(name[1:])) for name in names
    )


@lru_cache(maxsize=1024)
def host_name(text: str) -> str:
    """Read one of the hosts of a rule: a name, an address, or `*.` and a name.

    Raises TwoReadings for what is none.
    """
    if text.startswith("*."):
        return "*." + plain_host(text[2:])
    return plain_host(text)


def _path_under(found: Reading, wanted: JsonValue) -> bool:
    return found.is_under(folder_of(_text(wanted)))


@lru_cache(maxsize=1024)
def folder_of(text: str) -> Folder:
    """Read the folder of a rule; raises ConditionFault or TwoReadings for what is none."""
    parts = path_parts(text)
    if parts is None:
        raise ConditionFault("`path_under` takes an absolute path")
    return Folder(parts, folded_parts(parts))


def _order(found: Reading, wanted: JsonValue) -> int | None:
    if isinstance(wanted, bool) or not isinstance(wanted, int | float):
        raise ConditionFault("the comparison takes a number")
    value = found.value
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return (value > wanted) - (value < wanted)


def _len_le(found: Reading, wanted: JsonValue) -> bool:
    if isinstance(wanted, bool) or not isinstance(wanted, int):
        raise ConditionFault("`len_le` takes a whole number")
    return isinstance(found.value, str | list | dict) and len(found.value) <= wanted


_TESTS: dict[Operator, Callable[[Reading, JsonValue], bool]] = {
    Operator.EQ: lambda found, wanted: _same(found.value, wanted),
    Operator.NE: lambda found, wanted: not _same(found.value, wanted),
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
