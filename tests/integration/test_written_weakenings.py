"""What a person weakens in a real profile is a row of its history, and of `keyturn history`."""

import pytest

from keyturn.application.console_protocol import RemoveRule, SetPosture
from keyturn.application.environment_messages import SetReach
from keyturn.application.result_messages import SetControls
from keyturn.bootstrap.service import Service
from keyturn.domain.history_filter import HistoryFilter
from keyturn.domain.record import WEAKENED
from keyturn.domain.result_controls import ResultControls
from keyturn.domain.rule import Effect, Rule
from keyturn.storage.queries.history import HistoryQuery
from keyturn.storage.verification import Finding, verify
from tests.e2e.desk import Folders
from tests.fakes.secret_store import FakeSecretStore
from tests.integration.test_sealed_sights import started, told

pytestmark = pytest.mark.requirement("N5")


def rows(folders: Folders, narrowed: HistoryFilter) -> list[tuple[str, str]]:
    """Return what the history's rows are about, newest first."""
    query = HistoryQuery(folders.profile.database)
    try:
        return [(one.outcome, str(one.result.get("what"))) for one in query.page(narrowed).items]
    finally:
        query.close()


def test_what_is_done_at_the_window_is_written_down_by_the_broker_itself() -> None:
    async def story(folders: Folders) -> None:
        async with started(folders, FakeSecretStore()) as foundation:
            service = Service(foundation, headless=False)
            intents = service.make_intents()
            await foundation.rules.add(Rule(id="r-deny", effect=Effect.DENY))
            for intent in (
                SetPosture(n=1, posture="ask_all"),
                SetPosture(n=2, posture="ask_writes"),
                SetReach(n=3, agent="qa", other="production", on=True),
                SetReach(n=4, agent="qa", other="production", on=False),
                SetControls(n=5, server="s", tool="t", controls=ResultControls(secrets=False)),
                RemoveRule(n=6, id="r-deny"),
            ):
                await intents.carry_out(intent)
            await service.hub.close()
        newest_first = ["rules", "results", "reach", "posture"]
        found = rows(folders, HistoryFilter(weakenings=True))
        assert found == [(WEAKENED, what) for what in newest_first]
        assert rows(folders, HistoryFilter()) == [], "none of them is a decision"
        query = HistoryQuery(folders.profile.database)
        counted = query.counts(HistoryFilter(weakenings=True))
        query.close()
        assert (counted.total, counted.by_outcome) == (0, {})
        assert verify(folders.profile.database, deep=True).code is Finding.SOUND

    told(story)
