"""Owns the sentences that people read: one catalogue per language, looked up by key.

Templates are ours and trusted; the values put into them are not, and are only ever inserted as
text.
"""

import re
import string
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from keyturn.domain.errors import KeyturnError
from keyturn.presentation.own_toml import parsed

FALLBACK_LANGUAGE = "en"

_Entry = str | Mapping[str, str]


class UnknownWords(KeyturnError, LookupError):
    """A text was asked for by a key, or with values, that the catalogue does not have."""


def _english_plural(n: int) -> str:
    return "one" if n == 1 else "other"


_PLURAL_RULES: Mapping[str, Callable[[int], str]] = {"en": _english_plural, "de": _english_plural}
_SEPARATORS: Mapping[str, Mapping[int, int]] = {"de": str.maketrans(",.", ".,")}
"""What parts numbers, by language: from how Python writes them to how a reader does."""


class Words:
    """The catalogue of one language; a key that it lacks is looked up in English.

    `folder` holds `<language>/<area>.toml`; an entry is a template of `str.format`, or a table of
    plural forms (`one`, `other`) chosen by the value named `n`. Numbers among the values are
    written as the language writes them.
    """

    def __init__(self, folder: Path, language: str = FALLBACK_LANGUAGE) -> None:
        self._folder = folder
        self._patterns: dict[str, tuple[tuple[str, re.Pattern[str]], ...]] = {}
        self.use(language)

    @property
    def folder(self) -> Path:
        """Return where the catalogues are; the help's pages stand beside them."""
        return self._folder

    def use(self, language: str) -> None:
        """Speak another language from now on; raises UnknownWords for one without a catalogue."""
        folder = self._folder
        entries = _read_language(folder, FALLBACK_LANGUAGE)
        # A text is known to be ours by its English, whatever is spoken.
        keys = {
            (key.partition(".")[0], entry): key
            for key, entry in entries.items()
            if isinstance(entry, str)
        }
        if language != FALLBACK_LANGUAGE:
            entries |= _read_language(folder, language)
        self.language = language
        self._entries, self._keys, self._patterns = entries, keys, {}
        self._plural = _PLURAL_RULES.get(language, _english_plural)
        self._separators = _SEPARATORS.get(language)
        self._known = frozenset(self._entries)

    def __call__(self, key: str, /, **values: object) -> str:
        """Return the text of `key` ("area.name") with `values` put in.

        Raises:
            UnknownWords: no such key, no such plural form, or a value that the template wants
                is missing.
        """
        entry = self._entries.get(key)
        if entry is None:
            raise UnknownWords(f"The text {key!r} is in no catalogue.")
        template = entry if isinstance(entry, str) else self._form(key, entry, values)
        try:
            return template.format_map(self._written(values))
        except KeyError as missing:
            raise UnknownWords(f"The text {key!r} needs the value {missing}.") from missing

    def figure(self, number: float, spec: str = ",") -> str:
        """Return a number as the language writes it, by a format of Python: "1,200" or "1.200"."""
        said = format(number, spec)
        return said.translate(self._separators) if self._separators is not None else said

    def key_of(self, area: str, english: str) -> str:
        """Return the key of a text of an area by its English template; empty where it has none."""
        return self._keys.get((area, english), "")

    def found_in(self, area: str, text: str) -> tuple[str, Mapping[str, str]] | None:
        """Return which text of an area an English one was made of, and with which values.

        For texts that were written down, where nothing but the text was kept.
        """
        exact = self._keys.get((area, text))
        if exact is not None:
            return exact, {}
        for key, pattern in self._patterns_of(area):
            match = pattern.fullmatch(text)
            if match is not None:
                return key, match.groupdict()
        return None

    def _patterns_of(self, area: str) -> tuple[tuple[str, re.Pattern[str]], ...]:
        """Return the templates of an area that take values, the longest first."""
        if area not in self._patterns:
            templates = [pair for pair in self._keys.items() if pair[0][0] == area]
            taking = [(key, english) for (_, english), key in templates if "{" in english]
            taking.sort(key=lambda pair: -len(pair[1]))
            self._patterns[area] = tuple((key, _pattern(english)) for key, english in taking)
        return self._patterns[area]

    def known(self) -> frozenset[str]:
        """Return every key of the catalogue."""
        return self._known

    def _written(self, values: Mapping[str, object]) -> Mapping[str, object]:
        separators = self._separators
        if separators is None:
            return values
        return {
            name: _Figure(value, separators) if _is_number(value) else value
            for name, value in values.items()
        }

    def _form(self, key: str, forms: Mapping[str, str], values: Mapping[str, object]) -> str:
        number = values.get("n")
        if not isinstance(number, int):
            raise UnknownWords(f"The text {key!r} needs a whole number n.")
        form = forms.get(self._plural(number))
        if form is None:
            raise UnknownWords(f"The text {key!r} has no plural form for {number}.")
        return form


@dataclass(frozen=True, slots=True)
class _Figure:
    """A number that a template's own format writes, with the language's separators."""

    number: object
    separators: Mapping[int, int]

    def __format__(self, spec: str) -> str:
        return format(self.number, spec).translate(self.separators)


def _pattern(template: str) -> re.Pattern[str]:
    """Return what matches everything that is made of a template."""
    parts = string.Formatter().parse(template)
    matched = (
        re.escape(literal) + (f"(?P<{name}>[^:]+?)" if name is not None else "")
        for literal, name, _spec, _conversion in parts
    )
    return re.compile("".join(matched), re.DOTALL)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _read_language(folder: Path, language: str) -> dict[str, _Entry]:
    """Read every area of one language; raises UnknownWords for a folder without any."""
    areas = sorted((folder / language).glob("*.toml"))
    if not areas:
        raise UnknownWords(
            f"There is no catalogue for the language {language!r}.",
            mend="Install Keyturn again: its translations are missing.",
        )
    entries: dict[str, _Entry] = {}
    for area in areas:
        for name, entry in parsed(area.read_text(encoding="utf-8")).items():
            entries[f"{area.stem}.{name}"] = _checked(f"{area.stem}.{name}", entry)
    return entries


def _checked(key: str, entry: object) -> _Entry:
    if isinstance(entry, str):
        return entry
    if isinstance(entry, dict):
        forms = cast("dict[str, object]", entry)
        if all(isinstance(form, str) for form in forms.values()):
            return cast("dict[str, str]", forms)
    raise UnknownWords(f"The text {key!r} is neither a sentence nor a table of plural forms.")
