"""Owns the words about how much one call touches: in its headline, and as a chip."""

from keyturn.domain.touches import Touches, Way
from keyturn.presentation.card import Chip
from keyturn.presentation.marks import Icon, Role
from keyturn.presentation.visible_text import shown_line
from keyturn.presentation.words import Words

_LONGEST_PATH = 60
_MANY = 10
"""From so many on the chip is a warning."""
_WAYS = {
    Way.LIST: "touches.way_list",
    Way.RANGE: "touches.way_range",
    Way.PAGE: "touches.way_page",
    Way.PATTERN: "touches.way_pattern",
    Way.FLAG: "touches.way_flag",
    Way.STATEMENT: "touches.way_statement",
    Way.COMMAND: "touches.way_command",
    Way.UNKNOWN: "touches.way_unknown",
    Way.TOO_MUCH: "touches.way_too_much",
}


def with_touches(headline: str, touches: Touches, words: Words) -> str:
    """Say in a headline how much is touched at once; of one thing, and of a page, nothing.

    Nor of a program of which nobody knows what it touches.
    """
    if touches.way in (None, Way.PAGE, Way.UNKNOWN):
        return headline
    if touches.count is None:
        return words("phrases.headline_open", headline=headline)
    return words("phrases.headline_many", headline=headline, n=touches.count)


def touches_chip(touches: Touches, words: Words) -> Chip | None:
    """Return the chip that says how much, and by what that is known; None for one thing."""
    if touches.way is None or touches.count == 1:
        return None
    place = shown_line(touches.path, words, most=_LONGEST_PATH)
    way = words(_WAYS[touches.way], path=place)
    if touches.count is None:
        return Chip(role=Role.WARNING, icon=Icon.ATTENTION, text=words("touches.open", way=way))
    many = touches.count >= _MANY
    return Chip(
        role=Role.WARNING if many else Role.NEUTRAL,
        icon=Icon.ATTENTION if many else Icon.NOTICE,
        text=words("touches.counted", n=touches.count, way=way),
    )
