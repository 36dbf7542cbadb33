"""A person's PIN: what of it is kept, the pauses after wrong ones, for which calls it is asked.

Pure: making the verifier is slow by purpose, and is the work of whoever has a thread for it.
"""

import unicodedata
from dataclasses import dataclass
from enum import StrEnum

from keyturn.domain.tier import Tier

SHORTEST = 4
LONGEST = 64
TRIES = 5
FIRST_WAIT_SECONDS = 30
LONGEST_WAIT_SECONDS = 3600
LONGEST_NAME = 40


class PinUse(StrEnum):
    """For which calls the PIN is asked."""

    NEVER = "never"
    T3 = "t3"
    T2_T3 = "t2_t3"

    def covers(self, tier: Tier) -> bool:
        """Tell whether a call of this tier is allowed with the PIN only."""
        match self:
            case PinUse.NEVER:
                return False
            case PinUse.T3:
                return tier >= Tier.T3
            case PinUse.T2_T3:
                return tier >= Tier.T2


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptPin:
    """What is kept of a PIN, and of the tries since the last right one."""

    salt: bytes
    verifier: bytes
    use: PinUse
    failed: int = 0
    until: int = 0
    """Second of wall time before which no PIN is looked at."""
    name: str = ""
    """Of the person whose it is; only a second person has one."""
    beside: str = ""
    """What the first person is called, beside a second one."""
    dialog: bool = False
    """A call is confirmed with the system's own dialog; the PIN does as well."""


class PinOutcome(StrEnum):
    """What became of a PIN that was typed."""

    RIGHT = "right"
    WRONG = "wrong"
    WAIT = "wait"
    """None is looked at for some time."""
    NOT_SET = "not_set"
    LOCKED = "locked"
    """The keychain does not give what it keeps of it."""
    DAMAGED = "damaged"
    """What the keychain keeps of it cannot be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PinCheck:
    """The answer to a PIN."""

    outcome: PinOutcome
    left: int = 0
    """Tries before a pause."""
    seconds: int = 0
    """How long no PIN is looked at."""


def wait_after(failed: int) -> int:
    """Return the pause after so many wrong PINs: none before the fifth, then doubled each time."""
    if failed < TRIES:
        return 0
    doubled = FIRST_WAIT_SECONDS << min(failed - TRIES, 12)
    return min(doubled, LONGEST_WAIT_SECONDS)


def tries_left(failed: int) -> int:
    """Return how many wrong PINs lead to no pause yet."""
    return max(0, TRIES - failed)


def is_usable(pin: str) -> bool:
    """Tell whether a text can be a PIN: long enough, and printable."""
    return SHORTEST <= len(pin) <= LONGEST and pin.isprintable()


def is_usable_name(name: str) -> bool:
    """Tell whether a person can be called so, in one line of a card and of the record."""
    return 0 < len(name) <= LONGEST_NAME and name.isprintable() and name == name.strip()


def same_name(one: str, other: str) -> bool:
    """Tell whether two names would be read as one."""
    return _read_as(one) == _read_as(other)


def _read_as(name: str) -> str:
    return unicodedata.normalize("NFKC", name).casefold()
