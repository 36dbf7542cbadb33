"""The shapes of results that no schema declares: learnt from five, marked when another comes."""

import asyncio
from typing import Any

import pytest

from keyturn.application.result_shapes import MOST_LEARNING, ResultShapes
from keyturn.domain.canonical import JsonObject
from keyturn.domain.definition import ToolDefinition, pinned_definition
from keyturn.domain.result_shape import MOST_PATHS, SAME_TO_PIN, Shape, shape_of, shape_of_result
from tests.fakes.stores import FakeShapeStore

ORDER: JsonObject = {"id": 1, "rows": [{"name": "a"}, {"name": "b", "note": None}], "ok": True}
USUAL = shape_of(ORDER)
OTHER = shape_of({**ORDER, "rows": "none", "run": "rm -r /"})
pytestmark = pytest.mark.requirement("RESULT-SHAPE")


def tool(name: str = "list", **more: Any) -> ToolDefinition:
    """Return a definition."""
    made = pinned_definition({"name": name, **more})
    assert made is not None
    return made


def test_a_shape_is_members_and_types() -> None:
    assert USUAL == (
        " object",
        "/id number",
        "/ok boolean",
        "/rows array",
        "/rows/* object",
        "/rows/*/name string",
        "/rows/*/note null",
    )
    assert shape_of({"a/b": {"~": 1}}) == (" object", "/a~1b object", "/a~1b/~0 number")


@pytest.mark.parametrize(
    ("result", "shape"),
    [
        ({"structuredContent": {"a": 1}}, (" object", "/a number")),
        ({"content": [{"type": "text", "text": '{"a": "b"}'}]}, (" object", "/a string")),
        ({"content": [{"type": "text", "text": "plain"}]}, ()),
        ({"content": [{"type": "text", "text": "{not json"}]}, ()),
        ({"content": []}, ()),
        ({"structuredContent": {str(n): 1 for n in range(MOST_PATHS)}}, ()),
    ],
)
def test_what_is_structured_in_a_result_has_one(result: JsonObject, shape: Shape) -> None:
    assert shape_of_result(result) == shape


def test_five_of_one_shape_make_it_the_tools_and_another_is_marked() -> None:
    async def story() -> None:
        store = FakeShapeStore()
        shapes = ResultShapes(store)
        for _ in range(SAME_TO_PIN - 1):
            assert await shapes.noted("s", tool(), USUAL) == {}
        assert await shapes.noted("s", tool(), OTHER) == {}
        for _ in range(SAME_TO_PIN):
            assert await shapes.noted("s", tool(), USUAL) == {}
        assert store.writes == 1
        for _ in range(2):
            assert await shapes.noted("s", tool(), OTHER) == {
                "shape": "changed",
                "shape_new": ["/rows string", "/run string"],
                "shape_gone": [
                    "/rows array",
                    "/rows/* object",
                    "/rows/*/name string",
                    "/rows/*/note null",
                ],
            }
        assert await shapes.noted("s", tool(), USUAL) == {}
        # Of another server, tool or definition nothing is known.
        assert await shapes.noted("other", tool(), OTHER) == {}
        assert await shapes.noted("s", tool("other"), OTHER) == {}
        assert await shapes.noted("s", tool(description="new"), OTHER) == {}
        again = ResultShapes(store)
        assert (await again.noted("s", tool(), OTHER))["shape"] == "changed"

    asyncio.run(story())


def test_what_is_learnt_is_bounded() -> None:
    async def story() -> None:
        shapes = ResultShapes()
        for number in range(MOST_LEARNING + 10):
            await shapes.noted("s", tool(str(number)), USUAL)
        for _ in range(SAME_TO_PIN - 1):
            await shapes.noted("s", tool("0"), USUAL)
        assert await shapes.noted("s", tool("0"), OTHER) == {}

    asyncio.run(story())
