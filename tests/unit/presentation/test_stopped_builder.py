"""The stopped screen: what must be looked at before anybody resumes, and what it says."""

from pathlib import Path

import pytest

from keyturn.application.console_state import StopState
from keyturn.presentation.card_builder import CardBuilder
from keyturn.presentation.history_builder import HistoryBuilder
from keyturn.presentation.stopped import StoppedView
from keyturn.presentation.stopped_builder import (
    MOST_ROWS,
    AroundTheStop,
    Reading,
    StoppedBuilder,
)
from keyturn.presentation.verbs import read_verbs
from keyturn.presentation.words import Words
from tests.unit.presentation.recorded import Recorded

RESOURCES = Path(__file__).parents[3] / "resources"
WORDS = Words(RESOURCES / "translations")
HISTORY = HistoryBuilder(WORDS, CardBuilder(WORDS, read_verbs(RESOURCES / "verbs.toml")))
STOPPED = StoppedBuilder(WORDS, HISTORY)
STOP = StopState(
    engaged=True,
    since_utc="2026-11-23T14:07:52.000Z",
    trigger="window",
    refused_since=2,
    cards_refused=1,
)
JUST_SENT = Recorded(call="just", ts_utc="2026-11-23T14:07:50.000Z")
LONG_AGO = Recorded(call="old", ts_utc="2026-11-23T14:07:10.000Z")
READ = Recorded(call="read", ts_utc="2026-11-23T14:07:51.000Z", tier="T0")
LOST = Recorded(call="lost", ts_utc="2026-11-23T14:07:10.000Z", delivery="unknown")


def view(*sent: Recorded, looked_at: frozenset[str] = frozenset()) -> StoppedView:
    return STOPPED.view(
        STOP,
        AroundTheStop(reading=Reading.WHOLE, sent=sent),
        looked_at=looked_at,
        carefully=True,
        resume_chosen=True,
        rules=3,
    )


def test_what_was_just_sent_and_what_is_unknown_is_owed_a_look() -> None:
    owed = STOPPED.owed(
        STOP, AroundTheStop(reading=Reading.WHOLE, sent=(READ, JUST_SENT, LONG_AGO, LOST))
    )
    assert [call.call for call in owed] == ["just", "lost"]


def test_nobody_resumes_before_every_look() -> None:
    waiting = view(JUST_SENT, LOST, looked_at=frozenset({"just"}))
    assert waiting.resume.chosen() == 0
    assert waiting.resume.owed
    ready = view(JUST_SENT, LOST, looked_at=frozenset({"just", "lost"}))
    assert ready.resume.chosen() == 1
    assert ready.resume.owed == ""


@pytest.mark.requirement("LAW-3")
@pytest.mark.parametrize("reading", [Reading.WAITING, Reading.INCOMPLETE, Reading.UNREADABLE])
def test_nobody_resumes_while_the_review_is_not_known_whole(reading: Reading) -> None:
    held = STOPPED.view(
        STOP,
        AroundTheStop(reading=reading),
        looked_at=frozenset(),
        carefully=True,
        resume_chosen=True,
        rules=3,
    )
    assert held.resume.chosen() == 0
    assert "stay" in held.resume.owed
    assert held.resume.agents[0].held_by == held.resume.owed


def test_what_the_broker_says_against_resuming_is_shown() -> None:
    shown = STOPPED.view(
        STOP,
        AroundTheStop(reading=Reading.WHOLE),
        looked_at=frozenset(),
        carefully=True,
        resume_chosen=True,
        rules=3,
        told="Not now.",
    )
    assert shown.resume.owed == "Not now."


def test_seconds_count_from_the_moment_that_can_be_believed() -> None:
    lying = StopState(engaged=True, since_utc="2000-01-01T00:00:00.000Z", trigger="file")
    around = AroundTheStop(
        reading=Reading.WHOLE, sent=(JUST_SENT,), moment_utc="2026-11-23T14:07:53.000Z"
    )
    assert [call.call for call in STOPPED.owed(lying, around)] == ["just"]
    line = STOPPED.line(JUST_SENT, around.moment_utc)
    assert "analyst called logistics / dispatch_order" in line
    assert "NW-1041; sent 3 s before the stop" in line


def test_a_stop_around_which_nothing_was_sent_owes_nothing() -> None:
    assert view().resume.chosen() == 1
    assert view().looked_at == ""


def test_the_list_keeps_all_that_is_owed_and_few_of_the_rest() -> None:
    many = [Recorded(call=f"c{n}", ts_utc="2026-11-23T14:07:00.000Z") for n in range(40)]
    rows = view(*many, LOST).timeline
    shown = [row.row_id for row in rows]
    assert "lost" in shown
    assert len([row for row in shown if row.startswith("c") and row != "cards"]) == MOST_ROWS - 1


@pytest.mark.parametrize("trigger", ["window", "tray", "shortcut", "command", "file", "a trip"])
def test_every_trigger_is_said(trigger: str) -> None:
    stop = StopState(engaged=True, since_utc=STOP.since_utc, trigger=trigger)
    shown = STOPPED.view(
        stop,
        AroundTheStop(reading=Reading.WHOLE, sent=()),
        looked_at=frozenset(),
        carefully=False,
        resume_chosen=True,
        rules=0,
    )
    assert shown.sentence
