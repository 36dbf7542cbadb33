"""Owns names in sentences: one of thousands of characters is cut there and stands whole below.

Agents and servers choose their names. A headline as tall as the window would push away what a
person has to see.
"""

from dataclasses import replace
from typing import Final

from keyturn.application.approval_request import ApprovalRequest
from keyturn.presentation.card import Pair
from keyturn.presentation.words import Words

LONGEST: Final = 120
"""Characters of a name in a sentence; names of the protocol have no more than 128."""
_LONGEST_PATH: Final = 2 * LONGEST
_KEYS: Final = {
    "agent": "phrases.whole_agent",
    "server": "phrases.whole_server",
    "tool": "phrases.whole_tool",
}


def brief(text: str, words: Words, most: int = LONGEST) -> str:
    """Return the beginning of a name, and how much more of it there is."""
    if len(text) <= most:
        return text
    return f"{text[:most]} {words('fitting.more', n=len(text) - most)}"


def brief_path(text: str, words: Words) -> str:
    """Return what stands for "server / tool" where there is no room for all of it."""
    return brief(text, words, _LONGEST_PATH)


def with_brief_names(request: ApprovalRequest, words: Words) -> ApprovalRequest:
    """Return the request as sentences name it; the very same where every name fits."""
    agent, server = brief(request.agent, words), brief(request.server, words)
    tool = request.tool if request.tool is None else brief(request.tool, words)
    if (agent, server, tool) == (request.agent, request.server, request.tool):
        return request
    return replace(request, agent=agent, server=server, tool=tool)


def whole_names(request: ApprovalRequest, words: Words) -> tuple[Pair, ...]:
    """Return the names that sentences cut, each whole."""
    names = {field: getattr(request, field) or "" for field in _KEYS}
    return tuple(
        Pair(key=words(_KEYS[field]), value=name, exact=True)
        for field, name in names.items()
        if len(name) > LONGEST
    )
