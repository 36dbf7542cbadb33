"""Seals at the start and after it: a key that is there, locked or new, and a person's answer."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import pytest

from keyturn.application.events import Topic
from keyturn.application.ports.seals import SEALED_TABLES, TableChanged
from keyturn.application.ports.secret_store import Secret
from keyturn.application.seals import (
    AGAIN_SECONDS,
    ENTRY,
    LONGEST_TEXT,
    ROWS_SHOWN,
    Sealing,
    Seals,
    read_entry,
)
from keyturn.domain.decision import Actor
from keyturn.domain.errors import ConfigurationError, SecretStoreUnavailable
from keyturn.domain.record import RecordType
from keyturn.domain.seal import KEY_BYTES, Difference, Finding
from tests.fakes.secret_store import FakeSecretStore
from tests.unit.application.broker_world import BrokerWorld
from tests.unit.application.gate_world import play, settle

CHANGED = TableChanged(
    table="rules",
    whole=False,
    findings=tuple(
        Finding(
            table="rules", difference=Difference.CHANGED, key=(b"%d" % n,), row=(b"%d" % n, b"{}")
        )
        for n in range(ROWS_SHOWN)
    ),
    shown="as-shown",
)


class Tables:
    """Sealed tables in memory: what was asked of them, and what another program did to them."""

    def __init__(self, *, sealed: bool = False, rows: bool = True) -> None:
        self.was_sealed = sealed
        self.rows = rows
        self.open = False
        self.key = b""
        self.sealed_now: list[str] = []
        self.found: tuple[TableChanged, ...] = ()
        self.number = 1
        self.uses = 1
        self.dropping = 0
        """How many more reads find less than was sealed."""

    async def sealed(self) -> bool:
        return self.was_sealed

    async def filled(self) -> bool:
        return self.rows

    def leave_open(self) -> None:
        self.open = True

    def use(self, key: bytes, numbers: Mapping[str, int]) -> None:
        self.key = key

    async def seal_all(self, tables: Sequence[str]) -> None:
        self.was_sealed = True
        self.sealed_now += tables

    async def changed(self) -> tuple[TableChanged, ...]:
        return self.found

    def doubted(self) -> frozenset[str]:
        return frozenset({"rules"} if self.dropping > 0 else ())

    async def settle(self, table: str, shown: str, *, accept: bool) -> bool:
        same = any((change.table, change.shown) == (table, shown) for change in self.found)
        self.found = ()
        return same

    def numbers(self) -> dict[str, int]:
        return {**dict.fromkeys(SEALED_TABLES, self.number), "rule_uses": self.uses}


class SlowKeychain(FakeSecretStore):
    """Takes its time, in which something else happens."""

    meanwhile: Callable[[], None] | None = None

    async def get(self, server: str, name: str) -> Secret | None:
        found = await FakeSecretStore.get(self, server, name)
        await asyncio.sleep(0)
        return found

    async def put(self, server: str, name: str, secret: Secret) -> None:
        if self.meanwhile is not None:
            self.meanwhile()
        await asyncio.sleep(0)
        await FakeSecretStore.put(self, server, name, secret)


class Stage:
    """A profile's seals, with a keychain that a test can lock."""

    def __init__(
        self, *, sealed: bool = False, rows: bool = True, keychain: FakeSecretStore | None = None
    ) -> None:
        self.world = BrokerWorld(secrets=keychain)
        self.tables = Tables(sealed=sealed, rows=rows)
        self.loads = 0
        self.seals = Seals(
            tables=self.tables,
            keychain=self.world.secrets,
            log=self.world.log,
            clock=self.world.clock,
            rules=self.world.rules,
            observers=self.world.observers,
            load=self._load,
        )

    async def _load(self) -> None:
        self.loads += 1
        self.tables.dropping -= 1
        assert self.world.rules.distrusted

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
@pytest.mark.parametrize(
    ("state", "sealed", "rows", "opened"),
    [
        ("missing", True, True, False),
        ("missing", False, True, True),
        ("locked", True, True, False),
        ("locked", True, False, False),
        ("locked", False, True, False),
        ("locked", False, False, True),
    ],
)
def test_without_the_key_rows_count_only_where_none_can_have_been_sealed(
    state: str, sealed: bool, rows: bool, opened: bool
) -> None:
    async def story() -> None:
        stage = Stage(sealed=sealed, rows=rows)
        stage.world.secrets.state = state
        await stage.seals.start()
        assert stage.tables.open is opened
        assert stage.world.rules.distrusted is not opened
        assert stage.seals.sealing is (Sealing.NONE if opened else Sealing.LOCKED)
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
        assert (len(shown.rows), shown.more) == (ROWS_SHOWN, 0)
        with pytest.raises(ConfigurationError):
            await stage.seals.settle("rules", "another", accept=accept)
        await stage.seals.settle("rules", "as-shown", accept=accept)
        assert not stage.world.rules.distrusted
        assert stage.outcomes[-1] == ("accepted" if accept else "dropped", Actor.HUMAN)
        assert ("found_changed", Actor.KEYTURN) in stage.outcomes
        assert Topic.SEALS in stage.world.topics
        await stage.seals.close()

    play(story)


