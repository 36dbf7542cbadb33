"""Resources, prompts, completions and tasks over a link: judged on the wire as calls are."""

import json
from pathlib import Path
from typing import Any

import pytest

from keyturn.application.approval_request import AnswerVerdict
from keyturn.domain.decision import Delivery
from keyturn.domain.policy import Posture
from keyturn.domain.record import RecordType
from keyturn.domain.rule import Effect, Kind, Rule
from tests.integration.link_rig import Wire, World, request
from tests.integration.stories import tell
from tests.integration.test_link import connected, deliveries, outcomes

URI = "file:///notes/today.md"
CONTENTS: dict[str, Any] = {"contents": [{"uri": URI, "text": "milk"}]}
ANSWERS: dict[str, Any] = {
    "resources/read": CONTENTS,
    "resources/subscribe": {},
    "prompts/get": {"messages": [{"role": "user", "content": {"type": "text", "text": "hi"}}]},
    "completion/complete": {"completion": {"values": ["Ada"]}},
    "tasks/get": {"taskId": "t", "status": "working"},
    "tasks/list": {"tasks": []},
}
PARAMS: dict[str, dict[str, Any]] = {
    "resources/read": {"uri": URI},
    "resources/subscribe": {"uri": URI},
    "prompts/get": {"name": "greet"},
    "completion/complete": {
        "ref": {"type": "ref/prompt", "name": "greet"},
        "argument": {"name": "who", "value": "A"},
    },
    "tasks/get": {"taskId": "t"},
}
READS = Rule(id="r-reads", effect=Effect.ALLOW, kind=Kind.READ, tool="file:///notes/*")
PROMPTS = Rule(id="r-prompts", effect=Effect.ALLOW, kind=Kind.PROMPT)
NEVER = Rule(id="r-never", effect=Effect.DENY, kind=Kind.READ, tool="file:///etc/*")


async def serving(world: World) -> Wire:
    world.says = {"prompts": [{"name": "greet"}]}
    wire = await connected(world)
    await wire.ask("answers", "x/answers", ANSWERS)
    return wire


def seen_of(world: World, method: str) -> list[dict[str, Any]]:
    frames: list[dict[str, Any]] = [json.loads(line) for line in world.seen if b'"id"' in line]
    return [frame for frame in frames if frame.get("method") == method]


@pytest.mark.requirement("ROUTE-RESOURCES", "ROUTE-PROMPTS")
@pytest.mark.parametrize("method", ["resources/read", "prompts/get"])
def test_what_a_rule_allows_is_read_and_recorded(method: str, tmp_path: Path) -> None:
    async def story(world: World) -> None:
        wire = await serving(world)
        answer = await wire.ask(1, method, PARAMS[method])
        assert answer["result"] == ANSWERS[method]
        assert outcomes(world) == ["allowed_rule"]
        assert deliveries(world) == [Delivery.COMPLETED.value]

    tell(tmp_path, story, rules=(READS, PROMPTS))


@pytest.mark.requirement("ROUTE-COMPLETION", "ROUTE-TASKS")
@pytest.mark.parametrize("method", ["completion/complete", "tasks/get", "tasks/list"])
def test_what_no_rule_speaks_of_is_carried_and_noted(method: str, tmp_path: Path) -> None:
    async def story(world: World) -> None:
        wire = await serving(world)
        answer = await wire.ask(1, method, PARAMS.get(method))
        assert answer["result"] == ANSWERS[method]
        noted = [entry.details["method"] for entry in world.log.of_type(RecordType.PASSED)]
        assert noted == [method]
        assert outcomes(world) == []

    tell(tmp_path, story, rules=())


