"""Owns which file a call asks for, by its arguments: a claim, so it only adds caution."""

import re

from keyturn.domain.call import ToolCall
from keyturn.domain.canonical import JsonValue

_NAMES = ("path", "filepath", "file", "filename", "relativepath", "uri")
_COMMANDS = ("command", "cmd", "script")
_BETWEEN = re.compile(r"[\s'\"|;&<>()=]+")
_LONGEST = 1_000
"""Characters of a path, and of a command that one is looked for in."""


def asked_path(call: ToolCall) -> str:
    """Return the path of the file that a call asks for; empty where none is told."""
    told = {name.lower().replace("_", "").replace("-", ""): v for name, v in call.arguments.items()}
    for name in _NAMES:
        if path := _text(told.get(name)):
            return path
    for name in _COMMANDS:
        if command := _text(told.get(name)):
            return next((part for part in _BETWEEN.split(command) if _is_file(part)), "")
    return ""


def _text(value: JsonValue) -> str:
    return value[:_LONGEST] if isinstance(value, str) else ""


def _is_file(word: str) -> bool:
    """Tell whether a word of a command looks like a file with an ending."""
    name = word.rpartition("/")[2]
    return not word.startswith("-") and "." in name.rstrip(".")
