"""Sets of calls: what has to hold of names and arguments, and calls of which it all holds."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import islice, product

from keyturn.domain.canonical import JsonObject, JsonValue, canonical
from keyturn.domain.condition import Condition, Operator
from keyturn.domain.json_pointer import names_in
from keyturn.domain.lamps import Lamps, lamps_from_letters
from keyturn.domain.rule import Kind, Rule, RuleSubject
from keyturn.domain.text_sets import TooLarge, exact_shape, glob_shape, texts
from keyturn.domain.touches import touches_of
from keyturn.domain.value_sets import Literal, Value, Values, fits, given, values_of, whole

_NAMES = ("agent", "server", "tool")
_TRIED = 3
_COMBINED = 48


@dataclass(frozen=True, slots=True)
class CallSet:
    """What has to hold of a call: one conjunction of tests."""

    kind: Kind
    names: tuple[tuple[str, str, bool], ...] = ()
    """Which name, its pattern, and whether it has to match."""
    tests: tuple[Literal, ...] = ()

    def with_rule(self, rule: Rule) -> "CallSet":
        """Narrow to what a rule covers."""
        names = tuple((name, getattr(rule, name), True) for name in _NAMES)
        tests = tuple(Literal(test=test, wanted=True) for test in rule.when)
        return CallSet(self.kind, self.names + names, self.tests + tests)

    def past(self, rule: Rule) -> "Iterator[CallSet]":
        """Yield each way on which the rule does not cover; one that cannot be is left out."""
        for name in _NAMES:
            pattern = getattr(rule, name)
            narrowed = replace(self, names=(*self.names, (name, pattern, False)))
            if pattern != "*" and narrowed.name(name) != ():
                yield narrowed
        for test in rule.when:
            narrowed = replace(self, tests=(*self.tests, Literal(test=test, wanted=False)))
            if not narrowed.is_surely_empty(test):
                yield narrowed

    def cannot_meet(self, rule: Rule) -> bool:
        """Tell whether the rule surely covers nothing here, so that it need not be passed."""
        both = self.with_rule(rule)
        return any(both.name(name) == () for name in _NAMES) or any(
            both.is_surely_empty(test) for test in rule.when
        )

    def calls(self) -> Iterator[RuleSubject] | None:
        """Yield calls that may be in it, the smallest first; None where it has surely none.

        Where nothing is yielded nobody knows.
        """
        lamps = self.lamps()
        names = [self.name(name) for name in _NAMES]
        if self.whole is not None:
            values = [("", Values(self.whole, surely_none=not self.whole))]
        else:
            values = [(path, self._values_to_try(path)) for path in self.paths]
        if lamps is None or () in names or any(found.surely_none for _, found in values):
            return None
        return _calls(self, names, values, lamps)

    def name(self, name: str) -> tuple[str, ...] | None:
        """Return some names that fit; None where that is not known."""
        patterns = [(pattern, wanted) for one, pattern, wanted in self.names if one == name]
        return _names(
            frozenset(p for p, wanted in patterns if wanted),
            frozenset(p for p, wanted in patterns if not wanted),
        )

    def is_surely_empty(self, test: Condition) -> bool:
        """Tell whether no value fits where a test looks."""
        if test.op is Operator.TAINT_HAS:
            return self.lamps() is None
        return self.values(test.path).surely_none

    def values(self, path: str) -> Values:
        """Return what fits at a path."""
        literals = [one for one in self.tests if one.test.path == path and not _is_taint(one)]
        return values_of(literals, of_arguments=not path)

    def _values_to_try(self, path: str) -> Values:
        """Return the same, and for the arguments as a whole none beside those that are tested."""
        found = self.values(path)
        return found if path else replace(found, found=(whole({}), *found.found))

    def lamps(self) -> Lamps | None:
        """Return the fewest lamps that fit; None where none do."""
        taints = [one for one in self.tests if _is_taint(one)]
        lit = Lamps.NONE
        for one in taints:
            if one.wanted:
                lit |= lamps_from_letters(str(one.test.value))
        unlit = (lamps_from_letters(str(one.test.value)) for one in taints if not one.wanted)
        return None if any(letters in lit for letters in unlit) else lit

    @property
    def whole(self) -> tuple[Value, ...] | None:
        """Return which arguments fit where a test names them as a whole; None where none does."""
        naming = [
            one.test
            for one in self.tests
            if one.wanted and not one.test.path and one.test.op in (Operator.EQ, Operator.IN)
        ]
        if not naming:
            return None
        value = naming[0].value
        named = value if naming[0].op is Operator.IN and isinstance(value, list) else [value]
        return tuple(
            whole(arguments)
            for arguments in named
            if isinstance(arguments, dict) and self._fits(arguments)
        )

    def _fits(self, arguments: JsonObject) -> bool:
        tests = (one for one in self.tests if not _is_taint(one))
        return all(fits(one, arguments) for one in tests)

    @property
    def paths(self) -> tuple[str, ...]:
        """Return every path that is tested, the shorter ones first."""
        found = {one.test.path for one in self.tests if not _is_taint(one)}
        return tuple(sorted(found, key=lambda path: (path.count("/"), path)))


def _is_taint(one: Literal) -> bool:
    return one.test.op is Operator.TAINT_HAS


@lru_cache(maxsize=4096)
def _names(wanted: frozenset[str], unwanted: frozenset[str]) -> tuple[str, ...] | None:
    """Return some names that fit patterns, no empty one; None where that takes too long."""
    machines = [glob_shape(pattern) for pattern in unwanted]
    try:
        found = texts([glob_shape(p) for p in wanted], [*machines, exact_shape("")], visits=2)
        return tuple(islice(found, _TRIED))
    except TooLarge:
        return None


def _calls(
    of: CallSet,
    names: Sequence[tuple[str, ...] | None],
    values: Sequence[tuple[str, Values]],
    lamps: Lamps,
) -> Iterator[RuleSubject]:
    """Yield calls that may fit, the smallest first."""
    named = product(*(found or () for found in names))
    for (agent, server, tool), arguments in product(
        islice(named, _TRIED), islice(_arguments(values), _COMBINED)
    ):
        yield RuleSubject(
            kind=of.kind,
            agent=agent,
            server=server,
            tool=tool,
            arguments=arguments,
            lamps=lamps,
            touches=touches_of(arguments, tool=tool),
        )


def _arguments(values: Sequence[tuple[str, Values]]) -> Iterator[JsonObject]:
    paths = [path for path, _ in values]
    for chosen in product(*(found.found[:_TRIED] for _, found in values)):
        arguments = _put_together(list(zip(paths, chosen, strict=True)))
        if arguments is not None:
            yield arguments


def _put_together(values: Iterable[tuple[str, Value]]) -> JsonObject | None:
    """Return arguments with these values at their paths; None where one is in another's way."""
    arguments: JsonObject = {}
    for path, value in values:
        if not value:
            continue
        if not path:
            whole = given(value)
            arguments = dict(whole) if isinstance(whole, dict) else {}
        elif not _put(arguments, path, given(value)):
            return None
    return arguments


def _put(arguments: JsonObject, path: str, value: JsonValue) -> bool:
    *above, last = names_in(f"/{path[1:]}")
    place = arguments
    for key in above:
        inner = place.setdefault(key, {})
        if not isinstance(inner, dict):
            return False
        place = inner
    place[last] = value
    return True


def size_of(call: RuleSubject) -> int:
    """Return about how long a call is."""
    names = len(call.agent) + len(call.server) + len(call.tool)
    return names + len(canonical(call.arguments)) + len(call.lamps.letters())
