"""The rules' screen: precedence in words, the list, the built-in rule, and a pane beside."""

from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QWidget

from keyturn.gui.forms.list_page import ListPage, NoticeBar, Strip
from keyturn.gui.forms.proposals import ProposalList
from keyturn.gui.forms.table import TWO_LINES, Column, RowTable
from keyturn.gui.look import Look
from keyturn.gui.rules.detail import RulePane
from keyturn.gui.rules.environments import EnvironmentRule, EnvironmentsPane
from keyturn.gui.rules.form import RuleForm
from keyturn.gui.rules.posture import PosturePane
from keyturn.gui.rules.questions import QuestionsPane
from keyturn.gui.rules.removing import Removal
from keyturn.gui.rules.seals import SealPane
from keyturn.gui.rules.ways import RuleWays
from keyturn.gui.theme import Token, Type
from keyturn.gui.widgets.buttons import Button, Kind
from keyturn.gui.widgets.inputs import SearchField
from keyturn.gui.widgets.text import Text
from keyturn.presentation.marks import Icon
from keyturn.presentation.rules import EffectChoice, RuleDetail, RulesPage

COLUMNS: Final = (
    Column(title="rules.rule", width=280, share=3),
    Column(title="rules.agent", width=90, spared=True),
    Column(title="rules.server_tool", width=180, share=1, spared=True),
    Column(title="rules.effect", width=88),
    Column(title="rules.hits", width=80, right=True),
    Column(title="rules.state", width=150),
)
_SEARCH: Final = 220


class RulesView(ListPage):
    """Fed by the presenter; tells it what a person wants."""

    add_requested = Signal()
    search_wanted = Signal(str)
    rule_chosen = Signal(str)
    side_closed = Signal()
    use_rules_requested = Signal()
    environments_requested = Signal()
    questions_requested = Signal()

    def __init__(
        self, look: Look, effects: tuple[EffectChoice, ...], parent: QWidget | None = None
    ) -> None:
        table = RowTable(
            look,
            COLUMNS,
            name="rules_table",
            spoken=look.words("rules.table"),
            row_height=TWO_LINES,
        )
        super().__init__(
            look,
            table,
            name="rules",
            title=look.words("rules.title"),
            empty_icon=Icon.RULES,
            parent=parent,
        )
        self.seals = SealPane(look)
        self.proposals = ProposalList(look, name="rule_proposals")
        self.suspended = NoticeBar(look, name="rules_suspended")
        self.posture = PosturePane(look)
        self.environment_rule = EnvironmentRule(look)
        self.environments = EnvironmentsPane(look)
        self.form = RuleForm(look, effects)
        self.questions = QuestionsPane(look)
        self.ways = RuleWays(look)
        self.detail = RulePane(look)
        self.search = SearchField(look, look.words("rules.search"), name="find_rule")
        self.add = Button(look, Kind.PLAIN, look.words("rules.add"), Icon.ADD_RULE, name="add_rule")
        self.removal = Removal(look, self.above, self.below)
        self._count = Text(look, Type.NOTE, Token.TEXT_SECONDARY, wrap=True)
        self._fill()
        self._connect()

    def show_page(self, page: RulesPage) -> None:
        """Show the list and what stands around it."""
        self._count.say(page.summary)
        self.suspended.show_notice(page.suspended)
        self.posture.show_choices(page.postures)
        self.show_empty(page.empty)
        self.table.show_rows(page.rows)

    def show_form(self) -> None:
        """Open the form."""
        self.table.choose("")
        self.show_side(self.form)
        self.form.agent.setFocus(Qt.FocusReason.OtherFocusReason)

    def show_detail(self, detail: RuleDetail | None) -> None:
        """Open a rule, or close what is open."""
        if detail is None:
            self.show_side(None)
            self.table.choose("")
            return
        self.detail.show_detail(detail)
        self.show_side(self.detail)
        self.table.choose(detail.rule_id)

    def show_environments(self) -> None:
        """Open labels and pairs."""
        self.table.choose("")
        self.show_side(self.environments)
        self.environments.thing.setFocus(Qt.FocusReason.OtherFocusReason)

    def show_questions(self) -> None:
        """Open what asks the rules."""
        self.table.choose("")
        self.show_side(self.questions)
        self.questions.agent.setFocus(Qt.FocusReason.OtherFocusReason)

    def _fill(self) -> None:
        words = self.look.words
        self.search.setMaximumWidth(_SEARCH)
        self.header_line.addWidget(self._count, 1)
        self.header_line.addWidget(self.removal.button)
        self.header_line.addWidget(self.search)
        self.header_line.addWidget(self.add)
        strip = Strip(self.look, name="rules_precedence")
        text = Text(self.look, Type.NOTE, Token.TEXT_SECONDARY, wrap=True)
        text.say_pieces(
            (words("rules.precedence"), Type.LABEL, Token.TEXT_PRIMARY),
            (f"  {words('rules.precedence_name')}", Type.NOTE, Token.TEXT_SECONDARY),
        )
        strip.line.addWidget(text, 1)
        self.above.addWidget(strip)
        self.above.addWidget(self.seals)
        self.above.addWidget(self.suspended)
        self.above.addWidget(self.proposals)
        self.proposals.rest = self.title
        self.below.addWidget(self.posture)
        self.below.addWidget(self.environment_rule)
        self.below.addWidget(self.ways)

    def _connect(self) -> None:
        self.add.clicked.connect(self.add_requested)
        self.empty.action_pressed.connect(self.add_requested)
        self.search.line.textChanged.connect(self.search_wanted)
        self.table.row_chosen.connect(self.rule_chosen)
        self.form.close_requested.connect(self.side_closed)
        self.detail.close_requested.connect(self.side_closed)
        self.environments.close_requested.connect(self.side_closed)
        self.questions.close_requested.connect(self.side_closed)
        self.ways.ask.clicked.connect(self.questions_requested)
        self.environment_rule.open.clicked.connect(self.environments_requested)
        self.suspended.action_pressed.connect(self.use_rules_requested)
