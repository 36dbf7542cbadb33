"""What a person at the window changes of what agents see, and what the window is told."""

import pytest

from keyturn.application.console_protocol import (
    StateChanged,
    decode_from_window,
    decode_to_window,
    encode_line,
)
from keyturn.application.events import Topic
from keyturn.application.sight_intents import (
    EndProfile,
    ProfileState,
    PutProfile,
    RemoveProfile,
    SetProfilesOnly,
    SetSight,
    SightState,
    SwitchProfile,
)
from keyturn.domain.errors import ConfigurationError
from keyturn.domain.sight import Sight, SightProfile, row_of
from tests.unit.application.broker_world import BrokerWorld
from tests.unit.application.gate_world import play


def test_each_intent_does_what_was_asked_for() -> None:
    async def story() -> None:
        world = BrokerWorld()
        do = world.intents.carry_out
        await do(SetSight(n=1, agent="analyst", rows=("a/*",)))
        await do(SetProfilesOnly(n=2, agent="analyst", on=True))
        await do(PutProfile(n=3, name=" Release ", rows=("a/b",)))
        await do(SwitchProfile(n=4, agent="analyst", profile="Release", seconds=60))
        sight = world.sights.of("analyst")
        assert (sight.rows, sight.profiles_only, sight.profile) == (
            (row_of("a/*"),),
            True,
            "Release",
        )
        assert world.sights.profiles() == (SightProfile(name="Release", rows=(row_of("a/b"),)),)
        await do(EndProfile(n=5, agent="analyst"))
        await do(RemoveProfile(n=6, name="Release"))
        await do(SetProfilesOnly(n=7, agent="analyst", on=False))
        await do(SetSight(n=8, agent="analyst", rows=None))
        assert world.sights.of("analyst") == Sight(agent="analyst")
        await world.sights.close()

    play(story)


def test_what_is_no_row_is_refused() -> None:
    async def story() -> None:
        world = BrokerWorld()
        with pytest.raises(ConfigurationError):
            await world.intents.carry_out(SetSight(n=1, agent="analyst", rows=("no row",)))

    play(story)


def test_the_window_is_told_what_each_agent_sees() -> None:
    async def story() -> None:
        world = BrokerWorld()
        await world.registry.enrol("analyst")
        await world.sights.put_profile(SightProfile(name="Release", rows=(row_of("a/b"),)))
        await world.sights.set_rows("analyst", (row_of("read a/*"),))
        state = await world.overview.state(frozenset({Topic.AGENTS}))
        assert state.agents is not None
        assert state.agents[0].sight == SightState(rows=("read a/*",))
        assert state.profiles == (ProfileState(name="Release", rows=("a/b",)),)
        assert decode_to_window(encode_line(state)) == state
        assert isinstance(state, StateChanged)

    play(story)


def test_the_intents_cross_the_pipe() -> None:
    for intent in (
        SetSight(n=1, agent="a", rows=None),
        SetProfilesOnly(n=2, agent="a", on=True),
        SwitchProfile(n=3, agent="a", profile="p", seconds=1.5),
        EndProfile(n=4, agent="a"),
        PutProfile(n=5, name="p", rows=("a/b",)),
        RemoveProfile(n=6, name="p"),
    ):
        assert decode_from_window(encode_line(intent)) == intent
