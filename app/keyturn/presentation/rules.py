"""Owns what the rules' screen says: each rule as a sentence, what it covers and would change."""

from dataclasses import dataclass

from keyturn.application.console_state import AgentState, ServerState
from keyturn.domain.policy import Posture
from keyturn.domain.rule import Effect, Rule
from keyturn.domain.rule_life import Life
from keyturn.presentation.card import Chip, Pair
from keyturn.presentation.cells import ListRow, NameChoice, Notice, Question
from keyturn.presentation.marks import IconText


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownRule:
    """A rule of the broker's, read, with how often it decided, and when last."""

    rule: Rule
    hits: int
    last_hit: str = ""
    life: Life = Life.ACTS
    uses: int = 0
    """How often it allowed in all, of one whose uses are limited."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RulesState:
    """What the screen is made of."""

    rules: tuple[KnownRule, ...] = ()
    posture: Posture = Posture.ASK_ALL
    servers: tuple[ServerState, ...] = ()
    agents: tuple[AgentState, ...] = ()
    suspended: bool = False
    """Allow rules and posture rest since a careful resume."""
    distrusted: bool = False
    """They rest because another program changed what is sealed, or the keychain is locked."""

    def find(self, rule_id: str) -> KnownRule | None:
        """Return a rule by its id."""
        return next((known for known in self.rules if known.rule.id == rule_id), None)

    @property
    def all_rules(self) -> tuple[Rule, ...]:
        """Return the rules without their counts."""
        return tuple(known.rule for known in self.rules)


@dataclass(frozen=True, slots=True, kw_only=True)
class PostureChoice:
    """One of the two built-in rules."""

    posture: Posture
    title: str
    note: str
    chosen: bool
    question: Question | None = None
    """Asked before a choice that loosens."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RulesPage:
    """The screen without what is open beside the list."""

    rows: tuple[ListRow, ...]
    summary: str
    postures: tuple[PostureChoice, ...]
    suspended: Notice | None = None
    empty: bool = False
    """There is no rule at all, not only none that the search finds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleDetail:
    """One rule in full."""

    rule_id: str
    sentence: str
    chips: tuple[Chip, ...]
    conditions: tuple[str, ...]
    limits: tuple[str, ...]
    """In time and number, and that no approval helps; whole half sentences."""
    pairs: tuple[Pair, ...]
    warnings: tuple[IconText, ...]
    toggle: str
    """Words on the button that turns it off or on."""
    enabled: bool
    remove: Question


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectChoice:
    """One effect in the form."""

    effect: Effect
    title: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleChoices:
    """What a new rule can be made of; tools are those of the chosen server."""

    agents: tuple[NameChoice, ...]
    servers: tuple[NameChoice, ...]
    tools: tuple[NameChoice, ...]
    paths: tuple[NameChoice, ...] = ()
    """Pointers of the arguments that the chosen tools say they take."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RulePreview:
    """What the draft would do."""

    sentence: str
    warnings: tuple[IconText, ...]
    bounds: tuple[str, ...] = ()
    """Under what and how far: conditions and limits, whole half sentences."""
    missing: str = ""
    """What still has to be chosen; empty when the rule can be saved."""
    faults: tuple[str, ...] = ()
    """What is wrong with each condition as it is typed, "" for nothing."""
