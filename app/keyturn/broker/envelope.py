"""Owns what one frame is: its method, id, params, result or error; values inside stay raw bytes.

A frame that two readers could understand in two ways is not classified: from a client it is
refused, from a server it answers nothing (protocol.md section 7, parser differentials).
"""

import re

import msgspec
from msgspec import Raw

from keyturn.broker.frames import EDGE_BYTES
from keyturn.broker.members import (
    BOM,
    NOTHING,
    members_as_sent,
    members_of,
    repeats_a_key,
    tolerated,
)
from keyturn.broker.routes import imitates_a_route, imitates_an_input
from keyturn.domain.alike import imitates
from keyturn.domain.canonical import JsonObject, JsonValue, Malformed, canonical, parse_strict
from keyturn.domain.client_request import kind_of, params_imitate
from keyturn.domain.rule import Kind
from keyturn.domain.sealed import SealedParams

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
OWN_PREFIX = "keyturn:"
"""Ids of the broker's own requests; a client may not use it."""
LONGEST_ID = 1024
"""Bytes of an id as it is spelt: ids are kept, and repeated in answers."""
MOST_VALUES = 50_000
"""Members and elements of a judged call, all levels together."""
MOST_MEMBERS = 256
"""Members of a frame itself; the protocol has six, and each is held against all others."""

RequestId = str | int

_ENVELOPE = frozenset({"jsonrpc", "id", "method", "params", "result", "error"})
_TOLD = ("id", "method")

_members = msgspec.json.Decoder(dict[str, Raw]).decode
_text = msgspec.json.Decoder(str).decode
_decode_fast = msgspec.json.decode
_encode = msgspec.json.encode

_ID = re.compile(rb'"id"\s*:\s*("(?:[^"\\]|\\.)*"|-?[0-9]{1,19})')
_OUTCOME = re.compile(rb'"(?:result|error)"\s*:')
_INTEGER = re.compile(rb"-?(?:0|[1-9][0-9]{0,99})")


class ClientFrame(msgspec.Struct, frozen=True):
    """A frame from a client that may be judged or passed."""

    line: bytes
    method: str
    """Empty for a response."""
    id: RequestId | None
    """None for a notification, and for a response."""
    params: Raw
    answers: RequestId | None = None
    """The id that a response names, where anybody could have asked with it."""


class _Cancelled(msgspec.Struct):
    request_id: RequestId = msgspec.field(name="requestId")


_cancelled = msgspec.json.Decoder(_Cancelled).decode


class BadFrame(msgspec.Struct, frozen=True, kw_only=True):
    """A frame from a client that is refused and never forwarded."""

    code: int
    reason: str
    id: RequestId | None = None
    """The id to answer with, where it is usable."""


class ServerFrame(msgspec.Struct, frozen=True):
    """A frame from a server."""

    line: bytes
    method: str
    """Empty for a response."""
    id: RequestId | None
    """None when there is none, or none that anybody could have asked with."""
    asks: bool
    """It has a method and an id of whatever kind, so that an answer is expected."""
    params: Raw
    result: Raw | None = None
    error: Raw | None = None
    without_id: bool = False
    """A response whose id is absent or null, so that it answers no request."""
    ambiguous: bool = False
    """A response that two readers could take for two: a key twice or in other letters, say."""


def read_client(line: bytes) -> ClientFrame | BadFrame:
    """Classify one line from a client."""
    decoded = _decode(line)
    if decoded is None:
        return _unreadable(line)
    text, members = decoded
    raw_method = members.get("method")
    request_id = _usable_id(members.get("id")) if raw_method is not None else None
    if not line.isascii() and not _is_utf8(line):
        return BadFrame(code=PARSE_ERROR, reason="the frame is not valid UTF-8")
    doubt = _doubt_about(line, text, members)
    if doubt:
        return _invalid(doubt, request_id)
    answers = "result" in members or "error" in members
    if raw_method is None:
        if not answers or "id" not in members:
            return _invalid("the frame has no method")
        return ClientFrame(line, "", None, NOTHING, _usable_id(members["id"]))
    method = _string(raw_method)
    if not method or answers:
        return _invalid("the frame is neither a request nor an answer", request_id)
    if imitates_a_route(method):
        return _invalid("the method is one of the protocol's in other letters", request_id)
    if request_id is None and "id" in members:
        return _invalid(_fault_of_id(members["id"]))
    if isinstance(request_id, str) and request_id.startswith(OWN_PREFIX):
        return _invalid("the id begins with a reserved word", request_id)
    return ClientFrame(line, method, request_id, members.get("params", NOTHING))


