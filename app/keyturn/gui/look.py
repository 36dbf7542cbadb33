"""What every widget is handed to draw and word itself: theme, icons, words. Holds no state."""

from dataclasses import dataclass

from keyturn.gui.icons import Icons
from keyturn.gui.theme import Theme
from keyturn.presentation.words import Words


@dataclass(frozen=True, slots=True)
class Look:
    """One bundle instead of three arguments on every constructor."""

    theme: Theme
    icons: Icons
    words: Words
