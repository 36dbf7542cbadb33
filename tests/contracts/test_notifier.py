"""What every notifier promises, asked of the fake and of the one on a real bus."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from keyturn.application.ports.notifier import Notice, Notifier
from keyturn.application.tasks import TaskOwner
from keyturn.desktop.notifications import DesktopNotifier, NoticeAction
from tests.fakes.notifier import FakeNotifier
from tests.notification_server import NotificationServer
from tests.private_session import session_bus

FIRST = Notice(title="Agent asks", body="dispatch_all", request_id="req-1", digest="d1")
SECOND = Notice(title="2 waiting", body="", request_id="req-2", digest="d2")

Check = Callable[[Notifier], Coroutine[Any, Any, None]]


def nobody_listens(_action: NoticeAction, _request_id: str, _digest: str) -> None:
    return


@asynccontextmanager
async def on_a_bus(*, server: bool) -> AsyncGenerator[DesktopNotifier]:
    tasks = TaskOwner()
    notifier = DesktopNotifier(
        start=tasks.start, on_action=nobody_listens, labels=lambda: ("Review", "Deny")
    )
    try:
        if server:
            async with NotificationServer():
                yield notifier
                await notifier.close()
        else:
            yield notifier
    finally:
        await notifier.close()
        await tasks.close()


class Subject:
    """Runs a check against one implementation, with or without something to show things on."""

    def __init__(self, kind: str) -> None:
        self._kind = kind

    def check(self, promise: Check, *, available: bool = True) -> None:
        asyncio.run(asyncio.wait_for(self._check(promise, available=available), 30))

    async def _check(self, promise: Check, *, available: bool) -> None:
        if self._kind == "fake":
            await promise(FakeNotifier(available=available))
            return
        async with on_a_bus(server=available) as notifier:
            await promise(notifier)


@pytest.fixture(params=["fake", pytest.param("bus", marks=pytest.mark.gui)])
def subject(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Generator[Subject]:
    if request.param == "fake":
        yield Subject("fake")
        return
    with session_bus(tmp_path) as env:
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", env["DBUS_SESSION_BUS_ADDRESS"])
        yield Subject("bus")


class TestNotifier:
    """One notification that comes and goes, or the word that there is none."""

    def test_it_shows_replaces_and_withdraws(self, subject: Subject) -> None:
        async def promise(notifier: Notifier) -> None:
            assert await notifier.show(FIRST)
            assert await notifier.show(SECOND)
            await notifier.withdraw()
            assert await notifier.show(FIRST)

        subject.check(promise)

    def test_withdrawing_what_is_not_shown_is_harmless(self, subject: Subject) -> None:
        async def promise(notifier: Notifier) -> None:
            await notifier.withdraw()
            assert await notifier.show(FIRST)
            await notifier.withdraw()
            await notifier.withdraw()

        subject.check(promise)

    def test_where_nothing_can_be_shown_it_says_so(self, subject: Subject) -> None:
        async def promise(notifier: Notifier) -> None:
            assert not await notifier.show(FIRST)
            assert not await notifier.show(SECOND)
            await notifier.withdraw()

        subject.check(promise, available=False)
