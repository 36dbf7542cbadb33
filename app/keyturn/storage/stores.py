"""The store ports over the writer's thread: rows of canonical JSON, every change fsynced."""

import asyncio
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from keyturn.application.ports.stores import Consent
from keyturn.domain.closure import NO_CLOSURE, Closure
from keyturn.domain.configuration import AgentConfig, ServerConfig
from keyturn.domain.definition import Pin
from keyturn.domain.rule import Rule
from keyturn.storage.agreements import (
    agent_text,
    pin_text,
    read_agent,
    read_pin,
    read_rule,
    read_server,
    rule_text,
    server_text,
)
from keyturn.storage.closures import pack, unpack
from keyturn.storage.writer import Writer


@dataclass(frozen=True, slots=True)
class SqliteRuleStore:
    """The rules of a profile, by id."""

    writer: Writer

    async def all(self) -> tuple[Rule, ...]:
        """Return every rule; raises DamagedDatabase when one of them cannot be read."""

        def read(connection: sqlite3.Connection) -> tuple[Rule, ...]:
            rows = connection.execute("SELECT id, data FROM rules ORDER BY id")
            return tuple(read_rule(key, data) for key, data in rows)

        return await self.writer.run(read, changes=False)

    async def put(self, rule: Rule) -> None:
        """Add a rule, or put it in the place of the one with its id."""
        await _put(
            self.writer, "INSERT OR REPLACE INTO rules VALUES (?, ?)", rule.id, rule_text(rule)
        )

    async def remove(self, rule_id: str) -> bool:
        """Remove a rule; return whether it was there."""
        return await _delete(self.writer, "DELETE FROM rules WHERE id = ?", rule_id)

    async def uses(self) -> dict[str, int]:
        """Return how often each rule allowed, of those of which it is counted."""

        def read(connection: sqlite3.Connection) -> dict[str, int]:
            return dict(connection.execute("SELECT rule, uses FROM rule_uses"))

        return await self.writer.run(read, changes=False)

    async def count_use(self, rule_id: str) -> None:
        """Count one more call that a rule allows; durable when this returns."""
        await _put(
            self.writer,
            "INSERT INTO rule_uses VALUES (?, 1) ON CONFLICT (rule) DO UPDATE SET uses = uses + 1",
            rule_id,
        )

    async def forget_uses(self, rule_id: str) -> None:
        """Begin to count anew."""
        await _delete(self.writer, "DELETE FROM rule_uses WHERE rule = ?", rule_id)


