"""The rules' page: what a person presses becomes exactly one intent, and its outcome is shown."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from msgspec import structs
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFrame
from pytestqt.qtbot import QtBot

from keyturn.application.console_protocol import (
    RemoveRule,
    SaveRule,
    SetPosture,
    StateChanged,
    UseRules,
)
from keyturn.application.console_state import (
    ChangedRow,
    ChangedTable,
    RuleState,
    SealState,
    StopState,
)
from keyturn.application.pin_messages import SettleSeals, UnlockSeals
from keyturn.application.proposed_rules import DropProposedRule
from keyturn.domain.condition import Condition, Operator
from keyturn.domain.policy import Posture
from keyturn.domain.rule import Effect, Rule
from keyturn.gui.forms.outcome import Outcome
from keyturn.gui.look import Look
from keyturn.gui.rules.presenter import RulesPresenter
from keyturn.gui.rules.view import RulesView
from keyturn.gui.sending import IntentSender
from keyturn.gui.widgets.choices import ChoiceRow
from keyturn.presentation.rule_drafts import RuleDraft, data_of, draft_of_rule
from keyturn.presentation.rules_builder import RulesBuilder, read_rules
from keyturn.storage.queries.items import UsedName, UsedNames
from tests.gui import pages_data as data
from tests.gui.scenes import let_go, settle
from tests.gui.spy_bridge import SpyBridge

pytestmark = [
    pytest.mark.gui,
    # The offscreen platform has no window manager to tell a window's least size to.
    pytest.mark.qt_log_ignore("This plugin does not support propagateSizeHints"),
]
FIRST = "r-4be0c2d19a77"
OVERRULED = "r-5512cc90de21"


@dataclass(frozen=True, slots=True)
class Page:
    """The page under test."""

    bridge: SpyBridge
    view: RulesView
    presenter: RulesPresenter

    def last_rule(self) -> Rule:
        """Return the rule of the last intent."""
        message = self.bridge.sent[-1]
        assert isinstance(message, SaveRule)
        [known] = read_rules([RuleState(data=message.data, hits=0)])
        return known.rule


def shown_page(look: Look) -> Iterator[Page]:
    """Show the page, filled."""
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
    yield Page(bridge, view, presenter)
    let_go(view)


@pytest.fixture
def page(look: Look) -> Iterator[Page]:
    """Return the page, filled and shown."""
    yield from shown_page(look)


def test_nothing_is_sent_by_showing(page: Page) -> None:
    page.view.rule_chosen.emit(OVERRULED)
    page.view.add.click()
    assert page.bridge.sent == []


def test_what_a_rule_decided_is_counted_while_one_looks_on(page: Page) -> None:
    page.bridge.tell(StateChanged(hits={FIRST: 1_205}))
    rows = page.view.table.rows
    texts = [rows.index(0, column).data() for column in range(rows.columnCount())]
    assert "1,205" in texts


@pytest.mark.requirement("R2")
def test_a_rule_is_saved_only_when_it_was_read_back_and_matched_a_call(page: Page) -> None:
    page.presenter.start_rule(
        RuleDraft(effect=Effect.ALLOW, agent="coder", server="git", tool="status", name="Look")
    )
    page.view.form.save.click()
    rule = page.last_rule()
    assert (rule.effect, rule.agent, rule.server, rule.tool, rule.name) == (
        Effect.ALLOW,
        "coder",
        "git",
        "status",
        "Look",
    )
    assert page.view.form.outcome.outcome is Outcome.WAITING
    page.bridge.answer()
    assert page.view.side is page.view.form
    page.bridge.tell(StateChanged(rules=(*data.RULES, data.state_of(rule))))
    assert page.view.side is page.view.detail
    assert page.view.detail.rule_id == rule.id
    outcome = page.view.detail.outcome
    assert outcome.outcome is Outcome.DONE
    assert outcome.sentence == (
        "Saved, read back and in force. It matched a test call: coder: git / status {}"
    )


@pytest.mark.requirement("R2")
def test_a_rule_that_matches_no_call_is_never_said_to_be_saved(page: Page) -> None:
    both = tuple(Condition(path="/count", op=op, value=5) for op in (Operator.LT, Operator.GT))
    rule = Rule(id="r-none", effect=Effect.ALLOW, agent="coder", server="git", when=both)
    page.presenter.start_rule(draft_of_rule(rule))
    page.view.form.save.click()
    page.bridge.answer()
    page.bridge.tell(StateChanged(rules=(*data.RULES, data.state_of(page.last_rule()))))
    outcome = page.view.detail.outcome
    assert outcome.outcome is Outcome.OWED
    assert "no call was found" in outcome.sentence


def test_a_refused_rule_stays_in_the_form_with_the_sentence(page: Page) -> None:
    page.view.add.click()
    page.view.form.save.click()
    page.bridge.answer(ok=False, sentence="The disk is full.")
    assert page.view.side is page.view.form
    assert page.view.form.outcome.sentence == "The disk is full."


def test_the_form_opens_at_one_tool_of_one_server_and_asks(page: Page) -> None:
    page.view.add.click()
    draft = page.view.form.draft
    assert draft.effect is Effect.ASK
    assert (draft.agent, draft.server, draft.tool) == ("analyst", "logistics", "list_orders")


def test_another_server_takes_back_a_tool_that_it_does_not_have(page: Page) -> None:
    page.view.add.click()
    menu = page.view.form.server.menu_of_names
    menu.triggered.emit(next(action for action in menu.actions() if action.data() == "git"))
    assert page.view.form.tool.name == ""
    page.view.form.save.click()
    assert page.view.form.outcome.outcome is Outcome.OWED
    assert page.view.form.outcome.sentence == "Choose a tool first."
    assert page.bridge.sent == []


def test_removing_is_asked_in_the_page_and_escape_keeps_the_rule(page: Page) -> None:
    page.view.rule_chosen.emit(OVERRULED)
    detail = page.view.detail
    detail.remove.click()
    assert detail.question.isVisible()
    assert not detail.remove.isVisible()
    QTest.keyClick(detail.question.keep, Qt.Key.Key_Escape)
    assert detail.remove.isVisible()
    assert page.bridge.sent == []
    detail.remove.click()
    detail.question.go.click()
    message = page.bridge.sent[-1]
    assert isinstance(message, RemoveRule)
    assert message.id == OVERRULED
    page.bridge.answer()
    assert page.view.note.sentence == "The rule is removed."


def test_another_rule_takes_the_question_back(page: Page) -> None:
    """A question about one rule must never be answered for another."""
    page.view.rule_chosen.emit(OVERRULED)
    page.view.detail.remove.click()
    page.view.rule_chosen.emit("r-02bd4418ae90")
    assert not page.view.detail.question.isVisible()


def test_a_rule_that_is_gone_closes_its_pane(page: Page) -> None:
    page.view.rule_chosen.emit(OVERRULED)
    page.view.detail.remove.click()
    page.bridge.tell(StateChanged(rules=data.RULES[:1]))
    assert page.view.side is None


def test_a_rule_is_turned_off_and_keeps_everything_else(page: Page) -> None:
    page.view.rule_chosen.emit("r-90c4f0aa3e15")
    page.view.detail.toggle.click()
    rule = page.last_rule()
    assert not rule.enabled
    assert (rule.id, len(rule.when), rule.name) == ("r-90c4f0aa3e15", 1, "Write in the site")


def test_only_the_looser_posture_needs_a_second_press(page: Page) -> None:
    posture = page.view.posture
    posture.row_of(Posture.ASK_WRITES).click()
    assert page.bridge.sent == []
    posture.question.keep.click()
    assert posture.row_of(Posture.ASK_ALL).isChecked()
    posture.row_of(Posture.ASK_WRITES).click()
    posture.question.go.click()
    message = page.bridge.sent[-1]
    assert isinstance(message, SetPosture)
    assert message.posture == "ask_writes"
    page.bridge.tell(StateChanged(rules=data.RULES, posture="ask_writes"))
    posture.row_of(Posture.ASK_ALL).click()
    message = page.bridge.sent[-1]
    assert isinstance(message, SetPosture)
    assert message.posture == "ask_all"


def test_the_marks_show_the_posture_in_force_when_it_could_not_be_set(page: Page) -> None:
    posture = page.view.posture
    posture.row_of(Posture.ASK_WRITES).click()
    posture.question.go.click()
    page.bridge.answer(ok=False, sentence="The disk is full.")
    assert posture.row_of(Posture.ASK_ALL).isChecked()
    assert page.view.note.outcome is Outcome.FAILED


def test_suspended_rules_are_used_again_from_the_banner(page: Page) -> None:
    assert not page.view.suspended.isVisible()
    page.bridge.tell(StateChanged(stop=StopState(engaged=False, careful=True)))
    assert page.view.suspended.isVisible()
    page.view.suspended.button.click()
    assert isinstance(page.bridge.sent[-1], UseRules)
    page.bridge.answer()
    assert page.view.note.sentence == "Your rules act again."


def test_the_keyboard_reaches_a_rule_and_leaves_it(page: Page) -> None:
    page.view.table.setFocus()
    QTest.keyClick(page.view.table, Qt.Key.Key_Down)
    assert page.view.side is page.view.detail
    QTest.keyClick(page.view.detail, Qt.Key.Key_Escape)
    assert page.view.side is None


def test_arriving_by_tab_opens_nothing(page: Page) -> None:
    page.view.table.setFocus(Qt.FocusReason.TabFocusReason)
    assert page.view.side is None


def test_a_refresh_keeps_the_chosen_row_and_the_open_pane(page: Page) -> None:
    page.view.rule_chosen.emit(OVERRULED)
    page.bridge.tell(StateChanged(rules=tuple(reversed(data.RULES))))
    chosen = page.view.table.rows.row_at(page.view.table.currentIndex().row())
    assert chosen is not None
    assert chosen.row_id == OVERRULED
    assert page.view.detail.rule_id == OVERRULED


def test_a_hostile_tool_is_shown_whole_and_stays_a_name(page: Page) -> None:
    servers = (data.server("s", data.tool(data.HOSTILE, None)),)
    page.bridge.tell(StateChanged(servers=servers))
    page.view.add.click()
    form = page.view.form
    assert form.tool.name == data.HOSTILE
    assert "[U+202E right-to-left override]" in form.tool.accessibleName()
    action = form.tool.menu_of_names.actions()[0]
    assert "\t" not in action.text()
    assert "&&" in action.text()
    assert form.sentence.textFormat() is Qt.TextFormat.PlainText
    page.view.grab()


def test_narrow_the_pane_takes_the_place_of_the_list(page: Page) -> None:
    page.view.resize(592, 640)
    page.view.rule_chosen.emit(OVERRULED)
    page.view.grab()
    assert not page.view.table.isVisible()
    assert page.view.detail.isVisible()
    page.view.detail.close_requested.emit()
    assert page.view.table.isVisible()


def test_never_is_offered_for_what_denies_and_saved_with_it(page: Page) -> None:
    page.view.add.click()
    form = page.view.form
    assert not form.never.isVisibleTo(form)
    deny = form.findChild(ChoiceRow, "effect_deny")
    assert deny is not None
    deny.click()
    assert form.never.isVisibleTo(form)
    form.never.click()
    form.save.click()
    assert page.last_rule().never


def test_beside_an_open_form_the_built_in_rules_are_whole(page: Page) -> None:
    settle(page.view)
    one_line = [page.view.posture.row_of(posture).height() for posture in Posture]
    page.view.add.click()
    settle(page.view)
    rows = [page.view.posture.row_of(posture) for posture in Posture]
    assert [row.height() for row in rows] > one_line, "their notes wrap here"
    assert all(row.height() >= row.heightForWidth(row.width()) for row in rows)


CHANGED = SealState(
    state="on",
    changed=(
        ChangedTable(
            table="rules",
            whole=True,
            shown="a" * 64,
            rows=(
                ChangedRow(difference="added", key="r-evil", text='{"effect":"allow"}'),
                ChangedRow(difference="removed", key="r-deny\u202e", text=""),
            ),
        ),
    ),
)


@pytest.mark.requirement("SEAL-2")
def test_what_another_program_changed_is_listed_and_answered(page: Page) -> None:
    """Hidden characters are seen, leaving it out goes at once, sealing it is asked once more."""
    pane = page.view.seals
    assert not pane.isVisible()
    page.bridge.tell(StateChanged(seals=CHANGED))
    settle(page.view)
    assert pane.isVisible()
    assert "r-evil" in pane.rows.text()
    assert "\u202e" not in pane.rows.text()
    pane.accept.click()
    assert page.bridge.sent == []
    assert pane.question.keep.hasFocus()
    pane.question.keep.click()
    assert page.bridge.sent == []
    pane.accept.click()
    pane.question.go.click()
    pane.drop.click()
    assert "may pass" in pane.question.question
    assert len(page.bridge.sent) == 1
    pane.question.go.click()
    sent = [message for message in page.bridge.sent if isinstance(message, SettleSeals)]
    assert [(m.table, m.shown, m.accept) for m in sent] == [
        ("rules", "a" * 64, True),
        ("rules", "a" * 64, False),
    ]
    page.bridge.tell(StateChanged(seals=SealState(state="on")))
    assert not pane.isVisible()


@pytest.mark.requirement("SEAL-2")
def test_leaving_out_what_only_was_added_goes_at_once(page: Page, qtbot: QtBot) -> None:
    """Nothing of the person's own is missing then, so that it can only tighten."""
    pane = page.view.seals
    (change,) = CHANGED.changed
    added = structs.replace(change, rows=change.rows[:1])
    page.bridge.tell(StateChanged(seals=structs.replace(CHANGED, changed=(added,))))
    pane.drop.click()
    assert isinstance(page.bridge.sent[-1], SettleSeals)
    # The next table's buttons come under the same pointer: a double click is for the first alone.
    other = structs.replace(added, table="servers", shown="c" * 64)
    page.bridge.tell(StateChanged(seals=structs.replace(CHANGED, changed=(other,))))
    pane.drop.click()
    pane.accept.click()
    assert len(page.bridge.sent) == 1
    assert not pane.question.isVisible()
    qtbot.waitUntil(lambda: not pane.held.isActive(), timeout=10_000)
    pane.drop.click()
    settled = [m.table for m in page.bridge.sent if isinstance(m, SettleSeals)]
    assert settled == ["rules", "servers"]
    more = structs.replace(added, more=2, whole_shown=False)
    page.bridge.tell(StateChanged(seals=structs.replace(CHANGED, changed=(more,))))
    assert not pane.accept.isVisible()


