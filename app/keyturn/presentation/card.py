"""Owns what a card says: one approval request, or the review of a command or a tool, as text.

Every string of an agent or a server is here exactly as received; the view makes hidden characters
visible when it draws. Nothing here decides.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from keyturn.domain.tier import Tier
from keyturn.presentation.cells import Notice
from keyturn.presentation.concealed import Concealed, TextMask
from keyturn.presentation.flow_graph import FlowGraph
from keyturn.presentation.marks import Icon, Role
from keyturn.presentation.relative_time import duration_text, remaining_text
from keyturn.presentation.tier_choice import TierChoice
from keyturn.presentation.words import Words


class CardKind(Enum):
    """What is asked (the `kind` of the approver protocol, architecture.md section 2)."""

    CALL = "call"
    COMMAND = "command"
    DEFINITION = "definition"
    CHANGE = "change"
    INPUT = "input"
    RESULT = "result"
    AGENT = "agent"
    """Enrolment of an agent; only the window answers it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chip:
    """An icon and a word in the colour of a role."""

    role: Role
    icon: Icon | None
    text: str
    opens: str | None = None
    """Id of what a press on it opens; None for a chip that only says something."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lamp:
    """One of the session's three lamps."""

    letter: str
    words: str
    short_words: str
    """For windows under 900 px."""
    lit: bool
    where: str
    """What lit it ("call 4"); empty when dark."""
    opens: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisiveValue:
    """A value that decides what the call does; shown large and whole."""

    path: str
    """JSON Pointer of the argument; names it when a person confirms it."""
    key: str
    value: str
    """Whole, but for what is hidden of it."""
    owed: bool
    """The call cannot be allowed before a person has confirmed this value."""
    owed_reason: str = ""
    action: str = ""
    """Words on the button that confirms it ("Confirm address")."""
    object: str = ""
    """The value's name inside a sentence ("the address")."""
    note: str = ""
    masks: tuple[TextMask, ...] = ()

    @property
    def shown(self) -> Concealed:
        """Return the value with what is hidden of it."""
        return Concealed(self.value, self.masks)


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandLine:
    """What one argument does that is a command, in words."""

    role: Role
    icon: Icon
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TracedSpan:
    """A stretch of a text that was found in an earlier result of the session."""

    start: int
    end: int
    """Characters of the text, `end` not included."""


