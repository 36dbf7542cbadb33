"""The one notification of what waits, on a bus of the test's own: none is left, none tells."""

import asyncio
import random
from collections.abc import Callable, Coroutine, Generator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from keyturn.application.approval_request import Answer, AnswerVerdict, Route
from keyturn.application.approvals import Approvals
from keyturn.application.tasks import TaskOwner
from keyturn.approvers.notification import WaitingNotice
from keyturn.desktop import notifications
from keyturn.desktop.notifications import DesktopNotifier
from keyturn.domain.canonical import JsonObject
from keyturn.domain.tier import Tier
from keyturn.inspection.secrets import DetectSecretsMask
from keyturn.presentation.card_builder import CardBuilder
from keyturn.presentation.verbs import read_verbs
from keyturn.presentation.words import Words
from tests.canaries import a_github_token, a_web_token, an_aws_key, written_ways
from tests.factories import make_request
from tests.notification_server import NotificationServer
from tests.private_session import WAIT_SECONDS, session_bus
from tests.sources import ROOT
from tests.unit.application.gate_world import World

pytestmark = pytest.mark.gui
CALLS = 500
PLANTED = 50
PROMISED_SECONDS = 5.0
"""Within which a desktop without notifications is a problem (N3)."""
WORDS = Words(ROOT / "resources" / "translations")


@dataclass(slots=True)
class Stage:
    """The queue and its notification."""

    world: World = field(default_factory=World)
    said: list[bool] = field(default_factory=list[bool])
    heard: asyncio.Event = field(default_factory=asyncio.Event)
    begin: Callable[[], None] = lambda: None
    """Begins to notify."""

    @property
    def approvals(self) -> Approvals:
        """Return the queue."""
        return self.world.approvals

    def on_shown(self, shown: bool) -> None:
        """Note whether this desktop shows any."""
        self.said.append(shown)
        self.heard.set()

    def allow(self, id_: str, digest: str) -> None:
        """Answer as a person at the window would."""
        verdict = AnswerVerdict.ALLOW_ONCE
        self.approvals.answer(Answer(id=id_, digest=digest, verdict=verdict, route=Route.WINDOW))

    async def says(self, shown: bool) -> None:
        """Wait until the last word on it is this one."""
        async with asyncio.timeout(WAIT_SECONDS):
            while not self.said or self.said[-1] is not shown:
                self.heard.clear()
                await self.heard.wait()


def perform(play: Callable[[Stage], Coroutine[Any, Any, None]]) -> None:
    async def on_stage() -> None:
        stage, tasks = Stage(), TaskOwner()
        notifier = DesktopNotifier(
            start=tasks.start,
            on_action=lambda _action, _request, _digest: None,
            labels=lambda: ("Review", "Deny"),
        )
        notice = WaitingNotice(
            notifier=notifier,
            approvals=stage.approvals,
            observers=stage.world.observers,
            mask=DetectSecretsMask(),
            words=WORDS,
            cards=CardBuilder(WORDS, read_verbs(ROOT / "resources" / "verbs.toml")),
            update_seconds=0.0,
            on_shown=stage.on_shown,
        )
        notifier.on_server = notice.look_again
        stage.begin = notice.start
        try:
            async with asyncio.timeout(60):
                await play(stage)
        finally:
            await notice.close()
            await notifier.close()
            await tasks.close()

    asyncio.run(on_stage())


@pytest.fixture(autouse=True)
def bus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[None]:
    with session_bus(tmp_path) as env:
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", env["DBUS_SESSION_BUS_ADDRESS"])
        yield


async def gone(server: NotificationServer) -> None:
    """Wait until nothing is on screen."""
    async with asyncio.timeout(WAIT_SECONDS):
        await server.until(lambda: not server.on_screen)


@pytest.mark.requirement("N1")
def test_after_500_settled_calls_no_notification_remains() -> None:
    async def play(stage: Stage) -> None:
        chance = random.Random(500)
        async with NotificationServer() as server:
            stage.begin()
            await stage.says(True)
            waiting: list[tuple[str, str]] = []
            for number in range(CALLS):
                tier = Tier(number % 4)
                request = make_request(f"r-{number}", arguments={"order": number}, tier=tier)
                stage.approvals.ask(request, hold_seconds=50)
                waiting.append((request.id, request.digest))
                await asyncio.sleep(0)
                # Some are answered in between, in any order, so that it comes and goes.
                while waiting and chance.random() < 0.5:
                    stage.allow(*waiting.pop(chance.randrange(len(waiting))))
                assert len(server.on_screen) <= 1
            while waiting:
                stage.allow(*waiting.pop())
            await gone(server)
            assert not stage.approvals.waiting()
            assert len(server.shown) > 1
            # One that came late would be there by the time that another one has come and gone.
            last = make_request("last", arguments={"order": CALLS})
            stage.approvals.ask(last, hold_seconds=50)
            async with asyncio.timeout(WAIT_SECONDS):
                await server.until(lambda: bool(server.on_screen))
            stage.allow(last.id, last.digest)
            await gone(server)

    perform(play)


def planted(secret: str, number: int) -> JsonObject:
    """Return arguments that hold a secret where a notification might show it."""
    places: tuple[JsonObject, ...] = (
        {"address": secret},
        {"to": f"https://example.test/hook?key={secret}"},
        {"command": f"curl -H 'Authorization: Bearer {secret}' https://example.test"},
        {"text": f"password = '{secret}'", "path": "/tmp/notes"},
        {secret: 1},
    )
    return places[number % len(places)]


@pytest.mark.requirement("N2")
def test_no_notification_holds_a_planted_secret() -> None:
    async def play(stage: Stage) -> None:
        chance = random.Random()
        makers = (an_aws_key, a_github_token, a_web_token)
        secrets = [makers[number % 3](chance) for number in range(PLANTED)]
        async with NotificationServer() as server:
            stage.begin()
            await stage.says(True)
            for number, secret in enumerate(secrets):
                names = ("dispatch_order", "run_command", "send_email", f"tool_{secret}")
                arguments = planted(secret, number)
                tool = names[number % len(names)]
                request = make_request(f"r-{number}", tool=tool, arguments=arguments, tier=Tier.T2)
                stage.approvals.ask(request, hold_seconds=50)
                async with asyncio.timeout(WAIT_SECONDS):
                    await server.until(lambda: bool(server.on_screen))
                stage.allow(request.id, request.digest)
                await gone(server)
            assert len(server.shown) >= PLANTED
            told = "\n".join(
                f"{one.summary}\n{one.body}\n{one.actions}" for one in server.shown
            ).encode()
        found = [s[:4] for s in secrets if any(way in told for way in written_ways(s))]
        assert found == []

    perform(play)


@pytest.mark.requirement("N3")
def test_a_desktop_without_notifications_is_said_within_the_time() -> None:
    # Each try ends within this time, and there is one at the start and one for each change.
    assert notifications.ANSWER_SECONDS < PROMISED_SECONDS

    async def play(stage: Stage) -> None:
        stage.begin()
        await stage.says(False)
        async with NotificationServer() as server:
            stage.approvals.ask(make_request("r-1"), hold_seconds=50)
            await stage.says(True)
            await server.until(lambda: bool(server.on_screen))
        # It went away while nothing changed, and nobody tried to show anything.
        await stage.says(False)

    perform(play)
