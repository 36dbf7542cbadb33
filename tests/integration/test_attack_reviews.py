"""A server that lists many tools: its reviews leave room for the calls of others."""

import asyncio
from pathlib import Path

from keyturn.approvers.exec import MOST_REVIEWS
from tests.fakes.approval_requests import a_definition
from tests.fakes.approver_programs import PATIENCE, relay
from tests.integration.test_exec_approver import World


def test_unanswered_reviews_leave_room_for_calls(tmp_path: Path) -> None:
    async def story() -> None:
        world = World()
        async with relay(tmp_path, world.approvals, world.clock) as wire:
            for number in range(MOST_REVIEWS + 40):
                review = a_definition(id=f"v-{number}")
                world.approvals.ask(review, hold_seconds=None)
            heard = [await wire.hear() for _ in range(MOST_REVIEWS)]
            assert {asked["kind"] for asked in heard} == {"definition"}
            answered = world.ask(1)
            asked = await wire.hear()
            assert asked["id"] == "c-1"
            wire.answer(asked, "allow_once")
            await asyncio.wait_for(answered, PATIENCE)
            wire.answer(heard[0], "deny")
            assert (await wire.hear())["id"] == f"v-{MOST_REVIEWS}"

    asyncio.run(story())
