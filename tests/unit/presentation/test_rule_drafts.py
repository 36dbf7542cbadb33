"""A rule as it is typed: every limit and window of the schema, and what cannot be read."""

from dataclasses import replace

import pytest

from keyturn.domain.condition import Condition, Operator
from keyturn.domain.rule import Effect, Kind, Rule
from keyturn.domain.rule_life import RuleLimits, Window
from keyturn.presentation.rule_drafts import (
    RuleDraft,
    TypedLimits,
    draft_of_rule,
    fault_of_typed,
    narrowed,
    rule_of,
)
from keyturn.presentation.rules import RulesState
from keyturn.presentation.rules_builder import RulesBuilder
from keyturn.presentation.words import Words
from keyturn.storage.queries.items import UsedName, UsedNames
from tests.sources import ROOT

WORDS = Words(ROOT / "resources" / "translations")
ALLOW = RuleDraft(effect=Effect.ALLOW, agent="analyst", server="ship", tool="send")
DENY = replace(ALLOW, effect=Effect.DENY)
RULES = (
    Rule(id="r-1", effect=Effect.ALLOW, limits=RuleLimits(per_minute=3, uses=7)),
    Rule(
        id="r-2",
        effect=Effect.ALLOW,
        limits=RuleLimits(
            touches_per_call=5, touches_per_hour=50, until="2026-12-24T18:00:00.000Z"
        ),
        when=(Condition(path="/page", op=Operator.LE, value=5),),
        enabled=False,
    ),
    Rule(
        id="r-3",
        effect=Effect.DENY,
        never=True,
        during=(
            Window(begins="2026-12-20T18:00:00.000Z", ends="2027-01-02T08:00:00.000Z"),
            Window(begins="2027-03-28T00:30:00.500Z", ends="2027-03-28T03:30:01.000Z"),
        ),
    ),
    Rule(id="r-4", effect=Effect.ASK, kind=Kind.READ, tool="file:///*", name="Look first"),
)


@pytest.mark.requirement("RULE-FORM")
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_the_form_changes_nothing_that_it_was_not_told_to(rule: Rule) -> None:
    """Opened and saved it is the same rule, its identity, conditions and state included."""
    assert rule_of(draft_of_rule(rule)) == rule


@pytest.mark.requirement("RULE-FORM")
def test_limits_and_windows_go_into_the_rule_and_into_its_sentence() -> None:
    typed = TypedLimits(
        per_minute="3",
        uses=" 7 ",
        touches_per_call="5",
        touches_per_hour="50",
        until="2026-12-24T18:00:00Z",
        windows=(("2026-12-20T18:00:00Z", "2027-01-02T08:00:00Z"), ("", " ")),
    )
    rule = rule_of(replace(ALLOW, limits=typed))
    assert rule.limits == RuleLimits(
        per_minute=3,
        uses=7,
        touches_per_call=5,
        touches_per_hour=50,
        until="2026-12-24T18:00:00.000Z",
    )
    assert rule.during == ()
    frozen = rule_of(replace(DENY, limits=typed, never=True))
    assert (frozen.limits.are_set, frozen.never) == (False, True)
    assert [window.ends for window in frozen.during] == ["2027-01-02T08:00:00.000Z"]
    builder = RulesBuilder(WORDS)
    bounds = builder.preview(replace(ALLOW, limits=typed), RulesState()).bounds
    assert len(bounds) == 5
    assert "at most 3 calls a minute, then it asks" in bounds
    said = builder.preview(replace(DENY, limits=typed, never=True), RulesState()).bounds
    assert said[0] == WORDS("rules.never")
    assert len(said) == 2


@pytest.mark.requirement("RULE-FORM")
def test_a_time_is_the_readers_own() -> None:
    rule = rule_of(replace(ALLOW, limits=TypedLimits(until="2026-12-24 18:00")))
    assert draft_of_rule(rule).limits.until == "2026-12-24 18:00"
    day = rule_of(replace(ALLOW, limits=TypedLimits(until="2026-12-24")))
    assert draft_of_rule(day).limits.until == "2026-12-24 00:00"


ODD = [
    replace(ALLOW, limits=TypedLimits(uses="0")),
    replace(ALLOW, limits=TypedLimits(uses="1000001")),
    replace(ALLOW, limits=TypedLimits(per_minute="٣")),
    replace(ALLOW, limits=TypedLimits(touches_per_call="-1")),
    replace(ALLOW, limits=TypedLimits(until="tomorrow")),
    replace(ALLOW, limits=TypedLimits(until="2026-13-01 00:00")),
    replace(DENY, limits=TypedLimits(windows=(("2026-12-24 18:00", ""),))),
    replace(DENY, limits=TypedLimits(windows=(("", "2026-12-24 18:00"),))),
    replace(DENY, limits=TypedLimits(windows=(("2026-12-24 18:00", "2026-12-24 18:00"),))),
]


@pytest.mark.requirement("RULE-FORM")
@pytest.mark.parametrize("draft", ODD)
def test_what_cannot_be_read_is_said_and_not_saved(draft: RuleDraft) -> None:
    fault = fault_of_typed(draft, WORDS)
    assert fault
    preview = RulesBuilder(WORDS).preview(draft, RulesState())
    assert (preview.missing, preview.sentence, preview.bounds) == (fault, "", ())
    # Of the other effect these fields are not shown, and count for nothing.
    other = Effect.ASK if draft.effect is Effect.ALLOW else Effect.ALLOW
    assert fault_of_typed(replace(draft, effect=other), WORDS) == ""


@pytest.mark.requirement("ACCESS-1")
def test_a_rule_is_narrowed_to_what_one_rule_can_say() -> None:
    rule = Rule(id="r-1", effect=Effect.ALLOW, agent="analyst", limits=RuleLimits(uses=9))
    one = UsedName(server="ship", name="send", method="")
    two = UsedName(server="ship", name="list", method="")
    read = UsedName(server="docs", name="", method="resources/read")

    def pair(*names: UsedName) -> tuple[str, str]:
        changed = rule_of(narrowed(rule, UsedNames(names=names)))
        assert (changed.id, changed.limits, changed.agent) == ("r-1", rule.limits, "analyst")
        return changed.server, changed.tool

    assert pair(one, read) == ("ship", "send")
    assert pair(one, two) == ("ship", "*")
    assert pair(one, replace(two, server="docs")) == ("*", "*")
    assert pair() == pair(read) == ("*", "*")
    assert pair(replace(one, name="se*")) == ("ship", "*")
