"""Owns what the servers' screen says: the tree of servers and tools, the review of a change."""

from dataclasses import dataclass

from keyturn.domain.tier import Tier
from keyturn.presentation.card import CardActions, Chip, DiffRow, Pair
from keyturn.presentation.marks import Icon, IconText, Role
from keyturn.presentation.result_controls import ControlsView, ControlsWish
from keyturn.presentation.tier_choice import TierChoice


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
    new: Chip | None = None
    """How many tools wait for their first review; None when none does."""


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
    """A tool whose definition changed, or that was never seen before."""

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
    choice: TierChoice | None = None
    tool: str = ""
    """Its exact name, which assistive technology types to pin it."""
    changed_title: str = ""
    """Words above the differences, or above what a new tool says of itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One sentence at the head of a pane, with at most one thing to do about it."""

    role: Role
    icon: Icon
    strong: str
    rest: str = ""
    action: str = ""
    opens: str = ""
    """Id of the request that the action opens; empty where it starts something else."""
    signs_in: bool = False
    """Whether the action opens a browser, to sign in to the server."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolView:
    """A tool that nothing is asked about: its pin, and what was confirmed of it."""

    server: str
    tool: str
    headline: str
    server_tool: str
    seen: str
    chips: tuple[Chip, ...]
    notice: Notice | None
    description: str
    """The server's own words."""
    claims: tuple[Pair, ...]
    definition: str
    choice: TierChoice
    """As it stands now."""
    hidden: bool
    owed: tuple[OwedChange, ...]
    """Of a hidden tool the description: showing it again is as much as pinning it."""
    launch_hash: str
    """With `def_hash`: of the pin that is shown; empty with no pin."""
    def_hash: str
    digest: str
    """Of what is shown and confirmed; a change of either is another subject to arm for."""
    two_persons: bool = False
    """Its calls are allowed by two persons together only."""
    markable: bool = False
    """It is pinned and is a tool, so that its calls can take two persons."""
    controls: ControlsView | None = None
    """What of its results is controlled; None for what is no tool."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerView:
    """A server: what is started, with what, and what waits for a person."""

    server: str
    headline: str
    state: str
    chips: tuple[Chip, ...]
    notice: Notice | None
    argv: tuple[str, ...]
    """Whole, one argument an entry; empty for a remote server."""
    address: str
    """Where a remote server is asked; empty for one that is started."""
    values: tuple[Pair, ...]
    """Its environment variables, or its headers."""
    facts: tuple[Pair, ...]
    proposal: bool
    """The command line proposed it; it is not in force."""
    removal: bool
    """The command line proposed its removal."""
    new_tools: int
    digest: str
    signed_in: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchRow:
    """One tool of a review of many."""

    request_id: str
    digest: str
    tool: str
    description: str
    takes: str
    """Its arguments in words."""
    claims: str
    choice: TierChoice
    alone: str = ""
    """Why it has to be reviewed on its own; empty when it may be pinned with the others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchView:
    """All tools of a server that nobody has reviewed, to be pinned together."""

    server: str
    headline: str
    chips: tuple[Chip, ...]
    rows: tuple[BatchRow, ...]
    digest: str
    """Of the digests of all rows that would be pinned."""

    @property
    def together(self) -> tuple[BatchRow, ...]:
        """Return the rows that may be pinned with the others."""
        return tuple(row for row in self.rows if not row.alone)


@dataclass(frozen=True, slots=True, kw_only=True)
class TierWish:
    """What a person wants confirmed of a pinned tool."""

    server: str
    tool: str
    launch_hash: str
    def_hash: str
    tier: Tier | None
    labels: str
    hidden: bool | None = None
    """Remove it from agents or show it to them again; None leaves that as it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolWish:
    """What one press on a tool's save sends: each change is recorded for itself."""

    tier: TierWish | None = None
    controls: ControlsWish | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TwoWish:
    """How many persons a call of a tool is to take."""

    server: str
    tool: str
    on: bool
    """Two persons; False: one again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolAnswer:
    """One tool of a batch, pinned with the tier and the labels that stood in its row."""

    request_id: str
    digest: str
    tier: Tier | None
    labels: str
    """Letters of U, P, X."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchAnswer:
    """A press on "Pin all", bound to every row that was on screen."""

    server: str
    tools: tuple[ToolAnswer, ...]
    shown_for_ms: int
    accessibility: bool
