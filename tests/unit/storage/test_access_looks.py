"""Notes of the access review on disk: as they were written, and overdue once left out."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import pytest

from keyturn.domain.access import AccessKind, Looked
from keyturn.domain.errors import DamagedDatabase
from keyturn.storage.access_looks import SqliteLookStore
from tests.fakes.secret_store import FakeSecretStore
from tests.unit.storage.test_sealing import Profile, edit, started

LOOKS = tuple(
    Looked(
        kind=AccessKind.RULE,
        name=f"r-{n}",
        digest=f"d-{n}",
        at="2026-01-01T00:00:00.000Z" if n else "",
        kept=bool(n),
    )
    for n in range(2)
)
EDITS = {
    "one changed": "UPDATE access_looks SET data = replace(data, '2026', '2096')",
    "one taken away": "DELETE FROM access_looks WHERE name = 'r-1'",
    "all taken away": "DELETE FROM access_looks; DELETE FROM seals WHERE name = 'access_looks'",
    "one added": "INSERT INTO access_looks SELECT 'agent', name, data FROM access_looks LIMIT 1",
}


def play(scenario: Callable[[Path, FakeSecretStore], Awaitable[None]], folder: Path) -> None:
    """Run a scenario on an empty profile."""

    async def run() -> None:
        await scenario(folder, FakeSecretStore())

    asyncio.run(run())


def store_of(profile: Profile) -> SqliteLookStore:
    return SqliteLookStore(profile.tables)


@pytest.mark.requirement("ACCESS-2")
def test_what_was_noted_is_read_back(tmp_path: Path) -> None:
    async def scenario(folder: Path, keychain: FakeSecretStore) -> None:
        async with started(folder, keychain) as profile:
            await store_of(profile).put_looks(LOOKS, gone=())
            gone = [(AccessKind.RULE, "r-0")]
            await store_of(profile).put_looks((), gone=gone)
        async with started(folder, keychain) as profile:
            kept = await store_of(profile).looks()
            assert (kept.looks, kept.forgotten) == (LOOKS[1:], False)

    play(scenario, tmp_path)


@pytest.mark.requirement("ACCESS-4", "SEAL-2")
@pytest.mark.parametrize("name", EDITS)
def test_what_is_left_out_is_forgotten_until_it_is_noted_anew(tmp_path: Path, name: str) -> None:
    async def scenario(folder: Path, keychain: FakeSecretStore) -> None:
        async with started(folder, keychain) as profile:
            await store_of(profile).put_looks(LOOKS, gone=())
        for statement in _statements(EDITS[name]):
            edit(folder, statement)
        async with started(folder, keychain) as profile:
            (change,) = profile.seals.state().changed
            await profile.seals.settle(change.table, change.shown, accept=False)
            kept = await store_of(profile).looks()
            assert kept.forgotten is (name != "one added")
            await store_of(profile).put_looks(LOOKS[:1], gone=())
            assert not (await store_of(profile).looks()).forgotten

    play(scenario, tmp_path)


@pytest.mark.parametrize("data", ["{}", '{"at":"","digest":"d","kept":1}', '{"at": ""}', "["])
def test_what_is_no_note_is_refused(tmp_path: Path, data: str) -> None:
    async def scenario(folder: Path, keychain: FakeSecretStore) -> None:
        async with started(folder, keychain) as profile:
            await profile.tables.change("access_looks", put=[("rule", "r", data)])
            with pytest.raises(DamagedDatabase):
                await store_of(profile).looks()

    play(scenario, tmp_path)


def _statements(script: str) -> Sequence[str]:
    return [one for one in script.split("; ") if one]
