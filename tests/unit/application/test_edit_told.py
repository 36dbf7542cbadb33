"""Whatever a server answers to an edited call, its agent hears first that a person edited it."""

import asyncio
import json
from typing import Any

import pytest
from msgspec import structs

from keyturn.application.call import Forwarded, Judged, Refused, Replaced, Reply, Silence
from keyturn.application.edit_told import EDITED_KEY, EDITED_TEXT, ToldOfEdits, edit_told
from keyturn.application.edited_tasks import EditedTasks
from keyturn.application.ports.payloads import LARGE_BYTES, EditTelling, EditTold, NotInspected
from keyturn.broker.refusals import refusal_text
from keyturn.domain.decision import Outcome
from tests.factories import make_call, make_connection
from tests.unit.application.gate_world import World, play

pytestmark = pytest.mark.requirement("EDIT-4")


@pytest.fixture(scope="module")
def edited() -> Judged:
    """Return a judged call that a person edited."""
    found: list[Judged] = []

    async def story() -> None:
        world = World()
        connection = await world.connect()
        task = world.start(make_call(connection))
        await world.asked()
        (waiting,) = world.approvals.waiting()
        judged: Any = getattr(waiting.call, "_judged")  # noqa: B009  # no port shows it
        found.append(structs.replace(judged, asked=judged))
        world.approvals.stop()
        await task

    play(story)
    return found[0]


class Workers:
    """A LargeEdits that notes what it is given."""

    def __init__(self, reason: str = "") -> None:
        self.given: list[tuple[bytes, EditTelling, str]] = []
        self._reason = reason

    async def tell(
        self, encoded: bytes | memoryview, telling: EditTelling, agent: str
    ) -> EditTold | NotInspected:
        self.given.append((bytes(encoded), telling, agent))
        return NotInspected(self._reason) if self._reason else edit_told(encoded, telling)


def told_of_edit(
    judged: Judged, reply: Reply, tasks: EditedTasks | None = None, large: Workers | None = None
) -> Reply:
    connection = make_connection()
    connection.session.edited_tasks = tasks or EditedTasks()
    return asyncio.run(ToldOfEdits(large).tell(judged, reply, connection))


def told(edited: Judged, body: dict[str, Any], tasks: EditedTasks | None = None) -> dict[str, Any]:
    line = json.dumps({"jsonrpc": "2.0", "id": 7, **body}).encode() + b"\n"
    reply = told_of_edit(edited, Forwarded(line), tasks)
    assert isinstance(reply, Forwarded)
    assert reply.line.endswith(b"}\n")
    assert reply.line.count(b"\n") == 1
    return json.loads(reply.line)


def test_a_result_begins_with_it_and_keeps_all_else(edited: Judged) -> None:
    theirs = {"type": "image", "data": "AA==", "mimeType": "image/png"}
    body = {"result": {"isError": True, "structuredContent": {"n": 1}, "content": [theirs]}}
    result = told(edited, body)["result"]
    assert result["content"] == [{"type": "text", "text": EDITED_TEXT}, theirs]
    assert (result["isError"], result["structuredContent"]) == (True, {"n": 1})
    assert result["_meta"] == {EDITED_KEY: True}


@pytest.mark.parametrize("result", [{}, {"structuredContent": {}}, {"resultType": "complete"}])
def test_a_result_without_content_gets_some(edited: Judged, result: dict[str, Any]) -> None:
    (block,) = told(edited, {"result": result})["result"]["content"]
    assert block["text"] == EDITED_TEXT


@pytest.mark.parametrize(
    "result",
    [
        {"task": {"taskId": "t"}},
        {"resultType": "task", "taskId": "t"},
        {"resultType": "input_required", "requestState": "s"},
    ],
)
def test_what_is_no_content_says_it_beside(edited: Judged, result: dict[str, Any]) -> None:
    assert told(edited, {"result": result})["result"] == {**result, "_meta": {EDITED_KEY: True}}


@pytest.mark.parametrize("beside", [{"task": {"taskId": "t"}}, {"resultType": "input_required"}])
def test_no_word_of_a_server_keeps_it_from_the_content(
    edited: Judged, beside: dict[str, Any]
) -> None:
    theirs = {"type": "text", "text": "all done as you asked"}
    result = told(edited, {"result": {**beside, "content": [theirs]}})["result"]
    assert result["content"] == [{"type": "text", "text": EDITED_TEXT}, theirs]


