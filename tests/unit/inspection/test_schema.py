"""Every way to break a schema, and every schema that must not be used."""

import time
from typing import cast

import pytest

from keyturn.domain.canonical import JsonObject, JsonValue
from keyturn.inspection.schema import JsonSchemaValidator


def faults(schema: JsonObject, arguments: JsonValue) -> list[tuple[str, str]]:
    found = JsonSchemaValidator().faults("hash", schema, arguments)
    return [(fault.path, fault.message) for fault in found]


def of(**schema: JsonValue) -> JsonObject:
    """Make the schema of an object whose one property `v` has this schema."""
    return {"type": "object", "properties": {"v": {**schema}}}


NOTHING: JsonObject = {"not": {}}
BREAKS: list[tuple[JsonObject, JsonValue, str, str]] = [
    (of(type="integer"), "SECRET", "/v", "is not of type integer"),
    (of(type="integer"), 1.5, "/v", "is not of type integer"),
    (of(type="integer"), True, "/v", "is not of type integer"),
    (of(minimum=1), 0, "/v", "is less than 1"),
    (of(maximum=1), 2, "/v", "is more than 1"),
    (of(exclusiveMinimum=1), 1, "/v", "is not more than 1"),
    (of(exclusiveMaximum=1), 1, "/v", "is not less than 1"),
    (of(multipleOf=0.5), 0.3, "/v", "is not a multiple of 0.5"),
    (of(minLength=9), "SECRET", "/v", "is shorter than 9 characters"),
    (of(maxLength=2), "SECRET", "/v", "is longer than 2 characters"),
    (of(pattern="^a+$"), "SECRET", "/v", "does not match the pattern of the schema"),
    (of(enum=["x", "y"]), "SECRET", "/v", "is none of the 2 allowed values"),
    (of(const=4), "SECRET", "/v", "is not the one allowed value"),
    (of(minItems=2), ["SECRET"], "/v", "has fewer than 2 items"),
    (of(maxItems=1), ["SECRET", 1], "/v", "has more than 1 items"),
    (of(items={"type": "null"}), [None, "SECRET"], "/v/1", "is not of type null"),
    (of(uniqueItems=True), ["SECRET", "SECRET"], "/v", "has the same item twice"),
    (of(contains={"const": 1}), ["SECRET"], "/v", "does not hold the items that it must"),
    (of(minProperties=2), {"a": "SECRET"}, "/v", "has fewer than 2 members"),
    (of(maxProperties=0), {"a": "SECRET"}, "/v", "has more than 0 members"),
    (of(required=["a"]), {"x": 1}, "/v/a", "is missing"),
    (of(required=["a/b~"]), {}, "/v/a~1b~0", "is missing"),
    (
        of(additionalProperties=False),
        {"SECRET": 1},
        "/v",
        "has members that the schema does not allow",
    ),
    (
        of(properties={"a": True}, additionalProperties=False),
        {"x": "SECRET"},
        "/v/x",
        "is not in the schema",
    ),
    (of(unevaluatedProperties=False), {"x": "SECRET"}, "/v/x", "is not in the schema"),
    (of(dependentRequired={"a": ["b"]}), {"a": "SECRET"}, "/v/b", "is missing"),
    (
        of(propertyNames={"maxLength": 1}),
        {"SECRET": 1},
        "/v",
        "has a member whose name is not allowed",
    ),
    (of(anyOf=[{"type": "null"}]), "SECRET", "/v", "fits none of the allowed forms"),
    (
        of(oneOf=[{"type": "null"}]),
        "SECRET",
        "/v",
        "fits none of the forms of which it must fit one",
    ),
    (
        of(oneOf=[{}, {}]),
        "SECRET",
        "/v",
        "fits more than one of the forms of which it must fit one",
    ),
    (of(**NOTHING), "SECRET", "/v", "has a form that is ruled out"),
    ({"properties": {"v": False}}, "SECRET", "/v", "is not allowed here"),
    (of(unevaluatedItems=False), ["SECRET"], "/v", "has items that the schema does not allow"),
]


@pytest.mark.parametrize(("schema", "value", "path", "message"), BREAKS)
def test_every_kind_of_break_is_told_without_the_value(
    schema: JsonObject, value: JsonValue, path: str, message: str
) -> None:
    assert faults(schema, {"v": value}) == [(path, message)]