@pytest.mark.requirement("SEAL-1")
@pytest.mark.parametrize(("reads", "distrusted"), [(1, False), (9, True)])
def test_a_rule_that_is_gone_only_while_it_is_read_is_missed(reads: int, distrusted: bool) -> None:
    """It is read again, and where it stays so nothing allows, although the table looks whole."""

    async def story() -> None:
        stage = Stage()
        stage.tables.dropping = reads + 1
        await stage.seals.start()
        assert stage.world.rules.distrusted is distrusted
        assert stage.loads > 1
        await stage.seals.close()

    play(story)


@pytest.mark.requirement("SEAL-1")
def test_what_is_found_at_the_unlocking_is_recorded_once() -> None:
    async def story() -> None:
        stage = Stage(sealed=True)
        stage.world.secrets.state = "missing"
        await stage.seals.start()
        stage.world.secrets.state = "ready"
        stage.tables.found = (CHANGED,)
        await stage.seals.unlock()
        assert stage.outcomes.count(("found_changed", Actor.KEYTURN)) == 1
        assert stage.world.rules.distrusted
        await stage.seals.close()

    play(story)


def row_of(table: str, *columns: bytes, keys: int = 1) -> Finding:
    """Find a row that was added."""
    return Finding(table=table, difference=Difference.ADDED, key=columns[:keys], row=columns)


@pytest.mark.requirement("SEAL-2")
@pytest.mark.parametrize(
    "findings",
    [
        tuple(row_of("rules", b"%d" % n, b"{}") for n in range(ROWS_SHOWN + 1)),
        (row_of("rules", b"r", b"x" * (LONGEST_TEXT + 1)),),
        (row_of("rules", b"r" * (LONGEST_TEXT + 1), b"{}"),),
        (row_of("rules", b"r", b"x" * 40 * LONGEST_TEXT),),
        (row_of("closures", b"a", b"h", b"c", b"files", keys=2),),
    ],
)
def test_what_is_not_shown_whole_is_not_sealed(findings: tuple[Finding, ...]) -> None:
    """It can be left out, which makes Keyturn ask for it anew."""

    async def story() -> None:
        stage = Stage()
        stage.tables.found = (replace(CHANGED, table=findings[0].table, findings=findings),)
        await stage.seals.start()
        (shown,) = stage.seals.state().changed
        assert not shown.whole_shown
        assert all(len(row.text) <= LONGEST_TEXT for row in shown.rows)
        with pytest.raises(ConfigurationError, match="Not all"):
            await stage.seals.settle(shown.table, shown.shown, accept=True)
        await stage.seals.settle(shown.table, shown.shown, accept=False)
        assert stage.outcomes[-1] == ("dropped", Actor.HUMAN)
        await stage.seals.close()

    play(story)


