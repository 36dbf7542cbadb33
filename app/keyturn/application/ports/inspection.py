"""The inspection ports: arguments against schemas, values against results, results in limits."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import msgspec

from keyturn.domain.canonical import JsonObject, JsonValue
from keyturn.domain.flow import SensitiveValue
from keyturn.domain.origin import Trace
from keyturn.domain.result_controls import Finding, Found, ResultControls
from keyturn.domain.secret_places import Secrets
from keyturn.domain.typed import InputFinding


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaFault:
    """One way in which arguments break the pinned schema."""

    path: str
    """JSON Pointer of the argument."""
    message: str
    """What is wrong, without the value."""


class SchemaValidator(Protocol):
    """JSON Schema 2020-12, no remote references, linear-time patterns."""

    def faults(self, def_hash: str, schema: JsonObject, arguments: JsonValue) -> list[SchemaFault]:
        """Return every fault, at most ten; an unusable schema is itself a fault.

        Of arguments, or of what a result says in the structure that its tool declares.
        """
        ...


class ResultSource(msgspec.Struct, frozen=True, kw_only=True):
    """Which result of the session a text belongs to."""

    number: int
    server: str
    tool: str
    untrusted: bool


class DrawnResult(msgspec.Struct, frozen=True, kw_only=True):
    """What an index remembers of one result, drawn out of it before it is kept.

    The numbers are in machine order and only the index reads them.
    """

    text: str
    rendering: str = ""
    """What the result says in structured form, besides the text."""
    postings: bytes = b""
    """Keys of what it says, each with the word where that begins (64 bits)."""
    prints: bytes = b""
    """A byte of each word, by which words are compared."""
    entries: bytes = b""
    """Of each stretch of text: its first word, its form and its place (64 bits)."""
    partly: bool = False
    """Not all of it was drawn, so the text must be searched."""


Tracing = Generator[None, None, Trace]
"""A trace in pieces: whoever drives it may do other work between two."""


class TraceIndex(Protocol):
    """All results of one session, over all its servers; lives in memory and dies with it."""

    def add(self, source: ResultSource, result: JsonValue) -> None:
        """Index a result's text and structured leaves."""
        ...

    def go_on(self) -> bool:
        """Draw a piece of the large results that were added, 5 ms at most; False when all are.

        Until then every trace is incomplete.
        """
        ...

    def keep(self, source: ResultSource, drawn: DrawnResult) -> None:
        """Index a result out of which was drawn, elsewhere, what is remembered of it."""
        ...

    def trace(self, arguments: JsonObject, definition: str = "") -> Trace:
        """Find where each argument leaf, or a part of it, was seen before.

        What the tool's `definition`, a JSON text, says itself never counts alone.
        """
        ...

    def tracing(self, arguments: JsonObject, definition: str = "") -> Tracing:
        """Find the same in pieces, each a few milliseconds at most, whatever the arguments are.

        What is added in between may or may not count. One that is not driven to its end leaves
        nothing.
        """
        ...


class TraceIndexes(Protocol):
    """Makes one index per session."""

    def new_index(self) -> TraceIndex:
        """Return an empty index."""
        ...


class Carried(NamedTuple):
    """Texts among arguments that are as long as values that are known."""

    values: tuple[tuple[str, str], ...] = ()
    """Where each stands as a JSON Pointer, and the text in its told form."""
    incomplete: bool = False
    """There was more than is looked at."""


class CarriedValues(Protocol):
    """Reads what a call would carry on."""

    def read(self, arguments: JsonObject, lengths: frozenset[int]) -> Carried:
        """Return every text of one of the lengths, also out of encodings."""
        ...


class InspectedResult(msgspec.Struct, frozen=True, kw_only=True):
    """What inspection made of one result."""

    result: JsonValue
    """The decoded result as the agent gets it."""
    changed: bool
    """The result was cut, so the original bytes may not be forwarded."""
    is_error: bool
    hidden_characters: int
    """Characters that a person would not see; marked for the person, kept for the agent."""
    size: int
    """Bytes of the original result."""
    withheld: str = ""
    """Why nothing of it may be forwarded; empty when it may."""


