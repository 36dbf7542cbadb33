"""How many things one call touches: counted where it can be, unbounded where nothing bounds it."""

import pytest

from keyturn.domain.canonical import JsonObject
from keyturn.domain.touches import MOST_LOOKED_AT, MOST_READ, ONE, Touches, Way, touches_of


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"order": 7},
        {"orders": [7]},
        {"path": "/srv/a.txt", "content": "all of it, *bold*, and DELETE FROM orders"},
        {"message": "one,two,three"},
        {"sql": "delete from orders where id = 7"},
        {"sql": "select * from orders"},
        {"query": "update orders set state = 'x;y' where id in (1, 2)"},
        {"title": "Update the docs", "note": "all"},
        {"command": "ls -l /srv"},
        {"recursive": False, "limit": 1, "from": 3, "to": 1},
        {"when": "10-30", "name": "allen", "size_limit": True},
    ],
)
def test_one_thing(arguments: JsonObject) -> None:
    assert touches_of(arguments) == ONE


@pytest.mark.parametrize(
    ("arguments", "count", "way", "path"),
    [
        ({"orders": list(range(41))}, 41, Way.LIST, "/orders"),
        ({"a": [1, 2], "b": {"c/d": [1, 2, 3]}}, 3, Way.LIST, "/b/c~1d"),
        ({"ids": "a1,b2, c3"}, 3, Way.LIST, "/ids"),
        ({"ids": "10-30"}, 21, Way.RANGE, "/ids"),
        ({"from": 1, "to": 500}, 500, Way.RANGE, ""),
        ({"page": {"startRow": 2, "endRow": 4}}, 3, Way.RANGE, "/page"),
        ({"page_size": 100}, 100, Way.PAGE, "/page_size"),
    ],
)
def test_what_can_be_counted(arguments: JsonObject, count: int, way: Way, path: str) -> None:
    assert touches_of(arguments) == Touches(count=count, way=way, path=path)


@pytest.mark.parametrize(
    ("arguments", "way", "path"),
    [
        ({"path": "/srv/**"}, Way.PATTERN, "/path"),
        ({"files": ["a", "*.py"]}, Way.PATTERN, "/files/1"),
        ({"orders": "all_open"}, Way.PATTERN, "/orders"),
        ({"to": "everyone"}, Way.PATTERN, "/to"),
        ({"all": True}, Way.FLAG, "/all"),
        ({"deleteRecursive": True}, Way.FLAG, "/deleteRecursive"),
        ({"command": "sudo rm -f -r /srv"}, Way.FLAG, "/command"),
        ({"sql": "DELETE FROM orders"}, Way.STATEMENT, "/sql"),
        ({"sql": "delete from orders -- where id = 7"}, Way.STATEMENT, "/sql"),
        ({"sql": "delete from orders /* where */"}, Way.STATEMENT, "/sql"),
        ({"sql": "select 1; update orders set a = 'where'"}, Way.STATEMENT, "/sql"),
        ({"sql": "with x as (select 1) delete from orders"}, Way.STATEMENT, "/sql"),
        ({"sql": "delete from orders where 1=1"}, Way.STATEMENT, "/sql"),
        ({"sql": "delete from orders where id = 7 or 'a'='a'"}, Way.STATEMENT, "/sql"),
        ({"sql": "drop table orders"}, Way.STATEMENT, "/sql"),
        ({"sql": "x" * 4_001}, Way.TOO_MUCH, "/sql"),
        ({"rows": [0] * (MOST_LOOKED_AT + 1)}, Way.TOO_MUCH, ""),
        ({"names": ["y" * 1_000] * (MOST_READ // 1_000 + 1)}, Way.TOO_MUCH, ""),
    ],
)
def test_what_nothing_bounds(arguments: JsonObject, way: Way, path: str) -> None:
    assert touches_of(arguments) == Touches(count=None, way=way, path=path)


def test_over() -> None:
    assert Touches(count=None).over(1_000_000)
    assert Touches(count=3).over(2)
    assert not Touches(count=3).over(3)
