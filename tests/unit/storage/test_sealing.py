"""Agreements that another program changed on disk: absent, so that everything asks, until a person
looked; found for every table, every kind of change, before the start and while the broker runs."""

import asyncio
import shutil
import sqlite3
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, closing
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import structs

from keyturn.application.events import Observers
from keyturn.application.pins import MARK
from keyturn.application.ports.seals import DECIDING, SEALED_TABLES
from keyturn.application.rulebook import RuleBook
from keyturn.application.seals import ENTRY, Sealing, Seals, read_entry
from keyturn.domain.decision import Verdict
from keyturn.domain.errors import (
    ConfigurationError,
    KeyturnError,
    LogUnavailable,
    SecretStoreUnavailable,
)
from keyturn.domain.lamps import Lamps
from keyturn.domain.policy import Posture
from keyturn.domain.rule import Effect, Kind, Rule, RuleSubject
from keyturn.domain.rule_life import RuleLimits
from keyturn.domain.tier import Tier
from keyturn.storage.decision_log import SqliteDecisionLog, open_writer
from keyturn.storage.read_only import DATABASE_NAME, connect_read_only
from keyturn.storage.sealing import SqliteSeals, is_sealed_setting, what_changed
from keyturn.storage.stores import SqliteRuleStore, SqliteSettingStore
from tests.examples import many
from tests.fakes.clock import FakeClock
from tests.fakes.inspection import FakeSecretMask
from tests.fakes.secret_store import FakeSecretStore

ALLOW = Rule(id="r-allow", effect=Effect.ALLOW, tool="read_page")
DENY = Rule(id="r-deny", effect=Effect.DENY, tool="pay")
SUBJECT = RuleSubject(
    kind=Kind.CALL,
    agent="analyst",
    server="ship",
    tool="read_page",
    arguments={},
    lamps=Lamps.NONE,
)
ROWS: dict[str, tuple[str | bytes, ...]] = {
    "rules": ("a", "{}"),
    "rule_uses": ("a", "3"),
    "servers": ("a", "{}"),
    "consents": ("a", "h", "{}", "2026"),
    "closures": ("a", "h", "c", b"f"),
    "pins": ("a", "h", "t", "{}"),
    "agents": ("a", "{}"),
    "sights": ("agent", "a", "{}"),
    "step_ups": ("a", "s", "drift", "{}"),
    "settings": ("posture", "ask_writes"),
    "access_looks": ("rule", "a", "{}"),
}


FIRST = {
    "rules": "id",
    "rule_uses": "rule",
    "consents": "server",
    "closures": "server",
    "pins": "server",
    "sights": "kind",
    "access_looks": "kind",
    "step_ups": "agent",
}
"""The first column of the tables whose first is no name."""


class Profile:
    """One start of a broker on a profile, as far as its rules."""

    def __init__(self, folder: Path, keychain: FakeSecretStore) -> None:
        self.writer = open_writer(folder, FakeClock())
        self.tables = SqliteSeals(self.writer)
        log, observers = SqliteDecisionLog(self.writer), Observers()
        self.rules = RuleBook(
            store=SqliteRuleStore(self.tables),
            log=log,
            mask=FakeSecretMask(),
            observers=observers,
            clock=FakeClock(),
        )
        self.settings = SqliteSettingStore(self.tables, self.writer)
        self.seals = Seals(
            tables=self.tables,
            keychain=keychain,
            log=log,
            clock=FakeClock(),
            rules=self.rules,
            observers=observers,
            load=self._load,
        )
        self.tables.on_change = self.seals.table_changed

    async def _load(self) -> None:
        await self.rules.load()
        kept = await self.settings.settings()
        self.rules.posture = Posture(kept.get("posture", Posture.ASK_ALL.value))

    def verdict(self) -> Verdict:
        """Judge a confirmed read that a rule allows."""
        return self.judged(SUBJECT)

    def judged(self, subject: RuleSubject) -> Verdict:
        """Judge what a confirmed reading tool would be asked for."""
        judged = self.rules.judge(subject, tier=Tier.T0, labels=Lamps.NONE, suspended=False)
        return judged.verdict

    async def use_up(self) -> None:
        """Let the rule allow one call."""
        judged = self.rules.judge(SUBJECT, tier=Tier.T0, labels=Lamps.NONE, suspended=False)
        assert judged.verdict is Verdict.ALLOW
        assert self.rules.take(judged)
        await self.rules.keep_use(judged)

    def changed(self) -> list[str]:
        """Name the tables that are not as they were sealed."""
        return [change.table for change in self.seals.state().changed]


