"""What every page is built from, as the desk hands it over."""

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QObject

from keyturn.gui.bridge import Bridge
from keyturn.gui.look import Look
from keyturn.gui.said_so_far import SaidSoFar
from keyturn.gui.sending import IntentSender
from keyturn.presentation.card_builder import CardBuilder


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """One for the window."""

    look: Look
    bridge: Bridge
    said: SaidSoFar
    sender: IntentSender
    cards: CardBuilder
    now_ms: Callable[[], int]
    parent: QObject
