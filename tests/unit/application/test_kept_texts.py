"""How much of results that were cut is kept for the person."""

import pytest

from keyturn.application.kept_texts import MOST_A_DAY, MOST_OF_ONE, KeptTexts
from keyturn.domain.canonical import JsonObject
from tests.factories import make_connection
from tests.fakes.clock import FakeClock

pytestmark = pytest.mark.requirement("RESULT-KEPT")
_LARGE = b"x" * MOST_OF_ONE


def test_what_was_not_cut_is_not_kept_and_nothing_is_said_of_it() -> None:
    details: JsonObject = {}
    assert KeptTexts(FakeClock()).take(make_connection(), b"", details) == b""
    assert details == {}


def test_no_agent_fills_the_log() -> None:
    clock = FakeClock()
    kept = KeptTexts(clock)
    flooding, quiet = make_connection(agent="a"), make_connection(agent="b")
    for _ in range(MOST_A_DAY // MOST_OF_ONE):
        details: JsonObject = {}
        assert kept.take(flooding, _LARGE, details) == _LARGE
        assert details == {"kept": MOST_OF_ONE}
    details = {}
    assert kept.take(flooding, b"more", details) == b""
    assert details == {"not_kept": True}
    # Nobody else pays for it, and so does the agent no more on the next day.
    assert kept.take(quiet, b"more", {}) == b"more"
    clock.advance(24 * 3600)
    assert kept.take(flooding, b"more", {}) == b"more"


def test_one_text_has_its_most() -> None:
    details: JsonObject = {}
    assert KeptTexts(FakeClock()).take(make_connection(), _LARGE + b"x", details) == b""
    assert details == {"not_kept": True}


def test_all_that_proved_no_name_share_one_room() -> None:
    kept = KeptTexts(FakeClock())
    for number in range(MOST_A_DAY // MOST_OF_ONE):
        kept.take(make_connection(agent=f"a{number}", enrolled=False), _LARGE, {})
    assert kept.take(make_connection(agent="new", enrolled=False), b"x", {}) == b""
