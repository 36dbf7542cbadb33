"""Which records count as put before a person, and what is known of each."""

import asyncio
import itertools
import time
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest

from keyturn.domain.attention import ToolKey
from keyturn.domain.canonical import JsonObject
from keyturn.domain.decision import Outcome
from keyturn.domain.record import Entry
from keyturn.domain.tier import Tier
from keyturn.storage.decision_log import SqliteDecisionLog, open_writer
from keyturn.storage.queries import attention
from keyturn.storage.queries.attention import read_asked
from keyturn.storage.read_only import DATABASE_NAME
from tests.fakes.clock import FakeClock
from tests.unit.storage.log_entries import decision


@dataclass(frozen=True)
class Case:
    """One decision of the log, by what is looked at."""

    outcome: Outcome
    details: JsonObject


WRITTEN = {
    "quick": Case(
        Outcome.ALLOWED_ONCE, {"route": "window", "decide_ms": 900, "after_arming_ms": 40}
    ),
    "early-denial": Case(Outcome.DENIED_USER, {"route": "accessibility", "after_arming_ms": None}),
    "terminal": Case(Outcome.DENIED_USER, {"route": "terminal"}),
    "one-retry": Case(Outcome.ALLOWED_RETRY_GRANT, {"route": "window", "after_arming_ms": 5_000}),
    "expired": Case(Outcome.EXPIRED_NO_ANSWER, {}),
    "left": Case(Outcome.CANCELLED_BY_CLIENT, {}),
    "its-retry": Case(Outcome.ALLOWED_RETRY_GRANT, {}),
    "denied-unasked": Case(Outcome.DENIED_USER, {"denied_as": "early-denial"}),
    "by-rule": Case(Outcome.ALLOWED_RULE, {}),
    "by-program": Case(Outcome.ALLOWED_ONCE, {"route": "exec"}),
    "practice": Case(Outcome.ALLOWED_ONCE, {"practice": True, "route": "window"}),
    "practice-left": Case(Outcome.CANCELLED_BY_CLIENT, {"practice": True}),
    "stopped": Case(Outcome.REFUSED_PAUSED, {}),
}


def _entry(name: str, case: Case) -> Entry:
    made = decision(name, outcome=case.outcome, tool=name, tier="T1")
    return msgspec.structs.replace(made, details=case.details)


async def _write(folder: Path) -> None:
    clock = FakeClock()
    writer = open_writer(folder, clock)
    log = SqliteDecisionLog(writer)
    for name, case in WRITTEN.items():
        await log.commit(_entry(name, case))
        clock.advance(60)
    await writer.close()


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the log once."""
    made = tmp_path_factory.mktemp("attention")
    asyncio.run(_write(made))
    return made / DATABASE_NAME


@pytest.mark.requirement("P4")
def test_what_a_person_was_asked_is_found_and_nothing_else(database: Path) -> None:
    found = read_asked(database, "2026-01-01T00:00:00.000Z")
    assert found.complete
    said = {
        call.what.tool: (call.allowed, call.timed, call.after_arming_ms) for call in found.calls
    }
    assert said == {
        "quick": (True, True, 40),
        "early-denial": (False, True, None),
        "terminal": (False, False, None),
        "one-retry": (True, True, 5_000),
        "expired": (None, False, None),
        "left": (None, False, None),
    }
    oldest = found.calls[-1]
    assert (oldest.what, oldest.tier, oldest.decide_ms) == (
        ToolKey("shipments", "quick", ""),
        Tier.T1,
        900,
    )


def test_what_is_older_is_left_out(database: Path) -> None:
    whole = read_asked(database, "").calls
    since = whole[1].at.strftime("%Y-%m-%dT%H:%M:%S.000Z")
    assert read_asked(database, since).calls == whole[:2]


def test_more_than_is_read_is_said(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attention, "MOST_CALLS", 4)
    found = read_asked(database, "")
    assert len(found.calls) == 4
    assert not found.complete


def test_time_that_runs_out_leaves_what_was_read(
    database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attention, "_STEPS", 1)
    late = itertools.chain([0.0], itertools.repeat(2.0))
    found = read_asked(database, "", monotonic=lambda: next(late))
    assert not found.complete
    assert read_asked(database, "", monotonic=time.monotonic).complete
