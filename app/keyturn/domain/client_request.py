"""What a client asks of a server beside its lists: which rules speak of it, and what it names.

A tool's call, the reading of a resource, a prompt, a completion, and what becomes of a task (MCP,
server features and "Tasks"). A rule names the tool, the URI, the prompt, what is completed, or the
method of a task. To listen may name many URIs, each of which is one that a rule may speak of.
"""

from collections.abc import Mapping
from types import MappingProxyType

from keyturn.domain.alike import imitates
from keyturn.domain.canonical import JsonObject, JsonValue, Malformed
from keyturn.domain.rule import Kind

TOOLS_CALL = "tools/call"
READ = "resources/read"
SUBSCRIBE = "resources/subscribe"
LISTEN = "subscriptions/listen"
PROMPT = "prompts/get"
COMPLETE = "completion/complete"
TASK_UPDATE = "tasks/update"
_TASK = "tasks/"
_TASK_METHODS = (
    *("tasks/get", "tasks/result", "tasks/list", "tasks/cancel"),
    TASK_UPDATE,
)
KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        TOOLS_CALL: Kind.CALL,
        READ: Kind.READ,
        SUBSCRIBE: Kind.READ,
        LISTEN: Kind.READ,
        PROMPT: Kind.PROMPT,
        COMPLETE: Kind.COMPLETE,
        **dict.fromkeys(_TASK_METHODS, Kind.TASK),
    }
)
CHANGES_A_TASK = frozenset({"tasks/cancel", TASK_UPDATE})
ONLY_TELLS = frozenset({SUBSCRIBE, LISTEN})
"""They have the server say that there is something to read, which is judged when it is read."""
LONGEST_NAME = 4096
"""Characters of a URI or a prompt's name; longer ones are no name that anybody could judge."""
MOST_RESOURCES = 200
"""That one request may listen to: each is held against every rule."""

_CONTINUING = frozenset({"inputResponses", "requestState"})
_LOOKED_AT: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        TOOLS_CALL: frozenset({"name", "arguments"}),
        READ: frozenset({"uri"}),
        SUBSCRIBE: frozenset({"uri"}),
        LISTEN: frozenset({"notifications"}),
        PROMPT: frozenset({"name", "arguments"}),
        COMPLETE: frozenset({"ref", "argument", "context"}),
    }
)
_LOOKED_AT_OF_TASKS = frozenset({"taskId", "cursor", "inputResponses"})
_REFERENCES: Mapping[str, str] = MappingProxyType({"ref/prompt": "name", "ref/resource": "uri"})
_OF_REFERENCE = frozenset({"type", "name", "title", "uri"})
_RESOURCES = "resourceSubscriptions"
_OF_FILTER = frozenset(
    {"toolsListChanged", "promptsListChanged", "resourcesListChanged", _RESOURCES}
)


def kind_of(method: str) -> Kind | None:
    """Return the kind of rule that speaks of a method; None for what is not judged."""
    known = KINDS.get(method)
    if known is None and method.startswith(_TASK):
        # One that no protocol knows yet is as near to a task as those that it does.
        return Kind.TASK
    return known


def looked_at(method: str) -> frozenset[str]:
    """Return the params that a method is known to have, which a person and rules judge it by."""
    return _LOOKED_AT.get(method, _LOOKED_AT_OF_TASKS)


def params_imitate(method: str, params: JsonObject) -> bool:
    """Tell whether a key of the params, or of what is completed, is a known one in other letters.

    A reader that matches keys without regard to case would take that one for what is asked.
    """
    known = looked_at(method) | _CONTINUING | {"_meta", "task"}
    return (
        imitates(params, known)
        or _imitates_within(params.get("ref"), _OF_REFERENCE)
        or (method == LISTEN and _imitates_within(params.get("notifications"), _OF_FILTER))
    )


def name_in(method: str, params: JsonObject) -> str | Malformed:
    """Return what a request names, as rules and people know it."""
    match method:
        case "tools/call" | "prompts/get":
            return _named_with_arguments(method, params)
        case "resources/subscribe" if "uri" not in params:
            # It names nothing that could be denied, and only the server can say what is amiss.
            return ""
        case "resources/read" | "resources/subscribe":
            uri = params.get("uri")
            return uri if isinstance(uri, str) and uri else Malformed("the request needs a URI")
        case "subscriptions/listen":
            return _listened_to(params.get("notifications"))
        case "completion/complete":
            return _completed(params.get("ref"))
        case _:
            return method


def resources_in(method: str, params: JsonObject) -> tuple[str, ...]:
    """Return each URI that well-formed params ask to be told of; none for other methods."""
    if method == SUBSCRIBE:
        return (str(params.get("uri", "")),)
    filtered = params.get("notifications") if method == LISTEN else None
    uris = filtered.get(_RESOURCES) if isinstance(filtered, dict) else None
    return tuple(map(str, uris)) if isinstance(uris, list) else ()


def _imitates_within(value: JsonValue, known: frozenset[str]) -> bool:
    return isinstance(value, dict) and imitates(value, known)


def _listened_to(filtered: JsonValue) -> str | Malformed:
    """Return all URIs of a filter in one text, none at all for one of lists only."""
    uris = filtered.get(_RESOURCES) if isinstance(filtered, dict) else None
    if uris is None and (filtered is None or isinstance(filtered, dict)):
        return ""
    if not isinstance(uris, list) or len(uris) > MOST_RESOURCES:
        return Malformed(f"what is listened to is no list of {MOST_RESOURCES} URIs at most")
    named = [uri for uri in uris if isinstance(uri, str) and 0 < len(uri) <= LONGEST_NAME]
    if len(named) < len(uris):
        return Malformed(f"each URI needs 1 to {LONGEST_NAME} characters")
    return " ".join(named)


def _named_with_arguments(method: str, params: JsonObject) -> str | Malformed:
    name = params.get("name")
    if isinstance(name, str) and isinstance(params.get("arguments", {}), dict):
        return name
    what = "a call needs a tool's name" if method == TOOLS_CALL else "a prompt needs its name"
    return Malformed(f"{what} and an object of arguments")


def _completed(reference: JsonValue) -> str | Malformed:
    """Return the name or URI of a reference that can be only one of the two."""
    if not isinstance(reference, dict):
        return Malformed("a completion needs a reference")
    kind = reference.get("type")
    member = _REFERENCES.get(kind) if isinstance(kind, str) else None
    name = reference.get(member) if member is not None else None
    others = {"name", "uri"} - {member}
    if not isinstance(name, str) or not name or others & reference.keys():
        return Malformed("a completion needs a prompt's name or a resource's URI")
    return name
