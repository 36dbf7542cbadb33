"""One profile as the broker would tell it, for rules, agents, credentials and settings."""

from typing import Final

from keyturn.application.access_messages import AccessState
from keyturn.application.console_protocol import StateChanged, Welcome
from keyturn.application.console_state import (
    AgentState,
    CredentialState,
    HealthState,
    RuleState,
    ServerState,
    StopState,
    ToolState,
)
from keyturn.domain.canonical import JsonObject, canonical
from keyturn.domain.condition import Condition, Operator
from keyturn.domain.result_controls import STRICTEST, ResultControls
from keyturn.domain.rule import Effect, Kind, Rule
from keyturn.domain.rule_data import rule_to_data
from keyturn.domain.tier import Tier

HOSTILE: Final = "run\u202eexe.\u200btxt</b><img src=x> & &File\tdone"
"""A name that reorders, hides, marks up and would be a menu's shortcut."""


def tool(
    name: str,
    tier: Tier | None,
    *,
    state: str = "pinned",
    labels: str = "",
    takes: tuple[str, ...] = (),
    controls: ResultControls = STRICTEST,
) -> ToolState:
    """Return a tool as the broker tells it; `takes` names its arguments, if it says them."""
    schema: JsonObject = {"properties": {name: {"type": "string"} for name in takes}}
    pinned = canonical({"inputSchema": schema} if takes else {}).decode()
    return ToolState(
        name=name, state=state, tier=tier, labels=labels, pinned=pinned, controls=controls
    )


def server(name: str, *tools: ToolState) -> ServerState:
    """Return a confirmed server that runs."""
    return ServerState(
        name=name,
        command=("python3", f"{name}.py"),
        env=(),
        environment="",
        confirmed=True,
        consented=True,
        running=1,
        tools=tools,
    )


def state_of(rule: Rule, hits: int = 0) -> RuleState:
    """Return a rule as the broker tells it."""
    return RuleState(data=canonical(rule_to_data(rule)).decode(), hits=hits)


