"""Owns how a command that somebody agreed to is said to differ now: in a headline, line by line.

No text of a file is kept, so that files are compared by their sizes and hashes.
"""

from collections.abc import Iterator
from pathlib import PurePath
from typing import Final

from keyturn.application.approval_request import ApprovalRequest
from keyturn.application.review_request import AGREED_AT, AGREED_BEFORE, CLOSURE_CHANGED
from keyturn.domain.canonical import JsonObject, JsonValue
from keyturn.presentation.card import DiffRow
from keyturn.presentation.json_nodes import read_json
from keyturn.presentation.launch_facts import facts_with
from keyturn.presentation.text_diff import diff_rows
from keyturn.presentation.visible_text import shown_line
from keyturn.presentation.words import Words

_LONGEST: Final = 120
_NAMED: Final = 2
_PARTS: Final = {
    "argv": "launch.part_command",
    "url": "launch.part_address",
    "executable": "launch.part_program",
    "sha256": "launch.part_program",
    "cwd": "launch.part_folder",
    "env": "launch.part_variables",
    "headers": "launch.part_headers",
    "transport": "launch.part_transport",
    "oauth": "launch.part_sign_in",
}
_FILES: Final = ("changed", "added", "removed")


def changed_headline(request: ApprovalRequest, words: Words) -> str:
    """Return "orders changed since you agreed: orders.py"; empty for a first start."""
    facts, server = facts_with(request), request.server
    if "certificate" in facts:
        return ""
    if files := _named(facts.get(CLOSURE_CHANGED), words):
        return words("launch.headline_files", server=server, files=files)
    parts = dict.fromkeys(words(_PARTS[name]) for name in _differing(request, facts))
    if parts:
        return words("launch.headline_parts", server=server, parts=", ".join(parts))
    return words("launch.headline_changed", server=server) if facts.get(AGREED_AT) else ""


def agreed_text(request: ApprovalRequest, words: Words) -> str:
    """Return when a command of this server was agreed to; empty for a first start."""
    facts = facts_with(request)
    when = _moment(facts.get(AGREED_AT))
    if not when:
        return ""
    key = "launch.agreed_other" if AGREED_BEFORE in facts else "launch.agreed_same"
    return words(key, when=when)


def command_diff(request: ApprovalRequest, words: Words) -> tuple[DiffRow, ...]:
    """Return what was agreed to against what would run now; nothing for a first start."""
    facts = facts_with(request)
    change = facts.get(CLOSURE_CHANGED)
    if isinstance(change, dict):
        was, now = _files(change.get("was"), words), _files(change.get("now"), words)
    else:
        differing = _differing(request, facts)
        was = _lines(_before(facts), differing, words)
        now = _lines(_subject(request), differing, words)
    before, after = [*was], [*now]
    if not before and not after:
        return ()
    agreed = words("launch.diff_agreed", when=_moment(facts.get(AGREED_AT)))
    seen = words("launch.diff_now", when=_moment(request.created_utc))
    return diff_rows("\n".join((agreed, *before)), "\n".join((seen, *after)))


def _named(change: JsonValue, words: Words) -> str:
    """Name the files that differ, without their folders, which stand below."""
    if not isinstance(change, dict):
        return ""
    parts = [part for part in map(change.get, _FILES) if isinstance(part, dict)]
    listed = [part.get("named") for part in parts]
    paths = [path for one in listed if isinstance(one, list) for path in one]
    names = [PurePath(path).name for path in paths if isinstance(path, str)]
    counted = [part.get("files") for part in parts]
    more = sum(one for one in counted if isinstance(one, int)) - len(names[:_NAMED])
    text = ", ".join(shown_line(name, words, most=_LONGEST) for name in names[:_NAMED])
    return words("launch.files_more", files=text, n=more) if text and more > 0 else text


def _files(said: JsonValue, words: Words) -> Iterator[str]:
    for one in said if isinstance(said, list) else []:
        if not isinstance(one, list) or len(one) != 3:
            continue
        path, size, sha256 = one
        if isinstance(size, int):
            yield str(path)
            yield words("launch.diff_size", n=size)
            yield words("launch.diff_hash", hash=str(sha256))


def _differing(request: ApprovalRequest, facts: JsonObject) -> tuple[str, ...]:
    before, now = _before(facts), _subject(request)
    return tuple(name for name in _PARTS if before and before.get(name) != now.get(name))


def _lines(subject: JsonObject, names: tuple[str, ...], words: Words) -> Iterator[str]:
    for name in names:
        value = subject.get(name)
        values = value if isinstance(value, list) else [value]
        told = words("launch.diff_hash", hash="") if name == "sha256" else words(_PARTS[name])
        yield f"{told.strip()}:"
        yield from (f"  {one}" for one in values if one is not None)


def _before(facts: JsonObject) -> JsonObject:
    said = facts.get(AGREED_BEFORE)
    return _object(read_json(said)) if isinstance(said, str) else {}


def _subject(request: ApprovalRequest) -> JsonObject:
    return _object(read_json(request.arguments))


def _object(value: JsonValue) -> JsonObject:
    return value if isinstance(value, dict) else {}


def _moment(said: JsonValue) -> str:
    return said[:16].replace("T", " ") if isinstance(said, str) else ""
