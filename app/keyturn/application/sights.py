"""What agents see: their lists, the profile that is on for one, and when its time is over.

Only a person at the window changes it (architecture.md law 4); what it cannot be sure of is hidden.
An expired profile goes on narrowing its agent's own list until a person has ended it.
"""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from keyturn.application.connection import Connection
from keyturn.application.events import Observers, Topic
from keyturn.application.ports.clock import Clock, Timer
from keyturn.application.ports.decision_log import DecisionLog
from keyturn.application.ports.stores import SightStore
from keyturn.application.tasks import TaskOwner
from keyturn.domain.canonical import JsonObject
from keyturn.domain.client_request import LISTEN, kind_of, resources_in
from keyturn.domain.decision import Actor
from keyturn.domain.errors import ConfigurationError, filled
from keyturn.domain.record import Entry, RecordType
from keyturn.domain.rule import Kind
from keyturn.domain.rule_life import seconds_between, written
from keyturn.domain.sight import (
    LONGEST_PROFILE,
    LONGEST_SECONDS,
    MOST_PROFILES,
    Covering,
    Rows,
    Sight,
    SightProfile,
    fault_of_rows,
)

_SECOND = 1_000_000_000
_LONGEST_WAIT = 3600.0
"""The wall clock may be set meanwhile, so that it is looked at again."""
_ROWS_RECORDED = 50
_COVERINGS_KEPT = 512


