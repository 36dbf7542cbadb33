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
    """Print one JSON value with a line end."""
    sys.stdout.write(json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False) + "\n")
