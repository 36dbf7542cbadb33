"""The scenes of the queue in the pages' gallery: cards of reviews, starts and traced calls."""

from dataclasses import replace
from pathlib import Path

from keyturn.application.approval_request import ApprovalRequest, AskedFor, RequestKind
from keyturn.application.console_protocol import Decide, IntentDone, RequestShown, StateChanged
from keyturn.application.pin_messages import PinState
from keyturn.application.ports.inspection import ResultSource
from keyturn.application.review_request import BECAUSE_CLOSURE, CLOSURE_CHANGED
from keyturn.domain.canonical import JsonObject, canonical
from keyturn.domain.closure import ClosureFile
from keyturn.domain.closure_change import ClosureChange
from keyturn.domain.edit import with_typed_on_card
from keyturn.domain.origin import Trace
from keyturn.domain.tier import Tier
from keyturn.gui.main_window import MainWindow
from keyturn.gui.pages import Page
from keyturn.gui.queue.card_pane import READABLE
from keyturn.gui.queue.model import QueueModel
from keyturn.gui.queue.presenter import QueuePresenter
from keyturn.gui.queue.sheets import CardSheets
from keyturn.gui.queue.view import QueueView
from keyturn.gui.sending import IntentSender
from keyturn.gui.widgets.choices import ChoiceRow
from keyturn.inspection.trace_indexes import MemoryTraceIndexes
from keyturn.presentation.answer import Answer, Route
from keyturn.presentation.card_builder import CardBuilder
from keyturn.presentation.owed_pins import OwedPins
from keyturn.presentation.verbs import read_verbs
from tests.factories import add_to, make_request
from tests.fakes.approval_requests import a_call, a_command, origin
from tests.fakes.masked_calls import sends_a_credential
from tests.gui.gallery_pages_scenes import Scene, framed
from tests.gui.gallery_scenes import Studio
from tests.gui.spy_bridge import SpyBridge


def queue(studio: Studio) -> tuple[SpyBridge, QueueView, QueuePresenter]:
    """Make the queue on a bridge, empty so far."""
    bridge, model, words = SpyBridge(), QueueModel(), studio.look.words
    view = QueueView(studio.look, model, lambda: 10_000)
    model.setParent(view)
    verbs = read_verbs(Path(__file__).parents[2] / "resources" / "verbs.toml")
    presenter = QueuePresenter(
        bridge=bridge,
        model=model,
        view=view,
        words=words,
        cards=CardBuilder(words, verbs),
        now_ms=lambda: 10_000,
        parent=view,
    )
    return bridge, view, presenter


def queue_review(studio: Studio) -> MainWindow:
    """The card of a changed tool whose confirmation takes the PIN, after the broker said so."""
    bridge, view, presenter = queue(studio)
    words = studio.look.words
    after: JsonObject = {
        "name": "dispatch_order",
        "description": "Dispatch an order, or all of them.",
    }
    before: JsonObject = {**after, "description": "Dispatch an order."}
    review = replace(
        make_request("v-1", kind=RequestKind.CHANGE, arguments={"before": before, "after": after}),
        labels="X",
        proposed_tier=Tier.T2,
    )
    bridge.request_shown.emit(RequestShown(request=review, remaining_ms=None))
    presenter.open_card(review.id)
    for row in view.card.review.tiers.findChildren(ChoiceRow, "tier_T0"):
        row.setChecked(True)
    pressed = Answer(
        request_id="v-1",
        revision=1,
        digest=review.digest,
        shown_for_ms=2_000,
        route=Route.POINTER,
    )
    view.allow_requested.emit(pressed)
    said = OwedPins(words, lambda _rule: None, {review.id: review}.get)
    sentence = said.said(Decide(n=1, id=review.id, digest=review.digest, allow=True, tier=Tier.T0))
    number = bridge.sent[-1].n
    bridge.intent_done.emit(IntentDone(n=number, ok=False, sentence=sentence, pin=True, asks=True))
    return framed(Page.QUEUE, view, studio)


