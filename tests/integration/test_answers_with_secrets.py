"""An answer to a server's question that is a stored credential does not reach the server."""

import asyncio
import json
import secrets
from pathlib import Path
from typing import Any

import pytest

from keyturn.application.alerts import Alert, AlertKind
from keyturn.application.ports.secret_store import Secret
from keyturn.broker.held_inputs import LONGEST_ANSWER
from keyturn.broker.patience import MOST_MALFORMED
from keyturn.domain.decision import Delivery, Outcome
from keyturn.domain.record import RecordType
from keyturn.domain.rule import Effect, Kind, Rule
from tests.integration.link_rig import Wire, World, request
from tests.integration.stories import tell
from tests.integration.test_held_inputs import FORM, ask, have_asked, reached, told
from tests.integration.test_hosts_that_end import until
from tests.integration.test_link import MODERN, deliveries, outcomes

ANSWERED = Rule(id="r-form", effect=Effect.ALLOW, kind=Kind.ELICITATION)
SAMPLED = Rule(id="r-sample", effect=Effect.ALLOW, kind=Kind.SAMPLING)
CALLS = Rule(id="r-calls", effect=Effect.ALLOW)
RULES = (ANSWERED, SAMPLED, CALLS)
ELICIT, SAMPLE = "elicitation/create", "sampling/createMessage"
KEEPS = pytest.mark.requirement("I-23", "ROUTE-ELICITATION")
KEPT_BACK = Alert(AlertKind.CREDENTIAL_KEPT_BACK, "raw")
WITHHELD = Delivery.RESULT_WITHHELD.value


async def started(world: World) -> tuple[Wire, str]:
    """Start a server with a credential; return its wire and the credential."""
    value = secrets.token_urlsafe(24)
    world.secrets.secrets["raw", "key"] = Secret(value)
    server = world.raw_server(env={"KEY": "keychain:key"})
    wire = world.link(server)
    await wire.shake()
    await wire.ask("connected", "ping")
    return wire, value


async def elicited(wire: Wire, request_id: Any = "q") -> None:
    await have_asked(wire, ask(ELICIT, FORM, request_id))
    name = json.dumps(request_id).encode()
    await wire.client.wait_for(lambda line: ELICIT.encode() in line and name in line)


def accept(**content: Any) -> dict[str, Any]:
    return {"action": "accept", "content": content}


def answer(result: Any, request_id: Any = "q") -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": request_id, "result": result}


def told_of(world: World, value: str) -> bool:
    return any(value.encode() in line for line in world.seen) or value in str(world.log.records)


@KEEPS
@pytest.mark.parametrize("shape", ["leaf", "padded", "deep", "key", "error", "twice"])
def test_a_stored_credential_is_declined_in_the_agents_place(shape: str, tmp_path: Path) -> None:
    async def story(world: World) -> None:
        wire, value = await started(world)
        await elicited(wire)
        frame = answer(accept(name=value))
        match shape:
            case "padded":
                frame = answer(accept(name=f" {value}\n"))
            case "deep":
                frame = answer(accept(name=["x", {"y": value}]))
            case "key":
                frame = answer(accept(**{value: "x"}))
            case "error":
                frame = {"jsonrpc": "2.0", "id": "q", "error": {"code": 1, "message": value}}
            case _:
                pass
        line = json.dumps(frame).encode() + b"\n"
        if shape == "twice":
            line = line.replace(b'"name"', b'"name":"%b","name"' % value.encode(), 1).replace(
                b'"%b"}}' % value.encode(), b'"x"}}'
            )
        wire.say(line)
        await until(lambda: bool(told(world)))
        assert [frame["result"] for frame in told(world)] == [{"action": "decline"}]
        assert not told_of(world, value)
        assert deliveries(world) == [WITHHELD]
        (entry,) = world.log.of_type(RecordType.DELIVERY)
        (decision,) = world.log.of_type(RecordType.DECISION)
        assert (entry.call, entry.tool) == (decision.call, ELICIT)
        assert "credential" in str(entry.details["withheld"])
        assert world.told == [KEPT_BACK]
        wire.say(answer(accept(name="again")))
        await wire.ask(8, "ping")

    tell(tmp_path, story, rules=RULES)


