"""The store ports over the sealed tables: rows of canonical JSON, every change fsynced."""

import asyncio
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from keyturn.application.ports.stores import Consent, LastUse, Used
from keyturn.domain.closure import NO_CLOSURE, Closure
from keyturn.domain.configuration import AgentConfig, ServerConfig
from keyturn.domain.definition import Pin
from keyturn.domain.errors import KeyturnError, LogUnavailable
from keyturn.domain.rule import Rule
from keyturn.domain.sight import Sight, SightProfile
from keyturn.domain.step_up import Change
from keyturn.storage.agreements import (
    SIGHT_OF_AGENT,
    SIGHT_OF_PROFILE,
    agent_text,
    change_text,
    pin_text,
    profile_text,
    read_agent,
    read_change,
    read_pin,
    read_profile,
    read_rule,
    read_server,
    read_sight,
    rule_text,
    server_text,
    sight_text,
)
from keyturn.storage.closures import pack, unpack
from keyturn.storage.sealing import SqliteSeals, is_sealed_setting
from keyturn.storage.writer import Writer

_COUNT_USES = (
    "INSERT INTO last_uses VALUES (?, ?, ?, ?) ON CONFLICT (kind, name) DO UPDATE SET "
    "uses = uses + excluded.uses, last = max(last, excluded.last)"
)
_SETTINGS = "SELECT CAST(name AS BLOB), CAST(value AS BLOB) FROM settings"


@dataclass(frozen=True, slots=True)
class SqliteRuleStore:
    """The rules of a profile, by id."""

    seals: SqliteSeals

    async def all(self) -> tuple[Rule, ...]:
        """Return every rule that counts; raises DamagedDatabase when one cannot be read."""
        return tuple(read_rule(key, data) for key, data in await self.seals.rows("rules"))

    async def one(self, rule_id: str) -> Rule | None:
        """Return one rule, if it counts; raises DamagedDatabase when it cannot be read."""
        rows = await self.seals.rows("rules")
        return next((read_rule(key, data) for key, data in rows if key == rule_id), None)

    async def put(self, *rules: Rule) -> None:
        """Add rules, all or none, each in the place of the one with its id."""
        await self.seals.change("rules", put=[(rule.id, rule_text(rule)) for rule in rules])

    async def remove(self, *rule_ids: str) -> bool:
        """Remove rules, all or none; return whether any was there."""
        return await self.seals.change("rules", removed=[(one,) for one in rule_ids]) > 0

    async def uses(self) -> dict[str, int]:
        """Return how often each rule allowed, of those of which it is counted."""

        return {rule: int(uses) for rule, uses in await self.seals.rows("rule_uses")}

    async def count_use(self, rule_id: str) -> None:
        """Count one more call that a rule allows; durable when this returns.

        Raises LogUnavailable when that cannot be kept: it must not be sent then.
        """
        try:
            await self.seals.count_up("rule_uses", rule_id)
        except LogUnavailable:
            raise
        except KeyturnError as fault:
            raise LogUnavailable(
                "How often a rule allowed cannot be kept, so nothing is sent by it.",
                cause=fault.parts[0],
                mend=fault.parts[2],
            ) from fault

    async def forget_uses(self, rule_id: str) -> None:
        """Begin to count anew."""
        await self.seals.change("rule_uses", removed=[(rule_id,)])


@dataclass(frozen=True, slots=True)
class SqliteServerStore:
    """Servers, consents and pins of a profile."""

    seals: SqliteSeals

    async def servers(self) -> tuple[ServerConfig, ...]:
        """Return every server that counts; raises DamagedDatabase when one cannot be read."""
        return tuple(read_server(key, data) for key, data in await self.seals.rows("servers"))

    async def put_server(self, server: ServerConfig) -> None:
        """Add a server, or put it in the place of the one with its name."""
        await self.seals.change("servers", put=[(server.name, server_text(server))])

    async def remove_server(self, name: str) -> bool:
        """Remove a server and its consents, not its pins; return whether it was there."""
        agreed = await self.seals.keys_of("consents", name)
        loaded = await self.seals.keys_of("closures", name)
        await self.seals.change_all({"consents": ((), agreed), "closures": ((), loaded)})
        return await self.seals.change("servers", removed=[(name,)]) > 0

    async def consents(self) -> tuple[Consent, ...]:
        """Return every agreement to start a launch identity that counts."""
        closures = await self.seals.columns("closures")
        hashes = {row[:2]: row[2].decode(errors="replace") for row in closures}
        return tuple(
            Consent(
                server=row[0],
                launch_hash=row[1],
                subject=row[2],
                agreed_at=row[3],
                closure_hash=hashes.get((row[0].encode(), row[1].encode()), ""),
            )
            for row in await self.seals.rows("consents")
        )

    async def put_consent(self, consent: Consent, closure: Closure = NO_CLOSURE) -> None:
        """Keep an agreement, with the files that it is about."""
        key = (consent.server, consent.launch_hash)
        packed = await asyncio.to_thread(pack, closure) if closure.files else b""
        files = [(*key, consent.closure_hash, packed)] if consent.closure_hash else []
        row = (*key, consent.subject, consent.agreed_at)
        await self.seals.change_all({"consents": ([row], ()), "closures": (files, [key])})

    async def agreed_closure(self, server: str, launch_hash: str) -> Closure | None:
        """Return the files of an agreement; None when they were not kept or cannot be read."""
        key = (server.encode(), launch_hash.encode())
        rows = await self.seals.columns("closures")
        packed = next((row[3] for row in rows if row[:2] == key), b"")
        return await asyncio.to_thread(unpack, packed)

    async def pins(self) -> tuple[Pin, ...]:
        """Return every pin that counts; raises DamagedDatabase when one cannot be read."""
        rows = await self.seals.rows("pins")
        return tuple(read_pin(server, launch, tool, data) for server, launch, tool, data in rows)

    async def put_pins(self, pins: Sequence[Pin]) -> None:
        """Keep pins, all or none; a later pin of the same tool takes the place of the former."""
        rows = [(pin.server, pin.launch_hash, pin.definition.name, pin_text(pin)) for pin in pins]
        await self.seals.change("pins", put=rows)


