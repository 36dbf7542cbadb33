"""Hold budgets: learned from clients that give up, kept, and never longer than configured."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyturn.application.call import Refused
from keyturn.application.events import Observers, Topic
from keyturn.application.hold_budgets import SETTING, SETTING_IN_ALL, HoldBudgets, without_budgets
from keyturn.domain.configuration import Limits
from keyturn.domain.decision import Outcome
from keyturn.domain.errors import LogUnavailable
from keyturn.domain.hold_budget import LEAST_SECONDS, SEEN, learned_seconds, noted
from keyturn.domain.record import RecordType
from tests.factories import make_call
from tests.fakes.decision_log import FakeDecisionLog
from tests.fakes.stores import FakeSettingStore
from tests.unit.application.gate_world import World, play, settle


class Rig:
    """Budgets over memory."""

    def __init__(self, store: FakeSettingStore | None = None, hold: float = 50.0) -> None:
        self.store = store or FakeSettingStore()
        self.log = FakeDecisionLog()
        self.topics: list[Topic] = []
        observers = Observers()
        observers.subscribe(self.topics.append)
        limits = Limits(hold_seconds=hold)
        self.budgets = HoldBudgets(
            store=self.store, log=self.log, observers=observers, limits=limits
        )

    async def give_up(self, *seconds: float) -> None:
        """Let the client of `analyst` give up so often."""
        for after in seconds:
            self.budgets.gave_up("analyst", after)
        await settle()


@pytest.mark.requirement("D4")
@given(
    limit=st.floats(LEAST_SECONDS, 50),
    jitter=st.lists(st.floats(-1, 1), min_size=SEEN, max_size=SEEN),
)
def test_three_time_outs_teach_the_limit_within_five_seconds(
    limit: float, jitter: list[float]
) -> None:
    seen: tuple[float, ...] = ()
    for late in jitter:
        seen = noted(seen, max(LEAST_SECONDS, limit + late))
    learned = learned_seconds(seen)
    assert learned is not None
    assert learned >= LEAST_SECONDS
    assert abs(learned - limit) <= 5


def test_one_cancellation_teaches_nothing_and_two_far_apart_do_not_either() -> None:
    assert learned_seconds(()) is None
    assert learned_seconds((30,)) is None
    assert learned_seconds((30, 12)) is None
    assert learned_seconds((30, 12, 31)) == 28


def test_a_person_who_cancels_at_once_teaches_nothing() -> None:
    assert noted((30.0,), 1.0) == (30.0,)


def test_an_agent_that_taught_nothing_has_what_is_configured() -> None:
    assert Rig().budgets.of("analyst") == 50
    assert Rig(hold=0.05).budgets.of("analyst") == 0.05


@pytest.mark.requirement("D4")
def test_what_was_learned_is_recorded_shown_and_kept_over_a_restart() -> None:
    async def story() -> None:
        rig = Rig()
        await rig.give_up(30.2, 30.1)
        assert rig.budgets.of("analyst") == pytest.approx(28.1)
        assert rig.budgets.of("coder") == 50
        (entry,) = rig.log.of_type(RecordType.AGENT)
        assert (entry.outcome, entry.agent) == ("hold_learned", "analyst")
        assert entry.details == {"hold_ms": 28_100}
        assert Topic.AGENTS in rig.topics
        again = Rig(rig.store)
        await again.budgets.load()
        assert again.budgets.of("analyst") == pytest.approx(28.1)
        await rig.budgets.close()

    play(story)


def test_it_never_gets_longer_than_configured_nor_shorter_than_ten_seconds() -> None:
    async def story() -> None:
        rig = Rig(hold=20)
        await rig.give_up(45, 45)
        assert rig.budgets.of("analyst") == 20
        await rig.give_up(9.5, 9.5)
        assert rig.budgets.of("analyst") == LEAST_SECONDS

    play(story)


def test_a_setting_that_cannot_be_read_is_as_if_it_were_not_there() -> None:
    async def story() -> None:
        store = FakeSettingStore()
        texts = ("{", "7", '["a", true, null]', "[1e400]")
        store.by_name = {f"{SETTING}{i}": text for i, text in enumerate(texts)}
        rig = Rig(store)
        await rig.budgets.load()
        assert [rig.budgets.of(str(i)) for i in range(len(texts))] == [50] * len(texts)

    play(story)


def test_a_disk_that_refuses_does_not_keep_it_from_being_learned() -> None:
    class FullStore(FakeSettingStore):
        async def put_setting(self, name: str, value: str) -> None:
            raise LogUnavailable("The disk is full.")

    async def story() -> None:
        rig = Rig(FullStore())
        await rig.give_up(30, 30)
        assert rig.budgets.of("analyst") == 28

    play(story)


def test_the_window_is_not_handed_them_as_settings_of_a_person() -> None:
    learned = {f"{SETTING}analyst": "[30]", f"{SETTING_IN_ALL}analyst": "[60]"}
    assert without_budgets({"theme": "1", **learned}) == {"theme": "1"}


@pytest.mark.requirement("D4")
def test_what_bounds_all_rounds_is_learned_apart_recorded_and_kept() -> None:
    async def story() -> None:
        rig = Rig()
        for after in (60.2, 60.1):
            rig.budgets.gave_up("analyst", after, in_rounds=True)
        await settle()
        assert (rig.budgets.of("analyst"), rig.budgets.learned("analyst")) == (50, None)
        assert rig.budgets.in_all("analyst") == pytest.approx(58.1)
        (entry,) = rig.log.of_type(RecordType.AGENT)
        assert entry.details == {"hold_in_all_ms": 58_100}
        again = Rig(rig.store)
        await again.budgets.load()
        assert again.budgets.in_all("analyst") == pytest.approx(58.1)
        await rig.budgets.close()

    play(story)


@pytest.mark.requirement("D2", "D4")
def test_a_call_is_answered_before_its_client_gives_up_as_undecided_not_denied() -> None:
    async def story() -> None:
        world = World()
        connection = await world.connect()
        world.holds.gave_up("analyst", 30)
        world.holds.gave_up("analyst", 30)
        task = world.start(make_call(connection))
        await world.asked()
        world.clock.advance(27)
        await asyncio.sleep(0)
        assert not task.done()
        world.clock.advance(1)
        reply = await task
        assert isinstance(reply, Refused)
        assert reply.outcome is Outcome.EXPIRED_NO_ANSWER
        assert (reply.hold_seconds, bool(reply.ticket)) == (28, True)
        await world.holds.close()

    play(story)
