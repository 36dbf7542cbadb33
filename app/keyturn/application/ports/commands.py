"""The port for what commands do: parsers read them off the loop."""

from typing import Protocol

from keyturn.domain.command_shapes import Shaped
from keyturn.domain.commands import Command


class CommandReader(Protocol):
    """Understands SQL and shells' command lines."""

    async def read(self, shaped: tuple[Shaped, ...], agent: str) -> tuple[Command, ...]:
        """Return what each does, but for what was no command after all.

        What is late or cannot be read is not understood; `agent` as `Workers.ask` takes it.
        """
        ...
