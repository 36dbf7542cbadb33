"""The console protocol about the seals and the PIN; no PIN is ever shown or logged."""

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


class WithPin(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="with_pin"):
    """An intent that took the PIN, once more and with it."""

    n: int
    pin: str
    intent: str
    """The intent as its line, with the same number."""

    def __repr__(self) -> str:
        """Keep it out of logs and tracebacks."""
        return f"WithPin(n={self.n})"


class PinState(msgspec.Struct, frozen=True, kw_only=True):
    """Whether there is a PIN, and when it is asked for."""

    is_set: bool
    use: str
    """A `PinUse`."""


class SettleSeals(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="settle_seals"):
    """Seal a table that another program changed, as it was on screen or without the changes."""

    n: int
    table: str
    shown: str
    accept: bool


class UnlockSeals(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="unlock_seals"):
    """Ask the keychain for the key of the seals again."""

    n: int
