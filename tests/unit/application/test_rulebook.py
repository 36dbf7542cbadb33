"""The rules in force: recorded before they hold, unusable ones refused, only tightening ones while
suspended; and what waits is judged again by them."""

import asyncio
from dataclasses import replace

import pytest

from keyturn.application.approval_request import WithdrawCause
from keyturn.application.call import Forwarded, Refused
from keyturn.application.events import Topic
from keyturn.application.rejudging import judge_waiting
from keyturn.application.rulebook import RuleBook
from keyturn.domain.condition import Condition, ConditionFault, Operator
from keyturn.domain.configuration import ToolSetting
from keyturn.domain.decision import Actor, Outcome, Verdict
from keyturn.domain.errors import ConfigurationError, LogUnavailable
from keyturn.domain.lamps import Lamps
from keyturn.domain.policy import Because, Judgement, Posture
from keyturn.domain.record import RecordType, Stamp, record_bytes
from keyturn.domain.rule import Effect, Kind, Rule, RuleSubject
from keyturn.domain.rule_data import rule_set_hash, rule_to_data
from keyturn.domain.rule_life import RuleLimits
from keyturn.domain.tier import Tier
from tests.factories import make_call, make_connection, make_server, make_session
from tests.fakes.stores import FakeRuleStore
from tests.unit.application.gate_world import World, play, settle

ALLOW = Rule(id="r-allow", effect=Effect.ALLOW, tool="dispatch_order", name="Small orders")
DENY = Rule(id="r-deny", effect=Effect.DENY, tool="dispatch_order", name="Never dispatch")
ASK = Rule(id="r-ask", effect=Effect.ASK, tool="dispatch_order")
FIXED = Rule(
    id="r-fixed",
    effect=Effect.ALLOW,
    agent="analyst",
    server="ship",
    tool="pay",
    when=(
        Condition(path="", op=Operator.EQ, value={"to": "Nakamura"}),
        Condition(path="/amount", op=Operator.LE, value=4711),
    ),
)
STAMP = Stamp(
    seq=1, ts_utc="", mono_ns=1, boot_id="", install_id="", salt=bytes(16), prev=bytes(32)
)
SUBJECT = RuleSubject(
    kind=Kind.CALL,
    agent="analyst",
    server="logistics",
    tool="dispatch_order",
    arguments={},
    lamps=Lamps.NONE,
)


def verdict(rules: RuleBook, *, suspended: bool = False) -> Verdict:
    """Judge one plain call."""
    judgement = rules.judge(SUBJECT, tier=Tier.T0, labels=Lamps.NONE, suspended=suspended)
    return judgement.verdict


