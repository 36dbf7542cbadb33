"""Owns how that is named which a client asks of a server: a tool, a resource, a prompt, a task.

A tool's name is known; all other names are what an agent wrote, so in a sentence of ours they stand
as they are only where they are short and plain, else in quotation marks that they cannot close.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType

from keyturn.domain.client_request import (
    COMPLETE,
    LISTEN,
    PROMPT,
    READ,
    SUBSCRIBE,
    TOOLS_CALL,
)
from keyturn.presentation.json_nodes import shortened
from keyturn.presentation.words import Words

LONGEST_NAME = 120
QUOTATION_MARKS = str.maketrans(dict.fromkeys('"\u201c\u201d\u201e\u201f\u2033\uff02', "'"))
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._~:/@!$&()*+,;=%?#\[\]-]{0,119}")
_BESIDE: Mapping[str, str] = MappingProxyType(
    {
        READ: "phrases.named_read",
        SUBSCRIBE: "phrases.named_read",
        LISTEN: "phrases.named_read",
        PROMPT: "phrases.named_prompt",
        COMPLETE: "phrases.named_complete",
    }
)
_VERBS: Mapping[str, str] = MappingProxyType(
    {
        READ: "phrases.verb_read",
        SUBSCRIBE: "phrases.verb_subscribe",
        LISTEN: "phrases.verb_subscribe",
        PROMPT: "phrases.verb_prompt",
        COMPLETE: "phrases.verb_complete",
        "tasks/get": "phrases.verb_task_get",
        "tasks/result": "phrases.verb_task_result",
        "tasks/list": "phrases.verb_task_list",
        "tasks/cancel": "phrases.verb_task_cancel",
        "tasks/update": "phrases.verb_task_update",
        # What a server asks of an agent's side, as history tells it.
        "sampling/createMessage": "phrases.verb_sampling",
        "elicitation/create": "phrases.verb_elicitation",
        "roots/list": "phrases.verb_roots",
    }
)


def server_and_name(server: str, name: str | None, method: str, words: Words) -> str:
    """Return "files / resource file:///x"; of a tool "logistics / dispatch_all", as they are."""
    beside = _BESIDE.get(method)
    told = words(beside, name=name or "") if beside is not None else name
    return " / ".join(filter(None, (server, told)))


def name_in_sentence(name: str, words: Words) -> str:
    """Return a name that nobody reviewed, as it may stand in a sentence of ours."""
    if _PLAIN.fullmatch(name):
        return name
    plain = shortened(name, LONGEST_NAME).translate(QUOTATION_MARKS)
    return words("phrases.quoted", text=plain)


def asked_phrase(name: str, method: str, words: Words) -> str:
    """Return what is wanted that is no tool's call, as a verb phrase: "read file:///x"."""
    key = _VERBS.get(method, "phrases.verb_other")
    return words(key, name=name_in_sentence(name, words))


def is_of_tool(method: str) -> bool:
    """Tell whether a method calls a tool; records from before do not say it."""
    return method in ("", TOOLS_CALL)
