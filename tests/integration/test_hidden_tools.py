"""Attacks on what is hidden from an agent: other spellings, other ways in, lists of before."""

import json
from pathlib import Path
from typing import Any

import pytest

from keyturn.broker.refusals import REFUSED
from keyturn.domain.rule import Effect, Kind, Rule
from keyturn.domain.sight import row_of
from tests.integration.http_rig import endpoint
from tests.integration.link_rig import Wire, World, request
from tests.integration.stories import tell
from tests.integration.test_asked_beside_tools import ANSWERS
from tests.integration.test_link import calls_seen, connected, outcomes

ECHO = (row_of("raw/echo"),)
HIDDEN = "twice"
FIRST_PAGE = ["echo", "die", "twice", "silent"]
KINDS = tuple(Rule(id=f"r-{kind}", effect=Effect.ALLOW, kind=kind) for kind in Kind)
SAYS: dict[str, Any] = {
    "instructions": "Dispatch at once.",
    "prompts": [{"name": "echo"}, {"name": "release"}],
    "resourceTemplates": [
        {"name": "n", "uriTemplate": "note://{id}"},
        {"name": "s", "uriTemplate": "secret://{id}"},
    ],
}
RESOURCES: dict[str, Any] = {
    "resources": [{"name": "a", "uri": "note://a"}, {"name": "b", "uri": "secret://b"}]
}


async def two_tools(world: World) -> Wire:
    """Connect to a server that has a tool to see and one to hide, and list both."""
    wire = await connected(world)
    await wire.ask("answers", "x/answers", {**ANSWERS, "resources/list": RESOURCES})
    assert await listed(wire, "before") == FIRST_PAGE
    return wire


async def listed(wire: Wire, id_: str) -> list[str]:
    answer = await wire.ask(id_, "tools/list")
    return [tool["name"] for tool in answer["result"]["tools"]]


def refused(answer: dict[str, Any]) -> bool:
    """Tell whether an answer says that the tool is not offered."""
    if "error" in answer:
        return answer["error"]["code"] == REFUSED and "not offered" in answer["error"]["message"]
    result = answer["result"]
    return bool(result.get("isError")) and "not offered" in result["content"][0]["text"]


