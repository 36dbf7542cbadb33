"""What a server says reaches an agent without secrets, and only as its tool's controls allow."""

import json
import os
import random
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from keyturn.application.approval_request import AnswerVerdict
from keyturn.application.result_budgets import USED_UP
from keyturn.desktop.worker_pool import WorkerPool
from keyturn.domain.configuration import Limits, ToolSetting
from keyturn.domain.decision import Delivery
from keyturn.domain.record import RecordType
from keyturn.domain.result_controls import OF_AN_AGENT, ResultControls
from keyturn.domain.result_shape import SAME_TO_PIN
from keyturn.domain.tier import Tier
from tests.canaries import a_github_token, an_aws_key
from tests.integration.link_rig import Wire, World, request
from tests.integration.stories import tell
from tests.integration.test_hosts_that_end import until
from tests.integration.test_large_answers import PATIENT, WORKER
from tests.integration.test_link import connected, deliveries, text_of

_CHANCE = random.Random()
KEY, TOKEN = an_aws_key(_CHANCE), a_github_token(_CHANCE)
LEAK = f"\x1b[31mkey {KEY}\x1b[0m and {TOKEN}"
LEFT = f"key [AWS access key, ends {KEY[-4:]}] and [GitHub token, ends {TOKEN[-4:]}]"
STATE = {
    "name": "silent",
    "description": "Tells the state.",
    "inputSchema": {"type": "object"},
    "outputSchema": {
        "type": "object",
        "properties": {"on": {"type": "boolean"}, "key": {"type": "string", "maxLength": 20}},
        "required": ["on"],
    },
}


def told(world: World) -> dict[str, Any]:
    """Return what the last delivery's record says."""
    return world.log.of_type(RecordType.DELIVERY)[-1].details


async def have_said(wire: Wire, *lines: dict[str, Any]) -> None:
    """Have the server write lines."""
    said = [json.dumps(line) for line in lines]
    wire.say({"jsonrpc": "2.0", "method": "x/say", "params": {"lines": said}})


async def with_a_state(world: World) -> Wire:
    """Connect to a server whose tool has an output schema."""
    world.says = {"tools": [STATE]}
    wire = await connected(world)
    await until(lambda: "silent" in wire.link.connection.catalogue)
    return wire


def in_both_sizes(folder: Path, story: Callable[[World, int], Coroutine[Any, Any, None]]) -> None:
    """Tell a story of small answers, and of large ones with real workers."""

    async def small(world: World) -> None:
        await story(world, 1)

    async def large(world: World) -> None:
        pool = WorkerPool(WORKER, os.environ, PATIENT)
        world.use(pool)
        try:
            await story(world, 900)
        finally:
            await world.close()
            await pool.close()

    tell(folder / "small", small)
    tell(folder / "large", large)


@pytest.fixture
def folders(tmp_path: Path) -> Path:
    """One folder for each size."""
    for name in ("small", "large"):
        (tmp_path / name).mkdir()
    return tmp_path


@pytest.mark.requirement("RESULT-MASKED", "RESULT-UNSEEN", "RESULT-TOLD")
def test_no_secret_of_a_result_reaches_the_agent(folders: Path) -> None:
    async def story(world: World, times: int) -> None:
        wire = await connected(world)
        answer = await wire.call(1, "echo", f"{LEAK}\n" * times)
        assert text_of(answer) == f"{LEFT}\n" * times
        assert deliveries(world) == [Delivery.COMPLETED.value]
        assert (told(world)["masked"], told(world)["removed"]) == (2 * times, 9 * times)
        assert set(told(world)["controls"]) == {
            f"unseen||{9 * times}|/result/content/*/text",
            f"secret|AWS access key|{times}|/result/content/*/text",
            f"secret|GitHub token|{times}|/result/content/*/text",
        }
        # What was masked is known again all the same.
        (origin, *_) = wire.link.connection.session.trace({"to": KEY}).origins or (None,)
        assert times > 1 or origin is not None

    in_both_sizes(folders, story)


