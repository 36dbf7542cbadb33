"""Leads through the first steps: sends the practice calls, and hears how each of them ended."""

from collections import Counter

from PySide6.QtCore import QObject, Signal

from keyturn.application.approval_request import BECAUSE_PRACTICE
from keyturn.application.console_protocol import (
    IntentDone,
    PutSetting,
    RequestShown,
    RequestWithdrawn,
    SetPosture,
    StateChanged,
    StopAll,
)
from keyturn.application.practice_messages import EndPractice, Practise
from keyturn.application.stop import StopLevel
from keyturn.application.window_setting_names import FIRST_RUN, NOTICES_SEEN, SEEN, UNSEEN
from keyturn.domain.policy import Posture
from keyturn.gui.broker_events import BrokerEvents
from keyturn.gui.first_steps.view import FirstStepsView
from keyturn.gui.forms.outcome import Outcome
from keyturn.gui.pages import Page
from keyturn.gui.sending import IntentSender
from keyturn.presentation.first_steps import (
    SCREENS,
    STEPS,
    Progress,
    Screen,
    Task,
    first_steps,
    guide_text,
)
from keyturn.presentation.words import Words


class FirstStepsPresenter(QObject):
    """Between the broker and the first steps' screen."""

    page_wanted = Signal(object)
    """The `Page` to go to."""
    guide_changed = Signal(str)
    """What is to be done with a practice call, beside its card; empty when there is none."""

    def __init__(
        self,
        *,
        events: BrokerEvents,
        sender: IntentSender,
        view: FirstStepsView,
        words: Words,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._sender = sender
        self._view = view
        self._words = words
        self._screen = SCREENS[0]
        self._posture = Posture.ASK_ALL
        self._wanted: Posture | None = None
        self._task: Task | None = None
        self._guided: Task | None = None
        self._ids: dict[str, Task] = {}
        self._done: set[Task] = set()
        self._stopped = False
        self._agents = 0
        events.state_changed.connect(self._on_state)
        events.request_shown.connect(self._on_shown)
        events.request_withdrawn.connect(self._on_withdrawn)
        view.next_wanted.connect(self._on_next)
        view.back_wanted.connect(self._on_back)
        view.skip_wanted.connect(self._finish)
        view.posture_wanted.connect(self._on_posture)
        view.task_wanted.connect(self._on_task)
        view.notice_answered.connect(self._on_notice)
        self._show()

    def begin(self) -> None:
        """Start at the first screen, as if nothing had been tried."""
        self._screen = SCREENS[0]
        self._done.clear()
        self._show()

    # ---------------------------------------------------------------- from the broker

    def _on_state(self, state: StateChanged) -> None:
        if state.posture is not None:
            self._posture = next((p for p in Posture if p.value == state.posture), self._posture)
        if state.agents is not None:
            self._agents = sum(1 for agent in state.agents if agent.connections)
        if state.stop is not None:
            if self._stopped and not state.stop.engaged:
                self._end(Task.STOP)
            self._stopped = state.stop.engaged
        self._show()

    def _on_shown(self, shown: RequestShown) -> None:
        if shown.request.because == BECAUSE_PRACTICE and self._task in STEPS:
            self._ids[shown.request.id] = self._task
            self._show()

    def _on_withdrawn(self, withdrawn: RequestWithdrawn) -> None:
        task = self._ids.pop(withdrawn.id, None)
        if task is not None and task not in self._ids.values():
            self._end(task)
        if task is not None:
            self._show()

    # ---------------------------------------------------------------- from the person

    def _on_next(self) -> None:
        at = SCREENS.index(self._screen) + 1
        chosen = self._wanted if self._screen is Screen.POSTURE else None
        if chosen is not None and chosen is not self._posture:
            self._set_posture(chosen)
        elif at == len(SCREENS):
            self._finish()
        else:
            self._go(SCREENS[at])

    def _on_back(self) -> None:
        self._go(SCREENS[max(0, SCREENS.index(self._screen) - 1)])

    def _go(self, screen: Screen) -> None:
        self._screen = screen
        self._show()
        self._view.next.setFocus()

    def _finish(self) -> None:
        self._guide(None)
        self._sender.send(lambda n: EndPractice(n=n))
        self._sender.send(lambda n: PutSetting(n=n, name=FIRST_RUN, value=SEEN))
        self.page_wanted.emit(Page.QUEUE)

    def _on_posture(self, posture: Posture) -> None:
        """Take the choice; it acts with Next, so that no single press loosens anything."""
        self._wanted = posture
        self._show()

    def _set_posture(self, posture: Posture) -> None:
        outcome = self._view.outcome
        outcome.say(Outcome.WAITING, self._words("forms.waiting"))

        def heard(done: IntentDone) -> None:
            if done.ok:
                self._wanted = None
                self._posture = posture
                self._go(Screen.PRACTICE)
            else:
                outcome.say(Outcome.FAILED, done.sentence)

        self._sender.send(lambda n: SetPosture(n=n, posture=posture.value), heard)

    def _on_task(self, task: Task) -> None:
        self._view.outcome.say(None)
        if task is Task.STOP:
            level = int(StopLevel.AGENTS)
            self._guide(task)
            self._sender.send(lambda n: StopAll(n=n, trigger="window", level=level))
            self.page_wanted.emit(Page.QUEUE)
            return
        step = STEPS[task].value
        self._task = task
        self._sender.send(lambda n: Practise(n=n, step=step), self._on_sent)

    def _on_sent(self, done: IntentDone) -> None:
        if not done.ok:
            self._view.outcome.say(Outcome.FAILED, done.sentence)
        elif self._screen is Screen.PRACTICE:
            self._guide(self._task)
            self.page_wanted.emit(Page.QUEUE)

    def _on_notice(self, seen: bool) -> None:
        value = SEEN if seen else UNSEEN
        key = "first_steps.notice_seen_said" if seen else "first_steps.notice_unseen_said"
        said = self._words(key)
        outcome = self._view.outcome

        def heard(done: IntentDone) -> None:
            if not done.ok:
                outcome.say(Outcome.FAILED, done.sentence)
            else:
                outcome.say(Outcome.DONE if seen else Outcome.OWED, said)

        self._sender.send(lambda n: PutSetting(n=n, name=NOTICES_SEEN, value=value), heard)

    # ---------------------------------------------------------------- showing

    def _end(self, task: Task) -> None:
        self._done.add(task)
        if self._guided is task:
            self.guide_changed.emit(self._words("first_steps.done"))

    def _guide(self, task: Task | None) -> None:
        self._guided = task
        self.guide_changed.emit("" if task is None else guide_text(task, self._words))

    def _show(self) -> None:
        progress = Progress(
            done=frozenset(self._done),
            waiting=Counter(self._ids.values()),
            stopped=self._stopped,
            agents=self._agents,
        )
        said = first_steps(self._screen, self._wanted or self._posture, progress, self._words)
        self._view.show_screen(said)
