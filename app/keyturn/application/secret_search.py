"""Says where secrets stand in what a person is asked about: what looks like one, and what is known.

Nothing of it changes what is judged, sent or told to an agent; it says what a screen hides.
"""

import re
from collections.abc import Iterator
from itertools import islice

from keyturn.application.known_secrets import KnownSecrets
from keyturn.application.ports.inspection import SecretFinder
from keyturn.domain.call import ToolCall
from keyturn.domain.secret_places import NO_SECRETS, SecretPlace, Secrets

_TEXTS = re.compile(r'"((?:[^"\\]|\\.)*+)"(:?)')
"""Texts of canonical JSON, and whether it is a key."""
_LONG_WORDS = re.compile(r"""\\.|[^\s"'\\]+""")
_WORDS = re.compile(r"""\\.|[^\s"'\\=:,;&@<>()\[\]{}]+""")
_MOST_NAMED = 50
_MOST_TEXTS = 2_000
"""Texts, and words of texts, that are held against what is known."""


class SecretSearch:
    """Looks through arguments once for each request."""

    def __init__(self, finder: SecretFinder, known: KnownSecrets) -> None:
        self._finder = finder
        self._known = known

    def of_call(self, call: ToolCall, arguments: str) -> Secrets:
        """Return the places in a call's canonical arguments; of a large one as a worker found."""
        sealed = call.sealed
        found = self._finder.find(arguments) if sealed is None else sealed.secrets
        return self.with_known(arguments, found)

    def of_text(self, text: str) -> Secrets:
        """Return the places in other canonical JSON; it is found out here."""
        return self.with_known(text, self._finder.find(text)) if text else NO_SECRETS

    def with_known(self, text: str, found: Secrets) -> Secrets:
        """Add what is a stored credential, by its name; it takes the place of what overlaps it."""
        named = tuple(islice(self._credentials(text), _MOST_NAMED))
        if not named:
            return found
        others = [
            place
            for place in found.places
            if not any(place.start < one.end and place.end > one.start for one in named)
        ]
        places = tuple(sorted((*others, *named), key=lambda place: place.start))
        return Secrets(places=places, all_looked_at=found.all_looked_at)

    def _credentials(self, text: str) -> Iterator[SecretPlace]:
        if not self._known.anything:
            return
        taken: list[tuple[int, int]] = []
        for start, end in _pieces(text):
            name = self._known.name_of(text[start:end])
            if name is not None and not any(start < last and end > first for first, last in taken):
                taken.append((start, end))
                yield SecretPlace(start=start, end=end, kind="", credential=name)


def _pieces(text: str) -> Iterator[tuple[int, int]]:
    """Yield where texts stand, then long words, then what these are made of."""
    texts = islice(_TEXTS.finditer(text), _MOST_TEXTS)
    yield from (found.span(1) for found in texts if not found[2])
    for pattern in (_LONG_WORDS, _WORDS):
        yield from (found.span() for found in islice(pattern.finditer(text), _MOST_TEXTS))
