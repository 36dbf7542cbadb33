"""Owns the first look at a result of a server: is it readable, how large, what in it is unseen.

Results are not judged: unknown members, odd numbers and hidden characters pass, and the bytes go on
as they came unless something had to be cut.
"""

import json
import re
from typing import NoReturn

from keyturn.application.ports.inspection import InspectedResult
from keyturn.domain.canonical import JsonObject, JsonValue, read_shallow
from keyturn.domain.json_texts import texts_of
from keyturn.inspection.hidden import hidden_in_all

MAX_BYTES = 8 * 1024 * 1024
"""Largest result that is handed on whole (architecture.md section 2)."""
MOST_VALUES = 50_000
"""Largest number of values in a result that is read: more of them would hold up the stop."""
MAX_DEPTH = 200
_LONGEST_WORD = 4096
_LAST_WORD = re.compile(r"(?<=\s)\S+\Z")
_LONGEST_ESCAPE = len("\\u0000")
_BLOCK_BYTES = 200
"""Room for a block's own braces, its marker and the comma after it."""


class BoundedResultInspector:
    """`ResultInspector` for the `result` member of MCP answers."""

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        """Cut or withhold results of more than `max_bytes` bytes."""
        self._max_bytes = max_bytes

    def inspect(self, raw_result: bytes) -> InspectedResult:
        """Inspect the `result` member of an answer as it came from the server."""
        size = len(raw_result)
        if _holds_too_many(raw_result):
            return _withheld(size, f"it holds more than {MOST_VALUES} values")
        result = _read(raw_result)
        if isinstance(result, str):
            return _withheld(size, result)
        changed = size > self._max_bytes
        if changed:
            cut = cut_result(result, self._max_bytes)
            if cut is None:
                reason = "it is larger than the limit and its size is not in its text"
                return _withheld(size, reason)
            result = cut
        # In what is handed on; looking through all of 64 MiB takes a second and more.
        hidden = 0 if not changed and _is_plain(raw_result) else hidden_in_all(texts_of(result))
        return InspectedResult(
            result=result,
            changed=changed,
            is_error=result.get("isError") is True,
            hidden_characters=hidden,
            size=size,
        )


def _withheld(size: int, reason: str) -> InspectedResult:
    return InspectedResult(
        result=None,
        changed=False,
        is_error=False,
        hidden_characters=0,
        size=size,
        withheld=reason,
    )


def _read(raw: bytes) -> JsonObject | str:
    """Decode the result, or say why it cannot be."""
    # Nearly every one is; escapes are left to the reader that takes them as servers write them.
    shallow = read_shallow(raw) if b"\\" not in raw else None
    if shallow is not None and isinstance(shallow.value, dict):
        return shallow.value
    try:
        value: JsonValue = _decode(str(raw, "utf-8"))
    except UnicodeDecodeError:
        return "it is not valid UTF-8"
    except RecursionError:
        return f"its nesting is deeper than {MAX_DEPTH}"
    except ValueError:
        return "it is not JSON"
    if raw.count(b"{") + raw.count(b"[") > MAX_DEPTH and _is_deep(value):
        return f"its nesting is deeper than {MAX_DEPTH}"
    return value if isinstance(value, dict) else "it is not an object"


def _holds_too_many(raw: bytes) -> bool:
    """Count the values of a JSON text without reading it, by rough counts as long as those do."""
    if _separators(raw) < MOST_VALUES:
        return False
    # A value brings two texts at most, its name and itself, and each of them two quotation marks.
    if raw.count(b'"') - raw.count(b'\\"') > 4 * MOST_VALUES:
        return True
    # Without escapes every other piece between quotation marks is outside of a text.
    outside = raw.replace(b"\\\\", b"").replace(b'\\"', b"").split(b'"')[::2]
    return sum(map(_separators, outside)) >= MOST_VALUES


def _separators(raw: bytes) -> int:
    return raw.count(b",") + raw.count(b"[") + raw.count(b"{")


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)