@asynccontextmanager
async def started(folder: Path, keychain: FakeSecretStore) -> AsyncGenerator[Profile]:
    """Start on a profile, and end."""
    profile = Profile(folder, keychain)
    try:
        await profile.seals.start()
        yield profile
    finally:
        await profile.seals.close()
        await profile.writer.close()


async def filled(folder: Path, keychain: FakeSecretStore) -> None:
    """Make a profile in which every table has a sealed row."""
    async with started(folder, keychain) as profile:
        for table, row in ROWS.items():
            if table not in {"rules", "settings"}:
                await profile.tables.change(table, put=[row])
        await profile.rules.add(ALLOW)
        await profile.rules.add(DENY)
        await profile.settings.put_setting("posture", "ask_all")


def edit(folder: Path, statement: str, *values: object) -> int:
    """Change the database as another program does."""
    with closing(sqlite3.connect(folder / DATABASE_NAME)) as connection, connection:
        return connection.execute(statement, values).rowcount


def other(row: tuple[str | bytes, ...]) -> tuple[str | bytes, ...]:
    """Return a row that says something else under its key."""
    last = row[-1]
    if isinstance(last, bytes):
        return (*row[:-1], last + b" ")
    return (*row[:-1], last + ("0" if last.isdigit() else " "))


def put_row(table: str, row: tuple[str | bytes, ...]) -> tuple[str, tuple[str | bytes, ...]]:
    """Return a statement that adds or changes a row."""
    return f"INSERT OR REPLACE INTO {table} VALUES ({', '.join('?' * len(row))})", row


def play(scenario: Callable[[Path, FakeSecretStore], Awaitable[None]], folder: Path) -> None:
    """Run a scenario on a profile of its own."""

    async def run() -> None:
        keychain = FakeSecretStore()
        await filled(folder, keychain)
        await scenario(folder, keychain)

    asyncio.run(run())


@pytest.mark.requirement("SEAL-1")
def test_what_is_untouched_counts_over_a_restart(tmp_path: Path) -> None:
    """Rules allow, nothing is found, and the key is not where credentials are."""

    async def scenario(folder: Path, keychain: FakeSecretStore) -> None:
        async with started(folder, keychain) as profile:
            assert profile.verdict() is Verdict.ALLOW
            assert profile.seals.state().state == Sealing.ON
            assert not profile.changed()

    play(scenario, tmp_path)


@pytest.mark.requirement("SEAL-1")
@pytest.mark.parametrize("table", SEALED_TABLES)
@pytest.mark.parametrize("way", ["add", "change", "delete"])
def test_a_row_of_each_table_is_found(tmp_path: Path, table: str, way: str) -> None:
    """Added and changed rows do not count; that one was taken away is seen."""

    async def scenario(folder: Path, keychain: FakeSecretStore) -> None:
        row = ROWS[table]
        if table == "rules":
            row = (ALLOW.id, "{}")
        if way == "add":
            row = ("other", *row[1:])
        if way == "delete":
            assert edit(folder, f"DELETE FROM {table} WHERE {FIRST.get(table, 'name')} = ?", row[0])
        else:
            statement, values = put_row(table, other(row))
            edit(folder, statement, *values)
        async with started(folder, keychain) as profile:
            assert profile.changed() == [table]
            (change,) = profile.seals.state().changed
            assert [(r.difference) for r in change.rows] == [
                {"add": "added", "change": "changed", "delete": "removed"}[way]
            ]
            assert other(row) not in await profile.tables.rows(table)
            if table in DECIDING:
                assert profile.verdict() is Verdict.ASK

    play(scenario, tmp_path)


