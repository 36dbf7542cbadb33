"""Profiles of tasks: switched on for an agent for a while, ended, saved and removed."""

from collections.abc import Callable

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from keyturn.gui.forms.fields import Labelled, LineField
from keyturn.gui.forms.side_pane import SidePane
from keyturn.gui.look import Look
from keyturn.gui.theme import Token, Type
from keyturn.gui.widgets.buttons import Button, Kind
from keyturn.gui.widgets.choices import ChoiceRow, SoleChoice, radio_rows
from keyturn.gui.widgets.layouts import column
from keyturn.gui.widgets.text import Text
from keyturn.presentation.profiles import ProfileChoice, ProfileSheet

_LONGEST = 64


class ProfilePane(SidePane):
    """Takes choices; what is asked first is worked out elsewhere."""

    switch_wanted = Signal(str, float)
    """Profile and seconds."""
    end_wanted = Signal()
    only_wanted = Signal(bool)
    save_wanted = Signal(str)
    """Name under which the agent's own list becomes a profile."""
    remove_wanted = Signal(str)
    list_wanted = Signal(str)
    """The agent, whose own list is to be opened."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, name="agent_profiles", parent=parent)
        words = look.words
        self._sheet: ProfileSheet | None = None
        self._profiles: list[tuple[ChoiceRow | SoleChoice, ProfileChoice]] = []
        self._lengths: list[tuple[ChoiceRow | SoleChoice, ProfileChoice]] = []
        self.title = Text(look, Type.TITLE, wrap=True)
        self.now = Text(look, Type.BODY, wrap=True)
        self.switch = Button(look, Kind.PRIMARY, words("agents.profile_switch"), name="switch_on")
        self.end = Button(look, Kind.PLAIN, words("agents.profile_end"), name="end_profile")
        self.remove = Button(
            look, Kind.PLAIN, words("agents.profile_remove"), name="remove_profile"
        )
        self.top.addWidget(self.title, 1)
        intro = Text(look, Type.NOTE, Token.TEXT_SECONDARY, wrap=True)
        intro.say(words("agents.profile_intro"))
        self.head.addWidget(intro)
        self.head.addWidget(self.now)
        for button in (self.switch, self.end, self.remove):
            self.action_row.addWidget(button)
        self.switch.clicked.connect(self._on_switch)
        self.end.clicked.connect(self.end_wanted)
        self.remove.clicked.connect(self._on_remove)

    @property
    def agent(self) -> str:
        """Return the agent that it is about; "" for none."""
        return self._sheet.agent if self._sheet is not None else ""

    def show_sheet(self, sheet: ProfileSheet, now: str) -> None:
        """Show what can be switched, and what is on now."""
        self.now.say(now)
        self.now.setVisible(bool(now))
        self._show(sheet)
        self.fit_foot()

    def _show(self, sheet: ProfileSheet) -> None:
        if sheet == self._sheet:
            return
        self._sheet = sheet
        self.show_actions()
        self.title.say(sheet.title)
        self.end.setVisible(bool(sheet.profile))
        self.switch.setVisible(bool(sheet.profiles))
        self.remove.setVisible(bool(sheet.profiles))
        self._fill(sheet)

    def chosen(self) -> str:
        """Return the chosen profile; "" while there is none."""
        return _chosen(self._profiles)

    def _fill(self, sheet: ProfileSheet) -> None:
        words = self.look.words
        self.clear_body()
        self._profiles = self._add_choices("profile", "agents.profiles", sheet.profiles, first=True)
        self._lengths = []
        if sheet.profiles:
            self._lengths = self._add_choices("length", "agents.profile_length", sheet.lengths)
        else:
            self._add_note("agents.profile_none")
        if sheet.profiles or sheet.only:
            self._add_only(sheet)
        self.add_title(words("agents.profile_make"))
        if sheet.has_list:
            self._add_name()
        else:
            self._add_note("agents.profile_no_list")
            self._add_button("agents.profile_to_list", "profile_to_list", self._on_list)
        self.body.addStretch()

    def _add_only(self, sheet: ProfileSheet) -> None:
        words = self.look.words
        self.add_title(words("agents.profile_without"))
        self.only = ChoiceRow(self.look, words("agents.profile_only"), name="profiles_only")
        self.only.setChecked(sheet.only)
        self.only.clicked.connect(self._on_only)
        self.body.addWidget(self.only)

    def _add_name(self) -> None:
        words = self.look.words
        self._add_note("agents.profile_make_note")
        label = words("agents.profile_name")
        self.name_line = LineField(self.look, label, name="profile_name", longest=_LONGEST)
        self.body.addWidget(Labelled(self.look, label, self.name_line))
        self._add_button("agents.profile_save", "save_profile", self._on_save)

    def _add_button(self, key: str, name: str, press: Callable[[], None]) -> None:
        button = Button(self.look, Kind.PLAIN, self.look.words(key), name=name)
        button.clicked.connect(press)
        self.body.addSpacing(8)
        self.body.addWidget(button)

    def _add_choices(
        self, name: str, title: str, choices: tuple[ProfileChoice, ...], *, first: bool = False
    ) -> list[tuple[ChoiceRow | SoleChoice, ProfileChoice]]:
        self.add_title(self.look.words(title), first=first)
        # Radio buttons exclude each other within one parent.
        place = QWidget()
        layout = column(place)
        boxes = radio_rows(self.look, [(c.text, c.note) for c in choices], name)
        for box in boxes:
            layout.addWidget(box)
        self.body.addWidget(place)
        return list(zip(boxes, choices, strict=True))

    def _add_note(self, key: str) -> None:
        note = Text(self.look, Type.NOTE, Token.TEXT_SECONDARY, wrap=True)
        note.say(self.look.words(key))
        self.body.addWidget(note)

    def _on_switch(self) -> None:
        if self.chosen():
            self.switch_wanted.emit(self.chosen(), float(_chosen(self._lengths)))

    def _on_only(self) -> None:
        wanted = self.only.isChecked()
        # It says what is, until the broker says otherwise.
        self.only.setChecked(not wanted)
        self.only_wanted.emit(wanted)

    def _on_save(self) -> None:
        self.save_wanted.emit(self.name_line.text().strip())

    def _on_list(self) -> None:
        self.list_wanted.emit(self.agent)

    def _on_remove(self) -> None:
        self.remove_wanted.emit(self.chosen())


def _chosen(rows: list[tuple[ChoiceRow | SoleChoice, ProfileChoice]]) -> str:
    return next((choice.name for box, choice in rows if box.isChecked()), "")
