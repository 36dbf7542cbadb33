"""The console adapter against a child process that stands in for the window."""

import asyncio
import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from keyturn.application.approval_request import Route, WithdrawCause
from keyturn.application.console_protocol import (
    Decide,
    Pong,
    PutSetting,
    Quit,
    RemoveRule,
    ReviewServer,
    SaveRule,
    StopAll,
    Welcome,
    encode_line,
)
from keyturn.application.events import Topic
from keyturn.application.pin_messages import WithPin
from keyturn.application.ports.stop_sentinel import StopFacts
from keyturn.application.window_messages import DropDialog, LookForDialog
from keyturn.approvers.console import ConsoleApprover, ConsolePace
from keyturn.approvers.console_pipe import ConsolePipe
from keyturn.approvers.window_process import launch
from keyturn.domain.approval import State
from keyturn.domain.decision import Outcome
from keyturn.domain.pin import PinUse
from keyturn.domain.presence import Readiness
from keyturn.domain.rule import Effect, Rule
from keyturn.domain.tier import Tier
from keyturn.presentation.words import Words
from tests.factories import make_call, make_request, make_weighed
from tests.fakes.presence import FakeAuthority
from tests.unit.application.gate_world import settle
from tests.unit.application.pins_rig import PinLevels
from tests.unit.approvers.console_rig import (
    CATALOGUE,
    IMPATIENT,
    Rig,
    SlowSecrets,
    child_command,
    gone,
    play,
)


class TestGreeting:
    """What a new window is told."""

    def test_welcome_then_the_stop_then_what_waits_then_everything(self) -> None:
        async def story(rig: Rig) -> None:
            late = make_request("late", arguments={"order": 40})
            rig.world.approvals.ask(late, hold_seconds=50)
            rig.world.clock.advance(50)
            rig.ask()
            rig.start()
            messages = [await rig.ears.heard.get() for _ in range(6)]
            kinds = [message["type"] for message in messages]
            assert kinds == ["welcome", "state", "request", "detached", "request", "state"]
            assert messages[1]["stop"]["engaged"] is False
            assert (messages[2]["request"]["id"], messages[2]["remaining_ms"]) == ("late", 0)
            assert messages[3]["cause"] == "expired_no_answer"
            assert (messages[4]["request"]["id"], messages[4]["remaining_ms"]) == ("call-1", 50_000)
            assert messages[5]["agents"] == messages[5]["servers"] == []

        play(Rig, story)

    def test_a_slow_keychain_holds_nothing_else_up(self) -> None:
        async def story(rig: Rig) -> None:
            future = rig.ask()
            rig.start()
            await rig.heard("request")
            rig.say(Decide(n=1, id="call-1", digest=make_request().digest, allow=True))
            assert (await future).outcome is Outcome.ALLOWED_ONCE
            rig.say(StopAll(n=2, trigger="window"))
            assert (await rig.heard("state"))["stop"]["engaged"] is True
            slow.unlocked.set()
            await rig.known()

        slow = SlowSecrets()
        play(lambda: Rig(secrets=slow), story)

    @pytest.mark.requirement("W2")
    def test_the_first_window_is_the_one_that_was_started_early(self) -> None:
        async def story(rig: Rig) -> None:
            pipe.ready = early = await launch(child_command(), {})
            assert await rig.started() == early.pid
            rig.order(exit=3)
            assert await rig.known() != early.pid

        pipe = ConsolePipe()
        play(lambda: Rig(pipe=pipe), story)

    def test_one_that_ended_before_it_was_spoken_with_is_followed_by_another(self) -> None:
        async def story(rig: Rig) -> None:
            pipe.ready = early = await launch(child_command("crash"), {})
            await early.wait()
            assert await rig.started() != early.pid

        pipe = ConsolePipe()
        play(lambda: Rig(pipe=pipe), story)

    def test_requests_reach_it_as_they_come_and_go(self) -> None:
        async def story(rig: Rig) -> None:
            await rig.started()
            rig.ask()
            assert (await rig.heard("request"))["request"]["digest"] == make_request().digest
            rig.world.approvals.client_left("call-1")
            assert (await rig.heard("detached"))["id"] == "call-1"
            rig.world.approvals.client_left("call-1", host_gone=True)
            withdrawn = await rig.heard("withdrawn")
            assert (withdrawn["cause"], withdrawn["outcome"]) == (
                WithdrawCause.CANCELLED.value,
                "cancelled_by_client",
            )

        play(Rig, story)

    def test_a_request_that_no_window_could_read_is_refused_and_the_window_lives(self) -> None:
        async def story(rig: Rig) -> None:
            ask = rig.world.approvals.ask
            long = make_request("long", arguments={"a": "x" * 100_000})
            futures = [ask(long, hold_seconds=50)]
            pid = await rig.started()
            futures += [ask(one, hold_seconds=50) for one in (long, make_request("call-1"))]
            assert (await rig.heard("request"))["request"]["id"] == "call-1"
            for refused in (await futures[0], await futures[1]):
                assert (refused.state, refused.outcome) == (State.REFUSED, Outcome.ERROR_BROKER)
            assert [w.request.id for w in rig.world.approvals.waiting()] == ["call-1"]
            assert rig.console.pid == pid

        play(lambda: Rig(pipe=ConsolePipe(line_bytes=100_000)), story)