def test_arguments_that_are_no_object_break_the_schema() -> None:
    assert faults({"type": "object"}, ["SECRET"]) == [("", "is not of type object")]


def test_several_faults_come_together_and_ten_are_enough() -> None:
    names = [f"a{number}" for number in range(20)]
    schema: JsonObject = {"required": [*names], "additionalProperties": False}
    assert len(faults(schema, {"x": 1, "y": 2})) == 10


def test_a_path_is_bounded_like_everything_else() -> None:
    ((path, _),) = faults({"additionalProperties": {"type": "null"}}, {"k" * 100_000: 1})
    assert len(path) == 512


@pytest.mark.parametrize(
    ("value", "format_"), [("nobody", "email"), ("not a date", "date"), ("x", "made-up")]
)
def test_a_format_is_an_annotation(value: str, format_: str) -> None:
    assert faults(of(type="string", format=format_), {"v": value}) == []


def test_references_within_the_document_are_followed() -> None:
    schema: JsonObject = {
        "$id": "https://schemas.example/order",
        "$defs": {"a%/b": {"type": "string"}, "named": {"$anchor": "n", "type": "null"}},
        "properties": {"v": {"$ref": "#/$defs/a%25~1b"}, "w": {"$ref": "#n"}, "x": {"$ref": "#"}},
    }
    assert faults(schema, {"v": 1, "w": None}) == [("/v", "is not of type string")]
    assert faults(schema, {"x": {"w": 1}}) == [("/x/w", "is not of type null")]


def test_a_reference_to_true_or_false_is_followed() -> None:
    schema: JsonObject = {"$defs": {"no": False}, "properties": {"v": {"$ref": "#/$defs/no"}}}
    assert faults(schema, {"v": 1}) == [("/v", "is not allowed here")]


def test_a_reference_among_data_refers_to_nothing() -> None:
    data: JsonObject = {"$ref": "https://elsewhere.example/schema"}
    assert faults(of(const=data, default=data, examples=[data]), {"v": data}) == []


def test_older_dialects_are_read_as_what_they_say() -> None:
    draft7: JsonObject = {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "dependencies": {"a": ["b"]},
        "properties": {"v": {"items": [{"type": "string"}], "additionalItems": False}},
    }
    assert faults(draft7, {"a": 1}) == [("/b", "is missing")]
    assert faults(draft7, {"v": ["x", "y"]}) == [("/v", "has more than 1 items")]
    draft2019: JsonObject = {"$schema": "https://json-schema.org/draft/2019-09/schema"}
    assert faults(draft2019, {}) == []


UNUSABLE: list[tuple[JsonObject, str]] = [
    ({"$ref": "https://elsewhere.example/schema"}, "it refers to another document"),
    ({"$ref": "file:///etc/passwd"}, "it refers to another document"),
    ({"$ref": "other.json"}, "it refers to another document"),
    (of(**{"$dynamicRef": "https://elsewhere.example/x"}), "it refers to another document"),
    ({"$ref": "https://json-schema.org/draft/2020-12/schema"}, "it refers to another document"),
    ({"$defs": {"unused": {"$ref": "https://x.example/"}}}, "it refers to another document"),
    ({"$ref": "#/$defs/absent"}, "it refers to a part that it does not have"),
    ({"$ref": "#absent"}, "it refers to a part that it does not have"),
    ({"$ref": "#/allOf/7", "allOf": [{}]}, "it refers to a part that it does not have"),
    ({"$ref": "#/title/x", "title": "t"}, "it refers to a part that it does not have"),
    (of(**{"$id": "https://x.example/inner"}), "it holds a second document"),
    (
        {"$defs": {"a": {"$anchor": "n"}, "b": {"$anchor": "n"}}},
        "it gives two of its parts the same name",
    ),
    ({"$ref": "#"}, "it refers to itself without end"),
    (
        {"$ref": "#/$defs/a", "$defs": {"a": {"not": {"anyOf": [{"$ref": "#/$defs/a"}]}}}},
        "it refers to itself without end",
    ),
    (
        {"$schema": "https://x.example/dialect"},
        "it is written in a dialect that is not supported",
    ),
    ({"$schema": 7}, "it is written in a dialect that is not supported"),
    (of(type="text"), "it is not a valid schema (`anyOf`)"),
    ({"properties": []}, "it is not a valid schema (`type`)"),
    (of(pattern="(?=a)b"), "it is not a valid schema (`format`)"),
    (of(pattern=r"(a)\1"), "it is not a valid schema (`format`)"),
    (of(pattern="a{1,1000}{1,1000}"), "it is not a valid schema (`format`)"),
]


