"""Limited rules in use: counted before a call moves, over a restart, and held to the time."""

from dataclasses import replace

import pytest

from keyturn.application.call import Forwarded, Refused
from keyturn.application.rejudging import judge_waiting
from keyturn.application.rule_counts import RuleCounts
from keyturn.application.rulebook import RuleBook
from keyturn.broker.refusals import refusal_text
from keyturn.domain.canonical import JsonObject
from keyturn.domain.decision import Actor, Outcome
from keyturn.domain.errors import LogUnavailable
from keyturn.domain.policy import Because
from keyturn.domain.record import RecordType
from keyturn.domain.rule import Effect, Rule
from keyturn.domain.rule_life import Life, RuleLimits, Window
from keyturn.domain.touches import Touches
from tests.factories import make_call, make_tool
from tests.unit.application.gate_world import World, play, settle

ALLOW = Rule(id="r-allow", effect=Effect.ALLOW, tool="dispatch_order")
TWICE = replace(ALLOW, limits=RuleLimits(uses=2))
ONE_A_MINUTE = replace(ALLOW, limits=RuleLimits(per_minute=1))
UNTIL = replace(ALLOW, limits=RuleLimits(until="2026-11-23T14:08:53.000Z"))
"""A minute after the fake clock's start."""
FREEZE = Rule(
    id="r-freeze",
    effect=Effect.DENY,
    name="Change freeze",
    during=(Window(begins="2026-11-23T14:08:23.000Z", ends="2026-11-23T14:09:53.000Z"),),
)
NEVER = Rule(id="r-never", effect=Effect.DENY, tool="dispatch_order", never=True)


def book(world: World) -> RuleBook:
    """Make the rule book of a broker that is started anew on the same profile."""
    return RuleBook(
        store=world.rule_store,
        log=world.log,
        mask=world.mask,
        observers=world.observers,
        clock=world.clock,
    )


def test_two_uses_allow_two_calls_and_the_third_is_asked_about() -> None:
    async def story() -> None:
        world = World(TWICE)
        connection = await world.connect()
        for number in (1, 2):
            call = make_call(connection, id_=f"call-{number}")
            assert isinstance(await world.gate.handle(call, world.server), Forwarded)
        third = world.start(make_call(connection, id_="call-3"))
        request = await world.asked()
        assert (request.because, request.rule) == ("rule_spent", "r-allow")
        world.answer(request, allow=False)
        await third
        assert len(world.server.sent) == 2

    play(story)


def test_uses_outlive_the_broker_and_are_kept_before_the_call_moves() -> None:
    async def story() -> None:
        world = World(TWICE)
        await world.rule_store.put(TWICE)
        connection = await world.connect()
        await world.gate.handle(make_call(connection), world.server)
        assert world.rule_store.used == {"r-allow": 1}
        again = book(world)
        await again.load()
        assert again.counts.uses("r-allow") == 1
        assert again.counts.take(TWICE)
        assert not again.counts.take(TWICE)

    play(story)


def test_a_use_that_is_not_kept_yet_is_not_given_twice_when_the_rules_are_read_again() -> None:
    async def story() -> None:
        world = World(TWICE)
        rules = book(world)
        await rules.load()
        assert rules.counts.take(TWICE)
        await rules.load()
        assert rules.counts.uses("r-allow") == 1

    play(story)


def test_a_use_that_cannot_be_kept_sends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        world = World(TWICE)
        connection = await world.connect()

        async def full(_rule: str) -> None:
            raise LogUnavailable("The disk is full.")

        monkeypatch.setattr(world.rule_store, "count_use", full)
        reply = await world.gate.handle(make_call(connection), world.server)
        assert isinstance(reply, Refused)
        assert reply.outcome is Outcome.ERROR_BROKER
        assert world.server.sent == []

    play(story)


def test_of_calls_that_come_at_once_no_more_pass_than_are_left() -> None:
    async def story() -> None:
        world = World(TWICE)
        connection = await world.connect()
        tasks = [world.start(make_call(connection, id_=f"call-{n}")) for n in range(5)]
        requests = [await world.asked(count) for count in (1, 2, 3)]
        assert len(world.server.sent) == 2
        for request in requests:
            world.answer(request, allow=False)
        for task in tasks:
            await task

    play(story)


def test_a_rate_is_of_a_minute_whatever_the_wall_clock_says() -> None:
    async def story() -> None:
        world = World(ONE_A_MINUTE)
        connection = await world.connect()
        assert isinstance(await world.gate.handle(make_call(connection), world.server), Forwarded)
        world.clock.wall_shift_seconds = 3600
        second = world.start(make_call(connection, id_="call-2"))
        request = await world.asked()
        assert request.because == "rule_rate"
        world.answer(request, allow=False)
        await second
        world.clock.advance(60)
        third = make_call(connection, id_="call-3", arguments={"order": 8})
        assert isinstance(await world.gate.handle(third, world.server), Forwarded)

    play(story)


