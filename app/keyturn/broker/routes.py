"""Owns which way each method goes: judged, inspected or passed, and what goes on while stopped."""

from enum import Enum, auto

from keyturn.domain.alike import resembles
from keyturn.domain.client_request import KINDS, kind_of

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


INSPECTED = frozenset({TOOLS_LIST})
_NOT_PASSED = INSPECTED | frozenset(KINDS)


def route_of(method: str) -> Route:
    """Return the route of a client's method, in both eras."""
    if kind_of(method) is not None:
        return Route.JUDGED
    return Route.INSPECTED if method in INSPECTED else Route.PASSED


def imitates_a_route(method: str) -> bool:
    """Tell whether a method would be passed and could yet be taken for one that is not."""
    return resembles(method, _NOT_PASSED)


_LISTS = frozenset({TOOLS_LIST, "prompts/list", "resources/list", "resources/templates/list"})
_SENT_WHILE_STOPPED = _LISTS | {"ping", INITIALIZE, DISCOVER, INITIALIZED, CANCELLED}


def sent_while_stopped(method: str) -> bool:
    """Tell whether a client's passed frame still goes to the server (architecture.md law 5)."""
    return method in _SENT_WHILE_STOPPED
