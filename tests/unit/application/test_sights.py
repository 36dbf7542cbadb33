"""What agents see: lists, profiles with their ends, clocks that are set, and unknown agents."""

import pytest

from keyturn.application.call import Refused
from keyturn.application.connection import Connection
from keyturn.application.sights import Sights
from keyturn.broker.refusals import refusal_text
from keyturn.domain.decision import Actor, Outcome
from keyturn.domain.errors import ConfigurationError, LogUnavailable, SecretStoreUnavailable
from keyturn.domain.record import RecordType
from keyturn.domain.rule import Effect, Kind, Rule
from keyturn.domain.sight import LONGEST_SECONDS, MOST_GLOBS, Sight, SightProfile, row_of
from tests.factories import make_call, make_connection, make_tool
from tests.fakes.stores import FakeSightStore
from tests.unit.application.gate_world import World, play, settle

ALLOW = Rule(id="r-allow", effect=Effect.ALLOW)
READS = (row_of("logistics/read_*"),)
ORDERS = (row_of("logistics/dispatch_order"),)
RELEASE = SightProfile(name="Release", rows=ORDERS)
REPORTING = SightProfile(name="Reporting", rows=(row_of("logistics/read_page"),))
HOUR = 3600.0


class LockedStore(FakeSightStore):
    """Can seal nothing."""

    async def put_sight(self, sight: Sight) -> None:
        raise SecretStoreUnavailable("locked")


def sees(world: World, connection: Connection, tool: str = "dispatch_order") -> bool:
    return world.sights.sees(connection, Kind.CALL, tool)


def said(world: World) -> list[tuple[str, str, Actor]]:
    entries = world.log.of_type(RecordType.AGENT)
    return [(entry.agent, entry.outcome, entry.actor) for entry in entries]


def again(world: World) -> Sights:
    """Return what says what agents see once the broker is started anew."""
    return world.make_sights()


def test_without_a_list_everything_is_seen() -> None:
    world = World()
    assert sees(world, make_connection())
    assert not world.sights.hides_any(make_connection())
    assert not world.sights.hides_any(make_connection(enrolled=False))


@pytest.mark.requirement("HIDE-1")
def test_a_hidden_tool_is_refused_recorded_and_never_asked_about() -> None:
    async def story() -> None:
        world = World(ALLOW)
        connection = await world.connect(make_connection(), make_tool(), make_tool("read_page"))
        await world.sights.set_rows("analyst", READS)
        reply = await world.gate.handle(make_call(connection), world.server)
        assert isinstance(reply, Refused)
        assert reply.outcome is Outcome.REFUSED_HIDDEN
        assert "not offered" in refusal_text(reply)
        assert world.outcomes() == ["sees", "refused_hidden"]
        await world.gate.handle(make_call(connection, "read_page", id_="call-2"), world.server)
        assert [call["name"] for call in world.server.sent] == ["read_page"]

    play(story)


def test_it_is_not_told_whether_what_is_hidden_exists() -> None:
    async def story() -> None:
        world = World(ALLOW)
        connection = await world.connect()
        await world.sights.set_rows("analyst", READS)
        for number, name in enumerate(("dispatch_order", "no_such_tool", "Dispatch_Order")):
            call = make_call(connection, name, id_=f"call-{number}")
            reply = await world.gate.handle(call, world.server)
            assert isinstance(reply, Refused)
            assert reply.outcome is Outcome.REFUSED_HIDDEN

    play(story)


def test_what_is_hidden_while_a_person_looks_at_it_is_not_sent() -> None:
    async def story() -> None:
        world = World()
        connection = await world.connect()
        task = world.start(make_call(connection))
        request = await world.asked()
        await world.sights.set_rows("analyst", READS)
        world.answer(request, allow=True)
        reply = await task
        assert isinstance(reply, Refused)
        assert reply.outcome is Outcome.REFUSED_HIDDEN
        assert world.server.sent == []

    play(story)


def test_another_agent_sees_what_it_saw() -> None:
    async def story() -> None:
        world = World()
        await world.sights.set_rows("analyst", READS)
        assert sees(world, make_connection(agent="auditor"))
        assert not sees(world, make_connection(agent="analyst"))

    play(story)


