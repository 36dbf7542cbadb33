"""Loads the two faces of the window from the resource folder, so that it looks alike everywhere."""

from pathlib import Path

from PySide6.QtGui import QFontDatabase

from keyturn.domain.errors import KeyturnError


def load_fonts(resources: Path) -> None:
    """Make the fonts of `resources`/fonts known to Qt; raises KeyturnError for one it refuses.

    Loading a file twice is harmless. Needs a running QGuiApplication.
    """
    files = sorted((resources / "fonts").glob("*/*.[ot]tf"))
    if not files:
        raise KeyturnError(
            "The fonts of the window are missing.",
            cause=f"There are none in {resources / 'fonts'}.",
            mend="Install Keyturn again.",
        )
    for path in files:
        if QFontDatabase.addApplicationFont(str(path)) < 0:
            sentence = f"The font {path.name} cannot be read."
            raise KeyturnError(sentence, mend="Install Keyturn again.")