class TestChanging:
    """Each change is recorded first, then stored, then in force."""

    def test_a_rule_is_recorded_stored_and_used(self) -> None:
        async def story() -> None:
            world = World()
            topics: list[Topic] = []
            world.observers.subscribe(topics.append)
            await world.rules.add(ALLOW)
            entry = world.log.of_type(RecordType.RULE)[0]
            assert (entry.outcome, entry.actor) == ("added", Actor.HUMAN)
            assert entry.details == {"rule": rule_to_data(ALLOW)}
            assert world.rules.rules == (ALLOW,)
            assert world.rules.hash == rule_set_hash((ALLOW,))
            assert topics == [Topic.RULES]
            again = RuleBook(
                store=world.rule_store,
                log=world.log,
                mask=world.mask,
                observers=world.observers,
                clock=world.clock,
            )
            await again.load()
            assert again.rules == (ALLOW,)

        play(story)

    @pytest.mark.requirement("LAW-8")
    def test_the_record_has_the_form_of_a_rule_and_only_commits_to_its_values(self) -> None:
        async def story() -> None:
            world = World()
            await world.rules.add(FIXED)
            await world.rules.remove(FIXED.id)
            for entry in world.log.of_type(RecordType.RULE):
                form = entry.details["rule"]
                assert isinstance(form, dict)
                assert (form["id"], form["effect"], form["kind"]) == ("r-fixed", "allow", "call")
                assert (form["agent"], form["server"], form["tool"]) == ("analyst", "ship", "pay")
                assert form["when"] == [
                    {"path": "", "op": "eq"},
                    {"path": "/amount", "op": "le"},
                ]
                record = record_bytes(entry, STAMP)
                assert b"Nakamura" not in record
                assert b"4711" not in record
                assert entry.committed == b'[{"":{"to":"Nakamura"}},{"/amount":4711}]'
                assert entry.arguments == entry.committed
            assert world.rules.rules == ()

        play(story)

    @pytest.mark.parametrize(
        "rule",
        [
            Rule(id="r-1", effect=Effect.ALLOW, name="with hunter2"),
            Rule(id="r-1", effect=Effect.ALLOW, tool="hunter2"),
            Rule(
                id="r-1",
                effect=Effect.DENY,
                when=(Condition(path="/a/b", op=Operator.EQ, value="hunter2"),),
            ),
            Rule(
                id="r-1",
                effect=Effect.ALLOW,
                when=(Condition(path="", op=Operator.EQ, value={"a": ["x", "hunter2"]}),),
            ),
        ],
    )
    @pytest.mark.requirement("LAW-8")
    def test_a_rule_that_would_hold_a_secret_is_refused(self, rule: Rule) -> None:
        async def story() -> None:
            world = World()
            world.mask.secrets.add("hunter2")
            with pytest.raises(ConfigurationError, match="looks like a password") as caught:
                await world.rules.add(rule)
            assert caught.value.mend
            assert world.rules.rules == ()
            assert world.log.records == []

        play(story)

    def test_one_of_an_earlier_time_is_removed_without_its_secret(self) -> None:
        async def story() -> None:
            world = World(FIXED)
            world.mask.secrets.add("Nakamura")
            await world.rules.remove(FIXED.id)
            (entry,) = world.log.of_type(RecordType.RULE)
            assert entry.masked
            assert b"Nakamura" not in entry.arguments
            assert b"Nakamura" in entry.committed

        play(story)

    def test_a_rule_of_the_same_id_is_replaced(self) -> None:
        async def story() -> None:
            world = World()
            await world.rules.add(ALLOW)
            other = Rule(id="r-allow", effect=Effect.DENY)
            await world.rules.add(other)
            assert world.rules.rules == (other,)

        play(story)

    def test_removing_is_recorded_too(self) -> None:
        async def story() -> None:
            world = World(ALLOW, DENY)
            assert await world.rules.remove("r-deny")
            assert not await world.rules.remove("r-deny")
            assert world.rules.rules == (ALLOW,)
            assert [e.outcome for e in world.log.of_type(RecordType.RULE)] == ["removed"]
            assert await world.rule_store.all() == (ALLOW,)

        play(story)

    def test_what_cannot_be_recorded_does_not_hold(self) -> None:
        async def story() -> None:
            world = World(DENY)
            world.log.failure = LogUnavailable("The disk is full.")
            with pytest.raises(LogUnavailable):
                await world.rules.add(ALLOW)
            with pytest.raises(LogUnavailable):
                await world.rules.remove("r-deny")
            assert world.rules.rules == (DENY,)
            assert await world.rule_store.all() == (DENY,)

        play(story)

    @pytest.mark.parametrize(
        ("operator", "value"),
        [(Operator.MATCHES, "(?=ahead)"), (Operator.LE, "5"), (Operator.TAINT_HAS, "Q")],
    )
    def test_a_rule_that_could_never_be_judged_is_refused_at_save(
        self, operator: Operator, value: str
    ) -> None:
        async def story() -> None:
            world = World()
            faulty = Rule(
                id="r-1",
                effect=Effect.ALLOW,
                when=(Condition(path="/order", op=operator, value=value),),
            )
            with pytest.raises(ConditionFault):
                await world.rules.add(faulty)
            assert world.rules.rules == ()
            assert world.log.records == []

        play(story)


