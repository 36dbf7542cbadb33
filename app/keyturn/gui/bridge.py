"""The one crossing between the broker's pipe and Qt: messages become signals, intents become lines.

No widget holds a future and nothing here decides. End of input means that the broker is gone; the
console then ends, and everything that waited is refused by the broker's own death.
"""

import asyncio
import logging
import os
import select
import time
from collections.abc import Mapping
from typing import assert_never

from keyturn.application.console_protocol import (
    WINDOW_LINE_BYTES,
    AlertShown,
    Decide,
    FromWindow,
    Intent,
    IntentDone,
    Ping,
    Pong,
    RaiseWindow,
    RequestDetached,
    RequestShown,
    RequestWithdrawn,
    StateChanged,
    ToWindow,
    Welcome,
    decode_to_window,
    encode_line,
)
from keyturn.application.edit_messages import EditCall
from keyturn.application.pin_messages import WithPin
from keyturn.application.slices import Slices
from keyturn.application.window_messages import OfWindow
from keyturn.gui.broker_events import BrokerEvents

_log = logging.getLogger(__name__)

_EARLY_BYTES = 64 * 1024


class Bridge(BrokerEvents):
    """Speaks the console protocol on two file descriptors."""

    def __init__(self, input_fd: int, output_fd: int) -> None:
        super().__init__()
        self._input_fd = input_fd
        self._output_fd = output_fd
        self._number = 0
        self._early = b""
        """What was read before the event loop ran."""

    def settings_of_welcome(self, seconds: float) -> Mapping[str, str]:
        """Wait for the broker's first message and return the settings in it; empty if it is late.

        Only before there is any widget: it blocks. A window that is dressed as the person wants it
        from the start need not be dressed twice. The message itself is published by `listen`.
        """
        last = time.monotonic() + seconds
        while b"\n" not in self._early:
            left = last - time.monotonic()
            if left <= 0 or not select.select([self._input_fd], [], [], left)[0]:
                return {}
            read = os.read(self._input_fd, _EARLY_BYTES)
            if not read:
                return {}
            self._early += read
        message = decode_to_window(self._early[: self._early.index(b"\n") + 1])
        return message.settings if isinstance(message, Welcome) else {}

    def next_number(self) -> int:
        """Return a new number for an intent or an answer."""
        self._number += 1
        return self._number

    def send(self, message: Decide | EditCall | WithPin | OfWindow | Intent) -> None:
        """Send an answer or an intent; it is written whole before this returns."""
        self._write(message)

    async def listen(self) -> None:
        """Read until the broker closes its end, and publish each message as a signal.

        Five hundred may be there at once, when the window was held up or is a new one: the
        window paints and takes keys in between.
        """
        loop = asyncio.get_running_loop()
        slices = Slices()
        reader = asyncio.StreamReader(limit=WINDOW_LINE_BYTES)
        reader.feed_data(self._early)
        pipe = os.fdopen(self._input_fd, "rb", buffering=0)
        transport, _protocol = await loop.connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), pipe
        )
        try:
            while line := await reader.readline():
                self._take(line)
                await slices.pause()
        finally:
            transport.close()
            self.broker_gone.emit()

    def _take(self, line: bytes) -> None:
        message = decode_to_window(line)
        if message is None:
            _log.error("the broker sent an unreadable line bytes=%d", len(line))
            return
        self._publish(message)

    def _publish(self, message: ToWindow) -> None:
        match message:
            case Ping():
                self._write(Pong(n=message.n))
            case Welcome():
                self.welcomed.emit(message)
            case RequestShown():
                self.request_shown.emit(message)
            case RequestDetached():
                self.request_detached.emit(message)
            case RequestWithdrawn():
                self.request_withdrawn.emit(message)
            case StateChanged():
                self.state_changed.emit(message)
            case AlertShown():
                self.alerted.emit(message.text)
            case RaiseWindow():
                self.raise_asked.emit()
            case IntentDone():
                self.intent_done.emit(message)
            case _:
                assert_never(message)

    def _write(self, message: FromWindow) -> None:
        """Write a line; the broker reads at once, so that this does not block the GUI thread."""
        view = memoryview(encode_line(message))
        try:
            while view:
                view = view[os.write(self._output_fd, view) :]
        except OSError as error:
            _log.warning("the broker's pipe is closed error=%s", error)
