"""Says where secrets stand in what a person is asked about: what looks like one, and what is known.

Nothing of it changes what is judged, sent or told to an agent; it says what a screen hides.
"""

import json
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import chain, islice

from keyturn.application.known_secrets import KnownSecrets
from keyturn.application.ports.inspection import SecretFinder
from keyturn.domain.call import ToolCall
from keyturn.domain.secret_places import NO_SECRETS, SecretPlace, Secrets

_TEXTS = re.compile(r'"([^"\\]*+(?:\\.[^"\\]*+)*+)("|\\?\Z)', re.DOTALL)
"""Texts of canonical JSON, and keys."""
_LONG_WORDS = re.compile(r"""(?<!\\)[^\s"'\\]{8,}""")
_WORDS = re.compile(r"""(?<!\\)[^\s"'\\=:,;&@<>()\[\]{}]{8,}""")
"""Of no fewer characters than a credential that is told from others."""
_MOST_NAMED = 50
_MOST_TEXTS = 4_000
_MOST_READ = 32 * 1024
"""Texts, and characters, that are held against what is known: the loop waits for it."""
_LONGEST_WITH_ESCAPES = 8_000


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
        if not self._known.anything:
            return found
        looked_at = list(islice(_pieces(text[:_MOST_READ]), _MOST_TEXTS + 1))
        tried = chain(looked_at[:_MOST_TEXTS], ((one.start, one.end) for one in found.places))
        named = tuple(islice(self._credentials(text, tried), _MOST_NAMED))
        all_tried = len(text) <= _MOST_READ and len(looked_at) <= _MOST_TEXTS
        if all_tried and not named:
            return found
        others = [
            place
            for place in found.places
            if not any(place.start < one.end and place.end > one.start for one in named)
        ]
        places = tuple(sorted((*others, *named), key=lambda place: place.start))
        return Secrets(places=places, all_looked_at=found.all_looked_at, all_tried=all_tried)

    def _credentials(self, text: str, tried: Iterable[tuple[int, int]]) -> Iterator[SecretPlace]:
        taken: list[tuple[int, int]] = []
        for start, end in tried:
            name = self._name_of(text[start:end])
            if name is not None and not any(start < last and end > first for first, last in taken):
                taken.append((start, end))
                yield SecretPlace(start=start, end=end, kind="", credential=name)

    def _name_of(self, written: str) -> str | None:
        name = self._known.name_of(written)
        if name is None and "\\" in written and len(written) <= _LONGEST_WITH_ESCAPES:
            # What begins or ends within an escape is no credential.
            with suppress(ValueError):
                return self._known.name_of(str(json.loads(f'"{written}"')))
        return name


def _pieces(text: str) -> Iterator[tuple[int, int]]:
    """Yield where texts stand, then long words, then what these are made of."""
    yield from (found.span(1) for found in _TEXTS.finditer(text) if found[2] == '"')
    for pattern in (_LONG_WORDS, _WORDS):
        yield from (found.span() for found in pattern.finditer(text))