def test_who_proved_no_name_sees_nothing_once_anything_is_hidden_from_anybody() -> None:
    async def story() -> None:
        world = World()
        await world.sights.set_rows("analyst", READS)
        for name in ("somebody", "analyst", "analyst (not proven)"):
            unknown = make_connection(agent=name, enrolled=False)
            assert not sees(world, unknown, "read_page")
            assert not world.sights.sees_any(unknown)

    play(story)


def test_a_list_outlives_a_restart_and_the_enrolment_of_its_agent() -> None:
    async def story() -> None:
        world = World()
        await world.sights.set_rows("analyst", READS)
        started = again(world)
        await started.load()
        assert started.of("analyst") == Sight(agent="analyst", rows=READS)
        assert not started.sees(make_connection(), Kind.CALL, "dispatch_order")

    play(story)


def test_what_somebody_else_changed_shows_nothing_to_anybody() -> None:
    async def story() -> None:
        world = World()
        await world.sights.load(trusted=False)
        assert not sees(world, make_connection())
        assert not sees(world, make_connection(enrolled=False))
        await world.sights.load(trusted=True)
        assert sees(world, make_connection())

    play(story)


def test_a_change_is_recorded_first_and_told() -> None:
    async def story() -> None:
        world = World()
        told: list[str] = []
        forget = world.sights.on_change(told.append)
        world.log.failure = LogUnavailable("full")
        with pytest.raises(LogUnavailable):
            await world.sights.set_rows("analyst", None)
        assert told == []
        world.log.failure = None
        await world.sights.set_rows("analyst", READS)
        await world.sights.set_profiles_only("analyst", on=True)
        await world.sights.put_profile(RELEASE)
        forget()
        await world.sights.set_rows("analyst", None)
        assert told == ["analyst", "analyst", ""]
        entry = world.log.of_type(RecordType.AGENT)[0]
        assert entry.details == {"rows": ["logistics/read_*"], "count": 1}
        assert [what for _, what, _ in said(world)] == [
            "sees",
            "profiles_only",
            "profile_saved",
            "sees_all",
        ]

    play(story)


def test_a_list_that_cannot_be_sealed_changes_nothing() -> None:
    async def story() -> None:
        world = World()
        world.sight_store = LockedStore()
        world.sights = again(world)
        with pytest.raises(SecretStoreUnavailable):
            await world.sights.set_rows("analyst", READS)
        assert sees(world, make_connection())

    play(story)


# ---------------------------------------------------------------- profiles


@pytest.mark.requirement("HIDE-2")
def test_a_profile_shows_its_list_until_its_time_is_over() -> None:
    async def story() -> None:
        world = World()
        connection = make_connection()
        await world.sights.set_rows("analyst", READS)
        await world.sights.put_profile(RELEASE)
        await world.sights.switch("analyst", "Release", HOUR)
        assert sees(world, connection)
        assert not sees(world, connection, "read_page")
        told: list[str] = []
        world.sights.on_change(told.append)
        world.clock.advance(HOUR - 1)
        assert sees(world, connection)
        world.clock.advance(1)
        assert told == ["analyst"]
        # Neither the one list nor the other: both, and these have nothing in common.
        assert not sees(world, connection)
        assert not sees(world, connection, "read_page")
        assert said(world)[-1] == ("analyst", "profile_over", Actor.KEYTURN)
        await world.sights.end("analyst")
        assert sees(world, connection, "read_page")
        await world.sights.close()

    play(story)


def test_a_narrow_profile_that_is_over_does_not_show_everything() -> None:
    async def story() -> None:
        world = World()
        connection = make_connection()
        await world.sights.put_profile(REPORTING)
        await world.sights.switch("analyst", "Reporting", HOUR)
        world.clock.advance(HOUR)
        assert sees(world, connection, "read_page")
        assert not sees(world, connection)
        await world.sights.end("analyst")
        assert sees(world, connection)
        await world.sights.close()

    play(story)


