"""What was decided says what the person did; a review is no permission for an agent."""

from dataclasses import replace
from pathlib import Path

import pytest

from keyturn.application.approval_request import ApprovalRequest, AskedBy, RequestKind
from keyturn.presentation.card_builder import CardBuilder
from keyturn.presentation.claims import is_own
from keyturn.presentation.decided import Decided, decided_row
from keyturn.presentation.queue_builder import QueueBuilder
from keyturn.presentation.verbs import read_verbs
from keyturn.presentation.words import Words
from tests.fakes.approval_requests import a_call, a_change, a_command, a_definition, a_review

RESOURCES = Path(__file__).parents[3] / "resources"
WORDS = Words(RESOURCES / "translations")
CARDS = CardBuilder(WORDS, read_verbs(RESOURCES / "verbs.toml"))
START = replace(a_command(), agent="keyturn", asked_by=AskedBy())
REMOTE = replace(a_review(RequestKind.COMMAND, {"url": "https://x.example"}), server="crm")
TOOL = a_definition(server="git", tool="status")
CHANGED = a_change({"name": "status", "description": "x"}, server="git", tool="status")

RESULT = replace(a_call(), kind=RequestKind.RESULT, tool="read_page")


def told(request: ApprovalRequest, outcome: str) -> str:
    decided = Decided(request=request, outcome=outcome, by_rule=False, at_ms=0)
    return decided_row(decided, 1_000, CARDS, WORDS).text


@pytest.mark.parametrize(
    ("request_", "outcome", "text"),
    [
        (START, "allowed_once", "You agreed to start logistics"),
        (START, "denied_user", "You did not agree to start logistics"),
        (START, "cancelled_by_client", "The start of logistics is no longer asked for"),
        (REMOTE, "allowed_once", "You agreed to connect to crm"),
        (REMOTE, "denied_user", "You did not agree to connect to crm"),
        (TOOL, "allowed_once", "You pinned status of git"),
        (TOOL, "denied_user", "You kept status of git blocked"),
        (TOOL, "anything else", "The review of status of git is over"),
        (CHANGED, "allowed_once", "You accepted the new status of git"),
        (CHANGED, "denied_user", "You kept the changed status of git blocked"),
        (RESULT, "allowed_once", "You gave analyst the result of read_page"),
        (RESULT, "denied_user", "You kept the result of read_page from analyst"),
        (RESULT, "expired_no_answer", "The result of read_page is no longer held for analyst"),
        (a_call(), "allowed_once", "You allowed analyst: Dispatch all_open orders"),
    ],
)
def test_what_was_done_is_said(request_: ApprovalRequest, outcome: str, text: str) -> None:
    assert told(request_, outcome) == text


def test_two_persons_are_both_named_where_they_allowed_it() -> None:
    def said(outcome: str) -> str:
        decided = Decided(
            request=a_call(), outcome=outcome, by_rule=False, at_ms=0, persons=("Ada", "B\u202eo")
        )
        return decided_row(decided, 1_000, CARDS, WORDS).text

    assert said("allowed_once").startswith("Ada and B")
    assert said("allowed_once").endswith("allowed analyst: Dispatch all_open orders")
    assert "\u202e" not in said("allowed_once")
    # One of them is enough to say no, and nobody knows which.
    assert said("denied_user") == "You denied analyst: Dispatch all_open orders"


def test_a_review_that_a_person_began_is_not_said_to_be_an_agents() -> None:
    rows = QueueBuilder(WORDS, CARDS)
    own = [note.text for note in rows.row(START, age_seconds=1).notes]
    assert "your review" in own
    assert "keyturn" not in own
    # Neither a process that is seen, nor one that nobody sees and that proved no name.
    for by in (AskedBy(host_pid=7), AskedBy(agent_enrolled=False), AskedBy(transport="http")):
        claimed = replace(START, asked_by=by)
        assert "keyturn" in [note.text for note in rows.row(claimed, age_seconds=1).notes]
        assert not is_own(claimed)
