"""Has Qt say its own few words, such as those of a file dialog, in the window's language."""

from PySide6.QtCore import QLibraryInfo, QTranslator
from PySide6.QtWidgets import QApplication


def speak(application: QApplication, language: str) -> None:
    """Load what Qt brings along for a language; a build without it speaks English there."""
    translator = QTranslator(application)
    folder = QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)
    if translator.load(f"qtbase_{language}", folder):
        application.installTranslator(translator)
