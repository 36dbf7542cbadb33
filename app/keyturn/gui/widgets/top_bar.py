"""The bar above every page: state in words, counts, running grants, and the stop."""

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QSizePolicy, QWidget

from keyturn.gui.look import Look
from keyturn.gui.theme import Token, Type
from keyturn.gui.widgets.buttons import Button, Kind
from keyturn.gui.widgets.icon_label import IconLabel
from keyturn.gui.widgets.layouts import clear, divider, fix_height, restyle, row
from keyturn.gui.widgets.stop_button import StopButton
from keyturn.gui.widgets.text import Text
from keyturn.presentation.marks import Icon
from keyturn.presentation.topbar import Fact, GrantStrip, ProtectionState, TopBarView

HEIGHT: Final = 56
_SIDES: Final = 22 + 6
_STATE: Final = {
    ProtectionState.PROTECTING: (Icon.PROTECTING, Token.ALLOW_FG),
    ProtectionState.STOPPED: (Icon.STOP, Token.STOP_ON),
    ProtectionState.PROBLEM: (Icon.PROBLEM, Token.WARNING_FG),
}


class GrantChip(QFrame):
    """A running grant: what it allows, how long it lasts, End."""

    end_requested = Signal(str)

    def __init__(self, look: Look, grant: GrantStrip, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._grant = grant
        self.setObjectName(f"grant_{grant.grant_id}")
        fix_height(self, look.theme, 24)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        layout = row(self, (8, 0, 8, 0))
        layout.addWidget(IconLabel(look, Icon.GRANT, Token.TEXT_SECONDARY, 16))
        layout.addSpacing(4)
        self._text = Text(look, Type.LABEL, Token.TEXT_SECONDARY)
        self._left = Text(look, Type.LABEL_STRONG)
        layout.addWidget(self._text)
        layout.addSpacing(8)
        layout.addWidget(self._left)
        layout.addSpacing(8)
        layout.addWidget(divider(vertical=True, length=16))
        layout.addSpacing(8)
        end = Button(look, Kind.LINK, name=f"end_{grant.grant_id}", height=24)
        end.say(look.words("topbar.end"), look.words("topbar.end_named", grant=grant.text))
        end.clicked.connect(self._on_end)
        layout.addWidget(end)
        self.show_grant(grant)

    def show_grant(self, grant: GrantStrip) -> None:
        """Show the countdown as it stands."""
        self._grant = grant
        self._text.say(grant.text)
        self._left.say(grant.left)

    def use_short(self, short: bool) -> None:
        """Leave the words to readers and the tool tip where there is no room for them."""
        self._text.setVisible(not short)
        self.setToolTip(self._grant.text if short else "")

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the chip's fill."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._look.theme.colour(Token.SURFACE_HOVER))
        painter.drawRoundedRect(QRectF(self.rect()), 4, 4)

    def _on_end(self) -> None:
        self.end_requested.emit(self._grant.grant_id)


class TopBar(QFrame):
    """Fed by `TopBarView`; asks for stops and for the end of grants, and never resumes."""

    grant_end_requested = Signal(str)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._view: TopBarView | None = None
        self._grants: dict[str, GrantChip] = {}
        self._fact_texts: list[Text] = []
        self._spare_facts = False
        self.setObjectName("top_bar")
        self.setProperty("surface", "window")
        self.setProperty("edge", "bottom")
        self.setFixedHeight(HEIGHT)
        self.stop_button = StopButton(look)
        self._icon = IconLabel(look, Icon.PROTECTING, Token.ALLOW_FG, 20)
        self._state = Text(look, Type.BODY_STRONG)
        self._line = divider(vertical=True, length=20)
        self._facts = row(gap=16)
        self._chips = row(gap=8)
        self.check = Button(look, Kind.LINK, name="check_notices", height=24)
        """Leads to where notifications are tried, while this desktop shows none."""
        self.check.hide()
        self._build()

    def show_view(self, view: TopBarView) -> None:
        """Show the bar as it stands; grants that go on keep their chips."""
        previous, self._view = self._view, view
        icon, token = _STATE[view.state]
        stopped = view.state is ProtectionState.STOPPED
        restyle(self, "surface", "stopped" if stopped else "window")
        restyle(self, "edge", "" if stopped else "bottom")
        restyle(self._line, "divider", "stopped" if stopped else "true")
        self._icon.use(icon, token)
        self._state.use_token(Token.STOP_ON if stopped else Token.TEXT_PRIMARY)
        self._state.say(view.state_text)
        self.check.say(view.check, f"{view.check} {view.problem}".strip())
        self.check.setToolTip(view.problem if view.check else "")
        self.stop_button.show_level(view.stop_level)
        if previous is None or (previous.facts, previous.state) != (view.facts, view.state):
            self._show_facts(view.facts, stopped=stopped)
        self._show_grants(view.grants)

    def spare_facts(self, spare: bool) -> None:
        """Leave out all facts but the first, for a low window; state and stop stay."""
        self._spare_facts = spare
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep what there is room for."""
        super().resizeEvent(event)
        self._fit()

    def changeEvent(self, event: QEvent) -> None:
        """Measure again when the text size is another."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.StyleChange:
            self._fit()

    def minimumSizeHint(self) -> QSize:
        """Return the room that state and stop need: they are never left out."""
        return QSize(_SIDES + self._fixed_width(), HEIGHT)

    def _fixed_width(self) -> int:
        return 20 + 10 + self._state.sizeHint().width() + self.stop_button.sizeHint().width()

    def _fit(self) -> None:
        """Shorten grants, then leave out facts from the last; a grant's End goes last of all."""
        room = self.width() - _SIDES - self._fixed_width() - 2 * 16 - 1
        facts, chips = self._fact_texts, list(self._grants.values())
        for chip in chips:
            chip.use_short(self._spare_facts)
        if _room_for(facts) + _room_for(chips) > room:
            for chip in chips:
                chip.use_short(True)
        for chip in chips:
            chip.setVisible(_room_for([chip]) <= room)
            room -= _room_for([chip])
        for place, fact in enumerate(facts):
            fits = _room_for([fact]) <= room and not (self._spare_facts and place)
            fact.setVisible(fits)
            room -= _room_for([fact]) if fits else 0
        wanted = self._view is not None and bool(self._view.check) and not self._spare_facts
        self.check.setVisible(wanted and _room_for([self.check]) <= room)
        self._line.setVisible(any(not part.isHidden() for part in (*facts, *chips)))

    def _build(self) -> None:
        layout = row(self, (24, 0, 4, 0))
        layout.addWidget(self._icon)
        layout.addSpacing(8)
        layout.addWidget(self._state)
        layout.addSpacing(16)
        layout.addWidget(self._line)
        layout.addSpacing(16)
        layout.addLayout(self._facts)
        layout.addSpacing(16)
        layout.addWidget(self.check)
        layout.addLayout(self._chips)
        layout.addStretch()
        layout.addWidget(self.stop_button)

    def _show_facts(self, facts: tuple[Fact, ...], *, stopped: bool) -> None:
        clear(self._facts)
        self._fact_texts.clear()
        quiet = Token.STOP_ON if stopped else Token.TEXT_SECONDARY
        strong = Token.STOP_ON if stopped else Token.TEXT_PRIMARY
        for fact in facts:
            text = Text(self._look, Type.LABEL, quiet)
            text.say_pieces(
                (f"{fact.before} " if fact.before else "", Type.LABEL, quiet),
                (fact.strong, Type.LABEL_STRONG, strong),
                (f" {fact.after}" if fact.after else "", Type.LABEL, quiet),
            )
            self._facts.addWidget(text)
            self._fact_texts.append(text)

    def _show_grants(self, grants: tuple[GrantStrip, ...]) -> None:
        running = {grant.grant_id: grant for grant in grants}
        for grant_id in self._grants.keys() - running.keys():
            ended = self._grants.pop(grant_id)
            ended.hide()
            ended.deleteLater()
        for grant_id, grant in running.items():
            if grant_id in self._grants:
                self._grants[grant_id].show_grant(grant)
                continue
            chip = GrantChip(self._look, grant, self)
            chip.end_requested.connect(self.grant_end_requested)
            self._chips.addWidget(chip)
            self._grants[grant_id] = chip
        self._fit()


def _room_for(parts: Sequence[QWidget]) -> int:
    return sum(part.sizeHint().width() + 16 for part in parts)