_decode = json.JSONDecoder(parse_constant=_refuse_constant).decode


def _is_deep(value: JsonValue) -> bool:
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [below for item in level for below in _below(item)]
        if not level:
            return False
    return any(isinstance(item, dict | list) for item in level)


def _below(value: JsonValue) -> list[JsonValue]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


def _is_plain(raw: bytes) -> bool:
    # Unseen in ASCII is only what is escaped, and one character.
    return raw.isascii() and b"\\" not in raw and b"\x7f" not in raw


def cut_result(result: JsonObject, max_bytes: int) -> JsonObject | None:
    """Shorten the text blocks until the result fits; None when its size is elsewhere."""
    content = result.get("content")
    blocks = content if isinstance(content, list) else []
    texts = [text for block in blocks if (text := text_of_block(block)) is not None]
    others: list[JsonValue] = [block for block in blocks if text_of_block(block) is None]
    rest = _encoded({**result, "content": others}) + _BLOCK_BYTES * (len(texts) + 1)
    left = max_bytes - rest
    if not texts or left <= 0:
        return None
    total = sum(_utf8(text) for text in texts)
    shown = 0
    kept: list[JsonValue] = []
    for block in blocks:
        text = text_of_block(block)
        if text is None or not isinstance(block, dict):
            kept.append(block)
        elif left > 0:
            whole = len(text) <= left and _encoded(text) <= left
            part = text if whole else _whole_words(text, _prefix(text, left))
            left = left - _encoded(part) if whole else 0
            shown += _utf8(part)
            marker = "" if whole else _marker(part, shown, total)
            kept.append({**block, "text": part + marker})
    whole = _without_halves({**result, "content": kept})
    return whole if isinstance(whole, dict) else None


def _without_halves(value: JsonValue) -> JsonValue:
    """Replace half surrogate pairs: what was cut is encoded anew, and no encoder takes them."""
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "replace").decode()
    if isinstance(value, list):
        return [_without_halves(item) for item in value]
    if isinstance(value, dict):
        return {
            key if key.isascii() else key.encode("utf-8", "replace").decode(): _without_halves(item)
            for key, item in value.items()
        }
    return value


def _marker(part: str, shown: int, total: int) -> str:
    return f"{chr(10) if part else ''}[Keyturn cut this result: {shown} of {total} bytes shown]"


def text_of_block(block: JsonValue) -> str | None:
    """Return the text of a text block; None for any other."""
    if not isinstance(block, dict) or block.get("type") != "text":
        return None
    text = block.get("text")
    return text if isinstance(text, str) else None


def _whole_words(text: str, part: str) -> str:
    """Leave out a word that was cut in two: half a secret would not be known for one."""
    if len(part) == len(text) or text[len(part) : len(part) + 1].isspace():
        return part
    words = _LAST_WORD.search(part, max(0, len(part) - _LONGEST_WORD))
    return part[: words.start()] if words is not None else part


def _prefix(text: str, room: int) -> str:
    """Return the longest start that surely fits into `room` bytes of JSON, at a character's end."""
    start = text[:room].encode("utf-8", "replace")[:room].decode("utf-8", "ignore")
    cut = json.dumps(start, ensure_ascii=False).encode()[1:-1][: max(0, room - 2)]
    encoded = cut.decode("utf-8", "ignore")
    at = encoded.rfind("\\", max(0, len(encoded) - _LONGEST_ESCAPE))
    if at >= 0:
        escapes = at + 1 - len(encoded[: at + 1].rstrip("\\"))
        length = _LONGEST_ESCAPE if encoded[at + 1 : at + 2] == "u" else 2
        # The last of an odd number of backslashes begins an escape, which may be cut in two.
        if escapes % 2 and at + length > len(encoded):
            encoded = encoded[:at]
    return str(json.loads(f'"{encoded}"'))


def _utf8(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8", "replace"))


def _encoded(value: JsonValue) -> int:
    return len(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"))
