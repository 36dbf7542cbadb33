"""Readers of commands for tests: one that parses where it is asked, one that never comes back."""

from keyturn.bootstrap.reading_commands import read_commands
from keyturn.domain.command_shapes import Shaped
from keyturn.domain.commands import Command, not_understood


class ReaderInPlace:
    """Implements CommandReader with the parsers themselves."""

    def __init__(self) -> None:
        self.asked = 0

    async def read(self, shaped: tuple[Shaped, ...], agent: str) -> tuple[Command, ...]:
        """Read at once."""
        self.asked += 1
        return read_commands(shaped)


class LateReader:
    """Implements CommandReader as one whose workers are late."""

    async def read(self, shaped: tuple[Shaped, ...], agent: str) -> tuple[Command, ...]:
        """Understand nothing."""
        return tuple(not_understood(one.path, one.language) for one in shaped)
