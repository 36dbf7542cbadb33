"""Why a recorded call went as it did is never said as a question that nobody was asked."""

import pytest

from keyturn.domain.canonical import JsonObject
from keyturn.domain.policy import Because, Verdict
from keyturn.domain.record import Entry, RecordType
from keyturn.presentation.history_because import because_pair
from keyturn.presentation.words import Words
from tests.sources import ROOT

WORDS = Words(ROOT / "resources" / "translations")
ALWAYS = WORDS("phrases.why_always")


@pytest.mark.parametrize("because", list(Because))
@pytest.mark.parametrize("verdict", [*Verdict, "refuse", ""])
@pytest.mark.parametrize("why", [ALWAYS, "A rule says so."])
def test_asked_because_is_said_of_what_was_asked_alone(
    because: Because, verdict: str, why: str
) -> None:
    """Nor is it said of anything else that a person decides it; a crossing names its pair."""
    policy: JsonObject = {"because": because.value, "rule_name": "qa to production"}
    entry = Entry(type=RecordType.DECISION, policy=policy, verdict=str(verdict))
    pair = because_pair(entry, why, WORDS)
    asked = verdict == Verdict.ASK
    assert (pair is not None and pair.key == WORDS("history.key_asked_because")) is asked
    if pair is not None and not asked:
        assert pair.value != ALWAYS
    if because is Because.CROSSING:
        assert pair is not None
        assert "qa to production" in pair.value


@pytest.mark.parametrize(
    ("through", "path", "said"),
    [
        ("server", "", ""),
        ("credential", "", " The server holds a credential of the other one."),
        ("argument", "/host", " Its argument /host names the other one."),
        ("argument", "/a\u202eb" + "x" * 90, "[U+202E"),
    ],
)
def test_a_crossing_says_by_what(through: str, path: str, said: str) -> None:
    """A credential's label is why, though the server itself stands in no other environment."""
    policy: JsonObject = {"because": "crossing", "rule_name": "qa to production"}
    policy |= {"through": through, "path": path}
    entry = Entry(type=RecordType.DECISION, policy=policy, verdict="deny")
    pair = because_pair(entry, "", WORDS)
    assert pair is not None
    start = "Agents of one environment may not reach another: qa to production."
    assert pair.value.startswith(start)
    if "x" in path:
        assert said in pair.value
        assert len(pair.value) < 250
    else:
        assert pair.value == start + said
