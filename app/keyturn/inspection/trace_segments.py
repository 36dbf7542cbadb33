"""Owns one part of a session's trace: results that came one after another, and their words."""

from dataclasses import dataclass, field, replace

import numpy as np

from keyturn.application.ports.inspection import DrawnResult, ResultSource
from keyturn.inspection.drawing import PLACE_BITS, RENDERING
from keyturn.inspection.letters import Flags, Positions
from keyturn.inspection.postings import BYTES, MOST_WORDS, Held, Postings
from keyturn.inspection.sieve import Sieve
from keyturn.inspection.trace_kept import Kept, Passage
from keyturn.inspection.word_runs import Keys, Prints

_PLACE = (1 << PLACE_BITS) - 1


@dataclass(frozen=True, slots=True)
class Entry:
    """A stretch of a kept text, or something encoded in it."""

    kept: Kept
    layer: int
    """In which form, as `Form.layer`."""
    rendered: bool
    """It stands in the rendering, not in the text."""
    place: int
    """Where in that its first word begins."""
    first: int
    """Number of that word in the segment."""

    @property
    def passage(self) -> Passage:
        """The text it stands in."""
        return self.kept.rendering if self.rendered else self.kept.text


@dataclass(slots=True, eq=False)
class Segment:
    """Results that came one after another, and the places of their words."""

    age: int = 0
    """Grows over all indexes, in the order of first results."""
    results: list[Kept] = field(default_factory=list[Kept])
    partly: int = 0
    bytes: int = 0
    words: int = 0
    postings: Postings = field(default_factory=Postings)
    _firsts: list[int] = field(default_factory=list[int])
    """The number of each result's first word."""
    _entries: list[Keys] = field(default_factory=list[Keys])
    untrusted: list[bool] = field(default_factory=list[bool])
    """Of each result."""
    _prints: Prints = field(default_factory=lambda: np.zeros(0, np.uint8))
    _begins: Positions = field(default_factory=lambda: np.zeros(0, np.int64))
    """`_firsts`, and below `untrusted`, as of the last look."""
    _flags: Flags = field(default_factory=lambda: np.zeros(0, bool))
    slot: int = 0
    """Its bit in the sieve, once all of its keys are noted there."""
    _slot: int | None = None
    """The same from when the first of them are noted."""
    _is_finished: bool = False

    def keep(self, source: ResultSource, drawn: DrawnResult) -> Kept:
        """Add a result with what was drawn of it."""
        kept = Kept(source, Passage(drawn.text), Passage(drawn.rendering), drawn.partly)
        postings = np.frombuffer(drawn.postings, np.uint64)
        self.results.append(kept)
        self.untrusted.append(source.untrusted)
        self.partly += kept.partly
        self._firsts.append(self.words)
        self._entries.append(np.frombuffer(drawn.entries, np.uint64))
        self._print(np.frombuffer(drawn.prints, np.uint8))
        self.postings.add(postings, self.words)
        self.words += len(drawn.prints)
        self.bytes += kept.bytes + BYTES * len(postings)
        self.bytes += len(drawn.prints) + len(drawn.entries)
        return kept

    def has_room_for(self, drawn: DrawnResult) -> bool:
        """Tell whether a result's words can still be numbered here."""
        return self.words + len(drawn.prints) < MOST_WORDS

    def finish(self, sieve: Sieve) -> None:
        """Set what is full in order, a part at a time: merged first, then settled and sieved."""
        if self._is_finished:
            return
        slot = sieve.slot() if self._slot is None else self._slot
        self._slot = slot
        if not self.postings.finish(lambda keys: sieve.let_through(keys, slot)):
            self.slot, self._is_finished = slot, True
            self.bytes += self.postings.bytes - BYTES * len(self.postings)
            self._prints = self._prints[: self.words].copy()

    def give_back(self, sieve: Sieve) -> None:
        """Leave the sieve; a look-up that is under way still finds what is here."""
        sieve.give_back(self._slot or 0)
        self.slot = 0

    def find(self, keys: Keys, sieve: Sieve, first: int) -> list[Held]:
        """Look keys up, which have to be in order, those of them that the sieve lets through.

        They are numbered from `first`. The sieve is asked in the same step: between two of them
        this may be settled or dropped, and what it said before would hold keys back that are here.
        """
        chosen = np.flatnonzero(sieve.told(keys) & self.slot) if self.slot else np.arange(len(keys))
        found = self.postings.find(keys[chosen])
        return [replace(held, which=chosen[held.which] + first) for held in found]

    def results_of(self, words: Positions) -> Positions:
        """Return the numbers of the results that hold words, given by theirs."""
        if len(self._begins) != len(self._firsts):
            self._begins = np.array(self._firsts, np.int64)
        return self._begins.searchsorted(words, side="right") - 1

    def are_untrusted(self, results: Positions) -> Flags:
        """Tell which results come from an untrusted source, given by their numbers."""
        if len(self._flags) != len(self.untrusted):
            self._flags = np.array(self.untrusted, bool)
        return self._flags[results]

    @property
    def prints(self) -> Prints:
        """A byte of each word, by its number."""
        return self._prints[: self.words]

    def span(self, result: int) -> tuple[int, int]:
        """Return the numbers of a result's first word and of the one after its last."""
        following = result + 1 < len(self._firsts)
        return self._firsts[result], self._firsts[result + 1] if following else self.words

    def _print(self, prints: Prints) -> None:
        needed = self.words + len(prints)
        if needed > len(self._prints):
            grown = np.zeros(max(needed, len(self._prints) * 5 // 4), np.uint8)
            grown[: self.words] = self._prints[: self.words]
            self._prints = grown
        self._prints[self.words : needed] = prints

    def entry(self, result: int, word: int) -> tuple[Entry, int]:
        """Return the stretch that holds a word, and the place where the next one begins.

        That is the end of the text where no other follows in the same form.
        """
        entries = self._entries[result]
        number = int(
            np.searchsorted(entries >> np.uint64(32), word - self._firsts[result], "right")
        )
        this = self._read(result, int(entries[number - 1]))
        if number < len(entries):
            after = self._read(result, int(entries[number]))
            if (after.layer, after.rendered) == (this.layer, this.rendered):
                return this, after.place
        return this, this.passage.length

    def _read(self, result: int, entry: int) -> Entry:
        layer = entry >> PLACE_BITS & 0x1F
        return Entry(
            kept=self.results[result],
            layer=layer % RENDERING,
            rendered=layer >= RENDERING,
            place=entry & _PLACE,
            first=(entry >> 32) + self._firsts[result],
        )
