"""Builds the servers' screen from what the broker says: tree, a server, a pinned tool.

Reviews that wait are joined in: a server that was started without an agent lists nothing live, and
its new tools are known only by the requests about them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from keyturn.application.approval_request import ApprovalRequest, RequestKind
from keyturn.application.console_state import ServerState, ToolState
from keyturn.domain.canonical import JsonObject, canonical, digest_of
from keyturn.domain.definition import ReviewState, said_of
from keyturn.domain.tier import Tier
from keyturn.presentation.card import Chip, Pair
from keyturn.presentation.chips import hidden_in
from keyturn.presentation.claims import hints_of
from keyturn.presentation.definition_text import definition_text
from keyturn.presentation.findings import finding_chips
from keyturn.presentation.json_nodes import read_json
from keyturn.presentation.launch_facts import facts_with
from keyturn.presentation.marks import Icon, IconText, Role, tier_icon, tier_role
from keyturn.presentation.phrases import PRODUCTION
from keyturn.presentation.result_controls import controls_view
from keyturn.presentation.review_builder import owed_description
from keyturn.presentation.server_facts import (
    facts_of,
    keychain_names,
    proposal_of,
    sign_in_notice,
    values_of,
    when_text,
)
from keyturn.presentation.servers import (
    Notice,
    ServerRow,
    ServerTree,
    ServerView,
    ToolRow,
    ToolView,
)
from keyturn.presentation.tier_choice import tier_choice
from keyturn.presentation.words import Words

_REVIEWS = (RequestKind.DEFINITION, RequestKind.CHANGE)
_TIER_KEYS = {
    Tier.T0: "phrases.tier_0",
    Tier.T1: "phrases.tier_1",
    Tier.T2: "phrases.tier_2",
    Tier.T3: "phrases.tier_3",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownServers:
    """What the broker said last, and the reviews that wait."""

    servers: tuple[ServerState, ...] = ()
    reviews: Mapping[str, ApprovalRequest] = field(default_factory=dict[str, ApprovalRequest])
    """Requests about commands and tools, by id."""
    logs: str = ""
    """The folder of the servers' logs; empty while it is not known."""

    def server(self, name: str) -> ServerState | None:
        """Find a server."""
        return next((server for server in self.servers if server.name == name), None)

    def review(self, server: str, tool: str) -> ApprovalRequest | None:
        """Find the review of a tool that waits; the newest where two launch identities ask."""
        found = [r for r in self.about(server, _REVIEWS) if r.tool == tool]
        return found[-1] if found else None

    def command(self, server: str) -> ApprovalRequest | None:
        """Find the request about a server's command."""
        return next(iter(self.about(server, (RequestKind.COMMAND,))), None)

    def unreviewed(self, server: str) -> tuple[ApprovalRequest, ...]:
        """Return the requests about tools of a server that were never reviewed."""
        return self.about(server, (RequestKind.DEFINITION,))

    def about(self, server: str, kinds: Iterable[RequestKind]) -> tuple[ApprovalRequest, ...]:
        """Return what waits of a server, in arrival order."""
        return tuple(r for r in self.reviews.values() if r.server == server and r.kind in kinds)