class ResultInspector(Protocol):
    """Size, structure and hidden text of results."""

    def inspect(self, raw_result: bytes) -> InspectedResult:
        """Inspect the `result` member of an answer as it came from the server."""
        ...


UNREAD = "unread"
"""Kind of a sign that is none: the text is so long that not all of it was read."""


class Sign(msgspec.Struct, frozen=True, kw_only=True):
    """What in a result reads like an order to the model."""

    kind: str
    words: str
    """As they were read, folded, and no more than a line of them; they are never recorded."""
    path: str
    """Where, as a JSON Pointer into the frame."""


class ControlOrder(msgspec.Struct, frozen=True, kw_only=True):
    """What is wanted of one frame of a server before its agent gets it."""

    controls: ResultControls
    def_hash: str = ""
    """Of the pinned definition that the schema is of."""
    schema: JsonObject | None = None
    """What the structured content of a result has to fit; None for anything."""
    most_bytes: int = 0
    """Bytes of the result that are handed on; 0 for all."""
    only: tuple[str, ...] = ()
    """Names of members whose texts are looked at; empty for all texts."""
    shape: bool = False
    """Its shape is wanted, because its tool declares none."""
    tool: str = ""
    path: str = ""
    """Of the file that the call asked for, as its agent says: more is masked by it, never less."""
    signs: bool = False
    """It is read for what reads like an order to the model."""


class Controlled(msgspec.Struct, frozen=True, kw_only=True):
    """What is left of one frame of a server, and what was found in it."""

    line: bytes
    """The very bytes that came, where nothing was changed."""
    findings: tuple[Finding, ...] = ()
    withheld: str = ""
    """Why nothing of it may be forwarded; empty when it may."""
    broke_schema: bool = False
    """It is withheld because it does not fit its tool's own output schema."""
    cut: bool = False
    """It was shortened to what may be handed on."""
    whole: bytes = b""
    """Of what was cut all its text, without secrets and in UTF-8: for the person alone."""
    shape: tuple[str, ...] = ()
    """As it came, where it was wanted; empty for what has none."""
    secrets: tuple[SensitiveValue, ...] = ()
    """What was found secret in it, so that it is known again; nothing else may keep these."""
    sign: Sign | None = None
    """The strongest of all that it was read for."""
    unfit_masked: bool = False
    """What was masked fits the output schema no more; it is handed on all the same."""

    def signed(self, sign: Sign) -> "Controlled":
        """Return it with what in it reads like an order, told without its words."""
        others = tuple(one for one in self.findings if one.what is not Found.SIGN)
        told = Finding(what=Found.SIGN, kind=sign.kind, path=sign.path)
        return msgspec.structs.replace(self, findings=(*others, told), sign=sign)

    def unsigned(self) -> "Controlled":
        """Return it as what reads like no order."""
        others = tuple(one for one in self.findings if one.what is not Found.SIGN)
        return msgspec.structs.replace(self, findings=others, sign=None)


class ResultControl(Protocol):
    """Holds results against what is wanted of them, and takes out what no agent gets."""

    def control(
        self, line: bytes, order: ControlOrder, result: JsonValue = None
    ) -> Controlled | None:
        """Return the frame as its agent gets it; None for what takes too long here.

        `result` is the frame's, where somebody has read it already.
        """
        ...


MASKED_WHOLE = "[masked whole: more in it may be secret than was looked at]"
"""What a mask makes of a text with more candidates than it looks at."""


class SecretMask(Protocol):
    """Finds secrets in text that would otherwise be written down."""

    def mask(self, text: str) -> str:
        """Return the text with each secret replaced by its kind and last four characters."""
        ...

    def mask_each(self, texts: Sequence[str]) -> list[str]:
        """Mask many texts at the cost of one; never less of a text than `mask` would."""
        ...


class SecretFinder(Protocol):
    """Finds where secrets stand in canonical JSON that is shown."""

    def find(self, text: str) -> Secrets:
        """Return the places; bounded, so that it may be called on the broker's loop."""
        ...


class InputCheck(Protocol):
    """Looks at what a person is about to hand to a model, or to a server."""

    def findings(self, text: str) -> tuple[InputFinding, ...]:
        """Return the secrets, the hidden text and the orders in a text.

        Takes up to half a second for a hostile text: call it off the loop.
        """
        ...
