"""Owns which way each method goes: judged, inspected or passed, and what goes on while stopped."""

from enum import Enum, auto

from keyturn.domain.alike import resembles
from keyturn.domain.client_request import KINDS, LISTEN, kind_of
from keyturn.domain.server_input import KINDS as INPUT_KINDS

TOOLS_LIST = "tools/list"
INITIALIZE = "initialize"
DISCOVER = "server/discover"
INITIALIZED = "notifications/initialized"
CANCELLED = "notifications/cancelled"
PROMPTS_LIST = "prompts/list"
RESOURCES_LIST = "resources/list"
TEMPLATES_LIST = "resources/templates/list"
LIST_CHANGED = "notifications/tools/list_changed"
PROMPTS_CHANGED = "notifications/prompts/list_changed"
UPDATED = "notifications/resources/updated"


class Route(Enum):
    """What happens to a request from a client."""

    JUDGED = auto()
    INSPECTED = auto()
    """Its answer is looked at, and cut where a person has not agreed."""
    PASSED = auto()


INSPECTED = frozenset({TOOLS_LIST, PROMPTS_LIST, TEMPLATES_LIST})
_NOT_PASSED = INSPECTED | frozenset(KINDS)
_HELD = frozenset(INPUT_KINDS)


def route_of(method: str, line: bytes) -> Route:
    """Return the route of a client's method, in both eras; `line` is the whole frame."""
    if kind_of(method) is not None and (method != LISTEN or _may_name_resources(line)):
        return Route.JUDGED
    return Route.INSPECTED if method in INSPECTED else Route.PASSED


def _may_name_resources(line: bytes) -> bool:
    """Tell whether more than the method speaks of subscriptions, however it is spelt."""
    return not line.isascii() or b"\\u" in line or line.lower().count(b"subscription") > 1


def imitates_a_route(method: str) -> bool:
    """Tell whether a method would be passed and could yet be taken for one that is not."""
    return resembles(method, _NOT_PASSED)


def imitates_an_input(method: str) -> bool:
    """Tell whether a server's method is not held, and could yet be taken for one that is."""
    return resembles(method, _HELD)


_LISTS = INSPECTED | {RESOURCES_LIST}
_SENT_WHILE_STOPPED = _LISTS | {"ping", INITIALIZE, DISCOVER, INITIALIZED, CANCELLED}


def sent_while_stopped(method: str) -> bool:
    """Tell whether a client's passed frame still goes to the server (architecture.md law 5)."""
    return method in _SENT_WHILE_STOPPED
