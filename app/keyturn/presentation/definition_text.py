"""Writes a tool definition as indented JSON, one member a line, for reading and comparing.

Never what is hashed or sent: that is the canonical text.
"""

import json
from collections.abc import Iterable
from dataclasses import replace

from keyturn.domain.canonical import JsonValue
from keyturn.presentation.card import DiffRow

_FIRST = ("name", "title", "description", "inputSchema", "outputSchema", "annotations")


def definition_text(definition: JsonValue) -> str:
    """Return the definition with its telling members first; nothing is escaped but by JSON."""
    if isinstance(definition, dict):
        order = [*_FIRST, *sorted(set(definition) - set(_FIRST))]
        definition = {name: definition[name] for name in order if name in definition}
    return json.dumps(definition, ensure_ascii=False, indent=2)


def laid_out(rows: Iterable[DiffRow]) -> tuple[DiffRow, ...]:
    """Return rows of `definition_text` with their indentation named as ours.

    No line of it begins with a space of the server's: JSON writes a line feed as an escape.
    """
    return tuple(replace(row, indent=indentation(row.text)) for row in rows)


def indentation(line: str) -> int:
    """Count the spaces at the start of a line."""
    return len(line) - len(line.lstrip(" "))
