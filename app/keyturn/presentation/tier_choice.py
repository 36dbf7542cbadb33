"""Owns the words of a review's choice: how far a tool reaches, and what it brings in or sends.

T3 is not among the choices: it is what a tool has while nobody has chosen.
"""

from dataclasses import dataclass

from keyturn.domain.lamps import Lamps
from keyturn.domain.tier import Tier
from keyturn.presentation.words import Words


@dataclass(frozen=True, slots=True, kw_only=True)
class TierOption:
    """One way to confirm a tool's tier."""

    tier: Tier | None
    """None leaves it unconfirmed."""
    text: str
    note: str
    """One sentence."""

    @property
    def shown_tier(self) -> Tier:
        """Return the tier whose shape and colour the choice has."""
        return Tier.T3 if self.tier is None else self.tier


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelOption:
    """One thing that a tool may bring in or do."""

    letter: str
    text: str
    short: str
    """For a row of many tools."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TierChoice:
    """What a person chooses of a tool, and what is preselected."""

    options: tuple[TierOption, ...]
    chosen: Tier | None
    labels: tuple[LabelOption, ...]
    ticked: str
    """Letters of U, P, X."""
    proposal: str = ""
    """Where the preselection comes from, in words; empty when it is nobody's proposal."""


_TIERS: tuple[tuple[Tier | None, str, str], ...] = (
    (Tier.T0, "tiers.t0", "tiers.t0_note"),
    (Tier.T1, "tiers.t1", "tiers.t1_note"),
    (Tier.T2, "tiers.t2", "tiers.t2_note"),
    (None, "tiers.unconfirmed", "tiers.unconfirmed_note"),
)
_LABELS = (
    (Lamps.U, "tiers.label_u", "tiers.label_u_short"),
    (Lamps.P, "tiers.label_p", "tiers.label_p_short"),
    (Lamps.X, "tiers.label_x", "tiers.label_x_short"),
)


def tier_choice(
    words: Words, *, chosen: Tier | None, ticked: str = "", proposal: str = ""
) -> TierChoice:
    """Return the choice with `chosen` and `ticked` preselected."""
    return TierChoice(
        options=tuple(
            TierOption(tier=tier, text=words(text), note=words(note)) for tier, text, note in _TIERS
        ),
        chosen=chosen,
        labels=tuple(
            LabelOption(letter=lamp.letters(), text=words(text), short=words(short))
            for lamp, text, short in _LABELS
        ),
        ticked=ticked,
        proposal=proposal,
    )
