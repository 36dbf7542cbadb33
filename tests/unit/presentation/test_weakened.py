"""What protects less than as Keyturn comes is listed, and what is put back is exactly that."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyturn.domain.environment import Reach
from keyturn.domain.result_controls import STRICTEST, Profile, ResultControls, loosens
from keyturn.presentation.weakened import WeakReach, WeakResults, weakened
from keyturn.presentation.words import Words
from tests.gui.pages_data import server, tool
from tests.sources import ROOT

pytestmark = pytest.mark.requirement("N5")
WORDS = Words(ROOT / "resources" / "translations")
SWITCHES = ("secrets", "unseen", "schema", "links")
CONTROLS = st.builds(
    ResultControls,
    **{name: st.booleans() for name in (*SWITCHES, "hold_signs")},
    max_tokens=st.sampled_from([0, 4_000]),
    day_tokens=st.sampled_from([0, 16_000]),
    profile=st.sampled_from(Profile),
)


def test_nothing_is_listed_of_a_profile_as_it_comes() -> None:
    assert weakened((server("orders", tool("list", None)),), (), (), WORDS) == ()


@given(CONTROLS)
def test_exactly_what_is_off_is_listed_and_put_back(controls: ResultControls) -> None:
    found = weakened((server("orders", tool("list", None, controls=controls)),), (), (), WORDS)
    off = [name for name in SWITCHES if not getattr(controls, name)]
    plain = controls.profile is Profile.NONE
    if not off and not plain:
        assert found == ()
        return
    (line,) = found
    assert line.text.startswith("What comes back from list of orders. Off: ")
    assert line.text.count(",") == len(off) + plain - 1
    assert isinstance(line.what, WeakResults)
    back = line.what.back
    assert all(getattr(back, name) for name in SWITCHES)
    assert not loosens(controls, back)
    # What a person chose beside that stays.
    assert (back.hold_signs, back.max_tokens, back.day_tokens) == (
        controls.hold_signs,
        controls.max_tokens,
        controls.day_tokens,
    )
    assert weakened((server("orders", tool("list", None, controls=back)),), (), (), WORDS) == ()


def test_an_environment_that_may_reach_another_is_listed_with_nothing_hidden() -> None:
    pair = Reach(agent="qa", other="pro\u202eduction")
    (line,) = weakened((), (pair,), (), WORDS)
    assert line.what == WeakReach(agent="qa", other=pair.other)
    assert line.text.startswith("Agents of qa may reach pro")
    assert "\u202e" not in line.text + line.spoken
    assert line.text in line.spoken
    assert STRICTEST.secrets