@pytest.mark.requirement("SEAL-1", "PIN-1")
def test_when_the_pin_is_asked_is_a_sealed_setting() -> None:
    """It decides whether a call is allowed without one."""
    assert is_sealed_setting(MARK)


@pytest.mark.requirement("SEAL-1")
def test_without_its_deny_rule_the_set_allows_nothing(tmp_path: Path) -> None:
    """A removed deny rule turns every allow rule off, whatever built-in rule was chosen."""

    async def scenario(folder: Path, keychain: FakeSecretStore) -> None:
        async with started(folder, keychain) as profile:
            await profile.settings.put_setting("posture", "ask_writes")
        edit(folder, "DELETE FROM rules WHERE id = ?", DENY.id)
        async with started(folder, keychain) as profile:
            assert profile.rules.posture is Posture.ASK_WRITES
            assert profile.verdict() is Verdict.ASK

    play(scenario, tmp_path)


@pytest.mark.requirement("SEAL-1")
@pytest.mark.parametrize("way", ["locked", "taken"])
@pytest.mark.parametrize("kind", [Kind.COMPLETE, Kind.TASK])
def test_without_its_deny_rule_what_nobody_is_asked_about_asks(
    tmp_path: Path, way: str, kind: Kind
) -> None:
    """A completion that a rule denied must not be sent because the rule is not to be had."""

    async def scenario(folder: Path, keychain: FakeSecretStore) -> None:
        asked = structs.replace(SUBJECT, kind=kind)
        async with started(folder, keychain) as profile:
            await profile.rules.add(replace(DENY, id="r-no", kind=kind, tool="*"))
            assert profile.judged(asked) is Verdict.DENY
        if way == "taken":
            edit(folder, "DELETE FROM rules WHERE id = 'r-no'")
        else:
            keychain.state = "locked"
        async with started(folder, keychain) as profile:
            assert profile.judged(asked) is Verdict.ASK
            told = profile.rules.denies_reading(
                "analyst", "ship", "file:///x", Lamps.NONE, proven=True
            )
            assert told is not None

    play(scenario, tmp_path)


@pytest.mark.requirement("SEAL-1")
def test_seals_taken_along_do_not_help(tmp_path: Path) -> None:
    """A row that goes with its seal, and the seals of all sets, leave a set that is not ours."""

    async def scenario(folder: Path, keychain: FakeSecretStore) -> None:
        for statements in (
            (
                "DELETE FROM rules WHERE id = 'r-deny'",
                "DELETE FROM seals WHERE seal IN "
                "(SELECT seal FROM seals WHERE name = 'rules' LIMIT 1)",
            ),
            ("DELETE FROM seals", "DELETE FROM seal_sets", "DELETE FROM events"),
        ):
            for statement in statements:
                edit(folder, statement)
            async with started(folder, keychain) as profile:
                assert "rules" in profile.changed()
                assert not profile.rules.rules
                assert profile.verdict() is Verdict.ASK

    play(scenario, tmp_path)


@pytest.mark.requirement("SEAL-1")
def test_swapped_rows_are_found(tmp_path: Path) -> None:
    """Two rows that exchange what they say have each another one's seal."""

    async def scenario(folder: Path, keychain: FakeSecretStore) -> None:
        edit(folder, "UPDATE rules SET id = 'r-kept' WHERE id = 'r-allow'")
        edit(folder, "UPDATE rules SET id = 'r-allow' WHERE id = 'r-deny'")
        edit(folder, "UPDATE rules SET id = 'r-deny' WHERE id = 'r-kept'")
        async with started(folder, keychain) as profile:
            assert profile.changed() == ["rules"]
            assert not profile.rules.rules

    play(scenario, tmp_path)


