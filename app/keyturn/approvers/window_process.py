"""How the window's process is started; loads nothing, as it starts before the broker is loaded."""

import asyncio
from collections.abc import Mapping, Sequence

LINE_LIMIT = 4 * 1024 * 1024
"""Bytes of the longest line that a window may send."""


async def launch(argv: Sequence[str], env: Mapping[str, str]) -> asyncio.subprocess.Process:
    """Start it on a pipe pair of its own, which has no name; raises OSError."""
    return await asyncio.create_subprocess_exec(
        *argv,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env=env,
        limit=LINE_LIMIT,
        start_new_session=True,
    )
