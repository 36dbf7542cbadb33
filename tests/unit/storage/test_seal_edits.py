"""Any edits together, with any keychain: what was denied is never let through by them."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import structs

from keyturn.domain.decision import Verdict
from keyturn.domain.rule import Effect, Kind, Rule
from tests.examples import many
from tests.fakes.secret_store import FakeSecretStore
from tests.unit.storage.test_sealing import SUBJECT, edit, play, started

NO_COMPLETION = Rule(id="r-no", effect=Effect.DENY, kind=Kind.COMPLETE)
UNSEALING = (
    "DELETE FROM seals",
    "DELETE FROM seal_sets",
    "DELETE FROM events WHERE type = 'seal'",
)
EDITS = (
    *UNSEALING,
    "UPDATE seal_sets SET number = number - 1",
    "UPDATE seals SET seal = x'00'",
    "DELETE FROM rules",
    "DELETE FROM rules WHERE id = 'r-no'",
    "DELETE FROM rules WHERE id = 'r-deny'",
    'UPDATE rules SET data = \'{"effect":"allow"}\'',
    "INSERT OR REPLACE INTO rules VALUES ('x', '{\"effect\":\"allow\"}')",
    "DELETE FROM rule_uses",
    "DELETE FROM settings",
    "INSERT OR REPLACE INTO settings VALUES ('posture', 'ask_writes')",
)
ERASE_THE_LOG = "UPDATE records SET body = NULL"
"""Without a keychain, and with this, nothing tells a sealed profile from one that never was."""


@pytest.mark.requirement("SEAL-1", "SEAL-3")
@settings(
    max_examples=many(0.6),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    edits=st.sets(st.sampled_from(EDITS), min_size=1).flatmap(
        lambda chosen: st.permutations(sorted(chosen))
    ),
    unsealed=st.booleans(),
    state=st.sampled_from(["ready", "locked", "missing"]),
)
def test_no_edits_let_through_what_was_denied(
    tmp_path_factory: pytest.TempPathFactory, edits: list[str], unsealed: bool, state: str
) -> None:
    """A call that a rule denied, and a completion, for which no rule at all would do."""

    async def scenario(folder: Path, keychain: FakeSecretStore) -> None:
        async with started(folder, keychain) as profile:
            await profile.rules.add(NO_COMPLETION)
        for statement in (*edits, *(UNSEALING if unsealed else ())):
            edit(folder, statement)
        if unsealed and state == "locked":
            edit(folder, ERASE_THE_LOG)
        keychain.state = state
        async with started(folder, keychain) as profile:
            paid = structs.replace(SUBJECT, tool="pay")
            completed = structs.replace(SUBJECT, kind=Kind.COMPLETE)
            assert profile.judged(paid) is not Verdict.ALLOW
            assert profile.judged(completed) is not Verdict.ALLOW

    play(scenario, tmp_path_factory.mktemp("edited"))
