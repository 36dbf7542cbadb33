"""Tool definitions as servers list them: what is pinned, its hash, and drift from the pin.

Prompts, resource templates and a server's instructions reach the model, too, and are pinned in the
same way, under names that no tool has.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from keyturn.domain.canonical import JsonObject, JsonValue, canonical, digest_of
from keyturn.domain.lamps import Lamps
from keyturn.domain.tier import Tier

UNPINNED_KEYS = frozenset({"_meta", "icons", "execution"})
"""Members of a tool object that may change without review (architecture.md section 7)."""


class Said(StrEnum):
    """What a server says beside its tools that is pinned like one."""

    PROMPT = "prompt"
    TEMPLATE = "template"
    INSTRUCTIONS = "instructions"
    RESOURCE = "resource"
    """Never pinned: there may be any number, and each is judged when it is read."""

    @property
    def member(self) -> str:
        """The member of what is listed that names it."""
        return _NAMED_BY.get(self, "name")


_NAMED_BY = {Said.TEMPLATE: "uriTemplate", Said.RESOURCE: "uri"}
_NO_TOOLS = tuple(f"{said}: " for said in Said)
LONGEST_SAID = 64 * 1024
"""Characters of instructions that a person could review; longer ones reach nobody."""


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

    One that begins like what is pinned beside the tools could be taken for that, and is none.
    Raises ValueError when the object has no canonical form.
    """
    name = tool.get("name")
    if not isinstance(name, str) or not name or name.startswith(_NO_TOOLS):
        return None
    return _definition(name, tool)


def said_key(said: Said, name: str) -> str:
    """Return the name under which it is pinned."""
    return f"{said}: {name}"


INSTRUCTIONS = said_key(Said.INSTRUCTIONS, "server")


def said_of(key: str) -> Said | None:
    """Return what a pinned name stands for; None for a tool's."""
    return next((said for said in Said if key.startswith(f"{said}: ")), None)


def said_definition(key: str, listed: Mapping[str, JsonValue]) -> ToolDefinition | None:
    """Reduce a listed prompt or template to what is pinned; None when it has no such name.

    Raises ValueError when the object has no canonical form.
    """
    said = said_of(key)
    if said is None or listed.get(said.member) != key.removeprefix(f"{said}: "):
        return None
    return _definition(key, listed)


def pinned_instructions(text: str) -> ToolDefinition | None:
    """Return a server's instructions as they are pinned; None for none that could be reviewed.

    Raises ValueError when the text has no canonical form.
    """
    if not text or len(text) > LONGEST_SAID:
        return None
    return _definition(INSTRUCTIONS, {"name": "server", "description": text})


def _definition(name: str, listed: Mapping[str, JsonValue]) -> ToolDefinition:
    body: JsonObject = {key: value for key, value in listed.items() if key not in UNPINNED_KEYS}
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
    two_persons: bool = False
    """Its calls are allowed by two persons together only."""


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
