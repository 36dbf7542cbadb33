"""The deadline is said in words that stay true when it has passed."""

from pathlib import Path

from keyturn.presentation.card import Deadline, deadline_text
from keyturn.presentation.words import Words

WORDS = Words(Path(__file__).parents[3] / "resources" / "translations")


def test_a_running_deadline_says_how_long_the_agent_waits() -> None:
    text = deadline_text(Deadline(asked_at_ms=0, waits_until_ms=50_000), 12_000, WORDS)
    assert text.text.startswith("Agent waits about 38 s more.")
    assert text.share_left == 0.76


def test_what_a_server_asked_is_over_when_it_stops_waiting() -> None:
    deadline = Deadline(asked_at_ms=0, waits_until_ms=50_000, ends=True)
    text = deadline_text(deadline, 12_000, WORDS)
    assert text.text == "Server waits about 38 s more. After that its request ends."


def test_a_passed_deadline_says_that_the_agent_stopped_waiting() -> None:
    for stopped in (None, 50_000):
        deadline = Deadline(asked_at_ms=0, waits_until_ms=50_000, stopped_waiting_at_ms=stopped)
        text = deadline_text(deadline, 170_000, WORDS)
        assert text.text.startswith("Agent stopped waiting 2 min ago.")
        assert text.share_left == 0
