"""Owns how an error is said to a person: in the language of the window, not of the code.

Errors carry the English templates that they were raised with, and those are their keys: the area
`errors` of each catalogue holds what a window can be told. What is in none, such as the words of
the operating system, is said as it is.
"""

from keyturn.domain.errors import KeyturnError, Said
from keyturn.domain.system_text import readable
from keyturn.presentation.words import Words

AREA = "errors"


def error_text(error: KeyturnError, words: Words) -> str:
    """Return the sentence, the cause and the mend of an error, in one line."""
    said = (said_text(part, words) for part in error.parts)
    # It may name a file, whose name may be no text.
    return readable(" ".join(part for part in said if part))


def said_text(part: str | Said, words: Words) -> str:
    """Return a text of an error, and what stands in it, as the language says it."""
    said = Said(part, {}) if isinstance(part, str) else part
    values = {
        name: said_text(value, words) if isinstance(value, Said) else value
        for name, value in said.values.items()
    }
    key = words.key_of(AREA, said.template)
    return words(key, **values) if key else str(Said(said.template, values))