SERVERS: Final = (
    server(
        "logistics",
        tool("list_orders", Tier.T0, labels="P"),
        tool("dispatch_order", Tier.T2, state="changed", labels="X"),
        tool("dispatch_all", Tier.T2, labels="X"),
    ),
    server("reports", tool("list_reports", Tier.T0), tool("read_report", Tier.T0, labels="U")),
    server(
        "filesystem",
        tool("read_file", Tier.T0),
        tool("write_file", Tier.T1, labels="X", takes=("path", "content")),
    ),
    server("git", tool("status", Tier.T0), tool("push", Tier.T2, labels="X")),
    server("notes", tool("add_note", Tier.T1), tool("sync_all", None)),
    server("fetch", tool("get", Tier.T0, labels="U")),
)
RULES: Final = (
    state_of(
        Rule(
            id="r-4be0c2d19a77",
            effect=Effect.ALLOW,
            agent="analyst",
            server="reports",
            tool="*",
            name="Reads in reports",
        ),
        1204,
    ),
    state_of(
        Rule(
            id="r-90c4f0aa3e15",
            effect=Effect.ALLOW,
            agent="coder",
            server="filesystem",
            tool="write_file",
            when=(Condition(path="/path", op=Operator.PATH_UNDER, value="/srv/site/src"),),
            name="Write in the site",
        ),
        86,
    ),
    state_of(
        Rule(
            id="r-1d7700e2b6c4",
            effect=Effect.DENY,
            server="filesystem",
            when=(Condition(path="/path", op=Operator.GLOB, value="*/.ssh/*"),),
            name="No keys",
        ),
        3,
    ),
    state_of(
        Rule(
            id="r-77aa10c0ffe1",
            effect=Effect.ALLOW,
            agent="analyst",
            server="logistics",
            tool="dispatch_order",
        ),
        12,
    ),
    state_of(
        Rule(id="r-02bd4418ae90", effect=Effect.ASK, server="git", tool="push", name="Pushes"), 9
    ),
    state_of(
        Rule(id="r-5512cc90de21", effect=Effect.ALLOW, agent="coder", server="git", tool="push")
    ),
    state_of(
        Rule(
            id="r-a81e55b0c9d3",
            effect=Effect.ALLOW,
            kind=Kind.READ,
            agent="scribe",
            server="notes",
            enabled=False,
        ),
        0,
    ),
    state_of(
        Rule(id="r-6bd0ce7714fa", effect=Effect.ALLOW, agent="scribe", server="notes", tool="sync*")
    ),
)
AGENTS: Final = (
    AgentState(
        name="analyst",
        enrolled=True,
        connections=2,
        servers=("logistics", "reports"),
        calls=7,
        lamps="UP",
        host_name="atlas-desk",
        host_executable="/opt/atlas/atlas-desk",
        client="Atlas Desk 3.2",
        enrolled_at="2026-05-12T09:14:02Z",
    ),
    AgentState(
        name="coder",
        enrolled=True,
        connections=3,
        servers=("filesystem", "git", "fetch"),
        calls=41,
        lamps="UX",
        host_name="node",
        host_executable="/usr/bin/node",
        client="Forge 1.18.0",
        enrolled_at="2026-06-02T16:40:51Z",
    ),
    AgentState(name="scribe", enrolled=True, connections=0, enrolled_at="2026-07-21T11:03:30Z"),
    AgentState(
        name="anaIyst",
        enrolled=False,
        connections=1,
        servers=("reports",),
        calls=2,
        host_name="python3",
        host_executable="/usr/bin/python3.11",
        client="Atlas Desk 3.2",
    ),
    AgentState(name="planner", enrolled=False, connections=0),
)
CREDENTIALS: Final = (
    CredentialState(
        server="logistics", name="logistics-prod", stored=True, used_by=("LOGISTICS_TOKEN",)
    ),
    CredentialState(server="git", name="forge-token", stored=True, used_by=("GIT_ASKPASS_TOKEN",)),
    CredentialState(
        server="fetch",
        name="proxy-password",
        stored=False,
        used_by=("HTTP_PROXY_PASSWORD", "HTTPS_PROXY_PASSWORD"),
        proposed=True,
    ),
    CredentialState(server="notes", name="notes-key", stored=False, used_by=("NOTES_KEY",)),
)
STATE: Final = StateChanged(
    stop=StopState(engaged=False),
    agents=AGENTS,
    servers=SERVERS,
    rules=RULES,
    posture="ask_all",
    credentials=CREDENTIALS,
    settings={},
    health=HealthState(keychain="ready", recording=True),
)
WELCOME: Final = Welcome(
    version="0.1.0",
    profile="",
    database="/srv/keyturn/keyturn.db",
    settings={},
)

ACCESS_RULE: Final = canonical(
    rule_to_data(Rule(id="r-1", effect=Effect.ALLOW, agent="analyst", server="reports"))
).decode()
_OLD, _NOW = "2026-01-02T03:04:05.000Z", "2026-11-20T03:04:05.000Z"
ACCESS: Final = (
    AccessState(
        kind="agent",
        name="analyst",
        agent="analyst",
        digest="d1",
        created=_OLD,
        since=_NOW,
        kept=True,
        uses=412,
        last_used=_NOW,
        last_connected=_NOW,
        http=True,
    ),
    AccessState(kind="sight", name="analyst", agent="analyst", digest="d2", since=_NOW),
    AccessState(kind="credential", name="ship/key", server="ship", digest="d3", since=_NOW),
    AccessState(kind="rule", name="r-1", digest="d4", since=_OLD, overdue=True, rule=ACCESS_RULE),
    AccessState(kind="profile", name="Release", digest="d5", since=_NOW, rows=("ship/*",)),
    AccessState(kind="grant", name="g-1", rule=ACCESS_RULE, seconds_left=300),
)
