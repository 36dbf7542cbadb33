"""Attacks on the socket: crowds of connections, and processes that say who they are."""

import os
import socket
from pathlib import Path

import pytest

from keyturn.broker import downstream_socket
from tests.integration.link_rig import World
from tests.integration.stories import tell
from tests.integration.test_link_socket import broker


def test_a_crowd_that_leads_nowhere_makes_room_for_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(downstream_socket, "MOST_CLIENTS", 5)

    async def story(world: World) -> None:
        async with broker(world) as b:
            served = await b.greet()
            assert "result" in await served.ask(1, "ping")
            crowd = [await b.greet(server="none") for _ in range(8)]
            assert "error" in await crowd[-1].ask(1, "ping")
            assert [await talk.line() for talk in crowd[:3]] == [b"", b"", b""]
            assert "result" in await served.ask(2, "ping")
            for talk in (served, *crowd):
                await talk.close()

    tell(tmp_path, story)


def of_another_namespace(_end: socket.socket) -> tuple[int, int]:
    """Say what SO_PEERCRED says of it: a process without a number here, of the same user."""
    return 0, os.getuid()


def test_a_process_of_another_namespace_cannot_choose_its_session(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(downstream_socket, "_peer", of_another_namespace)

    async def story(world: World) -> None:
        async with broker(world) as b:
            talk = await b.greet(pid=os.getpid())
            assert "result" in await talk.ask(1, "ping")
            (connection,) = b.hub.connections()
            assert connection.peer.process is None
            assert connection.session.host is None
            await talk.close()

    tell(tmp_path, story)
