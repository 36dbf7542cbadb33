"""What the rules' screen says of rules beside each other, and of a rule that is being made."""

from dataclasses import replace
from pathlib import Path

import pytest

from keyturn.application.console_state import RuleState
from keyturn.domain.policy import Posture
from keyturn.domain.rule import Effect, Rule
from keyturn.domain.rule_life import RuleLimits, Window
from keyturn.presentation.rule_drafts import RuleDraft, data_of, rule_of
from keyturn.presentation.rules import RulePreview
from keyturn.presentation.rules_builder import (
    KnownRule,
    RulesBuilder,
    RulesState,
    read_rules,
    with_hits,
)
from keyturn.presentation.words import Words
from tests.gui import pages_data as data

BUILDER = RulesBuilder(Words(Path(__file__).parents[3] / "resources" / "translations"))
STATE = RulesState(rules=read_rules(data.RULES), servers=data.SERVERS, agents=data.AGENTS)


def state_text(rule_id: str, state: RulesState = STATE) -> str:
    """Return what the last column says of a rule."""
    row = next(row for row in BUILDER.page(state).rows if row.row_id == rule_id)
    return row.cells[-1].text


def preview(
    *,
    effect: Effect = Effect.ALLOW,
    agent: str = "coder",
    server: str = "git",
    tool: str = "status",
) -> RulePreview:
    """Return what the form says of a draft."""
    draft = RuleDraft(effect=effect, agent=agent, server=server, tool=tool)
    return BUILDER.preview(draft, STATE)


@pytest.mark.parametrize(
    ("rule_id", "said"),
    [
        ("r-4be0c2d19a77", "Acts"),
        pytest.param("r-77aa10c0ffe1", "Suspended", marks=pytest.mark.requirement("R3")),
        ("r-5512cc90de21", "Overruled"),
        ("r-a81e55b0c9d3", "Off"),
        ("r-6bd0ce7714fa", "Waits for a tier"),
    ],
)
def test_what_keeps_a_rule_from_acting_is_said(rule_id: str, said: str) -> None:
    assert state_text(rule_id) == said


def test_a_careful_resume_suspends_what_allows_and_nothing_else() -> None:
    careful = replace(STATE, suspended=True)
    said = {row.row_id: row.cells[-1].text for row in BUILDER.page(careful).rows}
    assert said["r-4be0c2d19a77"] == "Suspended"
    assert said["r-02bd4418ae90"] == said["r-1d7700e2b6c4"] == "Acts"
    assert BUILDER.page(careful).suspended is not None
    assert BUILDER.page(STATE).suspended is None


@pytest.mark.parametrize(
    ("search", "found"),
    [("ssh", 1), ("ANALYST", 2), ("git push", 2), ("overruled", 1), ("nothing like it", 0)],
)
def test_a_search_looks_at_every_word_of_a_row(search: str, found: int) -> None:
    assert len(BUILDER.page(STATE, search).rows) == found


def test_a_search_without_a_hit_is_not_an_empty_page() -> None:
    assert not BUILDER.page(STATE, "nothing like it").empty
    assert BUILDER.page(RulesState()).empty


def test_a_rule_that_cannot_be_read_is_left_out() -> None:
    broken = (
        RuleState(data="[]", hits=1),
        RuleState(data="{", hits=1),
        RuleState(data='{"effect":"cel"}', hits=1),
    )
    assert read_rules((*broken, data.RULES[0])) == read_rules(data.RULES[:1])


def test_hits_are_taken_over_by_the_rules_that_they_name() -> None:
    [first, second, *rest] = with_hits(STATE.rules, {STATE.rules[0].rule.id: 7, "r-gone": 3})
    assert first.hits == 7
    assert [second, *rest] == list(STATE.rules[1:])


def test_what_is_saved_is_read_back_as_the_same_rule() -> None:
    draft = RuleDraft(effect=Effect.DENY, agent="coder", server="git", tool="push", name=" No ")
    rule = rule_of(draft)
    [known] = read_rules([RuleState(data=data_of(rule), hits=0)])
    assert known.rule == rule
    assert (rule.name, rule.id) == ("No", rule_of(draft).id)


def test_a_draft_names_what_is_missing_in_order() -> None:
    assert preview(agent="", tool="").missing == "Choose an agent first."
    assert preview(tool="").missing == "Choose a tool first."
    assert preview().missing == ""


def test_an_allow_rule_says_what_it_lets_out() -> None:
    assert preview().warnings == ()
    texts = [w.text for w in preview(tool="*").warnings]
    assert any("push" in text and "reaches out" in text for text in texts)
    assert any("added later" in text for text in texts)


def test_an_allow_rule_for_an_unconfirmed_tool_says_that_it_waits() -> None:
    texts = [w.text for w in preview(server="notes", tool="sync_all").warnings]
    assert texts == ["1 tool has no confirmed tier. No rule allows it before that."]


def test_a_rule_that_another_overrules_says_which() -> None:
    texts = [w.text for w in preview(tool="push").warnings]
    assert texts[0] == "It can never decide: “Pushes” asks about the same calls."


def test_a_deny_rule_says_what_it_overrules_and_nothing_of_reach() -> None:
    texts = [w.text for w in preview(effect=Effect.DENY, tool="push").warnings]
    assert texts == ["It overrules 1 rule that allows or asks less."]


