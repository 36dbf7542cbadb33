"""Notifications on a session bus of the test's own, against a played server and against dunst."""

import asyncio
import json
import subprocess
from collections.abc import Callable, Coroutine, Generator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import jeepney  # pyright: ignore[reportMissingTypeStubs]  # it has no types and there are no stubs
import pytest

from keyturn.application.ports.notifier import Notice
from keyturn.application.tasks import TaskOwner
from keyturn.desktop import notifications
from keyturn.desktop.notifications import DesktopNotifier, NoticeAction
from keyturn.desktop.session_bus import BusMessage, BusObject, open_session_bus
from tests.notification_server import NotificationServer
from tests.private_session import WAIT_SECONDS, display, program, session_bus, wait_for_owner

pytestmark = pytest.mark.gui

NAME = "org.freedesktop.Notifications"
NOTICE = Notice(title="analyst: dispatch_all", body="to Hangar 9", request_id="r1", digest="d1")
OTHER = Notice(title="analyst: read", body="page 5", request_id="r2", digest="d2")
_jeepney: Any = jeepney

Click = tuple[NoticeAction, str, str]
Play = Callable[["Stage"], Coroutine[Any, Any, None]]


class Stage:
    """A notifier and what its person did."""

    def __init__(self) -> None:
        self.tasks = TaskOwner()
        self.clicks: asyncio.Queue[Click] = asyncio.Queue()
        self.notifier = DesktopNotifier(
            start=self.tasks.start,
            on_action=lambda action, request, digest: self.clicks.put_nowait(
                (action, request, digest)
            ),
            labels=lambda: ("Review", "Deny"),
        )

    async def click(self) -> Click:
        async with asyncio.timeout(WAIT_SECONDS):
            return await self.clicks.get()


def perform(play: Play) -> None:
    """Run a play and leave nothing behind; warnings about open sockets fail the test."""

    async def on_stage() -> None:
        stage = Stage()
        try:
            async with asyncio.timeout(60):
                await play(stage)
        finally:
            await stage.notifier.close()
            await stage.tasks.close()

    asyncio.run(on_stage())


@pytest.fixture
def bus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[dict[str, str]]:
    with session_bus(tmp_path) as env:
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", env["DBUS_SESSION_BUS_ADDRESS"])
        yield env


