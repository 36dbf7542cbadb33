"""What the window sends when a person has changed the arguments of a call that waits."""

import msgspec


class EditCall(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="edit_call"):
    """Put these arguments in the place of those of exactly what was on screen."""

    n: int
    id: str
    digest: str
    arguments: str
    """JSON as a person typed it."""

    def __repr__(self) -> str:
        """Keep the values out of logs and tracebacks."""
        return f"EditCall(id={self.id!r})"
