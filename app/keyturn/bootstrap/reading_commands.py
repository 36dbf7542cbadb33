"""How commands among arguments are read: in a worker, with parsers that are loaded there.

Never on the broker's loop, nor at any start: loading them takes hundreds of milliseconds.
"""

import asyncio
from collections import Counter
from collections.abc import Iterable

import msgspec

from keyturn.application.ports.payloads import NotInspected, Parts, Workers
from keyturn.domain.command_shapes import Shaped, is_parsed, unparsed
from keyturn.domain.commands import Command, Language, not_understood

READ_COMMANDS = b'{"type":"commands"}'
"""The worker's job; its payload are the texts."""
MOST_READ_AT_ONCE = 8
"""Calls of one agent whose commands are being read; of more nothing is understood."""
_SECONDS = 5.0
"""For a call's turn and its reading."""
_shapes: "msgspec.json.Decoder[list[Shaped]]" = msgspec.json.Decoder(list[Shaped])
_commands: "msgspec.json.Decoder[list[Command]]" = msgspec.json.Decoder(list[Command])


class PooledCommands:
    """Implements CommandReader on workers."""

    def __init__(self, workers: Workers) -> None:
        self._workers = workers
        self._reading: Counter[str] = Counter()

    async def read(self, shaped: tuple[Shaped, ...], agent: str) -> tuple[Command, ...]:
        """Have a worker read them."""
        if self._reading[agent] >= MOST_READ_AT_ONCE:
            # The workers are everybody's, and what is not understood only raises.
            return _unread(shaped)
        self._reading[agent] += 1
        payload = msgspec.json.encode(shaped)
        try:
            async with asyncio.timeout(_SECONDS):
                found = await self._workers.ask(READ_COMMANDS, payload, _read_answer, agent)
        except TimeoutError:
            return _unread(shaped)
        finally:
            self._reading[agent] -= 1
            self._reading += Counter()
        return _unread(shaped) if isinstance(found, NotInspected) else found


def _unread(shaped: tuple[Shaped, ...]) -> tuple[Command, ...]:
    return tuple(not_understood(one.path, one.language) for one in shaped)


def answer_commands(payload: bytes) -> list[bytes]:
    """Be the worker's part."""
    return [msgspec.json.encode(read_commands(_shapes.decode(payload)))]


def read_commands(shaped: Iterable[Shaped]) -> tuple[Command, ...]:
    """Read texts with the parser of each one's language."""
    found = (_read(one) if is_parsed(one) else unparsed(one) for one in shaped)
    return tuple(command for command in found if command is not None)


def _read(shaped: Shaped) -> Command | None:
    if shaped.language is Language.SQL:
        from keyturn.inspection.sql_commands import read_sql

        return read_sql(shaped)
    from keyturn.inspection.shell_commands import read_shell

    return read_shell(shaped)


def _read_answer(parts: Parts) -> tuple[Command, ...]:
    (part,) = parts
    return tuple(_commands.decode(part))
