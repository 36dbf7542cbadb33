"""Statements of SQL: what each does, to what, and that none is taken for a bounded one wrongly."""

import pytest

from keyturn.domain.command_budget import LONGEST_COMMAND
from keyturn.domain.command_shapes import Shaped
from keyturn.domain.commands import Command, Does, Language, Why
from keyturn.inspection.sql_commands import read_sql


def read(text: str, *, sure: bool = True) -> Command | None:
    return read_sql(Shaped(path="/sql", language=Language.SQL, text=text, sure=sure))


def known(text: str) -> Command:
    command = read(text)
    assert command is not None
    return command


@pytest.mark.parametrize(
    ("text", "does", "target", "count", "why"),
    [
        ("select * from orders", Does.READS, "orders", 1, None),
        ("with x as (select 1) select * from x, orders", Does.READS, "orders", 1, None),
        ("select now(), count(*) from orders", Does.READS, "orders", 1, None),
        ("select * from t where note = 'please delete this'", Does.READS, "t", 1, None),
        ("select * from t for update", Does.READS, "t", 1, None),
        ("delete from shop.orders where id = 7", Does.REMOVES, "shop.orders", 1, None),
        ("delete from orders where id in (1, 2, 3)", Does.REMOVES, "orders", 3, None),
        ("update orders set a = 1 where id = 7 and state = 'x'", Does.CHANGES, "orders", 1, None),
        ("update `orders` set a = 1 where order_id = 7", Does.CHANGES, "orders", 1, None),
        ("insert into t (a) values (1), (2)", Does.ADDS, "t", 2, None),
        ("insert into t select * from u", Does.ADDS, "t", None, Why.QUERY),
        ("delete from orders where uuid = '1a'", Does.REMOVES, "orders", 1, None),
        ("delete from orders", Does.REMOVES, "orders", None, Why.NO_CONDITION),
        ("update orders set a = 1", Does.CHANGES, "orders", None, Why.NO_CONDITION),
        ("drop table orders", Does.DROPS, "orders", None, Why.WHOLE),
        ("truncate table orders", Does.EMPTIES, "orders", None, Why.WHOLE),
        ("alter table orders drop column a", Does.ALTERS, "orders", None, Why.WHOLE),
        ("create table t (a int)", Does.CREATES, "t", 1, None),
    ],
)
def test_what_a_statement_does(
    text: str, does: Does, target: str, count: int | None, why: Why | None
) -> None:
    command = known(text)
    (step,) = command.steps
    assert command.understood
    assert (step.does, step.target, step.count, step.why) == (does, target, count, why)
    assert command.changes is (does is not Does.READS)


@pytest.mark.requirement("REACH-COUNT")
@pytest.mark.parametrize(
    "text",
    [
        "UPDATE orders o SET a=0",
        "UPDATE ONLY orders SET a=0",
        'UPDATE "my table" SET a=0',
        "DELETE t FROM t",
        "MERGE INTO t USING u ON t.id=u.id WHEN MATCHED THEN DELETE",
        "REPLACE INTO t SELECT 1",
        "DELETE FROM t /* * where */",
        "DELETE FROM t # where x",
        "DELETE FROM t -- where id = 1",
        'DELETE FROM t RETURNING "where"',
        "WITH x AS (SELECT 1 WHERE 1=2) DELETE FROM t",
        "WITH x AS (DELETE FROM t RETURNING *) SELECT * FROM x",
        "UPDATE t SET a=(SELECT b FROM c WHERE c.id=1)",
        "DELETE FROM t WHERE (1=1)",
        "DELETE FROM t WHERE 1",
        "DELETE FROM t WHERE true",
        "DELETE FROM t WHERE not false",
        "DELETE FROM t WHERE ''=''",
        "DELETE FROM t WHERE id IS NOT NULL",
        "DELETE FROM t WHERE id LIKE '%'",
        "DELETE FROM t WHERE 1<2",
        "DELETE FROM t WHERE id = id",
        "DELETE FROM t WHERE id = 7 OR 1 = 1",
        "DELETE FROM t WHERE id = 7 OR id = 8",
        "DELETE FROM t WHERE id IN (SELECT id FROM t)",
        "DELETE FROM t WHERE id BETWEEN 1 AND 9",
        'DELETE FROM t WHERE id = "id"',
        "DELETE FROM t WHERE \"id\" = 'id'",
        "DELETE FROM t WHERE id = 0",
        "DELETE FROM t WHERE uuid = 1",
        "DELETE FROM t WHERE 1 = t.UUID",
        "DELETE FROM t WHERE uuid IN ('a', 1)",
        "DELETE FROM t WHERE id = -0.0",
        "DELETE FROM t WHERE state = 'open'",
        "DELETE FROM t USING u WHERE t.id = 7",
        "UPDATE t SET a = 1 FROM u WHERE t.id = 7",
        "DELETE FROM t WHERE id = 7; DELETE FROM t",
        "DELETE FROM t WHERE id = 7\\; DELETE FROM t",
        "SELECT '' /*' ; DELETE FROM t --*/",
        "SELECT 'a\\'' ; DELETE FROM t -- '",
        "SELECT [a'], 1 ; DELETE FROM t WHERE [x'] = 1",
        "SELECT `'`; DELETE FROM t; --'",
        "SELECT q'[it's]'; DELETE FROM t; select ''",
        "SELECT 1 /*!; DELETE FROM t */",
        "EXPLAIN ANALYZE DELETE FROM t",
        "SELECT pg_terminate_backend(7)",
        "SELECT * INTO copy_of_t FROM t",
        "CREATE TRIGGER x AFTER INSERT ON t BEGIN DELETE FROM t; END",
        "CREATE OR REPLACE VIEW v AS SELECT 1",
        "GRANT ALL ON t TO public",
        "EXEC sp_executesql N'DELETE FROM t'",
        "CALL wipe()",
        "DO $$ BEGIN DELETE FROM t; END $$",
        "VACUUM FULL",
        "PRAGMA writable_schema = 1",
        "COPY t FROM '/tmp/x'",
        "LOAD DATA INFILE 'x' INTO TABLE t",
        "ATTACH DATABASE 'x' AS y",
        "SELECT 1 \x00; DELETE FROM t",
        "(" * 2_000 + "select 1",
        "select 1;" * 60,
        "not sql at all ' (",
    ],
)
def test_nothing_is_bounded_that_is_not_surely_so(text: str) -> None:
    command = known(text[:LONGEST_COMMAND])
    assert command.count is None and command.changes


