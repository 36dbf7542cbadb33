"""A broker's start with what changed around agents: who was raised is, and all are after edits."""

import sqlite3
from contextlib import closing
from dataclasses import replace

import pytest

from keyturn.application.approval_request import Answer, AnswerVerdict, RequestKind, Route
from keyturn.application.call_levels import CallLevels
from keyturn.application.review_guard import ReviewGuard
from keyturn.domain.configuration import AgentConfig, ServerConfig
from keyturn.domain.step_up import Cause, Seen, Takes, Weighed
from keyturn.domain.tier import Tier
from tests.e2e.desk import Folders
from tests.factories import make_request
from tests.fakes.secret_store import FakeSecretStore
from tests.integration.test_sealed_sights import started, told

SEEN = Seen(agent="analyst", server="ship", cause=Cause.DRIFT, name="dispatch", mark="m-1")
ANALYST = AgentConfig(name="analyst", token_sha256="0" * 64)
SHIP = ServerConfig(name="ship", command=("/opt/ship",), environment="qa")
EDITS = {
    "taken away": "DELETE FROM step_ups",
    "said to be looked at": """UPDATE step_ups SET data = replace(data, '"m-1"', '')""",
    "all traces": "DELETE FROM step_ups; DELETE FROM seals WHERE name = 'step_ups'; "
    "DELETE FROM seal_sets WHERE name = 'step_ups'",
}


@pytest.mark.requirement("STEP-1")
def test_another_environment_of_a_server_raises_every_enrolled_agent() -> None:
    async def story(folders: Folders) -> None:
        async with started(folders, FakeSecretStore()) as foundation:
            foundation.registry.use((), (ANALYST,))
            await foundation.registry.put_server(SHIP)
            assert not foundation.rules.raised("analyst")
            await foundation.registry.put_server(replace(SHIP, environment="production"))
            assert foundation.rules.raised("analyst")
            assert not foundation.rules.raised("guest")

    told(story)


@pytest.mark.requirement("STEP-2", "SEAL-1")
@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
def test_neither_a_restart_nor_an_edit_lowers(edit: str) -> None:
    async def story(folders: Folders) -> None:
        keychain = FakeSecretStore()
        async with started(folders, keychain) as foundation:
            assert not foundation.rules.raised("analyst")
            foundation.reviews.seen.tell(SEEN)
            assert foundation.rules.raised("analyst")
            assert not foundation.rules.raised("auditor")
        async with started(folders, keychain) as foundation:
            assert foundation.rules.raised("analyst")
            assert not foundation.rules.raised("auditor")
        with closing(sqlite3.connect(folders.profile.database)) as connection:
            connection.executescript(edit)
        async with started(folders, keychain) as foundation:
            assert foundation.rules.raised("analyst")
            assert foundation.rules.raised("auditor")
            assert foundation.rules.distrusted

    told(story)


@pytest.mark.requirement("PIN-5", "STEP-4")
def test_a_broker_with_a_window_asks_cards_by_the_same_rule() -> None:
    """With no PIN, a raised agent's calls take their name typed; reviews go by their guard."""

    async def story(folders: Folders) -> None:
        async with started(folders, FakeSecretStore()) as foundation:
            levels = foundation.approvals.levels
            call = Weighed(agent="analyst", enrolled=True, tier=Tier.T1, two_persons=False)
            agent = make_request(kind=RequestKind.AGENT)
            allows = Answer(
                id=agent.id,
                digest=agent.digest,
                verdict=AnswerVerdict.ALLOW_ONCE,
                route=Route.WINDOW,
            )
            assert levels.of_call(call) is Takes.CLICK
            assert levels.of_review(agent, allows) is Takes.CLICK
            foundation.reviews.seen.tell(SEEN)
            assert levels.of_call(call) is Takes.NAME
            assert isinstance(levels, CallLevels)
            assert levels.reviews.__qualname__ == ReviewGuard.takes.__qualname__

    told(story)
