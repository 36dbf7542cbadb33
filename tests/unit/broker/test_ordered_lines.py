"""What a server says keeps its order while a large frame of it is read elsewhere."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from keyturn.application.ports.payloads import LARGE_BYTES
from keyturn.application.tasks import TaskOwner
from keyturn.broker.frames import Oversize
from keyturn.broker.large_frames import ReadFrame
from keyturn.broker.ordered_lines import ServerLines
from keyturn.broker.turns import PAYLOAD
from tests.fakes.held_memory import LONG, held_memory

LARGE = b"x" * LARGE_BYTES + b"\n"
OVERSIZE = Oversize(1 << 30, b"", b"")


class Told:
    """Keeps what it is told, in order."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.held: set[str] = set()

    def frame(self, line: bytes, read: ReadFrame) -> None:
        self.said.append("large" if len(line) > LARGE_BYTES else line.decode())

    def oversize(self, line: Oversize) -> None:
        self.said.append("oversize")

    def ended(self) -> None:
        self.said.append("ended")

    def hold_reading(self, reason: str) -> None:
        self.held.add(reason)

    def release_reading(self, reason: str) -> None:
        self.held.discard(reason)


class SlowFrames:
    """Reads a large frame once it may."""

    def __init__(self) -> None:
        self.may = asyncio.Semaphore(0)

    async def read(self, line: bytes, agent: str) -> ReadFrame:
        await self.may.acquire()
        return ReadFrame(None)


class Scene:
    """Lines before a receiver."""

    def __init__(self) -> None:
        self.told = Told()
        self.frames = SlowFrames()
        self.tasks = TaskOwner()
        self.lines = ServerLines(self.told, self.frames, self.tasks, "analyst")


def play(story: Callable[[Scene], Awaitable[None]]) -> None:
    """Run one story."""

    async def run() -> None:
        scene = Scene()
        async with asyncio.timeout(10):
            await story(scene)
            await scene.tasks.close()

    asyncio.run(run())


def test_small_lines_are_handed_on_in_the_step_in_which_they_come() -> None:
    async def story(scene: Scene) -> None:
        scene.lines.line(b"one")
        scene.lines.oversize(OVERSIZE)
        scene.lines.ended()
        assert scene.told.said == ["one", "oversize", "ended"]

    play(story)


def test_the_memory_of_a_large_line_is_given_back_in_a_step_of_its_own() -> None:
    """Not in that in which it is handed on, which is long enough."""

    async def story(scene: Scene) -> None:
        with held_memory() as held:
            scene.lines.line(bytes(LONG))
            scene.frames.may.release()
            turns: list[tuple[bool, bool]] = []
            while not turns or held():
                turns.append((bool(scene.told.held), bool(scene.told.said)))
                await asyncio.sleep(0)
        assert turns[-1] == (True, True)

    play(story)


@pytest.mark.requirement("LAW-7")
def test_what_comes_behind_a_large_frame_waits_for_it_in_order() -> None:
    async def story(scene: Scene) -> None:
        lines = scene.lines
        for line in (b"one", LARGE, b"two", LARGE, b"three"):
            lines.line(line)
        lines.oversize(OVERSIZE)
        lines.ended()
        assert scene.told.said == ["one"]
        assert scene.told.held == {PAYLOAD}
        scene.frames.may.release()
        await lines.settle(0.05)
        assert scene.told.said == ["one", "large", "two"]
        scene.frames.may.release()
        await lines.settle(5)
        assert scene.told.said == ["one", "large", "two", "large", "three", "oversize", "ended"]
        assert scene.told.held == set()
        lines.line(b"four")
        assert scene.told.said[-1] == "four"

    play(story)


def test_ending_the_owner_forgets_what_waits() -> None:
    async def story(scene: Scene) -> None:
        scene.lines.line(LARGE)
        scene.lines.line(b"two")
        await asyncio.sleep(0)
        await scene.tasks.close()
        await scene.lines.settle(5)
        assert scene.told.said == []
        assert scene.told.held == set()

    play(story)


def test_without_anybody_to_read_them_large_frames_are_lines_like_any_other() -> None:
    async def story(scene: Scene) -> None:
        lines = ServerLines(scene.told, None, scene.tasks, "analyst")
        lines.line(LARGE)
        assert scene.told.said == ["large"]

    play(story)
