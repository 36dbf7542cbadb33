"""Which texts satisfy globs, prefixes, suffixes, lengths and exact texts at once, shortest first.

Each test is a small machine over characters; several are walked side by side, so that "a text that
this one accepts and that one does not" is found or shown not to exist (a product of automata, made
only as far as it is reached). Characters that no test names are all alike, so one stands for them.
"""

from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

MOST_STATES = 20_000
"""More than these are not walked: then nobody knows."""
_MANY, _ONE = "**", "??"
_PLAIN = "xyzqwvkjabcdefghilmnoprstu0123456789"


class TooLarge(Exception):
    """The walk would take too long, so there is no answer."""


class Machine(Protocol):
    """One test, read character by character."""

    @property
    def letters(self) -> frozenset[str]:
        """Return the characters that it tells from others."""
        ...

    @property
    def start(self) -> int:
        """Return the state before the first character."""
        ...

    def step(self, state: int, letter: str) -> int:
        """Return the state after one more character."""
        ...

    def accepts(self, state: int) -> bool:
        """Tell whether the text that was read passes."""
        ...

    def is_lost(self, state: int) -> bool:
        """Tell whether no further character can make it pass."""
        ...


class Shape:
    """Sequences of characters, each known, any one, or any number of any; read bit-parallel."""

    def __init__(self, *sequences: Sequence[str]) -> None:
        """Take single characters, and the two wildcards that `glob_shape` makes."""
        self._many = self._one = self._end = first = 0
        self._at: dict[str, int] = {}
        place = 1
        for sequence in sequences:
            first |= place
            for part in sequence:
                self._put(part, place)
                place <<= 1
            self._end |= place
            place <<= 1
        self.letters = frozenset(self._at)
        self.start = self._past_wildcards(first)

    def step(self, state: int, letter: str) -> int:
        """Return the places that one more character leads to."""
        moved = (state & (self._at.get(letter, 0) | self._one)) << 1
        return self._past_wildcards(moved | state & self._many)

    def accepts(self, state: int) -> bool:
        """Tell whether one of the places is an end."""
        return bool(state & self._end)

    def is_lost(self, state: int) -> bool:
        """Tell whether no place is left."""
        return not state

    def _put(self, part: str, place: int) -> None:
        if part is _MANY:
            self._many |= place
        elif part is _ONE:
            self._one |= place
        else:
            self._at[part] = self._at.get(part, 0) | place

    def _past_wildcards(self, state: int) -> int:
        # Two of them never stand side by side, so that one step is enough.
        return state | (state & self._many) << 1


class AtMost:
    """Texts of at most so many characters."""

    def __init__(self, most: int) -> None:
        self._most = most
        self.letters: frozenset[str] = frozenset()
        self.start = 0

    def step(self, state: int, letter: str) -> int:
        """Count, and stop counting where it makes no difference any more."""
        return min(state + len(letter), max(self._most, 0) + 1)

    def accepts(self, state: int) -> bool:
        """Tell whether there were no more."""
        return state <= self._most

    def is_lost(self, state: int) -> bool:
        """Tell whether there were more."""
        return state > self._most


def exact_shape(*alternatives: str) -> Shape:
    """Return the machine of these texts and no others."""
    return Shape(*alternatives)


def glob_shape(pattern: str) -> Shape:
    """Return the machine of a glob, as `pattern.glob` reads it."""
    return Shape(_once(_MANY if c == "*" else _ONE if c == "?" else c for c in pattern))


def prefix_shape(text: str) -> Shape:
    """Return the machine of the texts that begin with one."""
    return Shape((*text, _MANY))


def suffix_shape(text: str) -> Shape:
    """Return the machine of the texts that end with one."""
    return Shape((_MANY, *text))


def texts(
    wanted: Sequence[Machine], unwanted: Sequence[Machine], *, visits: int = 1
) -> Iterator[str]:
    """Yield texts that pass all of one kind and none of the other, the shortest first.

    Nothing is yielded exactly if there is none. With more `visits` further ones are found that
    the tests do not tell apart. Raises TooLarge.
    """
    machines = (*wanted, *unwanted)
    letters = _alphabet(machines)
    start = tuple(machine.start for machine in machines)
    seen = Counter({start: 1})
    queue = deque([("", start)])
    while queue:
        text, states = queue.popleft()
        if _passes(states, wanted, unwanted):
            yield text
        for letter in letters:
            after = tuple(m.step(s, letter) for m, s in zip(machines, states, strict=True))
            if seen[after] >= visits or any(map(_is_lost, wanted, after)):
                continue
            if len(seen) > MOST_STATES:
                raise TooLarge
            seen[after] += 1
            queue.append((text + letter, after))


def _passes(
    states: tuple[int, ...], wanted: Sequence[Machine], unwanted: Sequence[Machine]
) -> bool:
    good, bad = states[: len(wanted)], states[len(wanted) :]
    return all(m.accepts(s) for m, s in zip(wanted, good, strict=True)) and not any(
        m.accepts(s) for m, s in zip(unwanted, bad, strict=True)
    )


def _is_lost(machine: Machine, state: int) -> bool:
    return machine.is_lost(state)


def _alphabet(machines: Sequence[Machine]) -> tuple[str, ...]:
    named = {letter for machine in machines for letter in machine.letters}
    other = next((c for c in _PLAIN if c not in named), None)
    beyond = (chr(n) for n in range(0x3041, 0x11_0000) if chr(n) not in named)
    return (*sorted(named), other if other is not None else next(beyond))


def _once(parts: Iterable[str]) -> tuple[str, ...]:
    kept: list[str] = []
    for part in parts:
        if part is not _MANY or not kept or kept[-1] is not _MANY:
            kept.append(part)
    return tuple(kept)
