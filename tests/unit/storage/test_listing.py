"""What commands that only look are told of servers and agents."""

import asyncio
import json
from dataclasses import replace
from pathlib import Path

import pytest

from keyturn.domain.errors import DamagedDatabase
from keyturn.domain.record import Entry, RecordType
from keyturn.storage.decision_log import SqliteDecisionLog, open_writer
from keyturn.storage.listing import last_stop, list_agents, list_servers, rules_suspended
from tests.contracts.test_stores import (
    AGENT,
    PROFILE,
    SERVER,
    SIGHT,
    Stores,
    pin,
    run,
    sqlite,
)
from tests.fakes.clock import FakeClock
from tests.unit.storage.log_entries import event

CAREFUL = Entry(type=RecordType.RESUME, outcome="careful")


def test_servers_are_listed_with_their_tools_and_without_values(tmp_path: Path) -> None:
    async def scenario(stores: Stores) -> None:
        await stores.servers.put_server(SERVER)
        unconfirmed = replace(pin("read_page"), tier=None)
        await stores.servers.put_pins([unconfirmed, pin("other", server="weather")])
        (row,) = list_servers(tmp_path / "profile" / "keyturn.db")
        assert row["name"] == "shipments"
        assert row["credentials"] == ["ship"]
        assert row["env"] == ["MODE", "TOKEN=keychain:ship"]
        assert row["confirmed"] is False
        assert row["tools"] == [
            {
                "name": "read_page",
                "tier": "T3",
                "labels": "P",
                "def_hash": pin("read_page").definition.def_hash,
                "pinned_at": "2026-11-23T14:07:52.123Z",
                "hidden": False,
            }
        ]
        assert "demo" not in json.dumps(row)

    run(sqlite, tmp_path, scenario)


def test_agents_are_listed_without_the_hash_of_their_token(tmp_path: Path) -> None:
    async def scenario(stores: Stores) -> None:
        await stores.agents.put_agent(AGENT)
        (row,) = list_agents(tmp_path / "profile" / "keyturn.db")
        assert row["name"] == "analyst"
        assert AGENT.token_sha256 not in json.dumps(row)

    run(sqlite, tmp_path, scenario)


def test_agents_are_listed_with_what_they_see(tmp_path: Path) -> None:
    async def scenario(stores: Stores) -> None:
        await stores.agents.put_agent(AGENT)
        await stores.agents.put_agent(replace(AGENT, name="auditor"))
        await stores.sights.put_sight(SIGHT)
        await stores.sights.put_profile(PROFILE)
        listed, auditor = list_agents(tmp_path / "profile" / "keyturn.db")
        assert listed["sees"] == ["call prompt shipments/read_*"]
        assert (listed["profile"], listed["until"]) == ("Reporting", SIGHT.until)
        assert (auditor["sees"], auditor["profile"], auditor["profiles_only"]) == (None, "", False)
        await stores.sights.put_sight(replace(SIGHT, over=True))
        assert list_agents(tmp_path / "profile" / "keyturn.db")[0]["until"] == ""

    run(sqlite, tmp_path, scenario)


def test_the_last_stop_is_told_until_a_resume(tmp_path: Path) -> None:
    async def scenario() -> None:
        clock = FakeClock()
        writer = open_writer(tmp_path, clock)
        log = SqliteDecisionLog(writer)
        assert last_stop(path) is None
        await log.commit(event(RecordType.STOP))
        assert last_stop(path) == {"since": "2026-11-23T14:07:53.000Z", "by": "button"}
        # What raises it or presses it again does not move its begin.
        clock.advance(60)
        await log.commit(event(RecordType.STOP))
        assert last_stop(path) == {"since": "2026-11-23T14:07:53.000Z", "by": "button"}
        await log.commit(event(RecordType.RESUME))
        assert last_stop(path) is None
        await writer.close()

    path = tmp_path / "keyturn.db"
    assert last_stop(path) is None
    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("then", "suspended"),
    [
        ((), True),
        ((Entry(type=RecordType.RULE, outcome="added"),), True),
        ((Entry(type=RecordType.RULE, outcome="used"),), False),
        ((Entry(type=RecordType.RESUME, outcome="with_rules"),), False),
        ((Entry(type=RecordType.RULE, outcome="used"), CAREFUL), True),
    ],
)
def test_a_careful_resume_holds_until_the_rules_are_used(
    tmp_path: Path, then: tuple[Entry, ...], suspended: bool
) -> None:
    async def scenario() -> None:
        writer = open_writer(tmp_path, FakeClock())
        log = SqliteDecisionLog(writer)
        assert not rules_suspended(path)
        await log.commit(CAREFUL)
        for entry in then:
            await log.commit(entry)
        assert rules_suspended(path) is suspended
        await writer.close()

    path = tmp_path / "keyturn.db"
    assert not rules_suspended(path)
    asyncio.run(scenario())


def test_an_unreadable_database_is_said(tmp_path: Path) -> None:
    path = tmp_path / "keyturn.db"
    path.write_bytes(b"no database" * 1000)
    with pytest.raises(DamagedDatabase):
        list_agents(path)
    with pytest.raises(DamagedDatabase):
        last_stop(path)
    with pytest.raises(DamagedDatabase):
        rules_suspended(path)
