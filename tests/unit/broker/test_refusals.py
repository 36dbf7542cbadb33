"""What agents are told: golden texts, and nothing in them that they must not learn."""

import json

import pytest

from keyturn.application.call import WANTS_SIGN_IN, Refused
from keyturn.broker.refusals import (
    INVALID_PARAMS,
    REFUSED,
    error_line,
    malformed_line,
    refusal_line,
    refusal_text,
)
from keyturn.domain.decision import Outcome

TEXTS = {
    Outcome.DENIED_USER: (
        "Denied by the user in Keyturn. Nothing was sent. "
        "Do not repeat this call; ask the user how to go on."
    ),
    Outcome.DENIED_RULE: (
        "Denied by a rule of the user in Keyturn. Nothing was sent. "
        "Do not repeat this call; ask the user how to go on."
    ),
    Outcome.EXPIRED_NO_ANSWER: (
        "Undecided, not denied. Nobody answered in 50 s. Ask the user, or repeat the identical "
        "call later. Ticket KT-4F2A9C."
    ),
    Outcome.CANCELLED_BY_CLIENT: (
        "Withdrawn before it was decided. Nothing was sent. Call again where it is still needed."
    ),
    Outcome.REFUSED_PAUSED: (
        "All agents are stopped in Keyturn. Nothing was sent. Wait until the user resumes."
    ),
    Outcome.REFUSED_OVERLOAD: (
        "Refused by Keyturn: too many calls wait for the user. Nothing was sent. "
        "Repeat this call later."
    ),
    Outcome.REFUSED_MALFORMED: (
        "Refused by Keyturn: /count: is above 5. Nothing was sent. Correct it, then send it again."
    ),
    Outcome.REFUSED_INVALID_ARGUMENTS: (
        "Refused by Keyturn: the arguments do not fit the tool's schema. Nothing was sent. "
        "Correct them: /count: is above 5."
    ),
    Outcome.REFUSED_UNREVIEWED: (
        "Refused by Keyturn: the user has not reviewed this tool. Nothing was sent. "
        "Ask the user to review it in Keyturn."
    ),
    Outcome.REFUSED_HIDDEN: (
        "Refused by Keyturn: this tool is not offered. Nothing was sent. "
        "Do not repeat this call; ask the user how to go on."
    ),
    Outcome.REFUSED_KEYCHAIN: (
        "Refused by Keyturn: a credential of this server cannot be read from the keychain. "
        "Nothing was sent. Ask the user to unlock it, then reconnect."
    ),
    Outcome.REFUSED_NO_APPROVER: (
        "Refused by Keyturn: this call needs a person's answer, and nobody is there. "
        "Nothing was sent. Do not repeat this call; ask the user how to go on."
    ),
    Outcome.BLOCKED_DEFINITION_CHANGED: (
        "Refused by Keyturn: the server changed this tool, and the user has not agreed. "
        "Nothing was sent. Ask the user to review it in Keyturn."
    ),
    Outcome.ERROR_BROKER: (
        "Refused by Keyturn after an error of its own or of the server. Nothing was sent. "
        "Ask the user to look at Keyturn."
    ),
}


def refused(outcome: Outcome) -> Refused:
    return Refused(
        outcome=outcome,
        rule="Orders of Ana in production",
        ticket="KT-4F2A9C",
        hold_seconds=50,
        faults=("/count: is above 5",),
    )


@pytest.mark.requirement("I-31")
@pytest.mark.parametrize(("outcome", "text"), TEXTS.items())
def test_each_refusal_says_what_happened_and_what_to_do(outcome: Outcome, text: str) -> None:
    assert refusal_text(refused(outcome)) == text


def test_every_refusing_outcome_has_its_text() -> None:
    assert set(TEXTS) == {outcome for outcome in Outcome if not outcome.allows}


@pytest.mark.requirement("I-31")
@pytest.mark.parametrize("outcome", Outcome)
def test_no_refusal_tells_a_rule_or_an_inspectors_reason(outcome: Outcome) -> None:
    told = refusal_text(refused(outcome))
    withheld = refusal_text(Refused(outcome=outcome, withheld="holds a key of the kind sk-"))
    assert "Ana" not in told
    assert "sk-" not in withheld
    assert "Keyturn holds its result back" in withheld


def test_a_person_can_say_why() -> None:
    denied = Refused(outcome=Outcome.DENIED_USER, message="Use the staging warehouse.")
    assert refusal_text(denied) == (
        'Denied by the user, who says: "Use the staging warehouse." Nothing was sent.'
    )


def test_a_sent_call_is_never_said_to_be_unsent() -> None:
    text = refusal_text(Refused(outcome=Outcome.ERROR_BROKER, unknown=True))
    assert text.startswith("The call was sent and its outcome is not known.")
    assert "Nothing was sent" not in text


@pytest.mark.parametrize("modern", [False, True])
def test_a_refused_call_is_a_tool_result(modern: bool) -> None:
    frame = json.loads(refusal_line("a", refused(Outcome.DENIED_USER), modern=modern))
    assert frame["id"] == "a"
    assert frame["result"]["isError"] is True
    assert [block["type"] for block in frame["result"]["content"]] == ["text"]
    assert frame["result"].get("resultType") == ("complete" if modern else None)


def test_errors_carry_a_code_and_our_sentence() -> None:
    assert json.loads(malformed_line(3, refused(Outcome.REFUSED_MALFORMED))) == {
        "jsonrpc": "2.0",
        "id": 3,
        "error": {"code": INVALID_PARAMS, "message": "/count: is above 5."},
    }
    assert json.loads(error_line(None, REFUSED, "m", keyturn="s"))["error"] == {
        "code": -32010,
        "message": "m",
        "data": {"keyturn": "s"},
    }


def test_a_call_that_waits_for_a_sign_in_says_who_has_to_do_what() -> None:
    refused = Refused(outcome=Outcome.ERROR_BROKER, faults=(WANTS_SIGN_IN,))
    assert refusal_text(refused) == (
        "This server wants the user to sign in. Nothing was sent. "
        "Ask the user to sign in to it in Keyturn, then try again."
    )
