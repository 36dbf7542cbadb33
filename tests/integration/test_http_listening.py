"""The window's HTTP endpoint: there while one agent may come that way, on a port that stays."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import pytest

from keyturn.application.events import Topic
from keyturn.application.registry import set_http
from keyturn.bootstrap.http_listening import PORT_SETTING, HttpListening
from keyturn.broker.http_endpoint import HOST, listen_on
from tests.unit.application.broker_world import BrokerWorld


@dataclass(eq=False)
class Listener:
    """A real port, and nothing behind it."""

    port: int = 0
    listening: list[socket.socket] = field(default_factory=list[socket.socket])

    async def start(self, port: int) -> None:
        """Open it."""
        self.listening.append(listen_on(port))
        self.port = self.listening[0].getsockname()[1]

    async def close(self) -> None:
        """Close it."""
        for one in self.listening:
            one.close()


@dataclass
class Told:
    """What the window is told."""

    http_port: int = 0
    http_listens: bool = False


@dataclass(eq=False)
class Stage:
    """A registry with an agent, and what listens for it."""

    world: BrokerWorld
    told: Told
    listening: HttpListening

    async def settled(self, *, listens: bool) -> None:
        """Wait until it is as it should be."""
        changed = asyncio.Event()
        end = self.world.observers.subscribe(lambda _topic: changed.set())
        try:
            while self.told.http_listens is not listens:
                await asyncio.wait_for(changed.wait(), 5)
                changed.clear()
        finally:
            end()

    async def done(self) -> None:
        """Wait until nothing that was begun is under way."""
        await self.listening.follow()


def play(story: Callable[[Stage], Awaitable[None]]) -> None:
    """Tell a story to a stage of its own."""

    async def told() -> None:
        world, window = BrokerWorld(), Told()
        await world.registry.enrol("coder")
        await world.registry.enrol("analyst")
        listening = HttpListening(
            registry=world.registry,
            overview=window,
            observers=world.observers,
            make=Listener,
            pause=0.05,
        )
        await listening.start()
        try:
            await story(Stage(world, window, listening))
        finally:
            await listening.close()

    asyncio.run(told())


def answers(port: int) -> bool:
    """Tell whether somebody listens."""
    with socket.socket() as caller:
        return caller.connect_ex((HOST, port)) == 0


def test_nobody_listens_until_an_agent_is_let_in() -> None:
    async def story(stage: Stage) -> None:
        assert stage.told == Told()
        await set_http(stage.world.registry, "coder", on=True)
        await stage.settled(listens=True)
        port = stage.told.http_port
        assert answers(port)
        assert stage.world.registry.settings[PORT_SETTING] == str(port)
        await set_http(stage.world.registry, "analyst", on=True)
        await set_http(stage.world.registry, "coder", on=False)
        assert answers(port), "another may still come"
        await stage.world.registry.revoke("analyst")
        await stage.settled(listens=False)
        assert not answers(port)
        await set_http(stage.world.registry, "coder", on=True)
        await stage.settled(listens=True)
        assert stage.told.http_port == port, "the hosts name it"

    play(story)


def test_a_port_that_another_has_is_said_and_another_one_taken_after_off_and_on() -> None:
    async def story(stage: Stage) -> None:
        with listen_on(0) as other:
            taken = other.getsockname()[1]
            await stage.world.registry.put_setting(PORT_SETTING, str(taken))
            await set_http(stage.world.registry, "coder", on=True)
            await stage.done()
            assert (stage.told.http_port, stage.told.http_listens) == (taken, False)
            await set_http(stage.world.registry, "coder", on=False)
            await stage.done()
            await set_http(stage.world.registry, "coder", on=True)
            await stage.settled(listens=True)
            assert stage.told.http_port != taken

    play(story)


@pytest.mark.parametrize("kept", ["x", "-1", "80", "70000", ""])
def test_a_setting_that_is_no_port_is_none(kept: str) -> None:
    async def story(stage: Stage) -> None:
        await stage.world.registry.put_setting(PORT_SETTING, kept)
        await set_http(stage.world.registry, "coder", on=True)
        await stage.settled(listens=True)
        assert answers(stage.told.http_port)

    play(story)


def test_a_port_is_taken_again_once_the_other_program_has_ended() -> None:
    async def story(stage: Stage) -> None:
        with listen_on(0) as other:
            taken = other.getsockname()[1]
            await stage.world.registry.put_setting(PORT_SETTING, str(taken))
            await set_http(stage.world.registry, "coder", on=True)
            await stage.done()
            assert not stage.told.http_listens
        await stage.settled(listens=True)
        assert stage.told.http_port == taken

    play(story)


def test_an_end_forgets_no_port() -> None:
    async def story(stage: Stage) -> None:
        with listen_on(0) as other:
            taken = str(other.getsockname()[1])
            await stage.world.registry.put_setting(PORT_SETTING, taken)
            await set_http(stage.world.registry, "coder", on=True)
            await stage.done()
            await stage.listening.close()
        assert stage.world.registry.settings[PORT_SETTING] == taken

    play(story)


def test_what_changes_elsewhere_starts_nothing() -> None:
    async def story(stage: Stage) -> None:
        for topic in Topic:
            stage.world.observers.changed(topic)
        await stage.done()
        assert stage.told == Told()

    play(story)
