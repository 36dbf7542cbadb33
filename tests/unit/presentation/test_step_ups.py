"""What changed around an agent, in words: each cause, since when, and what its calls take."""

import pytest

from keyturn.application.agent_messages import ChangeState, RaisedState
from keyturn.domain.step_up import Cause, Takes
from keyturn.presentation.step_ups import raised_notice, raised_said, raised_text
from keyturn.presentation.words import Words
from tests.sources import ROOT

WORDS = Words(ROOT / "resources" / "translations")
SINCE = "2026-11-28T10:00:00.000Z"


def changed(cause: Cause, *names: str, more: int = 0) -> ChangeState:
    """Return a change of a server named ship."""
    return ChangeState(server="ship", cause=cause.value, since=SINCE, names=names, more=more)


@pytest.mark.requirement("STEP-1")
@pytest.mark.parametrize("cause", Cause)
def test_each_cause_says_what_and_since_when(cause: Cause) -> None:
    """With the names that a person would look for; hidden characters are seen."""
    said = raised_text(changed(cause, "dispatch\u202e"), WORDS)
    assert "dispatch" in said
    assert "\u202e" not in said
    assert "Since 28 November" in said or "Nov" in said


def test_many_names_are_counted() -> None:
    """The first three are named."""
    said = raised_text(changed(Cause.NEW_TOOL, "a1", "b2", "c3", "d4", more=6), WORDS)
    assert "c3" in said
    assert "d4" not in said
    assert "7 more" in said


@pytest.mark.requirement("STEP-1")
def test_a_card_says_what_it_takes_and_why() -> None:
    """For each level its own words, and that there is more under Agents."""
    raised = RaisedState(changes=(changed(Cause.DRIFT, "dispatch"), changed(Cause.HOST, "x")))
    said: set[str] = set()
    for takes in (Takes.NAME, Takes.PIN, Takes.BOTH):
        notice = raised_notice(raised, takes, WORDS)
        assert notice is not None
        assert "dispatch" in notice.rest
        assert "1 more change" in notice.rest
        assert notice.action == WORDS("agents.raised_look")
        said.add(notice.strong)
    assert len(said) == 3
    assert raised_notice(None, Takes.PIN, WORDS) is None
    unsure = raised_notice(RaisedState(), Takes.PIN, WORDS)
    assert unsure is not None
    assert unsure.rest == WORDS("agents.raised_unsure")


def test_a_pane_leads_to_what_changed() -> None:
    """To the tool where it is one, else to its server; with nothing to look at, nowhere."""
    shown = RaisedState(
        changes=(
            changed(Cause.DRIFT, "dispatch"),
            changed(Cause.NEW_TOOL, "a", "b"),
            changed(Cause.LAUNCH, "/opt/ship"),
        ),
        shown="s",
    )
    said = raised_said(shown, WORDS)
    assert said is not None
    assert [(line.server, line.tool) for line in said.lines] == [
        ("ship", "dispatch"),
        ("ship", ""),
        ("ship", ""),
    ]
    assert said.shown == "s"
    assert raised_said(None, WORDS) is None
    unsure = raised_said(RaisedState(), WORDS)
    assert unsure is not None
    assert (unsure.lines, unsure.shown) == ((), "")


def test_a_label_is_said_to_be_the_persons_own_change() -> None:
    """It was made in the window, so that nobody looks for who did it."""
    said = raised_text(changed(Cause.ENVIRONMENT, "production"), WORDS)
    assert said.startswith("On 28 Nov ")
    assert said.endswith("you labelled ship in Keyturn: production.")
    gone = raised_text(changed(Cause.ENVIRONMENT, "none"), WORDS)
    assert gone.endswith("you took the label of ship away in Keyturn.")


def test_files_that_nobody_can_name_are_said_to_be_unknown() -> None:
    """The server's own name stands for them in what is kept; it is no file."""
    assert "loads or could load: /x/orders.py." in raised_text(
        changed(Cause.CLOSURE, "/x/orders.py"), WORDS
    )
    unknown = raised_text(changed(Cause.CLOSURE, "ship"), WORDS)
    assert unknown.startswith("ship loads other files, and which ones is not known.")
