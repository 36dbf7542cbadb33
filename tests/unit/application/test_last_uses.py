"""What was used last: exact over restarts, written in batches, never on a call's way."""

from collections.abc import Mapping

import pytest

from keyturn.application.last_uses import WRITE_SECONDS, LastUses, counting
from keyturn.application.ports.stores import LastUse, Used
from keyturn.domain.errors import LogUnavailable
from keyturn.domain.lamps import Lamps
from keyturn.domain.rule import Effect, Kind, Rule, RuleSubject
from keyturn.domain.tier import Tier
from tests.fakes.clock import FakeClock
from tests.fakes.stores import FakeUseStore
from tests.unit.application.gate_world import World, play, settle

RULES = tuple(Rule(id=f"r-{n}", effect=Effect.ALLOW, tool=f"tool_{n}*") for n in range(7))


class Failing(FakeUseStore):
    """Can write nothing."""

    failing = True

    async def add(self, uses: Mapping[tuple[Used, str], LastUse]) -> None:
        if self.failing:
            raise LogUnavailable("full")
        await super().add(uses)


async def loaded(store: FakeUseStore, clock: FakeClock) -> LastUses:
    uses = LastUses(store=store, clock=clock)
    await uses.load()
    return uses


@pytest.mark.unmeasured
@pytest.mark.requirement("R1")
def test_a_replay_of_10000_calls_is_counted_exactly_over_restarts() -> None:
    async def story() -> None:
        world, store = World(*RULES), FakeUseStore()
        uses = await loaded(store, world.clock)
        world.rules.on_hit = counting(uses, Used.RULE)
        expected: dict[str, LastUse] = {}
        for number in range(10_000):
            which = (number * 13) % 7
            subject = RuleSubject(
                kind=Kind.CALL,
                agent="analyst",
                server="logistics",
                tool=f"tool_{which}_{number}",
                arguments={},
                lamps=Lamps.NONE,
            )
            judgement = world.rules.judge(subject, tier=Tier.T0, labels=Lamps.NONE, suspended=False)
            assert world.rules.take(judgement)
            before = expected.get(f"r-{which}", LastUse(count=0, last=""))
            expected[f"r-{which}"] = LastUse(count=before.count + 1, last=world.clock.now_utc())
            world.clock.advance(0.037)
            if number % 2_500 == 1_234:
                await uses.close()
                uses = await loaded(store, world.clock)
                world.rules.on_hit = counting(uses, Used.RULE)
        assert {rule.id: uses.of(Used.RULE, rule.id) for rule in RULES} == expected
        await uses.close()
        again = await loaded(store, world.clock)
        assert {rule.id: again.of(Used.RULE, rule.id) for rule in RULES} == expected
        assert again.counts(Used.RULE) == {name: use.count for name, use in expected.items()}

    play(story)


def test_nothing_is_written_before_a_minute_and_then_once() -> None:
    async def story() -> None:
        clock, store = FakeClock(), FakeUseStore()
        uses = await loaded(store, clock)
        for _ in range(3):
            uses.used(Used.RULE, "r")
        clock.advance(WRITE_SECONDS - 1)
        await settle()
        assert store.writes == 0
        clock.advance(1)
        await settle()
        assert store.writes == 1
        assert store.kept[Used.RULE, "r"].count == 3
        clock.advance(10 * WRITE_SECONDS)
        await settle()
        assert store.writes == 1
        uses.used(Used.RULE, "r")
        assert uses.of(Used.RULE, "r").count == 4
        await uses.close()
        assert (store.writes, store.kept[Used.RULE, "r"].count) == (2, 4)

    play(story)


def test_what_could_not_be_written_is_written_with_the_next() -> None:
    async def story() -> None:
        clock, store = FakeClock(), Failing()
        uses = await loaded(store, clock)
        uses.used(Used.RULE, "r")
        clock.advance(WRITE_SECONDS)
        await settle()
        assert uses.of(Used.RULE, "r").count == 1
        store.failing = False
        uses.used(Used.RULE, "r")
        await uses.close()
        assert store.kept[Used.RULE, "r"].count == 2
        await uses.load()
        assert uses.of(Used.RULE, "r").count == 2

    play(story)


def test_nothing_is_counted_before_it_was_read() -> None:
    async def story() -> None:
        store = FakeUseStore()
        uses = LastUses(store=store, clock=FakeClock())
        uses.used(Used.RULE, "r")
        await uses.close()
        assert (uses.of(Used.RULE, "r"), store.writes) == (LastUse(count=0, last=""), 0)

    play(story)