class Sights:
    """Says of each connection what it may know of."""

    def __init__(
        self, *, store: SightStore, log: DecisionLog, clock: Clock, observers: Observers
    ) -> None:
        self._store = store
        self._log = log
        self._clock = clock
        self._observers = observers
        self._sights: dict[str, Sight] = {}
        self._profiles: dict[str, SightProfile] = {}
        self._ends: dict[str, int] = {}
        """By agent, when its profile is over by the clock that nobody sets."""
        self._seen = ""
        """The latest wall time that was ever seen."""
        self._trusted = True
        self._timer: Timer | None = None
        self._coverings: dict[tuple[str, str], tuple[Covering, ...]] = {}
        self._listeners: list[Callable[[str], None]] = []
        self._tasks = TaskOwner()
        self._changing = asyncio.Lock()
        """Held while one is changed and written, so that what was asked for last holds."""

    async def load(self, seen_utc: str = "", *, trusted: bool = True) -> None:
        """Read what the profile remembers; `seen_utc` is the latest time that its log knows.

        With `trusted` False somebody else may have changed it, and nobody sees anything.
        """
        self._trusted = trusted
        self._seen = max(self._seen, seen_utc, self._clock.now_utc())
        async with self._changing:
            self._profiles = {one.name: one for one in await self._store.profiles()}
            self.use(await self._store.sights())

    def trust(self, trusted: bool) -> None:
        """Show what was read, or nothing while somebody else may have changed it."""
        if trusted is not self._trusted:
            self._trusted = trusted
            self._apply("")

    def use(self, sights: Iterable[Sight]) -> None:
        """Put in force what agents see: the profile's, or a headless FILE's instead."""
        self._sights = {sight.agent: sight for sight in sights}
        self._ends = {}
        for sight in self._sights.values():
            self._time(sight)
        self._apply("")

    async def close(self) -> None:
        """Keep what is to be kept, and look at no clock any more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        await self._tasks.settle(1.0)
        await self._tasks.close()

    def on_change(self, listener: Callable[[str], None]) -> Callable[[], None]:
        """Call back with the agent that sees another part now; "" for every one."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    # ---------------------------------------------------------------- looking

    def of(self, agent: str) -> Sight:
        """Return what an agent sees, as it was set."""
        sight = self._sights.get(agent)
        return Sight(agent=agent) if sight is None else self._looked_at(sight)

    def profiles(self) -> tuple[SightProfile, ...]:
        """Return the profiles, by name."""
        return tuple(self._profiles[name] for name in sorted(self._profiles))

    def lists_of(self, agent: str) -> tuple[Rows, ...] | None:
        """Return the lists each of which has to cover what an agent sees; None for nothing seen."""
        sight = self.of(agent)
        return _lists_of(sight, self._profiles.get(sight.profile)) if self._trusted else None

    def sees(self, connection: Connection, kind: Kind, name: str) -> bool:
        """Tell whether a connection may know of a name of its server."""
        coverings = self._of_server(connection)
        return coverings is not None and all(c.covers(kind, name) for c in coverings)

    def sees_any(self, connection: Connection) -> bool:
        """Tell whether it may know of anything of its server."""
        coverings = self._of_server(connection)
        return coverings is not None and all(covering.covers_any for covering in coverings)

    def hides_any(self, connection: Connection) -> bool:
        """Tell whether anything of its server may be hidden from it."""
        return self._of_server(connection) != ()

    def shows(self, connection: Connection, method: str, name: str, params: JsonObject) -> bool:
        """Tell whether a judged request names only what its connection may know of."""
        kind = kind_of(method)
        if kind is None:
            return True
        named = resources_in(method, params) if method == LISTEN else (name,)
        return all(self.sees(connection, kind, one) for one in named)

    # ---------------------------------------------------------------- a person's

    async def set_rows(self, agent: str, rows: Rows | None) -> None:
        """Give an agent its own list, or none; raises ConfigurationError for one too long."""
        _check(rows or ())
        what = "sees_all" if rows is None else "sees"
        await self._put(agent, lambda s: replace(s, rows=rows), what, _rows_said(rows or ()))

    async def set_profiles_only(self, agent: str, *, on: bool) -> None:
        """Have an agent see nothing without a profile, or its own list again."""
        what = "profiles_only" if on else "profiles_not_only"
        await self._put(agent, lambda s: replace(s, profiles_only=on), what)

    async def switch(self, agent: str, profile: str, seconds: float) -> None:
        """Switch a profile on for a while; raises ConfigurationError where there is none."""
        if profile not in self._profiles:
            raise ConfigurationError("There is no such profile.", mend="Make it first.")
        if not 0 < seconds <= LONGEST_SECONDS:
            raise ConfigurationError("A profile is switched on for a day at most.")
        until = _later(self._latest(), seconds)
        said: JsonObject = {"profile": profile, "until": until}

        def switched(sight: Sight) -> Sight:
            return replace(sight, profile=profile, until=until, over=False)

        await self._put(agent, switched, "profile_on", said)

    async def end(self, agent: str) -> None:
        """End an agent's profile, whether its time is over or not."""
        profile = self.of(agent).profile
        if profile:
            said: JsonObject = {"profile": profile}
            await self._put(agent, _without_profile, "profile_off", said)

    async def put_profile(self, profile: SightProfile) -> None:
        """Make a profile, or change it where it is on, too."""
        _check(profile.rows)
        if not profile.name.strip() or len(profile.name) > LONGEST_PROFILE:
            raise ConfigurationError(_NAME_OF_PROFILE)
        if profile.name not in self._profiles and len(self._profiles) >= MOST_PROFILES:
            raise ConfigurationError("There are too many profiles.", mend="Remove one first.")
        said: JsonObject = {"profile": profile.name, **_rows_said(profile.rows)}
        await self._log.commit(_entry("", "profile_saved", Actor.HUMAN, said))
        await self._store.put_profile(profile)
        self._profiles[profile.name] = profile
        self._apply("")

    async def remove_profile(self, name: str) -> bool:
        """Remove a profile; agents for which it is on see nothing until it is ended."""
        if name not in self._profiles:
            return False
        said: JsonObject = {"profile": name}
        await self._log.commit(_entry("", "profile_removed", Actor.HUMAN, said))
        await self._store.remove_profile(name)
        self._profiles.pop(name, None)
        self._apply("")
        return True

    async def _put(
        self,
        agent: str,
        change: Callable[[Sight], Sight],
        what: str,
        details: JsonObject | None = None,
    ) -> None:
        async with self._changing:
            await self._log.commit(_entry(agent, what, Actor.HUMAN, details or {}))
            sight = change(self.of(agent))
            await self._store.put_sight(sight)
            self._sights[agent] = sight
            self._time(sight)
            self._apply(agent)

    # ---------------------------------------------------------------- inside

    def _of_server(self, connection: Connection) -> tuple[Covering, ...] | None:
        if not connection.agent_enrolled:
            # Else whoever is shown less would only have to leave out its token.
            hidden = not self._trusted or any(sight.hides for sight in self._sights.values())
            return None if hidden else ()
        lists = self.lists_of(connection.agent)
        if not lists:
            return None if lists is None else ()
        key = (connection.agent, connection.server.name)
        coverings = self._coverings.get(key)
        if coverings is None:
            coverings = tuple(Covering(rows, connection.server.name) for rows in lists)
            if len(self._coverings) >= _COVERINGS_KEPT:
                self._coverings.clear()
            self._coverings[key] = coverings
        return coverings

    def _looked_at(self, sight: Sight) -> Sight:
        """Return it with its profile over where its time is."""
        if not sight.profile or sight.over or not self._is_over(sight):
            return sight
        sight = self._sights[sight.agent] = replace(sight, over=True)
        self._log.note(
            _entry(sight.agent, "profile_over", Actor.KEYTURN, {"profile": sight.profile})
        )
        # Kept, because a clock that is set back before the next start would revive it.
        self._tasks.start(self._keep_over(sight.agent), f"profile over {sight.agent}")
        self._apply(sight.agent)
        return sight

    async def _keep_over(self, agent: str) -> None:
        async with self._changing:
            sight = self._sights.get(agent)
            if sight is not None and sight.over:
                await self._store.put_sight(sight)

    def _is_over(self, sight: Sight) -> bool:
        over = self._clock.monotonic_ns() >= self._ends.get(sight.agent, 0)
        return over or self._latest() >= sight.until

    def _latest(self) -> str:
        self._seen = max(self._seen, self._clock.now_utc())
        return self._seen

    def _time(self, sight: Sight) -> None:
        """Note when its profile is over, however the wall clock is set meanwhile."""
        self._ends.pop(sight.agent, None)
        if sight.profile and not sight.over:
            left = max(0.0, seconds_between(self._latest(), sight.until))
            self._ends[sight.agent] = self._clock.monotonic_ns() + round(left * _SECOND)

    def _apply(self, agent: str) -> None:
        self._coverings = {}
        self._wait()
        for listener in tuple(self._listeners):
            listener(agent)
        self._observers.changed(Topic.AGENTS)

    def _wait(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        on = [agent for agent, sight in self._sights.items() if sight.profile and not sight.over]
        if on:
            now = self._clock.monotonic_ns()
            first = min(self._ends.get(agent, now) for agent in on)
            when = min(max(first, now + 1), now + round(_LONGEST_WAIT * _SECOND))
            self._timer = self._clock.call_at(when, self._turned)

    def _turned(self) -> None:
        for agent in tuple(self._sights):
            self.of(agent)
        self._wait()


_NAME_OF_PROFILE = filled(
    "A profile needs a name of up to {longest} characters.", longest=LONGEST_PROFILE
)


def _lists_of(sight: Sight, profile: SightProfile | None) -> tuple[Rows, ...] | None:
    """Return the lists each of which has to cover what is seen; `profile` is that of `sight`."""
    if sight.profile and profile is None:
        return None
    if profile is not None and not sight.over:
        return (profile.rows,)
    if sight.profiles_only:
        return None
    own = () if sight.rows is None else (sight.rows,)
    return own if profile is None else (*own, profile.rows)


def _check(rows: Rows) -> None:
    if fault := fault_of_rows(rows):
        raise ConfigurationError(
            filled("The list {fault}.", fault=fault), mend="Use a * for several names."
        )


def _without_profile(sight: Sight) -> Sight:
    return replace(sight, profile="", until="", over=False)


def _later(moment: str, seconds: float) -> str:
    return written(datetime.fromisoformat(moment) + timedelta(seconds=seconds))


def _rows_said(rows: Rows) -> JsonObject:
    return {"rows": [row.text for row in rows[:_ROWS_RECORDED]], "count": len(rows)}


def _entry(agent: str, what: str, actor: Actor, details: JsonObject) -> Entry:
    return Entry(type=RecordType.AGENT, agent=agent, outcome=what, actor=actor, details=details)
