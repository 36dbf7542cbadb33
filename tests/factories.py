"""Domain objects with honest defaults, for any test to make."""

from keyturn.application.approval_request import ApprovalRequest, RequestKind
from keyturn.application.call import IncomingCall
from keyturn.application.connection import Connection
from keyturn.application.ports.inspection import ResultSource, TraceIndex
from keyturn.application.ports.processes import ObservedPeer, ObservedProcess
from keyturn.application.sessions import Session
from keyturn.domain.canonical import JsonObject, JsonValue, canonical, digest_of
from keyturn.domain.configuration import ReviewMode, ServerConfig, ToolSetting
from keyturn.domain.definition import (
    Said,
    ToolDefinition,
    pinned_definition,
    said_definition,
    said_key,
)
from keyturn.domain.lamps import Lamps
from keyturn.domain.launch import LaunchIdentity
from keyturn.domain.step_up import Weighed
from keyturn.domain.tier import Tier
from keyturn.inspection.environment_words import read_environment_words
from keyturn.inspection.trace_indexes import MemoryTraceIndexes
from tests.sources import ROOT

ENVIRONMENT_WORDS = read_environment_words(ROOT / "resources" / "environment_words.toml")

HOST = ObservedProcess(pid=4000, started=10.0, executable="/opt/host", name="host")
SHIM = ObservedProcess(pid=4001, started=11.0, executable="/usr/bin/python3", name="python3")
PEER = ObservedPeer(process=SHIM, parents=(HOST,), host=HOST)
SCHEMA: JsonObject = {
    "type": "object",
    "properties": {"order": {"type": "integer"}, "to": {"type": "string"}},
}


def make_tool(name: str = "dispatch_order", **changes: JsonValue) -> ToolDefinition:
    """Make a definition as a server would list it."""
    body: JsonObject = {
        "name": name,
        "description": "Dispatches one order.",
        "inputSchema": SCHEMA,
        **changes,
    }
    definition = pinned_definition(body)
    assert definition is not None
    return definition


def make_prompt(name: str = "greet", **changes: JsonValue) -> ToolDefinition:
    """Make the definition of a prompt as a server would list it."""
    body: JsonObject = {"name": name, "description": "Greets somebody.", **changes}
    definition = said_definition(said_key(Said.PROMPT, name), body)
    assert definition is not None
    return definition


def make_server(
    name: str = "logistics",
    *,
    review: ReviewMode = ReviewMode.ACCEPT,
    tools: tuple[ToolSetting, ...] = (ToolSetting(pattern="*", tier=Tier.T1),),
    environment: str = "",
) -> ServerConfig:
    """Make a server whose tools are pinned as seen and confirmed as T1."""
    return ServerConfig(
        name=name, command=("server",), review=review, tools=tools, environment=environment
    )


def make_launch(*argv: str) -> LaunchIdentity:
    """Make a launch identity."""
    return LaunchIdentity(
        argv=argv or ("server",), executable="/usr/bin/server", sha256="0" * 64, cwd="/", env=()
    )


def make_session(agent: str = "analyst", lamps: Lamps = Lamps.NONE) -> Session:
    """Make a session with an empty index."""
    return Session(
        id="s-1",
        agent=agent,
        host=HOST,
        index=MemoryTraceIndexes().new_index(),
        new_index=MemoryTraceIndexes().new_index,
        lamps=lamps,
    )


def make_connection(
    *,
    agent: str = "analyst",
    server: ServerConfig | None = None,
    session: Session | None = None,
    enrolled: bool = True,
    launch: LaunchIdentity | None = None,
) -> Connection:
    """Make a live connection of an enrolled agent."""
    return Connection(
        id="c-1",
        agent=agent,
        agent_enrolled=enrolled,
        server=server or make_server(),
        session=session or make_session(agent),
        peer=PEER,
        launch=launch or make_launch(),
        cwd="/home/person/freight",
    )


def make_call(
    connection: Connection,
    tool: str = "dispatch_order",
    arguments: JsonObject | None = None,
    *,
    id_: str = "call-1",
    request_id: str | int = 1,
) -> IncomingCall:
    """Make a call as the wire decodes it."""
    params: JsonObject = {"name": tool, "arguments": arguments if arguments is not None else {}}
    return IncomingCall(id=id_, connection=connection, request_id=request_id, params=params)


def make_asked(
    connection: Connection,
    method: str,
    params: JsonObject,
    *,
    id_: str = "call-1",
    request_id: str | int = 1,
) -> IncomingCall:
    """Make another judged request as the wire decodes it."""
    return IncomingCall(
        id=id_, connection=connection, request_id=request_id, params=params, method=method
    )


def make_weighed(tier: Tier = Tier.T1, *, two_persons: bool = False) -> Weighed:
    """Make what says what it takes to allow a call of the enrolled agent."""
    return Weighed(agent="analyst", enrolled=True, tier=tier, two_persons=two_persons)


def make_request(
    id_: str = "call-1",
    *,
    agent: str = "analyst",
    server: str = "logistics",
    tool: str | None = "dispatch_order",
    kind: RequestKind = RequestKind.CALL,
    arguments: JsonObject | None = None,
    tier: Tier = Tier.T1,
) -> ApprovalRequest:
    """Make an approval request."""
    text = canonical(arguments if arguments is not None else {"order": 41})
    return ApprovalRequest(
        id=id_,
        kind=kind,
        agent=agent,
        session="s-1",
        server=server,
        tool=tool,
        arguments=text.decode(),
        digest=digest_of(text),
        tier=tier,
        because="no_rule",
        ticket="KT-1",
    )


def add_to(index: TraceIndex, source: ResultSource, result: JsonValue) -> None:
    """Let an index draw a result to its end."""
    index.add(source, result)
    while index.go_on():
        pass
