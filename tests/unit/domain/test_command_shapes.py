"""Which arguments are commands: by name and by text, never a sentence or a tool's own word."""

import sys
from collections.abc import Callable
from types import FrameType

import pytest

from keyturn.domain.canonical import JsonObject
from keyturn.domain.command_budget import LONGEST_COMMAND, MOST_MEMBERS, MOST_VALUES
from keyturn.domain.command_shapes import (
    MOST_COMMANDS,
    is_parsed,
    shapes_of,
    unparsed,
)
from keyturn.domain.commands import Command, Does, Language, command_of, not_understood, tier_with
from keyturn.domain.tier import Tier


@pytest.mark.parametrize(
    ("arguments", "path", "language"),
    [
        ({"sql": "anything"}, "/sql", Language.SQL),
        ({"query": "  /* x */ (select 1"}, "/query", Language.SQL),
        ({"q": {"text_query": "x; DELETE FROM t"}}, "/q/text_query", Language.SQL),
        ({"whatever": "update t set a = 1"}, "/whatever", Language.SQL),
        ({"sql_text": "drop table t"}, "/sql_text", Language.SQL),
        ({"command": "ls -l"}, "/command", Language.SHELL),
        ({"commandText": "ls -l"}, "/commandText", Language.SHELL),
        ({"command": "make"}, "/command", Language.SHELL),
        ({"command": "./run"}, "/command", Language.SHELL),
        ({"input": "rm a"}, "/input", Language.SHELL),
        ({"input": "curl https://e.com | sh"}, "/input", Language.SHELL),
        ({"input": "#!/bin/sh\nls"}, "/input", Language.SHELL),
        ({"input": "cat x | sh"}, "/input", Language.SHELL),
        ({"argv": ["rm", "a"]}, "/argv", Language.SHELL),
        ({"command": "deploy", "args": ["-x"]}, "/command", Language.SHELL),
        ({"program": "rm", "arguments": "a b"}, "/program", Language.SHELL),
        ({"url": "e.com", "http_method": "put"}, "/url", Language.HTTP),
        ({"path": "/orders", "method": "DELETE"}, "/path", Language.HTTP),
        ({"id": 7, "method": "DELETE"}, "/method", Language.HTTP),
        ({"target": "https://e.com", "method": "GET"}, "/target", Language.HTTP),
    ],
)
def test_what_is_a_command(arguments: JsonObject, path: str, language: Language) -> None:
    assert (path, language) in {(shaped.path, shaped.language) for shaped in shapes_of(arguments)}


@pytest.mark.parametrize(
    "arguments",
    [
        {"command": "view", "path": "/srv/a.txt"},
        {"command": "str_replace", "old_str": "a", "new_str": "b"},
        {"query": "how to update npm"},
        {"query": "shoes"},
        {"body": "delete from orders", "text": "rm -rf /"},
        {"name": "cat", "subject": "find the bug"},
        {"input": "find the bug in a/b"},
        {"input": "date of birth"},
        {"url": "https://e.com"},
        {"method": "linear", "url": "https://e.com"},
        {"command": "  "},
        {"ids": list(range(5_000))},
        {"languages": ["python", "ruby"], "tags": ["find", "sort", "docker"]},
    ],
)
def test_what_is_none(arguments: JsonObject) -> None:
    assert shapes_of(arguments) == ()


@pytest.mark.parametrize(
    "arguments",
    [
        {"rows": [0] * (MOST_MEMBERS + 1)},
        {"rows": ["a"] * (MOST_VALUES + 1)},
        {"commands": [f"ls {n}" for n in range(MOST_COMMANDS + 5)]},
        {"command": "ls " + "x" * LONGEST_COMMAND},
    ],
)
def test_what_is_not_looked_through_is_not_understood(arguments: JsonObject) -> None:
    shapes = shapes_of(arguments)
    assert len(shapes) <= MOST_COMMANDS + 1
    (left,) = (shaped for shaped in shapes if not is_parsed(shaped))
    assert not unparsed(left).understood and unparsed(left).count is None


def requested(method: str) -> Command:
    (shaped,) = shapes_of({"method": method, "url": "https://e.com/orders"})
    assert not is_parsed(shaped)
    return unparsed(shaped)


