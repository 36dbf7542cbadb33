"""Each way in which a PIN does not do has its own sentence, and says whose it should have been."""

import pytest

from keyturn.application.second_person import Step, StepKind
from keyturn.approvers.console_answers import pin_sentence, step_sentence
from keyturn.domain.pin import PinCheck, PinOutcome
from keyturn.presentation.words import Words
from tests.sources import ROOT

WORDS = Words(ROOT / "resources" / "translations")
WRONG = PinCheck(outcome=PinOutcome.WRONG, left=3)
PAUSED = PinCheck(outcome=PinOutcome.WRONG, left=0, seconds=30)
WAIT = PinCheck(outcome=PinOutcome.WAIT, seconds=1)
DAMAGED = PinCheck(outcome=PinOutcome.DAMAGED)
THEIRS = "That is not the PIN of Ada[U+202E right-to-left override]."


@pytest.mark.requirement("PIN-2", "PIN-4")
@pytest.mark.parametrize(
    ("checked", "sentence"),
    [
        (WRONG, "That is not your PIN. 3 more tries before a pause."),
        (PAUSED, "That is not your PIN. No PIN is looked at for 30 seconds."),
        (WAIT, "No PIN is looked at for 1 more second."),
        (PinCheck(outcome=PinOutcome.NOT_SET), "There is no PIN. Set yours in Settings first."),
        (
            DAMAGED,
            "What the keychain keeps of your PIN cannot be read. "
            "Delete its entry pin/owner there, then set a new PIN.",
        ),
        (
            PinCheck(outcome=PinOutcome.LOCKED),
            "The keychain is locked, so your PIN cannot be checked.",
        ),
    ],
)
def test_each_outcome_of_ones_own(checked: PinCheck, sentence: str) -> None:
    assert pin_sentence(checked, WORDS) == sentence
    assert step_sentence(Step(kind=StepKind.REFUSED, check=checked), WORDS) == sentence


@pytest.mark.requirement("PIN-2", "PIN-4")
@pytest.mark.parametrize("first", [True, False])
def test_where_there_are_two_it_is_said_whose(first: bool) -> None:
    """With nothing hidden in a name."""
    name = "Ada\u202e"

    def said(checked: PinCheck) -> str:
        whose, of_first = ("", name) if first else (name, "")
        step = Step(kind=StepKind.REFUSED, check=checked, whose=whose, first=of_first)
        return step_sentence(step, WORDS)

    assert said(WRONG) == f"{THEIRS} 3 more tries before a pause."
    assert said(PAUSED) == f"{THEIRS} No PIN of theirs is looked at for 30 seconds."
    assert said(WAIT) == "No PIN is looked at for 1 more second."
    entry = "pin/owner" if first else "pin/second"
    assert entry in said(DAMAGED)


@pytest.mark.requirement("PIN-4")
@pytest.mark.parametrize(
    ("step", "sentence"),
    [
        (None, ""),
        (Step(kind=StepKind.BOTH, persons=("Ada", "Berta")), ""),
        (
            Step(kind=StepKind.TOO_LATE),
            "The first PIN is more than two minutes ago, or was for something else. "
            "Begin again with it.",
        ),
        (
            Step(kind=StepKind.SAME),
            "Both of you have the same PIN, so nobody knows that you are two. "
            "One of you has to choose another.",
        ),
        (
            Step(kind=StepKind.NOBODY),
            "Nobody is named as second person. Name one in Settings.",
        ),
        (
            Step(kind=StepKind.AGAIN, whose="Ber\u200bta", first="Ada\u202e"),
            "That is the PIN of Ada[U+202E right-to-left override] once more. "
            "Now it takes the PIN of Ber[U+200B zero width space]ta.",
        ),
    ],
)
def test_each_step_of_two(step: Step | None, sentence: str) -> None:
    assert step_sentence(step, WORDS) == sentence
