"""Attacks that would grow the broker, its queue or its log, or write into them what is not ours."""

from pathlib import Path
from typing import Any

import pytest

from keyturn.application import fitness, reviews
from keyturn.application.approval_request import AnswerVerdict, RequestKind
from keyturn.application.recorded_names import LONGEST_NAME
from keyturn.application.recording import Recorder
from keyturn.domain.configuration import ReviewMode
from keyturn.domain.decision import Outcome
from keyturn.domain.record import RecordType
from keyturn.inspection.secrets import DetectSecretsMask
from tests.factories import make_connection
from tests.fakes.decision_log import FakeDecisionLog
from tests.integration.link_rig import World, request
from tests.integration.stories import tell
from tests.integration.test_link import calls_seen, connected, outcomes


def tools(start: int, count: int) -> list[dict[str, Any]]:
    return [
        {"name": f"t{number}", "inputSchema": {"type": "object"}}
        for number in range(start, start + count)
    ]


def test_a_server_that_lists_ever_new_tools_does_not_fill_the_queue(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reviews, "MOST_OPEN", 6)

    async def story(world: World) -> None:
        world.approver.decide = lambda asked: (
            AnswerVerdict.ALLOW_ONCE if asked.kind is RequestKind.COMMAND else None
        )
        wire = await connected(world, review=ReviewMode.ASK)
        for start in (0, 100, 200):
            await wire.ask(f"set-{start}", "x/tools", {"tools": tools(start, 4)})
            changed = '{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}'
            await wire.ask(f"list-{start}", "x/echo")
            wire.say({"jsonrpc": "2.0", "method": "x/say", "params": {"lines": [changed]}})
            await wire.ask(f"after-{start}", "x/echo")
        await wire.call(1, "t200")
        assert len(world.approvals.waiting()) == 6
        assert outcomes(world) == [Outcome.REFUSED_UNREVIEWED.value]

    tell(tmp_path, story)


def test_params_beside_the_arguments_have_a_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fitness, "BESIDE_BYTES", 1000)

    async def story(world: World) -> None:
        wire = await connected(world)
        params = {"name": "echo", "arguments": {}, "_meta": {"pad": "x" * 1000}}
        assert (await wire.ask(1, "tools/call", params))["result"]["isError"] is True
        assert outcomes(world) == [Outcome.REFUSED_INVALID_ARGUMENTS.value]
        assert calls_seen(world) == []

    tell(tmp_path, story)


@pytest.mark.requirement("I-13")
@pytest.mark.parametrize("beside", [{"task": {}}, {"inputResponses": {"k": "v"}}, {"x": 1}])
def test_no_rule_allows_a_call_with_params_that_rules_do_not_see(
    tmp_path: Path, beside: dict[str, Any]
) -> None:
    async def story(world: World) -> None:
        wire = await connected(world)
        wire.say(request(1, "tools/call", {"name": "echo", "arguments": {}, **beside}))
        (asked,) = await world.approver.asked()
        assert asked.because == "other_params"
        assert next(iter(beside)) in asked.bound_meta
        assert calls_seen(world) == []

    tell(tmp_path, story)


def test_a_made_up_tools_name_is_masked_and_cut_in_the_log() -> None:
    # Built at run time: no scanner of this repository should find a key in it.
    secret = "AKIA" + "".join(sorted("QWERTZUIOPASDFGH"))
    recorder = Recorder(FakeDecisionLog(), DetectSecretsMask())
    entry = recorder.decision(
        call_id="c1",
        connection=make_connection(),
        outcome=Outcome.REFUSED_UNREVIEWED,
        tool=f"{secret} {'x' * 100_000}",
    )
    assert secret not in entry.tool
    assert len(entry.tool) <= LONGEST_NAME


def test_a_made_up_method_is_cut_in_the_log(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        wire = await connected(world)
        wire.say(request(1, f"tasks/{'x' * 100_000}"))
        await wire.ask(2, "ping")
        (entry,) = world.log.of_type(RecordType.DECISION)
        assert len(str(entry.details["method"])) <= LONGEST_NAME
        assert len(entry.tool) <= LONGEST_NAME

    tell(tmp_path, story)
