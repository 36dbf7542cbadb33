"""What a test sees of the memory of one long text: whether it was given back yet."""

import tracemalloc
from collections.abc import Callable, Generator
from contextlib import contextmanager

LONG = 8_000_000
"""Bytes, beside which nothing else counts."""


@contextmanager
def held_memory() -> Generator[Callable[[], bool]]:
    """Have told whether as much as a long text is held that was made meanwhile."""
    tracemalloc.start()
    try:
        yield lambda: tracemalloc.get_traced_memory()[0] > LONG // 2
    finally:
        tracemalloc.stop()
