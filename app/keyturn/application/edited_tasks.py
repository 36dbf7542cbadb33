"""Owns which tasks of a session came of calls whose arguments a person changed.

What such a task brings comes to the agent in the answer to another request, long after its call.
"""

from collections import OrderedDict

from keyturn.domain.call import ToolCall
from keyturn.domain.canonical import JsonValue, canonical, digest_of

MOST_TASKS = 1_000
"""Of one session; the oldest are forgotten, whose agents were told as the tasks began."""


class EditedTasks:
    """Their servers and ids."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, None] = OrderedDict()

    def made(self, call: ToolCall, task: JsonValue) -> None:
        """Note the id of a task that the answer to an edited call carried."""
        self._known[_key(call, task)] = None
        while len(self._known) > MOST_TASKS:
            self._known.popitem(last=False)

    def holds(self, call: ToolCall) -> bool:
        """Tell whether a request is about one of them."""
        return bool(self._known) and _key(call, call.params.get("taskId")) in self._known


def _key(call: ToolCall, task: JsonValue) -> str:
    return digest_of(canonical([call.server, call.launch_hash, task]))
