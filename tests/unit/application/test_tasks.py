"""The owner of tasks, and the observers: nothing is lost, nobody is told twice."""

import asyncio

import pytest

from keyturn.application.events import Observers, Topic
from keyturn.application.tasks import TaskOwner
from tests.unit.application.gate_world import play


async def fail() -> None:
    raise ZeroDivisionError


def test_a_failure_is_logged_and_handed_over(caplog: pytest.LogCaptureFixture) -> None:
    failures: list[tuple[str, BaseException]] = []

    async def story() -> None:
        told = TaskOwner(lambda name, error: failures.append((name, error)))
        told.start(fail(), "adds up")
        TaskOwner().start(fail(), "nobody listens")
        await asyncio.sleep(0.01)
        await told.close()

    play(story)
    ((name, error),) = failures
    assert name == "adds up"
    assert isinstance(error, ZeroDivisionError)
    assert caplog.text.count("task failed") == 2


def test_closing_ends_what_runs_and_not_itself() -> None:
    async def story() -> None:
        owner = TaskOwner()
        endless = owner.start(asyncio.Event().wait(), "endless")
        await owner.start(owner.close(), "closes its own owner")
        assert endless.cancelled()
        await owner.close()

    play(story)


def test_what_ends_by_itself_may_be_waited_for_a_while() -> None:
    async def story() -> None:
        owner = TaskOwner()
        await owner.settle(60.0)
        ends = owner.start(asyncio.sleep(0), "ends")
        await owner.settle(60.0)
        assert ends.done()
        endless = owner.start(asyncio.Event().wait(), "endless")
        await owner.start(owner.settle(0.01), "settles its own owner")
        assert not endless.done()
        await owner.close()

    play(story)


def test_observers_come_and_go() -> None:
    observers = Observers()
    heard: list[Topic] = []
    forget = observers.subscribe(heard.append)
    observers.changed(Topic.STOP)
    forget()
    observers.changed(Topic.QUEUE)
    assert heard == [Topic.STOP]
