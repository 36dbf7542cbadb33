"""How results are cut into pieces and set out, with every offset and line right."""

import json

import pytest

from keyturn.domain.canonical import JsonValue
from keyturn.inspection.trace_text import (
    EXCERPT_CHARACTERS,
    excerpt_at,
    leaf_text,
    leaves,
    render,
    render_on_one_line,
    structure_of,
    text_blocks,
)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("R. Talbot", "R. Talbot"),
        ("ab", None),
        ("abc", "abc"),
        ("100", None),
        ("1.5-2", None),
        ("2026", None),
        ("2226", "2226"),
        ("true", None),
        ("/usr/bin", None),
        ("/usr/bin/x", "/usr/bin/x"),
        ("---", None),
        ("a-1", "a-1"),
        (100, None),
        (1042, "1042"),
        (-1042, "-1042"),
        (12.5, None),
        (1234.5, "1234.5"),
        (5000.0, "5000"),
        (1e300, "1e+300"),
        (float("inf"), "inf"),
        (True, None),
        (None, None),
        ([], None),
    ],
)
def test_what_counts_as_a_value(value: JsonValue, text: str | None) -> None:
    assert leaf_text(value) == text


def test_leaves_are_walked_by_sorted_names_with_their_pointers() -> None:
    value: JsonValue = {"b": [1, {"x/y": "z"}], "a~": None, "c": {}}
    assert list(leaves(value)) == [("/a~0", None), ("/b/0", 1), ("/b/1/x~1y", "z")]


@pytest.mark.parametrize(
    ("result", "blocks"),
    [
        ({"content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}, ["a", "b"]),
        ({"content": [{"type": "image", "data": "eA=="}]}, []),
        ({"content": [{"type": "resource", "resource": {"uri": "u", "text": "a"}}]}, ["a"]),
        ({"contents": [{"uri": "u", "text": "a"}, {"uri": "v", "blob": "eA=="}]}, ["a"]),
        ({"messages": [{"role": "user", "content": {"type": "text", "text": "a"}}]}, ["a"]),
        ({"content": "text"}, []),
        ({"content": ["text", {"text": 5}]}, []),
        ({"content": [{"type": "text", "text": "a\ud800b"}]}, ["a\ufffdb"]),
        (["a"], []),
        ("a", []),
    ],
    ids=str,
)
def test_the_texts_of_a_result_are_those_of_its_blocks(
    result: JsonValue, blocks: list[str]
) -> None:
    assert text_blocks(result) == blocks


@pytest.mark.parametrize(
    ("result", "structure"),
    [
        ({"content": [{"text": "a"}], "structuredContent": {"x": 1}}, {"x": 1}),
        ({"content": [], "structuredContent": [1]}, [1]),
        (
            {
                "content": [
                    {"type": "resource_link", "uri": "u"},
                    {"type": "image", "data": "eA=="},
                    5,
                ]
            },
            [{"type": "resource_link", "uri": "u"}, {"type": "image"}],
        ),
        ({"content": [{"type": "text", "text": "a"}]}, []),
        ({"contents": [{"text": "a"}]}, None),
        ({"resources": [{"uri": "u"}]}, {"resources": [{"uri": "u"}]}),
        ("a", "a"),
    ],
    ids=str,
)
def test_the_structure_of_a_result_is_what_its_texts_do_not_say(
    result: JsonValue, structure: JsonValue
) -> None:
    assert structure_of(result) == structure


def test_a_rendering_is_json_and_knows_where_its_scalars_are() -> None:
    value: JsonValue = {"b": ["é\n", 12, 5000.0, None, True], "a": {}, "c": [], "d": [{"x": "y"}]}
    rendering = render(value)
    assert rendering.text == json.dumps(
        json.loads(rendering.text), ensure_ascii=False, indent=2, sort_keys=True
    )
    assert json.loads(rendering.text) == value
    texts = ["é\\n", "12", "5000", "null", "true", "y"]
    assert [rendering.text[p.offset : p.offset + p.length] for p in rendering.places] == texts
    lines = rendering.text.split("\n")
    for text, place in zip(texts, rendering.places, strict=True):
        assert text in lines[place.line - 1]


def test_the_fast_rendering_says_the_same() -> None:
    value: JsonValue = {"b": ["é\ud800"], "a": 1}
    assert render_on_one_line(value) == '{"a": 1, "b": ["é\ufffd"]}'


LINES = "\n".join(f"line {number} of the text" for number in range(1, 8))


@pytest.mark.parametrize(
    ("line", "first", "shown"),
    [(1, 1, [1, 2]), (2, 1, [1, 2, 3]), (4, 3, [3, 4, 5]), (7, 6, [6, 7])],
)
def test_an_excerpt_is_the_line_with_one_before_and_after(
    line: int, first: int, shown: list[int]
) -> None:
    offset = LINES.index(f"line {line} ") + 5
    excerpt = excerpt_at(LINES, offset, line)
    assert excerpt.first_line == first
    assert excerpt.text.split("\n") == [f"line {number} of the text" for number in shown]


def test_neighbours_that_are_too_long_are_left_out() -> None:
    long = "x" * EXCERPT_CHARACTERS
    text = f"{long}\nthe value\n{long}"
    excerpt = excerpt_at(text, text.index("value"), 2)
    assert (excerpt.text, excerpt.first_line) == ("the value", 2)


@pytest.mark.parametrize("before", [0, 100, 5_000])
@pytest.mark.parametrize("after", [5_000, 100_000])
def test_of_a_long_line_the_part_around_the_value_is_shown(before: int, after: int) -> None:
    text = "first\n" + "x" * before + "VALUE" + "y" * after
    excerpt = excerpt_at(text, text.index("VALUE"), 2)
    assert "VALUE" in excerpt.text
    assert len(excerpt.text) == EXCERPT_CHARACTERS
    assert excerpt.first_line == 2
    assert "\n" not in excerpt.text
