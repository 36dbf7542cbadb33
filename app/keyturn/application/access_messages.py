"""The console protocol about the access review: what is listed, and what a person does of it."""

import msgspec


class AccessState(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that gives access or bounds it, as the window lists it."""

    kind: str
    """An `AccessKind`."""
    name: str
    digest: str = ""
    """Of what it lets, to be sent back with the answer; empty for what nobody has to keep."""
    agent: str = ""
    server: str = ""
    environment: str = ""
    """Of an agent or a credential: its label; of a credential without one its server's."""
    created: str = ""
    """When it was made, where that is known."""
    since: str = ""
    """Since when it stands as it does, or when it was last kept; empty where nobody knows."""
    kept: bool = False
    """`since` is when a person kept it."""
    overdue: bool = False
    uses: int = 0
    last_used: str = ""
    """Empty for never, as far as was counted."""
    last_connected: str = ""
    """Of an agent: when its token last let it in."""
    http: bool = False
    """Of an agent: its token is good over HTTP too."""
    rows: tuple[str, ...] | None = None
    """Of a list: what is seen; None for everything that was reviewed."""
    rule: str = ""
    """Of a rule or a grant: as `rule_data` writes it."""
    seconds_left: int = 0
    """Of a grant."""


class KeepAccess(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="keep_access"):
    """A person looked at something and lets it stand."""

    n: int
    kind: str
    name: str
    digest: str
    """Of what was on screen; nothing else is kept."""


class EndGrant(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="end_grant"):
    """End a remembered approval before its time."""

    n: int
    id: str


AccessIntent = KeepAccess | EndGrant
