"""What commands do is found out by running them: nothing may do more than was said of it."""

import random
import shutil
import sys

import pytest

from tests.property import shell_lines, sql_lines

MOVED = ("sub", "sub/e")
"""What is no longer where it was, once its folder is moved."""
SHELLS = tuple(filter(None, map(shutil.which, ("bash", "dash"))))


@pytest.mark.requirement("REACH-TIER")
@pytest.mark.requirement("REACH-COUNT")
@pytest.mark.parametrize("seed", range(3))
def test_no_line_changes_more_than_is_said_of_it(seed: int) -> None:
    dice = random.Random(seed)
    lines = [shell_lines.one_line(dice) for _ in range(40)]
    lines += [shell_lines.one_odd_line(dice) for _ in range(90)]
    lines += [shell_lines.one_plain_line(dice) for _ in range(15)]
    lines += [shell_lines.one_wrapped_line(dice) for _ in range(90)]
    bounded = [line for line in lines if shell_lines.is_bounded(line)]
    sys.stdout.write(f"{len(bounded)} of {len(lines)} lines are understood and bounded\n")
    wrong = {line: said for line in bounded if (said := shell_lines.wrong(line, SHELLS))}
    assert wrong == {}
    assert SHELLS and len(bounded) >= 25


@pytest.mark.requirement("REACH-COUNT")
@pytest.mark.parametrize("seed", range(3))
def test_no_statement_changes_more_rows_than_is_said_of_it(seed: int) -> None:
    dice = random.Random(seed)
    texts = [sql_lines.one_text(dice) for _ in range(100)]
    texts += [sql_lines.one_plain_text(dice) for _ in range(100)]
    bounded = [text for text in texts if sql_lines.is_bounded(text)]
    sys.stdout.write(f"{len(bounded)} of {len(texts)} statements are understood and bounded\n")
    wrong = {text: said for text in bounded if (said := sql_lines.wrong(text))}
    assert wrong == {}
    assert len(bounded) >= 20


@pytest.mark.parametrize(
    ("line", "changed"),
    [
        ("jobs -x touch made", {"made"}),
        ("echo ${P@P}", {"made"}),
        ("sort $X a", {"made"}),
        ("sort $'-o' made a", {"made"}),
        ("printf -v 'q[$(touch made)]' 1", {"made"}),
        ("echo $((E))", {"made"}),
        ("cat a > b.txt", {"b.txt"}),
        ("echo 'rm -f a' | xargs -rIls sh -c ls", {"a"}),
        ("find . -maxdepth 0 -exec uniq + made ';'", {"made"}),
        ("echo y | find a -ok sort '{}' + -o made ';'", {"made"}),
        ("mkdir made; mv a sub made", {"a", "made", "made/a", "made/sub", "made/sub/e", *MOVED}),
        ("cat a", set[str]()),
    ],
)
def test_the_oracle_sees_what_a_line_changes(line: str, changed: set[str]) -> None:
    (bash,) = SHELLS[:1]
    assert shell_lines.changed_by(line, bash) == changed


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("DELETE FROM items WHERE order_id = 7", 4),
        ("UPDATE orders SET note = 'n' WHERE paid = 1", 4),
        ("REPLACE INTO orders VALUES (1,12,0,0,'r','u7')", 3),
        ("SELECT * FROM orders; DELETE FROM items WHERE id = 7", 1),
        ("SELECT * FROM orders", 0),
    ],
)
def test_the_oracle_counts_rows(text: str, rows: int) -> None:
    assert sql_lines.rows_changed_by(text) == rows
