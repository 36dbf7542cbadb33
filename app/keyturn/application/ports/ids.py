"""The ids port: names that are new, and that sort by time within a profile."""

from typing import Protocol


class Ids(Protocol):
    """A source of identifiers."""

    def new(self, prefix: str) -> str:
        """Return `prefix-` and at least 80 random bits; never the same twice."""
        ...

    def ticket(self) -> str:
        """Return a short name that people can read aloud, such as `KT-4F2A9C`."""
        ...