@pytest.mark.usefixtures("bus")
class TestAgainstAPlayedServer:
    """What is sent, and what is believed."""

    def test_what_is_sent(self) -> None:
        async def play(stage: Stage) -> None:
            async with NotificationServer() as server:
                assert await stage.notifier.show(NOTICE)
                (shown,) = server.shown
                assert (shown.summary, shown.body) == (NOTICE.title, NOTICE.body)
                assert shown.actions[::2] == ["default", shown.actions[2]]
                assert shown.actions[1::2] == ["Review", "Deny"]
                assert shown.actions[2].startswith("deny-")
                assert shown.hints["urgency"] == ("y", 1)

        perform(play)

    def test_there_is_one_however_often_it_changes(self) -> None:
        async def play(stage: Stage) -> None:
            async with NotificationServer(first=40) as server:
                for number in range(20):
                    assert await stage.notifier.show(
                        Notice(title=str(number), body="", request_id=str(number), digest="d")
                    )
                assert server.on_screen == {40}
                assert [shown.replaces for shown in server.shown] == [0] + [40] * 19
                await stage.notifier.withdraw()
                assert server.on_screen == set()

        perform(play)

    def test_a_late_click_denies_what_it_was_shown_for(self) -> None:
        async def play(stage: Stage) -> None:
            async with NotificationServer() as server:
                await stage.notifier.show(NOTICE)
                await stage.notifier.show(OTHER)
                old, new = (shown.actions[2] for shown in server.shown)
                await server.click(1, old)
                assert await stage.click() == (NoticeAction.DENY, "r1", "d1")
                await server.click(1, new)
                assert await stage.click() == (NoticeAction.DENY, "r2", "d2")
                await server.click(1, new)
                await server.click(1, "deny")
                await server.click(1, "allow")
                await server.click(1, "default")
                assert await stage.click() == (NoticeAction.OPEN, "r2", "d2")
                assert stage.clicks.empty()

        perform(play)

    def test_without_a_request_there_is_nothing_to_deny(self) -> None:
        async def play(stage: Stage) -> None:
            async with NotificationServer() as server:
                await stage.notifier.show(Notice(title="Stopped", body=""))
                assert server.shown[0].actions == ["default", "Review"]

        perform(play)

    def test_text_is_never_markup_and_never_breaks_the_message(self) -> None:
        hostile = Notice(
            title="<b>t</b>\0\ud800", body="<a href='x'>&amp;</a>\0\ud800" + "y" * 9_000
        )

        async def with_markup(stage: Stage) -> None:
            async with NotificationServer() as server:
                assert await stage.notifier.show(hostile)
                assert server.shown[0].summary == "<b>t</b>\N{REPLACEMENT CHARACTER}?"
                assert server.shown[0].body.startswith("&lt;a href='x'&gt;&amp;amp;&lt;/a&gt;")
                assert len(server.shown[0].body) < 4_100

        async def without(stage: Stage) -> None:
            async with NotificationServer(capabilities=("body",)) as server:
                assert await stage.notifier.show(hostile)
                assert server.shown[0].body.startswith("<a href='x'>&amp;</a>")
                assert server.shown[0].actions == []

        perform(with_markup)
        perform(without)

    def test_signals_of_other_programs_are_not_believed(self) -> None:
        async def play(stage: Stage) -> None:
            async with NotificationServer() as server:
                await stage.notifier.show(NOTICE)
                await self._forge(server.shown[0].actions[2])
                await server.click(1, "default")
                assert await stage.click() == (NoticeAction.OPEN, "r1", "d1")
                assert stage.clicks.empty()

        perform(play)

    async def _forge(self, key: str) -> None:
        """Send every connection on the bus the click that a person has not made."""
        tasks = TaskOwner()

        def ignore(_: BusMessage) -> None:
            return

        forger = await open_session_bus(tasks.start, ignore)
        daemon = BusObject(
            name="org.freedesktop.DBus",
            path="/org/freedesktop/DBus",
            interface="org.freedesktop.DBus",
        )
        names = (await forger.call(daemon, "ListNames")).body[0]
        await forger.close()
        await tasks.close()
        emitter = _jeepney.DBusAddress("/org/freedesktop/Notifications", interface=NAME)
        connection = await NotificationServer.connect()
        for name in names:
            for member, body in (("ActionInvoked", (1, key)), ("NotificationClosed", (1, 2))):
                signature = "us" if member == "ActionInvoked" else "uu"
                signal = _jeepney.new_signal(emitter, member, signature, body)
                signal.header.fields[_jeepney.HeaderFields.destination] = name
                await connection.send(signal)
        await connection.close()

    def test_one_that_the_person_dismissed_is_not_replaced_but_shown_anew(self) -> None:
        async def play(stage: Stage) -> None:
            async with NotificationServer() as server:
                await stage.notifier.show(NOTICE)
                await server.dismiss(1)
                # Signals arrive in order: the click is the sign that the dismissal was seen.
                await stage.notifier.show(OTHER)
                await server.click(server.shown[-1].number, "default")
                await stage.click()
                await stage.notifier.show(NOTICE)
                assert len(server.on_screen) == 1

        perform(play)

    def test_another_server_is_never_asked_to_replace_a_number_of_the_first(self) -> None:
        async def play(stage: Stage) -> None:
            async with NotificationServer(first=5):
                assert await stage.notifier.show(NOTICE)
            assert not await stage.notifier.show(NOTICE)
            async with NotificationServer(first=9) as second:
                assert await stage.notifier.show(OTHER)
                assert [shown.replaces for shown in second.shown] == [0]

        perform(play)

    def test_a_server_that_does_not_answer_is_given_up(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(notifications, "ANSWER_SECONDS", 0.2)

        async def play(stage: Stage) -> None:
            async with NotificationServer() as server:
                assert await stage.notifier.show(NOTICE)
                server.silent = True
                await stage.notifier.withdraw()
                assert not await stage.notifier.show(NOTICE)

        perform(play)


class TestWithoutABus:
    """No desktop: told at once, nothing raised."""

    @pytest.mark.parametrize(
        "address",
        [None, "", "garbage", "unix:path={0}/nobody", "tcp:host=localhost,port=1", "unix:path={0}"],
    )
    def test_it_says_so(
        self, address: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        if address is None:
            monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS", raising=False)
        else:
            monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address.format(tmp_path))

        async def play(stage: Stage) -> None:
            assert not await stage.notifier.show(NOTICE)
            await stage.notifier.withdraw()

        perform(play)

    def test_a_bus_that_hangs_up_or_talks_nonsense_is_no_bus(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = tmp_path / "bus"
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", f"unix:path={path}")
        answers = [b"", b"REJECTED\r\n", b"OK 1234\r\n"]

        async def play(stage: Stage) -> None:
            async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                await reader.readline()
                writer.write(answers.pop(0))
                writer.close()
                await writer.wait_closed()

            async with await asyncio.start_unix_server(answer, path):
                while answers:
                    assert not await stage.notifier.show(NOTICE)

        perform(play)

    def test_a_bus_that_goes_away_is_noticed_and_found_again(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def play(stage: Stage) -> None:
            for _ in range(2):
                with session_bus(tmp_path) as env:
                    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", env["DBUS_SESSION_BUS_ADDRESS"])
                    async with NotificationServer():
                        assert await stage.notifier.show(NOTICE)
                assert not await stage.notifier.show(NOTICE)

        perform(play)


@pytest.fixture
def dunst(bus: dict[str, str], tmp_path: Path) -> Generator[Callable[..., str]]:
    """Start dunst on a display; yield dunstctl, which plays the person."""
    # dunst's menu of actions is a program that reads one action a line and prints the chosen one.
    menu = tmp_path / "menu"
    menu.write_text("#!/bin/sh\nexec grep Deny\n", encoding="utf-8")
    menu.chmod(0o755)
    settings = f"[global]\nmarkup = full\ndmenu = {menu}\n"
    (tmp_path / "dunstrc").write_text(settings, encoding="utf-8")

    def dunstctl(*arguments: str) -> str:
        done = subprocess.run(
            ["dunstctl", *arguments],
            env=bus,
            capture_output=True,
            text=True,
            timeout=20,
            check=True,
        )
        return done.stdout.strip()

    with ExitStack() as stack:
        env = {**bus, "DISPLAY": stack.enter_context(display(tmp_path))}
        command = ["dunst", "-conf", str(tmp_path / "dunstrc")]
        stack.enter_context(program(command, env, log=tmp_path / "dunst.log"))
        asyncio.run(wait_for_owner(NAME))
        yield dunstctl


class TestAgainstDunst:
    """The real thing under an X server."""

    def test_a_person_opens_and_denies(self, dunst: Callable[..., str]) -> None:
        async def play(stage: Stage) -> None:
            assert await stage.notifier.show(NOTICE)
            assert await asyncio.to_thread(dunst, "count", "displayed") == "1"
            await asyncio.to_thread(dunst, "action")
            assert await stage.click() == (NoticeAction.OPEN, "r1", "d1")
            assert await stage.notifier.show(OTHER)
            await asyncio.to_thread(dunst, "context")
            assert await stage.click() == (NoticeAction.DENY, "r2", "d2")

        perform(play)

    def test_replaced_it_is_one_and_withdrawn_it_is_none(self, dunst: Callable[..., str]) -> None:
        async def play(stage: Stage) -> None:
            for number in range(5):
                assert await stage.notifier.show(Notice(title=f"{number} waiting", body=""))
            assert await asyncio.to_thread(dunst, "count", "displayed") == "1"
            await stage.notifier.withdraw()
            assert await asyncio.to_thread(dunst, "count", "displayed") == "0"
            assert await asyncio.to_thread(dunst, "count", "waiting") == "0"

        perform(play)

    def test_text_is_shown_as_it_is(self, dunst: Callable[..., str]) -> None:
        async def play(stage: Stage) -> None:
            assert await stage.notifier.show(Notice(title="t", body="<b>bold</b> & <img src='x'>"))
            await stage.notifier.withdraw()
            history = json.loads(await asyncio.to_thread(dunst, "history"))
            body = history["data"][0][0]["body"]["data"]
            assert body == "&lt;b&gt;bold&lt;/b&gt; &amp; &lt;img src='x'&gt;"

        perform(play)
