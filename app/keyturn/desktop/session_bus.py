"""One connection to a D-Bus bus, mostly the session's: calls with an answer, and signals (Linux).

jeepney reads and writes the messages; the socket, its task and its end are owned here. Knows
nothing of notifications.
"""

import asyncio
import itertools
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

import jeepney  # pyright: ignore[reportMissingTypeStubs]  # it has no types and there are no stubs

_jeepney: Any = jeepney
_READ_BYTES = 65_536

StartTask = Callable[[Coroutine[Any, Any, Any], str], asyncio.Task[Any]]
"""Starts a named task and keeps it, as `application.tasks.TaskOwner.start` does."""


class BusUnavailable(Exception):
    """There is no such bus, nobody answers at it, or the answer is an error."""

    def __init__(self, said: str, name: str = "") -> None:
        super().__init__(said)
        self.name = name
        """Of the error that was the answer; empty where there was none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BusObject:
    """Who is called: a name on the bus, an object of it, one of its interfaces."""

    name: str
    path: str
    interface: str


_BUS = BusObject(
    name="org.freedesktop.DBus", path="/org/freedesktop/DBus", interface="org.freedesktop.DBus"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class BusMessage:
    """An answer or a signal; the bus vouches for the sender, nobody for the body."""

    sender: str
    """Unique name, such as `:1.42`."""
    member: str
    body: tuple[Any, ...]


class SessionBus:
    """Made by `open_session_bus`; usable until `closed`."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        on_signal: Callable[[BusMessage], None],
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._on_signal = on_signal
        self._serials = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[BusMessage]] = {}
        self._ended = False
        self.refused: set[str] = set()
        """Names of the methods that somebody called here: there are none."""

    @property
    def closed(self) -> bool:
        """The connection has ended, from either side."""
        return self._ended

    async def call(
        self, callee: BusObject, member: str, signature: str = "", *body: object
    ) -> BusMessage:
        """Call a method and return its answer; `signature` is that of the body.

        Raises BusUnavailable, also for an error as the answer. The caller sets a deadline.
        """
        if self._ended:
            raise BusUnavailable("the connection has ended")
        serial = next(self._serials)
        message = _call_of(callee, member, signature, body)
        answer: asyncio.Future[BusMessage] = asyncio.get_running_loop().create_future()
        self._waiting[serial] = answer
        try:
            self._writer.write(message.serialise(serial))
            await self._writer.drain()
            return await answer
        except OSError as error:
            raise BusUnavailable(str(error)) from error
        finally:
            del self._waiting[serial]

    def send(self, callee: BusObject, member: str, signature: str, *body: object) -> None:
        """Call a method and wait for nothing; harmless once the connection has ended."""
        if not self._ended:
            message = _call_of(callee, member, signature, body)
            self._writer.write(message.serialise(next(self._serials)))

    async def add_match(self, rule: str) -> None:
        """Ask the bus for the signals that a match rule describes (D-Bus specification)."""
        await self.call(_BUS, "AddMatch", "s", rule)

    async def hello(self) -> None:
        """Introduce ourselves: the first call on every connection."""
        await self.call(_BUS, "Hello")

    async def serve(self) -> None:
        """Read until the other side ends the connection or this task is cancelled."""
        parser = _jeepney.Parser()
        try:
            while data := await self._reader.read(_READ_BYTES):
                for message in parser.feed(data):
                    self._dispatch(message)
        except ConnectionError:
            return
        finally:
            self._end()

    async def close(self) -> None:
        """End the connection and wait for it."""
        self._end()
        try:
            await self._writer.wait_closed()
        except ConnectionError:
            return

    def _end(self) -> None:
        self._ended = True
        self._writer.close()
        for answer in self._waiting.values():
            if not answer.done():
                answer.set_exception(BusUnavailable("the connection has ended"))

    def _dispatch(self, message: Any) -> None:
        header, fields = message.header, _jeepney.HeaderFields
        found = BusMessage(
            sender=header.fields.get(fields.sender, ""),
            member=header.fields.get(fields.member, ""),
            body=message.body,
        )
        if header.message_type is _jeepney.MessageType.signal:
            self._on_signal(found)
            return
        if header.message_type is _jeepney.MessageType.method_call:
            self.refused.add(found.member)
            self._refuse(message)
            return
        answer = self._waiting.get(header.fields.get(fields.reply_serial, 0))
        if answer is None or answer.done():
            return
        if header.message_type is _jeepney.MessageType.method_return:
            answer.set_result(found)
        else:
            name = header.fields.get(fields.error_name, "an error")
            answer.set_exception(BusUnavailable(f"{name}: {message.body}", name))

    def _refuse(self, call: Any) -> None:
        """Say that nothing is to be called here; else who called waits for as long as it can."""
        if not self._ended:
            error = _jeepney.new_error(call, "org.freedesktop.DBus.Error.UnknownMethod")
            self._writer.write(error.serialise(next(self._serials)))


async def open_session_bus(start: StartTask, on_signal: Callable[[BusMessage], None]) -> SessionBus:
    """Connect to the session bus of the environment; raises BusUnavailable and leaves nothing open.

    `on_signal` is called on the event loop for every signal, also those sent to us alone.
    """
    try:
        path = _jeepney.find_session_bus()
    except (KeyError, ValueError, RuntimeError, StopIteration) as error:
        raise BusUnavailable(f"no session bus: {error!r}") from error
    return await open_bus(path, start, on_signal)


async def open_bus(
    path: str, start: StartTask, on_signal: Callable[[BusMessage], None]
) -> SessionBus:
    """Connect to the bus at a socket's path, as `open_session_bus` does to the session's."""
    try:
        reader, writer = await asyncio.open_unix_connection(path)
    except (OSError, ValueError) as error:
        raise BusUnavailable(f"no bus: {error!r}") from error
    bus = SessionBus(reader, writer, on_signal)
    try:
        await _authenticate(reader, writer)
        start(bus.serve(), "bus")
        await bus.hello()
    except BaseException:
        await bus.close()
        raise
    return bus


def _call_of(callee: BusObject, member: str, signature: str, body: tuple[object, ...]) -> Any:
    address = _jeepney.DBusAddress(callee.path, callee.name, callee.interface)
    return _jeepney.new_method_call(address, member, signature or None, body)


async def _authenticate(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    exchange = _jeepney.auth.Authenticator()
    try:
        for line in exchange:
            writer.write(line)
            await writer.drain()
            data = await reader.read(1024)
            if not data:
                raise BusUnavailable("the bus closed the connection")
            exchange.feed(data)
        writer.write(_jeepney.auth.BEGIN)
        await writer.drain()
    except (OSError, _jeepney.AuthenticationError) as error:
        raise BusUnavailable(f"the bus refused: {error!r}") from error