@pytest.mark.requirement("SEAL-1")
@pytest.mark.parametrize("whole", [True, False])
def test_an_old_copy_is_not_taken(tmp_path: Path, whole: bool) -> None:
    """Neither of the whole file, nor of one table with its seals."""

    async def scenario(folder: Path, keychain: FakeSecretStore) -> None:
        copy = folder.with_name("copy.db")
        shutil.copy(folder / DATABASE_NAME, copy)
        async with started(folder, keychain) as profile:
            await profile.rules.remove(ALLOW.id)
        if whole:
            shutil.copy(copy, folder / DATABASE_NAME)
        else:
            _put_back(folder, copy)
        async with started(folder, keychain) as profile:
            assert profile.changed() == ["rules"]
            assert not profile.seals.state().changed[0].whole
            assert not profile.rules.rules

    play(scenario, tmp_path / "profile")


def _put_back(folder: Path, copy: Path) -> None:
    with closing(sqlite3.connect(folder / DATABASE_NAME)) as connection:
        connection.execute("ATTACH ? AS old", (str(copy),))
        for table in ("rules", "seals", "seal_sets"):
            connection.execute(f"DELETE FROM main.{table}")
            connection.execute(f"INSERT INTO main.{table} SELECT * FROM old.{table}")
        connection.commit()


@pytest.mark.requirement("SEAL-1")
def test_who_only_looks_names_the_tables(tmp_path: Path) -> None:
    """`keyturn doctor` compares without changing anything."""

    async def scenario(folder: Path, keychain: FakeSecretStore) -> None:
        edit(folder, "DELETE FROM agents")
        kept = await keychain.get(*ENTRY)
        entry = read_entry(kept.value) if kept is not None else None
        assert entry is not None
        with closing(connect_read_only(folder / DATABASE_NAME)) as connection:
            assert [found.table for found in what_changed(connection, *entry)] == ["agents"]

    play(scenario, tmp_path)


@pytest.mark.requirement("SEAL-1")
def test_what_is_written_while_the_broker_runs_is_never_sealed(tmp_path: Path) -> None:
    """A person's next change seals that change alone; a put back set is not added to."""

    async def scenario(folder: Path, keychain: FakeSecretStore) -> None:
        copy = folder.with_name("copy.db")
        shutil.copy(folder / DATABASE_NAME, copy)
        async with started(folder, keychain) as profile:
            put(folder, "rules", "evil", '{"effect":"allow"}')
            await profile.rules.add(Rule(id="r-new", effect=Effect.DENY, tool="x"))
            assert "evil" not in {rule.id for rule in profile.rules.rules}
        async with started(folder, keychain) as profile:
            assert [row.key for row in profile.seals.state().changed[0].rows] == ["evil"]
            assert {rule.id for rule in profile.rules.rules} == {"r-allow", "r-deny", "r-new"}
            _put_back(folder, copy)
            with pytest.raises(KeyturnError, match="Another program"):
                await profile.rules.add(Rule(id="r-more", effect=Effect.ALLOW, tool="x"))

    play(scenario, tmp_path / "profile")


@pytest.mark.requirement("SEAL-1")
@pytest.mark.parametrize("way", ["DELETE FROM rule_uses", "UPDATE rule_uses SET uses = 0"])
def test_a_rule_of_limited_use_does_not_allow_anew(tmp_path: Path, way: str) -> None:
    """What it allowed already is sealed with it, and counted on over a restart."""

    async def scenario(folder: Path, keychain: FakeSecretStore) -> None:
        async with started(folder, keychain) as profile:
            await profile.rules.remove(ALLOW.id)
            await profile.rules.add(replace(ALLOW, limits=RuleLimits(uses=2)))
            await profile.use_up()
        async with started(folder, keychain) as profile:
            assert profile.rules.counts.uses(ALLOW.id) == 1
            await profile.use_up()
            assert profile.verdict() is Verdict.ASK
        edit(folder, way)
        async with started(folder, keychain) as profile:
            assert profile.changed() == ["rule_uses"]
            assert profile.verdict() is Verdict.ASK

    play(scenario, tmp_path)


