"""Owns which way each method goes: judged, inspected or passed, and what goes on while stopped."""

from enum import Enum, auto

from keyturn.domain.alike import resembles
from keyturn.domain.server_input import KINDS

TOOLS_CALL = "tools/call"
TOOLS_LIST = "tools/list"
INITIALIZE = "initialize"
DISCOVER = "server/discover"
INITIALIZED = "notifications/initialized"
CANCELLED = "notifications/cancelled"
LIST_CHANGED = "notifications/tools/list_changed"


class Route(Enum):
    """What happens to a request from a client."""

    JUDGED = auto()
    INSPECTED = auto()
    """Its answer is looked at, and cut where a person has not agreed."""
    PASSED = auto()


JUDGED = frozenset({TOOLS_CALL})
"""Stop at the gate; the one place that says which."""
INSPECTED = frozenset({TOOLS_LIST})
_NOT_PASSED = JUDGED | INSPECTED
_HELD = frozenset(KINDS)


def route_of(method: str) -> Route:
    """Return the route of a client's method, in both eras."""
    if method in JUDGED:
        return Route.JUDGED
    return Route.INSPECTED if method in INSPECTED else Route.PASSED


def imitates_a_route(method: str) -> bool:
    """Tell whether a method would be passed and could yet be taken for one that is not."""
    return resembles(method, _NOT_PASSED)


def imitates_an_input(method: str) -> bool:
    """Tell whether a server's method is not held, and could yet be taken for one that is."""
    return resembles(method, _HELD)


_NOTED_FROM_CLIENT = frozenset({"resources/read", "prompts/get", "completion/complete"})
_LISTS = frozenset({
    TOOLS_LIST, "prompts/list", "resources/list", "resources/templates/list", "tasks/list",
})  # fmt: skip
_SENT_WHILE_STOPPED = _LISTS | {"ping", INITIALIZE, DISCOVER, INITIALIZED, CANCELLED}


def noted(method: str) -> bool:
    """Tell whether a client's passed method is written down."""
    return method in _NOTED_FROM_CLIENT or method.startswith("tasks/")


def sent_while_stopped(method: str) -> bool:
    """Tell whether a client's frame still goes to the server (architecture.md law 5)."""
    return method in _SENT_WHILE_STOPPED
