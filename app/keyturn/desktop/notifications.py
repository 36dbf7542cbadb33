"""The one desktop notification, on Linux: it can open Keyturn or deny a request, never allow one.

Any program of the user's session can send the signals that a click sends; that is why they can
only tighten or open (architecture.md law 4). Where there is no bus or no notification server,
nothing is shown and the caller is told so. Desktop Notifications Specification 1.2.
"""

import asyncio
import html
import logging
import secrets
from collections import OrderedDict
from collections.abc import Callable
from enum import StrEnum

from keyturn.application.ports.notifier import Notice
from keyturn.desktop.session_bus import (
    BusMessage,
    BusObject,
    BusUnavailable,
    SessionBus,
    StartTask,
    open_session_bus,
)

ANSWER_SECONDS = 2.0
"""For connecting, showing and all: a notification is not worth waiting for."""

_SERVER = BusObject(
    name="org.freedesktop.Notifications",
    path="/org/freedesktop/Notifications",
    interface="org.freedesktop.Notifications",
)
_MATCHES = (
    "type='signal',sender='org.freedesktop.Notifications',"
    "interface='org.freedesktop.Notifications'",
    "type='signal',sender='org.freedesktop.DBus',interface='org.freedesktop.DBus',"
    "member='NameOwnerChanged',arg0='org.freedesktop.Notifications'",
)
_OPEN_KEY = "default"
_DENY_KEY = "deny"
_REMEMBERED_DENIALS = 32
_LONGEST_TEXT = 4_000
_NORMAL_URGENCY = ("y", 1)

_log = logging.getLogger(__name__)


class NoticeAction(StrEnum):
    """What a person can do with a notification; there is no allow, and there will be none."""

    OPEN = "open"
    DENY = "deny"


OnAction = Callable[[NoticeAction, str, str], None]
"""Called on the event loop with the action, the request's id and its digest."""


class DesktopNotifier:
    """Implements the Notifier port.

    A server keeps the notification's number when its content is replaced, so a click on the old
    content would count for the new. The key of each Deny is therefore used for one notice only: a
    late click denies the request that it was shown for, or nothing.
    """

    def __init__(
        self, *, start: StartTask, on_action: OnAction, labels: Callable[[], tuple[str, str]]
    ) -> None:
        """`labels` says what stands on the buttons that open and that deny, at each notice anew."""
        self.on_server: Callable[[], None] = lambda: None
        """Called when the server that shows them has come or gone."""
        self._start = start
        self._on_action = on_action
        self._labels = labels
        self._lock = asyncio.Lock()
        self._bus: SessionBus | None = None
        self._server = ""
        self._number = 0
        self._capabilities: frozenset[str] | None = None
        """None: the server that shows them now was not asked yet."""
        self._current = Notice(title="", body="")
        self._denials: OrderedDict[str, Notice] = OrderedDict()

    async def show(self, notice: Notice) -> bool:
        """Show or replace the notification; False when this machine cannot show any."""
        return await self._try(notice)

    async def ready(self) -> bool:
        """Tell whether a notification server answers; nothing is shown."""
        return await self._try(None)

    async def _try(self, notice: Notice | None) -> bool:
        async with self._lock:
            try:
                async with asyncio.timeout(ANSWER_SECONDS):
                    bus = await self._connected()
                    if notice is not None:
                        await self._notify(bus, notice)
            except (BusUnavailable, TimeoutError) as error:
                _log.info("notification not shown cause=%s", error)
                await self._disconnect()
                return False
            return True

    async def withdraw(self) -> None:
        """Remove the notification; harmless when there is none."""
        async with self._lock:
            await self._withdraw()

    async def close(self) -> None:
        """Withdraw what is shown and end the connection."""
        async with self._lock:
            await self._withdraw()
            await self._disconnect()

    async def _notify(self, bus: SessionBus, notice: Notice) -> None:
        answer = await bus.call(
            _SERVER,
            "Notify",
            "susssasa{sv}i",
            "Keyturn",
            self._number,
            "keyturn",
            _sendable(notice.title),
            self._body_of(notice),
            self._actions_of(notice),
            {"urgency": _NORMAL_URGENCY, "desktop-entry": ("s", "keyturn")},
            -1,
        )
        self._number = int(answer.body[0])
        self._server = answer.sender
        self._current = notice

    async def _withdraw(self) -> None:
        number, self._number = self._number, 0
        if number == 0 or self._bus is None:
            return
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                await self._bus.call(_SERVER, "CloseNotification", "u", number)
        except (BusUnavailable, TimeoutError) as error:
            _log.info("notification not withdrawn cause=%s", error)

    async def _connected(self) -> SessionBus:
        bus = self._bus
        if bus is None or bus.closed:
            await self._disconnect()
            self._bus = bus = await open_session_bus(self._start, self._on_signal)
            for rule in _MATCHES:
                await bus.add_match(rule)
        if self._capabilities is None:
            answer = await bus.call(_SERVER, "GetCapabilities")
            self._capabilities = frozenset(answer.body[0])
        return bus

    async def _disconnect(self) -> None:
        bus, self._bus = self._bus, None
        self._number, self._capabilities = 0, None
        if bus is not None:
            await bus.close()

    def _body_of(self, notice: Notice) -> str:
        body = _sendable(notice.body)
        # Text from agents must not become markup, let alone links and pictures.
        return html.escape(body, quote=False) if self._can("body-markup") else body

    def _can(self, capability: str) -> bool:
        return self._capabilities is not None and capability in self._capabilities

    def _actions_of(self, notice: Notice) -> list[str]:
        # A server without actions may turn them into a dialog, or refuse.
        if not self._can("actions"):
            return []
        open_label, deny_label = self._labels()
        actions = [_OPEN_KEY, open_label]
        if notice.request_id:
            key = f"{_DENY_KEY}-{secrets.token_hex(8)}"
            self._denials[key] = notice
            while len(self._denials) > _REMEMBERED_DENIALS:
                self._denials.popitem(last=False)
            actions += [key, deny_label]
        return actions

    def _on_signal(self, signal: BusMessage) -> None:
        match signal.member, signal.body:
            case "NameOwnerChanged", _ if signal.sender == "org.freedesktop.DBus":
                # Another server gives the same numbers to other programs' notifications.
                self._number, self._capabilities = 0, None
                self.on_server()
            case "NotificationClosed", (number, _) if self._is_ours(signal, number):
                self._number = 0
            case "ActionInvoked", (number, str(key)) if self._is_ours(signal, number):
                self._act(key)
            case _:
                return

    def _is_ours(self, signal: BusMessage, number: object) -> bool:
        # A signal can be sent to us alone, past the match rules: the bus vouches for the sender.
        return signal.sender == self._server and number == self._number != 0

    def _act(self, key: str) -> None:
        if key == _OPEN_KEY:
            notice = self._current
            self._on_action(NoticeAction.OPEN, notice.request_id, notice.digest)
            return
        notice = self._denials.pop(key, None)
        if notice is not None:
            self._on_action(NoticeAction.DENY, notice.request_id, notice.digest)


def _sendable(text: str) -> str:
    # D-Bus strings are UTF-8 without zero bytes; anything else ends the connection.
    cut = text[:_LONGEST_TEXT].replace("\0", "\N{REPLACEMENT CHARACTER}")
    return cut.encode("utf-8", "replace").decode("utf-8")