@pytest.mark.requirement("SEAL-1")
def test_uses_that_are_changed_while_the_broker_runs_are_not_sealed(tmp_path: Path) -> None:
    """Then the use cannot be kept, and what cannot be kept is not sent."""

    async def scenario(folder: Path, keychain: FakeSecretStore) -> None:
        async with started(folder, keychain) as profile:
            await profile.rules.add(replace(ALLOW, limits=RuleLimits(uses=3)))
            await profile.use_up()
            edit(folder, "UPDATE rule_uses SET uses = 0 WHERE rule = ?", ALLOW.id)
            with pytest.raises(LogUnavailable, match="nothing is sent"):
                await profile.use_up()

    play(scenario, tmp_path)


@pytest.mark.requirement("SEAL-1")
def test_the_read_that_rules_come_from_says_what_it_left_out(tmp_path: Path) -> None:
    """Put back before the tables are compared, the row that was taken away is not found again."""

    async def scenario(folder: Path, keychain: FakeSecretStore) -> None:
        async with started(folder, keychain) as profile:
            edit(folder, "UPDATE rules SET id = 'gone' WHERE id = ?", DENY.id)
            await profile.rules.load()
            edit(folder, "UPDATE rules SET id = ? WHERE id = 'gone'", DENY.id)
            assert await profile.tables.changed() == ()
            assert profile.tables.doubted() == {"rules"}
            assert profile.tables.doubted() == frozenset()

    play(scenario, tmp_path)


def put(folder: Path, table: str, *row: str) -> None:
    """Add or change a row, as another program does."""
    statement, values = put_row(table, row)
    edit(folder, statement, *values)


@pytest.mark.requirement("SEAL-2")
@pytest.mark.parametrize("accept", [True, False])
def test_a_person_seals_what_they_saw(tmp_path: Path, accept: bool) -> None:
    """Accepted rows count from then on, dropped ones are gone; both hold over a restart."""

    async def scenario(folder: Path, keychain: FakeSecretStore) -> None:
        edit(folder, "UPDATE rules SET data = replace(data, 'read_page', '*') WHERE id = 'r-allow'")
        async with started(folder, keychain) as profile:
            (change,) = profile.seals.state().changed
            await profile.seals.settle("rules", change.shown, accept=accept)
            assert not profile.changed()
            assert profile.verdict() is (Verdict.ALLOW if accept else Verdict.ASK)
        async with started(folder, keychain) as profile:
            assert not profile.changed()
            assert len(profile.rules.rules) == (2 if accept else 1)

    play(scenario, tmp_path)


@pytest.mark.requirement("SEAL-2", "LAW-4")
def test_what_changed_after_the_look_is_not_sealed(tmp_path: Path) -> None:
    """Neither with the name of what was on screen, nor with an invented one."""

    async def scenario(folder: Path, keychain: FakeSecretStore) -> None:
        edit(folder, "DELETE FROM rules WHERE id = 'r-deny'")
        async with started(folder, keychain) as profile:
            (change,) = profile.seals.state().changed
            put(folder, "rules", "evil", "{}")
            for shown in (change.shown, "0" * 64):
                with pytest.raises(ConfigurationError):
                    await profile.seals.settle("rules", shown, accept=True)
            assert profile.changed() == ["rules"]
            assert profile.verdict() is Verdict.ASK

    play(scenario, tmp_path)


@pytest.mark.requirement("SEAL-3", "I-24")
def test_a_locked_keychain_lets_nothing_count(tmp_path: Path) -> None:
    """Until it is unlocked nothing allows and nothing new is saved; then all is there again."""

    async def scenario(folder: Path, keychain: FakeSecretStore) -> None:
        keychain.state = "locked"
        async with started(folder, keychain) as profile:
            assert profile.seals.state().state == Sealing.LOCKED
            assert profile.verdict() is Verdict.ASK
            with pytest.raises(SecretStoreUnavailable):
                await profile.rules.add(Rule(id="r-new", effect=Effect.ALLOW, tool="x"))
            keychain.state = "ready"
            await profile.seals.unlock()
            assert profile.verdict() is Verdict.ALLOW

    play(scenario, tmp_path)


