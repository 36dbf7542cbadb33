"""The console protocol about the seals and the PINs; no PIN is ever shown or logged."""

from typing import Final

import msgspec

TOGETHER: Final = 12
"""Changes that one PIN carries out at most: each of them is read before it is typed."""


class _Intent(msgspec.Struct, frozen=True, kw_only=True, tag_field="type"):
    n: int

    def __repr__(self) -> str:
        """Keep every PIN out of logs and tracebacks."""
        return f"{type(self).__name__}(n={self.n})"


class SetPin(_Intent, frozen=True, kw_only=True, tag="set_pin"):
    """Set or change the PIN, and for which calls it is asked."""

    present: str
    """The PIN as it is; empty while there is none."""
    new: str
    """Empty leaves it as it is."""
    use: str
    """A `PinUse`."""
    dialog: bool = False
    """Calls are confirmed with the system's own dialog, or with the PIN all the same."""


class SetSecond(_Intent, frozen=True, kw_only=True, tag="set_second"):
    """Name a second person with a PIN of their own, or change either."""

    first: str
    """The first person's PIN."""
    present: str
    """The second person's as it is; empty while there is none."""
    beside: str
    """What the first person is called."""
    name: str
    new: str
    """Empty leaves it as it is."""


class RemoveSecond(_Intent, frozen=True, kw_only=True, tag="remove_second"):
    """Have no second person any more; takes both PINs."""

    first: str
    present: str


class MarkTwoPersons(_Intent, frozen=True, kw_only=True, tag="mark_two_persons"):
    """Let a tool take two persons from now on, or one again; the latter takes both PINs."""

    server: str
    tool: str
    on: bool


class WithPin(_Intent, frozen=True, kw_only=True, tag="with_pin"):
    """An intent that took the PIN, once more and with it."""

    pin: str
    """Empty asks what several would be typed for."""
    second: str = ""
    """The second person's, where it takes both."""
    intent: str
    """The intent as its line, with the same number."""
    more: tuple[str, ...] = ()
    """What the same press asked for beside it, each with a number of its own.

    The PIN carries them out where it was asked for exactly these; else they are asked for.
    """


class PinState(msgspec.Struct, frozen=True, kw_only=True):
    """Whether there is a PIN, and when it is asked for."""

    is_set: bool
    use: str
    """A `PinUse`."""
    second: str = ""
    """Name of the second person; empty where there is none."""
    beside: str = ""
    """What the first person is called beside them."""
    dialog: bool = False
    """Calls are confirmed with the system's own dialog."""
    ready: str = ""
    """A `Readiness` of that dialog; empty while nobody has looked."""
    mends: str = ""
    """The command by which an administrator has it ask; empty where there is no such."""


class SettleSeals(_Intent, frozen=True, kw_only=True, tag="settle_seals"):
    """Seal a table that another program changed, as it was on screen or without the changes."""

    table: str
    shown: str
    accept: bool


class UnlockSeals(_Intent, frozen=True, kw_only=True, tag="unlock_seals"):
    """Ask the keychain for the key of the seals again."""


PinIntent = SetPin | SetSecond | RemoveSecond | MarkTwoPersons | SettleSeals | UnlockSeals