class TestJudging:
    """The rule book adds to the judge only whose rules count, and how often."""

    def test_suspended_rules_only_tighten(self) -> None:
        world = World(ALLOW)
        world.rules.posture = Posture.ASK_WRITES
        assert verdict(world.rules) is Verdict.ALLOW
        assert verdict(world.rules, suspended=True) is Verdict.ASK
        world.rules.use(())
        assert verdict(world.rules) is Verdict.ALLOW
        assert verdict(world.rules, suspended=True) is Verdict.ASK
        world.rules.use((ALLOW, DENY))
        assert verdict(world.rules, suspended=True) is Verdict.DENY
        world.rules.use((ALLOW, ASK))
        assert verdict(world.rules, suspended=True) is Verdict.ASK

    def test_a_rule_that_decided_is_counted(self) -> None:
        world = World(ALLOW)
        world.rules.counted(Judgement(verdict=Verdict.ALLOW, because=Because.RULE, rule=ALLOW))
        world.rules.counted(Judgement(verdict=Verdict.ASK, because=Because.NO_RULE))
        assert (world.rules.hits("r-allow"), world.rules.hits("r-deny")) == (1, 0)


class TestJudgingAgain:
    """Rules that change while calls wait decide them, each with its own record."""

    def test_an_allow_rule_settles_what_it_covers_and_names_itself(self) -> None:
        async def story() -> None:
            world = World()
            connection = await world.connect()
            tasks = [
                world.start(make_call(connection, arguments={"order": n}, id_=f"call-{n}"))
                for n in range(3)
            ]
            await world.asked(3)
            small = Rule(
                id="r-small",
                effect=Effect.ALLOW,
                name="Small orders",
                when=(Condition(path="/order", op=Operator.LE, value=1),),
            )
            await world.rules.add(small)
            assert judge_waiting(world.approvals, world.rules, suspended=False) == 2
            assert all(isinstance(reply, Forwarded) for reply in await asyncio.gather(*tasks[:2]))
            assert not tasks[2].done()
            assert len(world.server.sent) == 2
            entries = world.log.of_type(RecordType.DECISION)
            assert [entry.call for entry in entries] == ["call-0", "call-1"]
            for entry in entries:
                assert (entry.outcome, entry.actor) == ("allowed_rule", Actor.RULE)
                assert entry.verdict == "allow"
                assert entry.policy["rule_id"] == "r-small"
                assert entry.policy["hash"] == world.rules.hash
            assert world.rules.hits("r-small") == 2
            causes = {w[1] for w in world.approver.withdrawn}
            assert causes == {WithdrawCause.DECIDED_BY_RULE}
            world.answer(world.approver.shown[2], allow=False)
            await tasks[2]

        play(story)

    def test_a_deny_rule_refuses_and_is_named_to_the_agent(self) -> None:
        async def story() -> None:
            world = World()
            connection = await world.connect()
            task = world.start(make_call(connection))
            await world.asked()
            await world.rules.add(DENY)
            assert judge_waiting(world.approvals, world.rules, suspended=False) == 1
            reply = await task
            assert isinstance(reply, Refused)
            assert (reply.outcome, reply.rule) == (Outcome.DENIED_RULE, "Never dispatch")
            assert world.outcomes()[-1] == "denied_rule"
            assert world.server.sent == []

        play(story)

    def test_lamps_that_lit_meanwhile_count(self) -> None:
        async def story() -> None:
            world = World()
            server = make_server(tools=(ToolSetting(pattern="*", tier=Tier.T1, labels=Lamps.X),))
            session = make_session()
            connection = await world.connect(make_connection(server=server, session=session))
            task = world.start(make_call(connection))
            request = await world.asked()
            assert request.lamps == ""
            session.light(Lamps.U | Lamps.P, 2)
            await world.rules.add(ALLOW)
            assert judge_waiting(world.approvals, world.rules, suspended=False) == 0
            assert not task.done()
            world.answer(request, allow=False)
            await task

        play(story)

    def test_an_agent_that_is_not_enrolled_still_asks(self) -> None:
        async def story() -> None:
            world = World()
            connection = await world.connect(make_connection(enrolled=False))
            task = world.start(make_call(connection))
            request = await world.asked()
            await world.rules.add(ALLOW)
            assert judge_waiting(world.approvals, world.rules, suspended=False) == 0
            world.answer(request, allow=False)
            await task

        play(story)

    def test_suspended_rules_allow_nothing_that_waits(self) -> None:
        async def story() -> None:
            world = World()
            connection = await world.connect()
            task = world.start(make_call(connection))
            request = await world.asked()
            await world.rules.add(ALLOW)
            assert judge_waiting(world.approvals, world.rules, suspended=True) == 0
            world.answer(request, allow=False)
            await task

        play(story)

    def test_detached_calls_late_ones_and_reviews_are_left_alone(self) -> None:
        async def story() -> None:
            world = World()
            connection = await world.connect()
            detached = world.start(make_call(connection))
            await world.asked()
            world.clock.advance(51)
            await detached
            waiting = world.start(make_call(connection, id_="call-2"))
            await world.asked(2)
            world.clock.late_ns = 60_000_000_000
            await world.rules.add(ALLOW)
            assert judge_waiting(world.approvals, world.rules, suspended=False) == 0
            assert world.rules.hits("r-allow") == 0
            reply = await waiting
            assert isinstance(reply, Refused)
            assert reply.outcome is Outcome.EXPIRED_NO_ANSWER
            assert world.server.sent == []

        play(story)


