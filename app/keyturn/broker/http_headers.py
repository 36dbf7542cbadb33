"""Owns what the headers of a 2026-07-28 request over HTTP must say: the same as its body.

Whoever is on the way routes by headers, a server acts on the body; where they differ one of the two
is misled, so such a request is refused (MCP 2026-07-28, transports, "Standard headers").
"""

import base64
import re
from collections import Counter
from collections.abc import Iterator, Sequence

import msgspec
from msgspec import Raw

from keyturn.domain.canonical import JsonObject, JsonValue

VERSION = "mcp-protocol-version"
METHOD = "mcp-method"
NAME = "mcp-name"
SESSION = "mcp-session-id"
HEADER_MISMATCH = -32020
UNSUPPORTED_VERSION = -32022
NAMED_BY = {"tools/call": "name", "prompts/get": "name", "resources/read": "uri"}
"""Methods whose `Mcp-Name` repeats this member of their params."""
_PARAM = "mcp-param-"
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_DEEPEST = 16
_ENCODED = re.compile(r"=\?base64\?(.*)\?=")
_SAFE = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?")

Headers = Sequence[tuple[str, str]]
"""Names in lower case with their values, in order, repeated ones too."""

_members = msgspec.json.Decoder(dict[str, Raw]).decode
_text = msgspec.json.Decoder(str).decode


def fault_of_headers(headers: Headers, *, version: str, method: str, params: Raw) -> str:
    """Say how the headers disagree with the body; empty when they do not."""
    counted = Counter(name for name, _ in headers)
    values = dict(headers)
    expected: dict[str, str | None] = {VERSION: version, METHOD: method}
    member = NAMED_BY.get(method)
    if member is not None:
        expected[NAME] = _member(params, member)
    for name, wanted in expected.items():
        if counted[name] > 1:
            return f"the header {name} comes twice"
        if name not in values:
            return f"the header {name} is missing"
        if header_text(values[name]) != wanted:
            return f"the header {name} says something else than the body"
    return ""


def header_text(value: str) -> str | None:
    """Return what a header's value stands for; None for an encoded one that is broken."""
    found = _ENCODED.fullmatch(value)
    if found is None:
        return value
    try:
        decoded = base64.b64decode(found[1], validate=True)
        # Only the one canonical spelling: two readers could take another for two texts.
        if base64.b64encode(decoded).decode() != found[1]:
            return None
        return decoded.decode()
    except ValueError:
        # No base64, no ASCII, or no UTF-8 within it.
        return None


def header_value(text: str) -> str:
    """Return a text as a header's value, encoded where it would not survive as it is."""
    if _SAFE.fullmatch(text) and not _ENCODED.fullmatch(text):
        return text
    return f"=?base64?{base64.b64encode(text.encode()).decode()}?="


def _member(params: Raw, name: str) -> str | None:
    try:
        return _text(_members(params).get(name, b""))
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def fault_of_param_headers(headers: Headers, schema: JsonObject, arguments: JsonObject) -> str:
    """Say how the headers that repeat arguments disagree with them; empty when they do not."""
    counted = Counter(name for name, _ in headers)
    values = dict(headers)
    for path, token in marked_properties(schema):
        name = f"{_PARAM}{token.lower()}"
        wanted = rendered_at(arguments, path)
        if counted[name] > 1:
            return f"the header {name} comes twice"
        if (wanted is None) is (name in values):
            return f"the header {name} is {'missing' if wanted is not None else 'of no argument'}"
        if wanted is not None and header_text(values[name]) != wanted:
            return f"the header {name} says something else than the body"
    return ""


def marked_properties(schema: JsonObject) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield the paths of properties whose values a header repeats, each with the header's token.

    Only properties that are reached by `properties` alone count (transports, "Custom headers").
    """
    stack: list[tuple[tuple[str, ...], JsonValue]] = [((), schema)]
    while stack:
        path, node = stack.pop()
        if not isinstance(node, dict):
            continue
        token = node.get("x-mcp-header")
        if path and isinstance(token, str) and _TOKEN.fullmatch(token):
            yield path, token
        properties = node.get("properties")
        if isinstance(properties, dict) and len(path) < _DEEPEST:
            stack.extend(((*path, key), below) for key, below in properties.items())


def rendered_at(arguments: JsonObject, path: Sequence[str]) -> str | None:
    """Return the argument at a path as a header says it; None where there is none to say."""
    node: JsonValue = arguments
    for key in path:
        node = node.get(key) if isinstance(node, dict) else None
    if isinstance(node, bool):
        return "true" if node else "false"
    return str(node) if isinstance(node, str | int | float) else None


def name_in(method: str, params: Raw) -> str | None:
    """Return what a request names that its header repeats; None where it names nothing."""
    member = NAMED_BY.get(method)
    return None if member is None else _member(params, member)


def param_headers(schema: JsonObject, arguments: JsonObject) -> dict[str, str]:
    """Return the headers that repeat a call's arguments."""
    found = ((token, rendered_at(arguments, path)) for path, token in marked_properties(schema))
    return {
        f"{_PARAM}{token.lower()}": header_value(text) for token, text in found if text is not None
    }
