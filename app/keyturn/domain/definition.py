"""Tool definitions as servers list them: what is pinned, its hash, and drift from the pin."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from keyturn.domain.canonical import JsonObject, JsonValue, canonical, digest_of
from keyturn.domain.lamps import Lamps
from keyturn.domain.tier import Tier

UNPINNED_KEYS = frozenset({"_meta", "icons", "execution"})
"""Members of a tool object that may change without review (architecture.md section 7)."""


class ReviewState(StrEnum):
    """Where a tool stands with the person; only PINNED tools are listed and callable."""

    UNREVIEWED = "unreviewed"
    PINNED = "pinned"
    CHANGED = "changed"
    HIDDEN = "hidden"


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolDefinition:
    """What a server says of one tool, reduced to what is pinned; everything in it is a claim."""

    name: str
    body: JsonObject = field(hash=False)
    """The tool object less `UNPINNED_KEYS`; never mutated."""
    text: str = field(hash=False, repr=False)
    """The canonical body."""
    def_hash: str
    """SHA-256 over the canonical body."""

    @property
    def description(self) -> str:
        """The server's description, or an empty string."""
        text = self.body.get("description")
        return text if isinstance(text, str) else ""

    @property
    def title(self) -> str:
        """The server's display title, or an empty string."""
        text = self.body.get("title")
        return text if isinstance(text, str) else ""

    @property
    def input_schema(self) -> JsonObject:
        """The schema of the arguments; an absent one accepts any object."""
        schema = self.body.get("inputSchema")
        return schema if isinstance(schema, dict) else {"type": "object"}


def pinned_definition(tool: Mapping[str, JsonValue]) -> ToolDefinition | None:
    """Reduce a listed tool object to what is pinned; None when it has no usable name.

    Raises ValueError when the object has no canonical form.
    """
    name = tool.get("name")
    if not isinstance(name, str) or not name:
        return None
    body: JsonObject = {key: value for key, value in tool.items() if key not in UNPINNED_KEYS}
    text = canonical(body)
    return ToolDefinition(name=name, body=body, text=text.decode(), def_hash=digest_of(text))


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """A person's agreement to one definition of one tool of one launch identity."""

    server: str
    launch_hash: str
    definition: ToolDefinition
    tier: Tier | None
    """T0, T1 or T2 once a person confirmed it; None means not confirmed (T3)."""
    labels: Lamps
    pinned_at: str
    """UTC time, ISO 8601."""
    hidden: bool = False


def review_state(pin: Pin | None, seen: ToolDefinition | None) -> ReviewState:
    """Compare what is listed now with what was agreed to."""
    if pin is None:
        return ReviewState.UNREVIEWED
    if pin.hidden:
        return ReviewState.HIDDEN
    if seen is not None and seen.def_hash != pin.definition.def_hash:
        return ReviewState.CHANGED
    return ReviewState.PINNED


def proposed_tier(definition: ToolDefinition) -> Tier | None:
    """Propose a tier for the review screen from the server's own hints, which may only raise.

    A read-only hint proposes nothing: an unreviewed server's claim never lowers caution.
    """
    annotations = definition.body.get("annotations")
    if not isinstance(annotations, dict):
        return None
    if annotations.get("destructiveHint") is True or annotations.get("openWorldHint") is True:
        return Tier.T2
    return None
