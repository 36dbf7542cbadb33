"""What a client asks of a server beside its lists: which rules speak of it, and what it names.

A tool's call, the reading of a resource, a prompt, a completion, and what becomes of a task (MCP,
server features and "Tasks"). A rule names the tool, the URI, the prompt, what is completed, or the
method of a task.
"""

from collections.abc import Mapping
from types import MappingProxyType

from keyturn.domain.alike import imitates
from keyturn.domain.canonical import JsonObject, JsonValue, Malformed
from keyturn.domain.rule import Kind

TOOLS_CALL = "tools/call"
READ = "resources/read"
SUBSCRIBE = "resources/subscribe"
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
        PROMPT: Kind.PROMPT,
        COMPLETE: Kind.COMPLETE,
        **dict.fromkeys(_TASK_METHODS, Kind.TASK),
    }
)
CHANGES_A_TASK = frozenset({"tasks/cancel", TASK_UPDATE})
LONGEST_NAME = 8192
"""Characters of a URI or a prompt's name; longer ones are no name that anybody could judge."""

_CONTINUING = frozenset({"inputResponses", "requestState"})
_LOOKED_AT: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        TOOLS_CALL: frozenset({"name", "arguments"}),
        READ: frozenset({"uri"}),
        SUBSCRIBE: frozenset({"uri"}),
        PROMPT: frozenset({"name", "arguments"}),
        COMPLETE: frozenset({"ref", "argument", "context"}),
    }
)
_LOOKED_AT_OF_TASKS = frozenset({"taskId", "cursor", "inputResponses"})
_REFERENCES: Mapping[str, str] = MappingProxyType({"ref/prompt": "name", "ref/resource": "uri"})
_OF_REFERENCE = frozenset({"type", "name", "title", "uri"})


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
    reference = params.get("ref")
    within = isinstance(reference, dict) and imitates(reference, _OF_REFERENCE)
    return within or imitates(params, known)


def name_in(method: str, params: JsonObject) -> str | Malformed:
    """Return what a request names, as rules and people know it."""
    match method:
        case "tools/call" | "prompts/get":
            return _named_with_arguments(method, params)
        case "resources/read" | "resources/subscribe":
            uri = params.get("uri")
            return uri if isinstance(uri, str) and uri else Malformed("the request needs a URI")
        case "completion/complete":
            return _completed(params.get("ref"))
        case _:
            return method


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
