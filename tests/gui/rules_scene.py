"""Scenes of the rules' page that show what a rule is made and asked with."""

import msgspec

from keyturn.application.agent_messages import ChangeState, RaisedState
from keyturn.application.console_protocol import StateChanged
from keyturn.domain.rule import Effect
from keyturn.gui.forms.fields import NamePicker
from keyturn.gui.main_window import MainWindow, Page
from keyturn.presentation.rule_drafts import RuleDraft
from keyturn.presentation.typed_conditions import TypedCondition
from tests.gui import pages_data as data
from tests.gui.gallery_pages_scenes import Scene, framed, rules
from tests.gui.gallery_scenes import Studio


def rules_conditions(studio: Studio) -> MainWindow:
    """A rule bounded by its arguments, one test of which cannot be read."""
    _, view, presenter = rules(studio)
    presenter.start_rule(
        RuleDraft(
            effect=Effect.ALLOW,
            agent="coder",
            server="filesystem",
            tool="write_file",
            when=(
                TypedCondition(path="/path", test="path_under", value="/srv/reports"),
                TypedCondition(path="/content", test="len_le", value="many"),
                TypedCondition(path="/note", test="has_not"),
            ),
        )
    )
    window = framed(Page.RULES, view, studio)
    window.resize(1280, 1300)
    return window


def rules_asked(studio: Studio) -> MainWindow:
    """The proof: who, what and under which arguments, and the call that shows it."""
    _, view, _ = rules(studio)
    view.ways.ask.click()
    pane = view.questions
    choose(pane.agent, "coder")
    choose(pane.server, "filesystem")
    choose(pane.tool, "write_file")
    first = pane.conditions.rows[0]
    first.path.setText("/path")
    choose(first.test, "path_under")
    first.value.setText("/srv/site/src/deep")
    pane.ever.click()
    return framed(Page.RULES, view, studio)


def rules_asked_call(studio: Studio) -> MainWindow:
    """What would become of one call."""
    _, view, _ = rules(studio)
    view.ways.ask.click()
    pane = view.questions
    choose(pane.agent, "coder")
    choose(pane.server, "filesystem")
    choose(pane.tool, "write_file")
    pane.arguments.setPlainText('{"path": "/home/me/.ssh/config", "content": "x"}')
    pane.call.click()
    window = framed(Page.RULES, view, studio)
    window.resize(1280, 1000)
    return window


def rules_environments(studio: Studio) -> MainWindow:
    """The label of a server, whom it raised, and the word that somebody looked at it."""
    bridge, view, _ = rules(studio)
    server = msgspec.structs.replace(data.SERVERS[0], environment="production")
    change = ChangeState(
        server=server.name,
        cause="environment",
        since="2026-11-28T03:01:00.000Z",
        names=("production",),
    )
    raised = RaisedState(changes=(change,), shown="d1")
    agents = tuple(msgspec.structs.replace(one, raised=raised) for one in data.AGENTS[:2])
    bridge.tell(StateChanged(agents=agents, servers=(server,)))
    view.environment_rule.open.click()
    view.environments.thing_chosen.emit(f"server\0\0{server.name}")
    return framed(Page.RULES, view, studio)


def choose(picker: NamePicker, name: str) -> None:
    """Choose from a list."""
    next(one for one in picker.menu_of_names.actions() if one.data() == name).trigger()


RULES_SCENES: dict[str, Scene] = {
    "rules-conditions": rules_conditions,
    "rules-environments": rules_environments,
    "rules-asked": rules_asked,
    "rules-asked-call": rules_asked_call,
}
