"""The access review: since when things stand, what a person kept, and what is overdue."""

from dataclasses import replace

import pytest

from keyturn.application.access_entries import AccessEntries
from keyturn.application.access_messages import AccessState, EndGrant, KeepAccess
from keyturn.application.access_review import AccessReview
from keyturn.application.ports.stores import Used
from keyturn.domain.access import REVIEW_DAYS, AccessKind, is_overdue, long_ago
from keyturn.domain.configuration import AgentConfig, ServerConfig
from keyturn.domain.decision import Actor
from keyturn.domain.errors import ConfigurationError, KeyturnError
from keyturn.domain.grant import GrantScope
from keyturn.domain.lamps import Lamps
from keyturn.domain.record import RecordType
from keyturn.domain.rule import Effect, Rule
from keyturn.domain.sight import SightProfile, row_of
from keyturn.domain.tier import Tier
from tests.factories import make_launch, make_tool
from tests.fakes.stores import FakeLookStore
from tests.unit.application.broker_world import BrokerWorld
from tests.unit.application.gate_world import play, settle

DAY = 24 * 3600.0
ALLOW = Rule(id="r-allow", effect=Effect.ALLOW, tool="dispatch_order")
WIDER = Rule(id="r-allow", effect=Effect.ALLOW, tool="*")
SHIP = ServerConfig(name="ship", command=("ship",), env={"TOKEN": "keychain:key"})
SCOPE = GrantScope(
    session="s",
    launch_hash=make_launch().launch_hash,
    def_hash=make_tool().def_hash,
    tier=Tier.T0,
    labels=Lamps.NONE,
)
GRANTED = Rule(id="g", effect=Effect.ALLOW, agent="analyst", server="ship", tool="read_page")


class AccessWorld(BrokerWorld):
    """A broker with an access review; what it noted outlives it."""

    def __init__(self, *rules: Rule, store: FakeLookStore | None = None) -> None:
        super().__init__(*rules, servers=(SHIP,))
        self.store = store or FakeLookStore()
        self.access = AccessReview(
            entries=AccessEntries(self.registry, self.rules, self.sights),
            store=self.store,
            uses=self.uses,
            log=self.log,
            clock=self.clock,
            observers=self.observers,
        )
        self.intents = self._make_intents(self.access)

    async def begin(self, *, trusted: bool = True) -> None:
        """Load what was noted, and note what is new."""
        await self.uses.load()
        await self.access.load()
        self.access.trust(trusted)
        await settle()

    def state(self, kind: AccessKind, name: str) -> AccessState:
        """Return one thing that stands."""
        (found,) = (s for s in self.access.states() if (s.kind, s.name) == (kind, name))
        return found

    def overdue(self) -> set[tuple[str, str]]:
        """Name what is overdue."""
        found = {(s.kind, s.name) for s in self.access.states() if s.overdue}
        assert len(found) == self.access.overdue()
        return found


def keep(state: AccessState) -> KeepAccess:
    """Keep a thing as it is on screen."""
    return KeepAccess(n=1, kind=state.kind, name=state.name, digest=state.digest)


@pytest.mark.requirement("ACCESS-1")
def test_everything_that_gives_access_is_listed_with_its_last_use() -> None:
    async def story() -> None:
        world = AccessWorld(ALLOW)
        await world.begin()
        await world.registry.enrol("analyst")
        await world.sights.set_rows("analyst", (row_of("ship/read_*"),))
        await world.sights.put_profile(SightProfile(name="Release", rows=(row_of("ship/*"),)))
        world.rules.grants.make(GRANTED, SCOPE, 3600)
        world.uses.used(Used.AGENT, "analyst")
        world.uses.used(Used.CREDENTIAL, "ship/key")
        listed = {(state.kind, state.name): state for state in world.access.states()}
        assert set(listed) == {
            ("agent", "analyst"),
            ("sight", "analyst"),
            ("credential", "ship/key"),
            ("rule", "r-allow"),
            ("profile", "Release"),
            ("grant", "g"),
        }
        now = world.clock.now_utc()
        used = {key for key, state in listed.items() if state.last_used == now}
        assert used == {("agent", "analyst"), ("sight", "analyst"), ("credential", "ship/key")}
        assert listed["sight", "analyst"].rows == ("ship/read_*",)
        assert listed["grant", "g"].digest == ""
        assert "token" not in listed["agent", "analyst"].rule
        await world.access.close()

    play(story)


@pytest.mark.requirement("ACCESS-2")
def test_what_nobody_looked_at_for_90_days_is_overdue_over_restarts() -> None:
    async def story() -> None:
        world = AccessWorld(ALLOW)
        await world.begin()
        assert world.overdue() == set()
        world.clock.advance(REVIEW_DAYS * DAY - 1)
        assert world.overdue() == set()
        world.clock.advance(1)
        assert world.overdue() == {("rule", "r-allow"), ("credential", "ship/key")}
        await world.intents.carry_out(keep(world.state(AccessKind.RULE, "r-allow")))
        assert world.overdue() == {("credential", "ship/key")}
        assert world.state(AccessKind.RULE, "r-allow").kept
        status = await world.control.control({"control": "status"})
        assert status["access_overdue"] == 0
        await world.access.close()
        again = AccessWorld(ALLOW, store=world.store)
        again.clock.advance(REVIEW_DAYS * DAY)
        await again.begin()
        assert again.overdue() == {("credential", "ship/key")}
        await again.access.close()

    play(story)


