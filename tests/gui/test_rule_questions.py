"""The pane that asks the rules: it answers, sends nothing, and no old answer stands."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from keyturn.application.console_protocol import StateChanged
from keyturn.gui.look import Look
from keyturn.gui.rules.presenter import RulesPresenter
from keyturn.gui.rules.questions import QuestionsPane
from keyturn.gui.rules.view import RulesView
from keyturn.gui.sending import IntentSender
from keyturn.gui.worker import Result, Worker
from keyturn.presentation.rules_builder import RulesBuilder
from tests.gui import pages_data as data
from tests.gui.rules_scene import choose
from tests.gui.scenes import let_go
from tests.gui.spy_bridge import SpyBridge

pytestmark = [
    pytest.mark.gui,
    pytest.mark.qt_log_ignore("This plugin does not support propagateSizeHints"),
]


class HeldWorker(Worker):
    """Keeps jobs until the test lets them run."""

    def __init__(self) -> None:
        self.jobs: list[Callable[[], None]] = []

    def run(self, job: Callable[[], Result], done: Callable[[Result], None]) -> None:
        """Keep it."""
        self.jobs.append(lambda: done(job()))

    def close(self) -> None:
        """Forget them."""
        self.jobs.clear()


@dataclass(frozen=True, slots=True)
class Scene:
    """The page with the pane open, and one call's tool chosen."""

    bridge: SpyBridge
    view: RulesView
    worker: HeldWorker

    @property
    def pane(self) -> QuestionsPane:
        """Return the pane."""
        return self.view.questions

    def answer(self) -> str:
        """Let what was asked be worked out, and return what is said."""
        for job in self.worker.jobs:
            job()
        self.worker.jobs.clear()
        return self.pane.answer.text()


@pytest.fixture
def scene(look: Look) -> Iterator[Scene]:
    """Return the page with the pane open."""
    bridge = SpyBridge()
    builder = RulesBuilder(look.words)
    view = RulesView(look, builder.effects())
    worker = HeldWorker()
    presenter = RulesPresenter(
        bridge=bridge,
        sender=IntentSender(bridge),
        view=view,
        builder=builder,
        words=look.words,
        worker=worker,
    )
    bridge.tell(data.STATE)
    view.resize(1200, 744)
    view.show()
    view.ways.ask.click()
    choose(view.questions.agent, "coder")
    choose(view.questions.server, "filesystem")
    choose(view.questions.tool, "write_file")
    yield Scene(bridge, view, worker)
    presenter.close()
    let_go(view)


@pytest.mark.requirement("RULE-ASK", "LAW-4")
def test_the_smallest_call_shows_that_something_can_happen(scene: Scene) -> None:
    scene.pane.ever.click()
    said = scene.answer()
    assert "allows it, for example this call" in said
    assert "/srv/site/src" in said
    assert scene.bridge.sent == []


@pytest.mark.requirement("RULE-ASK")
def test_what_no_rule_lets_through_is_said_to_be_proved(scene: Scene) -> None:
    first = scene.pane.conditions.rows[0]
    first.path.setText("/path")
    choose(first.test, "path_under")
    first.value.setText("/etc")
    scene.pane.ever.click()
    assert scene.answer().startswith("No rule lets this through.")


@pytest.mark.requirement("RULE-ASK")
def test_an_answer_to_another_question_is_not_shown(scene: Scene) -> None:
    """Nor one about rules that have changed since."""
    scene.pane.ever.click()
    choose(scene.pane.server, "git")
    assert scene.answer() == ""
    scene.pane.ever.click()
    scene.bridge.tell(StateChanged(rules=()))
    assert scene.answer() == ""
    scene.pane.ever.click()
    assert scene.answer().startswith("No rule lets this through.")
    scene.bridge.tell(StateChanged(rules=data.RULES))
    assert scene.pane.answer.text() == ""


@pytest.mark.requirement("RULE-ASK")
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ('{"path": "/srv/site/src/a.css", "content": ""}', "It would go through"),
        ('{"path": "/etc/passwd", "content": ""}', "It would ask you: no rule allows it."),
        ('{"path": "/home/me/.ssh/config", "content": ""}', "It would be denied"),
        ("[1]", "no JSON object"),
        ('{"path": 1, "path": 2}', "no JSON object"),
    ],
)
def test_one_call_is_held_against_the_rules(scene: Scene, arguments: str, said: str) -> None:
    scene.pane.arguments.setPlainText(arguments)
    scene.pane.call.click()
    assert said in scene.answer()
    assert scene.bridge.sent == []


def test_what_is_not_chosen_stands_there_as_any(scene: Scene) -> None:
    pane = scene.pane
    assert pane.agent.accessibleName() == "Agent: coder"
    for picker, said in ((pane.agent, "Any agent"), (pane.server, "Any server")):
        picker.show_choices((), "")
        assert picker.accessibleName().endswith(f": {said}")
    assert scene.view.form.agent.accessibleName() == "Agent: Choose…"


def test_one_call_needs_one_of_each(scene: Scene) -> None:
    choose(scene.pane.agent, "*")
    scene.pane.call.click()
    assert "one agent" in scene.answer()
