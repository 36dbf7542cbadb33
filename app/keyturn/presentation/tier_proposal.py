"""Proposes how far a tool reaches and what it brings in, each with its reason, for a review.

A proposal is read off the tool's name, what it takes and what its server claims of it. The claims
only ever raise, nothing is confirmed by it, and where nothing can be read nothing is proposed.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from keyturn.domain.canonical import JsonObject
from keyturn.domain.lamps import Lamps
from keyturn.domain.tier import Tier
from keyturn.presentation.verbs import Vocabulary, name_words
from keyturn.presentation.words import Words

_LONGEST_NAME = 64
_MOST_PROPERTIES = 200
_JOINING = frozenset({"and", "or", "then"})


@dataclass(frozen=True, slots=True, kw_only=True)
class TierProposal:
    """What is proposed; None where nothing can be read."""

    tier: Tier | None
    labels: Lamps
    reasons: tuple[str, ...]
    """Sentences, the one for the tier first."""
    label_reasons: tuple[str, ...] = ()
    """One for each label."""


def propose_tier(
    definition: JsonObject, server: str, vocabulary: Vocabulary, words: Words
) -> TierProposal:
    """Return the strictest of what the name, the arguments and the server's claims say."""
    found = [
        one
        for one in (
            _by_name(definition, server, vocabulary, words),
            _by_arguments(definition, server, vocabulary, words),
            _by_claims(definition, words),
        )
        if one is not None
    ]
    if not found:
        return TierProposal(tier=None, labels=Lamps.NONE, reasons=())
    tier = max(one for one, _ in found)
    reasons = tuple(reason for one, reason in found if one is tier)
    labels = _labels(definition, tier, vocabulary, words)
    return TierProposal(
        tier=tier,
        labels=_joined(labels),
        reasons=reasons,
        label_reasons=tuple(labels.values()),
    )


def _by_name(
    definition: JsonObject, server: str, vocabulary: Vocabulary, words: Words
) -> tuple[Tier, str] | None:
    """Take the strictest of the verbs that a name begins with or joins by a word like `and`."""
    said = _verbs_of(_name_of(definition, server))
    for tier, verbs, key in (
        (Tier.T2, vocabulary.reaches, "tiers.reason_reaches"),
        (Tier.T1, vocabulary.changes, "tiers.reason_changes"),
    ):
        verb = next((word for word in said if word in verbs), None)
        if verb is not None:
            guarded = _guarded(definition, vocabulary, words) if tier is Tier.T1 else None
            return guarded or (tier, words(key, verb=verb))
    if _says_it_reads(definition, server, vocabulary):
        return Tier.T0, words("tiers.reason_reads", verb=said[0])
    return None


def _says_it_reads(definition: JsonObject, server: str, vocabulary: Vocabulary) -> bool:
    said = _name_of(definition, server)[:1]
    return bool(vocabulary.reads.intersection(said)) and not _claims_to_change(definition)


def _guarded(
    definition: JsonObject, vocabulary: Vocabulary, words: Words
) -> tuple[Tier, str] | None:
    """Take what a name says to change where that lets somebody in: passwords, roles, keys."""
    word = next((one for one in _said_in(definition) if one in vocabulary.guarded), None)
    return (Tier.T2, words("tiers.reason_guarded", word=word)) if word is not None else None


def _verbs_of(name: list[str]) -> list[str]:
    joined = [word for before, word in pairwise(name) if before in _JOINING]
    return [*name[:1], *joined]


def _claims_to_change(definition: JsonObject) -> bool:
    claims = definition.get("annotations")
    return isinstance(claims, dict) and claims.get("readOnlyHint") is False


def _by_arguments(
    definition: JsonObject, server: str, vocabulary: Vocabulary, words: Words
) -> tuple[Tier, str] | None:
    """Take what reaches out; to read at an address, and nothing else, is less than to send."""
    taken = [(name, set(name_words(name[:_LONGEST_NAME]))) for name in _properties(definition)]
    reaching = [(name, said & vocabulary.reaching_arguments) for name, said in taken]
    reaching = [(name, said) for name, said in reaching if said]
    if not reaching:
        return None
    reason = words("tiers.reason_argument", name=reaching[0][0][:_LONGEST_NAME])
    addresses = all(said <= vocabulary.address_arguments for _, said in reaching)
    sends = any(said & vocabulary.sending_arguments for _, said in taken)
    only_reads = addresses and not sends and _says_it_reads(definition, server, vocabulary)
    return (Tier.T1 if only_reads else Tier.T2), reason


def _by_claims(definition: JsonObject, words: Words) -> tuple[Tier, str] | None:
    """Take what the server claims; that it only reads proposes nothing."""
    claims = definition.get("annotations")
    if not isinstance(claims, dict):
        return None
    if claims.get("destructiveHint") is True or claims.get("openWorldHint") is True:
        return Tier.T2, words("tiers.proposal_hints")
    return None


def _labels(
    definition: JsonObject, tier: Tier, vocabulary: Vocabulary, words: Words
) -> dict[Lamps, str]:
    """Return what is proposed that a tool brings in or does, each with its reason."""
    said = _said_in(definition)
    labels: dict[Lamps, str] = {}
    for label, known, key in (
        (Lamps.U, vocabulary.untrusted, "tiers.reason_label_u"),
        (Lamps.P, vocabulary.private, "tiers.reason_label_p"),
    ):
        word = next((one for one in said if one in known), None)
        if word is not None:
            labels[label] = words(key, word=word)
    if tier is Tier.T2:
        labels[Lamps.X] = words("tiers.reason_label_x")
    elif _reads_elsewhere(definition, vocabulary):
        labels[Lamps.X] = words("tiers.reason_label_x_address")
    return labels


def _joined(labels: Iterable[Lamps]) -> Lamps:
    joined = Lamps.NONE
    for label in labels:
        joined |= label
    return joined


def _reads_elsewhere(definition: JsonObject, vocabulary: Vocabulary) -> bool:
    """Tell whether it takes an address: what is read there is told by the address, too."""
    return any(
        vocabulary.address_arguments.intersection(name_words(name[:_LONGEST_NAME]))
        for name in _properties(definition)
    )


def _said_in(definition: JsonObject) -> list[str]:
    name = definition.get("name")
    return name_words(name[:_LONGEST_NAME]) if isinstance(name, str) else []


def _name_of(definition: JsonObject, server: str) -> list[str]:
    """Return the words of the tool's name, without the server's name before them."""
    name = definition.get("name")
    said = name_words(name) if isinstance(name, str) and len(name) <= _LONGEST_NAME else []
    prefix = name_words(server)
    return said[len(prefix) :] if prefix and said[: len(prefix)] == prefix else said


def _properties(definition: JsonObject) -> list[str]:
    schema = definition.get("inputSchema")
    properties = schema.get("properties") if isinstance(schema, dict) else None
    return list(properties)[:_MOST_PROPERTIES] if isinstance(properties, dict) else []