@pytest.mark.requirement("RESULT-MASKED")
def test_no_secret_of_an_error_a_notice_or_a_passed_answer_does(folders: Path) -> None:
    async def story(world: World, times: int) -> None:
        wire = await connected(world)
        many = f"{LEAK}\n" * times
        wire.say(request(7, "tools/call", {"name": "silent", "arguments": {}}))
        error = {"code": -1, "message": "no", "data": {"log": many}}
        await until(lambda: any(b'"silent"' in line for line in world.seen))
        await have_said(wire, {"jsonrpc": "2.0", "id": 7, "error": error})
        answer = await wire.client.answer_to(7)
        assert answer["error"]["data"]["log"] == f"{LEFT}\n" * times
        assert answer["error"]["code"] == -1
        passed = await wire.ask(8, "x/echo", {"log": many})
        assert passed["result"]["log"] == f"{LEFT}\n" * times
        unasked = {"level": "info", "data": LEAK}
        await have_said(
            wire, {"jsonrpc": "2.0", "method": "notifications/message", "params": unasked}
        )
        await wire.client.wait_for(lambda line: b"notifications/message" in line)
        own = {"jsonrpc": "2.0", "method": "notifications/own", "params": {"a": LEAK}}
        await have_said(wire, own)
        await wire.client.wait_for(lambda line: b"notifications/own" in line)
        sent = b"".join(wire.client.lines)
        assert KEY.encode() not in sent
        assert TOKEN.encode() not in sent

    in_both_sizes(folders, story)


