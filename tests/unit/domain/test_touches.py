"""How many things one call touches: counted where it can be, unbounded where nothing bounds it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keyturn.bootstrap.reading_commands import read_commands
from keyturn.domain.canonical import JsonObject, JsonValue
from keyturn.domain.command_shapes import shapes_of
from keyturn.domain.touches import MOST_LOOKED_AT, MOST_READ, ONE, Touches, Way, touches_of
from tests.examples import many


def touched(arguments: JsonObject) -> Touches:
    """Count as the gate does, with what the parsers made of commands."""
    return touches_of(arguments, read_commands(shapes_of(arguments)))


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
        {"sql": "insert into orders (id) values (1)"},
        {"title": "Update the docs", "note": "all"},
        {"command": "ls -l /srv"},
        {"command": "rm /srv/a.txt"},
        {"recursive": False, "limit": 1, "from": 3, "to": 1},
        {"recursive": "false", "limit": "1", "all": 0},
        {"when": "10-30", "name": "allen", "size_limit": True},
        {"address": "14 Quarry Road, Hangar 9", "name": "R. Talbot"},
        {"question": "What is up, and why?", "share": "50%"},
        {"url": "https://example.com/a%20b?page=[1]"},
        {"to": "Ann Lee"},
        {"ship_to": {"name": "Ines Albrecht", "address": "8 Rope Walk, Lindholm"}},
        {"method": "POST", "url": "https://example.com/orders"},
    ],
)
def test_one_thing(arguments: JsonObject) -> None:
    assert touched(arguments) == ONE


@pytest.mark.parametrize(
    ("arguments", "count", "way", "path"),
    [
        ({"orders": list(range(41))}, 41, Way.LIST, "/orders"),
        ({"a": [1, 2], "b": {"c/d": [1, 2, 3]}}, 6, Way.LIST, "/b/c~1d"),
        ({"recipients": ["a", "b", "c"], "files": list("123456789")}, 27, Way.LIST, "/files"),
        ({"x": [[1, 2, 3], [4, 5, 6], [7, 8, 9]]}, 9, Way.LIST, "/x"),
        ({"ids": {str(n): True for n in range(50)}}, 50, Way.LIST, "/ids"),
        ({"ids": "a1,b2, c3"}, 3, Way.LIST, "/ids"),
        ({"ids": "1\n2\n3"}, 3, Way.LIST, "/ids"),
        ({"ids": "1 2 3"}, 3, Way.LIST, "/ids"),
        ({"x": "1|2"}, 2, Way.LIST, "/x"),
        ({"x": "1,  2"}, 2, Way.LIST, "/x"),
        ({"message_ids": "1,2,3,4"}, 4, Way.LIST, "/message_ids"),
        ({"note_ids": "1,2"}, 2, Way.LIST, "/note_ids"),
        ({"ids": "10-30"}, 21, Way.RANGE, "/ids"),
        ({"from": 1, "to": 500}, 500, Way.RANGE, ""),
        ({"to": {"ann@example.com": 1, "bob@example.com": 1}}, 2, Way.LIST, "/to"),
        ({"recipients": {"name": 1, "address": 1}}, 2, Way.LIST, "/recipients"),
        ({"from": 1.0, "to": "900"}, 900, Way.RANGE, ""),
        ({"page": {"startRow": 2, "endRow": 4}}, 3, Way.RANGE, "/page"),
        ({"page_size": 100}, 100, Way.PAGE, "/page_size"),
        ({"limit": 1000.0}, 1000, Way.PAGE, "/limit"),
        ({"max_results": "1000"}, 1000, Way.PAGE, "/max_results"),
        ({"query": "update orders set state = 'x;y' where id in (1, 2)"}, 2, Way.LIST, "/query"),
        ({"sql": "insert into t values (1), (2), (3)"}, 3, Way.LIST, "/sql"),
        ({"command": "rm a b c"}, 3, Way.COMMAND, "/command"),
        ({"command": "rm", "args": ["a", "b"]}, 2, Way.COMMAND, "/command"),
    ],
)
def test_what_can_be_counted(arguments: JsonObject, count: int, way: Way, path: str) -> None:
    assert touched(arguments) == Touches(count=count, way=way, path=path)


@pytest.mark.parametrize(
    ("arguments", "least"),
    [({"recipients": "Ann Lee, Bob Ray"}, 2), ({"to": "Ann Lee, Bob Ray"}, 2)],
)
def test_what_is_not_read_well_counts_too_much(arguments: JsonObject, least: int) -> None:
    count = touched(arguments).count
    assert count is not None and count >= least


@pytest.mark.parametrize(
    ("arguments", "way", "path"),
    [
        ({"path": "/srv/**"}, Way.PATTERN, "/path"),
        ({"path": "/data/my files/*"}, Way.PATTERN, "/path"),
        ({"files": ["a", "*.py"]}, Way.PATTERN, "/files/1"),
        ({"pattern": "**/*"}, Way.PATTERN, "/pattern"),
        ({"search": "*"}, Way.PATTERN, "/search"),
        ({"title_glob": "a?"}, Way.PATTERN, "/title_glob"),
        ({"title": "*"}, Way.PATTERN, "/title"),
        ({"name": "img?.png"}, Way.PATTERN, "/name"),
        ({"name": "img[0-9]"}, Way.PATTERN, "/name"),
        ({"name": "cust%"}, Way.PATTERN, "/name"),
        ({"name": "{a,b}"}, Way.PATTERN, "/name"),
        ({"orders": "all_open"}, Way.PATTERN, "/orders"),
        ({"orders": "all open ones"}, Way.PATTERN, "/orders"),
        ({"to": "everyone"}, Way.PATTERN, "/to"),
        ({"all": True}, Way.FLAG, "/all"),
        ({"recursive": "true"}, Way.FLAG, "/recursive"),
        ({"recursive": 1}, Way.FLAG, "/recursive"),
        ({"deleteRecursive": True}, Way.FLAG, "/deleteRecursive"),
        ({"command": "sudo rm -f -r /srv"}, Way.FLAG, "/command"),
        ({"input": "rm -rf /srv"}, Way.FLAG, "/input"),
        ({"sql": "DELETE FROM orders"}, Way.STATEMENT, "/sql"),
        ({"query": "delete from orders"}, Way.STATEMENT, "/query"),
        ({"anything": "delete from orders"}, Way.STATEMENT, "/anything"),
        ({"method": "DELETE", "url": "https://example.com/orders"}, Way.COMMAND, "/url"),
        ({"sql": "x" * 4_001}, Way.UNKNOWN, "/sql"),
        ({"recipients": "a" * 4_001}, Way.TOO_MUCH, "/recipients"),
        ({"rows": [0] * (MOST_LOOKED_AT + 1)}, Way.TOO_MUCH, ""),
        ({"names": ["y" * 1_000] * (MOST_READ // 1_000 + 1)}, Way.TOO_MUCH, ""),
    ],
)
def test_what_nothing_bounds(arguments: JsonObject, way: Way, path: str) -> None:
    assert touched(arguments) == Touches(count=None, way=way, path=path)


def test_commands_that_nobody_parsed_have_no_bound() -> None:
    bounded: JsonObject = {"sql": "delete from orders where id = 7"}
    assert touched(bounded) == ONE
    assert touches_of(bounded).way is Way.UNKNOWN


def test_over() -> None:
    assert Touches(count=None).over(1_000_000)
    assert Touches(count=3).over(2)
    assert not Touches(count=3).over(3)


def test_what_is_nested_too_deeply_has_no_bound() -> None:
    value: JsonValue = 1
    for _ in range(200):
        value = [value]
    assert touches_of({"a": value}, ()).count is None


NAMES = st.sampled_from(["id", "ids", "to", "files", "order", "limit", "path", "recursive", "x"])
LEAVES = st.one_of(
    st.integers(0, 9),
    st.booleans(),
    st.sampled_from(["a", "1,2", "a b", "10-30", "*", "3", "true"]),
)
VALUES: st.SearchStrategy[JsonValue] = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)
ARGUMENTS: st.SearchStrategy[JsonObject] = st.dictionaries(NAMES, VALUES, max_size=3)


def at_least(more: JsonObject, less: JsonObject) -> bool:
    one, other = touches_of(more, ()).count, touches_of(less, ()).count
    return one is None or (other is not None and one >= other)


@pytest.mark.requirement("REACH-COUNT")
@settings(max_examples=many(1.5))
@given(ARGUMENTS, st.sampled_from(["ids", "y", "more"]), VALUES)
def test_more_members_longer_lists_and_wrappers_never_lower_the_count(
    arguments: JsonObject, key: str, value: JsonValue
) -> None:
    if key not in arguments:
        assert at_least({**arguments, key: value}, arguments)
    assert at_least({"wrapped": arguments}, arguments)
    assert at_least({key: [arguments, value]}, {key: [arguments]})
    assert at_least({"ids": [arguments]}, arguments)


@settings(max_examples=many(0.5))
@given(st.lists(st.sampled_from(["a", "b2", "17"]), min_size=1, max_size=6))
def test_a_longer_list_in_a_text_never_counts_less(parts: list[str]) -> None:
    for between in (",", "; ", "|", "\n", " "):
        shorter, longer = between.join(parts), between.join([*parts, "z"])
        assert at_least({"ids": longer}, {"ids": shorter})
    assert at_least({"x": ",".join([*parts, "z"])}, {"x": ",".join(parts)})


@pytest.mark.unmeasured
@pytest.mark.parametrize(
    "arguments",
    [
        {"ids": [{"from_a": 1, "to_a": 2}] * 990},
        {"x": ["a" * 480] * 120},
        {("k" * 500) + str(n): 1 for n in range(1_900)},
        {"x": ("a,\n " * 1_000)[:4_000]},
        {"x": " " * 3_999 + "a"},
        {"x": "/**/" * 900},
        {"command": "a " * 4_000},
    ],
    ids=["spans", "texts", "keys", "separators", "blanks", "comments", "words"],
)
@pytest.mark.timeout(10)
def test_no_ordinary_size_takes_long(arguments: JsonObject) -> None:
    """A hundred times: read again from each character it would take minutes."""
    for _ in range(100):
        assert touches_of(arguments).count != 0
