"""Writes a tool definition as indented JSON, one member a line, for reading and comparing.

Never what is hashed or sent: that is the canonical text.
"""

import json

from keyturn.domain.canonical import JsonValue

_FIRST = ("name", "title", "description", "inputSchema", "outputSchema", "annotations")


def definition_text(definition: JsonValue) -> str:
    """Return the definition with its telling members first; nothing is escaped but by JSON."""
    if isinstance(definition, dict):
        order = [*_FIRST, *sorted(set(definition) - set(_FIRST))]
        definition = {name: definition[name] for name in order if name in definition}
    return json.dumps(definition, ensure_ascii=False, indent=2)
