"""A window that came back: ages go on as the broker counts, and the log says what was decided."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from pytestqt.qtbot import QtBot

from keyturn.application.approval_request import WithdrawCause
from keyturn.application.console_protocol import RequestDetached, RequestShown
from keyturn.domain.decision import Outcome
from keyturn.gui.history.model import HistoryModel
from keyturn.gui.history.presenter import HistoryPresenter
from keyturn.gui.history.view import HistoryView
from keyturn.gui.look import Look
from keyturn.gui.queue.model import ROW_ROLE
from keyturn.presentation.card_builder import CardBuilder
from keyturn.presentation.decided import decided_before
from keyturn.presentation.history_builder import HistoryBuilder
from keyturn.presentation.queue import DecidedRow, QueueRow
from keyturn.presentation.verbs import read_verbs
from keyturn.storage.decision_log import SqliteDecisionLog, open_writer
from keyturn.storage.queries.items import HistoryItem
from keyturn.storage.read_only import DATABASE_NAME
from tests.fakes.approval_requests import a_call
from tests.fakes.clock import FakeClock
from tests.gui import pages_data as data
from tests.gui.conftest import RESOURCES, Clock
from tests.gui.scenes import let_go
from tests.gui.sheets_scene import SheetsScene
from tests.gui.spy_bridge import SpyBridge
from tests.unit.presentation.recorded import Recorded
from tests.unit.storage.log_entries import decision

pytestmark = [
    pytest.mark.gui,
    # The offscreen platform has no window manager to tell a window's least size to.
    pytest.mark.qt_log_ignore("This plugin does not support propagateSizeHints"),
]
NOW = datetime(2026, 11, 23, 14, 9, 50, tzinfo=UTC)
"""Two minutes after what `Recorded` says."""


@pytest.fixture
def scene(qtbot: QtBot, look: Look, clock: Clock) -> Iterator[SheetsScene]:
    """Return a window that has just come up."""
    made = SheetsScene(qtbot, look, clock)
    yield made
    let_go(made.window)


def test_an_age_is_what_the_broker_counted(scene: SheetsScene) -> None:
    oldest: list[int] = []

    def show(_count: int, age: int) -> None:
        oldest.append(age)

    scene.queue.waiting_changed.connect(show)
    call = a_call()
    shown = RequestShown(request=call, remaining_ms=38_000, waited_ms=72_000)
    scene.bridge.request_shown.emit(shown)
    scene.qtbot.waitUntil(lambda: scene.model.rows.rowCount() == 1)
    row = scene.model.rows.data(scene.model.rows.index(0), ROW_ROLE)
    assert isinstance(row, QueueRow)
    assert row.age == "1 min"
    assert oldest[-1] == 72_000
    card = scene.model.card
    assert card is not None
    assert card.deadline is not None
    assert card.deadline.waits_until_ms - card.deadline.asked_at_ms == 110_000


def test_since_when_an_agent_waits_no_more_is_what_the_broker_counted(scene: SheetsScene) -> None:
    call = a_call()
    scene.bridge.request_shown.emit(RequestShown(request=call, remaining_ms=0, waited_ms=90_000))
    scene.bridge.request_detached.emit(
        RequestDetached(id=call.id, cause="expired_no_answer", ago_ms=40_000)
    )
    scene.qtbot.waitUntil(lambda: scene.model.card is not None)
    card = scene.model.card
    assert card is not None
    assert card.deadline is not None
    assert card.deadline.stopped_waiting_at_ms == scene.clock() - 40_000


def test_what_was_decided_before_stands_behind_what_was_decided_since(scene: SheetsScene) -> None:
    rows: list[DecidedRow] = []

    def show(decided: tuple[DecidedRow, ...]) -> None:
        rows[:] = decided

    scene.model.decided_changed.connect(show)
    call = a_call()
    scene.ask(call)
    scene.end(call, WithdrawCause.DECIDED_BY_RULE)
    seen_by_itself = Recorded(call=call.id, ts_utc="2026-11-23T14:09:49.000Z")
    found = (
        seen_by_itself,
        Recorded(call="c-4", outcome="denied_user"),
        Recorded(call="c-3"),
        Recorded(call="c-2"),
    )
    scene.queue.remember(decided_before(found, now=NOW, now_ms=scene.clock()))
    assert [row.age for row in rows][1:] == ["2 min", "2 min"]
    assert "denied" in rows[1].text.lower()
    assert "analyst" in rows[1].text


def test_what_was_decided_an_hour_ago_was_not_just_decided() -> None:
    old = Recorded(ts_utc="2026-11-23T13:09:50.000Z")
    assert decided_before([old], now=NOW, now_ms=0) == ()
    (just,) = decided_before([Recorded()], now=NOW, now_ms=5_000)
    assert just.at_ms == 5_000 - 120_000
    assert not just.by_rule


def test_the_history_finds_what_waited_for_a_person_and_ended_last(
    tmp_path: Path, look: Look
) -> None:
    async def story() -> tuple[HistoryItem, ...]:
        writer = open_writer(tmp_path, FakeClock())
        log = SqliteDecisionLog(writer)
        outcomes = (
            Outcome.DENIED_USER,
            Outcome.ALLOWED_ONCE,
            Outcome.DENIED_RULE,
            Outcome.ALLOWED_RULE,
            Outcome.EXPIRED_NO_ANSWER,
            Outcome.CANCELLED_BY_CLIENT,
        )
        for n, outcome in enumerate(outcomes):
            await log.commit(msgspec.structs.replace(decision(f"c-{n}"), outcome=outcome))
        await writer.close()
        bridge, model = SpyBridge(), HistoryModel()
        view = HistoryView(look, model)
        cards = CardBuilder(look.words, read_verbs(RESOURCES / "verbs.toml"))
        presenter = HistoryPresenter(
            bridge=bridge, model=model, view=view, builder=HistoryBuilder(look.words, cards)
        )
        found: asyncio.Future[tuple[HistoryItem, ...]]
        found = asyncio.get_running_loop().create_future()
        presenter.last_found.connect(found.set_result)
        bridge.welcomed.emit(
            msgspec.structs.replace(data.WELCOME, database=str(tmp_path / DATABASE_NAME))
        )
        try:
            return await asyncio.wait_for(found, 20)
        finally:
            presenter.close()
            view.deleteLater()

    found = asyncio.run(story())
    # What its agent took back is not among them: any number of calls are taken back unasked.
    assert [item.call for item in found] == ["c-4", "c-1", "c-0"]
