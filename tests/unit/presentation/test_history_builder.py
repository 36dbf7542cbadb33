"""History says what was recorded, in the words of the cards, and never more."""

from dataclasses import replace
from pathlib import Path

import pytest

from keyturn.domain.decision import Actor, Delivery, Outcome
from keyturn.domain.record import Entry, RecordType
from keyturn.presentation.card_builder import CardBuilder
from keyturn.presentation.history_builder import HistoryBuilder, RecordedDetail
from keyturn.presentation.marks import Role
from keyturn.presentation.verbs import read_verbs
from keyturn.presentation.words import Words
from tests.unit.presentation.recorded import Recorded

RESOURCES = Path(__file__).parents[3] / "resources"
WORDS = Words(RESOURCES / "translations")
HISTORY = HistoryBuilder(WORDS, CardBuilder(WORDS, read_verbs(RESOURCES / "verbs.toml")))


@pytest.mark.requirement("H3")
def test_every_outcome_has_its_own_word_and_its_own_icon() -> None:
    said = [HISTORY.outcome(Recorded(outcome=one.value, delivery="")) for one in Outcome]
    # Of those that a row shows in the place of the outcome.
    wrong = (Delivery.UNKNOWN, Delivery.FAILED, Delivery.TOOL_ERROR, Delivery.NOT_SENT)
    sent = [*wrong, Delivery.RESULT_WITHHELD]
    said += [HISTORY.outcome(Recorded(delivery=delivery.value)) for delivery in sent]
    assert len({one.text for one in said}) == len(said)
    assert len({one.icon for one in said}) == len(said)
    assert all(one.text for one in said)


@pytest.mark.parametrize("delivery", list(Delivery))
def test_every_delivery_can_be_said(delivery: Delivery) -> None:
    detail = HISTORY.detail(
        RecordedDetail(
            item=Recorded(delivery=delivery.value, result={"bytes": 12, "reason": "x"}),
            arguments="{}",
            decision=None,
        )
    )
    assert detail.result[0].value


@pytest.mark.parametrize("actor", list(Actor))
def test_everybody_who_decides_has_a_name(actor: Actor) -> None:
    assert HISTORY.row(Recorded(actor=actor.value, route="")).decided_by.text


def test_a_call_that_went_wrong_says_so_before_that_it_was_allowed() -> None:
    row = HISTORY.row(Recorded(delivery="unknown"))
    assert (row.outcome.text, row.outcome.role) == ("Unknown", Role.WARNING)


def test_a_row_names_the_value_that_decided() -> None:
    row = HISTORY.row(Recorded())
    assert (row.decisive, row.server_tool) == ("NW-1041", "logistics / dispatch_order")
    assert "NW-1041" in row.spoken


def test_a_result_that_was_held_is_no_id_and_no_call_passes_as_one() -> None:
    digest = "cd" * 32
    about = f'{{"result_of":"c-01","sha256":"{digest}"}}'
    row = HISTORY.row(Recorded(tool="read_note", digest=digest, arguments=about))
    assert row.decisive == "result of read_note"
    # A call's digest covers its arguments, so that it cannot stand in them.
    assert HISTORY.row(Recorded(arguments=about)).decisive != "result of dispatch_order"
    more = about.replace("{", '{"a":1,')
    assert "result of" not in HISTORY.row(Recorded(digest=digest, arguments=more)).decisive


def test_arguments_that_were_pruned_leave_an_empty_tree() -> None:
    detail = HISTORY.detail(
        RecordedDetail(item=Recorded(arguments=None), arguments=None, decision=None)
    )
    assert detail.arguments == ()
    assert detail.traced is None


def test_origins_are_shown_where_they_were_recorded() -> None:
    entry = Entry(
        type=RecordType.DECISION,
        call="call-1",
        provenance=(
            {
                "path": "/order_id",
                "result": 6,
                "server": "logistics",
                "tool": "list_orders",
                "offset": 17,
                "untrusted": False,
            },
            {"path": 3},
            {"path": "", "incomplete": True},
        ),
        policy={"because": "no_rule"},
        details={"message": "Use staging.", "persons": ["Ada", "Berta"]},
        shown_ms=1_500,
    )
    found = RecordedDetail(
        item=Recorded(masked=True), arguments='{"order_id":"NW-1041"}', decision=entry
    )
    detail = HISTORY.detail(found)
    assert detail.origins == 1
    assert detail.traced is not None
    assert "result 6" in detail.traced.text
    said = " ".join(pair.value for pair in (*detail.decided, *detail.record))
    assert "Use staging." in said
    assert "Ada, Berta" in said
    assert "masked" in said


def test_earlier_calls_mark_the_one_a_value_came_from() -> None:
    entry = Entry(
        type=RecordType.DECISION,
        call="call-1",
        provenance=({"path": "/order_id", "result": 6, "server": "s", "tool": "t", "offset": 0},),
    )
    source = Recorded(call="call-0", result={"result": 6, "bytes": 2048})
    found = RecordedDetail(
        item=Recorded(),
        arguments='{"order_id":"NW-1041"}',
        decision=entry,
        before=(source, replace(source, result={"result": 5})),
    )
    assert [one.is_source for one in HISTORY.detail(found).before] == [True, False]


def test_a_retry_that_got_an_earlier_result_says_that_nothing_was_sent_for_it() -> None:
    item = Recorded(
        outcome="allowed_retry_grant", delivery="delivered_late", result={"first": "c-7"}
    )
    detail = HISTORY.detail(RecordedDetail(item=item, decision=None, arguments="{}"))
    said = {pair.key: pair.value for pair in (*detail.decided, *detail.result)}
    assert said["Sent"].startswith("nothing again")
    assert said["Delivery"] == "Delivered late"
    assert said["Identical call"] == "c-7"


def test_the_summary_counts_silence_apart_from_denial() -> None:
    summary = HISTORY.summary(
        {
            "allowed_once": 3,
            "denied_user": 2,
            "expired_no_answer": 1,
            "cancelled_by_client": 1,
            "refused_paused": 4,
        },
        shown=11,
        of_all=1_204,
    )
    assert [one.text for one in summary.outcomes] == [
        "3 allowed",
        "2 denied",
        "1 expired",
        "1 withdrawn",
        "4 refused",
    ]
    assert summary.of_all == "of 1,204"
