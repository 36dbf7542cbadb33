"""Owns what a result says in its `_meta` of what was done to it: how much, never what.

Keyturn alone writes members of that prefix: a server that wrote one would tell the agent in
Keyturn's name that nothing was taken out. Every other byte of the frame stays.
"""

import json
import re
from collections.abc import Mapping

from keyturn.domain.call import OWN_META_PREFIX
from keyturn.domain.canonical import JsonObject, JsonValue
from keyturn.inspection.json_places import Member, members_at

CONTROLS_KEY = f"{OWN_META_PREFIX}controls"
"""{masked, removed, left_out: numbers; cut: true}; what is none is absent."""
_OWN = (OWN_META_PREFIX.encode(), OWN_META_PREFIX.replace("/", "\\/").encode())
_ESCAPED = re.compile(rb"\\u00[2-7]")
_META = "_meta"
_LOSSLESS = "surrogateescape"


def may_claim(line: bytes) -> bool:
    """Tell whether a server may have written a member that is Keyturn's own to write."""
    if _OWN[0] in line or _OWN[1] in line:
        return True
    # Any letter of it can be escaped.
    return b"\\u00" in line and _ESCAPED.search(line) is not None


def with_controls(line: bytes, done: Mapping[str, int]) -> bytes:
    """Return a frame whose result says what was done, and nothing else in Keyturn's name.

    The line itself where there is nothing to say, or no result to say it in.
    """
    if not done and not may_claim(line):
        return line
    text = line.decode("utf-8", _LOSSLESS)
    try:
        changed = _changed(text, json.dumps(done) if done else "")
    except (ValueError, RecursionError):
        return line
    return line if changed == text else changed.encode("utf-8", _LOSSLESS)


def note_cut(result: JsonObject) -> JsonObject:
    """Return a result that says that it was cut, beside what it says already."""
    meta = result.get(_META)
    told: JsonObject = dict(meta) if isinstance(meta, dict) else {}
    before: JsonValue = told.get(CONTROLS_KEY)
    told[CONTROLS_KEY] = {**(before if isinstance(before, dict) else {}), "cut": True}
    return {**result, _META: told}


def _changed(text: str, own: str) -> str:
    results = [m for m in members_at(text, text.index("{")) if m.name == "result"]
    if not results or text[results[-1].value] != "{":
        return text
    opens = results[-1].value
    members = list(members_at(text, opens))
    metas = [m for m in members if m.name == _META and text[m.value] == "{"]
    if not metas:
        if not own:
            return text
        said = f'"{_META}":{{"{CONTROLS_KEY}":{own}}}'
        return text[: opens + 1] + said + ("," if members else "") + text[opens + 1 :]
    for place in reversed(metas):
        last = place is metas[-1]
        text = text[: place.value] + _meta(text, place, own if last else "") + text[place.end :]
    return text


def _meta(text: str, place: Member, own: str) -> str:
    members = list(members_at(text, place.value))
    others = [m for m in members if not m.name.startswith(OWN_META_PREFIX)]
    if len(others) == len(members) and not own:
        return text[place.value : place.end]
    kept = [text[m.start : m.end] for m in others]
    return "{" + ",".join([*kept, *([f'"{CONTROLS_KEY}":{own}'] if own else [])]) + "}"
