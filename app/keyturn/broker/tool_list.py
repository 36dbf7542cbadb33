"""Owns reading and cutting a `tools/list` result; each tool that stays keeps its original bytes."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import msgspec
from msgspec import Raw

from keyturn.broker.envelope import members_of, repeats_a_key
from keyturn.domain.canonical import Parsed, parse_strict
from keyturn.domain.definition import ToolDefinition, pinned_definition

_raw_list = msgspec.json.Decoder(list[Raw]).decode
_text = msgspec.json.Decoder(str).decode


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedTool:
    """One entry of a list."""

    raw: Raw
    definition: ToolDefinition | None
    """None when it could be understood in two ways or has no name: nobody can review it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolPage:
    """One `tools/list` result."""

    members: dict[str, Raw]
    tools: tuple[ListedTool, ...]
    cursor: str
    """`nextCursor`; empty on the last page."""
    clear: bool
    """False when the result itself has a key twice: it must not be forwarded as it came."""


def read_page(result: bytes) -> ToolPage | None:
    """Read a result; None when it is no list of tools."""
    members = members_of(result)
    if members is None or "tools" not in members:
        return None
    try:
        raws = _raw_list(members["tools"])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return ToolPage(
        members=members,
        tools=tuple(ListedTool(raw=raw, definition=_definition(raw)) for raw in raws),
        cursor=_cursor(members.get("nextCursor")),
        clear=not repeats_a_key(result, members),
    )


def unmistakable(pages: list[ToolPage]) -> list[ToolDefinition]:
    """Return the tools that can be reviewed: of two different ones with one name, neither."""
    found = {
        (tool.definition.name, tool.definition.def_hash): tool.definition
        for page in pages
        for tool in page.tools
        if tool.definition is not None
    }
    names = Counter(name for name, _ in found)
    return [definition for (name, _), definition in found.items() if names[name] == 1]


def cut_page(
    page: ToolPage, keep: Callable[[ToolDefinition], bool], *, modern: bool
) -> dict[str, Raw] | None:
    """Return the result's members with only the tools to keep; None when nothing is cut.

    A cut list of the 2026-07-28 era says that it is stale at once and nobody else's
    (`ttlMs`, `cacheScope`), so that the rest appears as soon as it is agreed to.
    """
    kept = [t.raw for t in page.tools if t.definition is not None and keep(t.definition)]
    if page.clear and len(kept) == len(page.tools):
        return None
    members = {**page.members, "tools": Raw(msgspec.json.encode(kept))}
    if modern:
        members["ttlMs"] = Raw(b"0")
        members["cacheScope"] = Raw(b'"private"')
    return members


def _definition(raw: Raw) -> ToolDefinition | None:
    parsed = parse_strict(bytes(raw))
    if not isinstance(parsed, Parsed) or not isinstance(parsed.value, dict):
        return None
    try:
        return pinned_definition(parsed.value)
    except ValueError:
        return None


def _cursor(raw: Raw | None) -> str:
    if raw is None:
        return ""
    try:
        return _text(raw)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ""
