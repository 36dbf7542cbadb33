"""The rows of the rules' form that test arguments: typed, offered, taken away, and read back."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from keyturn.application.console_protocol import SaveRule, StateChanged
from keyturn.application.console_state import RuleState
from keyturn.domain.condition import Condition, Operator
from keyturn.domain.rule import Effect, Rule
from keyturn.gui.look import Look
from keyturn.gui.rules.conditions import ConditionRow
from keyturn.gui.rules.form import RuleForm
from keyturn.gui.rules.presenter import RulesPresenter
from keyturn.gui.rules.view import RulesView
from keyturn.gui.sending import IntentSender
from keyturn.presentation.rule_drafts import RuleDraft
from keyturn.presentation.rules_builder import RulesBuilder, read_rules
from tests.gui import pages_data as data
from tests.gui.scenes import let_go, settle
from tests.gui.spy_bridge import SpyBridge

pytestmark = [
    pytest.mark.gui,
    pytest.mark.qt_log_ignore("This plugin does not support propagateSizeHints"),
]
WRITE = RuleDraft(effect=Effect.ALLOW, agent="coder", server="filesystem", tool="write_file")


@dataclass(frozen=True, slots=True)
class Scene:
    """The form of a new rule for a tool that says what it takes."""

    bridge: SpyBridge
    view: RulesView
    presenter: RulesPresenter

    @property
    def form(self) -> RuleForm:
        """Return the form."""
        return self.view.form

    def row(self, number: int) -> ConditionRow:
        """Return a row of the conditions."""
        return self.form.conditions.rows[number]

    def saved(self) -> Rule:
        """Save, and return the rule that was sent."""
        self.form.save.click()
        message = self.bridge.sent[-1]
        assert isinstance(message, SaveRule)
        [known] = read_rules([RuleState(data=message.data, hits=0)])
        return known.rule


@pytest.fixture
def scene(look: Look) -> Iterator[Scene]:
    """Return the page with the form open."""
    bridge = SpyBridge()
    builder = RulesBuilder(look.words)
    view = RulesView(look, builder.effects())
    presenter = RulesPresenter(
        bridge=bridge,
        sender=IntentSender(bridge),
        view=view,
        builder=builder,
        words=look.words,
    )
    bridge.tell(data.STATE)
    view.resize(1200, 744)
    view.show()
    presenter.start_rule(WRITE)
    yield Scene(bridge, view, presenter)
    let_go(view)


def pick(row: ConditionRow, test: str) -> None:
    """Choose a test from its list, as a key or a click does."""
    [action] = [one for one in row.test.menu_of_names.actions() if one.data() == test]
    action.trigger()


@pytest.mark.requirement("RULE-FORM")
def test_arguments_are_tested_in_the_form_and_saved_as_the_rule_says_them(scene: Scene) -> None:
    first = scene.row(0)
    first.path.setText("path")
    pick(first, "path_under")
    first.value.setText("/srv/reports")
    scene.form.conditions.more.click()
    second = scene.row(1)
    assert second.path.hasFocus()
    second.path.setText("/note")
    pick(second, "has_not")
    assert not second.value.isVisibleTo(scene.form)
    assert "/path lies under" in scene.form.bounds.text()
    assert scene.saved().when == (
        Condition(path="/path", op=Operator.PATH_UNDER, value="/srv/reports"),
        Condition(path="/note", op=Operator.HAS, value=False),
    )


@pytest.mark.requirement("RULE-FORM")
def test_what_cannot_be_read_is_said_beside_its_row_and_nothing_is_sent(scene: Scene) -> None:
    first = scene.row(0)
    first.path.setText("/content")
    assert "Choose what is tested" in first.fault.text()
    pick(first, "len_le")
    first.value.setText("many")
    assert "many" in first.fault.text()
    assert first.value.accessibleDescription() == first.fault.text()
    scene.form.save.click()
    assert scene.bridge.sent == []
    assert first.path.hasFocus()
    first.value.setText("900")
    assert not first.fault.isVisibleTo(scene.form)
    assert scene.saved().when == (Condition(path="/content", op=Operator.LEN_LE, value=900),)


@pytest.mark.requirement("RULE-FORM")
def test_a_row_that_is_taken_away_tests_nothing_and_the_others_stay(scene: Scene) -> None:
    """Of a rule that is changed too: what is not touched stays as it was."""
    tests = (
        Condition(path="/path", op=Operator.PATH_UNDER, value="/srv"),
        Condition(path="/content", op=Operator.EQ, value={"odd": [1]}),
    )
    rule = Rule(id="r-1", effect=Effect.ALLOW, agent="coder", server="filesystem", when=tests)
    scene.bridge.tell(StateChanged(rules=(data.state_of(rule),)))
    scene.view.rule_chosen.emit("r-1")
    scene.view.detail.change.click()
    assert scene.row(1).isVisibleTo(scene.form)
    scene.row(0).remove.click()
    assert scene.row(0).path.text() == "/content"
    assert not scene.row(1).isVisibleTo(scene.form)
    assert scene.saved().when == tests[1:]


@pytest.mark.requirement("RULE-FORM")
def test_the_arguments_of_the_chosen_tool_are_offered(scene: Scene) -> None:
    first = scene.row(0)
    assert [action.text() for action in first.place.menu.actions()] == ["/content", "/path"]
    first.place.menu.actions()[1].trigger()
    assert first.path.text() == "/path"
    assert first.path.hasFocus()
    scene.presenter.start_rule(RuleDraft(agent="coder", server="git", tool="push"))
    assert not scene.row(0).place.known.isVisibleTo(scene.form)
    assert scene.row(0).path.text() == ""


def test_the_rows_are_reached_in_order_by_tab_and_each_field_has_a_name(scene: Scene) -> None:
    first = scene.row(0)
    first.path.setFocus()
    order = [first.place.known, first.remove, first.test, first.value, scene.form.conditions.more]
    for field in order:
        QTest.keyClick(scene.view.focusWidget(), Qt.Key.Key_Tab)
        settle(scene.view)
        assert scene.view.focusWidget() is field
        assert "test 1" in field.accessibleName() or field is scene.form.conditions.more
