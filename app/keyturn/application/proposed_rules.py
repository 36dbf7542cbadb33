"""Owns the rules that a file or the command line proposed, in force only once a person saves.

Whoever can reach the socket can propose, so that a proposal never has the id of a rule that stands:
saving one adds, and takes the place of nothing.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import count
from typing import Final

import msgspec

from keyturn.application.events import Observers, Topic
from keyturn.application.ports.inspection import SecretMask
from keyturn.application.proposals import PROPOSAL_BYTES
from keyturn.application.rule_secrets import refuse_unusable, texts_of
from keyturn.domain.canonical import JsonValue, Parsed, canonical, digest_of, parse_strict
from keyturn.domain.errors import ConfigurationError
from keyturn.domain.rule import Rule
from keyturn.domain.rule_data import rule_from_data, rule_to_data

MOST_PROPOSED: Final = 100
"""Rules that wait for a person at once."""


class DropProposedRule(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="drop_proposed_rule"
):
    """Forget a proposed rule."""

    n: int
    id: str
    """Empty for all of them."""


class ProposeRules(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="propose_rules"
):
    """Have rules wait to be looked at, as the command line does; none of them is in force."""

    n: int
    data: str
    """A JSON list of rules as `rule_data` writes them."""


ProposalIntent = ProposeRules | DropProposedRule


class ProposedRules:
    """Holds them until they are saved, or dropped, or the broker ends."""

    def __init__(
        self,
        standing: Callable[[], Iterable[Rule]],
        mask: SecretMask,
        observers: Observers,
    ) -> None:
        self._standing = standing
        self._mask = mask
        self._observers = observers
        self._rules: dict[str, Rule] = {}

    def waiting(self) -> tuple[Rule, ...]:
        """Return what nobody has saved or dropped, first come first."""
        saved = {rule.id for rule in self._standing()}
        return tuple(rule for rule in self._rules.values() if rule.id not in saved)

    def texts(self) -> tuple[str, ...]:
        """Return the same as the window is told of them."""
        return tuple(_said(rule) for rule in self.waiting())

    def propose(self, rows: JsonValue) -> int:
        """Keep rules as `rule_data` writes them; return how many are new.

        Raises ConfigurationError, and keeps none of them, for what is no rule or too much.
        """
        if not isinstance(rows, list) or len(canonical(rows)) > PROPOSAL_BYTES:
            raise ConfigurationError(
                "The rules are no list, or too long.", mend="Propose fewer of them at once."
            )
        new = list(self._new(rows))
        waiting = self.waiting()
        if len(waiting) + len(new) > MOST_PROPOSED:
            raise ConfigurationError(
                f"More than {MOST_PROPOSED} proposed rules would wait for Keyturn's window.",
                mend="Save or dismiss them there first.",
            )
        self._rules = {rule.id: rule for rule in (*waiting, *new)}
        self._observers.changed(Topic.RULES)
        return len(new)

    def propose_text(self, data: str) -> int:
        """Do the same with JSON; raises ConfigurationError for what is none."""
        parsed = parse_strict(data)
        return self.propose(parsed.value if isinstance(parsed, Parsed) else None)

    def drop(self, rule_id: str) -> None:
        """Forget one, or all of them for an empty id; no rule that stands is touched."""
        if rule_id:
            self._rules.pop(rule_id, None)
        else:
            self._rules.clear()
        self._observers.changed(Topic.RULES)

    def _new(self, rows: list[JsonValue]) -> Iterator[Rule]:
        """Yield what neither stands nor waits yet."""
        taken = {rule.id for rule in self._standing()}
        known = {_content(rule) for rule in (*self._standing(), *self.waiting())}
        for row in rows:
            if not isinstance(row, dict):
                raise ConfigurationError("A rule is a table.")
            rule = self._read(row, taken)
            if _content(rule) not in known:
                known.add(_content(rule))
                yield rule

    def _read(self, row: Mapping[str, JsonValue], taken: set[str]) -> Rule:
        rule = rule_from_data(row)
        refuse_unusable(rule, self._mask)
        if not all(text.isprintable() for text in (*texts_of(rule).values(), _said(rule))):
            raise ConfigurationError(
                "A rule with hidden characters is not proposed.", mend="Make it in the window."
            )
        content = _content(rule).decode()
        ids = (f"r-{digest_of(canonical([content, n]))[:12]}" for n in count())
        return replace(rule, id=next(one for one in ids if one not in taken))


def _said(rule: Rule) -> str:
    return canonical(rule_to_data(rule)).decode()


def _content(rule: Rule) -> bytes:
    return canonical(rule_to_data(replace(rule, id="", name="")))
