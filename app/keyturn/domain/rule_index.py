"""Which rules of a set may speak of a call: by its names, and of many by its arguments, too.

What its names say is remembered for names that recur. Those that deny come first and those that
allow last: what a stricter one outweighs is not tried.
"""

from collections.abc import Sequence

from keyturn.domain.name_filter import NameFilter
from keyturn.domain.pattern import name_matches
from keyturn.domain.rule import FREELY_SPELT, Effect, Kind, Rule, RuleSubject, may_be_of_agent
from keyturn.domain.rule_filter import RuleFilter

_MOST_REMEMBERED = 4096
_MOST_FILTERS = 64
_FEW = 32
"""So many rules are tried as soon as narrowed."""
_STRICTEST_FIRST = (Effect.DENY, Effect.ASK, Effect.ALLOW)


_Names = tuple[Kind, str, str, str, bool]


class RuleIndex:
    """The rules of one set; what it leaves out covers no call of these names."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._by_kind: dict[Kind, list[Rule]] = {}
        for rule in sorted(rules, key=lambda rule: _STRICTEST_FIRST.index(rule.effect)):
            if rule.enabled:
                self._by_kind.setdefault(rule.kind, []).append(rule)
        self._about: dict[_Names, tuple[Rule, ...]] = {}
        self._filters: dict[_Names, RuleFilter] = {}
        self._by_name: dict[Kind, NameFilter] = {}

    def covering(self, subject: RuleSubject) -> Sequence[Rule]:
        """Return those of them that may cover it with its arguments, in the same order.

        Judging these says the same as judging all.
        """
        rules = self.about(subject)
        if len(rules) <= _FEW:
            return rules
        if subject.kind in FREELY_SPELT:
            return self._that_may_name(subject, rules)
        key = _names_of(subject)
        ready = self._filters.get(key)
        if ready is None:
            if len(self._filters) >= _MOST_FILTERS:
                self._filters.clear()
            ready = self._filters[key] = RuleFilter(rules)
        return ready.narrowed(subject.arguments)

    def _that_may_name(self, subject: RuleSubject, rules: Sequence[Rule]) -> Sequence[Rule]:
        ready = self._by_name.get(subject.kind)
        if ready is None:
            ready = self._by_name[subject.kind] = NameFilter(rule.tool for rule in rules)
        return [rules[place] for place in ready.fitting(subject.tool)]

    def about(self, subject: RuleSubject) -> Sequence[Rule]:
        """Return the rules that may cover a call, the strictest first, else in their order."""
        rules = self._by_kind.get(subject.kind, [])
        if subject.kind in FREELY_SPELT:
            # An agent makes up these names, and they are read in more ways than one.
            return rules
        key = _names_of(subject)
        found = self._about.get(key)
        if found is None:
            found = tuple(rule for rule in rules if _is_named(rule, subject))
            if len(self._about) >= _MOST_REMEMBERED:
                self._about.clear()
            self._about[key] = found
        return found


def _names_of(subject: RuleSubject) -> _Names:
    return (subject.kind, subject.agent, subject.server, subject.tool, subject.proven)


def _is_named(rule: Rule, subject: RuleSubject) -> bool:
    return (
        may_be_of_agent(rule, subject)
        and name_matches(rule.server, subject.server)
        and name_matches(rule.tool, subject.tool)
    )
