"""What history answers: pages, filters, one call, a stop's review, and its time limit."""

import asyncio
import itertools
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from keyturn.domain.canonical import JsonObject
from keyturn.domain.decision import Actor, Delivery, Outcome
from keyturn.domain.record import Entry, RecordType
from keyturn.storage.decision_log import SqliteDecisionLog, open_writer
from keyturn.storage.queries import (
    HistoryDetail,
    HistoryFilter,
    HistoryPage,
    HistoryQuery,
    Pruned,
)
from keyturn.storage.read_only import DATABASE_NAME
from tests.fakes.clock import FakeClock
from tests.unit.storage.log_entries import decision, delivery, event, masked_decision

DECISIVE = {1: "/query", 2: "/nested", 3: "/absent", 4: ""}
SECOND_CALL = "2026-11-23T14:07:54.000Z"


async def _write(folder: Path) -> None:
    """Write ten calls, one a second from 14:07:53, then a stop and two refusals."""
    clock = FakeClock()
    writer = open_writer(folder, clock)
    log = SqliteDecisionLog(writer)
    for n in range(10):
        outcome = Outcome.DENIED_USER if n == 3 else Outcome.ALLOWED_ONCE
        arguments: JsonObject = {"page": n, "query": f"SH-100% {n}_x", "nested": {"ok": True}}
        await log.commit(
            decision(
                f"c-{n}",
                outcome=outcome,
                agent="planner" if n % 2 else "analyst",
                tool="send_mail" if n == 5 else "read_page",
                session=f"s-{n % 3}",
                tier="T2" if n == 5 else "T0",
                arguments=arguments,
                decisive={0: "/page", 1: "/query", 2: "/nested", 3: "/absent", 4: ""}.get(
                    n, "/page"
                ),
            )
        )
        if n not in (3, 8, 9):
            log.note(delivery(f"c-{n}", Delivery.TOOL_ERROR if n == 2 else Delivery.COMPLETED))
        if n == 8:
            log.note(delivery("c-8", Delivery.UNKNOWN))
        if n == 4:
            await log.commit(event(RecordType.DETACHED, outcome="detached", call="c-4"))
        clock.advance(1)
    await log.commit(event(RecordType.STOP))
    for n in range(2):
        await log.commit(decision(f"c-refused-{n}", outcome=Outcome.REFUSED_PAUSED))
    await writer.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the log once."""
    made = tmp_path_factory.mktemp("history")
    asyncio.run(_write(made))
    return made


@pytest.fixture
def history(folder: Path) -> Iterator[HistoryQuery]:
    """Open the history."""
    with closing(HistoryQuery(folder / DATABASE_NAME)) as query:
        yield query


def calls(page: HistoryPage) -> list[str]:
    """Return the calls of a page."""
    return [item.call for item in page.items]


def test_the_newest_come_first_and_pages_join_without_gap(history: HistoryQuery) -> None:
    whole = calls(history.page())
    assert whole[:3] == ["c-refused-1", "c-refused-0", "c-9"]
    assert whole[-1] == "c-0"
    pages: list[str] = []
    before: int | None = None
    for _ in range(10):
        page = history.page(before=before, limit=5)
        assert page.complete
        pages += calls(page)
        before = page.older
        if before is None:
            break
    assert pages == whole


def test_a_row_has_what_the_table_shows(history: HistoryQuery) -> None:
    (item,) = history.page(HistoryFilter(tools=("send_mail",))).items
    assert (item.agent, item.server, item.tool, item.tier) == (
        "planner",
        "shipments",
        "send_mail",
        "T2",
    )
    assert (item.outcome, item.delivery, item.result) == (
        "allowed_once",
        "completed",
        {"bytes": 812},
    )
    assert (item.rule_id, item.rule_name, item.decide_ms, item.hidden, item.route) == (
        "r-1",
        "Reads of shipments",
        4,
        1,
        "rule",
    )
    assert item.ts_utc == "2026-11-23T14:07:58.000Z"
    assert item.arguments == '{"nested":{"ok":true},"page":5,"query":"SH-100% 5_x"}'


def test_the_decisive_value_is_taken_from_the_arguments(history: HistoryQuery) -> None:
    decisive = {item.call: item.decisive for item in history.page().items}
    assert decisive["c-0"] == "0"
    assert decisive["c-1"] == "SH-100% 1_x"
    assert decisive["c-2"] == '{"ok":true}'
    assert decisive["c-3"] == ""
    assert decisive["c-4"] == ""


@pytest.mark.parametrize(
    ("narrowed", "expected"),
    [
        (HistoryFilter(agents=("planner",)), ["c-9", "c-7", "c-5", "c-3", "c-1"]),
        (HistoryFilter(outcomes=("denied_user",)), ["c-3"]),
        (HistoryFilter(outcomes=("tool_error", "denied_user")), ["c-3", "c-2"]),
        (HistoryFilter(tiers=("T2",), servers=("shipments",)), ["c-5"]),
        (HistoryFilter(sessions=("s-0",), agents=("analyst",)), ["c-6", "c-0"]),
        (HistoryFilter(since=SECOND_CALL, until="2026-11-23T14:07:56.000Z"), ["c-2", "c-1"]),
        (HistoryFilter(text="5_X"), ["c-5"]),
        (HistoryFilter(text="100% 7"), ["c-7"]),
        (HistoryFilter(text="SEND_mail"), ["c-5"]),
        (HistoryFilter(text="'; DROP TABLE calls; --"), []),
        (HistoryFilter(rules=("Reads of shipments",), tools=("send_mail",)), ["c-5"]),
        (HistoryFilter(rules=("r-2",)), []),
        (HistoryFilter(actors=("human",)), []),
        (HistoryFilter(arguments=(("/query", "100% 5_X"),)), ["c-5"]),
        (HistoryFilter(arguments=(("/page", "5"),)), ["c-5"]),
        (HistoryFilter(arguments=(("/nested/ok", "1"), ("/query", "% 4_"))), ["c-4"]),
        (HistoryFilter(arguments=(("/absent", ""),)), []),
        (HistoryFilter(arguments=(("/a\"b'c", "x"),)), []),
    ],
)
def test_filters(history: HistoryQuery, narrowed: HistoryFilter, expected: list[str]) -> None:
    page = history.page(narrowed)
    assert calls(page) == expected
    counted = history.counts(narrowed)
    assert counted.complete
    assert counted.total == len(expected)


def test_counts_by_outcome(history: HistoryQuery) -> None:
    assert history.counts().by_outcome == {
        "allowed_once": 9,
        "denied_user": 1,
        "refused_paused": 2,
    }


def test_the_detail_of_a_call_has_everything_recorded_of_it(history: HistoryQuery) -> None:
    detail = history.detail("c-4")
    assert isinstance(detail, HistoryDetail)
    assert detail.arguments == '{"nested":{"ok":true},"page":4,"query":"SH-100% 4_x"}'
    assert detail.origins == ({"path": "/query", "result": 2, "tool": "search", "offset": 17},)
    assert detail.decision is not None
    assert detail.decision.entry.actor is Actor.RULE
    assert detail.decision.entry.agent_peer["pid"] == 4711
    assert detail.delivery is not None
    assert detail.delivery.entry.outcome == "completed"
    assert [entry.outcome for entry in detail.events] == ["detached"]
    assert detail.events[0].details == {"by": "button"}
    assert len(detail.chain) == 64


def test_a_call_that_is_gone_reads_as_pruned(history: HistoryQuery) -> None:
    assert history.detail("c-absent") == Pruned()


def test_pruned_bytes_read_as_pruned(tmp_path: Path) -> None:
    asyncio.run(_write(tmp_path))
    with closing(sqlite3.connect(tmp_path / DATABASE_NAME)) as connection:
        connection.execute("UPDATE records SET body = NULL WHERE seq = 1")
        connection.execute("DELETE FROM arguments WHERE seq = 1")
        connection.commit()
    with closing(HistoryQuery(tmp_path / DATABASE_NAME)) as history:
        detail = history.detail("c-0")
        assert isinstance(detail, HistoryDetail)
        assert (detail.decision, detail.arguments) == (None, None)
        assert detail.item.decisive == ""


def test_the_review_of_a_stop(history: HistoryQuery) -> None:
    (stop,) = history.events(["stop"])
    review = history.stop_review(stop.ts_utc, stop.ts_utc, seconds=3.5)
    assert [item.call for item in review.sent_before] == ["c-9", "c-8", "c-7"]
    assert [item.call for item in review.unknown] == ["c-9", "c-8"]
    assert review.refused_since == 2
    assert [entry.type for entry in review.events] == ["stop"]
    assert review.complete


FOUND = "2026-11-23T14:08:53.000Z"


async def _sent(folder: Path, reads: int) -> None:
    """Write a mail 13 s before `FOUND`, one 3 s before it and one given up, then reads."""
    clock = FakeClock()
    writer = open_writer(folder, clock)
    log = SqliteDecisionLog(writer)
    clock.advance(47)
    for call, end in (("c-old", Delivery.COMPLETED), ("c-mail", Delivery.TOOL_ERROR)):
        await log.commit(decision(call, outcome=Outcome.ALLOWED_ONCE, tier="T2"))
        log.note(delivery(call, end))
        clock.advance(10)
    clock.advance(-8)
    await log.commit(decision("c-not-sent", outcome=Outcome.ALLOWED_ONCE, tier="T2"))
    log.note(delivery("c-not-sent", Delivery.NOT_SENT))
    for number in range(reads):
        await log.commit(decision(f"c-read-{number}"))
        log.note(delivery(f"c-read-{number}"))
    await writer.close()


@pytest.mark.requirement("LAW-5")
@pytest.mark.parametrize(
    "since",
    [
        FOUND,
        "2000-01-01T00:00:00.000Z",
        "2026-11-23T14:07:53.000Z",
        "2999-01-01T00:00:00.000Z",
        "0001-01-01T00:00:00.000+14:00",
        "9999-12-31T23:59:59.999-14:00",
        "2026-11-23T00:00:00.000",
        "no time",
        "",
    ],
)
def test_no_word_of_a_file_hides_what_was_just_sent(tmp_path: Path, since: str) -> None:
    asyncio.run(_sent(tmp_path, reads=3))
    with closing(HistoryQuery(tmp_path / DATABASE_NAME)) as history:
        review = history.stop_review(since, FOUND)
    assert [item.call for item in review.owed] == ["c-mail"]
    assert {"c-old", "c-mail", "c-read-0"} <= {item.call for item in review.sent_before}


def test_a_stop_that_is_found_late_is_looked_back_from_its_begin(tmp_path: Path) -> None:
    asyncio.run(_sent(tmp_path, reads=0))
    with closing(HistoryQuery(tmp_path / DATABASE_NAME)) as history:
        review = history.stop_review(FOUND, "2026-11-24T09:00:00.000Z")
    assert review.moment_utc == FOUND
    assert [item.call for item in review.owed] == ["c-mail"]


@pytest.mark.requirement("LAW-5")
def test_reads_do_not_push_a_call_out_of_the_review(tmp_path: Path) -> None:
    asyncio.run(_sent(tmp_path, reads=600))
    with closing(HistoryQuery(tmp_path / DATABASE_NAME)) as history:
        review = history.stop_review(FOUND, FOUND)
    assert [item.call for item in review.owed] == ["c-mail"]
    assert "c-mail" in {item.call for item in review.sent_before}
    assert review.complete


@pytest.mark.requirement("LAW-3")
def test_a_review_that_is_not_whole_says_so(tmp_path: Path) -> None:
    asyncio.run(_sent(tmp_path, reads=600))
    ticks = itertools.count()
    slow = HistoryQuery(tmp_path / DATABASE_NAME, monotonic=lambda: next(ticks) * 0.4)
    with closing(slow) as history:
        assert not history.stop_review(FOUND, FOUND).complete


def test_events_are_narrowed_by_type_and_time(history: HistoryQuery) -> None:
    assert [entry.type for entry in history.events()] == ["detached", "stop"]
    assert [entry.type for entry in history.events(since=history.events()[1].ts_utc)] == ["stop"]
    assert history.events(["review"]) == ()
    assert [entry.type for entry in history.events(limit=1)] == ["stop"]


def test_calls_without_an_end_are_found(history: HistoryQuery) -> None:
    assert [item.call for item in history.unfinished()] == ["c-9"]


@pytest.mark.requirement("LAW-3")
def test_detached_calls_that_nobody_decided_are_found(tmp_path: Path) -> None:
    async def write() -> None:
        writer = open_writer(tmp_path, FakeClock())
        log = SqliteDecisionLog(writer)
        await log.commit(event(RecordType.DETACHED, outcome="expired_no_answer", call="c-open"))
        await log.commit(event(RecordType.DETACHED, outcome="expired_no_answer", call="c-over"))
        await log.commit(decision("c-over", outcome=Outcome.EXPIRED_NO_ANSWER))
        await writer.close()

    asyncio.run(write())
    with closing(HistoryQuery(tmp_path / DATABASE_NAME)) as history:
        assert [entry.call for entry in history.unanswered()] == ["c-open"]


def test_the_size_is_told(history: HistoryQuery) -> None:
    size = history.size()
    assert size.records == 22
    assert size.bytes > 4096


def test_masked_and_long_arguments(tmp_path: Path) -> None:
    async def write() -> None:
        writer = open_writer(tmp_path, FakeClock())
        log = SqliteDecisionLog(writer)
        await log.commit(masked_decision("c-1", {"pin": "***"}, {"pin": "4711"}))
        await log.commit(decision("c-2", arguments={"page": "x" * 9000}))
        await log.commit(Entry(type=RecordType.DECISION, call="c-3", outcome="refused_malformed"))
        await writer.close()

    asyncio.run(write())
    with closing(HistoryQuery(tmp_path / DATABASE_NAME)) as history:
        none, long, masked = history.page().items
        assert (masked.masked, masked.arguments) == (True, '{"pin":"***"}')
        assert (long.masked, long.arguments, long.decisive) == (False, None, "")
        assert none.arguments is None
        detail = history.detail("c-2")
        assert isinstance(detail, HistoryDetail)
        assert detail.arguments is not None
        assert len(detail.arguments) > 9000


def test_a_search_that_runs_out_of_time_says_where_to_go_on(tmp_path: Path) -> None:
    async def write() -> None:
        writer = open_writer(tmp_path, FakeClock())
        log = SqliteDecisionLog(writer)
        await asyncio.gather(*(log.commit(decision(f"c-{n}")) for n in range(3000)))
        await writer.close()

    asyncio.run(write())
    ticks = itertools.count()
    slow = HistoryQuery(tmp_path / DATABASE_NAME, monotonic=lambda: next(ticks) * 0.04)
    with closing(slow) as history:
        seen: list[str] = []
        before: int | None = None
        incomplete = 0
        for _ in range(500):
            page = history.page(HistoryFilter(text="page"), before=before, limit=3001)
            seen += calls(page)
            before = page.older
            incomplete += not page.complete
            if before is None:
                break
        assert incomplete > 1
        assert seen == [f"c-{n}" for n in reversed(range(3000))]
        assert history.counts(HistoryFilter(text="page")).complete is False


def test_the_connection_cannot_write(folder: Path) -> None:
    before = (folder / DATABASE_NAME).read_bytes()
    with closing(HistoryQuery(folder / DATABASE_NAME)) as history:
        history.page()
        assert sorted(path.name for path in folder.iterdir()) == [DATABASE_NAME]
    assert (folder / DATABASE_NAME).read_bytes() == before


def test_a_missing_database_is_an_error(tmp_path: Path) -> None:
    with (
        pytest.raises(sqlite3.OperationalError),
        closing(HistoryQuery(tmp_path / "no.db")) as query,
    ):
        query.page()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.requirement("ACCESS-1")
def test_what_was_really_used_is_named_once(history: HistoryQuery) -> None:
    """Only what was allowed, and only in the time that is asked about."""
    used = history.used(HistoryFilter(agents=("analyst",)))
    assert {(one.name, one.method) for one in used.names} == {("read_page", "")}
    assert used.complete
    mail = history.used(HistoryFilter(agents=("planner",)))
    assert sorted(one.name for one in mail.names) == ["read_page", "send_mail"]
    assert history.used(HistoryFilter(since="2030")).names == ()
    assert history.used(HistoryFilter(rules=("r-none",))).names == ()


async def _write_destinations(folder: Path) -> None:
    writer = open_writer(folder, FakeClock())
    log = SqliteDecisionLog(writer)
    sent: list[JsonObject] = [
        {"url": "https://api.Example.com/v1"},
        {"to": "someone@example.com"},
        {"url": "https://example.com.evil.test/"},
        {"text": "about example.com"},
        {"hosts": [{"host": "other.test"}]},
    ]
    for n, arguments in enumerate(sent):
        await log.commit(decision(f"c-{n}", arguments=arguments, decisive=""))
    await writer.close()


def test_hosts_are_those_that_the_arguments_name(tmp_path: Path) -> None:
    asyncio.run(_write_destinations(tmp_path))
    with closing(HistoryQuery(tmp_path / DATABASE_NAME)) as query:
        found = {
            host: calls(query.page(HistoryFilter(hosts=(host,))))
            for host in ("example.com", "API.example.com", "evil.test", "other.test", "ample.com")
        }
        either = calls(query.page(HistoryFilter(hosts=("evil.test", "other.test"))))
        place = calls(query.page(HistoryFilter(arguments=(("/hosts/0/host", "OTHER"),))))
    assert found == {
        "example.com": ["c-1", "c-0"],
        "API.example.com": ["c-0"],
        "evil.test": ["c-2"],
        "other.test": ["c-4"],
        "ample.com": [],
    }
    assert either == ["c-4", "c-2"]
    assert place == ["c-4"]
