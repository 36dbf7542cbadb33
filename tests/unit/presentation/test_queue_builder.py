"""A row says what is wanted and the one value that decides it."""

from pathlib import Path

import pytest

from keyturn.domain.tier import Tier
from keyturn.presentation.card_builder import CardBuilder
from keyturn.presentation.marks import Icon
from keyturn.presentation.queue_builder import QueueBuilder, RowState
from keyturn.presentation.verbs import read_verbs
from keyturn.presentation.words import Words
from tests.fakes.approval_requests import DEFINITION, a_call, a_change, a_definition

RESOURCES = Path(__file__).parents[3] / "resources"
WORDS = Words(RESOURCES / "translations")
ROWS = QueueBuilder(WORDS, CardBuilder(WORDS, read_verbs(RESOURCES / "verbs.toml")))


def test_a_row_has_verb_value_and_who() -> None:
    row = ROWS.row(a_call(), age_seconds=41.9)
    assert (row.verb, row.decisive) == ("Dispatch all_open orders", "14 Quarry Road, Hangar 9")
    assert [note.text for note in row.notes] == ["T2 Reaches out", "analyst", "logistics"]
    assert row.age == "41 s"
    assert row.spoken == (
        "analyst wants to dispatch all_open orders with logistics. T2 Reaches out. "
        "14 Quarry Road, Hangar 9"
    )


def test_an_unconfirmed_tool_speaks_with_the_servers_words() -> None:
    request = a_call(subject={"workspace": "team-notes"}, tier=Tier.T3, tool="sync_all")
    row = ROWS.row(request, age_seconds=6)
    assert (row.verb, row.decisive) == ('Run "sync_all"', "Workspace: team-notes")
    assert (row.notes[-1].text, row.notes[-1].icon) == ("server's words", Icon.CLAIMED)


@pytest.mark.parametrize(
    ("state", "text"),
    [
        (RowState.LATER, "Later"),
        (RowState.STOPPED_WAITING, "Agent stopped waiting"),
        (RowState.DECIDED_BY_RULE, "Decided by rule"),
    ],
)
def test_a_state_is_a_word(state: RowState, text: str) -> None:
    assert ROWS.row(a_call(), age_seconds=0, state=state).notes[-1].text == text


def test_a_call_without_arguments_has_a_row() -> None:
    assert ROWS.row(a_call(subject={}), age_seconds=0).decisive == ""


def test_reviews_have_the_tier_that_would_stay() -> None:
    assert ROWS.row(a_definition(), age_seconds=0).tier is Tier.T3
    changed = ROWS.row(a_change(DEFINITION, proposed_tier=Tier.T1), age_seconds=0)
    assert (changed.tier, changed.verb) == (Tier.T1, "logistics changed dispatch_all")
