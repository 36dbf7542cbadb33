"""Owns the other forms in which a text may stand: escaped, percent-encoded, in base64 or hex.

What is written in place of single characters is undone without moving the others, so that places
stay right; what was encoded as a whole is decoded to a text of its own, whose place is that of the
encoded one. Two layers are undone, no more.
"""

import binascii
import html
import re
import string
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np

from keyturn.inspection.letters import FILLER, Codes, Flags, Positions

UNDONE = 2
"""Layers of escapes that are undone."""
DECODED = UNDONE + 1
_NEAR = 256
"""Characters; so many on both sides of what an escape was undone in are looked at again."""
BETWEEN = " \n "
"""Between parts: nothing that stands on both sides of it is one word, value or encoded text."""
MOST_ENCODED = 256
"""Encoded stretches that are decoded of one text."""
_LEAST = 16
_MOST = 64 * 1024
"""Characters of one encoded stretch; longer ones are decoded in parts."""
_MOST_ENTITIES = 300
"""Of HTML, beside the most common ones."""
_ESCAPED = re.compile(
    r'%[0-9A-Fa-f]{2}|=[0-9A-Fa-f]{2}|=\r?\n|\\["\\/bfnrtu]|&#?[0-9A-Za-z]{2,31};'
)
_SOFT_BREAK = re.compile(r"(=\r?\n)((?:=[89ABab][0-9A-Fa-f]){1,3})")
"""A line that quoted-printable ends in the middle of a letter, and the rest of the letter."""
_ENTITY = re.compile(r"&#?[0-9A-Za-z]{2,31};")
_COMMON_ENTITIES = ("&amp;", "&lt;", "&gt;", "&quot;", "&apos;", "&#39;", "&#x27;", "&nbsp;")
_FILL = chr(FILLER)
_LINE = (60, 76)
"""Characters of one line of base64 that goes on in the next."""
_LINE_ENDS = ("\n", "\r\n")
_UNSEEN_IN_TOKEN = str.maketrans("-_", "+/", "\r\n\u200b=")
_HEX = re.compile(r"[0-9A-Fa-f]+\Z")
_HEX_VALUES = np.full(0x80, 99, np.uint32)
_HEX_VALUES[[ord(digit) for digit in "0123456789abcdef"]] = range(16)
_HEX_VALUES[[ord(digit) for digit in "ABCDEF"]] = range(10, 16)
_IN_TOKEN = np.zeros(FILLER + 2, bool)
_IN_TOKEN[[ord(letter) for letter in string.ascii_letters + string.digits + "+/-_"]] = True
_IN_TOKEN[FILLER] = True
_SIXES = np.zeros(0x80, np.uint32)
_SIXES[[ord(c) for c in string.ascii_uppercase + string.ascii_lowercase + string.digits]] = range(
    62
)
_SIXES[[ord("+"), ord("-")]], _SIXES[[ord("/"), ord("_")]] = 62, 63
_WRITTEN = {"n": 10, "r": 10, "t": 9, "b": 32, "f": 32}


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A text in one of its forms, of one part or of several that nothing joins."""

    layer: int
    """0: the text as it is; up to `UNDONE`: with escapes undone; then what was decoded."""
    text: str
    starts: Positions
    """Where each part begins in this form."""
    sizes: Positions
    places: Positions
    """Where each part stands in the text itself."""
    lengths: Positions

    @property
    def in_place(self) -> bool:
        """Each character stands where it stood; else only a part as a whole has a place."""
        return self.layer <= UNDONE

    def parts(self, at: Positions) -> Positions:
        """Return the numbers of the parts that hold positions of this form."""
        return np.searchsorted(self.starts, at, side="right") - 1

    def placed(self, at: Positions) -> Positions:
        """Return where positions of this form stand in the text itself."""
        parts = self.parts(at)
        inner = (at - self.starts[parts]) * self.lengths[parts]
        return self.places[parts] + inner // np.maximum(1, self.sizes[parts])


def forms(text: str) -> Iterator[Form]:
    """Yield a text as it is, then its other forms."""
    plain = text
    yield _in_place(0, text)
    for layer in range(UNDONE):
        undone = unescaped(plain)
        if undone is None:
            break
        plain = undone
        yield _in_place(layer + 1, plain)
    found = list(encoded_in(plain))
    if not found:
        return
    outer = _of_parts(DECODED, found)
    yield outer
    undone = unescaped(outer.text)
    if undone is not None:
        yield replace(outer, layer=DECODED + 1, text=undone)
    inner = [_within(outer, part) for part in encoded_in(undone or outer.text)]
    if inner:
        yield _of_parts(DECODED + 2, inner)


def changed(form: Form, before: str) -> Form:
    """Return of a form with escapes undone only what lies near one; the rest is as it was."""
    differ = np.flatnonzero(_codes(before) != _codes(form.text)) // _NEAR
    near = np.zeros(len(before) // _NEAR + 3, bool)
    for aside in range(3):
        near[differ + aside] = True
    edges = np.flatnonzero(np.diff(near[1:-1], prepend=False, append=False)) * _NEAR
    edges = np.minimum(edges, len(before))
    pairs = list(zip(edges[0::2].tolist(), edges[1::2].tolist(), strict=True))
    return _of_parts(
        form.layer, [(start, end - start, form.text[start:end]) for start, end in pairs]
    )


def _in_place(layer: int, text: str) -> Form:
    whole = np.array([len(text)])
    none = np.zeros(1, np.int64)
    return Form(layer=layer, text=text, starts=none, sizes=whole, places=none, lengths=whole)


def _of_parts(layer: int, parts: list[tuple[int, int, str]]) -> Form:
    sizes = np.array([len(text) for _, _, text in parts])
    return Form(
        layer=layer,
        text=BETWEEN.join(text for _, _, text in parts),
        starts=np.cumsum(sizes + len(BETWEEN)) - sizes - len(BETWEEN),
        sizes=sizes,
        places=np.array([start for start, _, _ in parts]),
        lengths=np.array([length for _, length, _ in parts]),
    )


def _within(outer: Form, part: tuple[int, int, str]) -> tuple[int, int, str]:
    start, _, text = part
    number = int(outer.parts(np.array([start]))[0])
    return int(outer.places[number]), int(outer.lengths[number]), text


def unescaped(text: str) -> str | None:
    """Undo one layer of escapes, every character in its place; None when there is none.

    Those are percent-encoding, quoted-printable, escapes of JSON and entities of HTML.
    """
    if _ESCAPED.search(text) is None:
        return None
    if "&" in text:
        text = _without_entities(text)
    if not ("%" in text or "=" in text or "\\" in text):
        return text
    codes = _codes(_SOFT_BREAK.sub(r"\2\1", text))
    undone = codes.copy()
    for mark in (ord("%"), ord("=")):
        _undo_bytes(codes, undone, mark)
    _undo_soft_breaks(codes, undone)
    _undo_backslashes(codes, undone)
    return undone.tobytes().decode("utf-32-le", "surrogatepass")


def encoded_in(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield start, length and decoded text of what is base64 or hexadecimal for a text."""
    for start, end in islice(_tokens(text), MOST_ENCODED):
        for low in range(start, end, _MOST):
            high = min(low + _MOST, end)
            decoded = decoded_token(text[low:high])
            if decoded:
                yield low, high - low, decoded


