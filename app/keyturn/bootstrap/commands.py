"""Adapters of the small commands: they look at the profile, or ask its broker one thing."""

import asyncio
from collections.abc import Mapping
from pathlib import Path

from keyturn.bootstrap import ProfileChoice
from keyturn.desktop.control_client import ask_broker
from keyturn.desktop.paths import Profile, locate_profile
from keyturn.desktop.places import broker_socket
from keyturn.domain.canonical import JsonObject, JsonValue
from keyturn.domain.client_request import TOOLS_CALL
from keyturn.domain.errors import ConfigurationError


def find_profile(choice: ProfileChoice) -> Profile:
    """Locate the profile of a command; makes nothing."""
    return locate_profile(choice.env, name=choice.name, home=choice.home)


def ask(choice: ProfileChoice, request: Mapping[str, JsonValue]) -> JsonObject | None:
    """Ask the profile's broker; None when none listens."""
    return ask_broker(broker_socket(find_profile(choice), choice.env), request)


def raise_window(choice: ProfileChoice) -> bool:
    """Ask the profile's broker to show its window; True when it did."""
    answer = ask(choice, {"control": "raise"})
    return answer is not None and answer.get("ok") is True


def verify_log(choice: ProfileChoice, database: Path | None, *, deep: bool) -> tuple[int, str]:
    """Verify a log without changing it; returns the exit code and a sentence."""
    from keyturn.storage.verification import verify

    path = database if database is not None else find_profile(choice).database
    found = verify(path, deep=deep)
    return int(found.code), found.sentence


def history_rows(
    choice: ProfileChoice, filters: Mapping[str, tuple[str, ...]], limit: int
) -> list[JsonObject]:
    """Query the profile's history."""
    from keyturn.domain.history_filter import HistoryFilter
    from keyturn.domain.record import NOT_WEAKENED, WEAKENED
    from keyturn.storage.queries.history import HistoryQuery

    database = find_profile(choice).database
    if not database.exists():
        return []
    query = HistoryQuery(database)
    try:
        page = query.page(
            HistoryFilter(
                agents=filters.get("agent", ()),
                servers=filters.get("server", ()),
                tools=filters.get("tool", ()),
                outcomes=filters.get("outcome", ()),
                # Only where they are asked for: the rest of the list is decisions.
                weakenings=not {WEAKENED, NOT_WEAKENED}.isdisjoint(filters.get("outcome", ())),
                tiers=filters.get("tier", ()),
                rules=filters.get("rule", ()),
                since=" ".join(filters.get("since", ())),
                until=" ".join(filters.get("until", ())),
                text=" ".join(filters.get("text", ())),
            ),
            limit=limit,
        )
    finally:
        query.close()
    return [
        {
            "number": item.number,
            "call": item.call,
            "time": item.ts_utc,
            "agent": item.agent,
            "session": item.session,
            "server": item.server,
            "tool": item.tool,
            "method": item.method or TOOLS_CALL,
            "tier": item.tier,
            "outcome": item.outcome,
            "actor": item.actor,
            "rule": item.rule_name or item.rule_id,
            "delivery": item.delivery,
            "digest": item.digest,
            "arguments": item.arguments,
        }
        for item in page.items
    ]


def read_servers(choice: ProfileChoice) -> list[JsonObject]:
    """Read servers and pins from the profile's database, without writing to it."""
    from keyturn.storage.listing import list_servers

    profile = find_profile(choice)
    return list_servers(profile.database) if profile.database.exists() else []


def read_agents(choice: ProfileChoice) -> list[JsonObject]:
    """Read the enrolled agents from the profile's database; token hashes stay there."""
    from keyturn.storage.listing import list_agents

    profile = find_profile(choice)
    return list_agents(profile.database) if profile.database.exists() else []


def credentials(choice: ProfileChoice) -> list[tuple[str, str, bool]]:
    """List what the configured servers need, and whether the keychain has it."""
    from keyturn.bootstrap.keychains import profile_keychain

    store = profile_keychain(find_profile(choice))
    needed = [
        (str(row["name"]), str(name))
        for row in read_servers(choice)
        for name in _texts(row.get("credentials"))
    ]

    async def look() -> list[tuple[str, str, bool]]:
        return [(s, n, await store.get(s, n) is not None) for s, n in needed]

    return asyncio.run(look())


def store_credential(choice: ProfileChoice, server: str, name: str, value: str) -> str:
    """Store a secret; for a configured server it is proposed, and the window settles it."""
    from keyturn.application.ports.secret_store import Secret
    from keyturn.bootstrap.keychains import profile_keychain

    if any(row["name"] == server for row in read_servers(choice)):
        answer = ask(
            choice,
            {"control": "propose_credential", "server": server, "name": name, "value": value},
        )
        if answer is None:
            raise ConfigurationError(
                "Keyturn is not running.",
                mend="Start Keyturn: a credential in use is confirmed in its window.",
            )
        if answer.get("ok") is not True:
            raise ConfigurationError(str(answer.get("sentence")))
        return "Proposed. Accept it under Credentials in Keyturn's window."
    store = profile_keychain(find_profile(choice))
    asyncio.run(store.put(server, name, Secret(value)))
    return "Stored in the keychain."


def drop_credential(choice: ProfileChoice, server: str, name: str) -> None:
    """Remove a secret; raises ConfigurationError when there is none."""
    from keyturn.bootstrap.keychains import profile_keychain

    store = profile_keychain(find_profile(choice))
    if not asyncio.run(store.delete(server, name)):
        raise ConfigurationError(f"The keychain holds no {name!r} for {server!r}.")


def _texts(value: JsonValue) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []
