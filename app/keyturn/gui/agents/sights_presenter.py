"""Keeps what agents see as the broker tells it, and sends what a person changes of it."""

from collections.abc import Callable
from datetime import datetime
from functools import partial

from PySide6.QtCore import QObject, QTimer

from keyturn.application.console_protocol import Intent, IntentDone, StateChanged
from keyturn.application.console_state import AgentState, ServerState
from keyturn.application.sight_intents import (
    EndProfile,
    ProfileState,
    PutProfile,
    RemoveProfile,
    SetProfilesOnly,
    SetSight,
    SightState,
    SwitchProfile,
)
from keyturn.domain.access import REVIEW_DAYS
from keyturn.gui.agents.view import AgentsView
from keyturn.gui.broker_events import BrokerEvents
from keyturn.gui.forms.outcome import Outcome, OutcomeLine
from keyturn.gui.local_time import local_now
from keyturn.gui.sending import IntentSender
from keyturn.presentation.cells import Question
from keyturn.presentation.profiles import (
    end_question,
    only_question,
    profile_said,
    profile_sheet,
    remove_question,
    switch_question,
)
from keyturn.presentation.sights import sight_sheet, widens
from keyturn.presentation.used_names import used_rows
from keyturn.presentation.words import Words
from keyturn.storage.queries.items import UsedNames

_LEFT_MS = 15_000
"""How often it is said anew how long a profile is still on."""