@dataclass(frozen=True, slots=True)
class SqliteAgentStore:
    """The enrolled agents of a profile."""

    seals: SqliteSeals

    async def agents(self) -> tuple[AgentConfig, ...]:
        """Return every agent that counts; raises DamagedDatabase when one cannot be read."""
        return tuple(read_agent(key, data) for key, data in await self.seals.rows("agents"))

    async def put_agent(self, agent: AgentConfig) -> None:
        """Add an agent, or put it in the place of the one with its name."""
        await self.seals.change("agents", put=[(agent.name, agent_text(agent))])

    async def remove_agent(self, name: str) -> bool:
        """Remove an agent; return whether it was there."""
        return await self.seals.change("agents", removed=[(name,)]) > 0


@dataclass(frozen=True, slots=True)
class SqliteSightStore:
    """What the agents of a profile see, and the profiles of its tasks."""

    seals: SqliteSeals

    async def sights(self) -> tuple[Sight, ...]:
        """Return what counts of what each agent sees; raises DamagedDatabase for what is none."""
        rows = await self.seals.rows("sights")
        return tuple(read_sight(name, data) for kind, name, data in rows if kind == SIGHT_OF_AGENT)

    async def put_sight(self, sight: Sight) -> None:
        """Keep what an agent sees."""
        await self.seals.change("sights", put=[(SIGHT_OF_AGENT, sight.agent, sight_text(sight))])

    async def profiles(self) -> tuple[SightProfile, ...]:
        """Return every profile that counts; raises DamagedDatabase when one cannot be read."""
        rows = await self.seals.rows("sights")
        profiles = ((name, data) for kind, name, data in rows if kind == SIGHT_OF_PROFILE)
        return tuple(read_profile(name, data) for name, data in profiles)

    async def put_profile(self, profile: SightProfile) -> None:
        """Add a profile, or put it in the place of the one with its name."""
        row = (SIGHT_OF_PROFILE, profile.name, profile_text(profile))
        await self.seals.change("sights", put=[row])

    async def remove_profile(self, name: str) -> bool:
        """Remove a profile; return whether it was there."""
        return await self.seals.change("sights", removed=[(SIGHT_OF_PROFILE, name)]) > 0


@dataclass(frozen=True, slots=True)
class SqliteStepUpStore:
    """What changed around the agents of a profile."""

    seals: SqliteSeals

    async def all(self) -> tuple[Change, ...]:
        """Return every change that counts; raises DamagedDatabase when one cannot be read."""
        return tuple(read_change(*row) for row in await self.seals.rows("step_ups"))

    async def put(self, change: Change) -> None:
        """Keep a change, in the place of what was known of it."""
        key = (change.agent, change.server, change.cause.value)
        await self.seals.change("step_ups", put=[(*key, change_text(change))])


@dataclass(frozen=True, slots=True)
class SqliteSettingStore:
    """The small settings of a profile: a person's are sealed, the others can only tighten."""

    seals: SqliteSeals
    writer: Writer

    async def settings(self) -> dict[str, str]:
        """Return every setting that counts as JSON text by name."""

        def read(connection: sqlite3.Connection) -> dict[str, str]:
            rows = connection.execute(_SETTINGS)
            texts = ((name.decode(errors="replace"), value) for name, value in rows)
            return {
                name: value.decode(errors="replace")
                for name, value in texts
                if not is_sealed_setting(name)
            }

        rows = await self.seals.rows("settings")
        return {**await self.writer.run(read, changes=False), **{row[0]: row[1] for row in rows}}

    async def put_setting(self, name: str, value: str) -> None:
        """Keep a setting."""
        if is_sealed_setting(name):
            await self.seals.change("settings", put=[(name, value)])
            return

        def write(connection: sqlite3.Connection) -> None:
            connection.execute("INSERT OR REPLACE INTO settings VALUES (?, ?)", (name, value))

        await self.writer.run(write, changes=True)


@dataclass(frozen=True, slots=True)
class SqliteUseStore:
    """What was used how often; unsealed, because nothing rests on it."""

    writer: Writer

    async def all(self) -> Mapping[tuple[Used, str], LastUse]:
        """Return what is known; of what another version counted nothing."""

        def read(connection: sqlite3.Connection) -> dict[tuple[Used, str], LastUse]:
            rows = connection.execute("SELECT kind, name, uses, last FROM last_uses")
            return {
                (Used(kind), name): LastUse(count=uses, last=last)
                for kind, name, uses, last in rows
                if kind in {used.value for used in Used}
            }

        return await self.writer.run(read, changes=False)

    async def add(self, uses: Mapping[tuple[Used, str], LastUse]) -> None:
        """Count more uses, all in one transaction."""
        rows = [(kind.value, name, use.count, use.last) for (kind, name), use in uses.items()]

        def write(connection: sqlite3.Connection) -> None:
            connection.executemany(_COUNT_USES, rows)

        await self.writer.run(write, changes=True)