@KEEPS
def test_other_answers_keep_their_bytes(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        wire, value = await started(world)
        await elicited(wire)
        line = b'{"id":"q", "jsonrpc":"2.0","result":{"action":"accept","content":{"n":1e2}}}\n'
        wire.say(line)
        await elicited(wire, "r")
        wire.say(answer(accept(name=f"not {value} alone"), "r"))
        await wire.ask(9, "ping")
        assert line in world.seen
        assert told(world, "r")[0]["result"] == accept(name=f"not {value} alone")
        assert deliveries(world) == []

    tell(tmp_path, story, rules=RULES)


@KEEPS
def test_an_answer_under_another_spelling_of_the_id_is_not_passed(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        wire, value = await started(world)
        await elicited(wire, 7)
        for literal in (b'"7"', b"7.0", b"[7]"):
            result = json.dumps(accept(name=value)).encode()
            wire.say(b'{"jsonrpc":"2.0","id":%b,"result":%b}\n' % (literal, result))
        await wire.ask(9, "ping")
        assert not told_of(world, value)
        wire.say(answer(accept(name="Ada"), 7))
        wire.say(answer(accept(name=value), 7))
        await wire.ask(10, "ping")
        assert [frame["result"] for frame in told(world, 7)] == [accept(name="Ada")]
        assert not told_of(world, value)
        assert deliveries(world) == [WITHHELD] * 4

    tell(tmp_path, story, rules=RULES)


@KEEPS
def test_who_tries_on_and_on_is_cut_off(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        wire, value = await started(world)
        await elicited(wire)
        for _ in range(MOST_MALFORMED):
            wire.say(answer(accept(name=value)))
        await wire.client.closed.wait()
        assert not told_of(world, value)

    tell(tmp_path, story, rules=RULES)


@pytest.mark.requirement("LAW-7")
def test_what_answers_another_question_is_passed(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        wire, value = await started(world)
        await elicited(wire)
        await have_asked(wire, ask(SAMPLE, {"messages": []}, "s"))
        await wire.client.wait_for(lambda line: SAMPLE.encode() in line)
        text = "x" * LONGEST_ANSWER
        wire.say(answer({"role": "assistant", "content": {"type": "text", "text": text}}, "s"))
        await wire.ask(9, "ping")
        assert told(world, "s")[0]["result"]["content"]["text"] == text
        assert not told_of(world, value)

    tell(tmp_path, story, rules=RULES)


@pytest.mark.parametrize("content", ["long", "deep"])
def test_an_answer_that_cannot_be_read_is_declined(content: str, tmp_path: Path) -> None:
    async def story(world: World) -> None:
        wire, _ = await started(world)
        await elicited(wire)
        text = '"%s"' % ("x" * LONGEST_ANSWER) if content == "long" else "[" * 9000 + "]" * 9000
        wire.say(b'{"jsonrpc":"2.0","id":"q","result":{"a":%b}}\n' % text.encode())
        await wire.ask(9, "ping")
        answers = [frame.get("result") for frame in told(world)]
        assert answers in ([{"action": "decline"}], [])
        assert b"x" * 99 not in b"".join(world.seen)

    tell(tmp_path, story, rules=RULES)


@KEEPS
def test_a_server_that_asks_twice_under_one_id_cannot_swap_the_question(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        wire, value = await started(world)
        await elicited(wire)
        await have_asked(wire, ask(SAMPLE, {"messages": []}))
        wire.say(answer(accept(name=value)))
        await wire.ask(9, "ping")
        assert not reached(wire, SAMPLE)
        assert not told_of(world, value)

    tell(tmp_path, story, rules=RULES)


@KEEPS
@pytest.mark.parametrize("method", ["tools/call", "resources/read", "tasks/update"])
def test_no_call_takes_a_stored_credential_along_as_an_answer(method: str, tmp_path: Path) -> None:
    async def story(world: World) -> None:
        wire, value = await started(world)
        params = {
            "name": "echo",
            "uri": "file:///x",
            "taskId": "t",
            "inputResponses": {"a": {"action": "accept", "content": {"name": value}}},
            "requestState": "s",
            "_meta": MODERN,
        }
        wire.say(request(1, method, params))
        said = json.dumps(await wire.client.answer_to(1))
        assert "a credential that the user keeps in the keychain" in said
        assert value not in said
        assert outcomes(world) == [Outcome.REFUSED_INVALID_ARGUMENTS.value]
        assert not told_of(world, value)
        assert world.approver.seen == []
        assert world.told == [KEPT_BACK]

    tell(tmp_path, story, rules=RULES)


@KEEPS
def test_a_short_credential_is_refused_where_trying_costs_a_question(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        world.secrets.secrets["raw", "key"] = Secret("1234")
        wire = world.link(world.raw_server(env={"KEY": "keychain:key"}))
        await wire.shake()
        await wire.ask("connected", "ping")
        params = {"name": "echo", "inputResponses": {"a": {"pin": 1234}}, "_meta": MODERN}
        wire.say(request(1, "tools/call", params))
        async with asyncio.timeout(10):
            await world.approver.asked()
        await elicited(wire)
        wire.say(answer(accept(pin=1234)))
        await until(lambda: bool(told(world)))
        assert told(world)[0]["result"] == {"action": "decline"}

    tell(tmp_path, story, rules=RULES)
