"""A profile of every earlier schema is opened by this version with each of its rules in force."""

import asyncio
import json
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from dataclasses import replace
from itertools import chain
from pathlib import Path

import pytest

from keyturn.application.ports.secret_store import Secret
from keyturn.application.seals import ENTRY
from keyturn.domain.condition import Condition, Operator
from keyturn.domain.decision import Verdict
from keyturn.domain.rule import Effect, Kind, Rule
from keyturn.domain.rule_life import RuleLimits, Window
from keyturn.storage.agreements import rule_text
from keyturn.storage.database import open_for_writing
from keyturn.storage.read_only import DATABASE_NAME
from keyturn.storage.schema import STEPS
from tests.fakes.secret_store import FakeSecretStore
from tests.unit.storage.test_sealing import ALLOW, started

NAMES = tuple(STEPS)
SEALED_FROM = NAMES.index("0005_seals")
LIVES_FROM = NAMES.index("0004_uses_of_rules")
MADE_BY = {
    "0003_closures": ("closures",),
    "0004_uses_of_rules": ("rule_uses",),
    "0005_seals": ("seals", "seal_sets"),
    "0007_sights": ("sights",),
    "0008_last_uses": ("last_uses",),
    "0009_step_ups": ("step_ups",),
    "0010_access_looks": ("access_looks",),
    "0012_result_shapes": ("result_shapes",),
    "0013_sensitive_values": ("sensitive_values",),
}
"""Tables by the step that makes them; the second step adds a column."""
FIRST_FORM = (
    '{"agent":"coder","effect":"deny","enabled":false,"id":"r-first","kind":"read",'
    '"name":"No secrets","server":"files","tool":"*/.env*","when":'
    '[{"op":"path_under","path":"/uri","value":"/srv"}]}'
)
"""A rule to the letter as the first version wrote it."""
FIRST = Rule(
    id="r-first",
    effect=Effect.DENY,
    kind=Kind.READ,
    agent="coder",
    server="files",
    tool="*/.env*",
    when=(Condition(path="/uri", op=Operator.PATH_UNDER, value="/srv"),),
    name="No secrets",
    enabled=False,
)


def rules_of(step: int) -> tuple[Rule, ...]:
    """Return many rules of every form that the version had."""
    plain = [
        Rule(
            id=f"r-{kind.value}-{effect.value}-{n}",
            effect=effect,
            kind=kind,
            agent=("a*", "coder", "*")[n % 3],
            server=f"s-{n}",
            tool=("read_[a-z]*", "*", "pay", "é ✓")[n % 4],
            when=(Condition(path=f"/p{n}", op=Operator.LE, value=n),) if n % 2 else (),
            name=f"Rule {n}" if n % 2 else "",
            enabled=n % 5 != 0,
        )
        for kind in Kind
        for effect in Effect
        for n in range(1 if kind is not Kind.CALL else 4)
    ]
    if step < LIVES_FROM:
        return (*plain, ALLOW)
    window = Window(begins="2026-11-01T00:00:00.000Z", ends="2026-11-02T00:00:00.000Z")
    return (
        *plain,
        ALLOW,
        replace(FIRST, id="r-window", during=(window,), never=True),
        replace(ALLOW, id="r-limits", tool="other", limits=RuleLimits(per_minute=3, uses=7)),
    )


def objects(path: Path) -> set[tuple[str, str, str]]:
    """Return the whole schema of a file."""
    with closing(sqlite3.connect(path)) as connection:
        return _objects(connection)


def _objects(connection: sqlite3.Connection) -> set[tuple[str, str, str]]:
    rows = connection.execute("SELECT type, tbl_name, name, coalesce(sql, '') FROM sqlite_master")
    return {
        (kind, name, " ".join(sql.split()))
        for kind, table, name, sql in rows
        if table != "_sqlite_migrations"
    }


def expected(step: int) -> set[tuple[str, str, str]]:
    """Return the schema after the steps up to one."""
    with closing(sqlite3.connect(":memory:")) as connection:
        for statement in chain.from_iterable(STEPS[name] for name in NAMES[: step + 1]):
            connection.execute(statement)
        return _objects(connection)


def take_back(path: Path, step: int) -> None:
    """Take a file back to the schema after one step, as its version left it."""
    later = NAMES[step + 1 :]
    with closing(sqlite3.connect(path)) as connection, connection:
        for table in (table for name in later for table in MADE_BY.get(name, ())):
            connection.execute(f"DROP TABLE {table}")
        if "0002_methods_of_calls" in later:
            connection.execute("DROP TABLE calls")
            for statement in (s for s in STEPS[NAMES[0]] if " calls" in s):
                connection.execute(statement)
        for name in later:
            connection.execute("DELETE FROM _sqlite_migrations WHERE name = ?", (name,))
            for table in MADE_BY.get(name, ()) if step >= SEALED_FROM else ():
                connection.execute("DELETE FROM seal_sets WHERE name = ?", (table,))


async def write_sealed(folder: Path, keychain: FakeSecretStore, rules: Iterable[Rule]) -> None:
    """Have a person add rules, and one be there as the first version wrote it."""
    async with started(folder, keychain) as profile:
        for rule in rules:
            await profile.rules.add(rule)
        await profile.tables.change("rules", put=[(FIRST.id, FIRST_FORM)])


async def forget_numbers(keychain: FakeSecretStore, step: int) -> None:
    """Let the keychain know no table that a later version seals."""
    kept = await keychain.get(*ENTRY)
    assert kept is not None
    entry = json.loads(kept.value)
    for table in (table for name in NAMES[step + 1 :] for table in MADE_BY.get(name, ())):
        entry["numbers"].pop(table, None)
    await keychain.put(*ENTRY, Secret(json.dumps(entry)))


def write_unsealed(folder: Path, rules: Iterable[Rule]) -> None:
    """Write rules as versions did that had no seals, into a file of theirs."""
    with closing(sqlite3.connect(folder / DATABASE_NAME)) as connection, connection:
        rows = [(rule.id, rule_text(rule)) for rule in rules]
        connection.executemany("INSERT INTO rules VALUES (?, ?)", [*rows, (FIRST.id, FIRST_FORM)])


async def read(folder: Path, keychain: FakeSecretStore) -> dict[str, Rule]:
    """Start this version on the profile; return the rules that count, while one of them acts."""
    async with started(folder, keychain) as profile:
        assert profile.changed() == []
        assert profile.verdict() is Verdict.ALLOW
        return {rule.id: rule for rule in profile.rules.rules}


@pytest.mark.requirement("R5")
@pytest.mark.parametrize("step", range(len(NAMES)), ids=NAMES)
def test_every_rule_of_every_earlier_schema_is_in_force(tmp_path: Path, step: int) -> None:
    rules, keychain, path = rules_of(step), FakeSecretStore(), tmp_path / DATABASE_NAME
    if step >= SEALED_FROM:
        asyncio.run(write_sealed(tmp_path, keychain, rules))
        take_back(path, step)
        asyncio.run(forget_numbers(keychain, step))
    else:
        open_for_writing(tmp_path).close()
        take_back(path, step)
        write_unsealed(tmp_path, rules)
    assert objects(path) == expected(step)

    kept = {rule.id: rule for rule in (*rules, FIRST)}
    assert asyncio.run(read(tmp_path, keychain)) == kept
    assert objects(path) == expected(len(NAMES) - 1)
    assert asyncio.run(read(tmp_path, keychain)) == kept