def queue_start(studio: Studio) -> MainWindow:
    """The card of a program that somebody agreed to, with a file that changed; it takes the PIN."""
    bridge, view, presenter = queue(studio)
    bridge.tell(StateChanged(pin=PinState(is_set=True, use="t2_t3")))
    path = "/home/ada/tools/orders.py"
    was, now = ClosureFile(path, 1_204, "3f" * 32), ClosureFile(path, 1_391, "b7" * 32)
    change = ClosureChange(changed=(path,), before=412, was=(was,), now=(now,))
    facts: JsonObject = {
        CLOSURE_CHANGED: change.subject(),
        "agreed_at": "2026-11-23T13:40:00Z",
        "script": "orders.py",
    }
    start = replace(a_command(), definition=canonical(facts).decode(), because=BECAUSE_CLOSURE)
    bridge.request_shown.emit(RequestShown(request=start, remaining_ms=None))
    presenter.open_card(start.id)
    return framed(Page.QUEUE, view, studio)


def queue_typed(studio: Studio) -> MainWindow:
    """The card of a call whose values are said to be typed, are typed, or are in a result."""
    bridge, view, presenter = queue(studio)
    typed = replace(
        origin("/orders", "all_open", untrusted=False, result=1),
        server="",
        tool="claude-code",
        line=1,
        excerpt="Dispatch\nall_open\nto the usual address.",
        excerpt_line=1,
    )
    name = replace(typed, path="/ship_to/name", value="R. Talbot", tool="keyturn", result=2)
    said = (typed, replace(name, excerpt="Not to me, ask\nR. Talbot", line=2))
    from_result = origin("/ship_to/address", "14 Quarry Road, Hangar 9")
    call = a_call(trace=Trace(origins=(from_result, *said)))
    bridge.request_shown.emit(RequestShown(request=call, remaining_ms=None))
    presenter.open_card(call.id)
    return framed(Page.QUEUE, view, studio)


def queue_parts(studio: Studio) -> MainWindow:
    """A call of which a part is out of the third of the reports that its session read."""
    bridge, view, presenter = queue(studio)
    index = MemoryTraceIndexes().new_index()
    reports = Path(__file__).parents[2] / "resources" / "demo" / "reports"
    for number in (1, 2, 3):
        text = (reports / f"{number}.txt").read_text(encoding="utf-8")
        source = ResultSource(number=number, server="reports", tool="read_report", untrusted=True)
        add_to(index, source, {"content": [{"type": "text", "text": text}]})
    arguments: JsonObject = {
        "orders": "all_open",
        "ship_to": {"name": "R. Talbot", "address": "14 Quarry Road, Hangar 9"},
        "note": "As agreed: Kestrel Pass is open again since 3 May; pallets go first.",
    }
    call = a_call(subject=arguments, trace=index.trace(arguments))
    bridge.request_shown.emit(RequestShown(request=call, remaining_ms=None))
    presenter.open_card(call.id)
    return framed(Page.QUEUE, view, studio)


def edited_call() -> ApprovalRequest:
    """Return a call whose address a person changed."""
    asked: JsonObject = {
        "orders": "all_open",
        "ship_to": {"name": "R. Talbot", "address": "14 Quarry Road, Hangar 9"},
    }
    mine: JsonObject = {
        "orders": "all_open",
        "ship_to": {"name": "R. Talbot", "address": "2 Mill Lane, Gate 1"},
    }
    first, call = a_call(subject=asked), a_call(subject=mine)
    return replace(
        call,
        trace=with_typed_on_card(Trace(), asked, mine),
        edited=AskedFor(arguments=first.arguments, digest=first.digest),
    )


