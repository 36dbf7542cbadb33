"""Owns what is said of rules that the command line proposed: nobody knows who wrote them."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from keyturn.application.console_state import RuleState
from keyturn.domain.rule import Rule
from keyturn.presentation.cells import Proposal
from keyturn.presentation.rule_sentences import RuleSentences
from keyturn.presentation.rules_builder import read_rules
from keyturn.presentation.visible_text import shown_line
from keyturn.presentation.words import Words

_LONGEST: Final = 400
_LONGEST_NAME: Final = 80
_MOST: Final = 3
"""In full above the list; the others come up once these are answered."""


def read_proposed(texts: Iterable[str]) -> tuple[Rule, ...]:
    """Read what was proposed, as the broker's rules are read."""
    states = (RuleState(data=text, hits=0) for text in texts)
    return tuple(known.rule for known in read_rules(states))


def rule_proposals(rules: Sequence[Rule], words: Words) -> tuple[Proposal, ...]:
    """Return the first of what was proposed, and how many there are beside."""
    return tuple(_rows(rules, words))


def _rows(rules: Sequence[Rule], words: Words) -> Iterator[Proposal]:
    sentences, rest = RuleSentences(words), words("rules.proposal_rest")
    for rule in rules[:_MOST]:
        # By all that it covers, never by its name, which anybody may have chosen.
        said = shown_line(sentences.sentence(rule), words, most=_LONGEST)
        bounds = ", ".join((*sentences.conditions(rule), *sentences.limits(rule)))
        bounds = shown_line(bounds, words, most=_LONGEST)
        name = shown_line(rule.name, words, most=_LONGEST_NAME)
        named = words("rules.proposal_named", name=name) if rule.name else ""
        bounds = words("rules.only_when_bounds", bounds=bounds) if bounds else ""
        yield Proposal(
            name=rule.id,
            strong=words("rules.proposal", rule=said),
            rest=" ".join(part for part in (bounds, named, rest) if part),
            accept=words("rules.proposal_look"),
            drop=words("rules.proposal_drop"),
        )
    if len(rules) > _MOST:
        yield Proposal(
            name="",
            strong=words("rules.proposal_more", n=len(rules) - _MOST),
            rest=rest,
            accept="",
            drop=words("rules.proposal_drop_all"),
        )
