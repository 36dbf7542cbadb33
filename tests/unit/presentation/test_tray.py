"""The tray says what the top bar says, in four states."""

from pathlib import Path

import pytest

from keyturn.presentation.topbar import ProtectionState, TopBarView
from keyturn.presentation.tray import TrayState, tray_view
from keyturn.presentation.words import Words

WORDS = Words(Path(__file__).parents[3] / "resources" / "translations")


@pytest.mark.parametrize(
    ("bar", "waiting", "state", "count"),
    [
        (ProtectionState.PROTECTING, 0, TrayState.PROTECTING, ""),
        (ProtectionState.PROTECTING, 1, TrayState.WAITING, "1"),
        (ProtectionState.PROTECTING, 9, TrayState.WAITING, "9"),
        (ProtectionState.PROTECTING, 500, TrayState.WAITING, "9+"),
        (ProtectionState.PROBLEM, 3, TrayState.PROBLEM, ""),
        (ProtectionState.STOPPED, 3, TrayState.STOPPED, ""),
    ],
)
def test_a_stop_outweighs_a_problem_and_that_what_waits(
    bar: ProtectionState, waiting: int, state: TrayState, count: str
) -> None:
    view = tray_view(TopBarView(state=bar, state_text="As the bar says", waiting=waiting), WORDS)
    assert (view.state, view.count) == (state, count)
    assert view.can_review is (waiting > 0)


def test_it_says_the_state_or_how_many_wait() -> None:
    quiet = TopBarView(state=ProtectionState.PROTECTING, state_text="Protecting")
    busy = TopBarView(state=ProtectionState.PROTECTING, state_text="Protecting", waiting=2)
    assert tray_view(quiet, WORDS).tip == "Keyturn: Protecting"
    assert tray_view(busy, WORDS).tip == "Keyturn: 2 requests wait for you"
    assert tray_view(busy, WORDS).review == "Review waiting (2)"
