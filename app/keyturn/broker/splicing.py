"""Owns the ids and progress tokens of clients that share one server process.

Two clients may use the same id, so each request gets one of the link's own on its way in, and its
own back on its way out: the stated exception to passing bytes untouched (architecture.md section
7, "HTTP to stdio"). Every other value keeps its bytes.
"""

import json
from collections.abc import Mapping

import msgspec
from msgspec import Raw

from keyturn.broker.envelope import RequestId
from keyturn.broker.members import members_as_sent

SUBSCRIPTION = "io.modelcontextprotocol/subscriptionId"
_value = msgspec.json.Decoder(str | int).decode
_encode = msgspec.json.encode


def spliced_in(line: bytes, own_id: RequestId) -> tuple[bytes, Raw, Raw | None]:
    """Put an id of the link's own into a request; return the line, its id and progress token.

    A progress token is replaced by the same id, which nobody else has. Raises msgspec.DecodeError
    for a line that is no object.
    """
    frame = members_as_sent(line)
    literal = frame["id"]
    own = Raw(_encode(own_id))
    token = _token(frame.get("params"))
    changed: dict[str, Raw] = {"id": own}
    if token is not None:
        params = members_as_sent(frame["params"])
        meta = {**members_as_sent(params["_meta"]), "progressToken": own}
        changed["params"] = Raw(_object({**params, "_meta": Raw(_object(meta))}))
    return _object({**frame, **changed}) + b"\n", literal, token


def with_id(line: bytes, literal: Raw) -> bytes:
    """Give an answer the id that its client used."""
    return _object({**members_as_sent(line), "id": literal}) + b"\n"


def with_token(line: bytes, token: Raw) -> bytes:
    """Give a progress notification the token that its client used."""
    frame = members_as_sent(line)
    params = {**members_as_sent(frame["params"]), "progressToken": token}
    return _object({**frame, "params": Raw(_object(params))}) + b"\n"


def with_subscription(line: bytes, literal: Raw) -> bytes:
    """Give a notification of a subscription the id of the request that its client subscribed by."""
    frame = members_as_sent(line)
    params = members_as_sent(frame["params"])
    meta = {**members_as_sent(params["_meta"]), SUBSCRIPTION: literal}
    return (
        _object({**frame, "params": Raw(_object({**params, "_meta": Raw(_object(meta))}))}) + b"\n"
    )


def progress_of(params: Raw) -> RequestId | None:
    """Return the token that a progress notification names."""
    return _usable(_members_or_none(params).get("progressToken"))


def subscription_of(params: Raw) -> RequestId | None:
    """Return the id of the request whose subscription a notification belongs to."""
    return _usable(_members_or_none(_members_or_none(params).get("_meta")).get(SUBSCRIPTION))


def token_in(params: Raw | None) -> RequestId | None:
    """Return the progress token that a request names."""
    return _usable(_token(params))


def _token(params: Raw | None) -> Raw | None:
    return _members_or_none(_members_or_none(params).get("_meta")).get("progressToken")


def _usable(raw: Raw | None) -> RequestId | None:
    try:
        return None if raw is None else _value(raw)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def _members_or_none(raw: Raw | None) -> dict[str, Raw]:
    try:
        return {} if raw is None else members_as_sent(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}


def _object(members: Mapping[str, Raw]) -> bytes:
    return b"{" + b",".join(_quoted(key) + b":" + bytes(raw) for key, raw in members.items()) + b"}"


def _quoted(key: str) -> bytes:
    try:
        return _encode(key)
    except UnicodeEncodeError:
        # Half a surrogate pair, which only an escape can spell.
        return json.dumps(key).encode()
