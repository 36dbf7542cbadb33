"""Owns how much of one call is looked through for commands: the loop waits for it, with the stop.

What is beyond it is not understood.
"""

from keyturn.domain.canonical import JsonValue

LONGEST_COMMAND = 4_000
"""Characters of one that are parsed; a longer one is not understood."""
LONGEST_NAME = 200
MOST_VALUES = 1_000
"""Texts, lists and objects of one call that are looked through."""
MOST_MEMBERS = 20_000
"""Members of these; of more nobody knows what they hold."""
_MOST_LOOKED_AT = 40_000
"""Characters of one call's texts that are looked at, and 4,000 of each."""
_MOST_NAMED = 8_000
"""Characters of the names of its members, each name counted once."""


class Budget:
    """What is left to look at of one call."""

    def __init__(self) -> None:
        self._values = self._members = self._texts = self._names = 0
        self._known: set[str] = set()

    def spent_on(self, value: JsonValue) -> bool:
        """Count a value; True where there is more than is looked at."""
        self._values += 1
        if isinstance(value, str):
            self._texts += min(len(value), LONGEST_COMMAND)
        elif isinstance(value, list | dict):
            self._members += len(value)
        if isinstance(value, dict):
            if len(value) > MOST_VALUES:
                return True
            new = value.keys() - self._known
            self._names += sum(min(len(name), LONGEST_NAME) for name in new)
            self._known |= new
        return (
            self._values > MOST_VALUES
            or self._members > MOST_MEMBERS
            or self._texts > _MOST_LOOKED_AT
            or self._names > _MOST_NAMED
        )
