"""A tool that nothing is asked about: what is pinned, and the tier that a person confirmed."""

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from keyturn.domain.tier import Tier
from keyturn.gui.armed_action import ArmedAction
from keyturn.gui.drafts import UNSAVED
from keyturn.gui.look import Look
from keyturn.gui.servers.controls_box import ControlsBox
from keyturn.gui.servers.owed_box import OwedChangeBox
from keyturn.gui.servers.panes import DetailPane
from keyturn.gui.servers.unsaved import Unsaved, UnsavedChoices
from keyturn.gui.theme import Token, Type
from keyturn.gui.widgets.allow_button import AllowButton
from keyturn.gui.widgets.buttons import DECISION, Button, Kind
from keyturn.gui.widgets.layouts import clear, column, divider
from keyturn.gui.widgets.long_text import LongText
from keyturn.gui.widgets.pairs import PairList
from keyturn.gui.widgets.text import Text
from keyturn.gui.widgets.tier_box import TierBox
from keyturn.presentation.answer import Answer
from keyturn.presentation.arming import ArmingTerms, Subject
from keyturn.presentation.result_controls import ControlsWish
from keyturn.presentation.servers import TierWish, ToolView, ToolWish, TwoWish

_KEYS: Final = 100


class ToolPane(DetailPane):
    """Shows a `ToolView` and takes another tier or other labels."""

    wished = Signal(object)
    """`ToolWish`."""
    two_wished = Signal(object)
    """`TwoWish`."""
    left_unsaved = Signal(str)
    """What was chosen, not saved, and is kept for when the tool is opened again: a sentence."""

    def __init__(
        self, look: Look, now_ms: Callable[[], int], parent: QWidget | None = None
    ) -> None:
        super().__init__(look, name="tool_pane", parent=parent)
        self._view: ToolView | None = None
        self._kept = UnsavedChoices()
        self._revision = 0
        self.tiers = TierBox(look, name="tool_tiers")
        self.save = AllowButton(look, name="save_tool", kind=Kind.PRIMARY)
        self.remove = Button(look, Kind.PLAIN, name="remove_tool", height=DECISION)
        self.two = Button(look, Kind.PLAIN, name="ask_two", height=DECISION)
        self.controls = ControlsBox(look)
        self.action = ArmedAction(look, self.save, now_ms, self)
        self._description = LongText(look, Type.VALUE)
        self._owed = column()
        self._boxes: list[OwedChangeBox] = []
        self._claims = column()
        self._controls_place = QWidget()
        self._definition = LongText(look, Type.VALUE, definition=True)
        self._fill()
        self.tiers.changed.connect(self._on_changed)
        self.action.pressed.connect(self._on_pressed)
        self.remove.clicked.connect(self._on_remove)
        self.two.clicked.connect(self._on_two)
        self.controls.changed.connect(self._on_changed)

    def show_view(self, view: ToolView) -> None:
        """Show a tool; what was chosen of it and not yet saved is kept while it stands as it did.

        That holds for one that is opened again, too.
        """
        if self._view is not None and (self._view.server, self._view.tool) != (
            view.server,
            view.tool,
        ):
            self.leave()
        previous, self._view = self._view, view
        words = self._look.words
        self.headline.show_head(view.headline, view.server_tool, view.seen)
        self.chips.show_chips(view.chips)
        self.notice.show_notice(view.notice)
        self._description.say(view.description or words("servers.no_description"))
        self._definition.say(view.definition)
        self._description.setVisible(not view.owed)
        remove, save = words("servers.remove_tool"), words("servers.save_tool")
        if view.hidden:
            save = words("servers.show_again")
        self.remove.say(remove, words("card.named", action=remove, object=view.tool))
        two = words("servers.ask_one" if view.two_persons else "servers.ask_two")
        self.two.say(two, words("card.named", action=two, object=view.tool))
        shown = [self.save] if view.hidden else [self.save, self.remove]
        shown += [self.two] if view.markable and not view.hidden else []
        self.show_only(*shown, among=(self.save, self.remove, self.two))
        self.save.say(save, words("card.named", action=save, object=view.tool))
        controlled = view.controls is not None and not view.hidden
        self._controls_place.setVisible(controlled)
        if view.controls is not None:
            self.controls.show_view(view.controls, view.tool)
        if previous is None or previous.claims != view.claims:
            clear(self._claims)
            self._claims.addWidget(PairList(self._look, view.claims, key_width=_KEYS))
        if previous is None or previous.digest != view.digest:
            self._show_owed(view)
            self.tiers.start_over()
            self.tiers.show_choice(view.choice)
            if previous is None:
                self._take_up(view)
            self._on_changed()

    def leave(self) -> None:
        """Keep what was chosen and not saved, and say that it is not."""
        view = self._view
        if view is not None:
            unsaved = self._unsaved(view)
            self._kept.keep(view, unsaved)
            if unsaved:
                what = self._look.words(unsaved.key)
                said = self._look.words("servers.unsaved_left", tool=view.tool, what=what)
                self.left_unsaved.emit(said)
            self.controls.start_over()
        self._view = None
        self.setProperty(UNSAVED, bool(self._kept))
        self.action.hide()

    def _take_up(self, view: ToolView) -> None:
        kept = self._kept.take(view)
        if kept.tier is not None:
            self.tiers.choose(*kept.tier)
        if kept.controls is not None:
            self.controls.choose(kept.controls)

    def _unsaved(self, view: ToolView) -> Unsaved:
        """Return what is chosen and not what is kept; of a hidden tool nothing can be."""
        if view.hidden:
            return Unsaved()
        chosen = (self.tiers.tier, self.tiers.labels)
        kept = (view.choice.chosen, view.choice.ticked)
        return Unsaved(
            tier=chosen if chosen != kept else None,
            controls=self.controls.chosen if view.controls is not None else None,
        )

    def _fill(self) -> None:
        words = self._look.words
        self.add_section("servers.tier_section")
        self.body.addWidget(self.tiers)
        self._fill_controls()
        self.add_section("servers.what_it_says")
        self.body.addLayout(self._owed)
        self.body.addWidget(self._description)
        self.body.addSpacing(8)
        self.body.addLayout(self._claims)
        self.add_section("servers.definition")
        self.body.addWidget(self._definition)
        self.body.addStretch()
        self._description.setObjectName("tool_description")
        self._definition.setObjectName("tool_definition")
        self.footing.say(words("servers.tier_footing"))
        self.add_buttons((self.remove, self.two), (self.action.name_row, self.save))

    def _fill_controls(self) -> None:
        place = column(self._controls_place)
        place.addSpacing(16)
        title = Text(self._look, Type.LABEL, Token.TEXT_SECONDARY)
        title.say(self._look.words("results.title"))
        place.addWidget(title)
        place.addSpacing(4)
        place.addWidget(divider())
        place.addSpacing(8)
        place.addWidget(self.controls)
        self.body.addWidget(self._controls_place)

    def _show_owed(self, view: ToolView) -> None:
        clear(self._owed)
        self._boxes = [OwedChangeBox(self._look, change) for change in view.owed]
        for box in self._boxes:
            box.confirmed.connect(self._on_confirmed)
            self._owed.addWidget(box)

    def _on_confirmed(self, path: str) -> None:
        self.action.confirm(path)
        for box in self._boxes:
            box.show_confirmed(True)
        self.rest_focus()

    def _on_changed(self) -> None:
        """Arm for exactly what is chosen; another choice starts from zero."""
        view = self._view
        if view is None:
            return
        words = self._look.words
        self._revision += 1
        subject = Subject(f"{view.server} / {view.tool}", self._revision, view.digest)
        self.action.show(
            subject,
            ArmingTerms(tier=Tier.T2, confirm=frozenset(one.path for one in view.owed)),
            objects={one.path: one.object for one in view.owed},
            hint=words("servers.save_hint"),
            name=view.tool,
        )
        for box in self._boxes:
            box.show_confirmed(False)
        unsaved = self._unsaved(view)
        self.setProperty(UNSAVED, bool(unsaved) or bool(self._kept))
        self.footing.say(words(unsaved.key or "servers.tier_footing"))
        self.footing.use_token(Token.WARNING_FG if unsaved else Token.TEXT_SECONDARY)
        same = not view.hidden and not unsaved
        self.action.refuse(words("servers.nothing_changed") if same else "")

    def _on_pressed(self, _answer: Answer) -> None:
        view = self._view
        if view is None:
            return
        unsaved = self._unsaved(view)
        tier, controls = None, None
        if view.hidden:
            tier = self._wish(view, self.tiers.tier, self.tiers.labels, False)
        elif unsaved.tier is not None:
            tier = self._wish(view, *unsaved.tier, None)
        if unsaved.controls is not None:
            controls = ControlsWish(server=view.server, tool=view.tool, controls=unsaved.controls)
        self.wished.emit(ToolWish(tier=tier, controls=controls))

    def _on_remove(self) -> None:
        view = self._view
        if view is not None:
            choice = view.choice
            tier = self._wish(view, choice.chosen, choice.ticked, True)
            self.wished.emit(ToolWish(tier=tier))

    def _on_two(self) -> None:
        view = self._view
        if view is not None:
            wish = TwoWish(server=view.server, tool=view.tool, on=not view.two_persons)
            self.two_wished.emit(wish)

    @staticmethod
    def _wish(view: ToolView, tier: Tier | None, labels: str, hidden: bool | None) -> TierWish:
        return TierWish(
            server=view.server,
            tool=view.tool,
            launch_hash=view.launch_hash,
            def_hash=view.def_hash,
            tier=tier,
            labels=labels,
            hidden=hidden,
        )
