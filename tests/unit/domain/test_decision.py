"""Which outcomes may be followed by a send."""

import pytest

from keyturn.domain.decision import Outcome


@pytest.mark.parametrize("outcome", Outcome)
def test_only_a_yes_lets_a_call_go(outcome: Outcome) -> None:
    assert outcome.allows is (
        outcome.value.startswith("allowed_") or outcome.value == "continuation"
    )


def test_silence_is_no_denial() -> None:
    assert not Outcome.EXPIRED_NO_ANSWER.value.startswith("denied")
