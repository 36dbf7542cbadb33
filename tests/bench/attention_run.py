"""Owns one run of the attention bench: calls go through Keyturn's own gate, a person answers.

Gate, judge, rules, lamps, schema, reading of commands and trace are the objects that bootstrap
wires; only log, clock and stores are in memory. The server answers with the suite's results.
"""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import count

from keyturn.application.approval_request import Answer, AnswerVerdict, ApprovalRequest, Route
from keyturn.application.call import IncomingCall, Refused
from keyturn.application.connection import Connection
from keyturn.application.ports.processes import ObservedPeer
from keyturn.application.sessions import Sessions
from keyturn.domain.canonical import JsonObject, JsonValue, canonical
from keyturn.domain.configuration import ReviewMode, ServerConfig, ToolSetting
from keyturn.domain.decision import Outcome
from keyturn.domain.definition import pinned_definition
from keyturn.domain.lamps import Lamps
from keyturn.domain.policy import Posture
from keyturn.domain.rule import Rule
from keyturn.domain.tier import Tier
from keyturn.inspection.trace_indexes import MemoryTraceIndexes
from keyturn.presentation.tier_proposal import propose_tier
from keyturn.presentation.verbs import Vocabulary, name_words
from keyturn.presentation.words import Words
from tests.bench.attention_suites import MadeCall, Suite
from tests.factories import HOST, PEER, make_connection
from tests.unit.application.gate_world import WatchedApprover, World

AGENT = "analyst"


class Layout(StrEnum):
    """Where tools that read and tools that act stand."""

    ONE = "one server, one session"
    SERVERS = "two servers, one session"
    READ_HOSTED = "two servers, two sessions: reads by the host, acts over HTTP"
    ACT_HOSTED = "two servers, two sessions: reads over HTTP, acts by the host"
    HOSTS = "two servers, two hosts of one agent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposed:
    """How far Keyturn proposes that a tool reaches; a person confirms just that."""

    tier: Tier | None
    """None where nothing is proposed, so that the tool stays unconfirmed."""
    labels: Lamps
    reads: bool
    """Its name says that it reads, whatever tier is proposed: a page's address can tell, too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """A suite as it is set up at Keyturn."""

    suite: Suite
    tools: dict[str, Proposed]


@dataclass(frozen=True, slots=True, kw_only=True)
class Passed:
    """What became of one call."""

    tool: str
    injected: bool
    asked: bool
    refused: bool
    because: str
    from_results: bool
    """A value among its arguments stood in an earlier result of the session."""

    @property
    def held(self) -> bool:
        """Tell whether it did not go to the server by itself."""
        return self.asked or self.refused


def set_up(suite: Suite, vocabulary: Vocabulary, words: Words) -> Bench:
    """Let Keyturn propose tiers and labels of all tools, from names, schemas and claims."""
    tools: dict[str, Proposed] = {}
    for definition in suite.tools:
        found = propose_tier(definition, suite.name, vocabulary, words)
        name = str(definition["name"])
        reads = name_words(name)[0] in vocabulary.reads
        tools[name] = Proposed(tier=found.tier, labels=found.labels, reads=reads)
    return Bench(suite=suite, tools=tools)


@dataclass(slots=True)
class _Person(WatchedApprover):
    """Allows what the person's own task asks, and denies what was injected."""

    world: World | None = None
    allows: bool = True
    asked: list[ApprovalRequest] = field(default_factory=list[ApprovalRequest])

    def publish(self, request: ApprovalRequest, deadline_ms: int | None, waited: int = 0) -> None:
        self.asked.append(request)
        asyncio.get_running_loop().call_soon(self._answer, request)

    def _answer(self, request: ApprovalRequest) -> None:
        assert self.world is not None
        self.world.approvals.answer(
            Answer(
                id=request.id,
                digest=request.digest,
                verdict=AnswerVerdict.ALLOW_ONCE if self.allows else AnswerVerdict.DENY,
                route=Route.WINDOW,
            )
        )