@dataclass(frozen=True, slots=True)
class SqliteServerStore:
    """Servers, consents and pins of a profile."""

    writer: Writer

    async def servers(self) -> tuple[ServerConfig, ...]:
        """Return every server; raises DamagedDatabase when one of them cannot be read."""

        def read(connection: sqlite3.Connection) -> tuple[ServerConfig, ...]:
            rows = connection.execute("SELECT name, data FROM servers ORDER BY name")
            return tuple(read_server(key, data) for key, data in rows)

        return await self.writer.run(read, changes=False)

    async def put_server(self, server: ServerConfig) -> None:
        """Add a server, or put it in the place of the one with its name."""
        text = server_text(server)
        await _put(self.writer, "INSERT OR REPLACE INTO servers VALUES (?, ?)", server.name, text)

    async def remove_server(self, name: str) -> bool:
        """Remove a server and its consents, not its pins; return whether it was there."""

        def write(connection: sqlite3.Connection) -> bool:
            connection.execute("DELETE FROM consents WHERE server = ?", (name,))
            connection.execute("DELETE FROM closures WHERE server = ?", (name,))
            return connection.execute("DELETE FROM servers WHERE name = ?", (name,)).rowcount > 0

        return await self.writer.run(write, changes=True)

    async def consents(self) -> tuple[Consent, ...]:
        """Return every agreement to start a launch identity."""

        def read(connection: sqlite3.Connection) -> tuple[Consent, ...]:
            rows = connection.execute(
                "SELECT c.server, c.launch_hash, c.subject, c.agreed_at,"
                " coalesce(f.closure_hash, '') FROM consents AS c LEFT JOIN closures AS f"
                " ON f.server = c.server AND f.launch_hash = c.launch_hash ORDER BY 1, 2"
            )
            return tuple(
                Consent(
                    server=row[0],
                    launch_hash=row[1],
                    subject=row[2],
                    agreed_at=row[3],
                    closure_hash=row[4],
                )
                for row in rows
            )

        return await self.writer.run(read, changes=False)

    async def put_consent(self, consent: Consent, closure: Closure = NO_CLOSURE) -> None:
        """Keep an agreement, with the files that it is about."""
        key = (consent.server, consent.launch_hash)
        packed = await asyncio.to_thread(pack, closure) if closure.files else b""

        def write(connection: sqlite3.Connection) -> None:
            connection.execute(
                "INSERT OR REPLACE INTO consents VALUES (?, ?, ?, ?)",
                (*key, consent.subject, consent.agreed_at),
            )
            connection.execute("DELETE FROM closures WHERE server = ? AND launch_hash = ?", key)
            if consent.closure_hash:
                connection.execute(
                    "INSERT INTO closures VALUES (?, ?, ?, ?)",
                    (*key, consent.closure_hash, packed),
                )

        await self.writer.run(write, changes=True)

    async def agreed_closure(self, server: str, launch_hash: str) -> Closure | None:
        """Return the files of an agreement; None when they were not kept or cannot be read."""

        def read(connection: sqlite3.Connection) -> bytes:
            row = connection.execute(
                "SELECT files FROM closures WHERE server = ? AND launch_hash = ?",
                (server, launch_hash),
            ).fetchone()
            return b"" if row is None else row[0]

        return await asyncio.to_thread(unpack, await self.writer.run(read, changes=False))

    async def pins(self) -> tuple[Pin, ...]:
        """Return every pin; raises DamagedDatabase when one of them cannot be read."""

        def read(connection: sqlite3.Connection) -> tuple[Pin, ...]:
            rows = connection.execute(
                "SELECT server, launch_hash, tool, data FROM pins ORDER BY 1, 2, 3"
            )
            return tuple(read_pin(*row) for row in rows)

        return await self.writer.run(read, changes=False)

    async def put_pins(self, pins: Sequence[Pin]) -> None:
        """Keep pins, all or none; a later pin of the same tool takes the place of the former."""

        def write(connection: sqlite3.Connection) -> None:
            connection.executemany(
                "INSERT OR REPLACE INTO pins VALUES (?, ?, ?, ?)",
                [(pin.server, pin.launch_hash, pin.definition.name, pin_text(pin)) for pin in pins],
            )

        await self.writer.run(write, changes=True)


@dataclass(frozen=True, slots=True)
class SqliteAgentStore:
    """The enrolled agents of a profile."""

    writer: Writer

    async def agents(self) -> tuple[AgentConfig, ...]:
        """Return every agent; raises DamagedDatabase when one of them cannot be read."""

        def read(connection: sqlite3.Connection) -> tuple[AgentConfig, ...]:
            rows = connection.execute("SELECT name, data FROM agents ORDER BY name")
            return tuple(read_agent(key, data) for key, data in rows)

        return await self.writer.run(read, changes=False)

    async def put_agent(self, agent: AgentConfig) -> None:
        """Add an agent, or put it in the place of the one with its name."""
        text = agent_text(agent)
        await _put(self.writer, "INSERT OR REPLACE INTO agents VALUES (?, ?)", agent.name, text)

    async def remove_agent(self, name: str) -> bool:
        """Remove an agent; return whether it was there."""
        return await _delete(self.writer, "DELETE FROM agents WHERE name = ?", name)


@dataclass(frozen=True, slots=True)
class SqliteSettingStore:
    """The small settings of a profile."""

    writer: Writer

    async def settings(self) -> dict[str, str]:
        """Return every setting as JSON text by name."""

        def read(connection: sqlite3.Connection) -> dict[str, str]:
            return dict(connection.execute("SELECT name, value FROM settings"))

        return await self.writer.run(read, changes=False)

    async def put_setting(self, name: str, value: str) -> None:
        """Keep a setting."""
        await _put(self.writer, "INSERT OR REPLACE INTO settings VALUES (?, ?)", name, value)


async def _put(writer: Writer, statement: str, *values: str) -> None:
    def write(connection: sqlite3.Connection) -> None:
        connection.execute(statement, values)

    await writer.run(write, changes=True)


async def _delete(writer: Writer, statement: str, key: str) -> bool:
    def write(connection: sqlite3.Connection) -> bool:
        return connection.execute(statement, (key,)).rowcount > 0

    return await writer.run(write, changes=True)