@pytest.mark.requirement("SEAL-3")
def test_a_locked_and_a_missing_keychain_are_said(page: Page) -> None:
    """With a way to try again; where there is none, that nothing is sealed."""
    pane = page.view.seals
    page.bridge.tell(StateChanged(seals=SealState(state="locked")))
    pane.notice.button.click()
    assert isinstance(page.bridge.sent[-1], UnlockSeals)
    page.bridge.tell(StateChanged(seals=SealState(state="none")))
    assert pane.isVisible()
    assert pane.notice.button.isVisible()
    assert not pane.drop.isVisible()
    page.bridge.tell(StateChanged(seals=SealState(state="on", unmarked=True)))
    assert pane.isVisible()


@pytest.mark.requirement("RULE-FORM")
def test_a_rule_is_changed_in_its_place_and_read_back(page: Page) -> None:
    """Saved is said of the rule as it is now, not because one of its id is there."""
    page.view.rule_chosen.emit(FIRST)
    page.view.detail.change.click()
    form = page.view.form
    assert page.view.side is form
    form.limits.counts["per_minute"].setText("5")
    assert "at most 5 calls a minute" in form.bounds.text()
    form.limits.until.setText("soon")
    form.save.click()
    assert page.bridge.sent == []
    assert "soon" in form.outcome.sentence
    form.limits.until.setText("")
    form.save.click()
    rule = page.last_rule()
    assert (rule.id, rule.limits.per_minute, rule.name) == (FIRST, 5, "Reads in reports")
    page.bridge.answer()
    assert page.view.side is form
    others = tuple(known for known in data.RULES if FIRST not in known.data)
    page.bridge.tell(StateChanged(rules=(data.state_of(rule), *others)))
    assert page.view.side is page.view.detail
    outcome = page.view.detail.outcome
    assert outcome.outcome is Outcome.DONE
    assert outcome.sentence == (
        "Saved, read back and in force. It matched a test call: analyst: reports / x {}"
    )


