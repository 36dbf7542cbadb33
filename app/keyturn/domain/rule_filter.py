"""Which of many rules a call's arguments may fit: looked up by the first test of each, not tried.

A rule is left out only where its first test surely fails: it covers nothing then, whatever its
other tests would say. One whose first test cannot be made, or only be made by trying, is kept. So
judging what is kept says the same as judging all, in the same order (`tests/property`).
"""

import re
from bisect import bisect_left, bisect_right, insort
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from typing import Protocol

from keyturn.domain.address import TwoReadings
from keyturn.domain.alike import folded
from keyturn.domain.canonical import JsonObject
from keyturn.domain.condition import (
    Condition,
    ConditionFault,
    Look,
    Operator,
    fault_of,
    folder_of,
    host_name,
)
from keyturn.domain.json_pointer import unescaped
from keyturn.domain.reading import Reading
from keyturn.domain.rule import Rule

_WILD = re.compile(r"[*?]")


class _Table(Protocol):
    """First tests of one path, to be looked up by the value that is there."""

    def add(self, test: Condition, place: int) -> bool:
        """Take the sound test of the rule at a place; False where it has to be tried."""
        ...

    def fitting(self, found: Reading) -> Iterable[int]:
        """Yield the places of all rules that may fit; raises TwoReadings where none is sure."""
        ...