def strict_params(frame: ClientFrame) -> JsonObject | Malformed:
    """Decode the params of a judged frame, refusing the whole line for any doubt within it.

    Also refused is a call of so many values that reading, showing and tracing each of them would
    hold up the stop and every other agent: eight megabytes of them take a minute.
    """
    values = sum(map(frame.line.count, (b",", b"[", b"{")))
    if values > MOST_VALUES and _holds_too_many(frame.params):
        return Malformed(f"the call holds more than {MOST_VALUES} values")
    parsed = parse_strict(frame.line)
    if isinstance(parsed, Malformed):
        return parsed
    # Only the list of tasks needs no params.
    absent: JsonValue = {} if kind_of(frame.method) is Kind.TASK else None
    params = parsed.value.get("params", absent) if isinstance(parsed.value, dict) else None
    if not isinstance(params, dict):
        return Malformed("the params are no object")
    if params_imitate(frame.method, params):
        return Malformed("a key is one of the protocol's in other letters")
    return params


def read_server(line: bytes) -> ServerFrame | None:
    """Classify one line from a server; None for what is no frame at all."""
    if _broken_by_a_return(line):
        # White space to JSON, but the end of a line to some clients.
        line = line.replace(b"\r", b" ")
    decoded = _decode(line.removeprefix(BOM))
    if decoded is None:
        return unreadable_answer(line)
    text, members = decoded
    if len(members) > MOST_MEMBERS:
        return unreadable_answer(line)
    raw_id = members.get("id")
    result, error = members.get("result"), members.get("error")
    if "method" not in members:
        if result is None and error is None:
            return None
        ambiguous = (
            (result is not None and error is not None)
            or imitates(members, _ENVELOPE)
            or repeats_a_key(text, members)
        )
        return ServerFrame(
            line=line,
            method="",
            id=_usable_id(raw_id),
            asks=False,
            params=NOTHING,
            result=result,
            error=error,
            without_id=raw_id is None or bytes(raw_id) == b"null",
            ambiguous=ambiguous,
        )
    method = _string(members["method"])
    if not method or result is not None or error is not None:
        return None
    if imitates(members, _ENVELOPE) or repeats_a_key(text, members) or imitates_an_input(method):
        # Clients may keep the first of two methods: what is passed must not be a question to them.
        return None
    return ServerFrame(
        line, method, _usable_id(raw_id), raw_id is not None, members.get("params", NOTHING)
    )


def is_cheap_to_read(line: bytes) -> bool:
    """Tell whether so little can stand in a line, however long it is, that anybody may read it."""
    return sum(map(line.count, (b",", b"[", b"{"))) <= MOST_MEMBERS


def unread_request(line: bytes) -> BadFrame:
    """Refuse what nobody could read; only an id that stands near one of its ends is known."""
    request_id = id_within(line[:EDGE_BYTES], line[-EDGE_BYTES:])
    return BadFrame(code=INVALID_REQUEST, reason="the frame takes too long to read", id=request_id)


def unreadable_answer(line: bytes) -> ServerFrame | None:
    """Take what looks like an answer for an ambiguous one: whoever asked must not wait for ever."""
    head = line[:EDGE_BYTES]
    looks = head.lstrip(BOM + b" \t").startswith(b"{") and b'"method"' not in head
    request_id = id_within(head, line[-EDGE_BYTES:]) if looks and _OUTCOME.search(line) else None
    if request_id is None:
        return None
    return ServerFrame(line, "", request_id, False, NOTHING, ambiguous=True)


def id_within(head: bytes, tail: bytes) -> RequestId | None:
    """Find what looks like the id of a frame that cannot be read, near one of its ends."""
    found = _ID.search(head) or _ID.search(tail)
    return None if found is None else _usable_id(Raw(found[1]))


def cancelled_id(params: Raw) -> RequestId | None:
    """Return the id of the request that a cancellation names."""
    try:
        return _cancelled(params).request_id
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def updated_uri(params: Raw) -> str | None:
    """Return which resource changed; empty where nothing is named, None for no one URI."""
    if params == NOTHING:
        return ""
    text = tolerated(bytes(params))
    members = members_of(text)
    if members is None or repeats_a_key(text, members) or imitates(members, {"uri"}):
        return None
    return _string(members["uri"]) if "uri" in members else ""


