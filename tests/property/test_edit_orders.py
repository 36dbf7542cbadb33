"""Edits in any order with all else: what is sent is what was on screen when it was allowed."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyturn.application.approval_request import AnswerEffect, ApprovalRequest
from keyturn.application.call import Forwarded, Handled
from keyturn.application.edit_told import EDITED_TEXT
from keyturn.application.editing import Edited, EditEffect
from keyturn.application.rejudging import judge_waiting
from keyturn.domain.canonical import JsonObject, canonical
from keyturn.domain.record import RecordType
from keyturn.domain.rule import Effect, Rule
from tests.unit.application.edits_rig import ASKED, MINE, SlowReader, Story
from tests.unit.application.gate_world import broken_law_1, play, settle

TEXTS: tuple[JsonObject, ...] = (MINE, {"order": 7}, ASKED, {"command": "ls"})
STEPS = (
    *("edit", "edit", "edit_earlier", "slow", "quick", "allow", "allow", "allow_earlier", "deny"),
    *("cancel", "time", "stop", "rule_allow", "rule_deny", "no_rule", "repeat"),
)


@dataclass
class Order:
    """One call, and all that happens to it."""

    story: Story = field(default_factory=Story)
    slow: SlowReader = field(default_factory=SlowReader)
    edits: "list[asyncio.Task[Edited] | asyncio.Task[Handled]]" = field(
        default_factory=list["asyncio.Task[Edited] | asyncio.Task[Handled]"]
    )
    allowed: list[ApprovalRequest] = field(default_factory=list[ApprovalRequest])
    stopped_at: int | None = None
    repeats: int = 0

    async def begin(self) -> None:
        world = self.story.world
        world.commands = self.slow
        world.gate = world.make_gate()
        await self.story.begin()

    async def step(self, step: str, pick: int) -> None:
        world, shown = self.story.world, self.story.world.approver.shown
        request = shown[pick % len(shown)] if step.endswith("earlier") else shown[-1]
        match step:
            case "edit" | "edit_earlier":
                text = canonical(TEXTS[pick % len(TEXTS)]).decode()
                edit = self.story.edits.edit(request.id, request.digest, text)
                self.edits.append(asyncio.get_running_loop().create_task(edit))
            case "slow" | "quick":
                (self.slow.flowing.clear if step == "slow" else self.slow.flowing.set)()
            case "allow" | "allow_earlier":
                if world.answer(request, allow=True) is AnswerEffect.APPLIED:
                    self.allowed.append(request)
            case "deny":
                world.answer(request, allow=False)
            case "cancel":
                self.story.incoming.cancel()
                world.approvals.client_left(self.story.incoming.approval_id)
            case "time":
                world.clock.advance(60)
            case "stop" if self.stopped_at is None:
                self.stopped_at = len(world.server.sent)
                await world.stop.engage("test")
            case "rule_allow" | "rule_deny" | "no_rule":
                await self.change_rules(step)
            case _:
                await self.ask_again()
        await settle()

    async def change_rules(self, step: str) -> None:
        world = self.story.world
        await world.rules.remove("r")
        if step != "no_rule":
            effect = Effect.ALLOW if step == "rule_allow" else Effect.DENY
            await world.rules.add(Rule(id="r", effect=effect, tool="dispatch_order"))
        judge_waiting(world.approvals, world.rules, suspended=False)

    async def ask_again(self) -> None:
        """Let the agent make a call that is one of those that a person may write."""
        if self.repeats < 2:
            self.repeats += 1
            arguments = TEXTS[self.repeats % 2]
            again = self.story.again(arguments, self.repeats + 1)
            self.edits.append(self.story.world.start(again))

    async def end(self) -> None:
        self.slow.flowing.set()
        await settle()
        self.story.world.clock.advance(10**6)
        self.story.world.approvals.close()
        await settle()


@pytest.mark.requirement("EDIT-1", "EDIT-2", "EDIT-3", "EDIT-4", "LAW-1", "LAW-2")
@given(st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 7)), max_size=14))
def test_what_is_sent_was_on_screen_when_it_was_allowed(steps: list[tuple[str, int]]) -> None:
    play(_story(steps))


def _story(steps: list[tuple[str, int]]) -> Callable[[], Awaitable[None]]:
    async def story() -> None:
        order = Order()
        await order.begin()
        for step, pick in steps:
            await order.step(step, pick)
        await order.end()
        world = order.story.world
        assert broken_law_1(world, order.story.connection) == []
        if order.stopped_at is not None:
            assert len(world.server.sent) == order.stopped_at
        by_call = {entry.call: entry for entry in world.log.of_type(RecordType.DECISION)}
        asked = {entry.call: entry for entry in world.log.of_type(RecordType.EDITED)}
        for arrival in world.server.arrivals:
            call = f"call-{arrival.request_id}"
            entry = by_call[call]
            sent = canonical(arrival.params["arguments"])
            if entry.outcome in ("allowed_rule", "allowed_retry_grant"):
                # As its agent made it, whatever a person wrote meanwhile.
                assert call not in asked
                continue
            (seen,) = (one for one in order.allowed if one.call == call)
            assert sent == seen.arguments.encode()
            modified = entry.outcome == "allowed_modified"
            assert modified is (seen.edited is not None) is (call in asked)
            if modified and seen.edited is not None:
                assert asked[call].call_digest == seen.edited.digest
                assert asked[call].committed == seen.edited.arguments.encode()
        reply = order.story.task.result()
        if isinstance(reply, Forwarded):
            assert (EDITED_TEXT in reply.line.decode()) is ("call-1" in asked)
        for edit in order.edits:
            done = edit.result()
            assert getattr(done, "effect", EditEffect.OVER) in EditEffect

    return story
