"""Owns texts in which secrets are replaced by what they are, and how they come back.

The text itself says what is hidden, so that whoever shows, speaks or copies it without knowing
more gives nothing away. Only who is asked to reveal takes the true characters.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class TextMask:
    """A stretch of a text that stands for hidden characters."""

    start: int
    end: int
    """Characters of the text, `end` not included."""
    hidden: str
    """The true ones; none for the rest of a mask whose beginning is elsewhere."""


class Hidden(NamedTuple):
    """What is to be hidden of a true text."""

    start: int
    end: int
    says: str
    """What stands there instead, brackets included."""


@dataclass(frozen=True, slots=True)
class Concealed:
    """A text with its masks, in order."""

    text: str
    masks: tuple[TextMask, ...] = ()

    @property
    def true_text(self) -> str:
        """Return the text as it is sent."""
        parts: list[str] = []
        done = 0
        for mask in self.masks:
            parts += self.text[done : mask.start], mask.hidden
            done = mask.end
        return "".join([*parts, self.text[done:]])

    @property
    def is_one_mask(self) -> bool:
        """Tell whether nothing but one mask is shown."""
        whole = (0, len(self.text))
        return len(self.masks) == 1 and (self.masks[0].start, self.masks[0].end) == whole

    def moved(self, by: int) -> tuple[TextMask, ...]:
        """Return the masks of a text before which something is added."""
        return tuple(TextMask(mask.start + by, mask.end + by, mask.hidden) for mask in self.masks)

    def place(self, character: int) -> int:
        """Return where a character of the true text stands; a hidden one at its mask's start."""
        shift = 0
        for mask in self.masks:
            start = mask.start - shift
            if character <= start:
                break
            if character < start + len(mask.hidden):
                return mask.start
            shift += mask.end - mask.start - len(mask.hidden)
        return character + shift

    def end_place(self, end: int) -> int:
        """Return where a stretch of the true text ends; one that ends in a mask, at its end."""
        last = self.place(end - 1)
        return next((mask.end for mask in self.masks if mask.start == last), last + 1)


def concealed(text: str, hidden: Iterable[Hidden]) -> Concealed:
    """Return a text with stretches hidden, which are in order and apart."""
    parts: list[str] = []
    masks: list[TextMask] = []
    done = length = 0
    for start, end, says in hidden:
        before = text[done:start]
        length += len(before)
        masks.append(TextMask(length, length + len(says), text[start:end]))
        parts += before, says
        length += len(says)
        done = end
    return Concealed("".join([*parts, text[done:]]), tuple(masks))


def masks_within(masks: Sequence[TextMask], start: int, end: int) -> Iterator[TextMask]:
    """Yield the masks of a piece of a text, in characters of the piece."""
    for mask in masks:
        if mask.start < end and mask.end > start:
            hidden = mask.hidden if mask.start >= start else ""
            yield TextMask(max(mask.start, start) - start, min(mask.end, end) - start, hidden)
