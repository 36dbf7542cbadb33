"""Which rules of a set may speak of a call, by its names alone; remembered for names that recur.

Those that deny come first and those that allow last: what a stricter one outweighs is not tried.
"""

from collections.abc import Sequence

from keyturn.domain.pattern import name_matches
from keyturn.domain.rule import FREELY_SPELT, Effect, Kind, Rule, RuleSubject

_MOST_REMEMBERED = 4096
_STRICTEST_FIRST = (Effect.DENY, Effect.ASK, Effect.ALLOW)


class RuleIndex:
    """The rules of one set; what it leaves out covers no call of these names."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._by_kind: dict[Kind, list[Rule]] = {}
        for rule in sorted(rules, key=lambda rule: _STRICTEST_FIRST.index(rule.effect)):
            if rule.enabled:
                self._by_kind.setdefault(rule.kind, []).append(rule)
        self._about: dict[tuple[Kind, str, str, str], tuple[Rule, ...]] = {}

    def about(self, subject: RuleSubject) -> Sequence[Rule]:
        """Return the rules that may cover a call, the strictest first, else in their order."""
        rules = self._by_kind.get(subject.kind, [])
        if subject.kind in FREELY_SPELT:
            # An agent makes up these names, and they are read in more ways than one.
            return rules
        key = (subject.kind, subject.agent, subject.server, subject.tool)
        found = self._about.get(key)
        if found is None:
            found = tuple(rule for rule in rules if _is_named(rule, subject))
            if len(self._about) >= _MOST_REMEMBERED:
                self._about.clear()
            self._about[key] = found
        return found


def _is_named(rule: Rule, subject: RuleSubject) -> bool:
    return (
        name_matches(rule.agent, subject.agent)
        and name_matches(rule.server, subject.server)
        and name_matches(rule.tool, subject.tool)
    )
