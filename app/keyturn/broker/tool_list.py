"""Owns reading and cutting lists of tools, prompts and templates; what stays keeps its bytes.

Lists have limits, and are read in slices: what one of tens of megabytes costs would hold up the
stop and every other agent for seconds, as often as its server says that it changed.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from types import MappingProxyType

import msgspec
from msgspec import Raw

from keyturn.application.slices import Slices
from keyturn.broker.members import members_of, repeats_a_key
from keyturn.broker.routes import PROMPTS_LIST, RESOURCES_LIST, TEMPLATES_LIST, TOOLS_LIST
from keyturn.domain.canonical import Parsed, parse_strict
from keyturn.domain.definition import (
    Said,
    ToolDefinition,
    pinned_definition,
    said_definition,
    said_key,
)

MOST_TOOLS = 1_000
"""Of one server; further ones are left out."""
TOOL_BYTES = 64 * 1024
"""Longest definition, as it is spelt; a longer one is left out."""
TOOL_MARKS = 2_000
"""Most commas and opening brackets of a definition: what reading it costs grows with them."""
LIST_BYTES = 8 * 1024 * 1024
"""All pages together; what is longer is not read."""
_LIST_VALUES = 500_000

_raw_list = msgspec.json.Decoder(list[Raw]).decode
_text = msgspec.json.Decoder(str).decode


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedTool:
    """One entry of a list."""

    raw: Raw
    definition: ToolDefinition | None
    """None when it could be understood in two ways or has no name: nobody can review it.

    Also of one that is beyond the limits.
    """


_MEMBERS = MappingProxyType(
    {
        TOOLS_LIST: ("tools", None),
        PROMPTS_LIST: ("prompts", Said.PROMPT),
        TEMPLATES_LIST: ("resourceTemplates", Said.TEMPLATE),
        RESOURCES_LIST: ("resources", Said.RESOURCE),
    }
)


class PageFault(Enum):
    """Why a result is no page."""

    UNREADABLE = auto()
    TOO_LONG = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolPage:
    """One result of a list."""

    member: str
    """Which of its members is the list."""
    members: dict[str, Raw]
    tools: tuple[ListedTool, ...]
    cursor: str
    """`nextCursor`; empty on the last page."""
    clear: bool
    """False when the result itself has a key twice: it must not be forwarded as it came."""
    size: int
    too_large: int
    """How many tools are beyond the limit of one."""
    too_many: int
    """How many come after the last that was read."""


async def read_page(
    result: bytes, *, method: str = TOOLS_LIST, most: int = MOST_TOOLS
) -> ToolPage | PageFault:
    """Read a result and the first tools of it, in slices."""
    if len(result) > LIST_BYTES or result.count(b",") > _LIST_VALUES:
        return PageFault.TOO_LONG
    members = members_of(result)
    member, said = _MEMBERS[method]
    if members is None or member not in members:
        return PageFault.UNREADABLE
    try:
        raws = _raw_list(members[member])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return PageFault.UNREADABLE
    slices = Slices()
    tools: list[ListedTool] = []
    too_large = 0
    for raw in raws[:most]:
        await slices.pause()
        large = len(raw) > TOOL_BYTES or _marks(bytes(raw)) > TOOL_MARKS
        too_large += large
        tools.append(ListedTool(raw=raw, definition=None if large else _definition(raw, said)))
    return ToolPage(
        member=member,
        members=members,
        tools=(*tools, *(ListedTool(raw=raw, definition=None) for raw in raws[most:])),
        cursor=_cursor(members.get("nextCursor")),
        clear=not repeats_a_key(result, members),
        size=len(result),
        too_large=too_large,
        too_many=max(0, len(raws) - most),
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
    members = {**page.members, page.member: Raw(msgspec.json.encode(kept))}
    if modern:
        members["ttlMs"] = Raw(b"0")
        members["cacheScope"] = Raw(b'"private"')
    return members


def _marks(raw: bytes) -> int:
    return raw.count(b",") + raw.count(b"{") + raw.count(b"[")


def _definition(raw: Raw, said: Said | None) -> ToolDefinition | None:
    parsed = parse_strict(bytes(raw))
    if not isinstance(parsed, Parsed) or not isinstance(parsed.value, dict):
        return None
    try:
        if said is None:
            return pinned_definition(parsed.value)
        name = parsed.value.get(said.member)
        if not isinstance(name, str) or not name:
            return None
        return said_definition(said_key(said, name), parsed.value)
    except ValueError:
        return None


def _cursor(raw: Raw | None) -> str:
    if raw is None:
        return ""
    try:
        return _text(raw)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ""
