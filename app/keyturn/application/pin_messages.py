"""The console protocol about the seals and the PINs; no PIN is ever shown or logged."""

import msgspec


class SetPin(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="set_pin"):
    """Set or change the PIN, and for which calls it is asked."""

    n: int
    present: str
    """The PIN as it is; empty while there is none."""
    new: str
    """Empty leaves it as it is."""
    use: str
    """A `PinUse`."""

    def __repr__(self) -> str:
        """Keep both out of logs and tracebacks."""
        return f"SetPin(use={self.use!r})"


class SetSecond(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="set_second"):
    """Name a second person with a PIN of their own, or change either."""

    n: int
    first: str
    """The first person's PIN."""
    present: str
    """The second person's as it is; empty while there is none."""
    beside: str
    """What the first person is called."""
    name: str
    new: str
    """Empty leaves it as it is."""

    def __repr__(self) -> str:
        """Keep the PINs out of logs and tracebacks."""
        return f"SetSecond(name={self.name!r})"


class RemoveSecond(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="remove_second"
):
    """Have no second person any more; takes both PINs."""

    n: int
    first: str
    present: str

    def __repr__(self) -> str:
        """Keep the PINs out of logs and tracebacks."""
        return f"RemoveSecond(n={self.n})"


class MarkTwoPersons(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="mark_two_persons"
):
    """Let a tool take two persons from now on, or one again; the latter takes both PINs."""

    n: int
    server: str
    tool: str
    on: bool


class WithPin(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="with_pin"):
    """An intent that took the PIN, once more and with it."""

    n: int
    pin: str
    second: str = ""
    """The second person's, where it takes both."""
    intent: str
    """The intent as its line, with the same number."""
    more: tuple[str, ...] = ()
    """What the same press asked for beside it, each with a number of its own."""

    def __repr__(self) -> str:
        """Keep it out of logs and tracebacks."""
        return f"WithPin(n={self.n})"


class PinState(msgspec.Struct, frozen=True, kw_only=True):
    """Whether there is a PIN, and when it is asked for."""

    is_set: bool
    use: str
    """A `PinUse`."""
    second: str = ""
    """Name of the second person; empty where there is none."""
    beside: str = ""
    """What the first person is called beside them."""


class SettleSeals(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="settle_seals"):
    """Seal a table that another program changed, as it was on screen or without the changes."""

    n: int
    table: str
    shown: str
    accept: bool


class UnlockSeals(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="unlock_seals"):
    """Ask the keychain for the key of the seals again."""

    n: int


PinIntent = SetPin | SetSecond | RemoveSecond | MarkTwoPersons | SettleSeals | UnlockSeals
