"""Owns what the servers' screen says: the tree of servers and tools, the review of a change."""

from dataclasses import dataclass

from keyturn.domain.tier import Tier
from keyturn.presentation.card import CardActions, Chip, DiffRow
from keyturn.presentation.marks import Icon, IconText, Role


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolRow:
    """A tool in the tree."""

    tool: str
    tier: Tier
    state: IconText


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerRow:
    """A server in the tree, with its tools."""

    server: str
    state: str
    tools: tuple[ToolRow, ...] = ()
    open: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerTree:
    """The list at the left of the screen."""

    servers: tuple[ServerRow, ...]
    changed: Chip | None = None
    """How many tools changed; None when none did."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeLine:
    """One difference in words."""

    icon: Icon
    role: Role
    text: str
    place: str
    """"line 6"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwedChange:
    """A difference that a person must confirm before the change can be accepted."""

    path: str
    reason: str
    text: str
    """The server's own words."""
    action: str
    object: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewView:
    """A tool whose definition changed."""

    request_id: str
    revision: int
    digest: str
    tier: Tier
    headline: str
    action: str
    server_tool: str
    seen: str
    chips: tuple[Chip, ...]
    owed: tuple[OwedChange, ...]
    lines: tuple[ChangeLine, ...]
    diff: tuple[DiffRow, ...]
    after_text: str
    """The definition as the agent would read it."""
    suspended_rules: tuple[str, ...]
    hashes: tuple[str, ...]
    hashes_note: str
    footing: str
    """The sentence above the buttons."""
    actions: CardActions
    remove: str
    copy: str
