"""Looks every scene of the gallery through for what a person could not read, reach or name."""

from collections import Counter
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractScrollArea,
    QApplication,
    QHeaderView,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QWidget,
)

from keyturn.gui.look import Look
from keyturn.gui.main_window import MainWindow
from keyturn.gui.theme import Theme, Token
from keyturn.gui.widgets.text import Text
from tests.gui.conftest import Dresser
from tests.gui.gallery_pages_scenes import SCENES, Scene
from tests.gui.gallery_scenes import WINDOWS, Studio
from tests.gui.gone_scene import GONE_SCENES
from tests.gui.queue_bursts import BURST_SCENES
from tests.gui.queue_scenes import QUEUE_SCENES
from tests.gui.rules_scene import RULES_SCENES
from tests.gui.scenes import lay_out, let_go

WALKED: Final[Mapping[str, Scene]] = MappingProxyType(
    {**QUEUE_SCENES, **BURST_SCENES, **SCENES, **RULES_SCENES, **GONE_SCENES, **WINDOWS}
)
OPERABLE: Final = (QAbstractButton, QLineEdit, QPlainTextEdit, QAbstractItemView)
LEAST_TARGET: Final = 24
_ROLES: Final = (
    QPalette.ColorRole.Window,
    QPalette.ColorRole.WindowText,
    QPalette.ColorRole.Base,
    QPalette.ColorRole.Text,
    QPalette.ColorRole.Button,
    QPalette.ColorRole.ButtonText,
    QPalette.ColorRole.Highlight,
    QPalette.ColorRole.HighlightedText,
    QPalette.ColorRole.PlaceholderText,
)


class Hall(Studio):
    """The gallery's studio on the application of the tests, in words of choice."""

    def __init__(self, dresser: Dresser, look: Look) -> None:
        self.theme = dresser.theme
        self.look = look
        self._shown: list[MainWindow] = []

    def close(self) -> None:
        """Let go of all that was shown."""
        while self._shown:
            let_go(self._shown.pop())

    def show(self, name: str, size: tuple[int, int] | None = None) -> MainWindow:
        """Show a scene, in a window of its own size or of another: laid out once, not twice."""
        window = WALKED[name](self)
        self._shown.append(window)
        if size is not None:
            window.resize(*size)
        window.show()
        rest()
        return window


def rest() -> None:
    """Let the layout come to rest, bars and all, and paint it."""
    for _ in range(2):
        QApplication.processEvents()
    lay_out()


def shown(root: QWidget) -> Iterator[QWidget]:
    """Yield what can be seen, the parts that Qt makes for itself left out."""
    for widget in root.findChildren(QWidget):
        if widget.isVisible() and not widget.objectName().startswith("qt_"):
            yield widget


def operable(root: QWidget) -> list[QWidget]:
    """Return what a person can operate."""
    return [
        widget
        for widget in shown(root)
        if isinstance(widget, OPERABLE) and not isinstance(widget, QHeaderView)
    ]


def nameless(root: QWidget) -> list[str]:
    """Return what has no name for readers, or none for tests."""
    return [
        f"{type(widget).__name__} {widget.objectName()!r}"
        for widget in operable(root)
        if not widget.accessibleName().strip() or not widget.objectName()
    ]


def twins(root: QWidget) -> list[str]:
    """Return the names that two buttons have."""
    names = Counter(w.accessibleName() for w in operable(root) if isinstance(w, QAbstractButton))
    return [name for name, count in names.items() if count > 1]


def small(root: QWidget) -> list[str]:
    """Return what is smaller than a target may be."""
    # A bare line is pressed by the field that it lies in.
    targets = [(w.parentWidget() or w) if w.property("bare") else w for w in operable(root)]
    found = [w for w in targets if min(w.width(), w.height()) < LEAST_TARGET]
    return [f"{w.objectName()} {w.width()}x{w.height()}" for w in found]


def strange_colours(root: QWidget, theme: Theme) -> list[str]:
    """Return what is painted in a colour that is no token; what is not filled has none."""
    ours = {theme.colour(token).name() for token in Token}
    found: list[str] = []
    for widget in shown(root):
        brushes = [widget.palette().brush(role) for role in _ROLES]
        filled = [b.color() for b in brushes if b.style() is not Qt.BrushStyle.NoBrush]
        if strange := {colour.name() for colour in filled if colour.alpha()} - ours:
            found.append(f"{type(widget).__name__} {widget.objectName()!r} {sorted(strange)}")
    return found


def cut(root: QWidget) -> list[str]:
    """Return words that have less room than they need."""
    found: list[str] = []
    for widget in shown(root):
        if isinstance(widget, Text) and widget.text():
            flow = widget.flow()
            if flow.used_width > widget.width() + 1 or flow.height > widget.height() + 1:
                found.append(f"{widget.text()[:40]!r} in {widget.width()}x{widget.height()}")
        elif isinstance(widget, QAbstractButton) and widget.text():
            if widget.width() < widget.sizeHint().width():
                found.append(f"{widget.objectName()} is {widget.width()} wide")
        elif isinstance(widget, QLabel) and widget.width() < widget.minimumSizeHint().width():
            found.append(f"{widget.objectName()} is {widget.width()} wide")
    return found


def squeezed(root: QWidget) -> list[str]:
    """Return buttons that are lower than their words need."""
    return [
        f"{widget.objectName()} is {widget.height()} high"
        for widget in shown(root)
        if isinstance(widget, QAbstractButton)
        and widget.height() < widget.minimumSizeHint().height()
    ]


def beyond(root: QWidget) -> list[str]:
    """Return pages of which something lies beyond the side."""
    return [
        f"{area.objectName()} by {area.horizontalScrollBar().maximum()}"
        for area in root.findChildren(QAbstractScrollArea)
        if area.isVisible() and not isinstance(area, QAbstractItemView | QPlainTextEdit)
        # A pixel is what rounding comes to.
        if area.horizontalScrollBar().maximum() > 1
    ]
