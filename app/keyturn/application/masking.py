"""How what is written down is masked: texts, JSON, and the command of a program."""

import json
import re
from collections.abc import Iterator, Sequence

import msgspec

from keyturn.application.masked_leaves import leaves_masked
from keyturn.application.ports.inspection import MASKED_WHOLE, SecretMask
from keyturn.domain.canonical import JsonObject, JsonValue, Parsed, canonical, parse_strict

MOST_TEXTS = 1_000
"""Texts with escapes that are masked one by one where JSON comes in."""
_TEXTS = re.compile(r"""("[^"\\]*+(?:\\.[^"\\]*+)++")|"[^"\\]*+\"""")
"""Every text in JSON; what it captures are those with escapes."""


def masked_json(whole: bytes, mask: SecretMask, most_texts: int = MOST_TEXTS) -> tuple[bytes, bool]:
    """Return canonical JSON with secrets masked, and whether any was.

    Texts that JSON escapes (a key of several lines) are looked at as they are, then the whole,
    where a value is next to its name. With more than `most_texts` of them one is not told from
    another: as soon as one holds a secret all is masked.
    """
    text = whole.decode()
    if "\\" in text:
        text = _with_masked_texts(text, mask, most_texts)
    encoded = mask.mask(text).encode()
    if encoded == whole:
        return whole, False
    # A key that ends as if it assigned something takes what follows it for a value.
    return (encoded if _is_json(encoded) else leaves_masked(whole, mask)), True


def masked_text(arguments: str, mask: SecretMask) -> bytes:
    """Mask canonical arguments as they were shown; nothing is left of what cannot be read."""
    parsed = parse_strict(arguments)
    if not isinstance(parsed, Parsed) or not isinstance(parsed.value, dict):
        return b""
    return masked_json(arguments.encode(), mask)[0]


def masked_details(details: JsonObject, mask: SecretMask) -> JsonObject:
    """Mask the texts of a record's details, and those of its lists."""
    return {key: _mask_texts(value, mask) for key, value in details.items()}


def masked_command(argv: Sequence[str], mask: SecretMask) -> list[JsonValue]:
    """Mask a command as its program reads it: an option's value may be the next argument."""
    shown: list[JsonValue] = []
    option = ""
    for argument in argv:
        named = f"{option}={argument}" if option else argument
        masked = mask.mask(named)
        if option and masked.startswith(f"{option}="):
            masked = masked.removeprefix(f"{option}=")
        elif option:
            masked = mask.mask(argument)
        shown.append(masked)
        option = argument if argument.startswith("-") and "=" not in argument else ""
    return shown


def _mask_texts(value: JsonValue, mask: SecretMask) -> JsonValue:
    if isinstance(value, str):
        return mask.mask(value)
    if isinstance(value, list):
        return [_mask_texts(item, mask) for item in value]
    return value


def _with_masked_texts(text: str, mask: SecretMask, most: int) -> str:
    """Mask the texts of canonical JSON that look otherwise in it; all of it when that is safer."""
    escaped: list[str] = list(filter(None, _TEXTS.findall(text)))
    values: list[str] = json.loads(f"[{','.join(escaped)}]")
    masked = mask.mask_each(values)
    if masked == values:
        return text
    if MASKED_WHOLE in masked or len(values) > most:
        return MASKED_WHOLE
    parts: list[str] = []
    done = 0
    for place, value, shown in zip(_places(text), values, masked, strict=True):
        # Keys stay: two of them could get equal.
        if shown != value and text[place.end() : place.end() + 1] != ":":
            parts += text[done : place.start()], canonical(shown).decode()
            done = place.end()
    return "".join(parts) + text[done:]


def _is_json(encoded: bytes) -> bool:
    try:
        msgspec.json.decode(encoded, type=msgspec.Raw)
    except msgspec.DecodeError:
        return False
    return True


def _places(text: str) -> Iterator[re.Match[str]]:
    return (found for found in _TEXTS.finditer(text) if found[1])