class TestAnswers:
    """A person's answer counts for what was shown, and its outcome is said."""

    @pytest.mark.parametrize(
        ("allow", "accessibility", "outcome", "route"),
        [
            (True, False, Outcome.ALLOWED_ONCE, Route.WINDOW),
            (False, True, Outcome.DENIED_USER, Route.ACCESSIBILITY),
        ],
    )
    def test_an_answer_is_taken_whole(
        self, allow: bool, accessibility: bool, outcome: Outcome, route: Route
    ) -> None:
        async def story(rig: Rig) -> None:
            await rig.started()
            future = rig.ask()
            rig.say(
                Decide(
                    n=7,
                    id="call-1",
                    digest=make_request().digest,
                    allow=allow,
                    message="Use staging.",
                    prompt_hash="1" * 64,
                    shown_ms=2300,
                    accessibility=accessibility,
                )
            )
            resolution = await future
            assert resolution.outcome is outcome
            assert resolution.answer is not None
            assert resolution.answer.route is route
            assert (resolution.answer.message, resolution.answer.shown_ms) == ("Use staging.", 2300)
            done = await rig.heard("done")
            assert (done["n"], done["ok"], done["sentence"]) == (7, True, "")

        play(Rig, story)

    def test_a_wrong_digest_and_a_late_answer_have_no_effect_and_say_why(self) -> None:
        async def story(rig: Rig) -> None:
            await rig.started()
            future = rig.ask()
            rig.say(Decide(n=1, id="call-1", digest="0" * 64, allow=True))
            done = await rig.heard("done")
            assert (done["n"], done["ok"]) == (1, False)
            assert "changed" in done["sentence"]
            assert not future.done()
            rig.say(Decide(n=2, id="no-such-call", digest="0" * 64, allow=True))
            done = await rig.heard("done")
            assert (done["n"], done["ok"]) == (2, False)
            assert "ended" in done["sentence"]

        play(Rig, story)

    def test_a_late_allow_is_a_retry(self) -> None:
        async def story(rig: Rig) -> None:
            await rig.started()
            rig.ask()
            rig.world.clock.advance(50)
            rig.say(Decide(n=1, id="call-1", digest=make_request().digest, allow=True))
            assert (await rig.heard("done"))["ok"] is True
            assert rig.world.approvals.take_retry_grant(make_request().digest, make_weighed())

        play(Rig, story)

    def test_lines_that_are_no_messages_are_no_answers(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        async def story(rig: Rig) -> None:
            await rig.started()
            future = rig.ask()
            digest = make_request().digest
            for line in (
                "",
                "allow",
                '{"type":"approve","id":"call-1"}',
                json.dumps({"type": "decide", "n": 1, "id": "call-1", "digest": digest}),
                json.dumps(
                    {"type": "decide", "n": 1, "id": "call-1", "digest": digest, "allow": "yes"}
                ),
            ):
                rig.order(say=line)
            rig.say(PutSetting(n=9, name="appearance.theme", value="dark"))
            assert (await rig.heard("done"))["n"] == 9
            assert not future.done()

        play(Rig, story)
        assert caplog.text.count("unreadable line") == 5
        assert "call-1" not in caplog.text


class TestIntents:
    """Every intent ends with its outcome, so that the window never waits for ever."""

    def test_done_refused_and_failed(self, caplog: pytest.LogCaptureFixture) -> None:
        async def story(rig: Rig) -> None:
            await rig.started()
            rig.say(PutSetting(n=1, name="appearance.theme", value="dark"))
            done = await rig.heard("done")
            assert done == {
                "type": "done",
                "n": 1,
                "ok": True,
                "sentence": "",
                "pin": False,
                "asks": False,
                "second": "",
            }
            assert rig.world.registry.settings == {"appearance.theme": "dark"}
            rig.say(SaveRule(n=2, data="{"))
            done = await rig.heard("done")
            assert (done["n"], done["ok"]) == (2, False)
            assert done["sentence"].startswith("The rule cannot be read.")
            rig.say(Quit(n=3))
            done = await rig.heard("done")
            assert (done["n"], done["ok"]) == (3, False)
            assert done["sentence"].endswith(".")
            rig.say(ReviewServer(n=4, name="shipments"))
            assert (await rig.heard("done"))["ok"] is True

        play(Rig, story)
        assert "a surprise in a use case" in caplog.text

    @pytest.mark.requirement("PIN-1", "LAW-4")
    def test_what_takes_the_pin_is_done_with_the_right_one_only(self) -> None:
        """Said as such without it, refused with a wrong one; no other message is carried in it."""

        async def story(rig: Rig) -> None:
            await rig.started()
            await rig.world.rules.add(Rule(id="r-deny", effect=Effect.DENY))
            assert await rig.pins.set("", "2580", PinUse.T2_T3) is None
            rig.world.pin_use = PinUse.T2_T3
            remove = RemoveRule(n=5, id="r-deny")
            rig.say(remove)
            done = await rig.heard("done")
            assert (done["n"], done["ok"], done["pin"]) == (5, False, True)
            assert "Remove the rule: No agent may" in done["sentence"]
            for pin, intent, ok in (
                ("1357", remove, False),
                ("2580", Pong(n=5), False),
                ("2580", remove, True),
            ):
                assert len(rig.world.rules.rules) == 1
                rig.say(WithPin(n=5, pin=pin, intent=encode_line(intent).decode()))
                done = await rig.heard("done")
                assert (done["n"], done["ok"]) == (5, ok)
            assert rig.world.rules.rules == ()

        play(Rig, story)

    def test_before_the_start_there_is_nobody_to_carry_them_out(self) -> None:
        async def story(rig: Rig) -> None:
            rig.ask()
            rig.world.observers.changed(Topic.RULES)
            await settle()
            assert rig.console.pid is None
            assert rig.console.present
            assert rig.console.route is Route.WINDOW

        play(Rig, story)


class TestState:
    """What changed reaches the window at most so often; the stop at once."""

    def test_a_burst_is_one_message(self) -> None:
        async def story(rig: Rig) -> None:
            await rig.started()
            for _ in range(200):
                rig.world.observers.changed(Topic.HISTORY)
                rig.world.observers.changed(Topic.RULES)
                rig.world.observers.changed(Topic.QUEUE)
            first = await rig.heard("state")
            assert first["history"] is not None
            assert first["rules"] == []
            assert first["stop"] is None
            rig.world.observers.changed(Topic.SETTINGS)
            second = await rig.heard("state")
            assert second["settings"] == {}
            assert second["history"] is None

        play(Rig, story)

    @pytest.mark.requirement("W6")
    @pytest.mark.parametrize("by", ["topic", "port"])
    def test_the_stop_goes_ahead_of_everything_that_is_held_back(self, by: str) -> None:
        async def story(rig: Rig) -> None:
            await rig.started()
            if by == "port":
                rig.world.stop.on_engage(rig.console.stopped)
            rig.world.observers.changed(Topic.SERVERS)
            await rig.world.stop.engage("tray")
            state = await rig.heard("state")
            assert state["stop"]["engaged"] is True
            assert state["servers"] is None
            assert (await rig.heard("state"))["servers"] == []

        slow = ConsolePace(ping_seconds=0.02, silence_seconds=20.0, coalesce_seconds=2.0)
        play(lambda: Rig(pace=slow), story)

    def test_a_storm_of_refused_calls_does_not_flood_it(self) -> None:
        async def story(rig: Rig) -> None:
            await rig.started()
            await rig.world.stop.engage("tray")
            assert (await rig.heard("state"))["stop"]["engaged"] is True
            connection = await rig.world.connect()
            for number in range(300):
                await rig.world.gate.handle(
                    make_call(connection, id_=f"call-{number}"), rig.world.server
                )
            state = await rig.heard("state")
            while state["stop"] is None or state["stop"]["refused_since"] < 300:
                state = await rig.heard("state")
            assert rig.ears.heard.qsize() < 10

        play(Rig, story)


class TestStaying:
    """A window that dies, stops or falls silent is ended by its id and started again."""

    @pytest.mark.requirement("K4", "I-07")
    def test_after_a_crash_a_new_window_has_what_waits(self) -> None:
        async def story(rig: Rig) -> None:
            first = await rig.started()
            future = rig.ask()
            await rig.heard("request")
            rig.order(exit=1)
            welcome = await rig.heard("welcome")
            assert welcome["version"] == "1"
            assert (await rig.heard("request"))["request"]["id"] == "call-1"
            second = await rig.known()
            assert second != first
            assert gone(first)
            assert not future.done()
            rig.say(Decide(n=1, id="call-1", digest=make_request().digest, allow=False))
            assert (await future).outcome is Outcome.DENIED_USER

        play(Rig, story)

    @pytest.mark.requirement("K4", "I-07")
    @pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="processes cannot be stopped here")
    def test_a_stopped_window_is_killed_and_nothing_was_answered(self) -> None:
        async def story(rig: Rig) -> None:
            first = await rig.started()
            future = rig.ask()
            await rig.heard("request")
            os.kill(first, signal.SIGSTOP)
            await rig.heard("welcome")
            assert (await rig.heard("request"))["request"]["id"] == "call-1"
            await rig.known()
            assert gone(first)
            assert not future.done()

        play(lambda: Rig(pace=IMPATIENT), story)

    @pytest.mark.requirement("I-07")
    def test_a_window_that_answers_no_ping_is_ended(self, caplog: pytest.LogCaptureFixture) -> None:
        async def story(rig: Rig) -> None:
            first = await rig.started()
            rig.order(silent=True)
            await rig.heard("welcome")
            await rig.known()
            assert gone(first)

        play(lambda: Rig(pace=IMPATIENT), story)
        assert "console silent" in caplog.text

    def test_before_its_first_answer_it_has_longer(self) -> None:
        async def story(rig: Rig) -> None:
            first = await rig.started()
            await rig.heard("welcome")
            await rig.known()
            assert gone(first)

        slow_start = ConsolePace(
            ping_seconds=0.02, silence_seconds=0.01, start_seconds=1.0, coalesce_seconds=0.05
        )
        play(lambda: Rig("mute", slow_start), story)

    def test_a_window_that_leaves_too_much_unread_is_ended(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        async def story(rig: Rig) -> None:
            pid = await rig.started()
            os.kill(pid, signal.SIGSTOP)
            rig.console.alert("x" * 3_000_000)
            assert await rig.known() != pid
            assert "reads too slowly" in caplog.text

        play(lambda: Rig(pipe=ConsolePipe(most_unread=1_000_000)), story)

    def test_an_overlong_line_ends_it(self, caplog: pytest.LogCaptureFixture) -> None:
        async def story(rig: Rig) -> None:
            first = await rig.started()
            rig.order(say="x" * (5 * 1024 * 1024))
            await rig.heard("welcome")
            await rig.known()
            assert gone(first)

        play(Rig, story)
        assert "overlong line" in caplog.text

    def test_an_error_of_the_broker_does_not_leave_it_without_a_window(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        async def story(rig: Rig) -> None:
            first = await rig.started()
            answer = rig.world.approvals.answer
            answers: list[object] = []

            def broken_once(answered: Any) -> Any:
                answers.append(answered)
                if len(answers) == 1:
                    raise ZeroDivisionError("a surprise in the queue")
                return answer(answered)

            rig.world.approvals.answer = broken_once  # type: ignore[method-assign]  # a fault
            future = rig.ask()
            decide = Decide(n=1, id="call-1", digest=make_request().digest, allow=True)
            rig.say(decide)
            await rig.heard("welcome")
            await rig.known()
            assert gone(first)
            assert not future.done()
            rig.say(decide)
            assert (await future).outcome is Outcome.ALLOWED_ONCE

        play(Rig, story)
        assert "a surprise in the queue" in caplog.text

    @pytest.mark.requirement("I-07")
    def test_three_restarts_then_a_word_and_the_requests_wait(self) -> None:
        async def story(rig: Rig) -> None:
            future = rig.ask()
            rig.start()
            sentence = await rig.given_up.get()
            assert "not started again" in sentence
            assert rig.console.pid is None
            assert rig.console.present
            assert not future.done()
            rig.world.clock.advance(50)
            assert (await future).outcome is Outcome.EXPIRED_NO_ANSWER
            # Starting Keyturn once more gets it another three.
            assert rig.console.raise_window()
            assert await rig.given_up.get() == sentence

        play(lambda: Rig("crash"), story)

    def test_a_program_that_is_not_there_is_given_up_too(
        self, caplog: pytest.LogCaptureFixture, tmp_path: Path
    ) -> None:
        def rig() -> Rig:
            made = Rig()
            made.console = ConsoleApprover(
                argv=(str(tmp_path / "no-such-program"),),
                env={},
                welcome=lambda: Welcome(version="1", profile="", database="/db", settings={}),
                approvals=made.world.approvals,
                overview=made.world.overview,
                observers=made.world.observers,
                words=Words(CATALOGUE),
                gave_up=made.given_up.put_nowait,
            )
            return made

        async def story(rig: Rig) -> None:
            rig.start()
            await rig.given_up.get()

        play(rig, story)
        assert caplog.text.count("could not be started") == 4

    def test_raising_brings_it_to_the_front(self) -> None:
        async def story(rig: Rig) -> None:
            await rig.started()
            assert rig.console.raise_window()
            await rig.heard("raise")

        play(Rig, story)

    def test_closing_ends_the_child_and_asks_nobody_more(self) -> None:
        async def story(rig: Rig) -> None:
            pid = await rig.started()
            await rig.console.close()
            assert gone(pid)
            assert rig.console.pid is None
            assert not rig.console.present
            assert not rig.world.approvals.somebody_answers
            # Whatever happens now reaches nobody and breaks nothing.
            rig.world.observers.changed(Topic.RULES)
            rig.console.stopped(StopFacts(since_utc="", trigger="tray"))
            rig.ask()

        play(Rig, story)


@pytest.mark.requirement("PRESENCE-2", "PRESENCE-4")
def test_the_dialog_of_a_window_goes_with_it() -> None:
    """It is asked about that very process; the next window has nothing open."""
    authority = FakeAuthority()

    async def story(rig: Rig) -> None:
        pid = await rig.started()
        assert await rig.pins.set("", "2580", PinUse.T2_T3, dialog=True) is None
        rig.world.approvals.levels = PinLevels(rig.pins)
        request = make_request(tier=Tier.T2)
        rig.world.approvals.ask(request, hold_seconds=None)
        said = Decide(n=7, id=request.id, digest=request.digest, allow=True, dialog=True)
        rig.say(said)
        await authority.opened.wait()
        assert authority.asked == [(pid, {"id": request.id})]
        rig.say(DropDialog(n=8, id=request.id))
        assert (await rig.heard("done"))["ok"] is False
        rig.say(said)
        await authority.opened.wait()
        rig.order(exit=1)
        assert await rig.known() != pid
        assert authority.taken_away == 2
        assert rig.checks.ready is Readiness.READY
        authority.ready = Readiness.KEEPS
        changes: asyncio.Queue[Topic] = asyncio.Queue()
        rig.world.observers.subscribe(changes.put_nowait)
        rig.say(LookForDialog())
        while await changes.get() is not Topic.SETTINGS:
            pass
        assert rig.checks.ready is Readiness.KEEPS
        assert [one.request for one in rig.world.approvals.waiting()] == [request]
        await rig.checks.close()

    play(lambda: Rig(authority=authority), story)