def test_steps_add_up_and_those_left_out_count() -> None:
    text = ";".join(f"delete from t{n} where id in (1, 2)" for n in range(20))
    command = known(text)
    assert (command.count, len(command.steps), command.more) == (40, 12, 8)
    assert command.destroys


@pytest.mark.parametrize("text", ["select something nice", "update npm to latest", "explain it"])
def test_a_sentence_is_no_statement(text: str) -> None:
    assert read(text, sure=False) is None


@pytest.mark.requirement("REACH-COUNT")
@pytest.mark.parametrize(
    "text",
    [
        "DELETE FROM t WHERE paid = 1",
        "DELETE FROM t WHERE void = 1",
        "DELETE FROM items WHERE order_id = 7",
        "DELETE FROM t WHERE email = 'a'",
        'DELETE FROM t WHERE "id" = 7',
        "DELETE FROM t WHERE `id` = 7",
        "DELETE FROM t WHERE [id] = 7",
        "DELETE FROM t WHERE id = ?",
        "DELETE FROM t WHERE id = :id",
        "DELETE FROM t WHERE id = 7 -- x\n AND a = 1",
        "DELETE FROM t WHERE id = 7 --x",
        "DELETE FROM t WHERE id = E'7'",
        "DELETE FROM t WHERE id = $$7$$",
        "DELETE FROM t WHERE u.id = 7",
        "DELETE FROM t WHERE id = 7 DELETE FROM t",
        "INSERT OR REPLACE INTO t VALUES (1)",
        "UPDATE OR REPLACE t SET id = 1 WHERE id = 7",
        "INSERT INTO t TABLE u",
        "CREATE TABLE t AS SELECT * FROM u",
        "SELECT 1 DELETE FROM t",
        "SELECT 1 SHUTDOWN",
        "SELECT a FROM t INTO OUTFILE '/tmp/x'",
        "SELECT pg_read_file('x')",
        "SELECT load_extension('x')",
        "SELECT lo_import('x')",
        "SELECT * FROM dblink('x', 'y')",
        "SELECT setval('s', 1)",
        "SELECT nextval('s')",
        "SELECT NEXT VALUE FOR s",
        "SELECT my.lower('x')",
        "EXEC xp_cmdshell 'dir'",
        "EXPLAIN ANALYZE DELETE FROM t WHERE id = 7",
        "COPY t TO PROGRAM 'sh'",
        "SET x = 1",
        "USE x",
        "select 1;\n.shell ls",
        "select 1;\n\\! ls",
        "system ls",
        "SELECT 'a\\' , lower('b')",
        "SELECT @x := 1",
        "SELECT '\u2019'",
    ],
)
def test_what_dialects_or_servers_may_take_otherwise_has_no_bound(text: str) -> None:
    command = known(text)
    assert command.count is None and command.destroys


@pytest.mark.parametrize(
    "text",
    [
        "select a, count(*) from t where b like '%x%' group by a order by 2 desc limit 5",
        "select lower(a), coalesce(b, 1) from t join u on t.id = u.t_id where c between 1 and 2",
        "-- the open ones\nselect * from t where state = 'it''s'",
        "select \"a\" from t /* of this year */ where b >= '2026-01-01'",
        "select case when a > 1 then 'x' else 'y' end from t where b is not null",
        "select * from t where id = ?",
    ],
)
def test_ordinary_queries_only_read(text: str) -> None:
    command = known(text)
    assert command.understood and not command.changes


def test_what_can_only_be_a_change_is_one_though_nobody_parses_it() -> None:
    command = read("DELETE FROM t WHERE id = 7 \\gexec", sure=False)
    assert command is not None and command.destroys
    assert read("select the best of them from the list \\o/", sure=False) is None
