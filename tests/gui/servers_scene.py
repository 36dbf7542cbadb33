"""The servers' screen with a presenter and a spy for a bridge, and a person's hands on it."""

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from PySide6.QtCore import QObject, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from keyturn.application.approval_request import ApprovalRequest, RequestKind, WithdrawCause
from keyturn.application.console_protocol import (
    Decide,
    Intent,
    RequestShown,
    RequestWithdrawn,
    StateChanged,
    Welcome,
)
from keyturn.application.console_state import ServerState, ToolState
from keyturn.application.edit_messages import EditCall
from keyturn.application.pin_messages import WithPin
from keyturn.application.window_messages import BeginAnew, DropDialog
from keyturn.domain.canonical import JsonObject, JsonValue, canonical, digest_of
from keyturn.domain.result_controls import STRICTEST, ResultControls
from keyturn.domain.tier import Tier
from keyturn.gui.armed_action import ArmedAction
from keyturn.gui.look import Look
from keyturn.gui.sending import IntentSender
from keyturn.gui.servers.model import ServersModel
from keyturn.gui.servers.presenter import ServersPresenter
from keyturn.gui.servers.view import ServersView
from keyturn.presentation.card_builder import CardBuilder
from keyturn.presentation.verbs import read_verbs
from tests.fakes.approval_requests import a_review
from tests.gui.conftest import Clock
from tests.gui.spy_bridge import SpyBridge

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 11, 23, 14, 8, tzinfo=UTC)
HOSTILE = "<b>x</b>&Save\u202eevil\u200b\n" + "y" * 3000


def a_definition_of(name: str, description: str = "Tells it.", **more: JsonValue) -> JsonObject:
    """Return a tool definition as a server lists it."""
    return {
        "name": name,
        "description": description,
        "inputSchema": {
            "type": "object",
            "properties": {"zone": {"type": "string"}},
            "required": ["zone"],
        },
        **more,
    }


def a_new_tool(
    name: str, description: str = "Tells it.", *, id_: str = "", proposed: Tier | None = None
) -> ApprovalRequest:
    """Return the review of a tool of the server `time` that was never seen before."""
    definition = a_definition_of(name, description)
    subject: JsonObject = {
        **definition,
        "proposed_tier": proposed.name if proposed is not None else None,
        "labels": [],
    }
    return a_review(
        RequestKind.DEFINITION,
        subject,
        id=id_ or f"v-{name}",
        server="time",
        tool=name,
        definition=canonical(definition).decode(),
        proposed_tier=proposed,
    )


def a_changed_tool(name: str, before: str, after: str) -> ApprovalRequest:
    """Return the review of a tool of `time` whose description is another now."""
    return a_review(
        RequestKind.CHANGE,
        {"before": a_definition_of(name, before), "after": a_definition_of(name, after)},
        id=f"v-{name}",
        server="time",
        tool=name,
        definition=canonical(a_definition_of(name, after)).decode(),
        proposed_tier=Tier.T1,
        pinned_at="2026-05-12T10:00:00.000Z",
    )


def a_tool(
    name: str,
    *,
    state: str = "pinned",
    tier: Tier | None = Tier.T0,
    labels: str = "",
    description: str = "Tells it.",
    two_persons: bool = False,
    controls: ResultControls = STRICTEST,
    used: tuple[tuple[str, int], ...] = (),
) -> ToolState:
    """Return a pinned tool as the broker tells it."""
    return ToolState(
        name=name,
        state=state,
        tier=tier,
        labels=labels,
        pinned=canonical(a_definition_of(name, description)).decode(),
        launch_hash="1" * 64,
        def_hash=digest_of(canonical(a_definition_of(name, description))),
        pinned_at="2026-11-23T14:00:00.000Z",
        two_persons=two_persons,
        controls=controls,
        used=used,
    )


def a_server(*tools: ToolState, name: str = "time", **more: object) -> ServerState:
    """Return the server `time`, confirmed and agreed to, unless `more` says otherwise."""
    facts: dict[str, object] = {
        "command": ("/opt/time server", "--zone", "UTC"),
        "env": ("MODE", "TOKEN=keychain:clock"),
        "env_values": {"MODE": "demo", "TOKEN": "keychain:clock"},
        "environment": "",
        "confirmed": True,
        "consented": True,
        "running": 0,
    }
    return ServerState(name=name, tools=tools, **(facts | more))  # type: ignore[arg-type]  # facts are mixed


class ServersScene(QObject):
    """The screen under test."""

    def __init__(self, qtbot: QtBot, look: Look, clock: Clock) -> None:
        super().__init__()
        self.qtbot = qtbot
        self.clock = clock
        self.bridge = SpyBridge()
        self.model = ServersModel()
        self.view = ServersView(look, self.model, clock)
        self.model.setParent(self.view)
        self.presenter = ServersPresenter(
            bridge=self.bridge,
            sender=IntentSender(self.bridge),
            model=self.model,
            view=self.view,
            words=look.words,
            cards=CardBuilder(look.words, read_verbs(ROOT / "resources" / "verbs.toml")),
            now=lambda: NOW,
        )
        self.bridge.welcomed.emit(
            Welcome(version="1", profile="", database="/p/keyturn.db", settings={})
        )
        self.view.resize(1200, 744)
        with qtbot.waitExposed(self.view):
            self.view.show()
        self.view.activateWindow()
        qtbot.waitUntil(self.view.isActiveWindow, timeout=2_000)

    def tell(self, *servers: ServerState) -> None:
        """Play the broker's servers."""
        self.bridge.tell(StateChanged(servers=servers))

    def ask(self, *requests: ApprovalRequest) -> None:
        """Play reviews that wait."""
        for request in requests:
            self.bridge.request_shown.emit(RequestShown(request=request, remaining_ms=None))

    def end(self, request: ApprovalRequest, outcome: str = "allowed_once") -> None:
        """Play the end of a review."""
        cause = WithdrawCause.DECIDED.value
        message = RequestWithdrawn(id=request.id, cause=cause, outcome=outcome)
        self.bridge.request_withdrawn.emit(message)

    def click(self, widget: QWidget) -> None:
        """Press and let go of a widget with the pointer."""
        QTest.mouseClick(widget, Qt.MouseButton.LeftButton)

    def press_armed(self, action: ArmedAction) -> None:
        """Wait until the button is armed, then press it."""

        def armed() -> bool:
            self.view.grab()
            self.clock.advance(5_000)
            action.watch.ticked.emit()
            return action.button.armed

        self.qtbot.waitUntil(armed, timeout=3_000)
        self.click(action.button)

    def sent(self) -> tuple[Intent | Decide | EditCall | WithPin | BeginAnew | DropDialog, ...]:
        """Return what was sent."""
        return tuple(self.bridge.sent)


def texts_of(place: QWidget) -> Iterable[str]:
    """Return what a screen reader can say of everything inside."""
    for child in place.findChildren(QWidget):
        yield child.accessibleName()
