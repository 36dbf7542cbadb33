"""Owns which servers fed a call: each source with what it gave, and the call that they lead to.

Names are as servers have them; the view makes hidden characters visible. What is not traced is in
no flow, so that an empty one proves nothing.
"""

from dataclasses import dataclass

from keyturn.application.approval_request import ApprovalRequest, RequestKind
from keyturn.domain.origin import Origin
from keyturn.presentation.asked_names import server_and_name
from keyturn.presentation.json_nodes import pointer_parts, shortened
from keyturn.presentation.words import Words

_MOST_SOURCES = 4
_MOST_ARGUMENTS = 3
_LONGEST = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowSource:
    """A tool whose results hold values of the call."""

    name: str
    gave: str
    """Which results gave which arguments, in words."""
    untrusted: bool
    untrusted_words: str
    """What is said of an untrusted one; empty for others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowGraph:
    """Sources at the left, the call at the right; untrusted sources first."""

    sources: tuple[FlowSource, ...]
    target: str
    rest: str
    """How many sources are not named; empty where all are."""
    spoken: str
    """The whole of it as a sentence."""


def flow_of(request: ApprovalRequest, words: Words) -> FlowGraph | None:
    """Return which servers fed a call; None where nothing is traced."""
    origins = [origin for origin in request.trace.origins if not origin.is_on_card]
    if request.kind is not RequestKind.CALL or not origins:
        return None
    by_tool: dict[tuple[str, str], list[Origin]] = {}
    for origin in origins:
        by_tool.setdefault((origin.server, origin.tool), []).append(origin)
    ordered = sorted(by_tool.items(), key=lambda item: not any(o.untrusted for o in item[1]))
    sources = tuple(_source(*item, words) for item in ordered[:_MOST_SOURCES])
    target = server_and_name(request.server, request.tool, request.method, words)
    left = len(ordered) - len(sources)
    rest = words("flows.rest", n=left) if left else ""
    told = "; ".join(
        words("flows.spoken_source", name=one.name, gave=one.gave, mark=one.untrusted_words)
        for one in sources
    )
    return FlowGraph(
        sources=sources,
        target=shortened(target, 2 * _LONGEST),
        rest=rest,
        spoken=words("flows.spoken", target=target, sources=told, rest=rest),
    )


def _source(tool: tuple[str, str], origins: list[Origin], words: Words) -> FlowSource:
    untrusted = any(origin.untrusted for origin in origins)
    results = sorted({origin.result for origin in origins})
    arguments = list(dict.fromkeys(_argument(origin.path, words) for origin in origins))
    named = ", ".join(arguments[:_MOST_ARGUMENTS])
    more = len(arguments) - _MOST_ARGUMENTS
    if more > 0:
        named = words("flows.more_arguments", names=named, n=more)
    return FlowSource(
        name=shortened(" / ".join(filter(None, tool)), 2 * _LONGEST),
        gave=words("flows.gave", n=len(results), result=results[0], arguments=named),
        untrusted=untrusted,
        untrusted_words=words("flows.untrusted") if untrusted else "",
    )


def _argument(path: str, words: Words) -> str:
    """Name an argument by its last key, a place in a list by that of the list."""
    keys = [part for part in pointer_parts(path) if not part.isdigit()]
    return shortened(keys[-1], _LONGEST) if keys else words("flows.whole")
