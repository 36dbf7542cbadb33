"""JSON Pointers: every name comes back as it was written."""

from hypothesis import given
from hypothesis import strategies as st

from keyturn.domain.json_pointer import escaped, names_in, unescaped


@given(st.lists(st.text(max_size=8), max_size=4))
def test_what_is_written_is_read_again(names: list[str]) -> None:
    assert names_in("".join(f"/{escaped(name)}" for name in names)) == names


def test_the_examples_of_the_rfc() -> None:
    assert [unescaped(part) for part in ("a~1b", "m~0n", "~01")] == ["a/b", "m~n", "~1"]
    assert names_in("") == []
    assert names_in("/") == [""]