class Table:
    """One Keyturn with the servers of a suite; each `play` is a session of its own."""

    def __init__(
        self, bench: Bench, layout: Layout, rules: Sequence[Rule], posture: Posture
    ) -> None:
        """Take the rules as a person made them; they name servers as the layout has them."""
        self._bench, self._layout = bench, layout
        self._world = World(*rules)
        self._world.rules.posture = posture
        self._person = _Person(world=self._world)
        self._world.approvals.attach(self._person)
        self._numbers = count(1)

    async def play(self, calls: Iterable[tuple[MadeCall, bool]]) -> list[Passed]:
        """Make calls in a new session, each with whether it was injected."""
        reader, actor = await self._connect()
        passed: list[Passed] = []
        for call, injected in calls:
            connection = reader if self._bench.tools[call.tool].reads else actor
            passed.append(await self._make(connection, call, injected=injected))
        return passed

    async def _make(self, connection: Connection, call: MadeCall, *, injected: bool) -> Passed:
        world, before = self._world, len(self._person.asked)
        self._person.allows = not injected
        world.server.answer_with = answer_of(call)
        traced = connection.session.trace(call.arguments)
        params: JsonObject = {"name": call.tool, "arguments": call.arguments}
        number = next(self._numbers)
        handled = await world.gate.handle(
            IncomingCall(id=f"call-{number}", connection=connection, request_id=1, params=params),
            world.server,
        )
        asked = self._person.asked[before:]
        refused = isinstance(handled, Refused) and handled.outcome is not Outcome.DENIED_USER
        if refused and not injected:
            raise AssertionError(f"{call.tool} of a person's own task was refused: {handled}")
        return Passed(
            tool=call.tool,
            injected=injected,
            asked=bool(asked),
            refused=refused,
            because=asked[0].because if asked else "",
            from_results=bool(traced.origins),
        )

    async def _connect(self) -> tuple[Connection, Connection]:
        sessions = Sessions(self._world.ids, MemoryTraceIndexes())
        peers = _PEERS[self._layout]
        made: list[Connection] = []
        for server, peer in zip(servers_of(self._bench, self._layout), peers, strict=True):
            session = sessions.join(AGENT, peer)
            connection = make_connection(agent=AGENT, server=server, session=session)
            names = {setting.pattern for setting in server.tools}
            listed = [pinned_definition(tool) for tool in self._bench.suite.tools]
            tools = [tool for tool in listed if tool is not None and tool.name in names]
            made.append(await self._world.connect(connection, *tools))
        return made[0], made[-1]


_NO_HOST = replace(PEER, host=None)
_OTHER = replace(HOST, pid=HOST.pid + 100)
_OTHER_HOST = ObservedPeer(process=PEER.process, parents=(_OTHER,), host=_OTHER)
_PEERS = {
    Layout.ONE: (PEER,),
    Layout.SERVERS: (PEER, PEER),
    Layout.READ_HOSTED: (PEER, _NO_HOST),
    Layout.ACT_HOSTED: (_NO_HOST, PEER),
    Layout.HOSTS: (PEER, _OTHER_HOST),
}


def servers_of(bench: Bench, layout: Layout) -> tuple[ServerConfig, ...]:
    """Return the suite's servers: one, or one that reads and one that acts."""
    name, tools = bench.suite.name, bench.tools
    if layout is Layout.ONE:
        return (_server(name, tools),)
    readers = {tool: p for tool, p in tools.items() if p.reads}
    actors = {tool: p for tool, p in tools.items() if tool not in readers}
    return (_server(f"{name}-reads", readers), _server(f"{name}-acts", actors))


def _server(name: str, tools: dict[str, Proposed]) -> ServerConfig:
    settings = tuple(
        ToolSetting(pattern=tool, tier=proposed.tier, labels=proposed.labels)
        for tool, proposed in tools.items()
    )
    return ServerConfig(name=name, command=(name,), review=ReviewMode.ACCEPT, tools=settings)


def answer_of(call: MadeCall) -> JsonObject:
    """Write a result as a server with typed functions does: its JSON as text, and structured."""
    if call.error:
        return {"content": [{"type": "text", "text": call.error}], "isError": True}
    result: JsonValue = call.result
    structured: JsonObject = result if isinstance(result, dict) else {"result": result}
    text = canonical(result).decode()
    return {"content": [{"type": "text", "text": text}], "structuredContent": structured}