def has_more_encoded(text: str) -> bool:
    """Tell whether there is more in a text than is decoded."""
    return sum(1 for _ in islice(_tokens(text), MOST_ENCODED + 1)) > MOST_ENCODED


def first_encoded_end(text: str) -> int:
    """Return where the first stretch that may be encoded ends; 0 for none."""
    return next((end for _, end in _tokens(text)), 0)


def _tokens(text: str) -> Iterator[tuple[int, int]]:
    """Yield where long runs of the letters of base64 stand, lines of one text as one."""
    if len(text) < _LEAST:
        return
    codes = _codes(text)
    told = _IN_TOKEN[np.minimum(codes, len(_IN_TOKEN) - 1)]
    edges = np.flatnonzero(np.diff(told, prepend=False, append=False))
    starts, ends = edges[0::2], edges[1::2]
    long = ends - starts >= _LEAST
    joined: tuple[int, int] | None = None
    starts, ends = starts[long], ends[long]
    goes_on = (ends - starts >= _LINE[0]) & (ends - starts <= _LINE[1])
    told = _may_say(codes, starts) | np.append(False, goes_on[:-1])[: len(goes_on)]
    for start, end in zip(starts[told].tolist(), ends[told].tolist(), strict=True):
        if joined is not None and text[joined[1] : start] in _LINE_ENDS:
            joined = joined[0], end
        else:
            if joined is not None:
                yield joined
            joined = start, end
        if not _LINE[0] <= end - start <= _LINE[1]:
            yield joined
            joined = None
    if joined is not None:
        yield joined