def choose(page: Page, name: str) -> None:
    """Click a row of the form."""
    row = page.view.form.findChild(ChoiceRow, name)
    assert row is not None
    row.click()


@pytest.mark.requirement("RULE-FORM")
def test_a_change_freeze_is_made_in_the_form(page: Page) -> None:
    """Windows for a rule that denies or asks, limits for one that allows; never beside deny."""
    page.view.add.click()
    form = page.view.form
    assert form.limits.windows[0].isVisibleTo(form)
    choose(page, "effect_allow")
    assert not form.limits.windows[0].isVisibleTo(form)
    assert form.limits.until.isVisibleTo(form)
    choose(page, "effect_deny")
    form.never.click()
    form.limits.windows[0].start(("2026-12-20 18:00", "2027-01-02 08:00"))
    form.limits.more.click()
    form.limits.windows[1].start(("2027-03-01", "2027-03-02"))
    form.save.click()
    rule = page.last_rule()
    assert (len(rule.during), rule.never, rule.limits.are_set) == (2, True, False)


@pytest.mark.requirement("ACCESS-1")
@pytest.mark.requirement("RULE-IMPORT", "LAW-4")
def test_a_proposed_rule_is_looked_at_and_saved_like_any_other(page: Page) -> None:
    """Whole, with the conditions that no field shows; opening it sends nothing."""
    test = Condition(path="/path", op=Operator.PATH_UNDER, value="/srv/site")
    rule = Rule(id="r-new", effect=Effect.ALLOW, agent="coder", server="git", when=(test,))
    page.bridge.tell(StateChanged(proposed_rules=(data_of(rule),)))
    [row] = page.view.proposals.rows
    row.accept.click()
    assert page.bridge.sent == []
    assert page.view.side is page.view.form
    page.view.form.save.click()
    assert page.last_rule() == rule


