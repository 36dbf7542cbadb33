"""What the readers of the wire must agree on with other readers, for any bytes whatever.

Each function takes one input and raises AssertionError where it finds a disagreement; properties
(tests/property/test_wire_oracles.py) and the fuzzer (tests/bench/fuzz.py) feed them. The other
readers are json.loads and what careless programs do beside it: the first of two equal keys or the
last, keys without regard to case or up to a NUL, a byte order mark, universal newlines.
"""

import io
import json
import re
import unicodedata
from collections.abc import Iterator
from typing import Any, cast

import msgspec
import rfc8785

from keyturn.broker.envelope import (
    LONGEST_ID,
    BadFrame,
    ClientFrame,
    ServerFrame,
    read_client,
    read_server,
    strict_params,
)
from keyturn.broker.frames import LineSplitter, Oversize
from keyturn.broker.http_headers import (
    fault_of_headers,
    fault_of_param_headers,
    header_text,
    header_value,
    param_headers,
)
from keyturn.broker.routes import Route, route_of
from keyturn.broker.server_events import Event, EventReader
from keyturn.broker.splicing import (
    progress_of,
    spliced_in,
    subscription_of,
    token_in,
    with_id,
    with_subscription,
    with_token,
)
from keyturn.domain.canonical import (
    MAX_DEPTH,
    MAX_SAFE_INTEGER,
    JsonObject,
    Malformed,
    Parsed,
    canonical,
    parse_strict,
)
from keyturn.domain.client_request import KINDS as ASKED
from keyturn.domain.client_request import LISTEN
from keyturn.domain.server_input import KINDS as INPUTS

LIMIT = 64
"""Bytes of a line or an event, so that short inputs reach it."""
_BOM = b"\xef\xbb\xbf"
_VISIBLE = re.compile(r"[\x20-\x7e]*")
_SURROGATE = re.compile("[\ud800-\udfff]")


class Pairs(list[tuple[str, Any]]):
    """An object with every key that its text has, repeated ones too."""


def loaded(text: bytes | str) -> Any:
    """Read as json.loads does, with `Pairs` for objects; raises ValueError and RecursionError."""
    return json.loads(text, object_pairs_hook=Pairs)


def plain(value: Any, *, first: bool = False) -> Any:
    """Return what a reader makes of it that takes the first, or the last, of two equal keys."""
    if isinstance(value, Pairs):
        kept: dict[str, Any] = {}
        for key, below in value:
            if not first or key not in kept:
                kept[key] = plain(below, first=first)
        return kept
    if isinstance(value, list):
        return [plain(below, first=first) for below in cast(list[Any], value)]
    return value


def same(one: Any, other: Any) -> bool:
    """Tell whether two values are the same JSON: 1 is not true, and not 1.0 either."""
    return repr(one) == repr(other) or json.dumps(one) == json.dumps(other)


def all_of(pairs: Pairs, name: str) -> list[Any]:
    """Return every value that some reader finds under a name."""
    return [value for key, value in pairs if key.partition("\0")[0].casefold() == name]


def readings(line: bytes) -> Iterator[Pairs]:
    """Yield every object that some reader finds in a line."""
    # json.loads guesses UTF-16 and UTF-32; text readers strip a mark, or end lines at a return.
    texts: list[bytes | str] = [line, line.removeprefix(_BOM)]
    lenient = line.decode(errors="replace")
    texts += [lenient, line.decode(errors="ignore")]
    texts += list(io.StringIO(lenient, newline=None))
    for text in texts:
        try:
            found = loaded(text)
        except (ValueError, RecursionError):
            continue
        if isinstance(found, Pairs):
            yield found


def careless(method: object) -> set[str]:
    """Return what careless comparisons make of a method."""
    if not isinstance(method, str):
        return set()
    cut = method.partition("\0")[0]
    normal = unicodedata.normalize("NFKC", cut)
    return {method, cut, cut.strip(), normal.strip(), cut.strip().casefold(), cut.strip().lower()}


# ---------------------------------------------------------------- the envelope


