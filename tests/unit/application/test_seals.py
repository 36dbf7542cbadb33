"""Seals at the start and after it: a key that is there, locked or new, and a person's answer."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from keyturn.application.events import Topic
from keyturn.application.ports.seals import SEALED_TABLES, TableChanged
from keyturn.application.ports.secret_store import Secret
from keyturn.application.seals import ENTRY, ROWS_SHOWN, Sealing, Seals, read_entry
from keyturn.domain.decision import Actor
from keyturn.domain.errors import ConfigurationError, SecretStoreUnavailable
from keyturn.domain.record import RecordType
from keyturn.domain.seal import KEY_BYTES, Difference, Finding
from tests.unit.application.broker_world import BrokerWorld
from tests.unit.application.gate_world import play, settle

CHANGED = TableChanged(
    table="rules",
    whole=False,
    findings=tuple(
        Finding(
            table="rules", difference=Difference.CHANGED, key=(b"%d" % n,), row=(b"%d" % n, b"{}")
        )
        for n in range(ROWS_SHOWN + 2)
    ),
    shown="as-shown",
)


class Tables:
    """Sealed tables in memory: what was asked of them, and what another program did to them."""

    def __init__(self, *, sealed: bool = False) -> None:
        self.was_sealed = sealed
        self.open = False
        self.key = b""
        self.sealed_now: list[str] = []
        self.found: tuple[TableChanged, ...] = ()
        self.number = 1

    async def sealed(self) -> bool:
        return self.was_sealed

    def leave_open(self) -> None:
        self.open = True

    def use(self, key: bytes, numbers: Mapping[str, int]) -> None:
        self.key = key

    async def seal_all(self, tables: Sequence[str]) -> None:
        self.was_sealed = True
        self.sealed_now += tables

    async def changed(self) -> tuple[TableChanged, ...]:
        return self.found

    async def settle(self, table: str, shown: str, *, accept: bool) -> bool:
        same = any((change.table, change.shown) == (table, shown) for change in self.found)
        self.found = ()
        return same

    def numbers(self) -> dict[str, int]:
        return dict.fromkeys(SEALED_TABLES, self.number)


class Stage:
    """A profile's seals, with a keychain that a test can lock."""

    def __init__(self, *, sealed: bool = False) -> None:
        self.world = BrokerWorld()
        self.tables = Tables(sealed=sealed)
        self.loads = 0
        self.seals = Seals(
            tables=self.tables,
            keychain=self.world.secrets,
            log=self.world.log,
            rules=self.world.rules,
            observers=self.world.observers,
            load=self._load,
        )

    async def _load(self) -> None:
        self.loads += 1

    @property
    def outcomes(self) -> list[tuple[str, Actor]]:
        """Return what was recorded of seals, and of whom."""
        return [(e.outcome, e.actor) for e in self.world.log.of_type(RecordType.SEAL)]


@pytest.mark.requirement("SEAL-1")
def test_the_first_start_makes_a_key_and_seals_what_is_there() -> None:
    async def story() -> None:
        stage = Stage()
        await stage.seals.start()
        assert stage.seals.sealing is Sealing.ON
        assert stage.tables.sealed_now == list(SEALED_TABLES)
        entry = read_entry(stage.world.secrets.secrets[ENTRY].value)
        assert entry == (stage.tables.key, stage.tables.numbers())
        assert stage.outcomes == [("sealed", Actor.KEYTURN)]
        assert (stage.loads, stage.world.rules.distrusted) == (1, False)
        await stage.seals.close()

    play(story)


@pytest.mark.requirement("SEAL-1", "HIDE-1")
def test_it_is_told_whether_a_table_is_as_it_was_sealed() -> None:
    async def story() -> None:
        stage = Stage()
        assert not stage.seals.holds("sights")
        await stage.seals.start()
        assert stage.seals.holds("sights")
        await stage.seals.close()
        changed = Stage()
        changed.tables.found = (replace(CHANGED, table="sights"),)
        await changed.seals.start()
        assert not changed.seals.holds("sights")
        assert changed.seals.holds("rules")
        await changed.seals.close()

    play(story)


