"""Readers are told what waits, by whom, and of what; together, and not more often than in 5 s."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from types import SimpleNamespace

import pytest
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent
from PySide6.QtWidgets import QWidget

from keyturn.application.console_protocol import RequestShown, RequestWithdrawn, StateChanged
from keyturn.application.console_state import HealthState, StopState
from keyturn.domain.tier import Tier
from keyturn.gui import announcer, readers
from keyturn.gui.announcer import GATHER_MS, PACE_MS, Announcer
from keyturn.gui.look import Look
from keyturn.presentation.announcements import LONGEST
from tests.factories import make_request
from tests.gui.conftest import Clock
from tests.gui.desk_scene import DeskScene, rest_the_readers

pytestmark = [
    pytest.mark.gui,
    pytest.mark.requirement("A1"),
    pytest.mark.qt_log_ignore("This plugin does not support"),
]
SINCE = "2026-11-28T03:01:00.000Z"


@dataclass
class Heard:
    """A window, and what a screen reader was told."""

    scene: DeskScene
    said: list[tuple[str, bool]] = field(default_factory=list[tuple[str, bool]])

    def __call__(self, _widget: QWidget, sentence: str, *, assertive: bool = False) -> None:
        """Hear one sentence."""
        self.said.append((sentence, assertive))

    @property
    def voice(self) -> Announcer:
        """Return what speaks."""
        found = self.scene.desk.findChild(Announcer)
        assert found is not None
        return found

    def arrive(self, name: str, tier: Tier = Tier.T1, **arguments: str) -> None:
        """Let a request come to wait."""
        request = make_request(name, agent="coder", tier=tier, arguments={**arguments})
        self.scene.bridge.request_shown.emit(RequestShown(request=request, remaining_ms=50_000))

    def end(self, name: str, outcome: str) -> None:
        """Let a request end."""
        message = RequestWithdrawn(id=name, cause="decided", outcome=outcome)
        self.scene.bridge.request_withdrawn.emit(message)

    def pass_time(self) -> int:
        """Let what runs end; return how long it was to run, in ms."""
        pace = self.voice.pace
        interval = pace.interval() if pace.isActive() else 0
        pace.stop()
        pace.timeout.emit()
        return interval


@pytest.fixture
def heard(look: Look, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Iterator[Heard]:
    rest_the_readers(monkeypatch)
    made = Heard(DeskScene(look, clock))
    monkeypatch.setattr(announcer, "announce", made)
    made.scene.start()
    made.said.clear()
    yield made
    made.scene.close()


def test_an_arrival_is_told_with_who_what_and_on_what(heard: Heard) -> None:
    heard.arrive("one", path="/srv/site/index.html")
    assert heard.said == []
    assert heard.pass_time() == GATHER_MS
    ((sentence, assertive),) = heard.said
    assert not assertive
    for part in ("coder", "dispatch an order", "/srv/site/index.html"):
        assert part in sentence


@pytest.mark.parametrize(("tier", "loud"), [(t, t in {Tier.T2, Tier.T3}) for t in Tier])
def test_only_what_is_risky_interrupts(heard: Heard, tier: Tier, *, loud: bool) -> None:
    heard.arrive("one", tier)
    heard.pass_time()
    assert [assertive for _, assertive in heard.said] == [loud]


def test_a_burst_is_one_sentence_led_by_its_riskiest(heard: Heard) -> None:
    for number in range(200):
        heard.arrive(f"r-{number}", Tier.T2 if number == 150 else Tier.T1, path=f"/srv/{number}")
    heard.pass_time()
    ((sentence, assertive),) = heard.said
    assert assertive
    assert "/srv/150" in sentence
    assert sentence.endswith("199 more came to wait.")


def test_nothing_is_told_within_five_seconds_of_what_was(heard: Heard) -> None:
    heard.arrive("one")
    heard.pass_time()
    assert heard.voice.pace.interval() == PACE_MS
    for number in range(7):
        heard.arrive(f"r-{number}")
        heard.scene.bridge.alerted.emit(f"alert {number}")
    assert len(heard.said) == 1
    assert heard.pass_time() == PACE_MS
    assert len(heard.said) == 2
    sentence, _ = heard.said[-1]
    assert sentence.startswith("alert 6 6 earlier ones")
    assert sentence.endswith("6 more came to wait.")
    heard.pass_time()
    assert len(heard.said) == 2


def test_what_ended_before_it_could_be_told_is_not_told(heard: Heard) -> None:
    heard.arrive("one")
    heard.scene.bridge.request_withdrawn.emit(
        RequestWithdrawn(id="one", cause="cancelled", outcome="cancelled_by_client")
    )
    heard.pass_time()
    assert heard.said == []


def test_what_an_agent_wrote_is_short_and_shows_what_it_hides(heard: Heard) -> None:
    heard.arrive("one", path="\u202e</b>" + "x" * 100_000)
    heard.pass_time()
    ((sentence, _),) = heard.said
    assert "\u202e" not in sentence
    assert len(sentence) < 2 * LONGEST


def test_what_a_person_decided_is_told_at_once_however_much_it_was(heard: Heard) -> None:
    for number in range(3):
        heard.arrive(f"r-{number}")
    heard.pass_time()
    heard.said.clear()
    for number in range(3):
        heard.end(f"r-{number}", "denied_user")
    assert heard.voice.acts.interval() == GATHER_MS
    assert heard.voice.acts.isActive()
    heard.voice.acts.timeout.emit()
    assert heard.said == [("You denied coder: Dispatch an order. 2 more were decided.", False)]


@pytest.mark.parametrize("outcome", ["cancelled_by_client", "expired_no_answer", "allowed_rule"])
def test_no_agent_has_an_end_told_as_if_a_person_had_decided(heard: Heard, outcome: str) -> None:
    heard.arrive("one")
    heard.pass_time()
    heard.said.clear()
    heard.end("one", outcome)
    assert not heard.voice.acts.isActive()
    assert heard.said == []


@pytest.mark.requirement("K5")
def test_a_stop_and_its_end_are_told_at_once(heard: Heard) -> None:
    heard.arrive("one")
    heard.pass_time()
    heard.arrive("two")
    heard.scene.bridge.tell(StateChanged(stop=StopState(engaged=True, since_utc=SINCE)))
    assert heard.said[-1] == ("All agents are stopped. Every call is refused.", True)
    heard.scene.bridge.tell(
        StateChanged(stop=StopState(engaged=True, since_utc=SINCE, refused_since=5))
    )
    heard.scene.bridge.tell(StateChanged(stop=StopState(engaged=False)))
    assert len(heard.said) == 3
    assert heard.said[-1][0].startswith("Keyturn is protecting.")


def test_a_problem_is_told_once(heard: Heard) -> None:
    health = HealthState(keychain="ready", recording=False)
    for _ in range(3):
        heard.scene.bridge.tell(StateChanged(health=health))
    heard.pass_time()
    heard.pass_time()
    assert len(heard.said) == 1
    assert heard.said[0][1]


def test_a_reader_gets_it_as_an_announcement(heard: Heard, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[QAccessibleAnnouncementEvent] = []

    levels = QAccessible.AnnouncementPoliteness
    spy = SimpleNamespace(
        AnnouncementPoliteness=levels, isActive=lambda: True, updateAccessibility=sent.append
    )
    monkeypatch.setattr(readers, "QAccessible", spy)
    for assertive in (False, True):
        readers.announce(heard.scene.window, "said", assertive=assertive)
    readers.announce(heard.scene.window, "")
    spy.isActive = lambda: False
    readers.announce(heard.scene.window, "unheard")
    assert [event.message() for event in sent] == ["said", "said"]
    assert [event.politeness() for event in sent] == [levels.Polite, levels.Assertive]
