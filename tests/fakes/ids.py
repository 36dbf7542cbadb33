"""Ids that count, so that a test can name them."""


class FakeIds:
    """`call-000001`, `call-000002`, ...; one counter for all prefixes."""

    def __init__(self) -> None:
        self._count = 0

    def new(self, prefix: str) -> str:
        """Return the next id."""
        self._count += 1
        return f"{prefix}-{self._count:06d}"

    def ticket(self) -> str:
        """Return the next ticket."""
        self._count += 1
        return f"KT-{self._count:06X}"