class ServersBuilder:
    """Makes the screen's views in one language."""

    def __init__(self, words: Words) -> None:
        self._words = words

    # ---------------------------------------------------------------- the tree

    def tree(self, known: KnownServers, search: str = "") -> ServerTree:
        """Return servers and tools; `search` leaves those whose names hold it, case apart."""
        wanted = search.strip().casefold()
        rows = [self._server_row(known, server, wanted) for server in known.servers]
        shown = tuple(
            row for row in rows if not wanted or row.tools or wanted in row.server.casefold()
        )
        every = [tool for server in known.servers for tool in self._tool_rows(known, server)]
        return ServerTree(
            servers=shown,
            changed=self._count(every, Role.WARNING, Icon.CHANGED, "servers.count_changed"),
            new=self._count(every, Role.INFO, Icon.FIRST_USE, "servers.count_new"),
        )

    def _server_row(self, known: KnownServers, server: ServerState, wanted: str) -> ServerRow:
        tools = self._tool_rows(known, server)
        if wanted and wanted not in server.name.casefold():
            tools = tuple(tool for tool in tools if wanted in tool.tool.casefold())
        asks = any(tool.state.role is not Role.NEUTRAL for tool in tools)
        return ServerRow(
            server=server.name,
            state=self.state_text(server),
            tools=tools,
            open=bool(wanted) or asks or len(known.servers) <= _FEW,
        )

    def _tool_rows(self, known: KnownServers, server: ServerState) -> tuple[ToolRow, ...]:
        rows = {tool.name: self._tool_row(tool) for tool in server.tools}
        for request in known.about(server.name, _REVIEWS):
            name = request.tool or ""
            changed = request.kind is RequestKind.CHANGE
            tier = request.proposed_tier if changed else None
            state = ReviewState.CHANGED if changed else ReviewState.UNREVIEWED
            rows[name] = ToolRow(
                tool=name, tier=Tier.T3 if tier is None else tier, state=self._tool_state(state)
            )
        return tuple(rows[name] for name in sorted(rows))

    def _tool_row(self, tool: ToolState) -> ToolRow:
        state = self._tool_state(_review_state(tool.state))
        return ToolRow(
            tool=tool.name, tier=Tier.T3 if tool.tier is None else tool.tier, state=state
        )

    def _tool_state(self, state: ReviewState) -> IconText:
        icon, role, key = _STATES[state]
        return IconText(icon=icon, text=self._words(key), role=role)

    def _count(self, tools: list[ToolRow], role: Role, icon: Icon, key: str) -> Chip | None:
        count = sum(tool.state.role is role for tool in tools)
        return Chip(role=role, icon=icon, text=self._words(key, n=count)) if count else None

    def state_text(self, server: ServerState) -> str:
        """Return how a server stands, in one or two words."""
        if not server.confirmed:
            return self._words("servers.state_proposed")
        if server.removal_proposed:
            return self._words("servers.state_removal")
        if not server.consented:
            return self._words("servers.state_not_agreed")
        running = "servers.state_running" if server.running else "servers.state_stopped"
        return self._words(running)

    # ---------------------------------------------------------------- a server

    def server(self, known: KnownServers, state: ServerState, now: datetime) -> ServerView:
        """Return a server as it stands; `now` is aware, in the reader's time zone."""
        words = self._words
        proposal = not state.confirmed
        key = "servers.headline_proposed" if proposal else "servers.headline"
        return ServerView(
            server=state.name,
            headline=words(key, server=state.name),
            state=self.state_text(state),
            chips=tuple(self._server_chips(state)),
            notice=self._server_notice(known, state),
            argv=state.command,
            address=state.url,
            values=values_of(state, words),
            facts=tuple(facts_of(state, _launch(known, state), known.logs, now, words)),
            proposal=proposal,
            removal=state.removal_proposed,
            new_tools=len(known.unreviewed(state.name)),
            digest=digest_of(canonical(proposal_of(state))),
            signed_in=state.signed_in,
        )

    def _server_chips(self, state: ServerState) -> Iterable[Chip]:
        words = self._words
        role, icon = _SERVER_MARKS[_mark(state)]
        yield Chip(role=role, icon=icon, text=self.state_text(state))
        yield from finding_chips(state.noticed, words)
        if state.environment:
            production = state.environment == PRODUCTION
            key = "phrases.chip_production" if production else "phrases.chip_environment"
            role = Role.WARNING if production else Role.NEUTRAL
            yield Chip(role=role, icon=Icon.SERVER, text=words(key, name=state.environment))
        for name in keychain_names(state):
            text = words("phrases.chip_credential", name=name)
            yield Chip(role=Role.NEUTRAL, icon=Icon.CREDENTIAL, text=text)

    def _server_notice(self, known: KnownServers, state: ServerState) -> Notice | None:
        words = self._words
        command = known.command(state.name)
        if not state.confirmed and state.url:
            return self._warning("servers.notice_remote", "servers.notice_remote_rest")
        if not state.confirmed:
            return self._warning("servers.notice_proposed", "servers.notice_proposed_rest")
        if state.removal_proposed:
            return self._warning("servers.notice_removal", "servers.notice_removal_rest")
        if command is not None:
            return Notice(
                role=Role.WARNING,
                icon=Icon.ATTENTION,
                strong=words("servers.notice_address" if state.url else "servers.notice_command"),
                rest=words(
                    "servers.notice_address_rest" if state.url else "servers.notice_command_rest"
                ),
                action=words("servers.open_request"),
                opens=command.id,
            )
        if state.sign_in_at or state.signing_in or state.sign_in_failed:
            return sign_in_notice(state, words)
        new = len(known.unreviewed(state.name))
        if new:
            return Notice(
                role=Role.INFO,
                icon=Icon.FIRST_USE,
                strong=words("servers.notice_new", n=new),
                rest=words("servers.notice_new_rest"),
                action=words("servers.review_together", n=new),
            )
        return None

    def _warning(self, strong: str, rest: str) -> Notice:
        return Notice(
            role=Role.WARNING,
            icon=Icon.ATTENTION,
            strong=self._words(strong),
            rest=self._words(rest),
        )

    # ---------------------------------------------------------------- a pinned tool

    def tool(self, state: ServerState, tool: ToolState, now: datetime) -> ToolView:
        """Return a tool that no review waits for."""
        words = self._words
        parsed = read_json(tool.pinned or tool.seen)
        definition = parsed if isinstance(parsed, dict) else {}
        tier = Tier.T3 if tool.tier is None else tool.tier
        given = definition.get("description")
        description = given if isinstance(given, str) else ""
        hidden = tool.state == ReviewState.HIDDEN.value
        return ToolView(
            server=state.name,
            tool=tool.name,
            headline=words("servers.tool_headline", server=state.name, tool=tool.name),
            server_tool=f"{state.name} / {tool.name}",
            seen=words("servers.pinned", when=when_text(tool.pinned_at, now, words))
            if tool.pinned_at
            else "",
            chips=tuple(self._tool_chips(tool, definition, tier)),
            notice=self._tool_notice(tool),
            description=description,
            claims=self._claims(definition),
            definition=definition_text(definition),
            choice=tier_choice(words, chosen=tool.tier, ticked=tool.labels),
            hidden=hidden,
            owed=(owed_description(description or tool.name, words),) if hidden else (),
            launch_hash=tool.launch_hash,
            def_hash=tool.def_hash,
            two_persons=tool.two_persons,
            markable=bool(tool.launch_hash) and said_of(tool.name) is None,
            controls=(
                controls_view(tool.controls, words, tool.used)
                if said_of(tool.name) is None
                else None
            ),
            digest=digest_of(
                canonical(
                    {
                        "launch_hash": tool.launch_hash,
                        "definition": definition,
                        "tier": tier.name,
                        "labels": tool.labels,
                        "hidden": hidden,
                    }
                )
            ),
        )

    def _tool_chips(self, tool: ToolState, definition: JsonObject, tier: Tier) -> Iterable[Chip]:
        state = self._tool_state(_review_state(tool.state))
        yield Chip(role=tier_role(tier), icon=tier_icon(tier), text=self._words(_TIER_KEYS[tier]))
        yield Chip(role=state.role, icon=state.icon, text=state.text)
        if tool.two_persons:
            text = self._words("servers.two_persons")
            yield Chip(role=Role.WARNING, icon=Icon.PERSON, text=text)
        hidden = hidden_in(canonical(definition).decode())
        if hidden:
            text = self._words("phrases.chip_hidden", n=hidden)
            yield Chip(role=Role.WARNING, icon=Icon.LOOK, text=text)

    def _tool_notice(self, tool: ToolState) -> Notice | None:
        match _review_state(tool.state):
            case ReviewState.UNREVIEWED:
                return self._warning("servers.notice_unasked", "servers.notice_unasked_rest")
            case ReviewState.CHANGED:
                return self._warning("servers.notice_blocked", "servers.notice_unasked_rest")
            case ReviewState.HIDDEN:
                return self._warning("servers.notice_hidden", "servers.notice_hidden_rest")
            case ReviewState.PINNED:
                return None

    def _claims(self, definition: JsonObject) -> tuple[Pair, ...]:
        words = self._words
        hints = ", ".join(hints_of(definition, words))
        title = definition.get("title")
        pairs: list[Pair] = []
        if isinstance(title, str) and title:
            quoted = words("phrases.quoted_claim", text=title)
            pairs.append(Pair(key=words("phrases.tool_title"), value=quoted))
        told = words("phrases.quoted_claim", text=hints) if hints else words("servers.no_hints")
        pairs.append(Pair(key=words("phrases.tool_hint"), value=told))
        return tuple(pairs)