def _may_say(codes: Codes, starts: Positions) -> Flags:
    """Tell which runs begin like a text in base64 or hex: nearly all names and paths do not."""
    heads = (
        codes[starts[:, None] + np.arange(_LEAST)] if len(starts) else np.zeros((0, _LEAST), int)
    )
    unseen = (heads == FILLER).any(axis=1)
    heads = np.minimum(heads, 0x7F)
    sixes, halves = _SIXES[heads].astype(np.int64), _HEX_VALUES[heads].astype(np.int64)
    fours = sixes.reshape(-1, 4, 4)
    whole = fours[:, :, 0] << 18 | fours[:, :, 1] << 12 | fours[:, :, 2] << 6 | fours[:, :, 3]
    said = np.stack([whole >> 16, whole >> 8 & 0xFF, whole & 0xFF], axis=2).reshape(-1, 12)
    pairs = halves.reshape(-1, 8, 2)
    hexes = (halves < 16).all(axis=1) & _is_utf8(pairs[:, :, 0] << 4 | pairs[:, :, 1])
    return unseen | hexes | _is_utf8(said)


def _is_utf8(raw: Positions) -> Flags:
    plain = (raw >= 0x20) & (raw < 0x7F) | (raw == 9) | (raw == 10) | (raw == 13)
    follows = (raw >= 0x80) & (raw < 0xC0)
    leads = (raw >= 0xC2) & (raw < 0xF5)
    before = np.zeros(raw.shape, bool)
    before[:, 1:] = ~plain[:, :-1]
    after = np.ones(raw.shape, bool)
    after[:, :-1] = follows[:, 1:]
    return (plain | (follows & before) | (leads & after)).all(axis=1)


def _codes(text: str) -> Codes:
    if text.isascii():
        return np.frombuffer(text.encode(), np.uint8).astype(np.uint32)
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)


def _without_entities(text: str) -> str:
    for entity in _COMMON_ENTITIES:
        if entity in text:
            text = text.replace(entity, html.unescape(entity).rjust(len(entity), _FILL))
    return _ENTITY.sub(_entity, text, count=_MOST_ENTITIES)


def _entity(found: "re.Match[str]") -> str:
    entity = found.group()
    undone = html.unescape(entity)
    return undone.rjust(len(entity), _FILL) if len(undone) <= len(entity) else entity


def _hex_at(codes: Codes, at: Positions) -> Codes:
    """Return the values of the digits there; 99 for what is none, also beyond the end."""
    found = codes[np.minimum(at, len(codes) - 1)]
    values = _HEX_VALUES[np.where(found < len(_HEX_VALUES), found, 0)]
    return np.where(at < len(codes), values, 99)


def _undo_bytes(codes: Codes, undone: Codes, mark: int) -> None:
    at = np.flatnonzero(codes == mark)
    high, low = _hex_at(codes, at + 1), _hex_at(codes, at + 2)
    told = (high < 16) & (low < 16)
    at, values = at[told], (high * 16 + low)[told]
    if not len(at):
        return
    if values.max() < 0x80:
        _write(undone, at, np.full(len(at), 3), values)
        return
    following = np.append(np.diff(at) == 3, False)
    size = np.select(
        [values < 0x80, values < 0xC2, values < 0xE0, values < 0xF0, values < 0xF5],
        [1, 0, 2, 3, 4],
        0,
    )
    letters = np.where(size == 1, values, values & (0x7F >> size))
    ok = size > 0
    next_ok: Flags = following
    shifted = values
    for number in range(1, 4):
        shifted = np.append(shifted[1:], 0)
        needed = size > number
        ok &= ~needed | (next_ok & (shifted & 0xC0 == 0x80))
        letters = np.where(needed, letters << 6 | shifted & 0x3F, letters)
        next_ok = next_ok & np.append(following[number:], [False] * min(number, len(following)))
    ok &= (letters < 0x110000) & ~((letters >= 0xD800) & (letters < 0xE000))
    _write(undone, at[ok], (3 * size)[ok], letters[ok])


