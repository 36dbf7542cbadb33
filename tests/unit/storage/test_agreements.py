"""Rows of agreements: anything that Keyturn did not write is refused."""

import json
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from keyturn.domain.configuration import RemoteTransport, ServerConfig
from keyturn.domain.errors import DamagedDatabase
from keyturn.storage.agreements import (
    agent_text,
    pin_text,
    profile_text,
    read_agent,
    read_pin,
    read_profile,
    read_rule,
    read_server,
    read_sight,
    rule_text,
    server_text,
    sight_text,
)
from tests.contracts.test_stores import (
    AGENT,
    PROFILE,
    RULE,
    SERVER,
    SIGHT,
    Stores,
    pin,
    run,
    sqlite,
)
from tests.factories import make_prompt

PIN = pin("read_page")
SAID = replace(PIN, definition=make_prompt())
"""Of a prompt."""
FAR = ServerConfig(name="far", command=(), url="https://a.example/sse", headers={"A": "keychain:b"})
LABELLED = replace(FAR, credential_environments={"b": "production"})
SEEN = replace(AGENT, executable_sha256="e" * 64, environment="qa")
OLD = replace(FAR, transport=RemoteTransport.SSE)


def as_pin(_: str, text: str) -> object:
    """Read a pin under its own key."""
    return read_pin(PIN.server, PIN.launch_hash, PIN.definition.name, text)


def as_said(_: str, text: str) -> object:
    """Read a prompt's pin under its own key."""
    return read_pin(SAID.server, SAID.launch_hash, SAID.definition.name, text)


ROWS: list[tuple[str, str, Callable[[str, str], object]]] = [
    (RULE.id, rule_text(RULE), read_rule),
    (SERVER.name, server_text(SERVER), read_server),
    (FAR.name, server_text(FAR), read_server),
    (OLD.name, server_text(OLD), read_server),
    (AGENT.name, agent_text(AGENT), read_agent),
    (PIN.server, pin_text(PIN), as_pin),
    (SAID.server, pin_text(SAID), as_said),
    (SIGHT.agent, sight_text(SIGHT), read_sight),
    (PROFILE.name, profile_text(PROFILE), read_profile),
]
KINDS = pytest.mark.parametrize(
    ("key", "text", "read"),
    ROWS,
    ids=["rule", "server", "remote", "older", "agent", "pin", "said", "sight", "profile"],
)


@KINDS
def test_what_was_written_is_read(key: str, text: str, read: Callable[[str, str], object]) -> None:
    assert read(key, text) in (RULE, SERVER, FAR, OLD, AGENT, PIN, SAID, SIGHT, PROFILE)


@KINDS
def test_every_missing_unknown_or_odd_member_is_refused(
    key: str, text: str, read: Callable[[str, str], object]
) -> None:
    data: dict[str, Any] = json.loads(text)
    values: list[object] = [7, True, "text", [1], {"a": 1}]
    odd: list[dict[str, Any]] = [{**data, "more": 1}]
    for name, present in data.items():
        odd.append({k: v for k, v in data.items() if k != name})
        odd += [{**data, name: value} for value in values if type(value) is not type(present)]
    for changed in odd:
        written = json.dumps(changed, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        with pytest.raises(DamagedDatabase):
            read(key, written)


def test_an_unconfirmed_tier_is_kept_and_t3_is_not_a_confirmation() -> None:
    text = pin_text(replace(PIN, tier=None))
    assert as_pin("", text) == replace(PIN, tier=None)
    with pytest.raises(DamagedDatabase, match="T3"):
        as_pin("", text.replace('"tier":null', '"tier":"T3"'))


@KINDS
@pytest.mark.parametrize("broken", ["", "[]", "{", "null", "{}"])
def test_what_is_no_object_is_refused(
    key: str, text: str, read: Callable[[str, str], object], broken: str
) -> None:
    with pytest.raises(DamagedDatabase) as caught:
        read(key, broken)
    assert caught.value.mend


@KINDS
def test_another_way_to_write_the_same_is_refused(
    key: str, text: str, read: Callable[[str, str], object]
) -> None:
    with pytest.raises(DamagedDatabase, match="form"):
        read(key, text.replace(":", ": ", 1))


def test_a_row_under_another_key_is_refused() -> None:
    with pytest.raises(DamagedDatabase):
        read_rule("r-other", rule_text(RULE))
    with pytest.raises(DamagedDatabase):
        read_server("other", server_text(SERVER))
    with pytest.raises(DamagedDatabase):
        read_agent("other", agent_text(AGENT))
    for key in (
        ("other", PIN.launch_hash, "read_page"),
        (PIN.server, "other", "read_page"),
        (PIN.server, PIN.launch_hash, "other"),
    ):
        with pytest.raises(DamagedDatabase):
            read_pin(*key, pin_text(PIN))


def test_a_row_that_another_program_broke_does_not_count(tmp_path: Path) -> None:
    async def scenario(stores: Stores) -> None:
        await stores.rules.put(RULE)
        await stores.servers.put_pins([PIN])
        other = sqlite3.connect(tmp_path / "profile" / "keyturn.db")
        other.execute("UPDATE rules SET data = replace(data, 'allow', 'ALLOW')")
        other.execute("UPDATE pins SET tool = 'write_page'")
        other.commit()
        other.close()
        assert await stores.rules.all() == ()
        assert await stores.servers.pins() == ()

    run(sqlite, tmp_path, scenario)


def test_an_agents_program_is_read_as_it_was_written() -> None:
    assert read_agent(SEEN.name, agent_text(SEEN)) == SEEN


def test_the_labels_of_credentials_are_read_as_they_were_written() -> None:
    assert read_server(LABELLED.name, server_text(LABELLED)) == LABELLED
