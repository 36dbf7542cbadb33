"""Puts the window together: pages, presenters and the bridge; it decides nothing itself."""

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer

from keyturn.application.approval_request import ApprovalRequest
from keyturn.application.console_protocol import StateChanged, StopAll, Welcome
from keyturn.application.console_state import AgentState, HealthState, SealState, StopState
from keyturn.application.stop import StopLevel
from keyturn.application.window_setting_names import FIRST_RUN
from keyturn.gui.announcer import Announcer
from keyturn.gui.appearance import AppearanceKeeper
from keyturn.gui.away import AwayWatch
from keyturn.gui.bridge import Bridge
from keyturn.gui.calling_eyes import Attention
from keyturn.gui.late_pages import LatePages
from keyturn.gui.local_time import local_now
from keyturn.gui.look import Look
from keyturn.gui.main_window import MainWindow
from keyturn.gui.means import Means
from keyturn.gui.other_language import LanguageOf, OtherLanguage
from keyturn.gui.pages import Page
from keyturn.gui.queue.first_card import FirstCard
from keyturn.gui.queue.page import queue_page
from keyturn.gui.said_so_far import SaidSoFar
from keyturn.gui.sending import IntentSender
from keyturn.gui.settings_in_force import SettingsInForce
from keyturn.gui.standing import Standing
from keyturn.gui.stopped.presenter import StoppedPresenter
from keyturn.gui.stopped.view import StoppedScreen
from keyturn.presentation.alerts import LONGEST_ALERT
from keyturn.presentation.announcements import Announcements
from keyturn.presentation.card_builder import CardBuilder
from keyturn.presentation.decided import decided_before
from keyturn.presentation.health import problem_of
from keyturn.presentation.history_builder import HistoryBuilder
from keyturn.presentation.seals import changed_alert
from keyturn.presentation.stopped_builder import StoppedBuilder
from keyturn.presentation.topbar_builder import top_bar_view
from keyturn.presentation.verbs import Verbs
from keyturn.presentation.visible_text import shown_line
from keyturn.presentation.words import Words
from keyturn.storage.queries.items import HistoryItem

_SECOND_MS = 1_000
_LONGEST_PROFILE = 32


