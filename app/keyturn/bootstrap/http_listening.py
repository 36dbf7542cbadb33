"""Listens for agents over HTTP while a person lets at least one come that way."""

import asyncio
import contextlib
import logging
import sys
from collections.abc import Callable
from typing import Protocol

from keyturn.application.events import Observers, Topic
from keyturn.application.registry import Registry
from keyturn.application.tasks import TaskOwner
from keyturn.bootstrap.foundation import Foundation
from keyturn.broker.hub import Hub
from keyturn.domain.decision import Actor
from keyturn.domain.errors import ConfigurationError

_log = logging.getLogger(__name__)

PORT_SETTING = "http_port"
"""Kept, because the hosts' configurations name it."""
PAUSE_SECONDS = 15.0
"""How long another program has the port before it is tried again."""
_PORTS = range(1024, 65536)


class Endpoint(Protocol):
    """What listens on one port."""

    port: int

    async def start(self, port: int) -> None:
        """Listen, on a free port for 0; raises ConfigurationError when that is impossible."""
        ...

    async def close(self) -> None:
        """End it and every connection that came to it."""
        ...


class Told(Protocol):
    """Who tells the window where agents are listened for."""

    http_port: int
    http_listens: bool


class HttpListening:
    """Starts and ends the endpoint as agents are let in over HTTP; one step at a time."""

    def __init__(
        self,
        *,
        registry: Registry,
        overview: Told,
        observers: Observers,
        make: Callable[[], Endpoint],
        pause: float = PAUSE_SECONDS,
    ) -> None:
        self._registry = registry
        self._overview = overview
        self._observers = observers
        self._make = make
        self._pause = pause
        self._endpoint: Endpoint | None = None
        self._was_wanted = False
        self._step = asyncio.Lock()
        self._tasks = TaskOwner()
        self._again: asyncio.TimerHandle | None = None
        self._unsubscribe: Callable[[], None] | None = None

    async def start(self) -> None:
        """Listen if an agent may come, and from now on whenever that changes."""
        self._was_wanted = self._wanted()
        await self.follow()
        self._unsubscribe = self._observers.subscribe(self._on_topic)

    async def close(self) -> None:
        """Listen no more."""
        if self._unsubscribe is not None:
            self._unsubscribe()
            self._unsubscribe = None
        if self._again is not None:
            self._again.cancel()
        await self._tasks.close()
        endpoint, self._endpoint = self._endpoint, None
        if endpoint is not None:
            await endpoint.close()

    def _on_topic(self, topic: Topic) -> None:
        if topic is Topic.AGENTS and self._wanted() != self._was_wanted:
            self._was_wanted = self._wanted()
            self._start_to_follow()

    def _wanted(self) -> bool:
        return any(agent.http and agent.confirmed for agent in self._registry.agents)

    async def follow(self) -> None:
        """Do what is wanted by now."""
        async with self._step:
            if self._wanted():
                await self._begin()
            else:
                await self._end()

    async def _begin(self) -> None:
        if self._endpoint is not None:
            return
        endpoint = self._make()
        kept = _port_of(self._registry.settings.get(PORT_SETTING, ""))
        try:
            await endpoint.start(kept)
        except ConfigurationError as error:
            _log.warning("nobody listens for agents over HTTP error=%s", error)
            self._tell(port=kept, listens=False)
            self._try_again_later()
            return
        self._endpoint = endpoint
        self._tell(port=endpoint.port, listens=True)
        if not kept:
            await self._registry.put_setting(PORT_SETTING, str(endpoint.port), Actor.KEYTURN)

    def _try_again_later(self) -> None:
        """Look once more whether the program that has the port has ended."""
        if self._again is not None:
            self._again.cancel()
        self._again = asyncio.get_running_loop().call_later(self._pause, self._start_to_follow)

    def _start_to_follow(self) -> None:
        self._tasks.start(self.follow(), "listening for agents over HTTP")

    async def _end(self) -> None:
        endpoint, self._endpoint = self._endpoint, None
        if endpoint is not None:
            await endpoint.close()
        elif self._overview.http_port:
            # Another program has the port: the next time any that is free will do.
            await self._registry.put_setting(PORT_SETTING, "", Actor.KEYTURN)
        self._tell(port=0, listens=False)

    def _tell(self, *, port: int, listens: bool) -> None:
        overview = self._overview
        if (overview.http_port, overview.http_listens) != (port, listens):
            overview.http_port, overview.http_listens = port, listens
            self._observers.changed(Topic.AGENTS)


async def follow_agents(
    base: Foundation, hub: Hub, told: Told, ends: contextlib.AsyncExitStack
) -> None:
    """Listen, until `ends` does, while a person lets an agent come over HTTP."""
    listening = HttpListening(
        registry=base.registry,
        overview=told,
        observers=base.observers,
        make=lambda: _endpoint(base, hub),
    )
    ends.push_async_callback(listening.close)
    await listening.start()


async def listen(base: Foundation, hub: Hub, ends: contextlib.AsyncExitStack, port: int) -> None:
    """Listen, until `ends` does, where an operator says, and print where."""
    endpoint = _endpoint(base, hub)
    await endpoint.start(port)
    ends.push_async_callback(endpoint.close)
    sys.stderr.write(f"keyturn: http://127.0.0.1:{endpoint.port}/s/SERVER\n")


def _endpoint(base: Foundation, hub: Hub) -> Endpoint:
    from keyturn.broker.http_endpoint import HttpEndpoint  # only who asks for it pays for it

    return HttpEndpoint(hub, frame_bytes=base.limits.frame_bytes)


def _port_of(text: str) -> int:
    """Read a kept port; 0, which means any that is free, for what is none."""
    with contextlib.suppress(ValueError):
        number = int(text)
        if number in _PORTS:
            return number
    return 0
