"""SIGKILL at every named point of a call's walk: the log never says less or more than happened."""

import dataclasses

import pytest

from keyturn.application.ports.milestones import Milestone
from keyturn.domain.decision import Delivery
from tests.crashing.evidence import Evidence, contradictions
from tests.crashing.rig import READ, SEND, Crashing, crashing

NOT_YET_SENT = (
    Milestone.JUDGED,
    Milestone.INSERTED,
    Milestone.COMMITTED,
    Milestone.RELEASED,
    Milestone.CREDENTIAL,
    Milestone.FIRST_BYTE,
)
DECIDED = (
    Milestone.RELEASED,
    Milestone.FIRST_BYTE,
    Milestone.WRITTEN,
    Milestone.RESULT,
    Milestone.DELIVERED,
)


@pytest.mark.requirement("LAW-1", "I-01", "I-05")
@pytest.mark.parametrize("tool", [READ, SEND])
@pytest.mark.parametrize("milestone", Milestone)
def test_a_kill_at_a_milestone_leaves_a_true_log(milestone: Milestone, tool: str) -> None:
    with crashing() as world:
        done = world.crash(tool, milestone, "--time", "2")
        before = world.evidence()
        assert contradictions(before) == []
        assert_hit(milestone, done, before)

        world.live_again(tool, "after")
        after = world.evidence()
        assert contradictions(after) == []
        assert [one.text for one in after.seen] == [*(one.text for one in before.seen), "after"]
        assert {text: after.delivery_of(text) for text in before.unfinished} == dict.fromkeys(
            before.unfinished, Delivery.UNKNOWN
        )
        assert after.unfinished == set()


def assert_hit(milestone: Milestone, done: list[str], left: Evidence) -> None:
    """The kill came where it was meant to: before or after the decision and the send."""
    seen = [one.text for one in left.seen]
    assert seen[: len(done)] == done
    begun = {record.text for record in left.records} - set(done)
    if milestone in NOT_YET_SENT:
        assert seen == done
    else:
        assert len(seen) == len(done) + 1
    if milestone in DECIDED:
        assert len(begun) == 1
        assert begun <= left.unfinished


@pytest.mark.parametrize("tool", [READ, SEND])
def test_a_gate_that_sends_before_the_commit_is_found_out(tool: str) -> None:
    with crashing() as world:
        world.crash(tool, Milestone.INSERTED, "--send-before-commit")
        found = contradictions(world.evidence())
    assert {
        "first: had no decision in the database when it arrived",
        "first: reached the server and has no allowing decision",
    } <= set(found)


def test_each_contradiction_is_found() -> None:
    with crashing() as world:
        world.live_again(SEND, "call")
        sound = world.evidence()
    assert contradictions(sound) == []
    (seen,), (record,) = sound.seen, sound.records
    other = dataclasses.replace(seen, params={**seen.params, "more": 1})
    not_sent = dataclasses.replace(record, delivery=Delivery.NOT_SENT)
    assert told(sound, seen=(seen, seen)) == ["call: was sent 2 times"]
    assert told(sound, seen=()) == ["call: is recorded as answered and never reached the server"]
    assert told(sound, records=(not_sent,)) == [
        "call: is recorded as not sent and reached the server"
    ]
    assert told(sound, seen=(other,)) == [
        "call: the digest of its decision is not that of what was sent"
    ]
    assert told(sound, seen=(dataclasses.replace(seen, stamp=1),)) == [
        "call: its decision is younger than its arrival"
    ]


def told(evidence: Evidence, **changes: object) -> list[str]:
    return contradictions(dataclasses.replace(evidence, **changes))


def test_a_broker_that_is_not_killed_ends_in_order() -> None:
    with crashing() as world:
        world.live_again(READ, "one")
        world.live_again(SEND, "two")
        assert completed(world) == {"one", "two"}


def completed(world: Crashing) -> set[str]:
    return {r.text for r in world.evidence().records if r.delivery is Delivery.COMPLETED}
