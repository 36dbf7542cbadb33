"""The notification says what waits, denies only what it named, and goes when nothing waits."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from keyturn.application.approval_request import ApprovalRequest
from keyturn.approvers.notification import WaitingNotice
from keyturn.domain.approval import State
from keyturn.presentation.card import DecisiveValue
from keyturn.presentation.card_builder import CardBuilder
from keyturn.presentation.verbs import read_verbs
from keyturn.presentation.words import Words
from tests.factories import make_request
from tests.fakes.inspection import FakeSecretMask
from tests.fakes.notifier import FakeNotifier
from tests.unit.application.gate_world import World

RESOURCES = Path(__file__).parents[3] / "resources"
WORDS = Words(RESOURCES / "translations")


class Watched(FakeNotifier):
    """A notifier whose every change can be waited for."""

    def __init__(self) -> None:
        super().__init__()
        self.changed = asyncio.Event()

    async def show(self, notice: object) -> bool:
        shown = await super().show(notice)  # type: ignore[arg-type]  # a Notice
        self.changed.set()
        return shown

    async def withdraw(self) -> None:
        await super().withdraw()
        self.changed.set()


def play(
    story: Callable[[World, Watched, WaitingNotice], Awaitable[None]],
    *,
    available: bool = True,
    on_shown: Callable[[bool], None] = lambda _shown: None,
) -> None:
    async def run() -> None:
        world, notifier = World(), Watched()
        notifier.available = available
        notice = WaitingNotice(
            notifier=notifier,
            approvals=world.approvals,
            observers=world.observers,
            mask=FakeSecretMask(),
            words=WORDS,
            cards=CardBuilder(WORDS, read_verbs(RESOURCES / "verbs.toml")),
            update_seconds=0.0,
            on_shown=on_shown,
        )
        notice.start()
        try:
            async with asyncio.timeout(10):
                await story(world, notifier, notice)
        finally:
            await notice.close()

    asyncio.run(run())


def test_one_request_is_named_and_its_deny_is_bound_to_it() -> None:
    async def story(world: World, notifier: Watched, notice: WaitingNotice) -> None:
        request = make_request()
        resolved = world.approvals.ask(request, hold_seconds=50)
        await notifier.changed.wait()
        shown = notifier.on_screen
        assert shown is not None
        assert (shown.request_id, shown.digest) == (request.id, request.digest)
        notice.deny(request.id, "0" * 64)
        assert not resolved.done()
        notice.deny(shown.request_id, shown.digest)
        assert (await resolved).state is State.DENIED

    play(story)


def test_several_are_counted_and_nothing_is_left_behind() -> None:
    async def story(world: World, notifier: Watched, notice: WaitingNotice) -> None:
        first, second = make_request("call-1"), make_request("call-2", arguments={"order": 2})
        world.approvals.ask(first, hold_seconds=50)
        world.approvals.ask(second, hold_seconds=50)
        await notifier.changed.wait()
        shown = notifier.on_screen
        assert shown is not None
        assert shown.title == "2 requests waiting"
        assert shown.request_id == ""
        for request in (first, second):
            notice.deny(request.id, request.digest)
        while notifier.on_screen is not None:
            notifier.changed.clear()
            await notifier.changed.wait()

    play(story)


def test_a_long_definition_is_read_off_the_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    on_the_loop: list[bool] = []
    decisive = CardBuilder.decisive

    def noted(cards: CardBuilder, request: ApprovalRequest) -> tuple[DecisiveValue, ...]:
        on_the_loop.append(threading.current_thread() is threading.main_thread())
        return decisive(cards, request)

    monkeypatch.setattr(CardBuilder, "decisive", noted)

    async def story(world: World, notifier: Watched, _notice: WaitingNotice) -> None:
        request = replace(make_request(), definition=f'{{"description":"{"x" * 10_000}"}}')
        world.approvals.ask(request, hold_seconds=50)
        await notifier.changed.wait()
        assert notifier.on_screen is not None
        assert set(on_the_loop) == {False}

    play(story)


@pytest.mark.requirement("N3")
def test_whether_it_can_be_shown_is_said_at_the_start_and_at_each_try() -> None:
    said: list[bool] = []
    heard = asyncio.Event()

    def note(shown: bool) -> None:
        said.append(shown)
        heard.set()

    async def story(world: World, notifier: Watched, _notice: WaitingNotice) -> None:
        await heard.wait()
        assert said == [False]
        world.approvals.ask(make_request(), hold_seconds=50)
        await notifier.changed.wait()
        assert said == [False, False]
        notifier.available = True
        heard.clear()
        world.approvals.ask(make_request("call-2"), hold_seconds=50)
        await heard.wait()
        assert said == [False, False, True]

    play(story, available=False, on_shown=note)