def client_frame(data: bytes) -> None:
    """Nothing that any reader takes for a judged method is passed; ids and bytes agree."""
    line = _one_line(data)
    frame = read_client(line)
    if isinstance(frame, BadFrame):
        assert frame.reason
        _usable(frame.id)
        return
    assert frame.line is line
    strictly = loaded(line)
    assert isinstance(strictly, Pairs), "what is passed is an object to everybody"
    for found in readings(line):
        _same_to(frame, found)
    if route_of(frame.method, frame.line) is Route.JUDGED:
        _judged(frame, strictly)


def _one_line(data: bytes) -> bytes:
    """Return what a splitter may hand on: one line with its end."""
    return data.replace(b"\n", b" ") + b"\n"


def _same_to(frame: ClientFrame, found: Pairs) -> None:
    methods = all_of(found, "method")
    ids = all_of(found, "id")
    assert len(methods) == bool(frame.method), "one method to everybody"
    assert len(ids) <= 1, "one id to everybody"
    if not frame.method:
        assert all_of(found, "result") or all_of(found, "error"), "an answer"
        return
    assert methods == [frame.method]
    if route_of(frame.method, frame.line) is not Route.JUDGED:
        if frame.method == LISTEN:
            said = repr(loaded(frame.line)).casefold()
            assert said.count("subscription") == 1, "it names resources"
        else:
            readings = careless(frame.method) & frozenset(ASKED)
            assert not readings, "a judged method in other letters"
    _usable(frame.id)
    assert same(ids, [] if frame.id is None else [frame.id])
    params = all_of(found, "params")
    assert len(params) <= 1, "one params to everybody"
    assert bool(params) is bool(bytes(frame.params))


def _usable(request_id: object) -> None:
    assert request_id is None or type(request_id) in (str, int)
    assert len(str(request_id)) <= LONGEST_ID


def _judged(frame: ClientFrame, pairs: Pairs) -> None:
    params = strict_params(frame)
    if isinstance(params, Malformed):
        assert params.reason
        return
    (last,) = all_of(pairs, "params")
    assert plain(last) == params == plain(last, first=True), "one reading of the params"
    assert len(all_of(last, "name")) <= 1
    assert len(all_of(last, "arguments")) <= 1
    assert parse_strict(canonical(params)) == Parsed(params)


def server_frame(data: bytes) -> None:
    """What is handed on has one reading: whom it answers, what it asks."""
    line = _one_line(data)
    frame = read_server(line)
    if frame is None:
        return
    assert frame.line in (line, line.replace(b"\r", b" "))
    _usable(frame.id)
    for found in readings(frame.line):
        _same_from_server(frame, found)


def _same_from_server(frame: ServerFrame, found: Pairs) -> None:
    ids, methods = all_of(found, "id"), all_of(found, "method")
    if frame.method:
        assert methods == [frame.method], "one method to everybody"
        assert len(ids) <= 1, "one id to everybody"
        assert frame.asks is bool(ids)
        if frame.method not in INPUTS:
            assert not {word for word in careless(frame.method) if word in INPUTS}
        assert len(all_of(found, "params")) <= 1, "one params to everybody"
        assert not all_of(found, "result")
        assert not all_of(found, "error")
    elif not frame.ambiguous:
        assert not methods
        assert len(ids) <= 1
        assert (frame.result is None) is not (frame.error is None)
        assert len(all_of(found, "result")) + len(all_of(found, "error")) == 1
        if frame.id is not None:
            assert same(ids, [frame.id])
        assert frame.without_id is (ids in ([], [None]))


# ---------------------------------------------------------------- framing


def stream(data: bytes) -> None:
    """Lines do not depend on how they arrive, and hold to the limit; the first byte cuts."""
    size, rest = _pieces(data)
    splitter, at_once = LineSplitter(LIMIT), LineSplitter(LIMIT)
    lines: list[bytes | Oversize] = []
    for at in range(0, len(rest), size):
        lines += splitter.feed(rest[at : at + size])
        assert splitter.held <= LIMIT
    assert lines == at_once.feed(rest)
    assert [_told(line) for line in lines] == list(_expected(rest))


