"""Runs a test's story on a loop of its own, within a bound, and ends its world afterwards."""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from keyturn.domain.configuration import Limits
from keyturn.domain.rule import Rule
from tests.integration.link_rig import ALLOW_ALL, World

STORY_SECONDS = 110.0


def tell(
    folder: Path,
    story: Callable[[World], Coroutine[Any, Any, None]],
    *,
    rules: tuple[Rule, ...] = ALLOW_ALL,
    limits: Limits | None = None,
) -> None:
    """Run `story` with a fresh world; whatever it started has ended when this returns."""

    async def told() -> None:
        world = World(folder, posture_rules=rules, limits=limits or Limits())
        async with asyncio.timeout(STORY_SECONDS):
            try:
                await story(world)
            finally:
                await world.close()
        left = {task for task in asyncio.all_tasks() if task is not asyncio.current_task()}
        assert not left, left

    asyncio.run(told())
