"""A notification server whose person is the test: it keeps what is shown and sends what is told."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jeepney  # pyright: ignore[reportMissingTypeStubs]  # it has no types and there are no stubs
import jeepney.io.asyncio as streams  # pyright: ignore[reportMissingTypeStubs]  # as above

from keyturn.application.tasks import TaskOwner

_jeepney: Any = jeepney
_streams: Any = streams
_PATH = "/org/freedesktop/Notifications"
_NAME = "org.freedesktop.Notifications"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One call of Notify."""

    number: int
    replaces: int
    summary: str
    body: str
    actions: list[str]
    hints: dict[str, Any]


class NotificationServer:
    """Owns the name on the session bus from `open` to `close`; numbers start at `first`."""

    def __init__(
        self, *, first: int = 1, capabilities: tuple[str, ...] = ("actions", "body", "body-markup")
    ) -> None:
        self.shown: list[Shown] = []
        self.on_screen: set[int] = set()
        self.changed = asyncio.Event()
        """Set whenever something comes or goes."""
        self.silent = False
        """Take calls and never answer."""
        self._next = first
        self._capabilities = list(capabilities)
        self._connection: Any = None
        self._tasks = TaskOwner()

    @staticmethod
    async def connect() -> Any:
        """Return a bare connection to the session bus."""
        return await _streams.open_dbus_connection()

    async def __aenter__(self) -> "NotificationServer":
        self._connection = await self.connect()
        request = _jeepney.message_bus.RequestName(_NAME, 4)
        async with _streams.DBusRouter(self._connection) as router:
            answer = await router.send_and_get_reply(request)
        assert answer.body == (1,), "somebody else owns the name"
        self._tasks.start(self._serve(), "notification server")
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._tasks.close()
        await self._connection.close()

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait until something holds of what is, or was, on screen."""
        while not holds():
            self.changed.clear()
            await self.changed.wait()

    async def click(self, number: int, key: str) -> None:
        """Send what a server sends when a person uses an action."""
        await self._send("ActionInvoked", "us", (number, key))

    async def dismiss(self, number: int) -> None:
        """Send what a server sends when a person closes the notification."""
        self.on_screen.discard(number)
        await self._send("NotificationClosed", "uu", (number, 2))

    async def _send(self, member: str, signature: str, body: tuple[Any, ...]) -> None:
        emitter = _jeepney.DBusAddress(_PATH, interface=_NAME)
        await self._connection.send(_jeepney.new_signal(emitter, member, signature, body))

    async def _serve(self) -> None:
        while True:
            call = await self._connection.receive()
            if call.header.message_type is not _jeepney.MessageType.method_call or self.silent:
                continue
            member = call.header.fields[_jeepney.HeaderFields.member]
            signature, body = self._answer(member, call.body)
            await self._connection.send(_jeepney.new_method_return(call, signature, body))

    def _answer(self, member: str, body: tuple[Any, ...]) -> tuple[str | None, tuple[Any, ...]]:
        match member:
            case "GetCapabilities":
                return "as", (self._capabilities,)
            case "Notify":
                return "u", (self._notify(body),)
            case "CloseNotification":
                self.on_screen.discard(body[0])
                self.changed.set()
                return None, ()
            case _:
                raise AssertionError(f"nobody should call {member}")

    def _notify(self, body: tuple[Any, ...]) -> int:
        _, replaces, _, summary, text, actions, hints, _ = body
        number = replaces
        if not replaces:
            number, self._next = self._next, self._next + 1
        self.on_screen.add(number)
        self.changed.set()
        self.shown.append(
            Shown(
                number=number,
                replaces=replaces,
                summary=summary,
                body=text,
                actions=actions,
                hints=hints,
            )
        )
        return number
