"""What is wrong with Keyturn itself is said with what it means, since when, and the way out."""

import pytest

from keyturn.application.console_state import HealthState
from keyturn.domain.errors import LogFault
from keyturn.presentation.health import problem_of
from keyturn.presentation.words import Words
from tests.sources import ROOT

WORDS = Words(ROOT / "resources" / "translations")
SINCE = "2026-11-28T03:01:00.000Z"


@pytest.mark.requirement("E1", "E2")
@pytest.mark.parametrize(
    ("fault", "mend"),
    [
        (LogFault.FULL, "Free some space."),
        (LogFault.BUSY, "End it."),
        (LogFault.READ_ONLY, "Make it writable again."),
        (LogFault.DAMAGED, "keyturn verify"),
        (LogFault.OTHER, "Check it."),
    ],
)
def test_each_fault_of_the_log_has_its_own_way_out(fault: LogFault, mend: str) -> None:
    health = HealthState(
        keychain="ready", recording=False, fault=fault.value, fault_since=SINCE, problem="Else."
    )
    problem = problem_of(health, WORDS)
    assert problem is not None
    assert problem.strong == "No decision can be recorded, so every call is refused."
    assert problem.rest.startswith("Since ")
    assert mend in problem.rest
    assert problem.rest.endswith("Keyturn tries again every 5 seconds and goes on by itself.")
    assert problem.spoken == f"{problem.strong} {problem.rest}"


def test_an_unknown_fault_is_said_all_the_same_and_no_fault_is_none() -> None:
    odd = HealthState(keychain="ready", recording=False, fault="later")
    problem = problem_of(odd, WORDS)
    assert problem is not None
    assert problem.rest.startswith("The disk does not take what is written.")
    assert problem_of(None, WORDS) is None
    assert problem_of(HealthState(keychain="ready", recording=True), WORDS) is None


def test_what_else_is_wrong_is_one_line_in_which_nothing_is_hidden() -> None:
    health = HealthState(keychain="ready", recording=True, problem="a\u202eb\n" + "x" * 1_000)
    problem = problem_of(health, WORDS)
    assert problem is not None
    assert "\u202e" not in problem.strong
    assert "\n" not in problem.strong
    assert len(problem.strong) < 500