@pytest.mark.requirement("RULE-IMPORT")
def test_proposals_beyond_the_first_three_are_dismissed_together(page: Page) -> None:
    rules = [Rule(id=f"r-{n}", effect=Effect.DENY, tool=f"t{n}") for n in range(5)]
    page.bridge.tell(StateChanged(proposed_rules=tuple(data_of(rule) for rule in rules)))
    *_, last = page.view.proposals.rows
    assert len(page.view.proposals.rows) == 4
    assert last.accept.isHidden()
    last.drop.click()
    page.view.proposals.rows[0].drop.click()
    assert page.bridge.sent == [DropProposedRule(n=1, id=""), DropProposedRule(n=2, id="r-0")]


def test_a_rule_is_narrowed_to_what_it_was_used_for(page: Page) -> None:
    used = UsedNames(names=(UsedName(server="reports", name="read_report", method=""),))
    page.presenter.narrow(FIRST, used)
    assert page.view.side is page.view.form
    assert page.view.form.draft.tool == "read_report"
    assert "90 days" in page.view.form.outcome.sentence
    page.view.form.save.click()
    assert (page.last_rule().id, page.last_rule().tool) == (FIRST, "read_report")
    page.presenter.narrow("gone", used)


@pytest.mark.parametrize("height", [744, 560])
def test_what_was_just_done_covers_nothing_of_the_foot(page: Page, height: int) -> None:
    """The foot has sentences and buttons of its own."""
    page.view.resize(1200, height)
    settle(page.view)
    page.view.note.say(Outcome.DONE, "Saved. It acts from the next call on.")
    settle(page.view)
    note, behind = page.view.note.geometry(), page.view.note.parentWidget()
    assert behind is not None
    assert note.top() >= 0
    for part in (page.view.posture, page.view.environment_rule, page.view.ways):
        corner = part.mapTo(behind, QPoint(0, 0))
        covered = QRect(corner, part.size()) & note
        assert covered.isEmpty()


