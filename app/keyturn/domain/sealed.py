"""Large params with the canonical bytes that they were decoded from (architecture.md section 2).

Digest, record and frame are cut out of the bytes, which nothing can change; the values are there to
be judged and traced by.
"""

from keyturn.domain.canonical import JsonObject, JsonValue, canonical
from keyturn.domain.secret_places import NO_SECRETS

_DECODED_AT_ONCE = 256 * 1024
_INSIDE = 0x80
"""How the bytes of a character begin, in bits, that are not its first (RFC 3629)."""


class SealedParams(dict[str, JsonValue]):
    """The params of a large call; whatever is made of them anew is sealed no longer."""

    __slots__ = ("_arguments", "_text", "canonical", "end", "first", "masked", "secrets", "start")

    def __init__(self, values: JsonObject, encoded: bytes, start: int, end: int) -> None:
        """`values` are what `encoded` says; the arguments stand in it from `start` to `end`."""
        super().__init__(values)
        self.canonical = encoded
        self.start = start
        self.end = end
        self.masked = b""
        """The arguments with secrets masked, once somebody has looked for them."""
        self.secrets = NO_SECRETS
        """Where secrets stand in the arguments, found with it."""
        self.first = ""
        """The digest of the call that this one repeats or is, once somebody has computed it."""
        self._arguments: bytes | None = None
        self._text: str | None = None

    @property
    def arguments(self) -> bytes:
        """The arguments, as canonical bytes; cut out once."""
        if self._arguments is None:
            return self.cut_out()
        return self._arguments

    def cut_out(self) -> bytes:
        """Cut the arguments out, a copy of all of them."""
        self._arguments = self.canonical[self.start : self.end]
        return self._arguments

    @property
    def text(self) -> str:
        """The arguments as text."""
        if self._text is None:
            self.decode()
        return self._text or ""

    def decode(self) -> None:
        """Make that text, once, and in pieces: no other thread runs while one is decoded."""
        whole, pieces, start = self.arguments, list[str](), 0
        while start < len(whole):
            end = _character_at(whole, start + _DECODED_AT_ONCE)
            pieces.append(whole[start:end].decode())
            start = end
        self._text = "".join(pieces)

    @property
    def beside_bytes(self) -> int:
        """How long the canonical params are without the arguments; nothing is encoded for it."""
        comma = len(self) > 1
        member = len(b'"arguments":') + self.end - self.start + comma if self.end else 0
        return len(self.canonical) - member

    def without(self, member: str) -> "SealedParams":
        """Return the same without one member, which is not the arguments."""
        return self.only(*(name for name in self if name != member))

    def only(self, *members: str) -> "SealedParams":
        """Return the same with these members alone; the arguments are one of them."""
        rest: JsonObject = {name: value for name, value in self.items() if name in members}
        left = SealedParams(rest, *seal(rest, self.arguments))
        left.masked, left.secrets = self.masked, self.secrets
        return left


def seal(params: JsonObject, arguments: bytes | None = None) -> tuple[bytes, int, int]:
    """Return canonical params, and where in them the arguments begin and end.

    `arguments` are theirs in canonical bytes, where these are known.
    """
    parts: list[bytes] = []
    start = end = at = 0
    for key in sorted(params, key=lambda key: key.encode("utf-16-be")):
        known = arguments if key == "arguments" else None
        name, value = canonical(key), canonical(params[key]) if known is None else known
        at += 1 + len(name) + 1
        if key == "arguments":
            start, end = at, at + len(value)
        at += len(value)
        parts.append(b"%b:%b" % (name, value))
    return b"{%b}" % b",".join(parts), start, end


def _character_at(text: bytes, at: int) -> int:
    """Return where the character begins that stands at a byte, or begins there."""
    while at < len(text) and text[at] & 0xC0 == _INSIDE:
        at -= 1
    return at
