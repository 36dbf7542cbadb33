"""What a person typed, as far as it can be known: where it is said to come from, what is in it.

A host's hook says that its text was typed, and any program of the same user can start the same
command. So it is a claim (architecture.md law 6): shown as one, and never a reason to allow.
"""

from enum import StrEnum

import msgspec

IN_KEYTURN = "keyturn"
"""Typed into Keyturn's own window or terminal, which Keyturn has seen."""
ON_CARD = "keyturn-card"
"""Typed there too, among the arguments of the very call that it stands in."""


class InputHost(StrEnum):
    """Whose hook handed a text over, as it says itself."""

    CLAUDE_CODE = "claude-code"
    CURSOR = "cursor"
    GEMINI = "gemini"
    PLAIN = "plain"


class InputFindingKind(StrEnum):
    """What was noticed in a text before a model gets it."""

    SECRET = "secret"
    HIDDEN = "hidden"
    """Characters that a person does not see."""
    ORDER = "order"
    """Words that speak to the model, as pasted texts of others do."""


class InputFinding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was noticed; never the secret itself."""

    kind: InputFindingKind
    what: str = ""
    """A secret's kind, empty where there was too much to look at; of an order its words."""
    count: int = 1
    """Unseen characters; 1 for all else."""


MOST_FINDINGS = 12
"""Of one text; who has more has been told enough."""


class InputPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """Which findings keep a text back; the others are said and let it go."""

    secrets: bool = True
    hidden: bool = True
    orders: bool = False

    def blocks(self, finding: InputFinding) -> bool:
        """Tell whether this finding keeps the text back."""
        match finding.kind:
            case InputFindingKind.SECRET:
                return self.secrets
            case InputFindingKind.HIDDEN:
                return self.hidden
            case InputFindingKind.ORDER:
                return self.orders