def test_a_rule_that_exists_is_said_to_exist() -> None:
    draft = RuleDraft(effect=Effect.ALLOW, agent="coder", server="git", tool="status")
    state = replace(STATE, rules=(*STATE.rules, KnownRule(rule=rule_of(draft), hits=0)))
    assert "exists already" in BUILDER.preview(draft, state).warnings[0].text


def test_a_disabled_rule_overrules_nothing() -> None:
    off = tuple(
        replace(known, rule=replace(known.rule, enabled=False))
        if known.rule.id == "r-02bd4418ae90"
        else known
        for known in STATE.rules
    )
    assert state_text("r-5512cc90de21", replace(STATE, rules=off)) == "Acts"


def test_a_rule_under_a_condition_overrules_nothing() -> None:
    """ "No keys" covers only some paths, so the rule about writing still decides the others."""
    assert state_text("r-90c4f0aa3e15") == "Acts"


def test_only_the_looser_posture_is_asked_about() -> None:
    choices = {choice.posture: choice for choice in BUILDER.page(STATE).postures}
    question = choices[Posture.ASK_WRITES].question
    assert choices[Posture.ASK_ALL].question is None
    assert question is not None
    assert question.text.startswith("6 tools are confirmed as T0 Reads")


def test_names_to_choose_from_hide_nothing_and_end_with_all_of_them() -> None:
    servers = (data.server("s", data.tool(data.HOSTILE, None), data.tool("n" * 5000, None)),)
    hostile, long, every = BUILDER.choices(replace(STATE, servers=servers), "s").tools
    assert hostile.name == data.HOSTILE
    assert "[U+202E right-to-left override]" in hostile.text
    assert "\t" not in hostile.text
    assert len(long.text) < 100
    assert long.text.endswith("+ 4940 characters")
    assert (every.name, every.text) == ("*", "Every tool")


def test_a_detail_says_what_a_rule_covers_today() -> None:
    known = STATE.find("r-4be0c2d19a77")
    assert known is not None
    detail = BUILDER.detail(known, STATE)
    pairs = {pair.key: pair.value for pair in detail.pairs}
    assert pairs["Covers"] == "2 tools that are known today"
    assert pairs["Decided"] == "1204 calls"
    used = BUILDER.detail(replace(known, last_hit="2026-11-23T12:07:52.123Z"), STATE)
    said = next(pair.value for pair in used.pairs if pair.key == "Decided")
    assert said.startswith("1204 calls, the last 23 Nov")
    assert detail.remove.text == "Remove this rule? What it allowed asks you again."


def test_a_rule_of_another_kind_covers_no_tool() -> None:
    known = KnownRule(rule=Rule(id="r", effect=Effect.ALLOW), hits=0)
    reads = STATE.find("r-a81e55b0c9d3")
    assert reads is not None
    assert BUILDER.detail(reads, STATE).pairs[3].value == "0 tools that are known today"
    assert BUILDER.detail(known, STATE).pairs[3].value == "12 tools that are known today"


@pytest.mark.parametrize(
    ("life", "said"),
    [
        ("ended", "Ended"),
        ("spent", "Used up"),
        ("over_rate", "Rests for a minute"),
        ("outside", "Waits for its window"),
        ("acts", "Acts"),
        ("of a later version", "Acts"),
    ],
)
def test_a_rule_that_rests_says_why(life: str, said: str) -> None:
    rule = Rule(id="r-1", effect=Effect.ALLOW, agent="coder", server="git", tool="status")
    states = [RuleState(data=data_of(rule), hits=0, life=life)]
    assert state_text("r-1", replace(STATE, rules=read_rules(states))) == said


def test_a_rule_says_what_bounds_it_and_how_much_is_left() -> None:
    limits = RuleLimits(per_minute=3, uses=10, until="2026-12-01T00:00:00.000Z")
    rule = Rule(id="r-1", effect=Effect.ALLOW, tool="status", limits=limits)
    detail = BUILDER.detail(KnownRule(rule=rule, hits=4, uses=4), STATE)
    assert detail.limits == (
        "at most 3 calls a minute, then it asks",
        "10 calls in all, then it asks",
        "until 2026-12-01 00:00:00 UTC, then it asks",
    )
    assert ("Uses left", "6 of 10") in {(pair.key, pair.value) for pair in detail.pairs}


def test_a_rule_that_nothing_overrules_says_so_and_its_removal_too() -> None:
    window = Window(begins="2026-12-24T18:00:00.000Z", ends="2027-01-02T07:00:00.000Z")
    rule = Rule(id="r-1", effect=Effect.DENY, never=True, during=(window,))
    detail = BUILDER.detail(KnownRule(rule=rule, hits=0), STATE)
    assert detail.limits == (
        "never: no approval can let this through",
        "only from 2026-12-24 18:00:00 UTC until 2027-01-02 07:00:00 UTC",
    )
    assert "no approval" in detail.remove.text


@pytest.mark.parametrize("effect", Effect)
def test_only_a_rule_that_denies_is_made_to_be_never_overruled(effect: Effect) -> None:
    draft = RuleDraft(effect=effect, agent="coder", server="git", tool="status", never=True)
    assert rule_of(draft).never is (effect is Effect.DENY)
