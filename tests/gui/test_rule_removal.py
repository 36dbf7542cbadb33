"""Rules that are taken away, many or one, by one press and a question, and put back by another."""

from collections.abc import Iterator

import pytest

from keyturn.application.console_protocol import RemoveRule, StateChanged
from keyturn.application.rule_removals import RemoveRules, RestoreRules
from keyturn.domain.rule import Effect, Rule
from keyturn.gui.look import Look
from keyturn.gui.widgets.buttons import Button
from tests.gui import pages_data as data
from tests.gui.test_rules_page import FIRST, Page, shown_page

pytestmark = [
    pytest.mark.gui,
    # The offscreen platform has no window manager to tell a window's least size to.
    pytest.mark.qt_log_ignore("This plugin does not support propagateSizeHints"),
]


@pytest.fixture
def page(look: Look) -> Iterator[Page]:
    """Return the page, filled and shown."""
    yield from shown_page(look)


@pytest.mark.requirement("R4")
def test_all_that_a_search_shows_is_removed_by_one_intent_and_undone_by_one(page: Page) -> None:
    many = [
        Rule(id=f"r-many-{n}", effect=Effect.DENY, server="bulk", tool=f"tool_{n}")
        for n in range(500)
    ]
    page.bridge.tell(StateChanged(rules=(*data.RULES, *map(data.state_of, many))))
    removal = page.view.removal
    assert not removal.button.isVisible()
    page.view.search.line.setText("bulk")
    assert removal.button.text() == "Remove the 500 shown…"
    removal.button.click()
    assert page.bridge.sent == []
    removal.question.button.click()
    sent = page.bridge.sent[-1]
    assert isinstance(sent, RemoveRules)
    assert set(sent.ids) == {rule.id for rule in many}
    page.bridge.tell(StateChanged(rules=data.RULES))
    page.bridge.answer()
    assert removal.toast is not None
    undo = removal.toast.findChild(Button, "toast_undo")
    assert undo is not None
    undo.click()
    assert page.bridge.sent[-1] == RestoreRules(n=page.bridge.sent[-1].n, ids=sent.ids)
    assert removal.toast is None


def test_another_search_takes_the_question_back(page: Page) -> None:
    page.view.search.line.setText("e")
    page.view.removal.button.click()
    assert page.view.removal.question.isVisible()
    page.view.search.line.setText("reports")
    assert not page.view.removal.question.isVisible()
    page.view.removal.question.button.click()
    assert page.bridge.sent == []


@pytest.mark.requirement("R4")
def test_one_rule_that_was_removed_is_put_back_as_well(page: Page) -> None:
    page.view.detail.remove_agreed.emit(FIRST)
    page.bridge.answer()
    toast = page.view.removal.toast
    assert toast is not None
    toast.undo_pressed.emit()
    assert page.bridge.sent[-1] == RestoreRules(n=page.bridge.sent[-1].n, ids=(FIRST,))
    page.bridge.answer()
    assert page.view.note.sentence == "1 rule is back, with what was used of it."


def test_a_rule_is_revoked_from_elsewhere_only_after_the_question(page: Page) -> None:
    page.presenter.open_rule(FIRST, remove=True)
    assert page.view.detail.rule_id == FIRST
    assert page.view.detail.question.isVisible()
    assert page.bridge.sent == []
    page.view.detail.question.go.click()
    assert page.bridge.sent[-1] == RemoveRule(n=page.bridge.sent[-1].n, id=FIRST)


def test_a_rule_that_is_gone_is_not_asked_about(page: Page) -> None:
    page.view.rule_chosen.emit(FIRST)
    page.presenter.open_rule("r-gone", remove=True)
    assert not page.view.detail.question.isVisible()
    assert page.bridge.sent == []
