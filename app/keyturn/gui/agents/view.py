"""The agents' screen: what was proposed, who is there, and a pane beside."""

from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QWidget

from keyturn.gui.agents.detail import AgentPane
from keyturn.gui.agents.form import EnrolForm
from keyturn.gui.agents.profile_pane import ProfilePane
from keyturn.gui.agents.sight_pane import SightPane
from keyturn.gui.forms.list_page import FootLine, ListPage, NoticeBar
from keyturn.gui.forms.proposals import ProposalList
from keyturn.gui.forms.table import TWO_LINES, Column, RowTable
from keyturn.gui.look import Look
from keyturn.gui.theme import Token, Type
from keyturn.gui.widgets.buttons import Button, Kind
from keyturn.gui.widgets.text import Text
from keyturn.presentation.agents import AgentDetail, AgentsPage
from keyturn.presentation.marks import Icon
from keyturn.presentation.sights import SightSheet

COLUMNS: Final = (
    Column(title="agents.agent", width=160, share=2),
    Column(title="agents.state", width=140),
    Column(title="agents.host", width=160, share=2, spared=True),
    Column(title="agents.servers", width=120, share=3),
    Column(title="agents.connections", width=64, right=True, spared=True),
    Column(title="agents.calls", width=72, right=True),
    Column(title="agents.lamps", width=96),
)


class AgentsView(ListPage):
    """Fed by the presenter; tells it what a person wants."""

    enrol_wanted = Signal()
    review_wanted = Signal()
    agent_chosen = Signal(str)
    side_closed = Signal()
    sight_closed = Signal()

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        table = RowTable(
            look,
            COLUMNS,
            name="agents_table",
            spoken=look.words("agents.table"),
            row_height=TWO_LINES,
        )
        super().__init__(
            look,
            table,
            name="agents",
            title=look.words("agents.title"),
            empty_icon=Icon.AGENT,
            parent=parent,
        )
        self.proposals = ProposalList(look, name="agent_proposals")
        self.warning = NoticeBar(look, name="agents_warning")
        self.overdue = NoticeBar(look, name="agents_overdue")
        self.form = EnrolForm(look)
        self.detail = AgentPane(look)
        self.sight = SightPane(look)
        self.profiles = ProfilePane(look)
        self.enrol = Button(
            look, Kind.PLAIN, look.words("agents.enrol"), Icon.ADDED, name="open_enrolment"
        )
        self.review = FootLine(
            look,
            name="agents_access",
            button="open_access",
            action=look.words("access.open_review"),
        )
        self.review.text.say(look.words("access.foot"))
        self._count = Text(look, Type.NOTE, Token.TEXT_SECONDARY, wrap=True)
        self.header_line.addWidget(self._count, 1)
        self.header_line.addWidget(self.enrol)
        self.above.addWidget(self.proposals)
        self.proposals.rest = self.title
        self.above.addWidget(self.warning)
        self.above.addWidget(self.overdue)
        self.below.addWidget(self.review)
        self.empty.say(
            look.words("agents.empty_title"),
            look.words("agents.empty_body"),
            look.words("agents.enrol"),
        )
        self.review.open.clicked.connect(self.review_wanted)
        self.overdue.action_pressed.connect(self.review_wanted)
        self.enrol.clicked.connect(self.enrol_wanted)
        self.empty.action_pressed.connect(self.enrol_wanted)
        self.table.row_chosen.connect(self.agent_chosen)
        self.form.close_requested.connect(self.side_closed)
        self.detail.close_requested.connect(self.side_closed)
        self.sight.close_requested.connect(self.sight_closed)
        self.profiles.close_requested.connect(self.sight_closed)

    def show_page(self, page: AgentsPage) -> None:
        """Show the list and what stands above it."""
        self._count.say(page.summary)
        self.proposals.show_proposals(page.proposals)
        self.warning.show_notice(page.warning)
        self.overdue.show_notice(page.overdue)
        self.show_empty(not page.rows)
        self.table.show_rows(page.rows)

    def show_form(self) -> None:
        """Open the form."""
        self.table.choose("")
        self.show_side(self.form)
        self.form.name_line.setFocus(Qt.FocusReason.OtherFocusReason)

    @property
    def seen_agent(self) -> str:
        """Return the agent of which the list or the profiles are open."""
        return self.profiles.agent if self.side is self.profiles else self.sight.agent

    def show_sight(self, sheet: SightSheet) -> None:
        """Open what an agent sees, to be changed."""
        self.sight.show_sheet(sheet)
        self.show_side(self.sight)
        self.sight.all.setFocus(Qt.FocusReason.OtherFocusReason)

    def show_detail(self, detail: AgentDetail | None) -> None:
        """Open an agent, or close what is open."""
        if detail is None:
            self.show_side(None)
            self.table.choose("")
            return
        self.detail.show_detail(detail)
        self.show_side(self.detail)
        self.table.choose(detail.agent)
