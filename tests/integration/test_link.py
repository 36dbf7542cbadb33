"""One agent's connection to one server, with a real process at its end."""

from pathlib import Path

import pytest

from tests.integration.link_rig import ALLOW_ALL, World


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path, posture_rules=ALLOW_ALL)


async def _talk(world: World) -> None:
    wire = world.link(world.raw_server())
    await wire.shake()
    answer = await wire.call(1, "echo", "hello")
    assert answer["result"]["content"][0]["text"] == "hello"
    tools = await wire.ask(2, "tools/list")
    assert [tool["name"] for tool in tools["result"]["tools"]] == ["echo", "die", "twice", "silent"]


def test_a_call_goes_through(world: World) -> None:
    import asyncio

    async def run() -> None:
        try:
            await _talk(world)
        finally:
            await world.close()

    asyncio.run(run())
