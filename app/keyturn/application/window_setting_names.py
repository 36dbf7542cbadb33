"""Owns which settings the window may change as such: how it looks, where it is, how long it waits.

All others decide about calls or keep what the broker noted. Each has an intent of its own, which
takes the PIN where it loosens, or none.
"""

from typing import Final

THEME: Final = "appearance.theme"
TEXT_PERCENT: Final = "appearance.text_percent"
MOTION: Final = "appearance.motion"
LANGUAGE: Final = "appearance.language"
PLAIN_DELAY: Final = "arming.plain_ms"
CAREFUL_DELAY: Final = "arming.careful_ms"
"""Whatever is stored in these two, Allow arms no earlier than after the least delays."""
GEOMETRY: Final = "window.geometry"
PAGE: Final = "window.page"
PANES: Final = "window.panes"
"""How wide a person made panes, by the names of the lines between them."""
QUEUE_VIEW: Final = "queue.view"
"""The order of the queue that a person asked for, and what of it is listed."""
HISTORY_FILTERS: Final = "history.filters"
HISTORY_SAVED: Final = tuple(f"history.saved.{number}" for number in range(1, 9))
"""Each holds filters of the history that a person keeps by a name; empty for none."""
OPEN_CARD: Final = "queue.card"
"""Id of the request that was open when the window began anew by itself."""
NOTICES_SEEN: Final = "notices.seen"
"""SEEN once a person said so; until then what arrives is told on other ways too."""
FIRST_RUN: Final = "first_run.done"
"""SEEN once a person went through the first steps, or past them."""
SEEN: Final = "yes"
UNSEEN: Final = "no"

OF_THE_WINDOW: Final = frozenset(
    {
        THEME,
        TEXT_PERCENT,
        MOTION,
        LANGUAGE,
        PLAIN_DELAY,
        CAREFUL_DELAY,
        GEOMETRY,
        PAGE,
        PANES,
        QUEUE_VIEW,
        HISTORY_FILTERS,
        *HISTORY_SAVED,
        OPEN_CARD,
        NOTICES_SEEN,
        FIRST_RUN,
    }
)
TYPED: Final = frozenset({HISTORY_FILTERS})
"""What a person types to look for, which may be what stood in an argument: no record holds it."""
LONGEST_VALUE: Final = 200
"""Characters of what may stand in one of them."""
LONGEST_TYPED: Final = 2_000


def longest(name: str) -> int:
    """Return how many characters may stand in a setting."""
    return LONGEST_TYPED if name in TYPED else LONGEST_VALUE
