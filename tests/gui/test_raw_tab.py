"""What the Raw tab shows, what was hashed and what the server receives are the same bytes."""

import json
from pathlib import Path
from typing import Final

import pytest
from pytestqt.qtbot import QtBot

from keyturn.application.approval_request import AnswerVerdict, ApprovalRequest
from keyturn.application.console_protocol import RequestShown, decode_to_window, encode_line
from keyturn.bootstrap.inspecting import do_job
from keyturn.domain.call import ToolCall
from keyturn.domain.canonical import canonical
from keyturn.domain.record import RecordType
from keyturn.gui.look import Look
from keyturn.gui.pages import Page
from keyturn.gui.queue.card_pane import RAW
from keyturn.gui.queue.view import QueueView
from tests.fakes.workers import FakeWorkers
from tests.gui.conftest import Clock
from tests.gui.desk_scene import DeskScene, rest_the_readers
from tests.integration.link_rig import Wire, World
from tests.integration.stories import tell
from tests.integration.test_link import calls_seen, connected
from tests.payload_corpus import Payload, refused, sent

pytestmark = pytest.mark.gui
WAIT_MS: Final = 5_000


class Received:
    """The calls that the server has read, one after the other."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.at = 0

    def next_call(self) -> bytes:
        """Return the one call that came since the last one."""
        with self.path.open("rb") as file:
            file.seek(self.at)
            new = file.read()
        self.at += len(new)
        (line,) = [line for line in new.splitlines() if b"tools/call" in line]
        return line


def shown_raw(scene: DeskScene, qtbot: QtBot, request: ApprovalRequest) -> str:
    """Put a request through the pipe into the window; return what a person copies off its Raw."""
    crossed = decode_to_window(encode_line(RequestShown(request=request, remaining_ms=50_000)))
    assert isinstance(crossed, RequestShown)
    scene.bridge.request_shown.emit(crossed)
    scene.desk.queue.open_card(request.id)
    queue = scene.window.findChild(QueueView)
    assert queue is not None
    card = queue.card
    assert card.card is not None
    assert (card.card.request_id, card.card.digest) == (request.id, request.digest)
    card.choose_tab(RAW)
    assert scene.window.page is Page.QUEUE
    qtbot.waitUntil(card.raw.isVisible, timeout=WAIT_MS)
    card.raw.select_all()
    return card.raw.selected_text()


def wire_line(number: int, payload: Payload) -> bytes:
    text = payload.text.replace("\n", " ")
    head = f'{{"jsonrpc":"2.0","id":{number},"method":"tools/call","params":'
    return f'{head}{{"name":"echo","arguments":{text}}}}}\n'.encode()


def digest_of(request: ApprovalRequest, wire: Wire, world: World, raw: str) -> str:
    """Hash what was read off the screen as law 2 does."""
    connection = wire.link.connection
    entry = world.log.of_type(RecordType.DECISION)[-1]
    call = ToolCall(
        agent=request.agent,
        session=request.session,
        server=request.server,
        launch_hash=connection.launch.launch_hash,
        tool=request.tool or "",
        def_hash=entry.def_hash,
        params={"name": "echo", "arguments": json.loads(raw)},
    )
    return call.digest()


@pytest.mark.requirement("C3", "LAW-2")
def test_raw_tab_digest_and_wire_are_the_same_bytes(
    qtbot: QtBot, look: Look, clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rest_the_readers(monkeypatch)
    scene = DeskScene(look, clock)
    with qtbot.waitExposed(scene.window):
        scene.start()
    corpus = sent()
    assert len({payload.text for payload in corpus}) >= 300

    async def story(world: World) -> None:
        world.use(FakeWorkers(do_job))
        wire = await connected(world)
        server = Received(world.folder / "seen")
        for number, payload in enumerate(corpus, 1):
            wire.say(wire_line(number, payload))
            request = (await world.approver.asked(number))[-1]
            raw = shown_raw(scene, qtbot, request)
            world.approver.answer(request, AnswerVerdict.ALLOW_ONCE)
            await wire.client.answer_to(number)
            name, line = payload.name, server.next_call()
            begin = line.index(b'"arguments":') + len(b'"arguments":')
            assert line[begin:].startswith(raw.encode() + b","), name
            assert raw.encode() == canonical(json.loads(line)["params"]["arguments"]), name
            assert digest_of(request, wire, world, raw) == request.digest, name
            entry = world.log.of_type(RecordType.DECISION)[-1]
            assert (entry.call_digest, entry.committed) == (request.digest, raw.encode()), name

    try:
        tell(tmp_path, story, rules=())
    finally:
        scene.close()


@pytest.mark.requirement("C3")
def test_what_reads_in_two_ways_is_refused_before_it_is_shown(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        wire = await connected(world)
        for number, payload in enumerate(refused(), 1):
            line = (
                f'{{"jsonrpc":"2.0","id":{number},"method":"tools/call",'
                f'"params":{{"name":"echo","arguments":{payload.text}}}}}\n'
            ).encode("utf-8", "surrogatepass")
            wire.say(line)
        await wire.ask("last", "ping")
        assert world.approver.seen == []
        assert calls_seen(world) == []

    tell(tmp_path, story, rules=())