class RuleFilter:
    """A set of rules, ready to be narrowed to those that may cover a call."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._rules = rules
        self._tried: list[int] = []
        self._tables: defaultdict[str, dict[Callable[[], _Table], _Table]] = defaultdict(dict)
        self._places: defaultdict[str, list[int]] = defaultdict(list)
        self._paths: defaultdict[str, set[str]] = defaultdict(set)
        """By the first name of each, as a careless reader compares it."""
        for place, rule in enumerate(rules):
            if not (rule.when and self._takes(rule.when[0], place)):
                self._tried.append(place)

    def narrowed(self, arguments: JsonObject) -> Sequence[Rule]:
        """Return the rules that may cover a call with these arguments, in their order."""
        look = Look(arguments)
        kept = [*self._tried]
        # Where no key is even alike to the first name, nothing is there, and no test fits.
        firsts = {"", *map(folded, arguments)}
        for path in chain.from_iterable(self._paths.get(first, ()) for first in firsts):
            kept += self._kept(look, path)
        return [self._rules[place] for place in sorted(set(kept))]

    def _takes(self, test: Condition, place: int) -> bool:
        kind = _TABLES.get(test.op)
        if kind is None or not _is_sound(test):
            return False
        tables = self._tables[test.path]
        if kind not in tables:
            tables[kind] = kind()
        taken = tables[kind].add(test, place)
        if taken:
            self._places[test.path].append(place)
            self._paths[_first_name(test.path)].add(test.path)
        return taken

    def _kept(self, look: Look, path: str) -> Iterable[int]:
        try:
            found = look.at(path)
            if not isinstance(found, Reading):
                return ()
            tables = self._tables[path].values()
            return [place for table in tables for place in table.fitting(found)]
        except (ConditionFault, TwoReadings):
            # What is there can be read in two ways: each rule says for itself what that means.
            return self._places[path]


def _first_name(path: str) -> str:
    """Return the first name of a path, folded; empty for the arguments as a whole."""
    return folded(unescaped(path.removeprefix("/").partition("/")[0]))


def _is_sound(test: Condition) -> bool:
    try:
        fault_of(test)
    except ConditionFault:
        return False
    return True


class _Texts:
    """Texts that are one of those that a rule names."""

    def __init__(self) -> None:
        self._named: defaultdict[str, list[int]] = defaultdict(list)

    def add(self, test: Condition, place: int) -> bool:
        named = test.value if isinstance(test.value, list) else [test.value]
        texts = [text for text in named if isinstance(text, str)]
        if len(texts) < len(named) or (test.op is Operator.EQ and named is test.value):
            return False
        for text in texts:
            self._named[text].append(place)
        return True

    def fitting(self, found: Reading) -> Iterable[int]:
        return self._named.get(found.value, ()) if isinstance(found.value, str) else ()


class _Numbers:
    """Numbers up to a bound, or from one on; the bounds themselves are tried."""

    def __init__(self) -> None:
        self._above: list[tuple[float, int]] = []
        self._below: list[tuple[float, int]] = []

    def add(self, test: Condition, place: int) -> bool:
        bound = test.value
        if not isinstance(bound, int | float) or bound != bound:
            return False
        above = test.op in (Operator.GT, Operator.GE)
        insort(self._above if above else self._below, (bound, place))
        return True

    def fitting(self, found: Reading) -> Iterable[int]:
        value = found.value
        if not isinstance(value, int | float):
            return ()
        if value != value:
            raise TwoReadings
        met = self._above[: bisect_right(self._above, value, key=_bound)]
        met += self._below[bisect_left(self._below, value, key=_bound) :]
        return [place for _, place in met]


def _bound(of: tuple[float, int]) -> float:
    return of[0]


class _Ends:
    """Texts that begin or end with those that rules name, whatever the case of their letters."""

    def __init__(self) -> None:
        self._forms: defaultdict[tuple[str, bool, int], dict[str, list[int]]] = defaultdict(dict)
        """By how `Reading.fits` compares a form, whether it is a start, and its length."""

    def add(self, test: Condition, place: int) -> bool:
        form = str(test.value)
        start, end = (form, "") if test.op is Operator.PREFIX else ("", form)
        if test.op is Operator.GLOB:
            pieces = _WILD.split(form)
            start, end = pieces[0], pieces[-1]
        known = (start or end).casefold()
        if not known:
            return False
        compared = "/" if form.startswith("/") else "://" if "://" in form else ""
        forms = self._forms[compared, bool(start), len(known)]
        forms.setdefault(known, []).append(place)
        return True

    def fitting(self, found: Reading) -> Iterator[int]:
        text = found.value
        if not isinstance(text, str):
            return
        for (compared, at_start, size), forms in self._forms.items():
            found.fits(compared, str.startswith)
            # No letter folds to nothing, so that so many of them are enough.
            part = (text[:size] if at_start else text[-size:]).casefold()
            yield from forms.get(part[:size] if at_start else part[-size:], ())


class _Hosts:
    """Hosts that a rule names, or names a domain of."""

    def __init__(self) -> None:
        self._named: defaultdict[str, list[int]] = defaultdict(list)
        self._most_dots = 0

    def add(self, test: Condition, place: int) -> bool:
        hosts = test.value if isinstance(test.value, list) else [test.value]
        for host in hosts:
            name = host_name(str(host))
            self._named[name].append(place)
            self._most_dots = max(self._most_dots, name.count("."))
        return True

    def fitting(self, found: Reading) -> Iterator[int]:
        host = found.host
        yield from self._named.get(host, ())
        labels = host.rsplit(".", self._most_dots)
        for first in range(1, len(labels)):
            yield from self._named.get(".".join(("*", *labels[first:])), ())


class _Folders:
    """Paths that lie under a folder, or would where the letters' case does not count."""

    def __init__(self) -> None:
        self._named: defaultdict[tuple[str, ...], list[int]] = defaultdict(list)
        self._deepest = 0

    def add(self, test: Condition, place: int) -> bool:
        folder = folder_of(str(test.value))
        self._named[tuple(folder.folded)].append(place)
        self._deepest = max(self._deepest, len(folder.folded))
        return True

    def fitting(self, found: Reading) -> Iterator[int]:
        parts = found.folded
        if parts is None:
            return
        for depth in range(min(self._deepest, len(parts)) + 1):
            yield from self._named.get(tuple(parts[:depth]), ())


_TABLES: dict[Operator, Callable[[], _Table]] = {
    **dict.fromkeys((Operator.EQ, Operator.IN), _Texts),
    **dict.fromkeys((Operator.LT, Operator.LE, Operator.GT, Operator.GE), _Numbers),
    **dict.fromkeys((Operator.GLOB, Operator.PREFIX, Operator.SUFFIX), _Ends),
    Operator.HOST_IN: _Hosts,
    Operator.PATH_UNDER: _Folders,
}
"""A test that stands here is decided by the value alone, and fails where nothing is."""
