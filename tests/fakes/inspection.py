"""Inspection in memory: faults on order, tracing by equality, results without limits."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import cast

from keyturn.application.ports.inspection import (
    DrawnResult,
    InspectedResult,
    ResultSource,
    SchemaFault,
    Tracing,
)
from keyturn.domain.canonical import JsonObject, JsonValue
from keyturn.domain.origin import Origin, Trace
from keyturn.domain.typed import InputFinding


@dataclass(slots=True)
class FakeSchemaValidator:
    """Implements the port; checks only that required members are there, or says `always`."""

    always: list[SchemaFault] = field(default_factory=list[SchemaFault])
    asked: list[str] = field(default_factory=list[str])
    """The definition hash of every check, oldest first."""

    def faults(self, def_hash: str, schema: JsonObject, arguments: JsonValue) -> list[SchemaFault]:
        self.asked.append(def_hash)
        said = arguments if isinstance(arguments, dict) else {}
        required = schema.get("required")
        names = required if isinstance(required, list) else []
        missing = [name for name in names if isinstance(name, str) and name not in said]
        faults = [SchemaFault(path=f"/{name}", message="is missing") for name in missing]
        return [*self.always, *faults][:10]


@dataclass(slots=True)
class FakeTraceIndex:
    """Implements the port; finds only whole lines and scalars that are written the same."""

    incomplete: bool = False
    added: list[tuple[ResultSource, JsonValue]] = field(
        default_factory=list[tuple[ResultSource, JsonValue]]
    )

    def add(self, source: ResultSource, result: JsonValue) -> None:
        self.added.append((source, result))

    def go_on(self) -> bool:
        return False

    def keep(self, source: ResultSource, drawn: DrawnResult) -> None:
        self.added.append((source, drawn.text))

    def trace(self, arguments: JsonObject, definition: str = "") -> Trace:
        return Trace(origins=tuple(self._origins(arguments)), incomplete=self.incomplete)

    def tracing(self, arguments: JsonObject, definition: str = "") -> Tracing:
        yield
        return self.trace(arguments, definition)

    def _origins(self, arguments: JsonObject) -> Iterator[Origin]:
        for path, value in _strings(arguments, ""):
            for source, result in self.added:
                lines = [line for _, text in _strings(result, "") for line in text.split("\n")]
                if value in lines:
                    number = lines.index(value)
                    yield Origin(
                        path=path,
                        value=value,
                        result=source.number,
                        server=source.server,
                        tool=source.tool,
                        offset=sum(len(line) + 1 for line in lines[:number]),
                        line=number + 1,
                        excerpt=value,
                        excerpt_line=number + 1,
                        untrusted=source.untrusted,
                    )


@dataclass(slots=True)
class FakeTraceIndexes:
    """Implements the port; keeps what it made."""

    made: list[FakeTraceIndex] = field(default_factory=list[FakeTraceIndex])

    def new_index(self) -> FakeTraceIndex:
        self.made.append(FakeTraceIndex())
        return self.made[-1]


@dataclass(slots=True)
class FakeResultInspector:
    """Implements the port; decodes, and withholds what it cannot decode or is told to."""

    withhold: str = ""
    hidden_characters: int = 0

    def inspect(self, raw_result: bytes) -> InspectedResult:
        result: JsonValue = None
        withheld = self.withhold
        try:
            result = cast("JsonValue", json.loads(raw_result))
        except ValueError:
            withheld = withheld or "it is not JSON"
        return InspectedResult(
            result=None if withheld else result,
            changed=False,
            is_error=isinstance(result, dict) and result.get("isError") is True,
            hidden_characters=self.hidden_characters,
            size=len(raw_result),
            withheld=withheld,
        )


@dataclass(slots=True)
class FakeInputCheck:
    """Implements the port; finds what a test put in, where a text holds it."""

    found: dict[str, InputFinding] = field(default_factory=dict[str, InputFinding])
    """By the words that lead to it."""

    def findings(self, text: str) -> tuple[InputFinding, ...]:
        return tuple(finding for words, finding in self.found.items() if words in text)


@dataclass(slots=True)
class FakeSecretMask:
    """Implements the port; masks the secrets that it is given."""

    secrets: set[str] = field(default_factory=set[str])
    characters: int = 0
    """How many it was given."""

    def mask(self, text: str) -> str:
        self.characters += len(text)
        for secret in self.secrets:
            text = text.replace(secret, f"[secret, ends {secret[-4:]}]")
        return text

    def mask_each(self, texts: Sequence[str]) -> list[str]:
        return [self.mask(text) for text in texts]


def _strings(value: JsonValue, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _strings(item, f"{path}/{key}")
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from _strings(item, f"{path}/{number}")