class TestRulesWhileACallWaitsForItsServer:
    """A judgement that was overtaken while the server started is made anew."""

    def test_a_rule_that_was_removed_allows_nothing(self) -> None:
        async def story() -> None:
            world = World(ALLOW)
            connection = await world.connect()
            world.server.started = asyncio.Event()
            task = world.start(make_call(connection))
            await settle()
            await world.rules.remove("r-allow")
            world.server.started.set()
            world.answer(await world.asked(), allow=False)
            assert isinstance(await task, Refused)
            assert world.outcomes()[-1] == "denied_user"

        play(story)

    def test_a_deny_rule_that_was_added_denies(self) -> None:
        async def story() -> None:
            world = World(ALLOW)
            connection = await world.connect()
            world.server.started = asyncio.Event()
            task = world.start(make_call(connection))
            await settle()
            await world.rules.add(DENY)
            world.server.started.set()
            reply = await task
            assert isinstance(reply, Refused)
            assert reply.outcome is Outcome.DENIED_RULE
            assert world.rules.hits("r-deny") == 1
            assert world.approver.shown == []

        play(story)

    def test_a_stop_refuses_it_and_nobody_is_asked(self) -> None:
        async def story() -> None:
            world = World()
            connection = await world.connect()
            world.server.started = asyncio.Event()
            task = world.start(make_call(connection))
            await settle()
            await world.stop.engage("window")
            await world.stop.resume(looked_at=(), careful=False)
            world.server.started.set()
            reply = await task
            assert isinstance(reply, Refused)
            assert reply.outcome is Outcome.REFUSED_PAUSED
            assert world.approver.shown == []

        play(story)


class ForgetfulStore(FakeRuleStore):
    """Keeps another rule than the one that it is given."""

    async def put(self, *rules: Rule) -> None:
        await super().put(*(replace(rule, tool="another") for rule in rules))


@pytest.mark.requirement("R2")
def test_a_rule_that_is_not_read_back_as_it_was_saved_is_not_in_force() -> None:
    async def story() -> None:
        world = World()
        world.rule_store = ForgetfulStore()
        world.rules = world.make_rules()
        with pytest.raises(ConfigurationError, match="not in force"):
            await world.rules.add(ALLOW)
        assert world.rules.rules == ()

    asyncio.run(story())


