"""What a profile holds, read without its broker: servers with their pins, and agents."""

import json
from contextlib import closing
from pathlib import Path

from keyturn.domain.canonical import JsonObject, JsonValue
from keyturn.storage.agreements import read_agent, read_pin, read_server
from keyturn.storage.read_only import connect_read_only


def list_servers(database: Path) -> list[JsonObject]:
    """Return each server with its pinned tools; values of the environment stay out.

    Raises DamagedDatabase for a row that cannot be read, sqlite3.Error for an unreadable file.
    """
    with closing(connect_read_only(database)) as connection:
        servers = [
            read_server(name, data)
            for name, data in connection.execute("SELECT name, data FROM servers ORDER BY name")
        ]
        rows = "SELECT server, launch_hash, tool, data FROM pins ORDER BY server, tool"
        pins = [read_pin(*row) for row in connection.execute(rows)]
    listed: list[JsonObject] = []
    for server in servers:
        tools: list[JsonValue] = [
            {
                "name": pin.definition.name,
                "tier": pin.tier.name if pin.tier is not None else "T3",
                "labels": pin.labels.letters(),
                "def_hash": pin.definition.def_hash,
                "pinned_at": pin.pinned_at,
                "hidden": pin.hidden,
            }
            for pin in pins
            if pin.server == server.name
        ]
        listed.append(
            {
                "name": server.name,
                "command": list(server.command),
                "env": list(server.env_names()),
                "credentials": list(server.credential_names()),
                "environment": server.environment,
                "confirmed": server.confirmed,
                "tools": tools,
            }
        )
    return listed


def list_agents(database: Path) -> list[JsonObject]:
    """Return the enrolled agents; the hashes of their tokens stay out."""
    with closing(connect_read_only(database)) as connection:
        agents = [
            read_agent(name, data)
            for name, data in connection.execute("SELECT name, data FROM agents ORDER BY name")
        ]
    return [
        {"name": a.name, "enrolled_at": a.enrolled_at, "executable": a.executable} for a in agents
    ]


def last_stop(database: Path) -> JsonObject | None:
    """Return the facts of a stop that no resume follows in the log; None when there is none."""
    if not database.exists():
        return None
    with closing(connect_read_only(database)) as connection:
        row = connection.execute(
            "SELECT type, ts, details FROM events WHERE type IN ('stop', 'resume') "
            "ORDER BY seq DESC LIMIT 1"
        ).fetchone()
    if row is None or row[0] != "stop":
        return None
    details: JsonObject = json.loads(row[2])
    return {"since": row[1], **details}
