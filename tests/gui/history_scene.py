"""The history's screen on a real database, with a bridge that tests speak by."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec

from keyturn.domain.decision import Outcome
from keyturn.domain.record import Entry
from keyturn.gui.history.model import ROW_ROLE, HistoryModel
from keyturn.gui.history.presenter import HistoryPresenter
from keyturn.gui.history.view import HistoryView
from keyturn.gui.look import Look
from keyturn.presentation.card_builder import CardBuilder
from keyturn.presentation.history import HistoryRow
from keyturn.presentation.history_builder import HistoryBuilder
from keyturn.presentation.verbs import read_verbs
from keyturn.storage.decision_log import SqliteDecisionLog, open_writer
from keyturn.storage.read_only import DATABASE_NAME
from tests.fakes.clock import FakeClock
from tests.gui import pages_data as data
from tests.gui.conftest import RESOURCES
from tests.gui.scenes import let_go
from tests.gui.spy_bridge import SpyBridge
from tests.unit.storage.log_entries import decision


@dataclass(frozen=True, slots=True)
class HistoryScene:
    """A screen whose database has one decision of each outcome, by two agents in turn."""

    bridge: SpyBridge
    model: HistoryModel
    view: HistoryView
    presenter: HistoryPresenter

    def rows(self) -> list[HistoryRow]:
        """Return the rows on screen."""
        rows = self.model.rows
        return [rows.data(rows.index(n, 0), ROW_ROLE) for n in range(rows.rowCount())]  # pyright: ignore[reportReturnType]  # what the role is for

    async def until(self, holds: Callable[[list[HistoryRow]], bool]) -> list[HistoryRow]:
        """Wait until the rows are as wanted, and return them."""
        changed = asyncio.Event()
        rows = self.model.rows
        for signal in (rows.modelReset, rows.rowsInserted, rows.dataChanged):
            signal.connect(changed.set)
        while not holds(self.rows()):
            await asyncio.wait_for(changed.wait(), 20)
            changed.clear()
        return self.rows()

    def close(self) -> None:
        """Take it down."""
        self.presenter.close()
        let_go(self.view)


async def write(folder: Path, entries: list[Entry]) -> None:
    """Write a log as the broker does, and close it."""
    writer = open_writer(folder, FakeClock())
    log = SqliteDecisionLog(writer)
    for entry in entries:
        await log.commit(entry)
    await writer.close()


def of_each_outcome() -> list[Entry]:
    """Return one decision of each outcome."""
    agents = ("coder", "analyst")
    return [
        decision(f"c-{n}", outcome=outcome, agent=agents[n % 2])
        for n, outcome in enumerate(Outcome)
    ]


def open_history(look: Look, folder: Path) -> HistoryScene:
    """Open the screen on a folder's database."""
    bridge, model = SpyBridge(), HistoryModel()
    view = HistoryView(look, model)
    cards = CardBuilder(look.words, read_verbs(RESOURCES / "verbs.toml"))
    builder = HistoryBuilder(look.words, cards)
    presenter = HistoryPresenter(bridge=bridge, model=model, view=view, builder=builder)
    bridge.welcomed.emit(
        msgspec.structs.replace(data.WELCOME, database=str(folder / DATABASE_NAME))
    )
    return HistoryScene(bridge, model, view, presenter)
