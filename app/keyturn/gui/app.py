"""The console process: one QApplication, its event loop, and its end with the broker."""

import asyncio
import logging
import sys
import time
from pathlib import Path
from typing import cast

import qasync  # pyright: ignore[reportMissingTypeStubs]  # qasync ships no types
from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication

from keyturn.domain.errors import KeyturnError
from keyturn.gui.appearance import AppearanceKeeper
from keyturn.gui.bridge import Bridge
from keyturn.gui.desk import Desk
from keyturn.gui.fonts import load_fonts
from keyturn.gui.icons import Icons
from keyturn.gui.look import Look
from keyturn.gui.style import dress
from keyturn.gui.theme import Appearance, Theme
from keyturn.gui.widgets.allow_button import AccessibleAllow
from keyturn.presentation.verbs import read_verbs
from keyturn.presentation.window_settings import read_window_settings
from keyturn.presentation.words import Words

_log = logging.getLogger(__name__)

_REFERENCE_CALLS = 500
_WELCOME_SECONDS = 2.0


def run_console(resources: Path, platform: str, input_fd: int, output_fd: int) -> int:
    """Show the window until the broker closes its end of the pipes; returns the exit code."""
    arguments = ["keyturn", *(["-platform", platform] if platform else [])]
    application = QApplication(arguments)
    _refuse_a_broken_binding()
    application.setQuitOnLastWindowClosed(False)
    application.setApplicationName("Keyturn")
    application.setDesktopFileName("keyturn")
    load_fonts(resources)
    theme = Theme(_system_appearance(application))
    look = Look(theme, Icons(resources), Words(resources / "translations"))
    bridge = Bridge(input_fd, output_fd)
    appearance = AppearanceKeeper(theme, bridge)
    appearance.use(read_window_settings(bridge.settings_of_welcome(_WELCOME_SECONDS)))
    dress(application, theme)
    accessible = AccessibleAllow()  # lives as long as the application
    verbs = read_verbs(resources / "verbs.toml")
    desk = Desk(look, appearance, bridge, verbs, _monotonic_ms)
    code = _run(application, bridge, desk)
    del accessible
    return code


def _run(application: QApplication, bridge: Bridge, desk: Desk) -> int:
    loop = cast("asyncio.AbstractEventLoop", qasync.QEventLoop(application))
    asyncio.set_event_loop(loop)
    try:
        loop.run_until_complete(bridge.listen())
        desk.close()
    finally:
        loop.close()
    return 0


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