def _pieces(data: bytes) -> tuple[int, bytes]:
    """Return how much comes at a time, and what; more than this shows nothing new."""
    return (data[0] % 17 + 1, data[1 : 8 * LIMIT]) if data else (1, b"")


def _told(line: bytes | Oversize) -> tuple[int, bytes, bytes]:
    if isinstance(line, Oversize):
        return line.size, line.head, line.tail
    return len(line), line, line


def _expected(data: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    for part in data.split(b"\n")[:-1]:
        line = part + b"\n"
        if len(line) > LIMIT:
            yield len(line), line[:512], line[-512:]
        elif not line.isspace():
            yield len(line), line, line


# ---------------------------------------------------------------- strict JSON


def strict(data: bytes) -> None:
    """What is accepted has one reading and one form; what is refused has a reason for it."""
    read = parse_strict(data)
    try:
        found = json.loads(str(data, "utf-8"), object_pairs_hook=Pairs)
    except (ValueError, RecursionError):
        assert isinstance(read, Malformed), "json.loads refuses it"
        return
    if isinstance(read, Malformed):
        assert read.reason
        assert _has_a_fault(found), f"refused without need: {read.reason}"
        return
    assert same(plain(found), read.value), "the last of equal keys"
    assert same(plain(found, first=True), read.value), "the first of equal keys"
    written = canonical(read.value)
    assert written == rfc8785.dumps(read.value)
    again = parse_strict(written)
    assert not isinstance(again, Malformed), again
    assert again.value == read.value
    assert canonical(again.value) == written


def _has_a_fault(found: Any) -> bool:
    """Tell whether a value has what is not allowed in it."""
    levels: list[tuple[Any, int]] = [(found, 1)]
    while levels:
        item, depth = levels.pop()
        if isinstance(item, Pairs):
            keys = [key for key, _ in item]
            if depth > MAX_DEPTH or len(set(keys)) < len(keys) or _SURROGATE.search("".join(keys)):
                return True
            levels += [(below, depth + 1) for _, below in item]
        elif isinstance(item, list):
            if depth > MAX_DEPTH:
                return True
            levels += [(below, depth + 1) for below in cast(list[Any], item)]
        elif isinstance(item, str):
            if _SURROGATE.search(item):
                return True
        elif isinstance(item, int | float) and not abs(item) <= MAX_SAFE_INTEGER:
            return True
    return False


# ---------------------------------------------------------------- HTTP


def events(data: bytes) -> None:
    """Events do not depend on how they arrive, and are those of the standard."""
    size, rest = _pieces(data)
    pieces = [rest[at : at + size] for at in range(0, len(rest), size)]
    found = _events_of(pieces)
    if found is None:
        assert len(rest) > LIMIT
        return
    assert found == list(_standard_events(rest))
    at_once = _events_of([rest])
    assert at_once is None or at_once == found


def _events_of(pieces: list[bytes]) -> list[tuple[bytes, str]] | None:
    reader = EventReader(LIMIT)
    read = [event for piece in pieces for event in reader.feed(piece)]
    found = [event for event in read if isinstance(event, Event)]
    if len(found) < len(read) or reader.skipping:
        return None
    for event in found:
        assert event.retry is None or 0 <= event.retry <= 3600
    return [(event.data, event.kind) for event in found if event.data]


def _standard_events(data: bytes) -> Iterator[tuple[bytes, str]]:
    """Cut as WHATWG HTML section 9.2 does, but at newlines only: no server ends lines otherwise."""
    lines: list[bytes] = []
    kind = b""
    for line in data.removeprefix(_BOM).split(b"\n")[:-1]:
        name, _, value = line.removesuffix(b"\r").partition(b":")
        if not name and not line.removesuffix(b"\r"):
            if b"\n".join(lines):
                yield b"\n".join(lines), (kind or b"message").decode("latin-1")
            lines, kind = [], b""
        elif name == b"data":
            lines.append(value.removeprefix(b" "))
        elif name == b"event":
            kind = value.removeprefix(b" ")


def headers(data: bytes) -> None:
    """A text survives its header, which never holds what would end it; nothing raises."""
    text = data.decode("utf-8", "replace")
    value = header_value(text)
    assert _VISIBLE.fullmatch(value), "nothing that ends a header"
    assert header_text(value) == text
    stood_for = header_text(text)
    assert (
        stood_for is None
        or stood_for == text
        or header_value(stood_for) == text
        or (text.startswith("=?base64?"))
    )
    lines = text.split("\n")
    pairs = [(name.lower(), value) for name, _, value in (line.partition(":") for line in lines)]
    for method in ("tools/call", "resources/read", "ping"):
        body = msgspec.Raw(data.rpartition(b"\n")[2])
        assert isinstance(fault_of_headers(pairs, version="v", method=method, params=body), str)
    parsed = parse_strict(lines[-1])
    if not isinstance(parsed, Malformed) and isinstance(parsed.value, dict):
        _param_headers(pairs, parsed.value)


def _param_headers(pairs: list[tuple[str, str]], schema: JsonObject) -> None:
    found = schema.get("arguments")
    arguments: JsonObject = found if isinstance(found, dict) else schema
    assert isinstance(fault_of_param_headers(pairs, schema, arguments), str)
    made = param_headers(schema, arguments)
    assert all(_VISIBLE.fullmatch(f"{name}: {value}") for name, value in made.items())


# ---------------------------------------------------------------- splicing


def splicing(data: bytes) -> None:
    """What is spliced is the same but for the id and the token; nothing else raises or moves."""
    line = _one_line(data)
    try:
        _spliced(line)
    except msgspec.DecodeError:
        beyond = line.removeprefix(_BOM).decode(errors="surrogateescape")
        assert _has_a_fault(loaded(beyond)), "only what has two readings is not spliced"


def _spliced(line: bytes) -> None:
    asked = read_client(line)
    if isinstance(asked, ClientFrame) and asked.method and asked.id is not None:
        _spliced_in(line, asked)
    said = read_server(line)
    if said is None or said.ambiguous:
        return
    own = msgspec.Raw(b'"own"')
    if not said.method and said.id is not None:
        _differs_by(said.line, with_id(said.line, own), ("id",))
    elif progress_of(said.params) is not None:
        _differs_by(said.line, with_token(said.line, own), ("params", "progressToken"))
    elif subscription_of(said.params) is not None:
        key = "io.modelcontextprotocol/subscriptionId"
        _differs_by(said.line, with_subscription(said.line, own), ("params", "_meta", key))


def _spliced_in(line: bytes, asked: ClientFrame) -> None:
    changed, literal, token = spliced_in(line, 7)
    assert same(json.loads(bytes(literal)), asked.id)
    before, after = plain(loaded(line)), json.loads(changed)
    assert changed.count(b"\n") == 1
    assert changed.endswith(b"\n")
    assert after["id"] == 7
    named = token_in(asked.params)
    if token is None:
        assert named is None
    else:
        assert after["params"]["_meta"]["progressToken"] == 7
        after["params"]["_meta"]["progressToken"] = json.loads(bytes(token))
    assert same(after | {"id": asked.id}, before)
    again = read_client(changed)
    assert isinstance(again, ClientFrame)
    assert again.method == asked.method


def _differs_by(line: bytes, changed: bytes, path: tuple[str, ...]) -> None:
    before = plain(loaded(line.removeprefix(_BOM).decode("utf-8", "surrogateescape")))
    after = json.loads(changed.decode("utf-8", "surrogateescape"))
    holder: Any = before
    for key in path[:-1]:
        holder = holder[key]
    holder[path[-1]] = "own"
    assert same(before, after)
    assert changed.count(b"\n") == 1


ORACLES = {
    "client": client_frame,
    "server": server_frame,
    "stream": stream,
    "strict": strict,
    "events": events,
    "headers": headers,
    "splicing": splicing,
}
"""By the names that the fuzzer takes."""