def test_a_rule_that_ended_is_written_down_and_stays_ended() -> None:
    async def story() -> None:
        world = World(UNTIL)
        assert world.rules.counts.life(UNTIL) is Life.ACTS
        world.clock.advance(61)
        (entry,) = world.log.of_type(RecordType.RULE)
        assert (entry.outcome, entry.actor) == ("ended", Actor.KEYTURN)
        world.clock.wall_shift_seconds = -3600
        assert world.rules.counts.life(UNTIL) is Life.ENDED
        again = book(world)
        await again.begin((UNTIL,), "2026-11-23T14:08:53.100Z")
        assert again.counts.life(UNTIL) is Life.ENDED

    play(story)


def test_turning_a_rule_off_and_on_gives_back_no_use_and_another_limit_does() -> None:
    async def story() -> None:
        world = World(TWICE)
        world.rules.counts.take(TWICE)
        await world.rules.counts.keep(TWICE)
        await world.rules.add(replace(TWICE, enabled=False))
        await world.rules.add(replace(TWICE, name="Two"))
        assert world.rules.counts.uses("r-allow") == 1
        await world.rules.add(replace(TWICE, limits=RuleLimits(uses=5)))
        assert world.rules.counts.uses("r-allow") == 0
        world.rules.counts.take(replace(TWICE, limits=RuleLimits(uses=5)))
        await world.rules.remove("r-allow")
        # Whoever undoes that has it back as it was; who makes one anew begins anew.
        assert world.rules.counts.uses("r-allow") == 1
        await world.rules.add(TWICE)
        assert (world.rule_store.used, world.rules.counts.uses("r-allow")) == ({}, 0)

    play(story)


def test_a_freeze_that_begins_meanwhile_beats_the_click_and_what_waits() -> None:
    async def story() -> None:
        world = World(FREEZE)
        connection = await world.connect()
        clicked = world.start(make_call(connection))
        request = await world.asked()
        world.clock.wall_shift_seconds = 40
        world.answer(request, allow=True)
        reply = await clicked
        assert isinstance(reply, Refused)
        assert (reply.outcome, reply.rule) == (Outcome.DENIED_RULE, "Change freeze")
        world.clock.wall_shift_seconds = 0
        assert world.server.sent == []

    play(story)


def test_what_waits_is_decided_when_the_window_opens() -> None:
    async def story() -> None:
        world = World(FREEZE)
        world.rules.on_turn(lambda: judge_waiting(world.approvals, world.rules, suspended=False))
        connection = await world.connect()
        waiting = world.start(make_call(connection))
        await world.asked()
        world.clock.advance(31)
        reply = await waiting
        assert isinstance(reply, Refused)
        assert reply.outcome is Outcome.DENIED_RULE

    play(story)


def test_no_approval_lets_through_what_a_never_rule_covers() -> None:
    async def story() -> None:
        world = World()
        connection = await world.connect()
        left = world.start(make_call(connection))
        request = await world.asked()
        world.clock.advance(51)
        await left
        world.answer(request, allow=True)
        await settle()
        await world.rules.add(NEVER)
        await world.rules.add(ALLOW)
        retry = await world.gate.handle(make_call(connection, id_="call-2"), world.server)
        assert isinstance(retry, Refused)
        assert (retry.outcome, retry.never) == (Outcome.DENIED_RULE, True)
        assert "no approval can overrule" in refusal_text(retry)
        assert world.server.sent == []

    play(story)


def test_a_rule_that_is_out_of_force_for_a_while_keeps_its_hour() -> None:
    """As when another program changed it on disk, and it was put right."""
    limits = RuleLimits(touches_per_hour=5, per_minute=9)
    rule = Rule(id="r", effect=Effect.ALLOW, limits=limits)
    world = World()
    counts = RuleCounts(clock=world.clock, store=world.rule_store)
    counts.use((rule,), lambda: None)
    assert counts.take(rule, Touches(count=4))
    counts.use((), lambda: None)
    counts.use((rule,), lambda: None)
    assert counts.moment().touched == {"r": 4}
    assert counts.moment().recent == {"r": 1}
    assert not counts.take(rule, Touches(count=2))
    world.clock.advance(3601)
    counts.use((), lambda: None)
    counts.use((rule,), lambda: None)
    assert counts.take(rule, Touches(count=5))


def test_what_is_touched_within_an_hour_is_counted() -> None:
    async def story() -> None:
        hourly = Rule(id="r", effect=Effect.ALLOW, limits=RuleLimits(touches_per_hour=5))
        world = World(hourly)
        connection = await world.connect(None, make_tool(inputSchema={"type": "object"}))
        for number, count in enumerate([3, 2]):
            arguments: JsonObject = {"ids": [*"abc"[:count]]}
            call = make_call(connection, arguments=arguments, id_=f"call-{number}")
            assert isinstance(await world.gate.handle(call, world.server), Forwarded)
        world.start(make_call(connection, arguments={"ids": ["a"]}, id_="call-3"))
        request = await world.asked()
        assert request.because == Because.RULE_HOUR.value
        world.approvals.close()
        world.clock.advance(3601)
        again = make_call(connection, arguments={"ids": [*"abcde"]}, id_="call-4")
        assert isinstance(await world.gate.handle(again, world.server), Forwarded)

    play(story)
