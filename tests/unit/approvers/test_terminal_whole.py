"""What a terminal's text left out is read before it is allowed: nothing is allowed by its hash."""

import asyncio
import hashlib
import threading
from dataclasses import replace

import pytest

from keyturn.application.approval_request import ApprovalRequest, RequestKind
from keyturn.domain.approval import State
from keyturn.domain.canonical import JsonObject, canonical
from keyturn.domain.tier import Tier
from keyturn.presentation.card import DecisiveValue
from keyturn.presentation.card_builder import CardBuilder
from keyturn.presentation.request_text import RequestTexts, page_count
from tests.fakes.approval_requests import a_call
from tests.fakes.approver_programs import CARDS, WORDS
from tests.fakes.masked_calls import TOKEN, masked_call
from tests.unit.approvers.terminal_rig import World, run

TEXTS = RequestTexts(WORDS, CARDS)


async def reads_the_next_page(world: World, part: int) -> None:
    world.types("whole")
    await world.terminal.reads(f"part {part} of ")
    world.types("allow")
    assert "It was discarded." in world.terminal.text
    world.read_on()


@pytest.mark.parametrize("kind", [RequestKind.CALL, RequestKind.DEFINITION])
def test_what_was_cut_is_allowed_only_once_all_of_it_was_written_here(kind: RequestKind) -> None:
    async def story(world: World) -> None:
        subject: JsonObject = {f"k{number}": "a\u200b" * 10 for number in range(2_500)}
        changes = {"tier": Tier.T1, "subject": {**subject, "zz": "THE END"}}
        request = a_call(**changes)
        if kind is not RequestKind.CALL:
            request = replace(request, kind=kind, proposed_tier=Tier.T1)
        future = world.approvals.ask(request, hold_seconds=None)
        allow = "allow" if kind is RequestKind.CALL else "pin t1"
        await world.terminal.reads("No answer means no")
        world.read_on()
        assert "Not all of it stands here." in world.terminal.text
        world.types(allow)
        assert "type whole" in world.terminal.take()
        await reads_the_next_page(world, 1)
        assert "THE END" not in world.terminal.text
        world.types(allow)
        assert not future.done()
        await reads_the_next_page(world, 2)
        assert "THE END" in world.terminal.text
        assert "[U+200B zero width space]" in world.terminal.text
        world.types("whole")
        assert "All of it was written here." in world.terminal.text
        assert not future.done()
        world.types(allow)
        answer = future.result().answer
        assert future.result().state is State.APPROVED
        assert answer is not None
        told = TEXTS.of(request, None)
        pages = [told.text, *(TEXTS.page(request, n) for n in range(page_count(request)))]
        assert answer.prompt_hash == hashlib.sha256("".join(pages).encode()).hexdigest()

    run(story)


@pytest.mark.requirement("CARD-MASK")
def test_what_is_hidden_can_be_written_out_and_need_not_be() -> None:
    async def story(world: World) -> None:
        request = replace(masked_call({"token": TOKEN}), tier=Tier.T1)
        future = world.ask(request)
        world.read_on()
        text = world.terminal.take()
        assert TOKEN not in text
        assert "1 secret is hidden." in text
        assert "[GitHub token, 40 characters, ends " in text
        assert "type whole" in text
        world.types("whole")
        await world.terminal.reads("part 1 of 1")
        assert TOKEN in world.terminal.text
        world.read_on()
        world.types("whole")
        assert "All of it was written here." in world.terminal.text
        world.types("allow")
        assert future.result().state is State.APPROVED
        # One that nobody looked at is allowed as well, as its card would be.
        other = world.ask(replace(request, id="c-2"))
        world.read_on()
        world.types("allow")
        assert other.result().state is State.APPROVED

    run(story)


def test_what_was_cut_can_be_denied_at_once() -> None:
    async def story(world: World) -> None:
        future = world.ask(a_call(tier=Tier.T1, subject={"x" * 400: "y"}))
        world.read_on()
        world.types("deny")
        assert future.result().state is State.DENIED

    run(story)


def test_a_page_of_what_was_withdrawn_meanwhile_is_not_written() -> None:
    async def story(world: World) -> None:
        world.ask(a_call(tier=Tier.T1, subject={"x" * 400: "y"}))
        world.read_on()
        world.types("whole")
        world.approvals.client_left("c-1", host_gone=True)
        await asyncio.sleep(0.1)
        assert "part 1 of" not in world.terminal.text

    run(story)


def test_a_long_definition_is_written_off_the_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    threads: list[bool] = []
    decisive = CardBuilder.decisive

    def noted(cards: CardBuilder, request: ApprovalRequest) -> tuple[DecisiveValue, ...]:
        threads.append(threading.current_thread() is threading.main_thread())
        return decisive(cards, request)

    monkeypatch.setattr(CardBuilder, "decisive", noted)

    async def story(world: World) -> None:
        schema: JsonObject = {"description": "x" * 100_000}
        definition = canonical({"inputSchema": schema}).decode()
        world.ask(a_call(subject={"a": 1}, definition=definition))
        await world.terminal.reads("No answer means no")
        assert threads == [False]

    run(story)
