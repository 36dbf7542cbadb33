"""A rule that is being made is held against the history, and only the last answer is shown."""

from collections.abc import Callable
from pathlib import Path

import pytest

from keyturn.application.console_protocol import Welcome
from keyturn.domain.rule import Effect, Rule
from keyturn.gui.look import Look
from keyturn.gui.rules import study as module
from keyturn.gui.rules.study import RuleStudy
from tests.gui.spy_bridge import SpyBridge

pytestmark = pytest.mark.gui

ONE = Rule(id="one", effect=Effect.ALLOW, agent="coder", server="git", tool="push")
OTHER = Rule(id="other", effect=Effect.ALLOW, agent="coder", server="git", tool="pull")


class HeldWorker:
    """Keeps jobs until the test lets them run."""

    def __init__(self, _name: str) -> None:
        self.jobs: list[Callable[[], None]] = []

    def run(
        self,
        job: Callable[[], tuple[str, ...]],
        done: Callable[[tuple[str, ...]], None],
    ) -> None:
        self.jobs.append(lambda: done(job()))

    def close(self) -> None:
        self.jobs.clear()


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch) -> HeldWorker:
    """Return the worker of the study that is made next."""
    made = HeldWorker("")

    def make(_name: str) -> HeldWorker:
        return made

    monkeypatch.setattr(module, "Worker", make)
    return made


def begin(look: Look, tmp_path: Path) -> tuple[RuleStudy, list[tuple[str, ...]]]:
    """Return a study over a history that is not there, and what it says."""
    bridge, said = SpyBridge(), list[tuple[str, ...]]()
    study = RuleStudy(bridge, look.words)
    study.studied.connect(said.append)
    database = str(tmp_path / "none.db")
    bridge.welcomed.emit(Welcome(version="1", profile="", database=database, settings={}))
    return study, said


def test_an_answer_is_shown_while_its_rule_is_the_one_in_the_form(
    look: Look, tmp_path: Path, worker: HeldWorker
) -> None:
    study, said = begin(look, tmp_path)
    study.ask(ONE, ())
    study.ask(ONE, ())
    study.ask(OTHER, ())
    assert len(worker.jobs) == 2
    for job in worker.jobs:
        job()
    told = [lines for lines in said if lines]
    assert len(told) == 1
    assert "git / pull" in told[0][0]


def test_no_rule_is_asked_about_before_it_is_whole(
    look: Look, tmp_path: Path, worker: HeldWorker
) -> None:
    study, said = begin(look, tmp_path)
    study.ask(ONE, ())
    study.ask(None, ())
    for job in worker.jobs:
        job()
    assert [lines for lines in said if lines] == []
