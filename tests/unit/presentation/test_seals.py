"""What Rules says of the seals: what is asked before an answer, and what can only be left out."""

import pytest
from msgspec.structs import replace

from keyturn.application.console_state import ChangedRow, ChangedTable, SealState
from keyturn.application.ports.seals import SEALED_TABLES
from keyturn.presentation.seals import SealsShown, changed_alert, rules_rest, seals_shown
from keyturn.presentation.words import Words
from tests.sources import ROOT

WORDS = Words(ROOT / "resources" / "translations")


def shown(
    table: str, *differences: str, whole: bool = True, whole_shown: bool = True
) -> SealsShown:
    """Show one table with a row for each difference."""
    rows = tuple(ChangedRow(difference=d, key="k", text="{}") for d in differences)
    change = ChangedTable(
        table=table, whole=whole, shown="0" * 64, rows=rows, whole_shown=whole_shown
    )
    found = seals_shown(SealState(state="on", changed=(change,)), WORDS)
    assert found is not None
    return found


@pytest.mark.requirement("SEAL-2", "LAW-4")
@pytest.mark.parametrize("table", SEALED_TABLES)
def test_leaving_out_asks_only_where_calls_may_pass_then(table: str) -> None:
    """Where a row of the person's own that can deny, ask or end is missing, or an agent's label."""
    loosens = table in {"rules", "rule_uses", "settings", "agents", "step_ups"}
    for difference in ("changed", "removed", "unsure"):
        assert (shown(table, "added", difference).drop_question is not None) is loosens
    assert (shown(table, "added", whole=False).drop_question is not None) is loosens
    assert shown(table, "added").drop_question is None


@pytest.mark.requirement("SEAL-2")
def test_what_is_not_shown_whole_can_be_left_out_only() -> None:
    """The question that seals it is not there, and the note says why."""
    found = shown("pins", "changed", whole_shown=False)
    assert found.question is None
    assert "Not all of it" in found.note
    assert shown("pins", "changed").question is not None


@pytest.mark.requirement("SEAL-2", "HIDE-1")
@pytest.mark.parametrize("whole_shown", [True, False])
def test_whose_list_is_left_out_is_said_to_see_nothing(whole_shown: bool) -> None:
    """Nothing asks anew about a list, so that is not what is promised."""
    note = shown("sights", "changed", whole_shown=whole_shown).note
    assert "sees nothing until you set its list again" in note
    assert "asks anew" not in note


@pytest.mark.requirement("SEAL-3")
@pytest.mark.parametrize("state", ["locked", "none", "on"])
def test_what_the_keychain_lacks_is_said_with_a_way_to_try_again(state: str) -> None:
    """Also that it does not know of the last change."""
    found = seals_shown(SealState(state=state, unmarked=True), WORDS)
    assert found is not None
    assert found.notice.action
    assert rules_rest(SealState(state=state)) is (state == "locked")


@pytest.mark.requirement("SEAL-2")
@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('{"effect":"allow","agent":"coder","tool":"push"}', "coder may use “push”"),
        ('{"effect":"allow","agent":"co\u202eder"}', "[U+202E"),
        ('{"effect":"sometimes"}', "Added: k: {"),
        ("no rule at all", "Added: k: no rule at all"),
    ],
)
def test_a_changed_rule_is_said_as_a_sentence_and_shown_as_it_is_written(
    text: str, told: str
) -> None:
    row = ChangedRow(difference="added", key="k", text=text)
    change = ChangedTable(table="rules", whole=True, shown="0" * 64, rows=(row,))
    found = seals_shown(SealState(state="on", changed=(change,)), WORDS)
    assert found is not None
    [line] = found.lines
    assert told in line
    assert text in line or "\u202e" in text


@pytest.mark.requirement("SEAL-1")
def test_all_that_was_changed_is_named_while_one_of_it_is_shown() -> None:
    """Whoever answers for one table knows that more follow, and each page says so."""
    tables = ("rules", "servers", "pins", "agents", "settings", "access_looks")
    changed = tuple(ChangedTable(table=table, whole=True, shown="0" * 64) for table in tables)
    state = SealState(state="on", changed=changed)
    others = "servers, reviewed tools, agents, settings, the access review"
    found = seals_shown(state, WORDS)
    assert found is not None
    assert found.notice.rest.endswith(f"Changed as well, and shown next: {others}.")
    assert f"(rules, {others})" in changed_alert(state, WORDS)
    last = seals_shown(replace(state, changed=changed[-1:]), WORDS)
    assert last is not None
    assert "shown next" not in last.notice.rest
    assert changed_alert(replace(state, changed=()), WORDS) == ""
    # Every kind has its words, so that no alert is without one.
    every = tuple(ChangedTable(table=table, whole=True, shown="0" * 64) for table in SEALED_TABLES)
    said = changed_alert(SealState(state="on", changed=every), WORDS)
    assert said.count(",") == len(SEALED_TABLES) - 1