@pytest.mark.requirement("RESULT-MASKED")
def test_no_secret_of_what_a_server_asks_for_does(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        wire = await connected(world)
        params: dict[str, Any] = {
            "message": LEAK,
            "requestedSchema": {"type": "object", "properties": {}},
        }
        frame: dict[str, Any] = {
            "jsonrpc": "2.0",
            "id": "q",
            "method": "elicitation/create",
            "params": params,
        }
        await have_said(wire, frame)
        (asked,) = await world.approver.asked()
        # Who decides sees it as it is, the agent does not.
        assert KEY in asked.arguments
        world.approver.answer(asked, AnswerVerdict.ALLOW_ONCE)
        line = await wire.client.wait_for(lambda line: b"elicitation/create" in line)
        assert json.loads(line)["params"]["message"] == LEFT
        assert json.loads(line)["id"] == "q"

    tell(tmp_path, story)


@pytest.mark.requirement("RESULT-SWITCH")
def test_a_switch_is_for_one_tool_only(folders: Path) -> None:
    async def story(world: World, times: int) -> None:
        wire = await connected(world)
        await world.controlling.tools.put("raw", "echo", ResultControls(secrets=False))
        said = f"{LEAK}\n" * times
        answer = await wire.call(1, "echo", said)
        assert text_of(answer) == said.replace("\x1b[31m", "").replace("\x1b[0m", "")
        answer = await wire.call(2, "slow", said)
        assert text_of(answer) == f"{LEFT}\n" * times
        off = ResultControls(secrets=False, unseen=False, links=False)
        await world.controlling.tools.put("raw", "echo", off)
        assert text_of(await wire.call(3, "echo", said)) == said

    in_both_sizes(folders, story)


@pytest.mark.requirement("RESULT-SWITCH")
def test_an_operator_switches_it_off_in_the_file(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        shown = ResultControls(secrets=False)
        everything = ToolSetting(pattern="*", tier=Tier.T0)
        echo = ToolSetting(pattern="echo", tier=Tier.T0, controls=shown)
        wire = await connected(world, tools=(everything, echo))
        assert KEY in text_of(await wire.call(1, "echo", LEAK))
        assert KEY not in text_of(await wire.call(2, "slow", LEAK))

    tell(tmp_path, story)


@pytest.mark.requirement("RESULT-LIMIT")
def test_a_result_over_its_tools_limit_is_cut_and_says_so(folders: Path) -> None:
    async def story(world: World, times: int) -> None:
        wire = await connected(world)
        await world.controlling.tools.put("raw", "echo", ResultControls(max_tokens=500))
        answer = await wire.call(1, "echo", f"{'word ' * 10}{LEAK}\n" * max(times, 30))
        assert len(json.dumps(answer)) < 2_500
        assert "[Keyturn cut this result: " in text_of(answer)
        assert told(world)["cut"] is True
        # Less than half of a secret stays at the end, for none is cut in two.
        assert KEY[:8] not in text_of(answer)
        assert text_of(await wire.call(2, "slow", "fine")) == "fine"

    in_both_sizes(folders, story)


@pytest.mark.requirement("RESULT-ROWS")
def test_the_file_that_a_call_asks_for_tells_how_its_text_is_read(folders: Path) -> None:
    async def story(world: World, times: int) -> None:
        wire = await connected(world)
        text = "STORE_PASS=marigold\n# all else is prose, for a person to read\n" * times
        for number, (path, left) in enumerate((("notes.txt", "marigold"), (".env", "[password]"))):
            arguments = {"text": text, "path": path}
            params = {"name": "echo", "arguments": arguments}
            answer = await wire.ask(number, "tools/call", params)
            assert f"STORE_PASS={left}\n" in text_of(answer)

    in_both_sizes(folders, story)


@pytest.mark.requirement("RESULT-KEPT", "LAW-4", "LAW-8")
@pytest.mark.parametrize("masks", [True, False])
def test_of_what_was_cut_all_text_is_kept_for_the_person_alone(folders: Path, masks: bool) -> None:
    async def story(world: World, times: int) -> None:
        wire = await connected(world)
        controls = ResultControls(max_tokens=500, secrets=masks)
        await world.controlling.tools.put("raw", "echo", controls)
        end = "the very end"
        await wire.call(1, "echo", f"{'word ' * 10}{LEAK}\n" * max(times, 30) + end)
        entry = world.log.of_type(RecordType.DELIVERY)[-1]
        kept = f"{'word ' * 10}{LEFT}\n" * max(times, 30) + end
        assert entry.arguments.decode() == kept == entry.committed.decode()
        assert entry.details["kept"] == len(kept)
        # Nothing that the agent asks for, by then or later, has it.
        await wire.ask(2, "tools/list", {})
        await wire.call(3, "echo", "fine")
        assert all(end.encode() not in line for line in wire.client.lines)
        assert world.log.of_type(RecordType.DELIVERY)[-1].arguments == b""

    in_both_sizes(folders, story)


@pytest.mark.requirement("RESULT-BUDGET")
def test_an_agent_is_given_no_more_than_its_budget(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        wire = await connected(world)
        assert text_of(await wire.call(1, "echo", "word " * 200)) == "word " * 200
        cut = text_of(await wire.call(2, "echo", "word " * 600))
        assert "[Keyturn cut this result: " in cut
        refused = await wire.call(3, "echo", "word " * 600)
        assert refused["result"]["isError"] is True
        assert "word" not in text_of(refused)
        assert told(world)["withheld"] == USED_UP

    tell(tmp_path, story, limits=Limits(result_tokens_per_session=500))


@pytest.mark.requirement("RESULT-BUDGET")
def test_an_agents_budget_of_the_window_holds(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        wire = await connected(world)
        agent = wire.link.connection.agent
        budget = ResultControls(session_tokens=500)
        await world.controlling.tools.put(OF_AN_AGENT, agent, budget)
        assert "[Keyturn cut this result: " in text_of(await wire.call(1, "echo", "word " * 600))
        await wire.call(2, "slow", "word " * 600)
        assert told(world)["withheld"] == USED_UP

    tell(tmp_path, story)


@pytest.mark.requirement("RESULT-BUDGET")
def test_a_tool_gives_no_more_than_its_budget(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        wire = await connected(world)
        await world.controlling.tools.put("raw", "echo", ResultControls(session_tokens=500))
        assert text_of(await wire.call(1, "echo", "word " * 200)) == "word " * 200
        assert "[Keyturn cut this result: " in text_of(await wire.call(2, "echo", "word " * 600))
        refused = await wire.call(3, "echo", "word " * 600)
        assert refused["result"]["isError"] is True
        assert told(world)["withheld"] == USED_UP
        assert text_of(await wire.call(4, "slow", "word " * 600)) == "word " * 600

    tell(tmp_path, story)


@pytest.mark.requirement("RESULT-SCHEMA")
@pytest.mark.parametrize("extra", ["", "x" * 100_000], ids=["small", "large"])
@pytest.mark.parametrize(
    "broken",
    [
        {"structuredContent": {"on": "yes"}},
        {"structuredContent": {}},
        {"structuredContent": []},
        {},
    ],
)
def test_a_result_that_breaks_its_schema_is_held_back(
    broken: dict[str, Any], extra: str, tmp_path: Path
) -> None:
    async def story(world: World) -> None:
        wire = await with_a_state(world)
        answer = await answered(world, wire, 7, {"content": [], "more": extra, **broken})
        assert answer["result"]["isError"] is True
        assert "breaks the server's own output schema" in text_of(answer)
        assert deliveries(world) == [Delivery.RESULT_WITHHELD.value]
        await world.controlling.tools.put("raw", "silent", ResultControls(schema=False))
        sent: dict[str, Any] = {"content": [], **broken}
        assert (await answered(world, wire, 8, sent))["result"] == sent

    tell(tmp_path, story)


@pytest.mark.requirement("RESULT-SCHEMA", "LAW-7")
@pytest.mark.parametrize(
    "sound",
    [
        {"structuredContent": {"on": True}},
        {"isError": True, "structuredContent": {"on": "no"}},
        {"isError": True},
    ],
)
def test_a_result_that_fits_passes_as_it_came(sound: dict[str, Any], tmp_path: Path) -> None:
    async def story(world: World) -> None:
        wire = await with_a_state(world)
        sent: dict[str, Any] = {"content": [{"type": "text", "text": "it"}], **sound}
        assert (await answered(world, wire, 7, sent))["result"] == sent
        line = json.dumps({"jsonrpc": "2.0", "id": 7, "result": sent}).encode()
        assert line + b"\n" in wire.client.lines

    tell(tmp_path, story)


@pytest.mark.requirement("RESULT-SCHEMA", "RESULT-MASKED")
def test_a_mask_that_does_not_fit_is_noted_and_handed_on(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        wire = await with_a_state(world)
        sent: dict[str, Any] = {"content": [], "structuredContent": {"on": True, "key": KEY}}
        answer = await answered(world, wire, 7, sent)
        assert answer["result"]["structuredContent"]["key"].startswith("[AWS access key")
        assert told(world)["unfit_masked"] is True

    tell(tmp_path, story)


@pytest.mark.requirement("RESULT-SHAPE")
def test_another_shape_than_before_is_marked_and_handed_on(folders: Path) -> None:
    async def story(world: World, times: int) -> None:
        wire = await connected(world)
        usual = json.dumps({"rows": [{"name": "a" * 80}] * times})
        for number in range(SAME_TO_PIN):
            assert text_of(await wire.call(number, "echo", usual)) == usual
            assert "shape" not in told(world)
        other = json.dumps({"rows": [{"name": "a", "run": "x" * 80}] * times})
        assert text_of(await wire.call(90, "echo", other)) == other
        assert told(world)["shape_new"] == ["/rows/*/run string"]

    in_both_sizes(folders, story)


async def answered(
    world: World, wire: Wire, request_id: int, result: dict[str, Any]
) -> dict[str, Any]:
    """Call a tool that says nothing by itself, and have its answer said."""
    before = len([line for line in world.seen if b'"silent"' in line])
    wire.say(request(request_id, "tools/call", {"name": "silent", "arguments": {}}))
    await until(lambda: len([line for line in world.seen if b'"silent"' in line]) > before)
    await have_said(wire, {"jsonrpc": "2.0", "id": request_id, "result": result})
    return await wire.client.answer_to(request_id)


@pytest.mark.requirement("RESULT-UNSEEN", "LAW-7")
def test_the_words_of_a_list_are_told_without_what_nobody_sees(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        hidden = {**STATE, "description": "Tells\u200b it.\U000e0041", "title": "\u202eState"}
        plain = {**STATE, "name": "echo"}
        world.says = {"tools": [hidden, plain]}
        wire = await connected(world)
        listed = (await wire.ask(1, "tools/list"))["result"]["tools"]
        assert listed == [{**STATE, "description": "Tells it.", "title": "State"}, plain]
        # What was reviewed is what the server sent.
        await until(lambda: "silent" in wire.link.connection.catalogue)
        assert wire.link.connection.catalogue["silent"].description == hidden["description"]

    tell(tmp_path, story)
