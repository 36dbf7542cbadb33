"""What a server's answer to a call says beside its text: that it failed, or asks for something."""

import json

from keyturn.domain.canonical import JsonObject, JsonValue, Parsed, parse_strict

REQUESTS, STATE, TYPE = "inputRequests", "requestState", "resultType"
_ASKING = "input_required"


def error_as_result(error: JsonValue) -> JsonObject:
    """Set an error out as a result that says the same: its texts, and all of it as structure."""
    members = error if isinstance(error, dict) else {}
    texts: list[JsonValue] = []
    for said in (members.get("message"), members.get("data")):
        if said is not None:
            text = said if isinstance(said, str) else json.dumps(said, ensure_ascii=False, indent=1)
            texts.append({"type": "text", "text": text})
    return {"content": texts, "structuredContent": members}


def asking_in(line: bytes) -> JsonObject | None:
    """Return the result in an answer's frame if it asks for something; None for all others."""
    if not _may_ask(line):
        return None
    parsed = parse_strict(line)
    frame = parsed.value if isinstance(parsed, Parsed) else None
    # What cannot be read strictly asks for nothing that anybody could be shown.
    if not isinstance(frame, dict):
        return {TYPE: _ASKING, REQUESTS: None}
    return asking(frame.get("result"))


def asking(result: JsonValue) -> JsonObject | None:
    """Return a result that asks for something; None for all others."""
    if not isinstance(result, dict):
        return None
    return result if result.get(TYPE) == _ASKING or REQUESTS in result else None


def _may_ask(line: bytes) -> bool:
    """Tell whether a line could hold these words, spelt plainly or with escapes."""
    return _ASKING.encode() in line or REQUESTS.encode() in line or b"\\u" in line
