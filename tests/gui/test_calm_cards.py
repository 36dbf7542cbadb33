"""What keeps a card from being waved through: its reason, and a structure of its own."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from PySide6.QtWidgets import QAbstractButton, QLabel, QLineEdit, QWidget

from keyturn.application.approval_request import ApprovalRequest
from keyturn.application.console_protocol import RequestShown
from keyturn.domain.policy import Because
from keyturn.domain.tier import Tier
from keyturn.gui.look import Look
from keyturn.gui.queue.view import QueueView
from keyturn.gui.theme import Appearance
from tests.factories import make_request
from tests.fakes.approval_requests import a_change, a_command, a_definition
from tests.gui.conftest import Clock
from tests.gui.desk_scene import DeskScene, rest_the_readers
from tests.gui.scenes import settle

pytestmark = [
    pytest.mark.gui,
    # The offscreen platform has no window manager to tell a window's least size to.
    pytest.mark.qt_log_ignore("This plugin does not support"),
]
WITHOUT_A_QUESTION = {Because.BUILT_IN, Because.CONTINUATION, Because.CROSSING}
"""Nothing is asked for these reasons: two allow, one denies."""
SIZES = ((1280, 800), (640, 480))
Opened = Callable[[ApprovalRequest], QueueView]


@pytest.fixture
def scene(look: Look, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Iterator[DeskScene]:
    """Return a shown window."""
    rest_the_readers(monkeypatch)
    made = DeskScene(look, clock)
    made.start()
    made.window.show()
    yield made
    made.close()


@pytest.fixture
def opened(scene: DeskScene) -> Opened:
    """Return what asks, and opens the card of it."""

    def open_card(request: ApprovalRequest) -> QueueView:
        scene.bridge.request_shown.emit(RequestShown(request=request, remaining_ms=None))
        scene.desk.queue.open_card(request.id)
        settle(scene.window)
        view = scene.window.findChild(QueueView)
        assert view is not None
        shown = view.card.card
        assert shown is not None
        assert shown.request_id == request.id
        return view

    return open_card


def controls(card: QWidget) -> list[tuple[str, str]]:
    """Return what can be operated on a card, by kind and name, from top to bottom."""
    parts = [*card.findChildren(QAbstractButton), *card.findChildren(QLineEdit)]
    shown = [part for part in parts if part.isVisibleTo(card)]
    at = {part: part.mapTo(card, part.rect().topLeft()) for part in shown}
    shown.sort(key=lambda part: (at[part].y(), at[part].x()))
    return [(type(part).__name__, part.objectName()) for part in shown]


def asked(tier: Tier, name: str = "") -> ApprovalRequest:
    """Return the same call at one tier."""
    return make_request(name or f"call-{tier.name}", arguments={"path": "/srv/a.txt"}, tier=tier)


@pytest.mark.requirement("P3")
@pytest.mark.parametrize("appearance", Appearance)
@pytest.mark.parametrize("size", SIZES)
def test_a_card_that_reaches_out_is_built_otherwise_than_a_routine_one(
    scene: DeskScene, opened: Opened, look: Look, appearance: Appearance, size: tuple[int, int]
) -> None:
    look.theme.use(appearance)
    scene.window.resize(*size)
    built = {tier: controls(opened(asked(tier)).card) for tier in Tier}
    routine = built[Tier.T0]
    assert built[Tier.T1] == routine
    # An acknowledgement of the value on T2, and on T3 also a name to type: both in the body.
    more = {tier: [one for one in built[tier] if one not in routine] for tier in Tier}
    assert [kind for kind, _ in more[Tier.T2]] == ["Button"]
    assert sorted(kind for kind, _ in more[Tier.T3]) == ["Button", "QLineEdit"]
    for tier in (Tier.T2, Tier.T3):
        assert [one for one in built[tier] if one in routine] == routine, tier


@pytest.mark.requirement("P3")
def test_a_card_without_a_value_to_confirm_takes_the_name_instead(opened: Opened) -> None:
    bare = replace(make_request("bare", arguments={}, tier=Tier.T2), arguments="{}")
    assert ("QLineEdit", "") in [(kind, "") for kind, _ in controls(opened(bare).card)]
    plain = replace(make_request("plain", arguments={}, tier=Tier.T1), arguments="{}")
    assert "QLineEdit" not in [kind for kind, _ in controls(opened(plain).card)]


@pytest.mark.requirement("P2", "C10")
@pytest.mark.parametrize("rule", ["", "Writes in ~/work"])
def test_every_card_says_which_reason_of_the_record_it_is_asked_for(
    opened: Opened, look: Look, rule: str
) -> None:
    said: dict[str, Because] = {}
    for because in sorted(set(Because) - WITHOUT_A_QUESTION):
        request = replace(asked(Tier.T1, because.value), because=because.value, rule=rule)
        sentence = why_on(opened(request))
        assert sentence
        assert look.words("phrases.why_always") not in sentence, because
        # Two reasons in the same words would be removed in the same way.
        assert sentence not in said, (because, said.get(sentence))
        said[sentence] = because
    named = [sentence for sentence in said if rule and f'"{rule}"' in sentence]
    assert bool(named) is bool(rule)


@pytest.mark.requirement("P2")
@pytest.mark.parametrize(
    "request_",
    [a_command(), a_definition(), a_change({"name": "read_page"})],
    ids=lambda request: request.kind.value,
)
def test_every_review_says_why_it_is_asked(
    opened: Opened, look: Look, request_: ApprovalRequest
) -> None:
    said = why_on(opened(request_))
    assert said
    assert look.words("phrases.why_always") not in said


@pytest.mark.requirement("P2")
@pytest.mark.parametrize("size", SIZES)
def test_the_reason_stands_on_the_card_whatever_its_size(
    scene: DeskScene, opened: Opened, size: tuple[int, int]
) -> None:
    scene.window.resize(*size)
    view = opened(replace(asked(Tier.T2), because=Because.THREE_LAMPS.value))
    line = why_line(view)
    assert line.isVisible()
    assert view.card.block.rect().contains(line.geometry())
    assert line.height() >= line.heightForWidth(line.width())


def why_line(view: QueueView) -> QLabel:
    """Return the line of a card that says why it is asked."""
    begins = view.card.block.findChildren(QLabel)
    return next(line for line in begins if line.text().startswith("Why asked"))


def why_on(view: QueueView) -> str:
    """Return what the card says of why it is asked."""
    return why_line(view).text().removeprefix("Why asked").strip()
