"""Owns what clients and servers declare of themselves, in the handshake or in each request.

Legacy: `initialize` names them once. From 2026-07-28 on every request carries the version, and
should carry who the client is, under reserved `_meta` keys.
"""

from collections.abc import Mapping

import msgspec
from msgspec import Raw

from keyturn.application.connection import Claims
from keyturn.broker.routes import PROMPTS_LIST, TEMPLATES_LIST
from keyturn.domain.canonical import JsonObject, JsonValue, Parsed, parse_strict
from keyturn.domain.definition import LONGEST_SAID

VERSION_KEY = "io.modelcontextprotocol/protocolVersion"
CLIENT_KEY = "io.modelcontextprotocol/clientInfo"
CAPABILITIES_KEY = "io.modelcontextprotocol/clientCapabilities"
_OWN_META = (VERSION_KEY, CLIENT_KEY, CAPABILITIES_KEY)
_LONGEST_META = 16 * 1024
"""Bytes of one of them; a longer one is not repeated."""
_LONGEST_CLAIM = 200
_LONGEST_INSTRUCTIONS = 6 * LONGEST_SAID
"""Bytes: each character may be written as an escape."""


class _Client(msgspec.Struct):
    name: str = ""
    version: str = ""


class _Request(msgspec.Struct):
    meta: dict[str, Raw] | None = msgspec.field(name="_meta", default=None)


class _Handshake(msgspec.Struct):
    client: _Client = msgspec.field(name="clientInfo", default_factory=_Client)


class _Listed(msgspec.Struct):
    list_changed: bool = msgspec.field(name="listChanged", default=False)


class _Capabilities(msgspec.Struct):
    tools: _Listed | None = None
    prompts: _Listed | None = None
    resources: Raw = msgspec.field(default_factory=Raw)


class _Declared(msgspec.Struct):
    capabilities: _Capabilities | None = None
    version: str = msgspec.field(name="protocolVersion", default="")
    instructions: Raw = msgspec.field(default_factory=Raw)


_request = msgspec.json.Decoder(_Request).decode
_handshake = msgspec.json.Decoder(_Handshake).decode
_declared = msgspec.json.Decoder(_Declared).decode


class ServerSays(msgspec.Struct, frozen=True):
    """What a server declared of its lists, and of the version where there is a handshake."""

    tools: bool
    list_changed: bool
    version: str = ""
    beside: tuple[str, ...] = ()
    """The methods that list what else is pinned."""
    prompts_changed: bool = False
    instructions: str = ""


def modern_meta(params: Raw | bytes) -> JsonObject | None:
    """Return the `_meta` of a 2026-07-28 request that Keyturn repeats; None if legacy."""
    try:
        found = _request(params).meta
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    if found is None or VERSION_KEY not in found:
        return None
    meta: JsonObject = {}
    for key in _OWN_META:
        raw = bytes(found.get(key, b""))
        parsed = parse_strict(raw) if 0 < len(raw) <= _LONGEST_META else None
        if isinstance(parsed, Parsed):
            meta[key] = parsed.value
    return meta


def modern_meta_of(params: Mapping[str, JsonValue]) -> JsonObject | None:
    """Do the same for params that are decoded already."""
    meta = params.get("_meta")
    if not isinstance(meta, dict) or VERSION_KEY not in meta:
        return None
    return {key: meta[key] for key in _OWN_META if key in meta}


def claims_in_initialize(params: Raw | bytes) -> Claims | None:
    """Return the client's own name and version from the handshake."""
    try:
        return _claims(_handshake(params).client)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def claims_in_meta(meta: Mapping[str, JsonValue]) -> Claims | None:
    """Return the client's own name and version from a request's `_meta`."""
    try:
        return _claims(msgspec.convert(meta.get(CLIENT_KEY), _Client))
    except msgspec.ValidationError:
        return None


def server_says(result: Raw | bytes) -> ServerSays:
    """Read a server's capabilities from its answer to `initialize` or `server/discover`."""
    try:
        declared = _declared(result)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        # Unreadable: ask for the list anyway; a server without tools answers with an error.
        return ServerSays(tools=True, list_changed=False)
    has = declared.capabilities or _Capabilities()
    prompts = (PROMPTS_LIST,) if has.prompts is not None else ()
    templates = (TEMPLATES_LIST,) if bytes(has.resources) else ()
    return ServerSays(
        tools=has.tools is not None,
        list_changed=has.tools is not None and has.tools.list_changed,
        version=declared.version,
        beside=(*prompts, *templates),
        prompts_changed=has.prompts is not None and has.prompts.list_changed,
        instructions=_instructions(declared.instructions),
    )


def _instructions(raw: Raw) -> str:
    if len(raw) > _LONGEST_INSTRUCTIONS:
        return ""
    parsed = parse_strict(bytes(raw))
    said = parsed.value if isinstance(parsed, Parsed) else None
    return said if isinstance(said, str) else ""


def _claims(client: _Client) -> Claims:
    return Claims(name=client.name[:_LONGEST_CLAIM], version=client.version[:_LONGEST_CLAIM])
