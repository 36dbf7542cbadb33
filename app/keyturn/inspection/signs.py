"""Owns whether a text reads like an order to the model: what in it says so, and how strongly.

A sign is no verdict. Nothing is refused by it, and its absence says nothing.
"""

import math
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple, cast

from keyturn.domain.errors import ConfigurationError
from keyturn.domain.finding import LONGEST_WORDS
from keyturn.inspection.sign_readings import Reading, Readings
from keyturn.inspection.sign_words import BREAK, Met, Vocabulary, vocabulary

WRITTEN_OTHERWISE = 4
"""Weighs that somebody wrote an order so that it is not read at once."""
_SHORT = 256
"""Words of a text in which the mark is what it is."""
_MORE = 1.5
"""For every time that a text is twice as long."""
_MOST_MORE = 8
_SPELT_OUT = 4
"""What has to be met besides."""


class Sign(NamedTuple):
    """What was read like an order."""

    kind: str
    words: str
    """As they were read, in plain form, at most `LONGEST_WORDS`."""
    text: int
    """Which of the texts; -1 where that is not known, because it was put together."""
    score: int


TOO_MUCH = Sign("", "", 0, 0)
"""Instead of what was read: it can be read in so many ways that it takes too long."""


class SignReader:
    """Reads texts for signs."""

    def __init__(self, words: Vocabulary, drawn: Mapping[int, str]) -> None:
        self.words = words
        self.readings = Readings(words, drawn)

    def sign_in(self, text: str, most: int = 0) -> Sign | None:
        """Return the strongest sign in texts that are parted by `BREAK`; None for none.

        Of all that it can be read as no more than `most` characters are read, 0 for any number:
        what has more is `TOO_MUCH`.
        """
        best: Sign | None = None
        plainly = done = 0
        for reading in self.readings.of(text):
            done += len(reading.text)
            if most and done > most:
                return TOO_MUCH
            tokens = self.words.tokens(reading.text)
            met = self.words.strongest(self.words.hits(tokens))
            score = 0 if met is None else met.score - _more_for(len(tokens))
            if not reading.decoded:
                plainly = score
            elif score >= max(_SPELT_OUT, plainly + 1):
                score += WRITTEN_OTHERWISE
            if met is None or score < self.words.mark or (best and score <= best.score):
                continue
            best = self._sign(reading, met, score)
        return best

    def _sign(self, reading: Reading, met: Met, score: int) -> Sign:
        start, end = self.words.place(reading.text, met)
        words = reading.text[start:end].replace(BREAK, " ")[:LONGEST_WORDS]
        place = -1 if reading.apart else reading.text.count(BREAK, 0, start)
        return Sign(met.kind, words, place, score)


def _more_for(words: int) -> int:
    """Return how much more has to be met in a long text, which meets more by chance."""
    doublings = math.log2(max(1, words / _SHORT))
    return min(_MOST_MORE, round(_MORE * doublings))


def read_signs(file: Path, drawn: Mapping[int, str]) -> SignReader:
    """Read `[signs]` of a list; raises ConfigurationError for an unusable file."""
    data = tomllib.loads(file.read_text(encoding="utf-8"))
    try:
        signs = cast("dict[str, object]", data["signs"])
        rules = cast("list[tuple[str, int, *tuple[str, ...]]]", signs["rules"])
        words = vocabulary(
            cast("int", signs["mark"]),
            cast("list[str]", signs["acts"]),
            cast("dict[str, list[str]]", signs["notions"]),
            [(kind, weigh, names) for kind, weigh, *names in rules],
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ConfigurationError(
            f"The list {file.name} cannot be used.",
            cause="what it says of signs is no list of words and rules.",
            mend="Install Keyturn again.",
        ) from error
    return SignReader(words, drawn)