def test_a_person_is_asked_and_a_denial_is_an_error_that_a_model_can_read(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        wire = await serving(world)
        wire.say(request(1, "resources/read", {"uri": URI}))
        (asked,) = await world.approver.asked()
        assert json.loads(asked.arguments) == {"uri": URI}
        world.approver.answer(asked, AnswerVerdict.DENY)
        error = (await wire.client.answer_to(1))["error"]
        assert error["code"] == -32010
        assert error["message"] == (
            "Denied by the user in Keyturn. Nothing was sent. "
            "Do not repeat this request; ask the user how to go on."
        )
        assert seen_of(world, "resources/read") == []

    tell(tmp_path, story, rules=())


def test_what_is_sent_is_the_canonical_encoding_of_what_was_judged(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        wire = await serving(world)
        line = (
            b'{"method":"resources\\/read", "params": {"uri":"file:///notes/\\u0074oday.md"},'
            b'"id":1,"jsonrpc":"2.0"}\n'
        )
        assert (await wire.raw(line, 1))["result"] == CONTENTS
        assert (
            b'{"id":1,"jsonrpc":"2.0","method":"resources/read",'
            b'"params":{"uri":"file:///notes/today.md"}}\n'
        ) in world.seen

    tell(tmp_path, story, rules=(READS,))


DENIED = (
    "file:///etc/passwd",
    "FILE:///etc/passwd",
    "file:///%65tc/passwd",
    "file:///%2565tc/passwd",
    "file:///notes/../etc/passwd",
    "file:///notes/..%2f..%2fetc/passwd",
    "file://localhost/etc/passwd",
    "file:/etc/passwd",
    "file:///notes/..\\..\\etc\\passwd",
)


@pytest.mark.requirement("ROUTE-RESOURCES")
@pytest.mark.parametrize("method", ["resources/read", "resources/subscribe"])
def test_no_spelling_of_a_uri_gets_past_a_rule_that_denies_it(method: str, tmp_path: Path) -> None:
    async def story(world: World) -> None:
        world.rules.posture = Posture.ASK_WRITES
        wire = await serving(world)
        for number, uri in enumerate(DENIED):
            answer = await wire.ask(number, method, {"uri": uri})
            assert answer["error"]["code"] == -32010
        assert set(outcomes(world)) == {"denied_rule"}
        assert seen_of(world, method) == []

    tell(tmp_path, story, rules=(NEVER, READS))


def test_what_leads_out_of_an_allowed_folder_is_asked_about(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        world.approver.decide = lambda _: AnswerVerdict.DENY
        wire = await serving(world)
        answer = await wire.ask(1, "resources/read", {"uri": "file:///notes/../root/.ssh/id"})
        assert answer["error"]["code"] == -32010
        assert outcomes(world) == ["denied_user"]

    tell(tmp_path, story, rules=(READS,))


@pytest.mark.parametrize(
    "frame",
    [
        b'{"jsonrpc":"2.0","id":1,"method":"Resources/Read","params":{"uri":"file:///x"}}\n',
        b'{"jsonrpc":"2.0","id":1,"method":"resources/read\\u0000","params":{"uri":"file:///x"}}\n',
        b'{"jsonrpc":"2.0","id":1,"method":"prompts\\u2215get","params":{"name":"x"}}\n',
        b'{"jsonrpc":"2.0","id":1,"method":"tasks/cance\\u217c","params":{"taskId":"x"}}\n',
        b'{"jsonrpc":"2.0","id":1,"method":"resources/read",'
        b'"params":{"uri":"file:///notes/a","uri":"file:///etc/passwd"}}\n',
        b'{"jsonrpc":"2.0","id":1,"method":"resources/read",'
        b'"params":{"uri":"file:///notes/a","URI":"file:///etc/passwd"}}\n',
        b'{"jsonrpc":"2.0","id":1,"method":"ping","method":"resources/read"}\n',
    ],
    ids=range(7),
)
def test_what_two_readers_take_for_two_requests_is_refused(frame: bytes, tmp_path: Path) -> None:
    async def story(world: World) -> None:
        wire = await serving(world)
        assert (await wire.raw(frame, 1))["error"]["code"] == -32600
        await wire.ask("after", "ping")
        assert not [line for line in world.seen if b'"id":1,' in line]
        assert outcomes(world) == ["refused_malformed"]

    tell(tmp_path, story, rules=(READS, PROMPTS))


@pytest.mark.parametrize("raw_id", [b"1.0", b"null", b"true", b"99999999999999999999"])
def test_an_odd_id_is_refused_as_a_calls_is(raw_id: bytes, tmp_path: Path) -> None:
    async def story(world: World) -> None:
        wire = await serving(world)
        wire.say(
            b'{"jsonrpc":"2.0","id":%b,"method":"resources/read","params":{"uri":"%b"}}\n'
            % (raw_id, URI.encode())
        )
        wire.say(
            b'{"jsonrpc":"2.0","method":"resources/read","params":{"uri":"%b"}}\n' % URI.encode()
        )
        await wire.ask("after", "ping")
        assert outcomes(world) == ["refused_malformed"] * 2
        assert seen_of(world, "resources/read") == []

    tell(tmp_path, story, rules=(READS,))


def test_an_id_that_is_in_use_is_refused(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        wire = await connected(world)
        wire.say(request("open", "resources/read", {"uri": URI}))
        again = await wire.raw(b'{"jsonrpc":"2.0","id":"open","method":"ping"}\n', "open")
        assert again["error"]["code"] == -32600

    tell(tmp_path, story, rules=(READS,))


def test_what_a_client_gives_up_before_it_was_decided_is_never_sent(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        wire = await serving(world)
        wire.say(request(1, "resources/read", {"uri": URI}))
        (asked,) = await world.approver.asked()
        wire.say(
            {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 1}}
        )
        await wire.ask("after", "ping")
        world.approver.answer(asked, AnswerVerdict.ALLOW_ONCE)
        await wire.ask("later", "ping")
        assert seen_of(world, "resources/read") == []
        # The answer makes a retry possible, and the same reading goes on without a question.
        assert (await wire.ask(2, "resources/read", {"uri": URI}))["result"] == CONTENTS
        assert len(world.approver.seen) == 1

    tell(tmp_path, story, rules=())


def test_a_client_that_waits_is_sent_progress(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        wire = await serving(world)
        params = {"uri": URI, "_meta": {"progressToken": "p"}}
        wire.say(request(1, "resources/read", params))
        line = await wire.client.wait_for(lambda line: b"notifications/progress" in line)
        assert json.loads(line)["params"]["progressToken"] == "p"

    tell(tmp_path, story, rules=())


def test_the_death_of_a_server_answers_what_it_was_asked(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        wire = await connected(world)
        wire.say(request(1, "resources/read", {"uri": URI}))
        await world.written.wait()
        wire.say(request(2, "tools/call", {"name": "die", "arguments": {}}))
        error = (await wire.client.answer_to(1))["error"]
        assert error["message"].startswith("The request was sent and its outcome is not known.")
        assert Delivery.UNKNOWN.value in deliveries(world)

    tell(tmp_path, story, rules=(READS, Rule(id="r-calls", effect=Effect.ALLOW)))


def test_an_error_of_the_server_reaches_the_client_as_it_came(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        wire = await serving(world)
        await wire.ask("none", "x/answers", {})
        wire.say(request(1, "resources/read", {"uri": URI}))
        await world.written.wait()
        line = '{"jsonrpc":"2.0","id":1,"error":{"code":-32002,"message":"No such resource"}}'
        wire.say(request("say", "x/say", {"lines": [line]}))
        assert (await wire.client.answer_to(1))["error"]["code"] == -32002
        assert deliveries(world) == [Delivery.FAILED.value]

    tell(tmp_path, story, rules=(READS,))