def test_with_profiles_only_nothing_is_seen_without_one() -> None:
    async def story() -> None:
        world = World()
        connection = make_connection()
        await world.sights.put_profile(RELEASE)
        await world.sights.set_profiles_only("analyst", on=True)
        assert not world.sights.sees_any(connection)
        await world.sights.switch("analyst", "Release", HOUR)
        assert sees(world, connection)
        world.clock.advance(HOUR)
        assert not world.sights.sees_any(connection)
        await world.sights.set_profiles_only("analyst", on=False)
        assert sees(world, connection)
        await world.sights.close()

    play(story)


def test_a_clock_that_is_set_back_makes_no_profile_longer() -> None:
    async def story() -> None:
        world = World()
        connection = make_connection()
        await world.sights.set_profiles_only("analyst", on=True)
        await world.sights.put_profile(RELEASE)
        await world.sights.switch("analyst", "Release", HOUR)
        world.clock.wall_shift_seconds = -10 * HOUR
        world.clock.advance(HOUR)
        assert not sees(world, connection)
        await settle()
        started = again(world)
        await started.load()
        assert started.of("analyst").over
        assert not started.sees(connection, Kind.CALL, "dispatch_order")
        await world.sights.close()
        await started.close()

    play(story)


def test_a_clock_that_is_set_forward_ends_it_and_a_restart_goes_on_with_its_end() -> None:
    async def story() -> None:
        world = World()
        connection = make_connection()
        await world.sights.set_profiles_only("analyst", on=True)
        await world.sights.put_profile(RELEASE)
        await world.sights.switch("analyst", "Release", HOUR)
        latest = world.clock.now_utc()
        world.clock.wall_shift_seconds = -2 * HOUR
        started = again(world)
        await started.load(latest)
        assert started.sees(connection, Kind.CALL, "dispatch_order")
        world.clock.advance(HOUR)
        assert not started.sees(connection, Kind.CALL, "dispatch_order")
        world.clock.wall_shift_seconds = 3 * HOUR
        assert not sees(world, connection)
        await world.sights.close()
        await started.close()

    play(story)


def test_who_has_a_profile_that_is_gone_sees_nothing() -> None:
    async def story() -> None:
        world = World()
        await world.sights.put_profile(RELEASE)
        await world.sights.switch("analyst", "Release", HOUR)
        assert await world.sights.remove_profile("Release")
        assert not await world.sights.remove_profile("Release")
        assert not world.sights.sees_any(make_connection())
        await world.sights.end("analyst")
        await world.sights.end("analyst")
        assert [what for _, what, _ in said(world)].count("profile_off") == 1
        assert sees(world, make_connection())
        await world.sights.close()

    play(story)


def test_a_changed_profile_holds_where_it_is_on() -> None:
    async def story() -> None:
        world = World()
        connection = make_connection()
        await world.sights.put_profile(RELEASE)
        await world.sights.switch("analyst", "Release", HOUR)
        assert sees(world, connection)
        await world.sights.put_profile(SightProfile(name="Release", rows=READS))
        assert not sees(world, connection)
        assert world.sights.profiles() == (SightProfile(name="Release", rows=READS),)
        await world.sights.close()

    play(story)


def test_what_cannot_be_a_profile_or_a_list_is_refused() -> None:
    async def story() -> None:
        world = World()
        await world.sights.put_profile(RELEASE)
        many = tuple(row_of(f"a/{number}*") for number in range(MOST_GLOBS + 1))
        for refused in (
            world.sights.set_rows("analyst", many),
            world.sights.put_profile(SightProfile(name="Big", rows=many)),
            world.sights.put_profile(SightProfile(name=" ", rows=())),
            world.sights.put_profile(SightProfile(name="x" * 65, rows=())),
            world.sights.switch("analyst", "None such", HOUR),
            world.sights.switch("analyst", "Release", 0),
            world.sights.switch("analyst", "Release", LONGEST_SECONDS + 1),
        ):
            with pytest.raises(ConfigurationError):
                await refused
        for number in range(49):
            await world.sights.put_profile(SightProfile(name=f"p{number}", rows=()))
        with pytest.raises(ConfigurationError):
            await world.sights.put_profile(SightProfile(name="one more", rows=()))

    play(story)
