"""Owns what was said in one session beside the results of calls, so that it can be traced.

Apart from the index of results: no flood of it, which a server makes at will, makes a value seem
common. What one server says in a row is drawn as one text, for what drawing costs is mostly its
start: a line of a log is short, and thousands may come.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from msgspec.structs import replace

from keyturn.application.ports.inspection import ResultSource, TraceIndex, Tracing
from keyturn.domain.canonical import JsonObject, JsonValue

MOST_SAID = 4 * 1024 * 1024
"""Bytes that one session traces; beyond, its trace is incomplete."""
_EACH_BYTES = 1024
"""What each text counts beside its bytes."""
_JOINED = 64
_JOINED_BYTES = 16 * 1024
"""Texts and bytes that are drawn as one."""


@dataclass(slots=True)
class _Row:
    """What one server said in a row."""

    source: ResultSource
    content: list[JsonValue] = field(default_factory=list[JsonValue])
    structures: list[JsonValue] = field(default_factory=list[JsonValue])
    size: int = 0

    def goes_on(self, source: ResultSource) -> bool:
        """Tell whether a text of that source would be the next one of this row."""
        return self.source == source and len(self.structures) < _JOINED

    def add(self, said: JsonObject, size: int) -> None:
        """Append one text, which is set out as a result."""
        content = said.get("content")
        self.content += content if isinstance(content, list) else []
        self.structures.append(said.get("structuredContent"))
        self.size += size

    def as_result(self) -> JsonObject:
        """Set all of it out as one result."""
        one = len(self.structures) == 1
        structure = self.structures[0] if one else self.structures
        return {"content": self.content, "structuredContent": structure}


class SaidTexts:
    """Texts with the number of a result, which those of one row have in common."""

    def __init__(self, new_index: Callable[[], TraceIndex]) -> None:
        self._index = new_index()
        self._row: _Row | None = None
        self.size = 0
        """Bytes that are traced."""

    @property
    def is_cut(self) -> bool:
        """Whether more was said than is traced."""
        return self.size > MOST_SAID

    def take(
        self, source: ResultSource, next_number: Callable[[], int], said: JsonObject, size: int
    ) -> None:
        """Remember one text; `source` has the number of the session's last result.

        Where that is not the number of its row, it begins another one.
        """
        if self.is_cut:
            return
        self.size += size + _EACH_BYTES
        row = self._row
        if row is None or not row.goes_on(source):
            self._end_row()
            row = self._row = _Row(replace(source, number=next_number()))
        row.add(said, size)
        if row.size >= _JOINED_BYTES:
            self._end_row()

    def go_on(self) -> bool:
        """Index more of what was taken; False when all of it is in."""
        self._end_row()
        return self._index.go_on()

    def tracing(self, arguments: JsonObject, definition: str) -> Tracing:
        """Find where argument values stand in these texts; see `TraceIndex.tracing`."""
        while self.go_on():
            yield
        return (yield from self._index.tracing(arguments, definition))

    def _end_row(self) -> None:
        row, self._row = self._row, None
        if row is not None:
            self._index.add(row.source, row.as_result())
