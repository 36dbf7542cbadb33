"""Owns how arguments are masked in which more looks like secrets than is looked at.

One value that is full of them must not hide the others: to whom, where and how much is what a
person looks for in the history. So each short value is looked at with its own name, long ones are
masked whole, and the structure stays.
"""

from collections.abc import Iterator

from keyturn.application.ports.inspection import MASKED_WHOLE, SecretMask
from keyturn.domain.canonical import JsonObject, JsonValue, Parsed, canonical, parse_strict

LONGEST_LEAF = 256
"""Bytes of a value in JSON, with its name, that is looked at."""
MOST_PARTS = 1_000
"""Commas and brackets of arguments that are taken apart: more would hold up the broker's loop."""
ALL_MASKED = canonical({"masked": MASKED_WHOLE})

_ESCAPE = "\\"


def leaves_masked(whole: bytes, mask: SecretMask) -> bytes:
    """Mask canonical JSON value by value; all of it where there are too many, or it is no object.

    Numbers, which may be a code or a card's, are looked at with their names as texts are.
    """
    if whole.count(b",") + whole.count(b"{") + whole.count(b"[") > MOST_PARTS:
        return ALL_MASKED
    parsed = parse_strict(whole)
    if not isinstance(parsed, Parsed) or not isinstance(parsed.value, dict):
        return ALL_MASKED
    texts = list(_texts(parsed.value, ""))
    masked = mask.mask_each(texts)
    if MASKED_WHOLE in masked:
        return ALL_MASKED
    return canonical(_object(parsed.value, iter(zip(texts, masked, strict=True))))


_Looked = Iterator[tuple[str, str]]
"""What was looked at and what is left of it, in the order of `_texts`."""


def _texts(value: JsonValue, name: str) -> Iterator[str]:
    """Yield what is looked at: of an object each name and what it stands for, of a list each."""
    match value:
        case dict():
            for key, item in value.items():
                yield _text(key, None)
                yield from _texts(item, key)
        case list():
            for item in value:
                yield from _texts(item, name)
        case _:
            text = _text(name, value)
            yield text
            if _ESCAPE in text:
                # A secret of several lines looks otherwise in JSON.
                yield str(value)


def _text(name: str, value: JsonValue) -> str:
    """Write a value with its name; empty for a long one."""
    text = canonical({name: value}).decode()
    return text if len(text) <= LONGEST_LEAF else ""


def _rebuilt(value: JsonValue, name: str, looked: _Looked) -> JsonValue:
    match value:
        case dict():
            return _object(value, looked)
        case list():
            return [_rebuilt(item, name, looked) for item in value]
        case _:
            text, masked = next(looked)
            if _ESCAPE in text:
                plain, left = next(looked)
                if plain != left:
                    return left
            return value if text and masked == text else _shown(masked, name)


def _object(value: JsonObject, looked: _Looked) -> JsonObject:
    shown: JsonObject = {}
    for key, item in value.items():
        text, masked = next(looked)
        # Numbered, because two names could get equal.
        whole = text and masked == text and _ESCAPE not in text
        name = key if whole else f"[masked {len(shown) + 1}]"
        shown[name] = _rebuilt(item, key, looked)
    return shown


def _shown(masked: str, name: str) -> JsonValue:
    """Read what is left of a value; it is masked whole where that is no value of this name."""
    parsed = parse_strict(masked)
    left = parsed.value if isinstance(parsed, Parsed) else None
    return left.get(name, MASKED_WHOLE) if isinstance(left, dict) else MASKED_WHOLE