@pytest.mark.requirement("SEAL-3")
def test_a_keychain_that_is_gone_does_not_open_what_was_sealed(tmp_path: Path) -> None:
    """Without a keychain rows count only where none was ever sealed."""

    async def scenario(folder: Path, keychain: FakeSecretStore) -> None:
        keychain.state = "missing"
        async with started(folder, keychain) as profile:
            assert profile.seals.state().state == Sealing.LOCKED
            assert profile.verdict() is Verdict.ASK
        async with started(folder.with_name("never"), keychain) as profile:
            assert profile.seals.state().state == Sealing.NONE
            await profile.rules.add(ALLOW)
            assert profile.verdict() is Verdict.ALLOW
        keychain.state = "ready"
        async with started(folder.with_name("never"), FakeSecretStore()) as profile:
            assert profile.verdict() is Verdict.ALLOW
            assert not profile.changed()

    play(scenario, tmp_path / "profile")


@pytest.mark.requirement("SEAL-3")
@pytest.mark.parametrize("state", ["locked", "missing"])
def test_taking_the_seals_away_with_the_keychain_opens_nothing(tmp_path: Path, state: str) -> None:
    """Nothing of the file counts without its key, whatever another program took out of it."""

    async def scenario(folder: Path, keychain: FakeSecretStore) -> None:
        for statement in ("seals", "seal_sets", "events WHERE type = 'seal'"):
            edit(folder, f"DELETE FROM {statement}")
        put(folder, "rules", "evil", '{"effect":"allow"}')
        if state == "locked":
            edit(folder, "UPDATE records SET body = NULL")
        keychain.state = state
        async with started(folder, keychain) as profile:
            assert profile.seals.state().state == Sealing.LOCKED
            assert profile.verdict() is Verdict.ASK
            assert profile.rules.rules == ()

    play(scenario, tmp_path)


@pytest.mark.requirement("SEAL-3")
def test_a_new_profile_is_used_before_its_keychain_is_unlocked(tmp_path: Path) -> None:
    """Where there is no row yet, none can be anybody else's."""

    async def scenario() -> None:
        keychain = FakeSecretStore()
        keychain.state = "locked"
        async with started(tmp_path, keychain) as profile:
            assert profile.seals.state().state == Sealing.NONE
            await profile.rules.add(ALLOW)
            assert profile.verdict() is Verdict.ALLOW

    asyncio.run(scenario())


@pytest.mark.requirement("SEAL-2")
def test_a_lost_key_seals_nothing_by_itself(tmp_path: Path) -> None:
    """A new key in its place finds every table changed, and a person has to look."""

    async def scenario(folder: Path, keychain: FakeSecretStore) -> None:
        await keychain.delete(*ENTRY)
        for _ in range(2):
            async with started(folder, keychain) as profile:
                assert profile.changed() == list(SEALED_TABLES)
                assert profile.verdict() is Verdict.ASK

    play(scenario, tmp_path)


@pytest.mark.requirement("SEAL-1")
@settings(
    max_examples=many(0.4),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    edits=st.lists(
        st.tuples(st.sampled_from(["r-allow", "r-deny", "x"]), st.text(max_size=20)),
        min_size=1,
        max_size=4,
    ),
    removed=st.sets(st.sampled_from(["r-allow", "r-deny"])),
)
def test_random_edits_never_allow(
    tmp_path_factory: pytest.TempPathFactory, edits: list[tuple[str, str]], removed: set[str]
) -> None:
    """Whatever rows another program writes or takes, no rule of its own is in force."""

    async def scenario(folder: Path, keychain: FakeSecretStore) -> None:
        for key, text in edits:
            put(folder, "rules", key, text)
        for key in removed:
            edit(folder, "DELETE FROM rules WHERE id = ?", key)
        async with started(folder, keychain) as profile:
            assert set(profile.rules.rules) <= {ALLOW, DENY}
            if profile.changed():
                assert profile.verdict() is Verdict.ASK
            else:
                assert set(profile.rules.rules) == {ALLOW, DENY}

    play(scenario, tmp_path_factory.mktemp("edited"))
