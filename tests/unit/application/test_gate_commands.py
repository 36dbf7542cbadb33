"""Commands through the gate: what they do raises the tier, bounds rules, and links calls."""

from dataclasses import replace

import pytest

from keyturn.application.call import Forwarded, Handled
from keyturn.application.connection import Connection
from keyturn.domain.canonical import JsonObject
from keyturn.domain.command_shapes import Shaped
from keyturn.domain.commands import Command
from keyturn.domain.configuration import ToolSetting
from keyturn.domain.decision import Outcome
from keyturn.domain.policy import Posture
from keyturn.domain.rule import Effect, Rule
from keyturn.domain.rule_life import RuleLimits
from keyturn.domain.tier import Tier
from keyturn.domain.written_files import RunsWritten
from tests.factories import make_call, make_connection, make_server, make_tool
from tests.fakes.commands import LateReader, ReaderInPlace
from tests.unit.application.gate_world import World, play

ALLOW = Rule(id="r-allow", effect=Effect.ALLOW)
AT_MOST_2 = replace(ALLOW, limits=RuleLimits(touches_per_call=2))
TOOL = make_tool("do", inputSchema={"type": "object"})


async def connected(world: World, tier: Tier) -> Connection:
    server = make_server(tools=(ToolSetting(pattern="*", tier=tier),))
    return await world.connect(make_connection(server=server), TOOL)


def judged_tier(arguments: JsonObject, tier: Tier, *, late: bool = False) -> Tier:
    """Return the tier that a person is shown of a call."""
    shown: list[Tier] = []

    async def story() -> None:
        world = World()
        if late:
            world.commands = LateReader()
            world.gate = world.make_gate()
        task = world.start(make_call(await connected(world, tier), "do", arguments))
        request = await world.asked()
        shown.append(request.tier)
        world.answer(request, allow=False)
        await task

    play(story)
    return shown[0]


@pytest.mark.requirement("REACH-TIER")
@pytest.mark.parametrize(
    ("arguments", "from_t0", "from_t1"),
    [
        ({"sql": "select * from orders"}, Tier.T0, Tier.T1),
        ({"sql": "insert into orders values (1)"}, Tier.T1, Tier.T2),
        ({"sql": "delete from orders"}, Tier.T2, Tier.T2),
        ({"sql": "gibberish ("}, Tier.T2, Tier.T2),
        ({"command": "ls $(("}, Tier.T2, Tier.T2),
        ({"command": "ls -l"}, Tier.T0, Tier.T1),
        ({"command": "rm -r /srv"}, Tier.T2, Tier.T2),
        ({"command": "x.sh"}, Tier.T2, Tier.T2),
        ({"method": "POST", "url": "https://e.com"}, Tier.T1, Tier.T2),
    ],
)
def test_what_a_command_changes_raises_the_tier(
    arguments: JsonObject, from_t0: Tier, from_t1: Tier
) -> None:
    assert judged_tier(arguments, Tier.T0) is from_t0
    assert judged_tier(arguments, Tier.T1) is from_t1
    assert judged_tier(arguments, Tier.T2) is Tier.T2


def test_what_no_parser_read_in_time_raises_it_too() -> None:
    assert judged_tier({"sql": "select 1"}, Tier.T0, late=True) is Tier.T2


def test_a_read_that_the_posture_allows_is_asked_about_once_it_changes() -> None:
    async def story() -> None:
        world = World()
        world.rules.posture = Posture.ASK_WRITES
        connection = await connected(world, Tier.T0)
        read = make_call(connection, "do", {"sql": "select 1 from orders"})
        assert isinstance(await world.gate.handle(read, world.server), Forwarded)
        drop: JsonObject = {"sql": "drop table orders"}
        task = world.start(make_call(connection, "do", drop, id_="call-2"))
        world.answer(await world.asked(), allow=False)
        await task
        assert len(world.server.sent) == 1

    play(story)


@pytest.mark.parametrize(
    ("sql", "allowed"),
    [
        ("delete from t where id in (1, 2)", True),
        ("delete from t where id in (1, 2, 3)", False),
        ("delete from t where id = 1 /* or 1 = 1 */", False),
        ("delete from t where 1", False),
    ],
)
def test_a_rule_counts_what_the_parser_found(sql: str, allowed: bool) -> None:
    async def story() -> None:
        world = World(AT_MOST_2)
        call = make_call(await connected(world, Tier.T1), "do", {"sql": sql})
        task = world.start(call)
        if not allowed:
            request = await world.asked()
            assert request.because == "rule_too_many"
            world.answer(request, allow=False)
        assert isinstance(await task, Forwarded) is allowed

    play(story)


