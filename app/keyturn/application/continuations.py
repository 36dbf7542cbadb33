"""Owns which calls a server has asked to be repeated with more input, and under which state.

From 2026-07-28 on a server answers `input_required` with an opaque `requestState`, and the client
sends the call again with it. That is no second question for a person, where it is the same call and
what the server asked for was allowed (architecture.md section 7, "MRTR"). A task asks for input
whenever it is looked at until it has it, and is given it by `tasks/update`.
"""

from collections import OrderedDict
from collections.abc import Iterable

from keyturn.domain.call import ToolCall
from keyturn.domain.canonical import JsonObject, JsonValue, canonical, digest_of

MOST_OPEN = 1_000
"""Of one session; the oldest are forgotten, so that their calls ask again."""
LONGEST_STATE = 1024 * 1024
"""In characters; a longer one is not even hashed, so that its call asks again."""
STATE = "requestState"
RESPONSES = "inputResponses"


def goes_on(call: ToolCall) -> bool:
    """Tell whether a call brings along what its server asked for in an earlier one."""
    return bool(call.params.keys() & {STATE, RESPONSES})


class Continuations:
    """States that were issued and not used, each with the call that they continue."""

    def __init__(self) -> None:
        self._open: OrderedDict[str, tuple[str, frozenset[str]]] = OrderedDict()
        self._written: dict[str, tuple[str, JsonObject]] = {}
        """By state: what an agent asked for, and the arguments that a person had sent instead."""
        self._of_tasks: OrderedDict[str, dict[str, tuple[str, bool]]] = OrderedDict()
        """What tasks asked for: by key the hash of each request, and whether it was allowed."""

    def issued(
        self, state: str, call: ToolCall, asked: Iterable[str], edited: ToolCall | None = None
    ) -> None:
        """Note a state that the answer to a call carried, and the keys that it asked for.

        `edited` is what its agent asked for, where a person changed that.
        """
        key = _key_of(state)
        if not key:
            return
        self._open[key] = (call.digest_of_first(), frozenset(asked))
        if edited is not None:
            self._written[key] = (edited.digest_of_first(), call.arguments)
        while len(self._open) > MOST_OPEN:
            oldest, _ = self._open.popitem(last=False)
            self._written.pop(oldest, None)

    def written_for(self, call: ToolCall) -> JsonObject | None:
        """Return the arguments that a person wrote for the call that this one goes on with.

        None for every other one: its agent repeats what it asked, under the state of exactly that.
        """
        state = call.params.get(STATE)
        written = self._written.get(_key_of(state)) if isinstance(state, str) else None
        if written is None or written[0] != call.digest_of_first():
            return None
        goes_on = self.holds(call.with_params({**call.params, "arguments": written[1]}))
        return written[1] if goes_on else None

    def knows(self, state: str) -> bool:
        """Tell whether an answer carried this state, whichever call it continues."""
        return _key_of(state) in self._open

    def holds(self, call: ToolCall) -> bool:
        """Tell whether a call repeats one whose answer carried its state.

        It may answer only what was asked for, and allowed: nobody is shown what it sends there.
        """
        state, responses = call.params.get(STATE), call.params.get(RESPONSES, {})
        if not isinstance(state, str) or not isinstance(responses, dict):
            return False
        first, asked = self._open.get(_key_of(state), ("", frozenset[str]()))
        return bool(first) and first == call.digest_of_first() and asked.issuperset(responses)

    def decided(self, call: ToolCall, key: str, request: JsonValue) -> bool | None:
        """Tell whether a task's request was allowed before; None when nobody decided it yet."""
        known = self._of_tasks.get(_task_of(call), {}).get(key)
        return known[1] if known is not None and known[0] == _hash_of(request) else None

    def task_asked(self, call: ToolCall, key: str, request: JsonValue, *, allowed: bool) -> None:
        """Note how a request was decided that the answer about a task carried."""
        asked = self._of_tasks.setdefault(_task_of(call), {})
        if len(asked) < MOST_OPEN:
            asked[key] = (_hash_of(request), allowed)
        while len(self._of_tasks) > MOST_OPEN:
            self._of_tasks.popitem(last=False)

    def expects(self, call: ToolCall) -> bool:
        """Tell whether an update answers only what its task asked for and was allowed."""
        responses = call.params.get(RESPONSES, {})
        asked = self._of_tasks.get(_task_of(call), {})
        allowed = {key for key, (_, was_allowed) in asked.items() if was_allowed}
        return isinstance(responses, dict) and allowed.issuperset(responses)

    def take(self, call: ToolCall) -> bool:
        """Use the state up; False when another call has, or it never held."""
        if not self.holds(call):
            return False
        key = _key_of(str(call.params[STATE]))
        del self._open[key]
        self._written.pop(key, None)
        return True


def _key_of(state: str) -> str:
    """Return under what a state is kept; empty for one that is too long to be."""
    return _hash_of(state) if len(state) <= LONGEST_STATE else ""


def _hash_of(said: JsonValue) -> str:
    return digest_of(canonical(said))


def _task_of(call: ToolCall) -> str:
    return _hash_of([call.server, call.launch_hash, call.params.get("taskId")])
