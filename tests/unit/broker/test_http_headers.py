"""Headers repeat the arguments that a schema marks, and none that is null or not there."""

import pytest

from keyturn.broker.http_headers import fault_of_param_headers, param_headers
from keyturn.domain.canonical import JsonObject

SCHEMA: JsonObject = {
    "type": "object",
    "properties": {
        "verbose": {"type": ["boolean", "null"], "x-mcp-header": "Verbose"},
        "region": {"type": "string", "x-mcp-header": "Region"},
        "query": {"type": "string"},
    },
}


@pytest.mark.parametrize(
    ("arguments", "headers"),
    [
        ({"region": "us", "verbose": None, "query": "q"}, {"mcp-param-region": "us"}),
        ({"verbose": False}, {"mcp-param-verbose": "false"}),
        ({"region": " é"}, {"mcp-param-region": "=?base64?IMOp?="}),
        ({}, {}),
    ],
)
def test_each_marked_argument_has_its_header(
    arguments: JsonObject, headers: dict[str, str]
) -> None:
    assert param_headers(SCHEMA, arguments) == headers
    assert fault_of_param_headers(list(headers.items()), SCHEMA, arguments) == ""


def test_a_header_for_a_null_is_a_fault() -> None:
    headers = [("mcp-param-verbose", "null")]
    assert fault_of_param_headers(headers, SCHEMA, {"verbose": None})
