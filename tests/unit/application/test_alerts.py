"""What a person is told of beside cards: the same once in a while, and never many at once."""

import pytest

from keyturn.application.alerts import (
    MOST_AT_ONCE,
    SAME_SECONDS,
    SPAN_SECONDS,
    Alert,
    AlertKind,
    Alerts,
)
from keyturn.presentation.alerts import alert_text
from keyturn.presentation.words import Words
from tests.fakes.clock import FakeClock
from tests.sources import ROOT

ENDED = Alert(AlertKind.SERVER_UNREADABLE, "raw")


def other(number: int) -> Alert:
    return Alert(AlertKind.SIGN_IN_FAILED, f"far-{number}")


def made() -> tuple[Alerts, FakeClock, list[Alert]]:
    clock, told = FakeClock(), list[Alert]()
    alerts = Alerts(clock)
    alerts.attach(told.append)
    return alerts, clock, told


def test_the_same_is_told_again_only_after_a_while() -> None:
    alerts, clock, told = made()
    for _ in range(3):
        alerts.happened(ENDED)
    clock.advance(SAME_SECONDS - 1)
    alerts.happened(ENDED)
    assert told == [ENDED]
    clock.advance(1)
    alerts.happened(ENDED)
    assert told == [ENDED, ENDED]


def test_a_flood_is_cut_and_what_came_in_it_may_be_told_later() -> None:
    alerts, clock, told = made()
    for number in range(MOST_AT_ONCE + 3):
        alerts.happened(other(number))
    assert told == [other(number) for number in range(MOST_AT_ONCE)]
    clock.advance(SPAN_SECONDS)
    alerts.happened(other(MOST_AT_ONCE))
    assert told[-1] == other(MOST_AT_ONCE)
    alerts.happened(other(0))
    assert told[-1] == other(MOST_AT_ONCE)


def test_what_it_remembers_does_not_grow() -> None:
    alerts, clock, told = made()
    for number in range(300):
        alerts.happened(other(number))
        clock.advance(SPAN_SECONDS)
    assert len(told) == 300


def test_with_nobody_to_tell_nothing_happens() -> None:
    Alerts(FakeClock()).happened(ENDED)


@pytest.mark.parametrize("kind", AlertKind)
def test_every_kind_has_its_sentence_in_which_nothing_is_hidden(kind: AlertKind) -> None:
    words = Words(ROOT / "resources" / "translations")
    text = alert_text(Alert(kind, "ra\u202ew\n" + "x" * 1000), words)
    assert "ra[" in text
    assert not {"\u202e", "\n"} & set(text)
    assert len(text) < 300
