"""Owns how a new PIN is typed: twice, and long enough; each field is emptied by taking it."""

from keyturn.domain.pin import LONGEST, SHORTEST, is_usable
from keyturn.gui.forms.fields import Labelled, PinField
from keyturn.gui.look import Look


class NewPin:
    """Two fields with their labels; both empty means that the PIN stays as it is."""

    def __init__(self, look: Look, *, new: str, again: str, name: str) -> None:
        """`new` and `again` are keys of the labels; `name` is what the fields' names begin with."""
        self._words = words = look.words
        self.new = PinField(look, words(new), name=f"{name}_new")
        self.again = PinField(look, words(again), name=f"{name}_again")
        self.labelled = (
            Labelled(look, words(new), self.new),
            Labelled(look, words(again), self.again),
        )

    def fault(self) -> str:
        """Say why what is typed can be no PIN; empty when it can, or when nothing is typed."""
        new = self.new.text()
        if new != self.again.text():
            return self._words("settings.pin_differ")
        if new and not is_usable(new):
            return self._words("settings.pin_length", least=SHORTEST, most=LONGEST)
        return ""

    def take(self) -> str:
        """Return what was typed, and forget it."""
        self.again.take()
        return self.new.take()