@pytest.mark.requirement("SEAL-1")
def test_a_key_that_is_gone_seals_nothing_unseen() -> None:
    async def story() -> None:
        stage = Stage(sealed=True)
        await stage.seals.start()
        assert stage.tables.sealed_now == []
        await stage.seals.close()

    play(story)


@pytest.mark.requirement("SEAL-1")
@pytest.mark.parametrize("sealed", [True, False])
def test_a_locked_keychain_lets_nothing_count_that_was_sealed(sealed: bool) -> None:
    async def story() -> None:
        stage = Stage(sealed=sealed)
        stage.world.secrets.state = "missing"
        await stage.seals.start()
        assert stage.tables.open is not sealed
        assert stage.world.rules.distrusted is sealed
        assert stage.seals.sealing is (Sealing.LOCKED if sealed else Sealing.NONE)
        with pytest.raises(SecretStoreUnavailable):
            await stage.seals.unlock()
        stage.world.secrets.state = "ready"
        await stage.seals.unlock()
        assert stage.seals.sealing is Sealing.ON
        await stage.seals.close()

    play(story)


@pytest.mark.requirement("SEAL-1")
def test_the_key_is_taken_once_the_keychain_opens() -> None:
    async def story() -> None:
        stage = Stage(sealed=True)
        stage.world.secrets.state = "locked"
        await stage.seals.start()
        await settle()
        assert stage.seals.sealing is Sealing.LOCKED
        assert stage.world.rules.distrusted
        await stage.seals.close()

    play(story)


@pytest.mark.requirement("SEAL-2")
@pytest.mark.parametrize("accept", [True, False])
def test_what_was_changed_waits_for_a_persons_answer_to_just_that(accept: bool) -> None:
    async def story() -> None:
        stage = Stage()
        stage.tables.found = (CHANGED,)
        await stage.seals.start()
        assert stage.world.rules.distrusted
        (shown,) = stage.seals.state().changed
        assert (len(shown.rows), shown.more) == (ROWS_SHOWN, 2)
        with pytest.raises(ConfigurationError):
            await stage.seals.settle("rules", "another", accept=accept)
        await stage.seals.settle("rules", "as-shown", accept=accept)
        assert not stage.world.rules.distrusted
        assert stage.outcomes[-1] == ("accepted" if accept else "dropped", Actor.HUMAN)
        assert ("found_changed", Actor.KEYTURN) in stage.outcomes
        assert Topic.SEALS in stage.world.topics
        await stage.seals.close()

    play(story)


@pytest.mark.requirement("SEAL-2")
def test_what_changed_between_look_and_press_is_not_sealed() -> None:
    async def story() -> None:
        stage = Stage()
        stage.tables.found = (CHANGED,)
        await stage.seals.start()
        stage.tables.found = ()
        with pytest.raises(ConfigurationError):
            await stage.seals.settle("rules", "as-shown", accept=True)
        await stage.seals.close()

    play(story)


def test_the_numbers_of_the_sets_follow_into_the_keychain() -> None:
    async def story() -> None:
        stage = Stage()
        await stage.seals.start()
        for number in (2, 3):
            stage.tables.number = number
            stage.seals.table_changed()
            stage.seals.table_changed()
            await settle()
        entry = read_entry(stage.world.secrets.secrets[ENTRY].value)
        assert entry is not None
        assert set(entry[1].values()) == {3}
        stage.world.secrets.state = "locked"
        stage.tables.number = 4
        stage.seals.table_changed()
        await settle()
        stage.world.secrets.state = "ready"
        await stage.seals.close()
        entry = read_entry(stage.world.secrets.secrets[ENTRY].value)
        assert entry is not None
        assert set(entry[1].values()) == {4}

    play(story)


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", '{"key":"00","numbers":{}}', '{"key":"zz","numbers":{}}', '{"key":1}']
)
def test_an_entry_that_is_none_is_none(text: str) -> None:
    assert read_entry(text) is None


def test_what_is_no_number_is_left_out() -> None:
    key = bytes(KEY_BYTES)
    text = f'{{"key":"{key.hex()}","numbers":{{"rules":2,"pins":true}}}}'
    assert read_entry(text) == (key, {"rules": 2})
    assert "00" * KEY_BYTES not in repr(Secret(text))
