"""One slip of a finger, and no more."""

import pytest

from keyturn.domain.slip import one_edit_apart


@pytest.mark.parametrize(
    ("one", "other"), [("mail", "mails"), ("mail", "ail"), ("mail", "mall"), ("mail", "mial")]
)
def test_one_slip_is_seen_both_ways(one: str, other: str) -> None:
    assert one_edit_apart(one, other)
    assert one_edit_apart(other, one)


@pytest.mark.parametrize(
    ("one", "other"), [("mail", "mail"), ("mail", "liam"), ("mail", "mailed"), ("", "ab")]
)
def test_none_and_two_are_not(one: str, other: str) -> None:
    assert not one_edit_apart(one, other)
    assert not one_edit_apart(other, one)
