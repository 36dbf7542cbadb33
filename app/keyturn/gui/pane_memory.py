"""Remembers how wide a person made panes, and hands that to each page when it is built.

Stored by the broker like the window's place, once the lines were still for a moment.
"""

import re
from collections.abc import Mapping
from typing import Final

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QWidget

from keyturn.application.console_protocol import PutSetting
from keyturn.application.window_setting_names import LONGEST_VALUE, PANES
from keyturn.gui.sending import IntentSender
from keyturn.gui.widgets.pane_split import PaneSplit

STILL_MS: Final = 2_000
_ONE: Final = re.compile(r"([a-z_]{1,24}):([1-9][0-9]{1,3})")


def panes_text(widths: Mapping[str, int]) -> str:
    """Write widths as they are stored: "queue_split:400,rules_split:320"."""
    parts = [f"{name}:{width}" for name, width in sorted(widths.items()) if width]
    while len(",".join(parts)) > LONGEST_VALUE:
        parts.pop()
    return ",".join(parts)


def read_panes(text: str) -> dict[str, int]:
    """Read what `panes_text` wrote; what is no width is left out."""
    found = (_ONE.fullmatch(part) for part in text[:LONGEST_VALUE].split(","))
    return {one[1]: int(one[2]) for one in found if one is not None}


class PaneMemory(QObject):
    """Watches the lines of one window."""

    def __init__(self, window: QWidget, sender: IntentSender) -> None:
        super().__init__(window)
        self._window = window
        self._sender = sender
        self._stored: str | None = None
        """None until it is known what is stored: nothing is stored before."""
        self._widths: dict[str, int] = {}
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(STILL_MS)
        self._timer.timeout.connect(self.remember)

    def restore(self, stored: Mapping[str, str]) -> None:
        """Take what is stored; lines that are there already move to it."""
        self._widths = read_panes(stored.get(PANES, ""))
        self._stored = panes_text(self._widths)
        self.take(self._window)

    def take(self, place: QWidget) -> None:
        """Move the lines of a page to where they were, and watch them from now on."""
        for split in place.findChildren(PaneSplit):
            split.wanted = self._widths.get(split.objectName(), 0)
            split.moved.emit()
            split.moved.connect(self._on_moved)

    def remember(self) -> None:
        """Store what is another than last time."""
        self._timer.stop()
        now = panes_text(self._widths)
        if self._stored is None or now == self._stored:
            return
        self._stored = now
        self._sender.send(lambda n: PutSetting(n=n, name=PANES, value=now))

    def _on_moved(self) -> None:
        for split in self._window.findChildren(PaneSplit):
            self._widths[split.objectName()] = split.wanted
        self._timer.start()