def _write(undone: Codes, at: Positions, size: Positions, letters: Codes) -> None:
    """Write each letter at the end of the stretch that stood for it, and fill the rest."""
    if not len(at):
        return
    inner = np.arange(int(size.sum())) - np.repeat(np.cumsum(size) - size, size)
    undone[np.repeat(at, size) + inner] = FILLER
    undone[at + size - 1] = letters


def _undo_soft_breaks(codes: Codes, undone: Codes) -> None:
    at = np.flatnonzero(codes[:-1] == ord("="))
    plain = at[codes[at + 1] == 10]
    undone[plain] = undone[plain + 1] = FILLER
    at = at[at + 2 < len(codes)]
    long = at[(codes[at + 1] == 13) & (codes[at + 2] == 10)]
    undone[long] = undone[long + 1] = undone[long + 2] = FILLER


def _undo_backslashes(codes: Codes, undone: Codes) -> None:
    at = np.flatnonzero(codes == ord("\\"))
    if not len(at):
        return
    # Of backslashes in a row every other one begins an escape.
    begins = np.append(True, np.diff(at) > 1)
    run = np.cumsum(begins) - 1
    at = at[(at - at[begins][run]) % 2 == 0]
    at = at[at + 1 < len(codes)]
    after = codes[at + 1]
    for letter, code in _WRITTEN.items():
        here = at[after == ord(letter)]
        undone[here], undone[here + 1] = FILLER, code
    for letter in '"\\/':
        undone[at[after == ord(letter)]] = FILLER
    _undo_code_points(codes, undone, at[after == ord("u")])


def _undo_code_points(codes: Codes, undone: Codes, at: Positions) -> None:
    digits = [_hex_at(codes, at + number) for number in range(2, 6)]
    told = np.all([digit < 16 for digit in digits], axis=0) if len(at) else np.zeros(0, bool)
    at = at[told]
    letters = sum(
        (digit[told].astype(np.uint32) << np.uint32(12 - 4 * n) for n, digit in enumerate(digits)),
        np.zeros(len(at), np.uint32),
    )
    high = (letters >= 0xD800) & (letters < 0xDC00)
    low = (letters >= 0xDC00) & (letters < 0xE000)
    pairs = high & np.append(low[1:] & (np.diff(at) == 6), False)[: len(high)]
    second = np.append(False, pairs[:-1])[: len(pairs)]
    following = np.append(letters[1:], 0)[: len(letters)]
    joined = 0x10000 + ((letters & 0x3FF) << 10 | following & 0x3FF)
    letters = np.where(pairs, joined, letters)
    alone = ~high & ~low
    size = np.where(pairs, 12, 6)
    chosen = (alone | pairs) & ~second
    _write(undone, at[chosen], size[chosen], letters[chosen])


def decoded_token(token: str) -> str:
    """Return what a token is for; empty where that is no text."""
    plain = token.translate(_UNSEEN_IN_TOKEN)
    if len(plain) < _LEAST:
        return ""
    try:
        if len(plain) % 2 == 0 and _HEX.match(plain):
            raw = bytes.fromhex(plain)
        else:
            raw = binascii.a2b_base64(plain[: len(plain) - (len(plain) % 4 == 1)] + "==")
        text = raw.decode()
    except ValueError:
        return _cut_text(token, plain)
    return text if _is_said(text) else ""


def _cut_text(token: str, plain: str) -> str:
    """Decode base64 that was cut in the middle of a letter, as long texts are."""
    if len(token) < _MOST:
        return ""
    raw = binascii.a2b_base64(plain[: len(plain) // 4 * 4])
    text = raw.decode(errors="ignore")
    return text if len(text.encode()) >= len(raw) - 6 and _is_said(text) else ""


def _is_said(text: str) -> bool:
    """Tell a text from bytes that happen to be readable: it has nothing but what is printed."""
    return text.replace("\n", "").replace("\r", "").replace("\t", "").isprintable()
