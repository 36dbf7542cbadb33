"""What commands print of a broker's answers, and what they say when there is none."""

import json
import sys
from collections.abc import Mapping

from keyturn.domain.canonical import JsonValue
from keyturn.domain.errors import ConfigurationError, KeyturnError


def require_ok(answer: Mapping[str, JsonValue] | None) -> Mapping[str, JsonValue]:
    """Return a good answer; raises KeyturnError with the broker's sentence otherwise."""
    if answer is None:
        raise ConfigurationError(
            "Keyturn is not running.", mend="Start it with `keyturn`, then try again."
        )
    if answer.get("ok") is not True:
        raise KeyturnError(str(answer.get("sentence", "The broker refused.")))
    return answer


def write_json(value: JsonValue) -> None:
    """Print one JSON value with a line end; in ASCII, which no terminal takes for a command."""
    sys.stdout.write(json.dumps(value, indent=2, sort_keys=True) + "\n")


def plain(value: JsonValue) -> str:
    """Return a text of an agent's or a server's for one line of a terminal.

    What would move the cursor, colour, turn the text around or hide is escaped.
    """
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in str(value))
