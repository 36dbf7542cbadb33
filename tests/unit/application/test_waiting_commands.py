"""Commands wait only while an answer could start them, and only so many."""

import json
from dataclasses import replace
from typing import Any

import pytest

from keyturn.application.approval_request import WithdrawCause
from keyturn.application.connection import Connection
from keyturn.application.reviews import MOST_COMMANDS
from keyturn.application.tasks import TaskOwner
from keyturn.domain.configuration import ReviewMode
from keyturn.domain.decision import Actor
from tests.factories import make_connection, make_launch, make_server
from tests.unit.application.gate_world import World, play

ASKED = make_server(review=ReviewMode.ASK, tools=())


def elsewhere(cwd: str, id_: str = "", **changes: Any) -> Connection:
    """Make a connection whose server would start in another folder."""
    launch = replace(make_launch(), cwd=cwd, **changes)
    return replace(make_connection(server=ASKED, launch=launch), id=id_ or cwd)


def waiting(world: World) -> list[str]:
    """Return the folders of the commands that wait, oldest first."""
    requests = [w.request for w in world.approvals.waiting()]
    return [json.loads(request.arguments)["cwd"] for request in requests]


@pytest.mark.parametrize("changes", [{"sha256": "1" * 64}, {"argv": ("server", "-v")}])
def test_a_newer_identity_takes_the_older_ones_place(changes: dict[str, Any]) -> None:
    async def story() -> None:
        world = World()
        older = TaskOwner().start(world.reviews.consent(elsewhere("/a"), 60), "older")
        first = await world.asked()
        await world.reviews.consent(elsewhere("/b", **changes), 0)
        assert not await older
        assert waiting(world) == ["/b"]
        assert world.approver.withdrawn[-1][:2] == (first.id, WithdrawCause.DRIFT)
        # Even one that was agreed to already, as when a program is put back.
        await world.agreements.agree(elsewhere("/a"), Actor.HUMAN, None)
        assert await world.reviews.consent(elsewhere("/a"), 60)
        assert waiting(world) == []

    play(story)


def test_a_program_of_its_own_in_each_folder_is_no_newer_one() -> None:
    async def story() -> None:
        world = World()
        one = elsewhere("/a", executable="/a/server")
        other = elsewhere("/b", executable="/b/server", sha256="1" * 64)
        await world.reviews.consent(one, 0)
        await world.reviews.consent(other, 0)
        assert waiting(world) == ["/a", "/b"]
        await world.reviews.close()

    play(story)


def test_the_last_one_waits_for_its_agent_to_come_back() -> None:
    async def story() -> None:
        world = World()
        one, two = elsewhere("/a"), elsewhere("/b")
        await world.reviews.consent(one, 0)
        world.reviews.left(one)
        assert waiting(world) == ["/a"]
        await world.reviews.consent(two, 0)
        assert waiting(world) == ["/b"]
        assert world.approver.withdrawn[-1][1] is WithdrawCause.CANCELLED
        await world.reviews.close()

    play(story)


def test_one_waits_as_long_as_any_of_its_connections() -> None:
    async def story() -> None:
        world = World()
        one, again, two = elsewhere("/a"), elsewhere("/a", "again"), elsewhere("/b")
        for connection in (one, again, two):
            await world.reviews.consent(connection, 0)
        world.reviews.left(one)
        assert waiting(world) == ["/a", "/b"]
        world.reviews.left(again)
        assert waiting(world) == ["/b"]
        await world.reviews.close()

    play(story)


def test_a_server_has_only_so_many() -> None:
    async def story() -> None:
        world = World()
        for number in range(MOST_COMMANDS + 5):
            await world.reviews.consent(elsewhere(f"/{number}"), 0)
        assert len(waiting(world)) == MOST_COMMANDS
        other = make_connection(server=replace(ASKED, name="reports"))
        await world.reviews.consent(other, 0)
        assert len(waiting(world)) == MOST_COMMANDS + 1
        await world.reviews.close()

    play(story)