@pytest.mark.requirement("ACCESS-2")
def test_a_change_begins_anew_and_what_is_gone_is_forgotten() -> None:
    async def story() -> None:
        world = AccessWorld(ALLOW)
        await world.begin()
        world.clock.advance(REVIEW_DAYS * DAY)
        await world.rules.add(WIDER)
        await settle()
        assert ("rule", "r-allow") not in world.overdue()
        assert not world.state(AccessKind.RULE, "r-allow").kept
        await world.rules.remove("r-allow")
        await world.registry.enrol("analyst")
        await settle()
        assert (AccessKind.RULE, "r-allow") not in world.store.kept
        await world.access.close()

    play(story)


@pytest.mark.requirement("ACCESS-3")
def test_a_person_keeps_exactly_what_was_on_screen_and_it_is_recorded() -> None:
    async def story() -> None:
        world = AccessWorld(ALLOW)
        await world.begin()
        shown = world.state(AccessKind.RULE, "r-allow")
        await world.rules.add(WIDER)
        for wrong in (
            keep(shown),
            KeepAccess(n=1, kind="rule", name="other", digest=shown.digest),
            KeepAccess(n=1, kind="agent", name="r-allow", digest=shown.digest),
        ):
            with pytest.raises(ConfigurationError, match="not what was on screen"):
                await world.intents.carry_out(wrong)
        assert world.log.of_type(RecordType.ACCESS) == []
        now = world.state(AccessKind.RULE, "r-allow")
        await world.intents.carry_out(keep(now))
        (record,) = world.log.of_type(RecordType.ACCESS)
        assert (record.outcome, record.actor) == ("kept", Actor.HUMAN)
        assert record.details == {"kind": "rule", "name": "r-allow", "digest": now.digest}
        await world.access.close()

    play(story)


@pytest.mark.requirement("ACCESS-4")
def test_what_another_program_changed_is_overdue_until_a_person_looks() -> None:
    """Taking the notes away does not put the next look off."""

    async def story() -> None:
        store = FakeLookStore()
        store.forgotten = True
        world = AccessWorld(ALLOW, store=store)
        await world.begin()
        assert world.overdue() == {("rule", "r-allow"), ("credential", "ship/key")}
        assert not store.forgotten
        await world.intents.carry_out(keep(world.state(AccessKind.RULE, "r-allow")))
        # What comes later was not forgotten.
        await world.registry.enrol("analyst")
        await settle()
        assert world.overdue() == {("credential", "ship/key")}
        await world.access.close()

    play(story)


@pytest.mark.requirement("ACCESS-4")
def test_while_anything_may_be_changed_nothing_is_noted_or_forgotten() -> None:
    """A rule that reads as absent meanwhile is the old one when it is there again."""

    async def story() -> None:
        world = AccessWorld(ALLOW)
        await world.begin()
        world.clock.advance(REVIEW_DAYS * DAY)
        world.access.trust(False)
        world.rules.use(())
        await world.registry.enrol("analyst")
        await settle()
        await world.intents.carry_out(keep(world.state(AccessKind.AGENT, "analyst")))
        assert (AccessKind.RULE, "r-allow") in world.store.kept
        world.rules.use((ALLOW,))
        world.access.trust(True)
        await settle()
        assert ("rule", "r-allow") in world.overdue()
        await world.access.close()

    play(story)


@pytest.mark.requirement("ACCESS-2")
def test_what_cannot_be_written_counts_as_overdue_and_is_tried_again() -> None:
    async def story() -> None:
        world = AccessWorld()
        world.store.failing = KeyturnError("locked")
        await world.begin()
        assert world.overdue() == {("credential", "ship/key")}
        world.store.failing = None
        await world.registry.enrol("analyst")
        await settle()
        assert world.overdue() == set()
        await world.access.close()

    play(story)


@pytest.mark.requirement("ACCESS-1")
def test_a_remembered_approval_is_ended_before_its_time() -> None:
    async def story() -> None:
        world = AccessWorld()
        await world.begin()
        world.rules.grants.make(GRANTED, SCOPE, 3600)
        assert 0 < world.state(AccessKind.GRANT, "g").seconds_left <= 600
        await world.intents.carry_out(EndGrant(n=1, id="g"))
        assert world.rules.grants.of(SCOPE, "analyst", "ship", "read_page") == ()
        assert [e.outcome for e in world.log.of_type(RecordType.RULE)] == ["grant_ended"]
        with pytest.raises(ConfigurationError):
            await world.intents.carry_out(EndGrant(n=1, id="g"))
        await world.access.close()

    play(story)


def test_a_broker_without_one_says_so() -> None:
    async def story() -> None:
        with pytest.raises(ConfigurationError, match="Nothing is reviewed"):
            await BrokerWorld().intents.carry_out(
                KeepAccess(n=1, kind="rule", name="r", digest="d")
            )

    play(story)


def test_what_nobody_knows_is_overdue_and_a_clock_set_back_makes_nothing_so() -> None:
    by = long_ago("2026-04-01T00:00:00.000Z")
    assert by == "2026-01-01T00:00:00.000Z"
    assert is_overdue("", by)
    assert is_overdue(by, by)
    assert not is_overdue("2030-01-01T00:00:00.000Z", by)


def test_a_credential_says_where_it_leads_and_an_agent_where_it_works() -> None:
    async def story() -> None:
        world = AccessWorld()
        await world.begin()

        def said(kind: str) -> str:
            return next(one.environment for one in world.access.states() if one.kind == kind)

        assert said("credential") == ""
        labels = {"key": "production"}
        for server, wanted in (
            (replace(SHIP, environment="qa"), "qa"),
            (replace(SHIP, environment="qa", credential_environments=labels), "production"),
        ):
            world.registry.use(
                (server,), (AgentConfig(name="coder", token_sha256="", environment="staging"),)
            )
            assert said("credential") == wanted
        assert said("agent") == "staging"

    play(story)