@pytest.mark.unmeasured
@pytest.mark.requirement("R4")
def test_500_rules_are_removed_at_once_and_put_back_as_they_were() -> None:
    """Each change has its record; what was used of a limited rule stays used."""

    async def story() -> None:
        world = World()
        limited = replace(ALLOW, id="r-limited", limits=RuleLimits(uses=2))
        many = tuple(replace(DENY, id=f"r-{n}", tool=f"tool_{n}") for n in range(499))
        for rule in (*many, limited):
            await world.rules.add(rule)
        assert world.rules.take(judged := judge(world.rules))
        await world.rules.keep_use(judged)
        before = {rule.id: rule for rule in world.rules.rules}

        assert await world.rules.remove(*before, "r-none")
        assert (world.rules.rules, world.rule_store.rules) == ((), {})
        assert judge(world.rules).verdict is Verdict.ASK
        await world.rules.restore(*before, "r-none")
        assert {rule.id: rule for rule in world.rules.rules} == before == world.rule_store.rules
        assert world.rules.counts.uses("r-limited") == 1
        assert world.rules.take(judge(world.rules))
        assert judge(world.rules).verdict is Verdict.ASK

        done = [one.outcome for one in world.log.of_type(RecordType.RULE)]
        assert [done.count(what) for what in ("added", "removed", "restored")] == [500] * 3

    asyncio.run(story())


@pytest.mark.requirement("R4")
def test_nothing_is_put_back_that_no_person_removed_and_nothing_twice() -> None:
    async def story() -> None:
        world = World()
        await world.rules.add(ALLOW)
        await world.rules.restore(ALLOW.id, "r-none")
        assert world.rules.rules == (ALLOW,)
        await world.rules.remove(ALLOW.id)
        other = replace(ALLOW, tool="other")
        await world.rules.add(other)
        await world.rules.restore(ALLOW.id, ALLOW.id)
        assert world.rules.rules == (other,)

    asyncio.run(story())


@pytest.mark.requirement("R4")
@pytest.mark.parametrize("first", ["restore", "other"])
@pytest.mark.parametrize("other", [ALLOW, replace(ALLOW, tool="read_one")])
def test_what_is_put_back_stands_once_whatever_crosses_it(first: str, other: Rule) -> None:
    """Undone twice at once, or while a narrower rule takes its place: that one is in force."""

    async def story() -> None:
        world = World()
        await world.rules.add(ALLOW)
        await world.rules.remove(ALLOW.id)
        back = world.rules.restore(ALLOW.id)
        beside = world.rules.restore(ALLOW.id) if other is ALLOW else world.rules.add(other)
        world.log.hold()
        both = (back, beside) if first == "restore" else (beside, back)
        changes = asyncio.gather(*both)
        await settle()
        world.log.release()
        await changes
        assert world.rules.rules == (other,) == tuple(world.rule_store.rules.values())

    asyncio.run(story())


@pytest.mark.requirement("R2", "R4")
@pytest.mark.parametrize("kept", [None, replace(ALLOW, tool="*")])
def test_a_rule_put_back_is_not_in_force_unless_it_is_read_back_as_it_was(
    monkeypatch: pytest.MonkeyPatch, kept: Rule | None
) -> None:
    async def story() -> None:
        world = World()
        await world.rules.add(ALLOW)
        await world.rules.remove(ALLOW.id)
        put = world.rule_store.put

        async def put_another(*_rules: Rule) -> None:
            await put(*(() if kept is None else (kept,)))

        monkeypatch.setattr(world.rule_store, "put", put_another)
        with pytest.raises(ConfigurationError, match="not in force"):
            await world.rules.restore(ALLOW.id)
        assert world.rules.rules == ()

    asyncio.run(story())


def judge(rules: RuleBook) -> Judgement:
    """Judge one plain call."""
    return rules.judge(SUBJECT, tier=Tier.T0, labels=Lamps.NONE, suspended=False)
