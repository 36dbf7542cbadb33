"""What is stored can be anything; what the window acts on cannot."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyturn.presentation.arming import LEAST_CAREFUL_DELAY_MS, LEAST_DELAY_MS, LONGEST_DELAY_MS
from keyturn.presentation.window_settings import (
    CAREFUL_DELAY,
    CAREFUL_DELAYS,
    MOTION,
    PLAIN_DELAY,
    PLAIN_DELAYS,
    TEXT_PERCENT,
    THEME,
    Motion,
    ThemeChoice,
    WindowSettings,
    read_window_settings,
)

NAMES = (THEME, TEXT_PERCENT, MOTION, PLAIN_DELAY, CAREFUL_DELAY)


def test_nothing_stored_is_the_defaults() -> None:
    assert read_window_settings({}) == WindowSettings()


def test_what_is_stored_is_read() -> None:
    settings = read_window_settings(
        {
            THEME: "high_contrast",
            TEXT_PERCENT: "150",
            MOTION: "reduced",
            PLAIN_DELAY: "1000",
            CAREFUL_DELAY: "5000",
        }
    )
    assert settings.theme is ThemeChoice.HIGH_CONTRAST
    assert settings.motion is Motion.REDUCED
    assert settings.text_percent == 150
    assert (settings.delays.plain_ms, settings.delays.careful_ms) == (1000, 5000)


@given(st.dictionaries(st.sampled_from(NAMES), st.text() | st.integers().map(str)))
def test_no_stored_value_arms_earlier_or_breaks_the_window(stored: dict[str, str]) -> None:
    settings = read_window_settings(stored)
    assert LEAST_DELAY_MS <= settings.delays.plain_ms <= LONGEST_DELAY_MS
    assert LEAST_CAREFUL_DELAY_MS <= settings.delays.careful_ms <= LONGEST_DELAY_MS
    assert 100 <= settings.text_percent <= 200


@pytest.mark.parametrize("value", ["0", "699", "-5000", "1e9", "٣٠٠٠", "9" * 5000, " 900"])
def test_a_delay_below_the_least_counts_as_the_least(value: str) -> None:
    delays = read_window_settings({PLAIN_DELAY: value, CAREFUL_DELAY: value}).delays
    assert (delays.plain_ms, delays.careful_ms) == (LEAST_DELAY_MS, LEAST_CAREFUL_DELAY_MS)


def test_delays_are_offered_upward_only() -> None:
    assert sorted(PLAIN_DELAYS)[0] == LEAST_DELAY_MS
    assert sorted(CAREFUL_DELAYS)[0] == LEAST_CAREFUL_DELAY_MS
    assert max(PLAIN_DELAYS) == max(CAREFUL_DELAYS) == LONGEST_DELAY_MS
