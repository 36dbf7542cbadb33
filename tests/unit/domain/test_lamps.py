"""Three bits that only light up."""

from itertools import product

import pytest

from keyturn.domain.lamps import Lamps, lamps_from_letters, needs_a_person

ALL = [Lamps(bits) for bits in range(8)]


@pytest.mark.parametrize("lamps", ALL)
def test_letters_and_lamps_say_the_same(lamps: Lamps) -> None:
    assert lamps_from_letters(lamps.letters()) == lamps


def test_the_order_of_the_letters_is_fixed() -> None:
    assert (Lamps.X | Lamps.P | Lamps.U).letters() == "UPX"
    assert Lamps.NONE.letters() == ""
    assert lamps_from_letters(["X", "U", "X"]) == Lamps.X | Lamps.U


def test_an_unknown_label_is_refused() -> None:
    with pytest.raises(KeyError):
        lamps_from_letters("UZ")


@pytest.mark.parametrize(("session", "call"), list(product(ALL, ALL)))
def test_a_person_is_needed_for_reach_after_untrusted_and_private(
    session: Lamps, call: Lamps
) -> None:
    expected = "U" in session.letters() and "P" in session.letters() and "X" in call.letters()
    assert needs_a_person(session, call) is expected