def queue_edited(studio: Studio) -> MainWindow:
    """The card of a call that a person has edited: it opens on what they changed."""
    bridge, view, presenter = queue(studio)
    call = edited_call()
    bridge.request_shown.emit(RequestShown(request=call, remaining_ms=38_000))
    presenter.open_card(call.id)
    return framed(Page.QUEUE, view, studio)


def queue_edited_readable(studio: Studio) -> MainWindow:
    """The same on its first tab, which says what was typed there."""
    bridge, view, presenter = queue(studio)
    call = edited_call()
    bridge.request_shown.emit(RequestShown(request=call, remaining_ms=38_000))
    presenter.open_card(call.id)
    view.card.choose_tab(READABLE)
    return framed(Page.QUEUE, view, studio)


def queue_edit(studio: Studio, text: str = "", told: str = "") -> MainWindow:
    """The sheet in which the arguments of a call are changed."""
    bridge, view, presenter = queue(studio)
    sheets = CardSheets(
        look=studio.look,
        model=view.findChild(QueueModel) or QueueModel(view),
        view=view,
        sender=IntentSender(bridge, view),
        open_request=lambda: presenter.open_request,
        now_ms=lambda: 10_000,
        parent=view,
    )
    call = a_call()
    bridge.request_shown.emit(RequestShown(request=call, remaining_ms=38_000))
    presenter.open_card(call.id)
    window = framed(Page.QUEUE, view, studio)
    window.show()
    view.card.edit.click()
    if text:
        sheets.edit.field.setPlainText(text)
    if told:
        sheets.edit.send.click()
        bridge.intent_done.emit(IntentDone(n=bridge.sent[-1].n, ok=False, sentence=told))
    return window


def queue_edit_fault(studio: Studio) -> MainWindow:
    """The same with a text that is no JSON."""
    return queue_edit(studio, '{\n  "orders": "all_open",\n  "ship_to": \n}')


def queue_edit_denied(studio: Studio) -> MainWindow:
    """The same with what a rule denies."""
    words = studio.look.words
    return queue_edit(studio, "{}", words("edit.denied_rule", rule="Never to Quarry Road"))


def queue_masked(studio: Studio) -> MainWindow:
    """A call whose secrets are hidden: one of them is a credential, and would be sent away."""
    bridge, view, presenter = queue(studio)
    call = sends_a_credential()
    bridge.request_shown.emit(RequestShown(request=call, remaining_ms=38_000))
    presenter.open_card(call.id)
    return framed(Page.QUEUE, view, studio)


def queue_dialog(studio: Studio, *, is_open: bool = False) -> MainWindow:
    """A call that the system's dialog is to confirm, in the place of the PIN."""
    bridge, view, presenter = queue(studio)
    bridge.tell(StateChanged(pin=PinState(is_set=True, use="t2_t3", dialog=True)))
    call = a_call()
    bridge.request_shown.emit(RequestShown(request=call, remaining_ms=38_000))
    presenter.open_card(call.id)
    if is_open:
        route = Route.POINTER
        pressed = Answer(
            request_id=call.id, revision=1, digest=call.digest, shown_for_ms=2_000, route=route
        )
        view.allow_requested.emit(pressed)
    return framed(Page.QUEUE, view, studio)


def queue_dialog_open(studio: Studio) -> MainWindow:
    """The same while the dialog is open."""
    return queue_dialog(studio, is_open=True)


QUEUE_SCENES: dict[str, Scene] = {
    "queue-parts": queue_parts,
    "queue-typed": queue_typed,
    "queue-review-pin": queue_review,
    "queue-start-changed": queue_start,
    "queue-dialog": queue_dialog,
    "queue-dialog-open": queue_dialog_open,
    "queue-edited": queue_edited,
    "queue-edited-readable": queue_edited_readable,
    "queue-edit": queue_edit,
    "queue-masked": queue_masked,
    "queue-edit-fault": queue_edit_fault,
    "queue-edit-denied": queue_edit_denied,
}
