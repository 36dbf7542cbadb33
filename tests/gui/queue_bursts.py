"""The scenes of a burst in the pages' gallery: a group's table, a held agent, a paused one."""

from pathlib import Path

from keyturn.application.agent_messages import FloodState
from keyturn.application.approval_request import ApprovalRequest
from keyturn.application.console_protocol import RequestShown, StateChanged
from keyturn.application.console_state import AgentState
from keyturn.domain.canonical import JsonObject
from keyturn.domain.tier import Tier
from keyturn.gui.main_window import MainWindow
from keyturn.gui.pages import Page
from keyturn.gui.queue.presenter import QueuePresenter
from keyturn.gui.queue.triage import Triage
from keyturn.gui.sending import IntentSender
from keyturn.presentation.bursts import like
from keyturn.presentation.card_builder import CardBuilder
from keyturn.presentation.queue_builder import RowState
from keyturn.presentation.verbs import read_verbs
from tests.factories import make_request
from tests.fakes.approval_requests import a_call
from tests.gui.gallery_pages_scenes import Scene, framed
from tests.gui.gallery_scenes import Studio
from tests.gui.queue_scenes import queue
from tests.gui.spy_bridge import SpyBridge

VERBS = Path(__file__).parents[2] / "resources" / "verbs.toml"
FILES = ("pricing.ts", "pricing.test.ts", "cart/index.ts", "cart/total.ts", "i18n/en.json")


def write(number: int, path: str = "", content: str = "") -> ApprovalRequest:
    """Make one of the coder's many calls."""
    name = FILES[number % len(FILES)]
    arguments: JsonObject = {
        "path": path or f"/home/ada/work/site/src/{number}/{name}",
        "mode": "0644",
        "encoding": "utf-8",
        "note": content or f"Step {number}",
    }
    return make_request(
        f"call-{number}",
        agent="coder",
        server="filesystem",
        tool="write_file",
        arguments=arguments,
        tier=Tier.T1,
    )


def play(bridge: SpyBridge, presenter: QueuePresenter, flood: FloodState | None) -> None:
    """Let 37 calls of one agent come, and one of another."""
    if flood is not None:
        held = AgentState(name="coder", enrolled=True, connections=1, flood=flood)
        bridge.tell(StateChanged(agents=(held,)))
    requests = [write(number) for number in range(34)]
    requests += [
        write(90, "/home/ada/.ssh/authorized_keys"),
        write(91, "/home/ada/work/site/../../.bashrc"),
        write(92, content="x" * 400),
        a_call(),
    ]
    for request in requests:
        bridge.request_shown.emit(RequestShown(request=request, remaining_ms=38_000))
    presenter.refresh_now()
    presenter.open_card(like(requests[0], RowState.WAITING.name))
    presenter.refresh_now()


def shown(studio: Studio, flood: FloodState | None) -> MainWindow:
    """Show a burst with the bar over it."""
    bridge, view, presenter = queue(studio)
    words = studio.look.words
    Triage(
        bridge=bridge,
        view=view,
        queue=presenter,
        sender=IntentSender(bridge, view),
        words=words,
        cards=CardBuilder(words, read_verbs(VERBS)),
        parent=view,
    )
    play(bridge, presenter, flood)
    return framed(Page.QUEUE, view, studio)


def queue_group(studio: Studio) -> MainWindow:
    """The table of 37 like calls, three of them unlike the others."""
    return shown(studio, None)


def queue_held(studio: Studio) -> MainWindow:
    """The same with its agent held."""
    return shown(studio, FloodState(cause="prompts", count=38, seconds=52))


BURST_SCENES: dict[str, Scene] = {"queue-group": queue_group, "queue-held": queue_held}