@pytest.mark.parametrize(("schema", "reason"), UNUSABLE, ids=str)
def test_an_unusable_schema_is_itself_a_fault(schema: JsonObject, reason: str) -> None:
    assert faults(schema, {}) == [("", f"The tool's schema cannot be used: {reason}.")]


def test_a_surrogate_in_a_schema_is_a_fault_too() -> None:
    ((path, message),) = faults(of(const="\ud800"), {"v": 1})
    assert path == ""
    assert message.startswith("The tool's schema cannot be used")


def doubling(depth: int, below: JsonObject, keyword: str) -> JsonObject:
    """Make each definition refer twice to the next: `2 ** depth` parts in a few hundred bytes."""
    parts: JsonObject = {f"a{depth}": below}
    for number in range(depth):
        reference: JsonObject = {"$ref": f"#/$defs/a{number + 1}"}
        twice: list[JsonValue] = [reference, reference]
        parts[f"a{number}"] = {keyword: twice}
    return {"$ref": "#/$defs/a0", "$defs": parts}


def test_references_that_multiply_are_refused_before_they_cost_anything() -> None:
    started = time.monotonic()
    ((_, message),) = faults(doubling(60, {"type": "object"}, "allOf"), {})
    assert message.endswith("its references multiply beyond the limit.")
    assert faults(doubling(8, {"type": "object"}, "anyOf"), {}) == []
    assert time.monotonic() - started < 1


@pytest.mark.parametrize("name", ["const", "default", "enum", "examples"])
@pytest.mark.parametrize("holder", ["$defs", "patternProperties", "properties"])
def test_what_only_has_the_name_of_data_is_measured_too(name: str, holder: str) -> None:
    inner = doubling(40, {"type": "object"}, "allOf")
    schema: JsonObject = {holder: {name: inner}, "$defs": inner["$defs"]}
    if holder == "$defs":
        schema = {"$defs": {name: inner, **cast("JsonObject", inner["$defs"])}}
    ((_, message),) = faults(schema, {})
    assert message.endswith("its references multiply beyond the limit.")


def test_data_that_is_referred_to_is_a_schema() -> None:
    hidden = doubling(40, {"type": "object"}, "allOf")
    parts: JsonObject = {"a0": {"$ref": "#/default/a0"}}
    schema: JsonObject = {"$ref": "#/default/x", "default": {"x": hidden, **parts}}
    ((_, message),) = faults({**schema, "$defs": hidden["$defs"]}, {})
    assert message.endswith("its references multiply beyond the limit.")


def unevaluated(levels: int, keyword: str) -> JsonObject:
    schema: JsonObject = {"properties": {"a": {}}}
    for _ in range(levels):
        inner: JsonValue = [schema] if keyword.endswith("Of") else schema
        schema = {keyword: inner, "unevaluatedProperties": False}
    return schema


@pytest.mark.parametrize("keyword", ["allOf", "anyOf", "oneOf", "if", "not"])
def test_unevaluated_within_unevaluated_is_refused_where_it_multiplies(keyword: str) -> None:
    assert faults(unevaluated(20, keyword), {}) == [
        (
            "",
            "The tool's schema cannot be used: its unevaluated members are nested too deep.",
        )
    ]


def test_a_few_levels_of_unevaluated_are_ordinary() -> None:
    assert faults(unevaluated(3, "allOf"), {"a": 1}) == []
    by_member: JsonObject = {}
    for _ in range(20):
        by_member = {"properties": {"a": by_member}, "unevaluatedProperties": False}
    assert faults(by_member, deep(20)) == []


def tree() -> JsonObject:
    """Make a tree whose node is closed, as one made of a base and more is."""
    return {
        "$ref": "#/$defs/node",
        "$defs": {
            "node": {"allOf": [{"$ref": "#/$defs/base"}], "unevaluatedProperties": False},
            "base": {"properties": {"a": {"$ref": "#/$defs/node"}}},
        },
    }


