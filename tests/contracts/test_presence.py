"""What every authority promises: the fake, one that is played on a real bus, and polkitd itself."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from keyturn.application.ports.presence import PresenceAuthority
from keyturn.application.tasks import TaskOwner
from keyturn.desktop.polkit import ACTION, PolkitAuthority
from keyturn.domain.presence import PresenceAnswer, Readiness
from tests.fakes.presence import FakeAuthority
from tests.polkit_server import (
    NOBODY,
    PlayedAuthority,
    dialog,
    install,
    real_polkitd,
    system_bus,
    until_owned,
    why_no_polkitd,
    window_of,
)

FILE = Path(__file__).parents[2] / "resources" / "polkit" / f"{ACTION}.policy"
SAID = {"agent": "analyst", "tool": "orders / cancel", "tier": "T2 Reaches out", "value": "17"}
ANSWERS = {
    "yes": PresenceAnswer.CONFIRMED,
    "no": PresenceAnswer.DENIED,
    "close": PresenceAnswer.DISMISSED,
}
PLAYED: dict[str, tuple[bool, bool, dict[str, str]] | None] = {
    "yes": (True, False, {}),
    "no": (False, False, {}),
    "close": (False, False, {"polkit.dismissed": "true"}),
    "": None,
}


@dataclass(slots=True)
class Scene:
    """An authority, the window that it is asked about, and the dialog."""

    authority: PresenceAuthority
    pid: int
    opened: asyncio.Event


Check = Callable[[Scene], Coroutine[Any, Any, None]]


class Subject:
    """Runs a check against one implementation, where the person says something or nothing."""

    def __init__(self, kind: str, folder: Path) -> None:
        self._kind = kind
        self._folder = folder

    def check(self, promise: Check, *, says: str = "yes", ready: bool = True) -> None:
        asyncio.run(asyncio.wait_for(self._check(promise, says, ready), 30))

    async def _check(self, promise: Check, says: str, ready: bool) -> None:
        if self._kind == "fake":
            fake = FakeAuthority(ready=Readiness.READY if ready else Readiness.NO_ACTION)
            if says:
                fake.person.put_nowait(ANSWERS[says])
            await promise(Scene(fake, 1, fake.opened))
        elif self._kind == "bus":
            error = "" if ready else "org.freedesktop.PolicyKit1.Error.Failed"
            played = PlayedAuthority(person=PLAYED[says], error=error)
            async with on_a_bus(self._folder) as (authority, bus, pid), played.on(bus):
                await promise(Scene(authority, pid, played.opened))
        else:
            actions = install(self._folder, FILE.read_text(encoding="utf-8") if ready else "")
            async with on_a_bus(self._folder, NOBODY) as (authority, bus, pid):
                with real_polkitd(self._folder, bus, actions, pid):
                    await until_owned(bus)
                    async with dialog(bus, says=says) as shown:
                        await promise(Scene(authority, pid, shown.opened))


@asynccontextmanager
async def on_a_bus(
    folder: Path, user: int | None = None
) -> AsyncGenerator[tuple[PolkitAuthority, str, int]]:
    """Start a bus and a window, and what asks there about it."""
    with system_bus(folder) as bus, window_of(user) as pid:
        tasks = TaskOwner()
        try:
            # Whether the login of whoever runs the tests has a password is not asked.
            yield PolkitAuthority(start=tasks.start, bus=bus, passwd=folder), bus, pid
        finally:
            await tasks.close()


@pytest.fixture(
    params=[
        "fake",
        pytest.param("bus", marks=pytest.mark.gui),
        pytest.param("polkitd", marks=pytest.mark.gui),
    ]
)
def subject(request: pytest.FixtureRequest, tmp_path: Path) -> Subject:
    if request.param == "polkitd" and (why := why_no_polkitd()):
        pytest.skip(why)
    return Subject(request.param, tmp_path)


class TestAuthority:
    """It asks a person about one process, or says why it would not."""

    @pytest.mark.requirement("PRESENCE-1")
    @pytest.mark.parametrize("says", ["yes", "no", "close"])
    def test_it_says_what_a_person_said(self, subject: Subject, says: str) -> None:
        async def promise(scene: Scene) -> None:
            assert await scene.authority.readiness(scene.pid) is Readiness.READY
            assert await scene.authority.ask(scene.pid, SAID) is ANSWERS[says]

        subject.check(promise, says=says)

    @pytest.mark.requirement("PRESENCE-1")
    def test_nothing_is_confirmed_where_it_would_ask_nobody(self, subject: Subject) -> None:
        async def promise(scene: Scene) -> None:
            assert await scene.authority.readiness(scene.pid) is Readiness.NO_ACTION
            assert await scene.authority.ask(scene.pid, SAID) is PresenceAnswer.UNAVAILABLE

        subject.check(promise, ready=False)

    def test_a_question_that_is_given_up_ends_at_once(self, subject: Subject) -> None:
        async def promise(scene: Scene) -> None:
            tasks = TaskOwner()
            asked = tasks.start(scene.authority.ask(scene.pid, SAID), "asked")
            await scene.opened.wait()
            await tasks.close()
            assert asked.cancelled()
            assert await scene.authority.readiness(scene.pid) is Readiness.READY

        subject.check(promise, says="")
