"""What is neither judged nor changed passes byte for byte, both ways (architecture.md law 7).

What is judged goes as RFC 8785 writes it: the bytes that were digested, whatever the client wrote.
"""

import json
from pathlib import Path

import pytest

from keyturn.application.approval_request import AnswerVerdict
from keyturn.domain.rule import Rule
from tests.integration.frame_corpus import ANSWERED, Frame, Way, frames, text_of_line
from tests.integration.link_rig import Wire, World, request
from tests.integration.stories import tell

NO_RULES: tuple[Rule, ...] = ()
OURS = (b'"after-', b'"keyturn:')
"""In the test's own requests and in the broker's."""


def each(*ways: Way) -> pytest.MarkDecorator:
    """Run a test with each frame of these ways."""
    found = frames(*ways)
    return pytest.mark.parametrize("frame", found, ids=[frame.name for frame in found])


async def _connected(world: World) -> Wire:
    wire = world.link(world.raw_server())
    await wire.shake()
    await wire.ask("before", "ping")
    world.approver.decide = lambda _: AnswerVerdict.ALLOW_ONCE
    return wire


def test_the_corpus_is_as_large_as_promised() -> None:
    assert len(frames(*Way)) >= 60


@pytest.mark.requirement("LAW-7")
@each(Way.TO_SERVER)
def test_a_frame_reaches_the_server_as_it_was(tmp_path: Path, frame: Frame) -> None:
    async def story(world: World) -> None:
        wire = await _connected(world)
        wire.say(frame.written)
        await wire.ask("after", "ping")
        assert frame.arrives in world.seen

    tell(tmp_path, story)


@pytest.mark.requirement("LAW-7")
@each(Way.TO_CLIENT)
def test_a_frame_reaches_the_client_as_it_was(tmp_path: Path, frame: Frame) -> None:
    async def story(world: World) -> None:
        wire = await _connected(world)
        wire.say(request(ANSWERED, "x/say", {"lines": [text_of_line(frame.written)]}))
        await wire.client.wait_for(frame.arrives_as)

    tell(tmp_path, story, rules=NO_RULES)


@pytest.mark.requirement("LAW-7")
def test_an_answer_to_a_judged_call_reaches_the_client_as_it_was(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        wire = await _connected(world)
        for number, frame in enumerate(frames(Way.ANSWER)):
            world.written.clear()
            wire.say(request(ANSWERED, "tools/call", {"name": "silent"}))
            await world.written.wait()
            say = {"lines": [text_of_line(frame.written)]}
            wire.say(request(f"say-{number}", "x/say", say))
            await wire.client.wait_for(frame.arrives_as)

    tell(tmp_path, story)


@pytest.mark.requirement("LAW-7", "RESULT-META")
@pytest.mark.parametrize("way", ["judged", "passed"])
def test_what_is_taken_out_of_an_answer_leaves_the_rest(tmp_path: Path, way: str) -> None:
    async def story(world: World) -> None:
        wire = await _connected(world)
        for number, frame in enumerate(frames(Way.CONTROLLED)):
            if way == "judged":
                world.written.clear()
                wire.say(request(ANSWERED, "tools/call", {"name": "silent"}))
                await world.written.wait()
                asked: str | int = f"say-{number}"
            else:
                asked = ANSWERED
            say = {"lines": [text_of_line(frame.written)]}
            wire.say(request(asked, "x/say", say))
            await wire.client.wait_for(frame.arrives_as)

    tell(tmp_path, story)


@pytest.mark.requirement("LAW-2", "I-02")
def test_a_judged_request_reaches_the_server_in_its_one_spelling(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        # What is not listed is refused, whatever the rules say.
        world.says = {"prompts": [{"name": "p"}]}
        wire = await _connected(world)
        for number, frame in enumerate(frames(Way.JUDGED)):
            seen = len(world.seen)
            world.written.clear()
            wire.say(frame.written)
            await world.written.wait()
            await wire.ask(f"after-{number}", "ping")
            arrived = [line for line in world.seen[seen:] if not any(own in line for own in OURS)]
            assert arrived == [frame.arrives], frame.name

    tell(tmp_path, story)


@pytest.mark.requirement("I-03")
def test_a_call_that_can_be_read_in_two_ways_reaches_nobody(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        wire = await _connected(world)
        for number, frame in enumerate(frames(Way.REFUSED)):
            wire.client.written.clear()
            wire.say(frame.written)
            refusal = json.loads(await wire.client.wait_for(lambda line: b'"error"' in line))
            assert refusal["error"]["code"] == frame.code, frame.name
            await wire.ask(f"after-{number}", "ping")
        assert not [line for line in world.seen if b"echo" in line]

    tell(tmp_path, story)


def test_passed_frames_keep_their_order(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        wire = await _connected(world)
        sent = [
            b'{"jsonrpc":"2.0","method":"notifications/x","params":{"n":%d}}\n' % number
            for number in range(200)
        ]
        for line in sent:
            wire.say(line)
        await wire.ask("after", "ping")
        assert [line for line in world.seen if b"notifications/x" in line] == sent

    tell(tmp_path, story)


def test_frames_that_came_before_the_start_keep_their_order(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        wire = world.link(world.raw_server())
        sent = [b'{"jsonrpc":"2.0","method":"notifications/%d"}\n' % n for n in range(20)]
        for line in sent:
            wire.say(line)
        await wire.ask("after", "ping")
        assert world.seen[:20] == sent

    tell(tmp_path, story)
