"""What a schema says is read once and only so far; what is not understood counts as declared."""

import pytest

from keyturn.domain.canonical import JsonObject, JsonValue
from keyturn.presentation import argument_schema
from keyturn.presentation.argument_schema import ArgumentSchema


def declared(root: JsonObject, subject: JsonValue, path: str) -> bool:
    return ArgumentSchema(root, subject).at(path).declared


def test_nothing_is_understood_once_the_steps_are_used_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(argument_schema, "MOST_STEPS", 1)
    root: JsonObject = {"properties": {"a": {"format": "email"}}, "required": ["a"]}
    schema = ArgumentSchema(root, {"a": "x", "b": "y"})
    assert schema.at("/a").declared
    late = schema.at("/b")
    assert (late.declared, late.required, list(late.said("format"))) == (True, False, [])


SHIP: JsonObject = {"properties": {"a": {"properties": {"x": {}}}}}
UNCLEAR: list[tuple[JsonObject, JsonValue, str]] = [
    ({"$ref": "#/$defs/s", "$defs": {"s": SHIP}, "properties": {"b": {}}}, {"a": 1}, "/a"),
    ({"$ref": "#/$defs/s", "$defs": {"s": SHIP}, "properties": {"b": {}}}, {"b": 1}, "/b"),
    ({"properties": {"a": {"$ref": "#"}}}, {"a": {"a": 1}}, "/a/a"),
    ({"properties": {"a": {}}, "$ref": "#ship"}, {"b": 1}, "/b"),
    ({"properties": {"a": {"properties": {}}}, "$ref": "#ship"}, {"a": {"b": 1}}, "/a/b"),
    ({"properties": {"a": {}}, "$dynamicRef": "#ship"}, {"b": 1}, "/b"),
    ({"properties": {"a": {}}, "$ref": "https://a.example/s"}, {"b": 1}, "/b"),
    ({"properties": {"a": {}}, "$ref": "#/$defs/none"}, {"b": 1}, "/b"),
    ({"properties": {"a": {}}, "dependentSchemas": {"a": SHIP}}, {"b": 1}, "/b"),
    ({"properties": {"a": {}}, "patternProperties": {"^b": {}}}, {"b": 1}, "/b"),
    ({"properties": {"a": {}}, "allOf": [{"$id": "x", "$ref": "#/$defs/s"}]}, {"b": 1}, "/b"),
    ({"$ref": "#/$defs/a%20b", "$defs": {"a b": SHIP}}, {"a": {"x": 1}}, "/a/x"),
    ({"properties": {"a": {}}}, [1], "/0"),
    (
        {"anyOf": [{"type": "array", "items": {"properties": {"a": {}}}}, SHIP]},
        [{"a": 1}],
        "/0/a",
    ),
    ({"prefixItems": [{"properties": {"a": {}}}], "items": False}, [{"a": 1}], "/0/a"),
]


@pytest.mark.parametrize(("root", "subject", "path"), UNCLEAR, ids=str)
def test_what_may_be_declared_is_not_called_undeclared(
    root: JsonObject, subject: JsonValue, path: str
) -> None:
    assert declared(root, subject, path)


LEFT_OUT: list[tuple[JsonObject, JsonValue, str]] = [
    (SHIP, {"b": 1}, "/b"),
    (SHIP, {"b": {"x": 1}}, "/b/x"),
    (SHIP, {"a": {"y": 1}}, "/a/y"),
    ({"$ref": "#/$defs/s", "$defs": {"s": SHIP}}, {"b": 1}, "/b"),
    ({"items": {"properties": {"a": {}}}}, [{"b": 1}], "/0/b"),
    ({"anyOf": [{"items": SHIP}, {"properties": {"0": {}}}]}, {"b": 1}, "/b"),
    ({"properties": {"a": {"$ref": "#"}}}, {"a": {"b": 1}}, "/a/b"),
]


@pytest.mark.parametrize(("root", "subject", "path"), LEFT_OUT, ids=str)
def test_what_a_schema_leaves_out_is_undeclared(
    root: JsonObject, subject: JsonValue, path: str
) -> None:
    assert not declared(root, subject, path)


def test_declared_values_are_found_in_lists_and_named_once() -> None:
    item: JsonObject = {"properties": {"to": {}, "body": {}}}
    messages: JsonObject = {"type": "array", "anyOf": [{"items": item}, {"items": item}]}
    twice: JsonObject = {"properties": {"messages": messages}}
    subject: JsonObject = {"messages": [{"to": "a"}, 1, {"body": "b", "cc": "c"}]}
    schema = ArgumentSchema({**twice, "allOf": [twice]}, subject)
    assert [node.path for node in schema.declared_nodes()] == [
        "/messages",
        "/messages/0/to",
        "/messages/2/body",
    ]


def test_one_member_does_not_keep_the_others_from_being_found() -> None:
    item: JsonObject = {"properties": {"to": {}}}
    names = ("a", "b", "messages")
    root: JsonObject = {"properties": {name: {"items": item} for name in names}}
    junk: list[JsonValue] = [{"to": "x"}] * 5_000
    empty: list[JsonValue] = [{"x": 1}] * 5_000
    subject: JsonObject = {"a": junk, "b": empty, "messages": [{"to": "me"}]}
    found = [node.path for node in ArgumentSchema(root, subject).declared_nodes()]
    assert "/messages/0/to" in found[:10]
    assert len(found) <= 500