def result_line(request_id: RequestId, result: object) -> bytes:
    """Encode a response with a result; `result` may hold raw values."""
    if isinstance(result, Raw):
        # As the encoder would write it, but copied once.
        encoded = _encode(request_id)
        return b"".join((b'{"jsonrpc":"2.0","id":', encoded, b',"result":', result, b"}\n"))
    return _encode({"jsonrpc": "2.0", "id": request_id, "result": result}) + b"\n"


def request_line(request_id: RequestId, method: str, params: JsonObject) -> bytes:
    """Encode a request canonically, so that it reads in one way only."""
    return b"".join(request_parts(request_id, method, params))


def request_parts(request_id: RequestId, method: str, params: JsonObject) -> tuple[bytes, ...]:
    """Return the same line in parts: what is large is not copied."""
    frame: JsonObject = {"id": request_id, "jsonrpc": "2.0", "method": method}
    if isinstance(params, SealedParams):
        # In the order of canonical members, the bytes of the params as they were digested.
        return canonical(frame)[:-1] + b',"params":', params.canonical, b"}\n"
    return (canonical({**frame, "params": params}) + b"\n",)


def notification_line(method: str, params: JsonObject | None = None) -> bytes:
    """Encode a notification."""
    body: dict[str, object] = {"jsonrpc": "2.0", "method": method}
    if params is not None:
        body["params"] = params
    return _encode(body) + b"\n"


def _decode(line: bytes) -> tuple[bytes, dict[str, Raw]] | None:
    """Return the members, and the text that they are slices of."""
    try:
        return line, _members(line)
    except msgspec.ValidationError:
        return None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass
    readable = tolerated(line)
    members = members_of(readable) if readable != line else None
    if members is None or not _as_sent(line, members):
        return None
    return readable, members


def _as_sent(line: bytes, members: dict[str, Raw]) -> bool:
    """Tell whether id and method are what came, and nothing in them had to be replaced."""
    try:
        sent = members_as_sent(line)
    except msgspec.DecodeError:
        # A key comes twice, which is for whoever asks to say.
        return True
    return all(bytes(sent.get(key, b"")) == bytes(members.get(key, b"")) for key in _TOLD)


def _broken_by_a_return(line: bytes) -> bool:
    """Tell whether a carriage return stands within a frame, where JSON takes it for white space.

    Readers with universal newlines (Python's text mode, the MCP SDK's servers among them) end a
    line there, and would find a frame of its own in the middle of one that was passed.
    """
    return b"\r" in line and b"\r" in line.strip()


def _holds_too_many(params: Raw) -> bool:
    """Count values at a decoder's speed; what it cannot decode is left to the strict reader."""
    try:
        levels: list[JsonValue] = [_decode_fast(params)]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    count = 0
    while levels:
        item = levels.pop()
        below = list(item.values()) if isinstance(item, dict) else item
        if isinstance(below, list):
            count += len(below)
            if count > MOST_VALUES:
                return True
            levels.extend(value for value in below if isinstance(value, dict | list))
    return False


def _doubt_about(line: bytes, text: bytes, members: dict[str, Raw]) -> str:
    """Say why two readers could find two frames in a line; empty when all find the same."""
    if len(members) > MOST_MEMBERS:
        return f"the frame has more than {MOST_MEMBERS} members"
    if repeats_a_key(text, members):
        return "the frame has the same key twice"
    if imitates(members, _ENVELOPE):
        return "a key is one of the protocol's in other letters"
    if _broken_by_a_return(line):
        return "the frame holds a carriage return"
    return ""


def _unreadable(line: bytes) -> BadFrame:
    if line.lstrip()[:1] == b"[":
        return _invalid("batches are not taken")
    return BadFrame(code=PARSE_ERROR, reason="the frame is not a JSON object")


def _invalid(reason: str, request_id: RequestId | None = None) -> BadFrame:
    return BadFrame(code=INVALID_REQUEST, reason=reason, id=request_id)


def _fault_of_id(raw: Raw) -> str:
    if len(bytes(raw)) > LONGEST_ID:
        return f"the id is longer than {LONGEST_ID} bytes"
    return "the id is no string and no integer"


def _usable_id(raw: Raw | None) -> RequestId | None:
    if raw is None:
        return None
    literal = bytes(raw)
    if len(literal) > LONGEST_ID:
        return None
    if literal[:1] == b'"':
        return _string(raw)
    return int(literal) if _INTEGER.fullmatch(literal) else None


def _string(raw: Raw) -> str | None:
    try:
        return _text(raw)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True
