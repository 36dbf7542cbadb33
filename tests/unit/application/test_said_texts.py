"""What is said in a row is drawn as one, is found at once, and has a number of its own."""

from keyturn.application.ports.inspection import ResultSource
from keyturn.application.said_texts import SaidTexts
from keyturn.application.slices import at_once
from keyturn.domain.canonical import JsonObject, JsonValue
from keyturn.inspection.trace_indexes import LateTraceIndex, MemoryTraceIndexes

ACCOUNT = "DE02120300000000202051"


class Said:
    """The texts of one session, whose results are counted."""

    def __init__(self) -> None:
        self.results = 0
        self.added: list[tuple[int, JsonValue]] = []
        self.texts = SaidTexts(self._new_index)

    def say(self, text: str, *, tool: str = "notifications/message") -> None:
        """Take one text."""
        source = ResultSource(number=self.results, server="files", tool=tool, untrusted=True)
        content: JsonValue = [{"type": "text", "text": text}]
        said: JsonObject = {"content": content, "structuredContent": {"data": text}}
        self.texts.take(source, self.next_result, said, len(text))

    def next_result(self) -> int:
        """Count a result."""
        self.results += 1
        return self.results

    def numbers_of(self, value: str) -> set[int]:
        """Return the numbers of what holds a value."""
        trace = at_once(self.texts.tracing({"to": value}, ""))
        assert not trace.incomplete
        return {origin.result for origin in trace.origins}

    def _new_index(self) -> LateTraceIndex:
        index = MemoryTraceIndexes().new_index()
        add = index.add

        def noted(source: ResultSource, result: JsonValue) -> None:
            self.added.append((source.number, result))
            add(source, result)

        index.add = noted
        return index


def test_a_row_is_drawn_as_one_and_every_text_of_it_is_found() -> None:
    said = Said()
    for number in range(40):
        said.say(f"line {number} of order A-{7_000 + number}")
    assert said.added == []
    assert [said.numbers_of(f"A-{7_000 + number}") for number in range(40)] == [{1}] * 40
    assert [number for number, _ in said.added] == [1]


def test_a_result_in_between_begins_another_row() -> None:
    said = Said()
    said.say(f"pay to {ACCOUNT}")
    said.next_result()
    said.say("pay to nobody")
    said.say("A-7001", tool="notifications/progress")
    assert said.numbers_of(ACCOUNT) == {1}
    assert said.numbers_of("A-7001") == {4}
    assert said.results == 4


def test_a_row_ends_with_so_many_texts_and_so_many_bytes() -> None:
    said = Said()
    for number in range(130):
        said.say(f"line {number}")
    assert [number for number, _ in said.added] == [1, 2]
    said.say("x " * 10_000)
    assert [number for number, _ in said.added] == [1, 2, 3]
    assert said.results == 3


def test_a_value_in_every_line_of_a_row_is_in_one_result() -> None:
    said = Said()
    for number in range(60):
        said.say(f"line {number}: pay to {ACCOUNT}")
    assert said.numbers_of(ACCOUNT) == {1}
