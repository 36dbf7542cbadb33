"""Keeps the theme at what a person chose, or at what the desktop says, whichever applies."""

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QGuiApplication

from keyturn.gui.theme import Appearance, Theme
from keyturn.presentation.window_settings import Motion, ThemeChoice, WindowSettings

_CHOSEN = {
    ThemeChoice.LIGHT: Appearance.LIGHT,
    ThemeChoice.DARK: Appearance.DARK,
    ThemeChoice.HIGH_CONTRAST: Appearance.HIGH_CONTRAST,
}


class AppearanceKeeper(QObject):
    """Changes the theme only when something is another: a change repaints the whole window."""

    def __init__(self, theme: Theme, parent: QObject | None = None) -> None:
        """The theme as it is now stands for a desktop that does not say what it wants."""
        super().__init__(parent)
        self._theme = theme
        self._start = theme.appearance
        self._settings = WindowSettings()
        self._applied = (theme.appearance, theme.tall(100), theme.reduced_motion)
        hints = QGuiApplication.styleHints()
        hints.colorSchemeChanged.connect(self._apply)
        hints.accessibility().contrastPreferenceChanged.connect(self._apply)

    def use(self, settings: WindowSettings) -> None:
        """Take other settings, at once."""
        self._settings = settings
        self._apply()

    def _apply(self) -> None:
        settings = self._settings
        appearance = _CHOSEN.get(settings.theme) or self._of_the_desktop()
        wanted = (appearance, settings.text_percent, settings.motion is Motion.REDUCED)
        if wanted == self._applied:
            return
        self._applied = wanted
        self._theme.use(appearance, text_percent=wanted[1], reduced_motion=wanted[2])

    def _of_the_desktop(self) -> Appearance:
        hints = QGuiApplication.styleHints()
        if hints.accessibility().contrastPreference() is Qt.ContrastPreference.HighContrast:
            return Appearance.HIGH_CONTRAST
        by_scheme = {
            Qt.ColorScheme.Light: Appearance.LIGHT,
            Qt.ColorScheme.Dark: Appearance.DARK,
        }
        return by_scheme.get(hints.colorScheme(), self._start)