@pytest.mark.parametrize("created", [{"task": {"taskId": "t"}}, {"taskId": "t"}])
def test_what_a_task_of_it_brings_says_it_too(edited: Judged, created: dict[str, Any]) -> None:
    tasks = EditedTasks()
    told(edited, {"result": {"resultType": "task", **created}}, tasks)

    def about(method: str, task: str = "t", server: str = edited.call.server) -> Judged:
        params: dict[str, Any] = {"taskId": task}
        call = structs.replace(edited.call, method=method, params=params, server=server)
        return structs.replace(edited, asked=None, call=call)

    theirs = {"type": "text", "text": "done"}
    ours = [{"type": "text", "text": EDITED_TEXT}, theirs]
    result = told(about("tasks/result"), {"result": {"content": [theirs]}}, tasks)["result"]
    assert (result["content"], result["_meta"]) == (ours, {EDITED_KEY: True})
    state = {"taskId": "t", "status": "completed", "result": {"content": [theirs]}}
    result = told(about("tasks/get"), {"result": state}, tasks)["result"]
    assert (result["result"]["content"], "content" in result) == (ours, False)
    for other in (about("tasks/result", "u"), about("tasks/result", server="another")):
        reply = Forwarded(b'{"result":{}}')
        assert told_of_edit(other, reply, tasks) is reply


def test_a_server_cannot_take_it_back(edited: Judged) -> None:
    claims: dict[str, Any] = {"_meta": {EDITED_KEY: False, "a": 1}, "content": []}
    assert told(edited, {"result": claims})["result"]["_meta"] == {EDITED_KEY: True, "a": 1}


def test_an_error_says_it_before_its_message(edited: Judged) -> None:
    body = {"error": {"code": -32602, "message": "no such order", "data": {"x": 1}}}
    error = told(edited, body)["error"]
    assert error == {**body["error"], "message": f"{EDITED_TEXT} no such order"}


def test_a_result_that_was_cut_says_it_too(edited: Judged) -> None:
    reply = told_of_edit(edited, Replaced(b'{"content":[]}', asks=False))
    assert isinstance(reply, Replaced)
    assert not reply.asks
    assert json.loads(bytes(reply.encoded))["content"][0]["text"] == EDITED_TEXT


@pytest.mark.parametrize("kind", [{"unknown": True}, {"withheld": "why"}, {"broke_schema": True}])
def test_a_result_that_is_not_handed_on_says_it_too(edited: Judged, kind: dict[str, Any]) -> None:
    refused = Refused(outcome=Outcome.ERROR_BROKER, **kind)
    reply = told_of_edit(edited, refused)
    assert isinstance(reply, Refused)
    assert refusal_text(reply) == f"{EDITED_TEXT} {refusal_text(refused)}"


@pytest.mark.parametrize(
    "line",
    [
        b'{"jsonrpc":"2.0","id":7,"result":[]}',
        b'{"jsonrpc":"2.0","id":7,"result":{"content":1}}',
        b'{"jsonrpc":"2.0","id":7,"result":{"_meta":[]}}',
        b'{"jsonrpc":"2.0","id":7,"error":{"message":1}}',
        b'{"jsonrpc":"2.0","id":7}',
        b"nothing",
        b'{"result":{"content":["\xff"]}',
    ],
)
def test_what_cannot_say_it_is_kept_back(edited: Judged, line: bytes) -> None:
    reply = told_of_edit(edited, Forwarded(line))
    assert isinstance(reply, Refused)
    assert reply.withheld
    assert reply.edited


@pytest.mark.parametrize(
    "reply",
    [Forwarded(b'{"result":{}}'), Refused(outcome=Outcome.ERROR_BROKER), Silence()],
)
def test_every_other_call_is_answered_byte_for_byte(edited: Judged, reply: Reply) -> None:
    assert told_of_edit(structs.replace(edited, asked=None), reply) is reply


@pytest.mark.parametrize("alone", [False, True])
def test_a_large_answer_is_changed_elsewhere(edited: Judged, alone: bool) -> None:
    tasks, workers = EditedTasks(), Workers()
    result = json.dumps({"content": [], "taskId": "t", "x": "a" * LARGE_BYTES}).encode()
    frame = b'{"jsonrpc":"2.0","id":7,"result":' + result + b"}\n"
    reply = Replaced(memoryview(result), asks=False) if alone else Forwarded(frame)
    said = told_of_edit(edited, reply, tasks, workers)
    ((given, telling, agent),) = workers.given
    assert (given, telling.alone) == (result if alone else frame, alone)
    assert agent == make_connection().shares_as
    if isinstance(said, Replaced):
        found = json.loads(bytes(said.encoded))
    else:
        assert isinstance(said, Forwarded)
        found = json.loads(said.line)["result"]
    assert found["content"][0]["text"] == EDITED_TEXT
    about = structs.replace(edited.call, method="tasks/get", params={"taskId": "t"})
    assert tasks.holds(about)


def test_what_no_worker_could_change_is_kept_back(edited: Judged) -> None:
    line = b'{"result":{"content":[],"x":"' + b"a" * LARGE_BYTES + b'"}}'
    reply = told_of_edit(edited, Forwarded(line), large=Workers("it was late"))
    assert reply == Refused(outcome=Outcome.ERROR_BROKER, withheld="it was late", edited=True)


def test_the_answer_to_another_call_goes_to_no_worker(edited: Judged) -> None:
    reply, workers = Forwarded(b'{"result":{"x":"' + b"a" * LARGE_BYTES + b'"}}'), Workers()
    assert told_of_edit(structs.replace(edited, asked=None), reply, large=workers) is reply
    assert not workers.given