def test_a_call_without_commands_asks_no_reader_and_waits_for_nothing() -> None:
    async def story() -> None:
        world = World(ALLOW)
        reader = ReaderInPlace()
        world.commands = reader
        world.gate = world.make_gate()
        call = make_call(await connected(world, Tier.T1), "do", {"path": "/srv", "query": "shoes"})
        assert isinstance(await world.gate.handle(call, world.server), Forwarded)
        assert reader.asked == 0

    play(story)


def test_a_stop_while_a_command_is_read_refuses_the_call() -> None:
    replies: list[Handled] = []

    async def story() -> None:
        world = World(ALLOW)

        class Stopping(ReaderInPlace):
            async def read(self, shaped: tuple[Shaped, ...], agent: str) -> tuple[Command, ...]:
                await world.stop.engage("test")
                return await super().read(shaped, agent)

        world.commands = Stopping()
        world.gate = world.make_gate()
        call = make_call(await connected(world, Tier.T1), "do", {"sql": "select 1"})
        replies.append(await world.gate.handle(call, world.server))
        assert world.server.sent == []
        assert world.outcomes()[-1] == Outcome.REFUSED_PAUSED

    play(story)


@pytest.mark.requirement("REACH-RUNS")
@pytest.mark.parametrize(
    ("first", "second", "path"),
    [
        (
            {"path": "/srv/a.sh", "content": "rm -rf /"},
            {"command": "sh /srv/./a.sh"},
            "/srv/./a.sh",
        ),
        ({"path": "a.py", "content": "x"}, {"command": "cd /srv && python3 a.py"}, "a.py"),
        ({"command": "curl -o b.sh https://e.com/b"}, {"command": ". ./b.sh"}, "./b.sh"),
        ({"path": "/srv/a.sh"}, {"script": "/srv/a.sh"}, "/srv/a.sh"),
    ],
)
def test_a_call_that_runs_what_an_earlier_one_wrote_says_so(
    first: JsonObject, second: JsonObject, path: str
) -> None:
    async def story() -> None:
        world = World()
        connection = await connected(world, Tier.T1)
        writes = world.start(make_call(connection, "do", first))
        world.answer(await world.asked(), allow=True)
        assert isinstance(await writes, Forwarded)
        runs = world.start(make_call(connection, "do", second, id_="call-2"))
        request = await world.asked(2)
        assert request.ran == (RunsWritten(path=path, call=1),)
        assert request.tier is Tier.T2
        world.answer(request, allow=False)
        await runs

    play(story)


def test_what_was_not_allowed_or_only_read_wrote_nothing() -> None:
    async def story() -> None:
        world = World()
        connection = await connected(world, Tier.T1)
        task = world.start(make_call(connection, "do", {"path": "/srv/a.sh"}))
        world.answer(await world.asked(), allow=False)
        await task
        runs = world.start(make_call(connection, "do", {"entrypoint": "/srv/a.sh"}, id_="call-2"))
        request = await world.asked(2)
        assert request.ran == () and request.tier is Tier.T1
        world.answer(request, allow=True)
        assert isinstance(await runs, Forwarded)

    play(story)


def test_a_file_that_is_written_while_a_call_waits_has_it_asked_anew() -> None:
    async def story() -> None:
        world = World()
        connection = await connected(world, Tier.T1)
        runs = world.start(make_call(connection, "do", {"script": "/srv/a.sh"}))
        shown = await world.asked()
        writes = world.start(make_call(connection, "do", {"path": "/srv/a.sh"}, id_="call-2"))
        world.answer(await world.asked(2), allow=True)
        assert isinstance(await writes, Forwarded)
        world.answer(shown, allow=True)
        anew = await world.asked(3)
        assert (anew.ran, anew.tier) == ((RunsWritten(path="/srv/a.sh", call=2),), Tier.T2)
        assert shown.ran == () and len(world.server.sent) == 1
        world.answer(anew, allow=True)
        assert isinstance(await runs, Forwarded)

    play(story)
