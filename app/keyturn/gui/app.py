"""The console process: one QApplication, its event loop, and its end with the broker."""

import asyncio
import logging
import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import cast

import qasync  # pyright: ignore[reportMissingTypeStubs]  # qasync ships no types
from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication

from keyturn.domain.errors import KeyturnError
from keyturn.gui.appearance import AppearanceKeeper
from keyturn.gui.bridge import Bridge
from keyturn.gui.collecting import GuiCollector
from keyturn.gui.desk import Desk
from keyturn.gui.fonts import load_fonts
from keyturn.gui.gone import AfterBroker, Successor
from keyturn.gui.icons import Icons
from keyturn.gui.look import Look
from keyturn.gui.main_window import MainWindow
from keyturn.gui.qt_language import speak
from keyturn.gui.readers import WindowRole
from keyturn.gui.style import dress
from keyturn.gui.theme import Appearance, Theme
from keyturn.gui.widgets.allow_button import AccessibleAllow
from keyturn.presentation.languages import language_for
from keyturn.presentation.verbs import read_verbs
from keyturn.presentation.window_settings import read_window_settings
from keyturn.presentation.words import Words

_log = logging.getLogger(__name__)

_REFERENCE_CALLS = 500
_WELCOME_SECONDS = 120.0
"""The broker may be loading still, or wait for a keychain to be unlocked: it starts us early."""


class Console:
    """The window of this process, put together and not yet shown."""

    def __init__(
        self,
        resources: Path,
        platform: str,
        input_fd: int,
        output_fd: int,
        successor: Successor | None = None,
    ) -> None:
        """`successor` is the next broker, should the one at the pipes be gone one day."""
        arguments = ["keyturn", *(["-platform", platform] if platform else [])]
        self._application = QApplication(arguments)
        _refuse_a_broken_binding()
        self._successor = successor
        self._greeted = False
        self._application.setQuitOnLastWindowClosed(False)
        self._application.setApplicationName("Keyturn")
        self._application.setDesktopFileName("keyturn")
        load_fonts(resources)
        theme = Theme(_system_appearance(self._application))
        self._bridge = Bridge(input_fd, output_fd)
        appearance = AppearanceKeeper(theme, self._bridge)
        settings = read_window_settings(self._bridge.settings_of_welcome(_WELCOME_SECONDS))
        language = language_for(settings.language, os.environ)
        speak(self._application, language)
        self._look = look = Look(
            theme, Icons(resources), Words(resources / "translations", language)
        )
        appearance.use(settings)
        dress(self._application, theme)
        self._bridge.welcomed.connect(self._on_welcome)
        # These live as long as the application.
        self._accessible = (AccessibleAllow(), WindowRole(MainWindow))
        verbs = read_verbs(resources / "verbs.toml")
        self._desk = Desk(look, appearance, self._bridge, verbs, _monotonic_ms, _language_of)

    def run(self) -> int:
        """Show the window until its broker has it ended; returns the exit code.

        A broker that means to end its window kills it: pipes that end were those of one that died.
        """
        collector = GuiCollector()
        loop = cast("asyncio.AbstractEventLoop", qasync.QEventLoop(self._application))
        asyncio.set_event_loop(loop)
        try:
            loop.run_until_complete(self._bridge.listen())
            if self._successor is not None and self._greeted and _is_seen():
                loop.run_until_complete(self._outlive(loop, self._successor))
            self._desk.close()
        finally:
            loop.close()
            collector.deleteLater()
        return 0

    def _on_welcome(self, _message: object) -> None:
        self._greeted = True

    def _outlive(
        self, loop: asyncio.AbstractEventLoop, successor: Successor
    ) -> "asyncio.Future[None]":
        ended: asyncio.Future[None] = loop.create_future()
        after = AfterBroker(self._look, self._desk, successor)
        after.over.connect(lambda: ended.done() or ended.set_result(None))
        return ended


def _is_seen() -> bool:
    """Tell whether anybody can look at a window here; one that nobody sees ends with its broker."""
    return QApplication.platformName() not in {"offscreen", "minimal"}


def _language_of(settings: Mapping[str, str]) -> str:
    return language_for(read_window_settings(settings).language, os.environ)


def _monotonic_ms() -> int:
    return time.monotonic_ns() // 1_000_000


def _system_appearance(application: QApplication) -> Appearance:
    """Follow the system's palette: its window colour says which theme is in force."""
    lightness = application.palette().window().color().lightness()
    return Appearance.DARK if lightness < 128 else Appearance.LIGHT


def _refuse_a_broken_binding() -> None:
    """Refuse a PySide6 that loses references to None, before it aborts in the middle of a card.

    PySide6 6.12.0 on CPython 3.11 takes one reference off None a call and aborts the process after
    some thousands.
    """
    before = sys.getrefcount(None)
    subject = QObject()
    for _ in range(_REFERENCE_CALLS):
        subject.setObjectName("reference count")
    if before - sys.getrefcount(None) > _REFERENCE_CALLS // 2:
        raise KeyturnError(
            "This PySide6 does not work with this Python.",
            cause="It loses references to None, and the window would end at any moment.",
            mend="Install the versions of Keyturn's lock file.",
        )
