"""What a profile holds, read without its broker: servers with their pins, agents, the last stop.

Values of the environment and hashes of tokens stay out of what is listed.
"""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from keyturn.domain.canonical import JsonObject, JsonValue, Parsed, parse_strict
from keyturn.domain.configuration import AgentConfig, ServerConfig
from keyturn.domain.definition import Pin
from keyturn.domain.errors import DamagedDatabase, Said, filled
from keyturn.domain.rule import Rule
from keyturn.domain.rule_lint import KnownTool
from keyturn.domain.sight import Sight
from keyturn.domain.tier import Tier
from keyturn.storage.agreements import (
    read_agent,
    read_pin,
    read_rule,
    read_server,
    read_sight,
)
from keyturn.storage.read_only import connect_read_only
from keyturn.storage.standing_stop import LAST_TURN, STANDING_STOP, suspends


def list_servers(database: Path) -> list[JsonObject]:
    """Return each server with its pinned tools, by name.

    Raises DamagedDatabase when the file or one of its rows cannot be read.
    """
    rows = _rows(database, "SELECT server, launch_hash, tool, data FROM pins ORDER BY server, tool")
    pins = [read_pin(*row) for row in rows]
    servers = _rows(database, "SELECT name, data FROM servers ORDER BY name")
    return [_server_row(read_server(*row), pins) for row in servers]


def pinned_tools(database: Path, servers: Sequence[ServerConfig]) -> list[KnownTool]:
    """Return the pinned tools of servers, with what these settings confirm of them."""
    rows = _rows(database, "SELECT server, launch_hash, tool, data FROM pins ORDER BY server, tool")
    pins = [read_pin(*row) for row in rows]
    return [
        _known_tool(server, pin) for server in servers for pin in pins if pin.server == server.name
    ]


def list_rules(database: Path) -> list[Rule]:
    """Return the rules as they stand in the file, whoever wrote them; raises as `list_servers`."""
    rows = _rows(database, "SELECT id, data FROM rules ORDER BY id")
    return [read_rule(*row) for row in rows]


def list_agents(database: Path) -> list[JsonObject]:
    """Return the enrolled agents, by name; raises DamagedDatabase as `list_servers`.

    What one sees is as it was set: only the broker knows whether a profile's time is over.
    """
    rows = _rows(database, "SELECT name, data FROM agents ORDER BY name")
    sights = {name: read_sight(name, data) for name, data in _sights(database)}
    agents = [read_agent(*row) for row in rows]
    return [
        {**_agent_row(agent), **_sight_row(sights.get(agent.name, Sight(agent=agent.name)))}
        for agent in agents
    ]


def last_stop(database: Path) -> JsonObject | None:
    """Return the facts of a stop that no resume follows in the log; None when there is none.

    Of several the first is meant: the later ones raised it, or pressed what was pressed already.
    """
    if not database.exists():
        return None
    rows = _rows(
        database,
        STANDING_STOP,
    )
    if not rows:
        return None
    since, text, _seq = rows[0]
    details = parse_strict(text)
    if not isinstance(details, Parsed) or not isinstance(details.value, dict):
        raise _unreadable(
            database, Said("the last stop is not in the form that Keyturn writes", {})
        )
    return {"since": since, **details.value}


def latest_time(database: Path) -> str:
    """Return the latest time that a record has; empty for none.

    Not the last record's: the clock may have been set back before it.
    """
    if not database.exists():
        return ""
    rows = _rows(
        database,
        "SELECT coalesce(max(ts), '') FROM (SELECT max(ts) AS ts FROM calls UNION ALL "
        "SELECT max(ts) FROM events)",
    )
    return str(rows[0][0])


def rules_suspended(database: Path) -> bool:
    """Tell whether the last stop ended carefully and nobody has turned the rules on since."""
    if not database.exists():
        return False
    return any(suspends(kind, outcome) for kind, outcome, _seq in _rows(database, LAST_TURN))


def _server_row(server: ServerConfig, pins: Sequence[Pin]) -> JsonObject:
    tools: list[JsonValue] = [_pin_row(pin) for pin in pins if pin.server == server.name]
    return {
        "name": server.name,
        "command": list(server.command),
        "env": list(server.env_names()),
        **_remote(server),
        "credentials": list(server.credential_names()),
        "environment": server.environment,
        "credential_environments": dict(server.credential_environments),
        "confirmed": server.confirmed,
        "tools": tools,
    }


def _remote(server: ServerConfig) -> JsonObject:
    if not server.url:
        return {}
    headers: list[JsonValue] = [*server.header_names()]
    return {"url": server.url, "transport": server.transport.value, "headers": headers}


def _pin_row(pin: Pin) -> JsonObject:
    return {
        "name": pin.definition.name,
        "tier": (pin.tier if pin.tier is not None else Tier.T3).name,
        "labels": pin.labels.letters(),
        "def_hash": pin.definition.def_hash,
        "pinned_at": pin.pinned_at,
        "hidden": pin.hidden,
    }


def _known_tool(server: ServerConfig, pin: Pin) -> KnownTool:
    setting = server.tool_setting(pin.definition.name)
    return KnownTool(
        server=server.name,
        name=pin.definition.name,
        tier=setting.tier if setting is not None else pin.tier,
        labels=setting.labels if setting is not None else pin.labels,
        schema=pin.definition.input_schema,
    )


def _agent_row(agent: AgentConfig) -> JsonObject:
    return {
        "name": agent.name,
        "enrolled_at": agent.enrolled_at,
        "executable": agent.executable,
        "confirmed": agent.confirmed,
        "environment": agent.environment,
    }


def _sights(database: Path) -> list[tuple[Any, ...]]:
    if not _rows(database, "SELECT 1 FROM sqlite_master WHERE name = 'sights'"):
        # No broker of this version has run on it yet.
        return []
    return _rows(database, "SELECT name, data FROM sights WHERE kind = 'agent'")


def _sight_row(sight: Sight) -> JsonObject:
    rows: JsonValue = None if sight.rows is None else [row.text for row in sight.rows]
    return {
        "sees": rows,
        "profiles_only": sight.profiles_only,
        "profile": sight.profile,
        "until": "" if sight.over else sight.until,
    }


def _rows(database: Path, query: str) -> list[tuple[Any, ...]]:
    try:
        with closing(connect_read_only(database)) as connection:
            return connection.execute(query).fetchall()
    except sqlite3.Error as error:
        raise _unreadable(database, filled("SQLite says: {error}", error=error)) from error


def _unreadable(database: Path, cause: str | Said) -> DamagedDatabase:
    return DamagedDatabase(
        filled("The database {name} cannot be read.", name=database.name),
        cause=filled("{cause}.", cause=cause),
        mend="Run `keyturn verify`, then put a backup of the profile in its place.",
    )
