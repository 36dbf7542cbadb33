"""Has Qt say its own few words, such as a file dialog's, and lay out, in the window's language."""

from PySide6.QtCore import QLibraryInfo, QLocale, QTranslator
from PySide6.QtWidgets import QApplication


def speak(application: QApplication, language: str) -> None:
    """Load what Qt brings along for a language, and lay out the way that it is read.

    A build without it speaks English there.
    """
    application.setLayoutDirection(QLocale(language).textDirection())
    translator = QTranslator(application)
    folder = QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)
    if translator.load(f"qtbase_{language}", folder):
        application.installTranslator(translator)