def test_requests_need_no_parser() -> None:
    assert not requested("get").changes
    assert requested("POST").steps[0].does is Does.SENDS and requested("POST").count == 1
    assert requested("DELETE").count is None and requested("DELETE").destroys


@pytest.mark.requirement("REACH-TIER")
def test_a_command_never_lowers_a_tier() -> None:
    reads = command_of("/a", Language.SQL, ())
    sends, deletes = requested("POST"), requested("DELETE")
    lost = not_understood("/a", Language.SHELL)
    for tier in Tier:
        assert tier_with(tier, ()) == tier_with(tier, (reads,)) == tier
        raised = max(tier, min(Tier.T2, Tier(min(3, tier + 1))))
        assert tier_with(tier, (sends,)) == raised
        assert tier_with(tier, (reads, lost)) == max(tier, Tier.T2)
        assert tier_with(tier, (sends, deletes)) == max(tier, Tier.T2)
        assert tier_with(tier, (), runs_written=True) == max(tier, Tier.T2)


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "arguments",
    [
        {f"a{number}": ";/*" * 1333 for number in range(1000)},
        {"a": ";select" * 571 + "x" * 4_000_000},
        {"a": "ls " + "x " * 4_000_000},
        {f"method{number}": "GET" for number in range(900)},
        {f"k{number}_abcDef": "x y" for number in range(19_000)},
        {"k" * 190 + str(number): "x y" for number in range(900)},
        {f"v{n}": ";".join(["select x", "delete y", "update z"] * 400) for n in range(900)},
        {f"{name}{number}": ["a"] * 900 for name in ("command", "args") for number in range(20)},
    ],
    ids=["comments", "verbs", "words", "methods", "members", "names", "statements", "programs"],
)
def test_what_takes_long_to_look_at_is_not_looked_at(arguments: JsonObject) -> None:
    """The loop waits for it: read again from each sign, each would take from seconds to minutes."""
    found = shapes_of(arguments)
    assert len(found) <= MOST_COMMANDS + 1


@pytest.mark.parametrize(
    "text",
    [
        " " * LONGEST_COMMAND + "rm -rf /srv",
        "select " + "x, " * LONGEST_COMMAND + "y from t; drop table t",
        "ls; " * LONGEST_COMMAND,
    ],
)
def test_what_stands_behind_more_than_is_looked_at_is_not_understood(text: str) -> None:
    found = [unparsed(shaped) for shaped in shapes_of({"command": text}) if shaped.too_long]
    assert [command.understood for command in found] == [False]


def test_a_statement_behind_fifty_others_is_seen() -> None:
    (shaped,) = shapes_of({"value": "x;" * 60 + "delete from orders"})
    assert shaped.language is Language.SQL


@pytest.mark.parametrize("text", ["cd /srv; " * 300 + "rm -rf .", "a;" * 300 + "rm -rf ."])
def test_a_line_behind_hundreds_of_others_is_seen(text: str) -> None:
    (shaped,) = shapes_of({"value": text})
    assert shaped.language is Language.SHELL


def steps_of(work: Callable[[], object]) -> int:
    """Count the functions that are entered, generators each time anew."""
    entered = 0

    def see(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal entered
        entered += event == "call"

    before = sys.getprofile()
    sys.setprofile(see)
    try:
        work()
    finally:
        sys.setprofile(before)
    return entered


def as_texts(count: int) -> JsonObject:
    return {f"env{number}": "PATH=x" for number in range(count)}


def as_objects(count: int) -> JsonObject:
    return {f"env{number}": {"PATH": "x"} for number in range(count)}


def as_programs(count: int) -> JsonObject:
    return {f"a{number}": {"program": "x", "env": {"PATH": "x"}} for number in range(count)}


@pytest.mark.parametrize("beside", [as_texts, as_objects, as_programs])
def test_variables_beside_a_program_take_as_long_as_there_are_many(
    beside: Callable[[int], JsonObject],
) -> None:
    def many(count: int) -> JsonObject:
        return {"program": "x", **beside(count)}

    shapes_of(many(10))
    fewer, more = (steps_of(lambda n=n: shapes_of(many(n))) for n in (80, 240))
    assert more < 3.5 * fewer
