"""The three lamps of a session (security.md section 4): bits that only ever light up."""

from collections.abc import Iterable
from enum import Flag


class Lamps(Flag):
    """What a session has been exposed to; the OR of the labels of the tools it called."""

    NONE = 0
    U = 1
    """Untrusted content was read."""
    P = 2
    """Private data was read."""
    X = 4
    """Something was changed or sent out."""

    def letters(self) -> str:
        """Return the lit lamps as letters in the fixed order U, P, X."""
        if self is Lamps.NONE:
            return ""
        return "".join(lamp.name or "" for lamp in (Lamps.U, Lamps.P, Lamps.X) if lamp in self)


def lamps_from_letters(letters: Iterable[str]) -> Lamps:
    """Read labels such as ["U", "X"]; raises KeyError for any other letter."""
    lit = Lamps.NONE
    for letter in letters:
        lit |= Lamps[letter]
    return lit


def needs_a_person(session: Lamps, call_labels: Lamps) -> bool:
    """Tell whether no rule may decide: untrusted and private were read and this call has reach."""
    if session is Lamps.NONE or call_labels is Lamps.NONE:
        return False
    return Lamps.U in session and Lamps.P in session and Lamps.X in call_labels


def lamps_within(some: Lamps, others: Lamps) -> bool:
    """Tell whether all of some lamps are among the others."""
    return some is others or not some & ~others
