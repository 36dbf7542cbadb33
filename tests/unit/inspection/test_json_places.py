"""Where members and elements stand in JSON."""

import json
from typing import Any

import pytest
from hypothesis import given

from keyturn.inspection.json_places import elements_at, members_at
from tests.unit.inspection.test_result_meta import JSON


@given(JSON)
def test_places_are_where_the_values_are(value: Any) -> None:
    text = f" {json.dumps({'a': value, 'b': [value, value]}, indent=1)}"
    first, second = members_at(text, 1)
    assert (first.name, second.name) == ("a", "b")
    assert json.loads(text[first.value : first.end]) == value
    assert text[first.start] == '"'
    items = [json.loads(text[e.value : e.end]) for e in elements_at(text, second.value)]
    assert items == [value, value]


def test_what_is_no_container_has_no_parts() -> None:
    with pytest.raises(ValueError, match="no {"):
        list(members_at("[]", 0))
    with pytest.raises(ValueError, match=r"no \["):
        list(elements_at("{}", 0))
