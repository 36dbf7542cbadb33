"""Where a call may send is read off names and forms, each place once, within bounds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyturn.domain.canonical import JsonObject, JsonValue
from keyturn.domain.destinations import (
    MOST_REMEMBERED,
    NOT_READ,
    Destination,
    SeenDestinations,
    destinations_in,
)
from keyturn.domain.json_pointer import names_in


def names(arguments: JsonObject) -> list[str]:
    return [one.name for one in destinations_in(arguments)]


@pytest.mark.requirement("FLOW-FIRST")
@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        ({"to": "Ann@Example.org"}, ["ann@example.org"]),
        ({"note": "for ann@example.org, please"}, []),
        ({"anything": "ann@example.org"}, ["ann@example.org"]),
        ({"url": "https://evil.example/?q=1"}, ["evil.example"]),
        ({"callback": "https://EVIL.example:8443/x"}, ["evil.example"]),
        ({"url": "https://good.example@evil.example/"}, ["https://good.example@evil.example/"]),
        ({"recipients": ["a@b.example", "c@d.example"]}, ["a@b.example", "c@d.example"]),
        ({"sendTo": "Mill Lane 66"}, ["mill lane 66"]),
        ({"channel": " General "}, ["general"]),
        ({"a": {"to": [{"email": "x@y.example"}]}}, ["x@y.example"]),
        ({"to": "x@y.example", "cc": "X@Y.example"}, ["x@y.example"]),
        ({"body": "x@y.example", "to_text": "y"}, []),
        ({"to": "", "amount": 7, "user": None}, []),
        ({"to": "First line\nsecond"}, ["first line\nsecond"]),
        ({"other": "x" * 321}, []),
        ({"path": "/home/x", "query": "cats"}, []),
    ],
)
def test_what_names_a_destination(arguments: JsonObject, found: list[str]) -> None:
    assert names(arguments) == found


@pytest.mark.requirement("FLOW-FIRST")
def test_a_long_text_of_many_is_one_of_its_own() -> None:
    many = ", ".join(f"u{n}@example.org" for n in range(100))
    one, other = names({"to": many}), names({"to": f"{many}, eve@evil.example"})
    assert len(one) == len(other) == 1 and one != other and len(one[0]) < 100


@pytest.mark.requirement("FLOW-FIRST")
def test_its_path_leads_to_it() -> None:
    (one,) = destinations_in({"a/b": {"to~": ["x@y.example"]}})
    assert names_in(one.path) == ["a/b", "to~", "0"]


@pytest.mark.requirement("FLOW-FIRST")
def test_it_is_bounded() -> None:
    many: JsonValue = [f"u{n}@example.org" for n in range(10_000)]
    found = destinations_in({"to": many})
    assert found[0] is NOT_READ and len(found) < 2_001
    assert NOT_READ not in destinations_in({"to": many[:1_000]})
    seen = SeenDestinations()
    seen.note(found)
    assert not seen.has(NOT_READ)
    for number in range(MOST_REMEMBERED + 1):
        seen.note([Destination(path="/to", name=str(number))])
    assert not seen.has(Destination(path="", name="0"))
    assert seen.has(Destination(path="/cc", name="1"))


@pytest.mark.requirement("FLOW-FIRST")
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=30),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(st.sampled_from(["to", "url", "x"]), inner, max_size=3)
        ),
        max_leaves=20,
    )
)
def test_any_arguments_are_read(value: JsonValue) -> None:
    found = destinations_in({"to": value})
    assert len({one.name for one in found}) == len(found)
