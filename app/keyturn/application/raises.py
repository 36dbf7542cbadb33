"""Owns why a call reaches further than what was confirmed of its tool, as words of the record."""

from keyturn.application.call import Judged
from keyturn.domain.canonical import JsonObject
from keyturn.domain.commands import tier_with
from keyturn.domain.tier import (
    COMMANDS,
    LARGE_ARGUMENTS_BYTES,
    PRODUCTION,
    RAISED_BY,
    RAISED_FROM,
    SIZE,
    UNCLEAR,
    WRITTEN,
    Tier,
    effective_tier,
)


def raised_by(judged: Judged) -> tuple[str, ...]:
    """Return what raised the tier of a call; nothing where that is the one that was confirmed."""
    confirmed, found = judged.standing.tier, judged.found
    if confirmed is None or judged.tier <= confirmed:
        return ()
    if len(judged.canonical_arguments) > LARGE_ARGUMENTS_BYTES:
        return (SIZE,)
    causes: list[str] = []
    if found.may_be_production and confirmed < Tier.T2:
        causes.append(PRODUCTION if found.raises else UNCLEAR)
    alone = effective_tier(confirmed, environment_raises=found.may_be_production, arguments_bytes=0)
    if tier_with(alone, judged.commands) > alone:
        causes.append(COMMANDS)
    elif judged.ran and alone < Tier.T2:
        causes.append(WRITTEN)
    return tuple(causes)


def raised_details(judged: Judged) -> JsonObject:
    """Return what a decision's record says of that; empty for nothing."""
    causes, confirmed = raised_by(judged), judged.standing.tier
    if not causes or confirmed is None:
        return {}
    return {RAISED_FROM: confirmed.name, RAISED_BY: list(causes)}
