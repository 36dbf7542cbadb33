"""C1 for a table: a press allows exactly the calls that were selected and shown all the time."""

import random
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from keyturn.application.approval_request import ApprovalRequest
from keyturn.domain.canonical import JsonObject
from keyturn.domain.tier import Tier
from keyturn.presentation.arming import Arming
from keyturn.presentation.card_builder import CardBuilder
from keyturn.presentation.group_choice import GroupChoice
from keyturn.presentation.group_table import GroupBuilder, GroupCall
from keyturn.presentation.verbs import read_verbs
from keyturn.presentation.words import Words
from tests.factories import make_request

ROOT = Path(__file__).resolve().parents[2] / "resources"
WORDS = Words(ROOT / "translations")
BUILDER = GroupBuilder(WORDS, CardBuilder(WORDS, read_verbs(ROOT / "verbs.toml")))
RUNS, STEPS = 150, 40


@dataclass(slots=True)
class Table:
    """One group on screen, with a memory of its own of what was shown since when."""

    chance: random.Random
    tier: Tier
    now: int = 1_000
    made: int = 0
    waiting: list[ApprovalRequest] = field(default_factory=list[ApprovalRequest])
    arming: Arming = field(default_factory=Arming)
    shown_since: dict[str, tuple[GroupCall, int]] = field(
        default_factory=dict[str, tuple[GroupCall, int]]
    )
    selected_since: tuple[tuple[str, ...], int] = ((), 0)
    by_hand: set[str] = field(default_factory=set[str])
    seen: dict[str, GroupCall] = field(default_factory=dict[str, GroupCall])
    allowed: int = 0

    def call(self) -> ApprovalRequest:
        """Make one more call of the group, sometimes an odd one."""
        self.made += 1
        path = f"/srv/site/{self.made}.ts"
        if self.chance.random() < 0.15:
            path = self.chance.choice(["/etc/passwd", "/srv/site/../x", "/srv/site/" + "y" * 90])
        arguments: JsonObject = {"path": path, "mode": self.chance.choice(["0644"] * 9 + ["0777"])}
        return make_request(f"r-{self.made}", tool="write", arguments=arguments, tier=self.tier)

    def look(self, choice: GroupChoice | None) -> GroupChoice:
        """Show the table as it is now, and arm for it as the window does."""
        view = BUILDER.view("group", [[one] for one in self.waiting])
        if choice is None:
            choice = GroupChoice(view)
            self.arming.window_active(True, self.now)
        else:
            choice.use(view)
        return self.arm(choice)

    def arm(self, choice: GroupChoice) -> GroupChoice:
        """Note what is selected and shown, and tell the arming."""
        self.arming.shown(choice.subject(), choice.terms(), self.now)
        self.arming.lines_unseen(choice.unseen)
        for call in choice.calls:
            before = self.shown_since.get(call.request_id)
            if before is None or before[0] != call:
                self.shown_since[call.request_id] = (call, self.now)
        chosen = tuple(call.request_id for call in choice.selected)
        if chosen != self.selected_since[0]:
            self.selected_since = (chosen, self.now)
        return choice

    def press(self, choice: GroupChoice) -> None:
        """Press Allow, and hold what it would do against what was shown."""
        if choice.fault() or not self.arming.press(self.now):
            return
        if self.arming.release(self.now) != choice.subject():
            return
        self.allowed += 1
        least = 1_200 if self.tier >= Tier.T2 else 700
        alive = {one.id: one for one in self.waiting}
        assert self.now - self.selected_since[1] >= least
        assert 0 < len(choice.selected) <= choice.view.most
        for call in choice.selected:
            shown, since = self.shown_since[call.request_id]
            assert (shown, shown.digest) == (call, alive[call.request_id].digest)
            assert self.now - since >= least
            assert self.seen[call.request_id] == call
            assert call.is_whole
            assert self.tier < Tier.T2 or call.request_id in self.by_hand
            assert not call.unlike or call.request_id in self.by_hand


def play(seed: int) -> int:
    """Play one random order; returns how many presses allowed something."""
    chance = random.Random(seed)
    table = Table(chance, chance.choice([Tier.T0, Tier.T1, Tier.T2, Tier.T3]))
    table.waiting = [table.call() for _ in range(chance.randrange(4, 30))]
    choice = table.look(None)
    for _ in range(STEPS):
        match chance.randrange(9):
            case 0:
                table.waiting.append(table.call())
                table.look(choice)
            case 1 if len(table.waiting) > 1:
                table.waiting.pop(chance.randrange(len(table.waiting)))
                table.look(choice)
            case 2:
                # Swapped underneath: the same place, another call under another id.
                place = chance.randrange(len(table.waiting))
                table.waiting[place] = replace(table.call(), tier=table.tier)
                table.look(choice)
            case 3:
                call = chance.choice(choice.calls)
                choice.toggle(call.request_id)
                table.by_hand.add(call.request_id)
                table.arming.input_happened(table.now)
                table.arm(choice)
            case 4 | 5:
                calls = [call for call in choice.calls if chance.random() < 0.9]
                choice.painted(call.request_id for call in calls)
                table.seen.update({call.request_id: call for call in calls})
                table.arm(choice)
            case 6 | 7:
                table.now += chance.choice([50, 400, 800, 1_300])
            case _:
                table.press(choice)
    return table.allowed


@pytest.mark.requirement("C1")
def test_a_press_on_a_table_never_allows_what_was_not_shown_all_the_time() -> None:
    allowed = sum(play(seed) for seed in range(RUNS))
    assert allowed > RUNS // 20
