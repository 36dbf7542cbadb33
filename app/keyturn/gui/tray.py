"""The icon beside the clock: says the state, opens the window, stops; it never allows anything.

It is never the only way in: without a tray the window stays in the task bar, a second start of
Keyturn raises it either way, and the way out is in the settings.
"""

from PySide6.QtCore import QObject, Qt, Signal, SignalInstance
from PySide6.QtGui import QAction, QGuiApplication, QIcon
from PySide6.QtWidgets import QMenu, QSystemTrayIcon

from keyturn.gui.look import Look
from keyturn.gui.theme import Appearance
from keyturn.gui.tray_picture import tray_icon
from keyturn.presentation.tray import TrayView


class Tray(QObject):
    """Shows what it is given, and asks for what its menu names."""

    stop_requested = Signal()
    review_requested = Signal()
    open_requested = Signal()
    quit_requested = Signal()
    """The window is to ask; nothing ends by this."""

    def __init__(self, look: Look, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._view: TrayView | None = None
        self._icon = QSystemTrayIcon(self)
        self._menu = QMenu()
        self._menu.setObjectName("tray_menu")
        words = look.words
        self.stop = self._add("tray_stop", words("stopping.all_agents"), self.stop_requested)
        self.review = self._add("tray_review", "", self.review_requested)
        self._menu.addSeparator()
        self.open = self._add("tray_open", words("tray.open"), self.open_requested)
        self.quit = self._add("tray_quit", words("tray.quit"), self.quit_requested)
        self._icon.setContextMenu(self._menu)
        self._icon.activated.connect(self._on_activated)
        self._icon.messageClicked.connect(self.open_requested)
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._paint)

    @property
    def available(self) -> bool:
        """Tell whether this desktop shows the icon; it may come and go while Keyturn runs."""
        return QSystemTrayIcon.isSystemTrayAvailable()

    @property
    def icon(self) -> QIcon:
        """Return the icon as it is."""
        return self._icon.icon()

    @property
    def tip(self) -> str:
        """Return what the icon says when it is pointed at."""
        return self._icon.toolTip()

    def show_view(self, view: TrayView) -> None:
        """Show the state as it stands."""
        if view != self._view:
            self._view = view
            self._icon.setToolTip(view.tip)
            self.review.setText(view.review)
            self.review.setVisible(view.can_review)
            self._paint()
        if not self._icon.isVisible() and self.available:
            self._icon.show()

    def tell(self, text: str) -> None:
        """Say something once, as the desktop says such things; a click opens the window."""
        if self._icon.isVisible():
            self._icon.showMessage(self._look.words("window.title"), text, self._icon.icon())

    def close(self) -> None:
        """Take the icon away with the window."""
        self._icon.hide()
        self._menu.deleteLater()

    def _add(self, name: str, text: str, wanted: SignalInstance) -> QAction:
        action = QAction(text, self._menu)
        action.setObjectName(name)
        action.triggered.connect(wanted)
        self._menu.addAction(action)
        return action

    def _paint(self) -> None:
        if self._view is None:
            return
        dark = QGuiApplication.styleHints().colorScheme() is Qt.ColorScheme.Dark
        appearance = Appearance.DARK if dark else Appearance.LIGHT
        self._icon.setIcon(tray_icon(self._look.icons, self._view, appearance))

    def _on_activated(self, reason: QSystemTrayIcon.ActivationReason) -> None:
        """Open at a click; the menu comes by itself."""
        clicks = {
            QSystemTrayIcon.ActivationReason.Trigger,
            QSystemTrayIcon.ActivationReason.DoubleClick,
        }
        if reason in clicks:
            self.open_requested.emit()