def spans_within(spans: Iterable[TracedSpan], start: int, end: int) -> tuple[TracedSpan, ...]:
    """Return what of `spans` lies between two characters of a text, counted from the first."""
    return tuple(
        TracedSpan(start=max(span.start, start) - start, end=min(span.end, end) - start)
        for span in spans
        if span.start < end and span.end > start
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class OriginLabel:
    """Where an argument came from, in words."""

    text: str
    traced: bool
    excerpt: int | None = None
    """Index of the card's excerpt that shows the place."""
    claimed: bool = False
    """Somebody says so and nobody has seen it."""
    typed: bool = False
    """The reader typed it, on this card."""


class ValueKind(Enum):
    """How an argument's value is set: as sent, or described."""

    EXACT = "exact"
    CONTAINER = "container"


@dataclass(frozen=True, slots=True, kw_only=True)
class ArgumentRow:
    """One line of the argument tree."""

    path: str
    depth: int
    key: str
    value: str
    """As sent, strings in their quotation marks; for containers "object, 2 values".

    What is hidden of it is replaced by what it is, at `masks`.
    """
    value_kind: ValueKind = ValueKind.EXACT
    spans: tuple[TracedSpan, ...] = ()
    origin: OriginLabel | None = None
    left_out: int = 0
    """So many more values have no row of their own; this row stands for them."""
    masks: tuple[TextMask, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ExcerptLine:
    """One line of a source."""

    number: int
    text: str
    spans: tuple[TracedSpan, ...] = ()
    around: bool = False
    """Shown for its neighbours' sake."""
    masks: tuple[TextMask, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceExcerpt:
    """The place in an earlier result that holds an argument's value."""

    title: str
    place: str
    lines: tuple[ExcerptLine, ...]
    opens: str
    """Id of the whole source; empty where nothing keeps that."""
    claimed: bool = False
    """Somebody says so and nobody has seen it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A key and what is claimed or observed under it."""

    key: str
    value: str
    exact: bool = False
    """Set in the mono face: a path, a number of a process."""
    differs: str = ""
    """What the other column says instead; a warning chip when not empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadline:
    """How long the agent waits, in milliseconds of one monotonic clock."""

    asked_at_ms: int
    waits_until_ms: int
    stopped_waiting_at_ms: int | None = None
    ends: bool = False
    """Nothing can be decided afterwards: a server does not repeat what it asked."""
    withholds: bool = False
    """What waits is a result, which is withheld after that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadlineText:
    """The deadline as it stands at one moment."""

    text: str
    share_left: float
    """Of the waiting time, 0 to 1: the length of the bar."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CardActions:
    """The words on the decision row; its geometry is the same for every card."""

    allow: str
    armed_hint: str
    """Second line of the armed button ("Ctrl+Enter, then your PIN")."""
    deny: str
    deny_with_message: str = ""
    """Empty where no agent is there to read it."""
    later: str = ""
    rule: str = ""
    """Empty for reviews; where no rule can decide a call, the sheet says why."""
    edit: str = ""
    """Beside the arguments; empty for what is not edited."""
    goes_on: bool = False
    """The button's press allows nothing yet: somebody else is next."""


class DiffSide(Enum):
    """Which text a row of a diff stands in."""

    BOTH = "both"
    BEFORE = "before"
    AFTER = "after"


@dataclass(frozen=True, slots=True, kw_only=True)
class DiffRow:
    """One line of the before and after of a text."""

    side: DiffSide
    before: int | None
    after: int | None
    """Line numbers, from 1."""
    text: str
    changed: tuple[tuple[int, int], ...] = ()
    """Stretches of the line that differ, as start and end."""
    indent: int = 0
    """So many spaces at its start are ours, from laying JSON out; nothing hides among them."""
    masks: tuple[TextMask, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CardView:
    """Everything a card shows of one request, and what the answer is bound to."""

    request_id: str
    revision: int
    digest: str
    kind: CardKind
    tier: Tier
    headline: str
    action: str
    """The call as the object of a button's name: "dispatch 41 orders to 14 Quarry Road"."""
    server_tool: str
    call_number: str
    chips: tuple[Chip, ...]
    band: Notice | None = None
    """Over the whole card: the call reaches production, or names another environment."""
    lamps: tuple[Lamp, ...] = ()
    decisive: tuple[DecisiveValue, ...] = ()
    decisive_more: str = ""
    """How many more values would deserve to be shown large; empty for none."""
    commands: tuple[CommandLine, ...] = ()
    """What the commands among the arguments do, and what of them is not understood."""
    rows: tuple[ArgumentRow, ...] = ()
    raw_json: str = ""
    """The canonical text, character for character what will be sent (law 2)."""
    raw_meta: str = ""
    """The bound `_meta`, canonical too and sent as well; empty when there is none."""
    hidden: str = ""
    """How many secrets are hidden in all of it, in words; empty for none."""
    raw_masked: Concealed | None = None
    """The canonical text as it is shown, where something of it is hidden."""
    meta_masked: Concealed | None = None
    diff: tuple[DiffRow, ...] = ()
    edited: bool = False
    """A person wrote the arguments; the difference is to what the agent asked for."""
    flow: FlowGraph | None = None
    """Which servers fed the call; None where nothing is traced."""
    excerpts: tuple[SourceExcerpt, ...] = ()
    claimed: tuple[Pair, ...] = ()
    claimed_title: str = ""
    """Who claims it; empty for the agent."""
    observed: tuple[Pair, ...] = ()
    why_asked: str = ""
    deadline: Deadline | None = None
    actions: CardActions
    tool_short_name: str = ""
    """What a person types to open the way for a T3 call."""
    pin: bool = False
    """It is allowed with the person's PIN only."""
    pin_prompt: str = ""
    """Whose PIN stands in the field, where it takes two persons; empty for the reader's own."""
    pin_of: str = ""
    """The same one's name alone."""
    dialog: bool = False
    """The system's own dialog asks, in place of the PIN."""
    dialog_open: bool = False
    """It does just now."""
    name_owed: bool = False
    """It is allowed once its tool's name is typed, for want of a PIN."""
    raised: Notice | None = None
    """What changed around its agent and was looked at by nobody."""
    review: TierChoice | None = None
    """For the review of a tool: what a person chooses of it."""


def waits_key(*, ends: bool, withholds: bool = False) -> str:
    """Return the text that says who waits, and what comes after."""
    if withholds:
        return "card.result_waits"
    return "card.server_waits" if ends else "card.agent_waits"


def deadline_text(deadline: Deadline, now_ms: int, words: Words) -> DeadlineText:
    """Return the sentence and the bar for `now_ms`, in the clock of `deadline`."""
    stopped = deadline.stopped_waiting_at_ms
    if stopped is None and now_ms >= deadline.waits_until_ms:
        stopped = deadline.waits_until_ms
    if stopped is not None:
        passed = duration_text((now_ms - stopped) / 1000, words)
        return DeadlineText(text=words("card.agent_stopped_waiting", duration=passed), share_left=0)
    left_ms = deadline.waits_until_ms - now_ms
    whole_ms = max(1, deadline.waits_until_ms - deadline.asked_at_ms)
    return DeadlineText(
        text=words(
            waits_key(ends=deadline.ends, withholds=deadline.withholds),
            duration=remaining_text(left_ms / 1000, words),
        ),
        share_left=min(1.0, left_ms / whole_ms),
    )
