"""Times are said the way that people say them, and never claim what they do not know."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from keyturn.presentation.relative_time import countdown_text, duration_text, relative_time
from keyturn.presentation.words import Words

WORDS = Words(Path(__file__).parents[3] / "resources" / "translations")
NOW = datetime(2026, 5, 12, 14, 7, 41, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-3, "0 s"),
        (0.9, "0 s"),
        (41, "41 s"),
        (59.9, "59 s"),
        (60, "1 min"),
        (3599, "59 min"),
        (7300, "2 h"),
    ],
)
def test_a_duration_is_cut_to_its_largest_unit(seconds: float, text: str) -> None:
    assert duration_text(seconds, WORDS) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(702, "11:42"), (59, "00:59"), (3729, "1:02:09"), (-1, "00:00")]
)
def test_a_countdown_is_a_clock(seconds: float, text: str) -> None:
    assert countdown_text(seconds) == text


@pytest.mark.parametrize(
    ("ago", "text"),
    [
        (timedelta(seconds=41), "41 s ago"),
        (timedelta(minutes=4), "4 min ago"),
        (timedelta(hours=2), "12:07:41"),
        (timedelta(days=1), "11 May 14:07"),
        (timedelta(seconds=-30), "14:08:11"),
    ],
)
def test_a_moment_is_said_by_its_distance(ago: timedelta, text: str) -> None:
    assert relative_time(NOW - ago, NOW, WORDS) == text
