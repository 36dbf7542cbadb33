"""One PIN carries out exactly what its sentence lists; the broker sees to that, not the window."""

from dataclasses import replace

import pytest

from keyturn.application.approval_request import ApprovalRequest, RequestKind
from keyturn.application.console_protocol import Decide, Intent, RemoveRule, encode_line
from keyturn.application.pin_messages import TOGETHER, WithPin
from keyturn.domain.pin import PinUse
from keyturn.domain.rule import Effect, Rule
from keyturn.domain.tier import Tier
from tests.factories import make_request
from tests.unit.application.gate_world import settle
from tests.unit.approvers.console_rig import Rig, play

RIGHT, WRONG = "2580", "1357"


def decide(review: ApprovalRequest, n: int, tier: Tier = Tier.T0, pin: str = "") -> Decide:
    """Confirm a tool as reaching less far than it may."""
    return Decide(n=n, id=review.id, digest=review.digest, allow=True, tier=tier, pin=pin)


def with_pin(pin: str, *carried: Decide | Intent) -> WithPin:
    """Put a PIN with what a window says it was typed for."""
    first, *more = (encode_line(one).decode() for one in carried)
    return WithPin(n=carried[0].n, pin=pin, intent=first, more=tuple(more))


class Asking:
    """Reviews that wait at a broker, and what it says of answers to them."""

    def __init__(self, rig: Rig) -> None:
        self.rig = rig
        self.reviews: list[ApprovalRequest] = []

    async def begin(self, count: int) -> None:
        """Have tools wait for a tier, each of which was asked for the PIN by itself."""
        await self.rig.started()
        assert await self.rig.pins.set("", RIGHT, PinUse.T2_T3) is None
        self.rig.world.pin_use = PinUse.T2_T3
        kind = RequestKind.DEFINITION
        made = (make_request(f"d-{n}", kind=kind) for n in range(count))
        self.reviews = [replace(one, tool=f"tool_{n}") for n, one in enumerate(made)]
        for n, one in enumerate(self.reviews):
            self.rig.world.approvals.ask(one, hold_seconds=None)
            assert f"Pin “tool_{n}” of {one.server} as T0." in await self.said(
                decide(one, n + 1), n + 1
            )

    async def said(self, message: Decide | WithPin | Intent, n: int) -> str:
        """Send it, and return the sentence that asks for the PIN of it."""
        self.rig.say(message)
        done = await self.rig.heard("done")
        assert (done["n"], done["ok"], done["pin"], done["asks"]) == (n, False, True, True), done
        return done["sentence"]

    async def waiting(self) -> list[str]:
        """Return what still waits."""
        await settle()
        return [one.request.id for one in self.rig.world.approvals.waiting()]


@pytest.mark.requirement("PIN-5", "LAW-4")
def test_several_are_each_listed_and_then_carried_out_with_one_pin() -> None:
    """A wrong one carries out none of them."""

    async def story(rig: Rig) -> None:
        asking = Asking(rig)
        await asking.begin(3)
        all_ = [decide(one, n) for n, one in enumerate(asking.reviews, 20)]
        sentence = await asking.said(with_pin("", *all_), 20)
        assert "3 changes" in sentence
        lines = sentence.splitlines()[1:]
        assert [f"tool_{n}” of" in line for n, line in enumerate(lines)] == [True] * 3
        rig.say(with_pin(WRONG, *all_))
        done = await rig.heard("done")
        assert (done["ok"], done["pin"], done["asks"]) == (False, True, False)
        assert len(await asking.waiting()) == 3
        rig.say(with_pin(RIGHT, *all_))
        assert [(await rig.heard("done"))["ok"] for _ in all_] == [True] * 3
        assert await asking.waiting() == []

    play(Rig, story)


@pytest.mark.requirement("PIN-5", "LAW-4")
@pytest.mark.parametrize("what", ["more", "fewer", "another tier", "another tool", "other order"])
@pytest.mark.parametrize("pin", [WRONG, RIGHT])
def test_a_pin_typed_for_a_list_carries_out_no_other(what: str, pin: str) -> None:
    """It is asked for anew, and costs no try, right or wrong."""

    async def story(rig: Rig) -> None:
        asking = Asking(rig)
        await asking.begin(4)
        a, b, c, d = (decide(one, n) for n, one in enumerate(asking.reviews, 20))
        await asking.said(with_pin("", a, b, c), 20)
        other = {
            "more": (a, b, c, d),
            "fewer": (a, b),
            "another tier": (a, decide(asking.reviews[1], 21, Tier.T1), c),
            "another tool": (a, b, d),
            "other order": (b, a, c),
        }[what]
        rig.say(with_pin(pin, *other))
        done = await rig.heard("done")
        assert (done["ok"], done["pin"], done["asks"]) == (False, True, True)
        assert len(await asking.waiting()) == 4

    play(Rig, story)


@pytest.mark.requirement("PIN-5", "LAW-4")
@pytest.mark.parametrize("beside", [True, False])
def test_what_nobody_was_asked_for_is_asked_for_first(beside: bool) -> None:
    """A right PIN with it does nothing, whether a card sends it or the line over the page."""

    async def story(rig: Rig) -> None:
        asking = Asking(rig)
        await asking.begin(1)
        (one,) = asking.reviews
        other = decide(one, 9, Tier.T1)
        message = with_pin(RIGHT, other) if beside else decide(one, 9, Tier.T1, pin=RIGHT)
        assert "as T1" in await asking.said(message, 9)
        assert await asking.waiting() == [one.id]
        rig.say(message)
        assert (await rig.heard("done"))["ok"]
        assert await asking.waiting() == []

    play(Rig, story)


@pytest.mark.requirement("PIN-5", "LAW-4")
def test_no_more_go_with_one_pin_than_a_person_reads() -> None:
    """A longer list is asked for one by one."""

    async def story(rig: Rig) -> None:
        asking = Asking(rig)
        await asking.begin(TOGETHER + 1)
        all_ = [decide(one, n) for n, one in enumerate(asking.reviews, 40)]
        for pin in ("", RIGHT):
            rig.say(with_pin(pin, *all_))
            said = [await rig.heard("done") for _ in all_]
            assert all(one["asks"] and "changes." not in one["sentence"] for one in said)
        assert len(await asking.waiting()) == TOGETHER + 1

    play(Rig, story)


@pytest.mark.requirement("PIN-1", "LAW-4")
def test_what_a_change_would_do_by_now_is_what_its_pin_was_asked_for() -> None:
    """A rule that became another one between the sentence and the PIN is named anew."""

    async def story(rig: Rig) -> None:
        await rig.started()
        rules = rig.world.rules
        await rules.add(Rule(id="r-1", effect=Effect.DENY, tool="read"))
        assert await rig.pins.set("", RIGHT, PinUse.T2_T3) is None
        rig.world.pin_use = PinUse.T2_T3
        remove, asking = RemoveRule(n=5, id="r-1"), Asking(rig)
        assert "“read”" in await asking.said(remove, 5)
        await rules.add(Rule(id="r-1", effect=Effect.DENY, tool="drop_*"))
        assert "drop_" in await asking.said(with_pin(RIGHT, remove), 5)
        assert len(rules.rules) == 1
        rig.say(with_pin(RIGHT, remove))
        assert (await rig.heard("done"))["ok"]
        assert rules.rules == ()

    play(Rig, story)