def test_what_asks_the_rules_has_no_empty_foot(page: Page) -> None:
    page.view.ways.ask.click()
    questions = page.view.questions
    settle(page.view)
    assert questions.isVisible()
    shown = [one for one in questions.findChildren(QFrame) if one.isVisible()]
    foot = [one for one in shown if one.objectName() == "rule_questions_foot"]
    assert foot == []


def test_what_was_saved_before_does_not_stand_beside_a_change_that_owes_a_pin(page: Page) -> None:
    """Turned off twice: the second waits for the PIN, and nothing says that it was saved."""
    page.view.rule_chosen.emit(FIRST)
    outcome = page.view.detail.outcome
    page.view.detail.toggle.click()
    page.bridge.answer()
    assert outcome.outcome is Outcome.DONE
    page.view.detail.toggle.click()
    assert outcome.outcome is not Outcome.DONE
    page.bridge.answer()
    page.view.detail.on_escape()
    page.view.rule_chosen.emit(FIRST)
    assert outcome.outcome is None


def test_what_was_done_before_is_gone_from_the_foot_when_something_is_sent(page: Page) -> None:
    """What failed stays there, until it is closed."""
    note = page.view.note
    note.say(Outcome.DONE, "Done.")
    page.view.suspended.action_pressed.emit()
    assert not note.isVisible()
    page.bridge.answer(ok=False, sentence="No.")
    page.view.suspended.action_pressed.emit()
    assert (note.isVisible(), note.sentence) == (True, "No.")
