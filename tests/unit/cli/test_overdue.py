"""What is overdue in the access review is said by `keyturn status` and by `keyturn doctor`."""

import pytest

from keyturn import bootstrap
from keyturn.bootstrap import examination
from keyturn.cli import run
from keyturn.cli.profile import ProfileChoice
from keyturn.domain.canonical import JsonObject

CHOICE = ProfileChoice(name="", home="", env={})
STATUS: JsonObject = {"ok": True, "stopped": False, "waiting": 0, "connections": 1}


@pytest.mark.requirement("ACCESS-2")
@pytest.mark.parametrize("overdue", [0, 3, None])
def test_both_say_how_much_is_overdue(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], overdue: int | None
) -> None:
    """A broker of another version says nothing of it, and none is no failure."""
    answer: JsonObject = {**STATUS, **({} if overdue is None else {"access_overdue": overdue})}
    answers: list[JsonObject | None] = [answer]

    def ask_broker(*_asked: object) -> JsonObject | None:
        return answers[-1]

    monkeypatch.setattr(bootstrap, "ask_broker", ask_broker)
    monkeypatch.setattr(examination, "ask_broker", ask_broker)
    assert run(["status"]) == 0
    assert ("Overdue in the access review, under Agents: 3." in capsys.readouterr().out) is bool(
        overdue
    )
    found = examination.access_review(CHOICE)
    assert [finding.ok for finding in found] == ([] if overdue is None else [not overdue])
    assert all(not finding.needed for finding in found)
    answers.append(None)
    assert examination.access_review(CHOICE) == []