class Desk(QObject):
    """Owns the window and its presenters; `language_of` None is for one that never changes."""

    def __init__(
        self,
        look: Look,
        appearance: AppearanceKeeper,
        bridge: Bridge,
        verbs: Verbs,
        now_ms: Callable[[], int],
        language_of: LanguageOf | None = None,
    ) -> None:
        super().__init__()
        self._look, self._bridge, self._now_ms = look, bridge, now_ms
        self._stop = StopState(engaged=False)
        self._health: HealthState | None = None
        self._agents: tuple[AgentState, ...] = ()
        self._waiting, self._oldest_ms = 0, 0
        self._changed = set[str]()
        """Tables that another program changed, and that a person was told of."""
        said = SaidSoFar(bridge, self)
        cards = CardBuilder(look.words, verbs)
        self.intents = _sender(bridge, look.words, self)
        means = Means(
            look=look,
            bridge=bridge,
            said=said,
            sender=self.intents,
            cards=cards,
            now_ms=now_ms,
            parent=self,
        )
        queue = queue_page(means)
        self.queue = queue.presenter
        self.sheets, self.reviews, self.ways = queue.sheets, queue.reviews, queue.ways
        self.triage, self.first_card = queue.triage, FirstCard(queue.view)
        stopped = StoppedScreen(look)
        self.window = MainWindow(look, {Page.QUEUE: queue.view}, stopped)
        in_force = SettingsInForce(bridge, appearance, self)
        self.pages = LatePages(means, self.window, in_force)
        self.standing = Standing(
            look=look,
            window=self.window,
            pages=self.pages,
            sender=self.intents,
            in_force=in_force,
            now_ms=now_ms,
            announcer=self._voice(cards),
            parent=self,
        )
        self.attention = self._eyes(now_ms)
        self.stopped = StoppedPresenter(
            bridge=bridge,
            sender=self.intents,
            view=stopped,
            builder=StoppedBuilder(look.words, HistoryBuilder(look.words, cards)),
            parent=self,
        )
        self._away = AwayWatch(self.window, now_ms)
        self._countdown = QTimer(self, interval=_SECOND_MS)
        self._connect()
        self._speak(language_of)

    def close(self) -> None:
        """Take the window down with the broker."""
        self.queue.close()
        self.pages.close()
        self.stopped.close()
        self.standing.close()
        self.window.hide()
        self.window.deleteLater()

    def _speak(self, language_of: LanguageOf | None) -> None:
        """Follow the choice of a language."""
        if language_of is None:
            return
        OtherLanguage(
            bridge=self._bridge,
            sender=self.intents,
            window=self.window,
            words=self._look.words,
            memory=self.standing.memory,
            language_of=language_of,
            queue=self.queue,
            parent=self,
        )

    def _eyes(self, now_ms: Callable[[], int]) -> Attention:
        return Attention(
            events=self._bridge,
            window=self.window,
            tray=self.standing.tray,
            words=self._look.words,
            now_ms=now_ms,
            parent=self,
        )

    def _voice(self, cards: CardBuilder) -> Announcer:
        return Announcer(
            window=self.window,
            events=self._bridge,
            announcements=Announcements(self._look.words, cards),
            parent=self,
        )

    def _connect(self) -> None:
        self._bridge.welcomed.connect(self._on_welcome)
        self._bridge.state_changed.connect(self._on_state)
        self._bridge.raise_asked.connect(self._on_raise)
        self._bridge.alerted.connect(self._on_alert)
        self.queue.waiting_changed.connect(self._on_waiting)
        self.queue.arrived.connect(self._on_arrived)
        self.queue.ended.connect(self.standing.tell_decided)
        self.queue.answers.failed.connect(self._on_alert)
        self.pages.request_wanted.connect(self._on_request_wanted)
        self.reviews.review_wanted.connect(self._on_review_wanted)
        self.pages.rule_wanted.connect(self._on_rule_wanted)
        self.pages.revoke_wanted.connect(self._on_revoke_wanted)
        self.pages.missed_found.connect(self._on_alert)
        self.pages.all_built.connect(self.first_card.begin)
        self._away.back.connect(self._on_back)
        self.pages.last_found.connect(self._on_last_found)
        self.pages.guide_changed.connect(self.window.guide.tell)
        self.ways.page_wanted.connect(self.window.show_page)
        self.ways.agent_wanted.connect(self.pages.open_agent)
        self.ways.proposed_changed.connect(self.window.show_proposed)
        self.ways.result_wanted.connect(self._on_result_wanted)
        self._countdown.timeout.connect(self._show_top_bar)
        self.window.grant_end_requested.connect(self._on_profile_end)
        self.window.stop_requested.connect(self._on_stop)
        self.intents.pin_wanted.connect(self.window.ask_pin)
        self.intents.pin_settled.connect(self.window.end_pin)
        self.intents.pin_in_vain.connect(self._on_pin_in_vain)
        self.window.pin_bar.given.connect(self.intents.give_pin)
        self.window.pin_bar.dropped.connect(self._on_pin_dropped)
        self.standing.stop_requested.connect(self._on_tray_stop)

    def _on_welcome(self, message: Welcome) -> None:
        self.window.profile = shown_line(message.profile, self._look.words, most=_LONGEST_PROFILE)
        self.standing.restore(message)
        self.window.show()
        if message.first and FIRST_RUN not in message.settings:
            self.window.show_page(Page.FIRST_STEPS)
        self.pages.begin()

    def _on_state(self, state: StateChanged) -> None:
        if state.seals is not None:
            self._on_seals(state.seals)
        self._stop = state.stop if state.stop is not None else self._stop
        if state.health is not None:
            self._health = state.health
            self.window.health.tell(problem_of(state.health, self._look.words))
        self._agents = state.agents if state.agents is not None else self._agents
        counts = any(agent.sight.profile and not agent.sight.over for agent in self._agents)
        if counts != self._countdown.isActive():
            self._countdown.start() if counts else self._countdown.stop()
        self._show_top_bar()

    def _on_waiting(self, count: int, oldest_ms: int) -> None:
        self._waiting, self._oldest_ms = count, oldest_ms
        self.attention.note_waiting(count)
        self._show_top_bar()

    def _on_arrived(self, _request: ApprovalRequest) -> None:
        """Tell it where a notification may go unseen; no window comes up, no keyboard moves."""
        self.attention.arrived(self._waiting)

    def _on_raise(self) -> None:
        self.window.showNormal()
        self.window.raise_()
        self.window.activateWindow()

    def _on_alert(self, text: str) -> None:
        """Say it in the window and beside it."""
        shown = shown_line(text, self._look.words, most=LONGEST_ALERT)
        self.window.alert.tell(shown)
        self.standing.tell(shown)

    def _on_pin_in_vain(self, sentence: str) -> None:
        """Say it where the PIN was typed: the page that asked may not be on screen."""
        why = shown_line(sentence, self._look.words, most=LONGEST_ALERT)
        self.window.tell_in_vain(self._look.words("pin_bar.in_vain", why=why))

    def _on_seals(self, seals: SealState) -> None:
        """Say it on whatever page is shown when more was changed behind Keyturn's back."""
        before, self._changed = self._changed, {change.table for change in seals.changed}
        if self._changed - before:
            self._on_alert(changed_alert(seals, self._look.words))

    def _on_pin_dropped(self) -> None:
        self.window.end_pin()
        self.intents.drop_pin()

    def _on_request_wanted(self, request_id: str) -> None:
        self.window.show_page(Page.QUEUE)
        self.queue.open_card(request_id)

    def _on_review_wanted(self, request: ApprovalRequest) -> None:
        self.pages.servers.now().open_review(request)
        self.window.show_page(Page.SERVERS)

    def _on_rule_wanted(self, item: HistoryItem) -> None:
        """Start a rule about whom and what a decision was about."""
        self.pages.rules.now().start_rule_about(item)
        self.window.show_page(Page.RULES)

    def _on_revoke_wanted(self, rule_id: str) -> None:
        """Show the rule and ask: what it allowed is in the history, what it does is there."""
        self.pages.rules.now().open_rule(rule_id, remove=True)
        self.window.show_page(Page.RULES)

    def _on_back(self, since: str) -> None:
        """Say what was missed, on whatever page is shown."""
        self.pages.history.now().look_for_missed(since)

    def _on_last_found(self, items: tuple[HistoryItem, ...]) -> None:
        """Say what was decided before a window that ended and came back."""
        now_ms = self._now_ms()
        self.queue.remember(decided_before(items, now=local_now(), now_ms=now_ms))

    def _on_result_wanted(self, session: str, number: int) -> None:
        self.window.show_page(Page.HISTORY)
        self.pages.history.now().open_result(session, number)

    def _on_profile_end(self, agent: str) -> None:
        """Ask in the agent's own page, because it may see more afterwards."""
        self.window.show_page(Page.AGENTS)
        self.pages.agents.now().sights.ask_end(agent)

    def _on_stop(self, trigger: str, level: int) -> None:
        self._bridge.send(StopAll(n=self._bridge.next_number(), trigger=trigger, level=level))

    def _on_tray_stop(self) -> None:
        self._on_stop("tray", int(StopLevel.AGENTS))

    def _show_top_bar(self) -> None:
        if self.window.has_ended:
            return
        view = top_bar_view(
            self._look.words,
            stop=self._stop,
            health=self._health,
            agents=self._agents,
            waiting=self._waiting,
            oldest_ms=self._oldest_ms,
            now=local_now(),
            profile=self.window.profile,
        )
        self.window.show_top_bar(view)
        self.standing.show_top_bar(view)


def _sender(bridge: Bridge, words: Words, parent: QObject) -> IntentSender:
    sender = IntentSender(bridge, parent)
    sender.second = words("pin_bar.second")
    sender.dropped = words("pin_bar.dropped")
    return sender
