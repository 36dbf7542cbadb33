"""The rows that say on which arguments a rule holds, by themselves: what is kept, reached, told."""

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from keyturn.domain.condition import Condition, Operator
from keyturn.gui.look import Look
from keyturn.gui.rules.conditions import MOST_SHOWN, ConditionFields
from keyturn.presentation.cells import NameChoice
from keyturn.presentation.typed_conditions import TypedCondition, read_conditions, typed_condition
from tests.gui.scenes import let_go, settle

pytestmark = [
    pytest.mark.gui,
    pytest.mark.requirement("RULE-FORM"),
    # The offscreen platform has no window manager to tell a window's least size to.
    pytest.mark.qt_log_ignore("This plugin does not support propagateSizeHints"),
]
LONG = Condition(path="/content", op=Operator.EQ, value="x" * 5_000)
SHORT = Condition(path="/path", op=Operator.PATH_UNDER, value="/srv")


@pytest.fixture
def fields(look: Look) -> Iterator[ConditionFields]:
    """Return the rows, shown."""
    made = ConditionFields(look)
    made.resize(600, 800)
    made.show()
    made.activateWindow()
    assert QTest.qWaitForWindowActive(made)
    yield made
    let_go(made)


def test_what_no_line_can_hold_stays_as_it_was_and_is_not_edited(fields: ConditionFields) -> None:
    """Cut by the line it would be another rule, saved by somebody who changed a row beside it."""
    fields.start([typed_condition(LONG), typed_condition(SHORT)])
    long, short = fields.rows[:2]
    assert (long.value.isEnabled(), short.value.isEnabled()) == (False, True)
    short.value.setText("/srv/reports")
    read = read_conditions(fields.typed)
    changed = Condition(path="/path", op=Operator.PATH_UNDER, value="/srv/reports")
    assert read.conditions == (LONG, changed)
    fields.start([typed_condition(SHORT)])
    assert long.value.isEnabled()
    assert read_conditions(fields.typed).conditions == (SHORT,)


def test_what_was_in_a_row_that_is_hidden_does_not_come_back(fields: ConditionFields) -> None:
    fields.start([typed_condition(SHORT), typed_condition(LONG)])
    fields.start([typed_condition(SHORT)])
    fields.more.click()
    assert fields.typed[1] == TypedCondition()


def test_the_row_that_is_taken_away_is_the_one_that_was_pressed(fields: ConditionFields) -> None:
    """The keyboard goes to a button that takes nothing away, and the form hears of it."""
    third = Condition(path="/note", op=Operator.HAS, value=True)
    fields.start([typed_condition(one) for one in (SHORT, LONG, third)])
    heard: list[None] = []
    fields.changed.connect(lambda: heard.append(None))
    fields.rows[1].remove.setFocus()
    QTest.keyClick(fields.rows[1].remove, Qt.Key.Key_Space)
    assert read_conditions(fields.typed).conditions == (SHORT, third)
    assert fields.more.hasFocus()
    assert len(heard) == 1


def test_no_more_rows_are_offered_than_are_shown_at_once(fields: ConditionFields) -> None:
    for number in range(1, MOST_SHOWN):
        assert fields.more.isVisible(), number
        fields.more.click()
    assert len(fields.typed) == MOST_SHOWN
    assert not fields.more.isVisible()
    fields.start([typed_condition(SHORT)] * (MOST_SHOWN + 2))
    assert len(read_conditions(fields.typed).conditions) == MOST_SHOWN + 2


def test_arguments_are_offered_by_their_names_in_later_rows_too(fields: ConditionFields) -> None:
    fields.offer([NameChoice(name="/a&b", text="/a&b")])
    fields.more.click()
    for one in fields.rows:
        (action,) = one.place.menu.actions()
        # Qt draws one & for two, and a letter's line for one.
        assert action.text() == "/a&&b"
        action.trigger()
        assert one.path.text() == "/a&b"


def test_a_later_row_is_reached_after_the_one_before_it(fields: ConditionFields) -> None:
    fields.more.click()
    fields.rows[0].value.setFocus()
    QTest.keyClick(fields.rows[0].value, Qt.Key.Key_Tab)
    settle(fields)
    assert fields.rows[1].path.hasFocus()
    fields.rows[1].value.setFocus()
    QTest.keyClick(fields.rows[1].value, Qt.Key.Key_Tab)
    settle(fields)
    assert fields.more.hasFocus()


def test_a_fault_is_told_by_each_field_of_its_row_and_led_to(fields: ConditionFields) -> None:
    fields.start([typed_condition(SHORT), typed_condition(LONG)])
    assert not fields.go_to_fault()
    fields.say_faults(["", "It cannot be read."])
    odd = fields.rows[1]
    told = [field.accessibleDescription() for field in (odd.path, odd.test, odd.value)]
    assert told == ["It cannot be read."] * 3
    assert fields.rows[0].path.accessibleDescription() == ""
    assert fields.go_to_fault()
    assert odd.path.hasFocus()
    fields.say_faults([])
    assert not odd.fault.isVisible()