class SightsPresenter(QObject):
    """Between the broker's state and the two panes about what an agent sees."""

    def __init__(
        self,
        *,
        bridge: BrokerEvents,
        sender: IntentSender,
        view: AgentsView,
        words: Words,
        now: Callable[[], datetime] = local_now,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._sender = sender
        self._view = view
        self._words = words
        self._now = now
        self._agents: tuple[AgentState, ...] = ()
        self._servers: tuple[ServerState, ...] = ()
        self._profiles: tuple[ProfileState, ...] = ()
        self._agreed: Callable[[], None] | None = None
        self._clock = QTimer(self)
        self._clock.setInterval(_LEFT_MS)
        self._clock.timeout.connect(self._show_profiles)
        self._clock.start()
        bridge.state_changed.connect(self._on_state)
        view.detail.sight_wanted.connect(self._on_sight_wanted)
        view.sight.save_wanted.connect(self._on_sight_save)
        view.sight.question.agreed.connect(self._on_agreed)
        profiles = view.profiles
        view.detail.profiles_wanted.connect(self._on_profiles_wanted)
        profiles.switch_wanted.connect(self._on_switch)
        profiles.end_wanted.connect(self._on_end)
        profiles.only_wanted.connect(self._on_only)
        profiles.save_wanted.connect(self._on_profile_save)
        profiles.list_wanted.connect(self._on_sight_wanted)
        profiles.remove_wanted.connect(self._on_remove)
        profiles.question.agreed.connect(self._on_agreed)

    def ask_end(self, agent: str) -> None:
        """Open an agent's profiles and ask whether the one that is on is to be ended."""
        if self._sight_of(agent).profile:
            self._on_profiles_wanted(agent)
            self._on_end()

    def narrow(self, agent: str, used: UsedNames) -> None:
        """Open an agent's list with what it really used ticked, of what it sees now."""
        sight = self._sight_of(agent)
        rows = used_rows(used, sight)
        sheet = sight_sheet(agent, SightState(rows=rows), self._servers, self._words)
        self._view.show_sight(sheet)
        key = "access.narrowed" if rows else "access.narrowed_none"
        said = self._words(key, n=len(rows), days=REVIEW_DAYS)
        self._view.sight.outcome.say(Outcome.OWED, said)

    def _on_state(self, message: StateChanged) -> None:
        self._agents = message.agents if message.agents is not None else self._agents
        self._servers = message.servers if message.servers is not None else self._servers
        self._profiles = message.profiles if message.profiles is not None else self._profiles
        self._show_profiles()

    def _sight_of(self, agent: str) -> SightState:
        return next((a.sight for a in self._agents if a.name == agent), SightState())

    # ---------------------------------------------------------------- its own list

    def _on_sight_wanted(self, agent: str) -> None:
        sheet = sight_sheet(agent, self._sight_of(agent), self._servers, self._words)
        self._view.show_sight(sheet)

    def _on_sight_save(self, agent: str, rows: tuple[str, ...] | None) -> None:
        question = widens(agent, self._sight_of(agent), rows, self._words)
        send = partial(self._send_sight, agent, rows)
        if question is None:
            send()
        else:
            self._agreed = send
            self._view.sight.ask(question)

    def _send_sight(self, agent: str, rows: tuple[str, ...] | None) -> None:
        self._send(
            lambda n: SetSight(n=n, agent=agent, rows=rows),
            self._view.sight.outcome,
            self._words("agents.sight_saved"),
        )

    # ---------------------------------------------------------------- profiles

    def _on_profiles_wanted(self, agent: str) -> None:
        self._view.profiles.outcome.say(None)
        self._show_profiles_of(agent)
        self._view.show_side(self._view.profiles)

    def _show_profiles(self) -> None:
        if self._view.side is self._view.profiles:
            self._show_profiles_of(self._view.profiles.agent)

    def _show_profiles_of(self, agent: str) -> None:
        sight = self._sight_of(agent)
        sheet = profile_sheet(agent, sight, self._profiles, self._words)
        self._view.profiles.show_sheet(sheet, profile_said(sight, self._words, self._now()))

    def _on_switch(self, profile: str, seconds: float) -> None:
        agent = self._view.profiles.agent

        def made(n: int) -> Intent:
            return SwitchProfile(n=n, agent=agent, profile=profile, seconds=seconds)

        self._ask(switch_question(agent, profile, seconds, self._words), made)

    def _on_end(self) -> None:
        agent = self._view.profiles.agent
        question = end_question(agent, self._sight_of(agent), self._words)
        self._ask(question, lambda n: EndProfile(n=n, agent=agent))

    def _on_only(self, on: bool) -> None:
        agent = self._view.profiles.agent

        def made(n: int) -> Intent:
            return SetProfilesOnly(n=n, agent=agent, on=on)

        if on:
            self._send_profile(made)
        else:
            self._ask(only_question(agent, self._words), made)

    def _on_profile_save(self, name: str) -> None:
        rows = self._sight_of(self._view.profiles.agent).rows
        outcome = self._view.profiles.outcome
        if not name:
            outcome.say(Outcome.OWED, self._words("agents.profile_unnamed"))
        elif rows is None:
            outcome.say(Outcome.OWED, self._words("agents.profile_no_list"))
        elif any(profile.name == name for profile in self._profiles):
            outcome.say(Outcome.OWED, self._words("agents.profile_known"))
        else:
            self._send_profile(lambda n: PutProfile(n=n, name=name, rows=rows))

    def _on_remove(self, name: str) -> None:
        self._ask(remove_question(name, self._words), lambda n: RemoveProfile(n=n, name=name))

    # ---------------------------------------------------------------- sending

    def _ask(self, question: Question, made: Callable[[int], Intent]) -> None:
        self._agreed = partial(self._send_profile, made)
        self._view.profiles.ask(question)

    def _on_agreed(self) -> None:
        agreed, self._agreed = self._agreed, None
        if agreed is not None:
            agreed()

    def _send_profile(self, made: Callable[[int], Intent]) -> None:
        self._send(made, self._view.profiles.outcome, self._words("agents.profile_done"))

    def _send(self, made: Callable[[int], Intent], outcome: OutcomeLine, said: str) -> None:
        outcome.say(Outcome.WAITING, self._words("forms.waiting"))

        def heard(done: IntentDone) -> None:
            outcome.say(*((Outcome.DONE, said) if done.ok else (Outcome.FAILED, done.sentence)))

        self._sender.send(made, heard)
