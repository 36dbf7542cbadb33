"""Remembers where the window was and which page was open, and puts it where a screen is.

The place is stored by the broker like any setting, once the window has been still for a moment:
every store is a record, and a window that is dragged would write hundreds.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from PySide6.QtCore import QEvent, QObject, QRect, Qt, QTimer
from PySide6.QtGui import QGuiApplication

from keyturn.application.console_protocol import PutSetting
from keyturn.gui.main_window import MainWindow
from keyturn.gui.pages import Page
from keyturn.gui.sending import IntentSender
from keyturn.presentation.window_settings import GEOMETRY, PAGE

STILL_MS: Final = 2000
_GRIP: Final = 64
"""So many pixels of the window's top must lie on a screen to be taken hold of."""
_MAXIMISED: Final = "max"
_LIMIT: Final = 100_000


def geometry_text(geometry: QRect, *, maximised: bool) -> str:
    """Write a place as it is stored: "x,y,width,height", and whether it filled its screen."""
    numbers = (geometry.x(), geometry.y(), geometry.width(), geometry.height())
    text = ",".join(str(number) for number in numbers)
    return f"{text},{_MAXIMISED}" if maximised else text


def read_geometry(text: str) -> tuple[QRect, bool] | None:
    """Read a stored place; None for anything that is not one."""
    parts = text.split(",")
    maximised = len(parts) == 5 and parts.pop() == _MAXIMISED
    try:
        numbers = [int(part) for part in parts]
    except ValueError:
        return None
    if len(numbers) != 4 or any(abs(number) > _LIMIT for number in numbers):
        return None
    rect = QRect(*numbers)
    return (rect, maximised) if rect.isValid() else None


def on_a_screen(wanted: QRect, screens: Sequence[QRect]) -> QRect:
    """Return the place nearest to `wanted` at which the window can be seen and moved.

    `screens` are the areas that windows may use, the main one first; a screen that was taken away
    must not take the window with it.
    """
    if not screens:
        return wanted
    bar = QRect(wanted.x(), wanted.y(), wanted.width(), _GRIP)
    for screen in screens:
        held = screen.intersected(bar)
        if held.width() >= min(_GRIP, wanted.width()) and held.height() >= _GRIP // 2:
            return wanted.intersected(screen) if not _fits(wanted, screen) else wanted
    home = screens[0]
    width, height = min(wanted.width(), home.width()), min(wanted.height(), home.height())
    x = min(max(wanted.x(), home.left()), home.right() + 1 - width)
    y = min(max(wanted.y(), home.top()), home.bottom() + 1 - height)
    return QRect(x, y, width, height)


def _fits(wanted: QRect, screen: QRect) -> bool:
    return wanted.width() <= screen.width() and wanted.height() <= screen.height()


class WindowMemory(QObject):
    """Watches one window."""

    def __init__(self, window: MainWindow, sender: IntentSender) -> None:
        super().__init__(window)
        self._window = window
        self._sender = sender
        self._stored: dict[str, str] = {}
        self._restored = False
        self._page = window.page
        """The page to come back to; who reads the help comes back to what it is read about."""
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(STILL_MS)
        self._timer.timeout.connect(self.remember)
        window.installEventFilter(self)
        window.page_changed.connect(self._on_page)

    def restore(self, stored: Mapping[str, str]) -> None:
        """Put the window where it was, before it is shown; from now on places are remembered."""
        self._stored = {name: stored[name] for name in (GEOMETRY, PAGE) if name in stored}
        place = read_geometry(self._stored.get(GEOMETRY, ""))
        if place is not None:
            geometry, maximised = place
            screens = [screen.availableGeometry() for screen in QGuiApplication.screens()]
            self._window.setGeometry(on_a_screen(geometry, screens))
            if maximised:
                self._window.setWindowState(Qt.WindowState.WindowMaximized)
        page = next((p for p in Page if p.value == self._stored.get(PAGE)), None)
        if page is not None:
            self._window.show_page(page)
        self._restored = True

    def remember(self) -> None:
        """Store what is another than last time."""
        self._timer.stop()
        window = self._window
        if not self._restored or window.isMinimized():
            return
        maximised = window.isMaximized()
        # The place that it comes back to, not the one that it fills for now.
        geometry = window.normalGeometry() if maximised else window.geometry()
        self._put(GEOMETRY, geometry_text(geometry, maximised=maximised))
        self._put(PAGE, self._page.value)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Wait until the window is still."""
        moved = {QEvent.Type.Move, QEvent.Type.Resize, QEvent.Type.WindowStateChange}
        if watched is self._window and event.type() in moved and self._window.isVisible():
            self._timer.start()
        return False

    def _on_page(self, page: Page) -> None:
        self._page = self._page if page is Page.HELP else page
        if self._restored:
            self._timer.start()

    def _put(self, name: str, value: str) -> None:
        if self._stored.get(name) != value:
            self._stored[name] = value
            self._sender.send(lambda n: PutSetting(n=n, name=name, value=value))
