"""What is controlled in the results of a tool: a switch each, and the longest result."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QWidget

from keyturn.domain.result_controls import Profile, ResultControls
from keyturn.gui.look import Look
from keyturn.gui.theme import Token, Type
from keyturn.gui.widgets.buttons import DECISION, Button, Kind
from keyturn.gui.widgets.choices import ChoiceRow
from keyturn.gui.widgets.layouts import clear, column, row
from keyturn.gui.widgets.text import Text
from keyturn.presentation.result_controls import ControlsView, LimitGroup


class ControlsBox(QFrame):
    """Shows a `ControlsView` and holds what a person makes of it."""

    wished = Signal(object)
    """`ResultControls`."""
    changed = Signal()
    """Something else is chosen than before, or nothing is any more."""

    def __init__(self, look: Look, parent: QWidget | None = None, *, save: str = "") -> None:
        """`save` is what its own button says; with none, who shows it saves what is chosen."""
        super().__init__(parent)
        self._look = look
        self._save_text = save
        self._view: ControlsView | None = None
        self._tool = ""
        self._switches: list[tuple[str, ChoiceRow]] = []
        self._limits: list[tuple[str, int, ChoiceRow]] = []
        self._notes: dict[str, Text] = {}
        self._profiles: list[tuple[Profile, ChoiceRow]] = []
        self.setObjectName("tool_controls")
        self.save = Button(look, Kind.PLAIN, name="save_controls", height=DECISION)
        self.save.clicked.connect(self._on_save)
        # Parents of their own: of all radio buttons below one parent only one can be chosen.
        self._profile_place = QWidget()
        self._switch_column = column()
        self._limit_column = column()
        self._profile_column = column(self._profile_place)
        self.save.setVisible(bool(save))
        foot = row(gap=8)
        foot.addWidget(self.save)
        foot.addStretch()
        layout = column(self, gap=8)
        layout.addLayout(self._switch_column)
        layout.addSpacing(8)
        self._profile_title = self._title(look.words("results.profile_title"))
        layout.addWidget(self._profile_title)
        layout.addWidget(self._profile_place)
        layout.addSpacing(8)
        layout.addLayout(self._limit_column)
        layout.addLayout(foot)

    def show_view(self, view: ControlsView, tool: str) -> None:
        """Show controls; the same ones of the same tool keep what was chosen and not yet saved."""
        same = self._view is not None and self._view.without_use == view.without_use
        if same and tool == self._tool:
            self._view = view
            self._say_used(view)
            return
        self._view, self._tool = view, tool
        words = self._look.words
        spoken = words("card.named", action=self._save_text, object=tool)
        self.save.say(self._save_text, spoken)
        clear(self._switch_column)
        clear(self._limit_column)
        clear(self._profile_column)
        self._switches, self._limits, self._profiles = [], [], []
        self._notes = {}
        self._fill_profiles(view)
        self._profile_title.setVisible(bool(view.profiles))
        self._profile_place.setVisible(bool(view.profiles))
        for switch in view.switches:
            box = ChoiceRow(self._look, switch.text, name=f"control_{switch.name}")
            box.setChecked(switch.on)
            box.toggled.connect(self._on_changed)
            self._switch_column.addWidget(box)
            self._switches.append((switch.name, box))
        for group in view.limits:
            self._fill_limits(group)
        self._say_used(view)
        self._on_changed()

    def _title(self, text: str) -> Text:
        title = Text(self._look, Type.LABEL, Token.TEXT_SECONDARY)
        title.say(text)
        return title

    def _say_used(self, view: ControlsView) -> None:
        for group in view.limits:
            self._notes[group.name].say(group.note)
            self._notes[group.name].setVisible(bool(group.note))

    def _fill_limits(self, group: LimitGroup) -> None:
        self._limit_column.addWidget(self._title(group.title))
        note = self._notes[group.name] = Text(
            self._look, Type.NOTE, Token.TEXT_SECONDARY, wrap=True
        )
        self._limit_column.addWidget(note)
        place = QWidget()
        rows = column(place)
        for limit in group.rows:
            name = f"{group.name}_{limit.tokens}"
            box = ChoiceRow(self._look, limit.text, limit.note, name=name, radio=True)
            box.setAccessibleName(f"{group.title}: {limit.text}")
            box.setChecked(limit.chosen)
            box.toggled.connect(self._on_changed)
            rows.addWidget(box)
            self._limits.append((group.name, limit.tokens, box))
        self._limit_column.addWidget(place)
        self._limit_column.addSpacing(8)

    def _fill_profiles(self, view: ControlsView) -> None:
        for way in view.profiles:
            name = f"profile_{way.profile}"
            box = ChoiceRow(self._look, way.text, way.note, name=name, radio=True)
            box.setChecked(way.chosen)
            box.toggled.connect(self._on_changed)
            self._profile_column.addWidget(box)
            self._profiles.append((way.profile, box))

    def start_over(self) -> None:
        """Go back to what is kept."""
        view, self._view = self._view, None
        if view is not None:
            self.show_view(view, self._tool)

    @property
    def chosen(self) -> ResultControls | None:
        """Return what is chosen and not yet saved; None where it is what is kept."""
        view = self._view
        made = self._chosen(view) if view is not None else None
        return made if view is not None and made != view.controls else None

    def choose(self, controls: ResultControls) -> None:
        """Choose what a person had chosen before, and had not saved."""
        for name, box in self._switches:
            box.setChecked(bool(getattr(controls, name)))
        for name, most, box in self._limits:
            box.setChecked(getattr(controls, name) == most)
        for way, box in self._profiles:
            box.setChecked(way is controls.profile)

    def _on_changed(self) -> None:
        self.save.setEnabled(self.chosen is not None)
        self.changed.emit()

    def _on_save(self) -> None:
        chosen = self.chosen
        if chosen is not None:
            self.wished.emit(chosen)

    def _chosen(self, view: ControlsView) -> ResultControls:
        on = frozenset(name for name, box in self._switches if box.isChecked())
        tokens = {name: most for name, most, box in self._limits if box.isChecked()}
        profile = next((way for way, box in self._profiles if box.isChecked()), Profile.AUTO)
        return view.chosen(on, tokens, profile)
