"""The console adapter and texts that no JSON can hold."""

from dataclasses import replace

import pytest

from keyturn.application.approval_request import AskedBy
from keyturn.application.connection import Claims
from keyturn.application.console_protocol import (
    ReviewServer,
)
from keyturn.application.events import Topic
from keyturn.domain.decision import Outcome
from keyturn.domain.errors import ServerUnavailable
from tests.factories import make_request
from tests.unit.approvers.console_rig import HALF, Rig, play


class TestWhatCannotBeShown:
    """One text that no JSON can hold keeps nothing else from the person."""

    def test_a_request_is_refused_and_the_next_window_has_the_others(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        async def story(rig: Rig) -> None:
            await rig.started()
            odd = replace(make_request("odd"), asked_by=AskedBy(host_name=HALF))
            future = rig.world.approvals.ask(odd, hold_seconds=50)
            assert (await future).outcome is Outcome.ERROR_BROKER
            rig.ask()
            await rig.heard("request")
            rig.order(exit=1)
            await rig.heard("welcome")
            assert (await rig.heard("request"))["request"]["id"] == "call-1"
            await rig.known()
            assert [w.request.id for w in rig.world.approvals.waiting()] == ["call-1"]

        play(Rig, story)
        assert "cannot be shown" in caplog.text

    def test_a_topic_is_left_out_and_the_others_arrive(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        async def story(rig: Rig) -> None:
            await rig.started()
            connection = await rig.world.connect()
            connection.claims = Claims(name=HALF)
            rig.world.live.open.append(connection)
            rig.world.observers.changed(Topic.AGENTS)
            rig.world.observers.changed(Topic.SERVERS)
            while (state := await rig.heard("state"))["servers"] is None:
                assert state["agents"] is None
            rig.order(exit=1)
            await rig.heard("welcome")
            await rig.known()

        play(Rig, story)
        assert "state cannot be shown topic=agents" in caplog.text

    def test_the_outcome_of_an_intent_is_said_all_the_same(self) -> None:
        async def story(rig: Rig) -> None:
            await rig.started()
            rig.world.live.failing = ServerUnavailable(f"No file {HALF}.")
            rig.say(ReviewServer(n=4, name="shipments"))
            done = await rig.heard("done")
            assert (done["ok"], done["sentence"]) == (False, r"No file ag\udcffent.")

        play(Rig, story)