def test_a_closed_tree_is_checked_down_to_some_levels() -> None:
    assert faults(tree(), deep(8)) == []
    assert faults(tree(), {"a": {"b": 1}})
    ((path, message),) = faults(tree(), deep(60))
    assert (path, message) == (
        "",
        "The arguments are nested too deep for this schema, which refers to itself.",
    )


def test_texts_too_long_for_many_patterns_are_not_begun() -> None:
    patterns: JsonObject = {f"^(a|b){{1,{number}}}$": {} for number in range(1, 301)}
    schema: JsonObject = {"patternProperties": patterns}
    assert faults(schema, {"a" * 300: 1}) == []
    many: JsonObject = {"a" * 300 + str(number): 1 for number in range(300)}
    assert faults(schema, many) == [
        ("", "The arguments are too long for the patterns of this schema.")
    ]


def test_references_in_a_long_row_are_refused() -> None:
    row: JsonObject = {f"a{number}": {"$ref": f"#/$defs/a{number + 1}"} for number in range(300)}
    ((_, message),) = faults({"$ref": "#/$defs/a0", "$defs": {**row, "a300": {}}}, {})
    assert message.endswith("its references lead too deep.")


def test_a_schema_that_is_nested_too_deep_is_refused() -> None:
    schema: JsonObject = {}
    for _ in range(70):
        schema = {"items": schema}
    ((_, message),) = faults(schema, {})
    assert message.endswith("its nesting is deeper than 64.")


def recursive(branches: int) -> JsonObject:
    branch: JsonObject = {"properties": {"a": {"$ref": "#"}}, "required": ["z"]}
    either: list[JsonValue] = [branch] * branches
    return {"anyOf": either}


def deep(levels: int) -> JsonObject:
    arguments: JsonObject = {}
    for _ in range(levels):
        arguments = {"a": arguments}
    return arguments


def test_a_recursive_schema_is_checked_in_bounded_time() -> None:
    started = time.monotonic()
    assert faults(recursive(2), deep(60)) == [
        ("", "does not fit the schema, which refers to itself")
    ]
    assert faults(recursive(2), {}) == [("", "fits none of the allowed forms")]
    assert time.monotonic() - started < 1


def test_a_recursive_schema_without_branches_has_its_faults_listed() -> None:
    tree: JsonObject = {"properties": {"a": {"$ref": "#"}, "v": {"type": "string"}}}
    arguments: JsonObject = {"a": {"a": {"v": 1}}}
    assert faults(tree, arguments) == [("/a/a/v", "is not of type string")]


def test_too_many_arguments_for_a_large_schema_are_not_begun() -> None:
    parts: list[JsonValue] = [{"not": {"const": number}} for number in range(2_000)]
    schema = of(items={"allOf": parts})
    many: list[JsonValue] = [0] * 20_000
    ((_, message),) = faults(schema, {"v": many})
    assert message == "The arguments are too many to be checked against this schema."


@pytest.mark.timeout(20)
def test_a_pattern_of_a_server_cannot_stall() -> None:
    assert faults(of(pattern="^(a+)+$"), {"v": "a" * 50_000 + "b"})


def test_a_value_that_no_reader_lets_through_is_a_fault() -> None:
    odd = cast("JsonObject", {"v": {1: 2}})
    assert faults(of(additionalProperties={"type": "null"}), odd) == [
        ("", "The arguments cannot be read.")
    ]


def test_arguments_that_are_nested_too_deep_never_reach_the_library() -> None:
    assert faults({}, deep(63)) == []
    assert faults({}, deep(10_000)) == [("", "The arguments are nested too deep.")]


def test_compiled_schemas_are_kept_and_their_number_is_bounded() -> None:
    validator = JsonSchemaValidator(capacity=2)
    for number in (1, 2, 3, 1):
        schema: JsonObject = {"required": [f"a{number}"]}
        assert validator.faults(f"h{number}", schema, {})[0].path == f"/a{number}"


def test_another_schema_under_the_same_hash_gets_its_own_verdict() -> None:
    validator = JsonSchemaValidator()
    assert validator.faults("same", {"required": ["a"]}, {})
    assert validator.faults("same", {"required": ["a"]}, {"a": 1}) == []
    assert validator.faults("same", {"required": ["b"]}, {"a": 1})
