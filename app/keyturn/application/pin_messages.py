"""The messages of the console protocol about the PIN; no text of one is ever shown or logged."""

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


class PinState(msgspec.Struct, frozen=True, kw_only=True):
    """Whether there is a PIN, and when it is asked for."""

    is_set: bool
    use: str
    """A `PinUse`."""
