"""Owns the window's settings: what may stand in them, and what stands there otherwise.

Values are stored as text by the broker. What cannot be read counts as the default, and no stored
value lets Allow arm earlier than the least delays (console.md section 3.2).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from keyturn.application.window_setting_names import (
    CAREFUL_DELAY,
    LANGUAGE,
    MOTION,
    NOTICES_SEEN,
    PLAIN_DELAY,
    SEEN,
    TEXT_PERCENT,
    THEME,
)
from keyturn.application.window_setting_names import GEOMETRY as GEOMETRY
from keyturn.application.window_setting_names import PAGE as PAGE
from keyturn.presentation.arming import (
    LEAST_CAREFUL_DELAY_MS,
    LEAST_DELAY_MS,
    LONGEST_DELAY_MS,
    ArmingDelays,
)
from keyturn.presentation.languages import LANGUAGES, SYSTEM

TEXT_PERCENTS: Final = (100, 110, 125, 150, 175, 200)
PLAIN_DELAYS: Final = (LEAST_DELAY_MS, 1000, 1500, 2000, 3000, LONGEST_DELAY_MS)
CAREFUL_DELAYS: Final = (LEAST_CAREFUL_DELAY_MS, 1500, 2000, 3000, 4000, LONGEST_DELAY_MS)


class ThemeChoice(Enum):
    """Which colours; SYSTEM follows the desktop."""

    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"
    HIGH_CONTRAST = "high_contrast"


class Motion(Enum):
    """Whether anything moves; the ring then counts in words (visual.md section 8)."""

    FULL = "full"
    REDUCED = "reduced"


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowSettings:
    """All settings that the window itself acts on."""

    theme: ThemeChoice = ThemeChoice.SYSTEM
    text_percent: int = TEXT_PERCENTS[0]
    motion: Motion = Motion.FULL
    language: str = SYSTEM
    """One of `LANGUAGES`, or SYSTEM."""
    delays: ArmingDelays = field(default_factory=ArmingDelays)
    notices_seen: bool = False
    """A person said that they saw a notification."""


def read_window_settings(stored: Mapping[str, str]) -> WindowSettings:
    """Read what is stored; every value on its own, so that one bad one takes nothing with it."""
    plain = _number(stored.get(PLAIN_DELAY), LEAST_DELAY_MS, LONGEST_DELAY_MS)
    careful = _number(stored.get(CAREFUL_DELAY), LEAST_CAREFUL_DELAY_MS, LONGEST_DELAY_MS)
    return WindowSettings(
        theme=next((t for t in ThemeChoice if t.value == stored.get(THEME)), ThemeChoice.SYSTEM),
        text_percent=_number(stored.get(TEXT_PERCENT), TEXT_PERCENTS[0], TEXT_PERCENTS[-1]),
        motion=next((m for m in Motion if m.value == stored.get(MOTION)), Motion.FULL),
        language=next((one for one in LANGUAGES if one == stored.get(LANGUAGE)), SYSTEM),
        delays=ArmingDelays(plain_ms=plain, careful_ms=careful),
        notices_seen=stored.get(NOTICES_SEEN) == SEEN,
    )


def _number(text: str | None, least: int, most: int) -> int:
    """Read a whole number and keep it between `least`, which is the default, and `most`."""
    if text is None or not text.isascii() or not text.isdigit() or len(text) > 6:
        return least
    return min(most, max(least, int(text)))