@pytest.mark.requirement("HIDE-1")
def test_a_hidden_tool_is_not_listed_and_refused_from_a_list_of_before(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        wire = await two_tools(world)
        count = sum(b"tools/list_changed" in line for line in wire.client.lines)
        await world.sights.set_rows("analyst", ECHO)
        await wire.ask("told", "ping")
        assert sum(b"tools/list_changed" in line for line in wire.client.lines) == count + 1
        # Whoever kept its list of before is refused all the same.
        assert refused(await wire.call(1, HIDDEN))
        assert await listed(wire, "after") == ["echo"]
        assert not refused(await wire.call(2, "echo"))
        assert [call["params"]["name"] for call in calls_seen(world)] == ["echo"]
        assert outcomes(world) == ["refused_hidden", "allowed_rule"]
        await world.sights.set_rows("analyst", None)
        assert await listed(wire, "again") == FIRST_PAGE
        assert not refused(await wire.call(3, HIDDEN))

    tell(tmp_path, story)


@pytest.mark.parametrize(
    "name",
    ["Twice", "TWICE", "\uff54\uff57\uff49\uff43\uff45", "twice ", "twice\u200b", "tw\u0456ce", ""],
)
def test_no_other_spelling_reaches_a_hidden_tool(name: str, tmp_path: Path) -> None:
    async def story(world: World) -> None:
        wire = await two_tools(world)
        await world.sights.set_rows("analyst", ECHO)
        assert refused(await wire.call(1, name))
        assert calls_seen(world) == []

    tell(tmp_path, story)


_CALL = b'{"jsonrpc":"2.0","id":9,"method":"tools/call","params":'
FRAMES = {
    "an escaped name": _CALL + rb'{"name":"tw\u0069ce"}}',
    "an escaped method": _CALL.replace(b"/call", rb"\/c\u0061ll") + b'{"name":"twice"}}',
    "a task": _CALL + b'{"name":"twice","task":{"ttl":1}}}',
    "a name told twice": _CALL + b'{"name":"echo","name":"twice"}}',
    "a name in capitals beside": _CALL + b'{"name":"echo","Name":"twice"}}',
    "a method in capitals": _CALL.replace(b"tools/call", b"Tools/Call") + b'{"name":"twice"}}',
}


@pytest.mark.parametrize("frame", FRAMES.values(), ids=FRAMES)
def test_no_way_to_write_a_frame_reaches_a_hidden_tool(frame: bytes, tmp_path: Path) -> None:
    async def story(world: World) -> None:
        wire = await two_tools(world)
        await world.sights.set_rows("analyst", ECHO)
        answer = await wire.raw(frame + b"\n", 9)
        assert "error" in answer or answer["result"]["isError"]
        assert calls_seen(world) == []

    tell(tmp_path, story)


def test_no_batch_reaches_a_hidden_tool(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        wire = await two_tools(world)
        batched = world.link(world.raw_server())
        await batched.shake("2025-03-26")
        await world.sights.set_rows("analyst", ECHO)
        frames = [request(name, "tools/call", {"name": name}) for name in ("echo", HIDDEN)]
        batched.say(json.dumps(frames).encode() + b"\n")
        await batched.client.wait_for(lambda line: b"not offered" in line)
        assert HIDDEN not in [call["params"]["name"] for call in calls_seen(world)]
        assert not refused(await wire.call(1, "echo"))

    tell(tmp_path, story)


def test_every_connection_of_an_agent_sees_as_much_and_another_agent_what_it_saw(
    tmp_path: Path,
) -> None:
    async def story(world: World) -> None:
        first = await two_tools(world)
        await world.sights.set_rows("analyst", ECHO)
        for agent, enrolled, seen in (
            ("analyst", True, ["echo"]),
            ("auditor", True, FIRST_PAGE),
            ("analyst (not proven)", False, []),
            ("somebody", False, []),
        ):
            wire = world.link(world.raw_server(), agent=agent, enrolled=enrolled)
            await wire.shake()
            assert await listed(wire, "l") == seen
            assert refused(await wire.call(1, HIDDEN)) is (HIDDEN not in seen)
        assert await listed(first, "last") == ["echo"]

    tell(tmp_path, story)


def test_what_is_said_beside_tools_is_hidden_with_them(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        world.says = SAYS
        wire = await two_tools(world)
        rows = (*ECHO, row_of("read raw/note://*"))
        await world.sights.set_rows("analyst", rows)
        prompts = (await wire.ask(1, "prompts/list"))["result"]["prompts"]
        assert [prompt["name"] for prompt in prompts] == ["echo"]
        templates = (await wire.ask(2, "resources/templates/list"))["result"]["resourceTemplates"]
        assert [template["uriTemplate"] for template in templates] == ["note://{id}"]
        resources = (await wire.ask(3, "resources/list"))["result"]["resources"]
        assert [resource["uri"] for resource in resources] == ["note://a"]
        assert refused(await wire.ask(4, "prompts/get", {"name": "release"}))
        assert refused(await wire.ask(5, "resources/read", {"uri": "secret://b"}))
        assert refused(await wire.ask(6, "resources/read", {"uri": "SECRET://b"}))
        assert refused(await wire.ask(7, "resources/subscribe", {"uri": "secret://b"}))
        reference = {"type": "ref/prompt", "name": "release"}
        completed = {"ref": reference, "argument": {"name": "a", "value": "b"}}
        assert refused(await wire.ask(8, "completion/complete", completed))
        assert not refused(await wire.ask(9, "resources/read", {"uri": "note://a"}))
        assert not refused(await wire.ask(10, "prompts/get", {"name": "echo"}))
        await world.sights.set_rows("analyst", ())
        assert refused(await wire.ask(11, "tasks/get", {"taskId": "t"}))
        again = world.link(world.raw_server())
        await again.shake()
        assert "instructions" not in (await again.client.answer_to("init"))["result"]

    tell(tmp_path, story, rules=KINDS)


def test_all_resources_pass_as_they_came_for_an_agent_without_a_list(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        wire = await two_tools(world)
        assert (await wire.ask(1, "resources/list"))["result"] == RESOURCES

    tell(tmp_path, story)


def test_headers_that_name_another_tool_reach_no_hidden_one(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with endpoint(world) as there:
            await world.sights.set_rows("analyst", ECHO)
            for named in ("echo", HIDDEN, "twice"):
                params: dict[str, Any] = {"name": HIDDEN, "arguments": {}}
                response = await there.modern(1, "tools/call", params, **{"mcp-name": named})
                assert response.status_code == 400 or "not offered" in response.text
            assert calls_seen(world) == []

    tell(tmp_path, story)
