"""Which values one argument can have so that given tests hold and others do not, smallest first.

Every kind of value falls into finitely many classes that the tests do not tell apart, and one of
each class is tried. Where even that says nothing for sure, as with `matches`, the answer says so.
"""

import math
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import chain, count, islice, pairwise, product
from typing import TypeGuard

from keyturn.domain.canonical import MAX_SAFE_INTEGER, JsonObject, JsonValue, canonical
from keyturn.domain.condition import Condition, ConditionFault, Operator, holds
from keyturn.domain.lamps import Lamps
from keyturn.domain.text_sets import (
    AtMost,
    Machine,
    TooLarge,
    exact_shape,
    glob_shape,
    prefix_shape,
    suffix_shape,
    texts,
)

LONGEST = 2_000
"""Most characters or entries of a value that is made up."""
_TEXTS_TRIED = 60
_VISITS = 4
_FRESH = 2
"""How many names below a domain or a folder are tried that no test names."""
_AT = "v"

Value = JsonObject
"""One value under a key, or no key where nothing is given."""
_Made = tuple[Iterable[JsonValue], bool]
"""Values of which each class that may fit has one, and whether nothing else could fit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Literal:
    """A test of one argument, and whether it has to hold or to fail."""

    test: Condition
    wanted: bool


@dataclass(frozen=True, slots=True)
class Values:
    """What was found for one argument."""

    found: tuple[Value, ...]
    surely_none: bool
    """There is no such value at all, which is more than that none was found."""


def whole(value: JsonValue) -> Value:
    """Return that a value is given."""
    return {_AT: value}


def given(value: Value) -> JsonValue:
    """Return what is given."""
    return value[_AT]


def values_of(literals: Sequence[Literal], *, of_arguments: bool = False) -> Values:
    """Return some values for which every literal is true, the smallest first.

    `of_arguments` where it is the arguments as a whole, which are an object.
    """
    found: list[Value] = []
    unsure = False
    kinds = (_objects,) if of_arguments else (_simple, _numbers, _texts, _lists, _objects)
    if not of_arguments and _fits(literals, {}):
        found.append({})
    for of_kind in kinds:
        made, sure = _tried(of_kind, literals)
        fitting: list[Value] = [{_AT: value} for value in made if _fits(literals, {_AT: value})]
        found += fitting
        unsure = unsure or not (fitting or sure)
    # Each once: only the first of them are put together with those of other places.
    told_apart = {_size(value): value for value in found}
    ordered = tuple(told_apart[size] for size in sorted(told_apart))
    return Values(ordered, surely_none=not found and not unsure)


def _tried(of_kind: Callable[[Sequence[Literal]], _Made], literals: Sequence[Literal]) -> _Made:
    try:
        made, sure = of_kind(literals)
        return list(made), sure
    except TooLarge:
        return (), False


def _fits(literals: Iterable[Literal], value: Value) -> bool:
    """Hold a value against the tests themselves; one that cannot be made fits nothing."""
    return all(truth(one.test, value) is one.wanted for one in literals)


def fits(one: Literal, arguments: JsonObject) -> bool:
    """Hold whole arguments against a literal."""
    try:
        return holds(one.test, arguments, Lamps.NONE) is one.wanted
    except ConditionFault:
        return False


def truth(test: Condition, value: Value) -> bool | None:
    """Make one test of one value; None where it cannot be made."""
    try:
        return holds(replace(test, path=f"/{_AT}"), value, Lamps.NONE)
    except ConditionFault:
        return None


def _size(value: Value) -> tuple[int, bytes]:
    text = canonical(value)
    return (len(text), text)


# ---------------------------------------------------------------- kinds of values


def _simple(_literals: Sequence[Literal]) -> _Made:
    return (None, True, False), True


def _numbers(literals: Sequence[Literal]) -> _Made:
    named = sorted({value for value in _constants(literals) if _is_number(value)})
    points: list[float] = [0, 1, 2, 3, *named]
    points += [(low + high) / 2 for low, high in pairwise(named)]
    for edge in named:
        points += [math.floor(edge), math.ceil(edge), math.floor(edge) + 1, math.ceil(edge) - 1]
        points += [math.nextafter(edge, -math.inf), math.nextafter(edge, math.inf)]
    return [_plain(point) for point in points if math.isfinite(point)], True


def _lists(literals: Sequence[Literal]) -> _Made:
    named = [value for value in _constants(literals) if isinstance(value, list)]
    made: list[JsonValue] = [*named]
    sizes = product(_sizes(literals), range(len(named) + 1))
    made += [_list(size, n) for size, n in sizes]
    return made, True


def _objects(literals: Sequence[Literal]) -> _Made:
    named = [value for value in _constants(literals) if isinstance(value, dict)]
    made: list[JsonValue] = [*named]
    sizes = product(_sizes(literals), range(len(named) + 1))
    made += [_object(size, n) for size, n in sizes]
    return made, True


def _list(size: int, number: int) -> JsonValue:
    return [f"x{number}" for _ in range(size)]


def _object(size: int, number: int) -> JsonValue:
    return {f"x{number or ''}{key or ''}": 0 for key in range(size)}


def _sizes(literals: Sequence[Literal]) -> list[int]:
    """Return one size of each class that the tests of length tell apart, and of a filled one."""
    edges = (one.test.value for one in literals if one.test.op is Operator.LEN_LE)
    bounds = sorted({edge for edge in edges if isinstance(edge, int) and edge >= 0})
    if bounds and bounds[-1] > LONGEST:
        raise TooLarge
    return sorted({0, 1, *bounds, *(bound + 1 for bound in bounds)})


def _texts(literals: Sequence[Literal]) -> _Made:
    wanted: list[Machine] = []
    unwanted: list[Machine] = []
    other: list[Literal] = []
    for one in literals:
        read = _reading(one.test)
        if read is None:
            other.append(one)
        elif isinstance(read, bool):
            if read is not one.wanted:
                return (), True
        else:
            machine, passes = read
            (wanted if one.wanted is passes else unwanted).append(machine)
    hosts = [one for one in other if one.test.op is Operator.HOST_IN]
    paths = [one for one in other if one.test.op is Operator.PATH_UNDER]
    by_class = [_fitting(hosts, _hosts(hosts)), _fitting(paths, _paths(paths))]
    visits = _VISITS if other else 1
    made = list(islice(texts(wanted, unwanted, visits=visits), _TEXTS_TRIED))
    if not made or not all(by_class):
        return (), True
    dressed = [f"https://{text}/" for text in by_class[0]] if hosts else []
    begun = [one.test.value for one in literals if one.test.op is Operator.PREFIX]
    more = [f"{start}{text}" for start in begun for texts_ in by_class for text in texts_]
    return (*made, *by_class[0], *by_class[1], *dressed, *more, *_spelt(other)), False


def _fitting(tests: Sequence[Literal], made: Iterable[str]) -> list[str]:
    return [text for text in made if _fits(tests, {_AT: text})]


_Reading = tuple[Machine, bool] | bool | None
"""A machine and whether it has to accept; or the same answer for every text; or unknown."""


def _reading(test: Condition) -> _Reading:
    """Read a test as one of texts."""
    value = test.value
    match test.op:
        case Operator.EQ | Operator.NE:
            same = test.op is Operator.EQ
            return (exact_shape(value), same) if isinstance(value, str) else not same
        case Operator.IN:
            named = value if isinstance(value, list) else []
            return exact_shape(*(text for text in named if isinstance(text, str))), True
        case Operator.GLOB:
            return glob_shape(str(value)), True
        case Operator.PREFIX:
            return prefix_shape(str(value)), True
        case Operator.SUFFIX:
            return suffix_shape(str(value)), True
        case Operator.LEN_LE:
            return _at_most(value), True
        case Operator.HAS:
            return value is not False
        case Operator.LT | Operator.LE | Operator.GT | Operator.GE:
            return False
        case _:
            return None


def _at_most(value: JsonValue) -> Machine:
    most = value if isinstance(value, int) else -1
    if most > LONGEST:
        raise TooLarge
    return AtMost(most)


def _hosts(tests: Sequence[Literal]) -> list[str]:
    """Return a host of each class: named ones, some below each named domain, another, none."""
    named = [str(name) for one in tests for name in _as_list(one.test.value)]
    domains = ["test", *(name[2:] for name in named if name.startswith("*."))]
    exact = [name for name in named if not name.startswith("*.")]
    taken = {name.lower() for name in exact}
    below = [
        f"{fresh}.{domain}" for domain in domains for fresh in _fresh(f".{domain.lower()}", taken)
    ]
    return ["", *exact, *below]


def _paths(tests: Sequence[Literal]) -> list[str]:
    """Return a path of each class: none, named folders, something in each, another."""
    roots = ["/", *(str(one.test.value) for one in tests)]
    taken = {root.strip("/").rpartition("/")[2].lower() for root in roots}
    return ["", *roots, *(f"{root.rstrip('/')}/{n}" for root in roots for n in _fresh("", taken))]


def _fresh(suffix: str, taken: Iterable[str]) -> Iterable[str]:
    """Return some short names of which none is taken: so what they stand for has one of its own."""
    names = chain(("x",), (f"x{number}" for number in count(1)))
    return islice((name for name in names if name + suffix not in taken), _FRESH)


def _spelt(tests: Sequence[Literal]) -> list[str]:
    """Return the plain characters of each pattern, which it may well match."""
    patterns = [str(one.test.value) for one in tests if one.test.op is Operator.MATCHES]
    return [re.sub(r"[\\^$(){}\[\]*+?|.]", "", pattern) for pattern in patterns]


def _constants(literals: Iterable[Literal]) -> list[JsonValue]:
    """Return every value that a test names."""
    named: list[JsonValue] = []
    for one in literals:
        named += _as_list(one.test.value) if one.test.op is Operator.IN else [one.test.value]
    return named


def _as_list(value: JsonValue) -> list[JsonValue]:
    return value if isinstance(value, list) else [value]


def _is_number(value: JsonValue) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _plain(number: float) -> int | float:
    """Return a number as it can stand in a call: a whole one that is too large only with a dot."""
    if abs(number) > MAX_SAFE_INTEGER:
        return float(number)
    return int(number) if float(number).is_integer() else number
