"""Time, as the clock port wants it."""

import asyncio
import re
import time

import pytest

from keyturn.desktop import clock as clock_module
from keyturn.desktop.clock import SystemClock
from keyturn.desktop.wall_time import utc_text


def test_wall_time_has_milliseconds_and_a_z() -> None:
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", SystemClock().now_utc())
    assert utc_text(1_795_442_872_123_999_999) == "2026-11-23T14:07:52.123Z"
    assert utc_text(0) == "1970-01-01T00:00:00.000Z"


def test_the_boot_is_the_same_for_every_clock() -> None:
    assert SystemClock().boot_id == SystemClock().boot_id != ""


def test_a_timer_runs_when_its_time_has_come_and_not_before() -> None:
    async def measure() -> int:
        clock = SystemClock()
        ran = asyncio.Event()
        due = clock.monotonic_ns() + 5_000_000
        clock.call_at(due, ran.set)
        async with asyncio.timeout(10):
            await ran.wait()
        return clock.monotonic_ns() - due

    assert asyncio.run(measure()) >= 0


def test_a_timer_that_the_loop_fires_early_waits_on(monkeypatch: pytest.MonkeyPatch) -> None:
    async def fire() -> int:
        clock = SystemClock()
        ran = asyncio.Event()
        looks: list[None] = []

        def slow_at_first() -> int:
            looks.append(None)
            # The first look arms the timer, the second comes too early by this clock.
            return due - 1 if len(looks) <= 2 else due

        due = time.monotonic_ns() + 1_000
        monkeypatch.setattr(clock_module.time, "monotonic_ns", slow_at_first)
        clock.call_at(due, ran.set)
        async with asyncio.timeout(10):
            await ran.wait()
        return len(looks)

    # Armed, too early, armed again, due.
    assert asyncio.run(fire()) >= 4


def test_a_cancelled_timer_never_runs_and_a_past_one_runs_at_once() -> None:
    async def fire() -> list[str]:
        clock = SystemClock()
        ran: list[str] = []
        done = asyncio.Event()
        late = clock.call_at(0, lambda: ran.append("cancelled"))
        late.cancel()
        clock.call_at(0, lambda: ran.append("past"))
        clock.call_at(clock.monotonic_ns() + 1_000_000, done.set)
        async with asyncio.timeout(10):
            await done.wait()
        late.cancel()
        return ran

    assert asyncio.run(fire()) == ["past"]
