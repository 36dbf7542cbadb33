"""The credentials' screen: the keychain's state, what was proposed, names by server."""

from typing import Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from keyturn.gui.credentials.detail import CredentialPane
from keyturn.gui.forms.list_page import ListPage, NoticeBar, Strip
from keyturn.gui.forms.proposals import ProposalList
from keyturn.gui.forms.table import Column, RowTable
from keyturn.gui.look import Look
from keyturn.gui.theme import Token, Type
from keyturn.gui.widgets.icon_label import IconLabel
from keyturn.gui.widgets.layouts import row
from keyturn.gui.widgets.text import Text
from keyturn.presentation.credentials import CredentialDetail, CredentialsPage
from keyturn.presentation.marks import Icon

COLUMNS: Final = (
    Column(title="credentials.server", width=140, share=1),
    Column(title="credentials.name", width=160, share=2),
    Column(title="credentials.environment", width=120, share=1, spared=True),
    Column(title="credentials.used_as", width=200, share=3, spared=True),
    Column(title="credentials.state", width=140),
)


class CredentialsView(ListPage):
    """Fed by the presenter; tells it what a person wants."""

    credential_chosen = Signal(str)
    side_closed = Signal()

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        table = RowTable(
            look, COLUMNS, name="credentials_table", spoken=look.words("credentials.table")
        )
        super().__init__(
            look,
            table,
            name="credentials",
            title=look.words("credentials.title"),
            empty_icon=Icon.CREDENTIAL,
            parent=parent,
        )
        self.notice = NoticeBar(look, name="keychain_notice")
        self.proposals = ProposalList(look, name="credential_proposals")
        self.detail = CredentialPane(look)
        self.keychain = Text(look, Type.LABEL)
        self._keychain_icon = IconLabel(look, Icon.CHECK, Token.TEXT_SECONDARY, 14)
        self._count = Text(look, Type.NOTE, Token.TEXT_SECONDARY, wrap=True)
        self._fill()
        self.table.row_chosen.connect(self.credential_chosen)
        self.detail.close_requested.connect(self.side_closed)

    def show_page(self, page: CredentialsPage) -> None:
        """Show the list and what stands above it."""
        self._count.say(page.summary)
        token = self.look.theme.role_token(page.keychain.role)
        self._keychain_icon.use(page.keychain.icon, token)
        self.keychain.use_token(token)
        self.keychain.say(page.keychain.text)
        self.notice.show_notice(page.notice)
        self.proposals.show_proposals(page.proposals)
        self.show_empty(not page.rows)
        self.table.show_rows(page.rows)

    def show_detail(self, detail: CredentialDetail | None) -> None:
        """Open a credential, or close what is open and forget what was typed."""
        if detail is None:
            self.detail.forget()
            self.show_side(None)
            self.table.choose("")
            return
        self.detail.show_detail(detail)
        self.show_side(self.detail)
        self.table.choose(detail.row_id)

    def _fill(self) -> None:
        self.header_line.addWidget(self._count, 1)
        strip = Strip(self.look, name="keychain_strip")
        said = row(gap=8)
        said.addWidget(self._keychain_icon)
        said.addWidget(self.keychain)
        where = Text(self.look, Type.NOTE, Token.TEXT_SECONDARY, wrap=True)
        where.say(self.look.words("credentials.where"))
        strip.line.addLayout(said)
        strip.line.addWidget(where, 1)
        self.above.addWidget(strip)
        self.above.addWidget(self.notice)
        self.above.addWidget(self.proposals)
        self.proposals.rest = self.title
        self.empty.say(
            self.look.words("credentials.empty_title"), self.look.words("credentials.empty_body")
        )