_FEW = 3
"""So many servers stand open; with more only those that ask for something do."""
_STATES = {
    ReviewState.PINNED: (Icon.PINNED, Role.NEUTRAL, "servers.tool_pinned"),
    ReviewState.CHANGED: (Icon.CHANGED, Role.WARNING, "servers.tool_changed"),
    ReviewState.UNREVIEWED: (Icon.FIRST_USE, Role.INFO, "servers.tool_new"),
    ReviewState.HIDDEN: (Icon.WITHHELD, Role.NEUTRAL, "servers.tool_hidden"),
}
_SERVER_MARKS = {
    "asks": (Role.WARNING, Icon.ATTENTION),
    "running": (Role.ALLOW, Icon.PROTECTING),
    "stopped": (Role.NEUTRAL, Icon.PAUSED),
}


def _mark(state: ServerState) -> str:
    if not state.confirmed or state.removal_proposed or not state.consented:
        return "asks"
    return "running" if state.running else "stopped"


def _review_state(text: str) -> ReviewState:
    """Read a state; one that this window does not know is treated as not reviewed."""
    try:
        return ReviewState(text)
    except ValueError:
        return ReviewState.UNREVIEWED


def _launch(known: KnownServers, state: ServerState) -> JsonObject:
    """Return what would be started: as asked about now, else as agreed to last."""
    request = known.command(state.name)
    parsed = read_json(request.arguments if request is not None else state.launch or "{}")
    launch = parsed if isinstance(parsed, dict) else {}
    return {**launch, **facts_with(request)} if request is not None else launch