def test_a_row_is_shown_with_every_column() -> None:
    async def story() -> None:
        stage = Stage()
        found = row_of("consents", b"ship", b"hash", b'{"argv":["rm"]}', b"2026", keys=2)
        stage.tables.found = (replace(CHANGED, table="consents", findings=(found,)),)
        await stage.seals.start()
        (shown,) = stage.seals.state().changed
        assert (shown.rows[0].key, shown.rows[0].text) == ("ship / hash", '{"argv":["rm"]} / 2026')
        assert shown.whole_shown
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
        assert entry[1]["rules"] == 3
        stage.world.secrets.state = "locked"
        stage.tables.number = 4
        stage.seals.table_changed()
        await settle()
        assert stage.seals.state().unmarked
        with pytest.raises(SecretStoreUnavailable, match="take note"):
            await stage.seals.unlock()
        stage.world.secrets.state = "ready"
        stage.world.clock.advance(AGAIN_SECONDS)
        await settle()
        assert not stage.seals.state().unmarked
        await stage.seals.close()
        entry = read_entry(stage.world.secrets.secrets[ENTRY].value)
        assert entry is not None
        assert entry[1]["rules"] == 4

    play(story)


@pytest.mark.requirement("SEAL-2")
def test_what_is_changed_while_the_keychain_is_told_is_told_too() -> None:
    async def story() -> None:
        keychain = SlowKeychain()
        stage = Stage(keychain=keychain)
        await stage.seals.start()

        def change() -> None:
            keychain.meanwhile = None
            stage.tables.number += 1
            stage.seals.table_changed()

        keychain.meanwhile = change
        stage.tables.number += 1
        stage.seals.table_changed()
        await settle()
        entry = read_entry(stage.world.secrets.secrets[ENTRY].value)
        assert entry is not None
        assert entry[1]["rules"] == stage.tables.number
        await stage.seals.close()

    play(story)


def test_of_uses_the_keychain_is_told_in_a_while_and_once() -> None:
    """Calls change them, and a keychain may write a file for each number."""

    async def story() -> None:
        keychain = SlowKeychain()
        stage = Stage(keychain=keychain)
        await stage.seals.start()
        puts = list[int]()
        keychain.meanwhile = lambda: puts.append(stage.tables.uses)
        for _ in range(5):
            stage.tables.uses += 1
            stage.seals.table_changed()
            await settle()
        assert puts == []
        stage.world.clock.advance(AGAIN_SECONDS)
        await settle()
        assert puts == [6]
        stage.tables.uses += 1
        stage.seals.table_changed()
        await stage.seals.close()
        assert puts == [6, 7]

    play(story)


@pytest.mark.requirement("SEAL-3", "E4")
@pytest.mark.parametrize("state", ["locked", "missing"])
def test_a_keychain_that_opens_later_is_noticed(state: str) -> None:
    async def story() -> None:
        stage = Stage(sealed=True)
        stage.world.secrets.state = state
        await stage.seals.start()
        await settle()
        for _ in range(3):
            stage.world.clock.advance(AGAIN_SECONDS)
            await settle()
            assert stage.seals.sealing is Sealing.LOCKED
        stage.world.secrets.state = "ready"
        stage.world.clock.advance(AGAIN_SECONDS)
        await settle()
        assert stage.seals.sealing is Sealing.ON
        await stage.seals.close()

    play(story)


@pytest.mark.requirement("SEAL-1")
def test_two_that_find_no_key_make_one() -> None:
    async def story() -> None:
        stage = Stage(rows=False, keychain=SlowKeychain())
        stage.world.secrets.state = "missing"
        await stage.seals.start()
        stage.world.secrets.state = "ready"
        await asyncio.gather(stage.seals.unlock(), stage.seals.unlock())
        assert stage.tables.sealed_now == list(SEALED_TABLES)
        entry = read_entry(stage.world.secrets.secrets[ENTRY].value)
        assert entry is not None
        assert entry[0] == stage.tables.key
        await stage.seals.close()

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
