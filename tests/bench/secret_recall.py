"""Prints how many secrets masking finds, and how much it masks that is none.

`python -m tests.bench.secret_recall [GITLEAKS_CHECKOUT] [--missed]`: by rule and by
channel, over secrets of Keyturn's own tables, and of gitleaks' rules where a checkout is given,
which are held out; then each profile's labelled set.
Exit code 1 when a rate misses its bar.
"""

import random
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from keyturn.domain.canonical import canonical
from keyturn.domain.result_controls import Profile
from keyturn.inspection.profiles.dispatch import ToolFacts, mask_as, profile_of
from keyturn.inspection.secret_places import DetectedPlaces
from keyturn.inspection.secrets import MOST_IN_A_WORKER, DetectSecretsMask
from keyturn.presentation.secret_pieces import pieces_of
from tests.bench import gitleaks_rules
from tests.bench.profile_samples import SETS, Labelled
from tests.bench.secret_samples import Sample, named_samples, no_secrets, own_samples, planted

LEAST_FOUND = 0.95
MOST_FALSE = 0.01
SEED = 20261129
EACH = 8
"""Secrets of each rule, and rounds of what is none."""

_MASK = DetectSecretsMask(MOST_IN_A_WORKER)


class Rate(NamedTuple):
    """How many of how many."""

    hits: int
    of: int

    @property
    def share(self) -> float:
        """Between 0 and 1; 1 for none of none."""
        return self.hits / self.of if self.of else 1.0

    def __str__(self) -> str:
        return f"{self.share:7.4f}  {self.hits:6} of {self.of}"


class Found(NamedTuple):
    """What was found of some samples."""

    by_rule: dict[str, Rate]
    by_channel: dict[str, Rate]
    whole: Rate
    missed: list[tuple[str, str, str]]
    """Rule, channel and text of what was missed."""


def found_of(samples: Iterable[Sample]) -> Found:
    """Mask every sample in every channel that it fits."""
    hits: Counter[tuple[str, str]] = Counter()
    tries: Counter[tuple[str, str]] = Counter()
    missed: list[tuple[str, str, str]] = []
    for sample in samples:
        for each in planted(sample):
            key = (sample.rule, each.channel)
            tries[key] += 1
            shown = "\n".join(_MASK.mask_each(each.texts))
            if any(secret in shown for secret in each.secrets):
                missed.append((*key, "|".join(each.texts)))
            else:
                hits[key] += 1
    whole = Rate(hits.total(), tries.total())
    return Found(_rates(hits, tries, 0), _rates(hits, tries, 1), whole, missed)


def _rates(
    hits: Counter[tuple[str, str]], tries: Counter[tuple[str, str]], part: int
) -> dict[str, Rate]:
    found: Counter[str] = Counter()
    of: Counter[str] = Counter()
    for key, count in tries.items():
        of[key[part]] += count
        found[key[part]] += hits[key]
    return {name: Rate(found[name], of[name]) for name in sorted(of)}


def false_masks(texts: Iterable[tuple[str, str]]) -> tuple[dict[str, Rate], list[tuple[str, str]]]:
    """Mask what is no secret; returns the share that changed by kind, and what did."""
    changed: Counter[str] = Counter()
    of: Counter[str] = Counter()
    wrong: list[tuple[str, str]] = []
    for kind, text in texts:
        of[kind] += 1
        if _MASK.mask(text) != text:
            changed[kind] += 1
            wrong.append((kind, text))
    return {kind: Rate(changed[kind], of[kind]) for kind in sorted(of)}, wrong


def total(rates: dict[str, Rate]) -> Rate:
    """Add up."""
    return Rate(sum(rate.hits for rate in rates.values()), sum(rate.of for rate in rates.values()))


class Profiling(NamedTuple):
    """How one profile did on its labelled set."""

    found: Rate
    false: Rate
    detected: Rate
    """Texts that were taken for what they are when nobody said it."""
    missed: list[tuple[str, str]]
    """Form, and what was missed or what was gone."""


def profiling(
    profile: Profile, made: Callable[[random.Random], Iterator[Labelled]], each: int
) -> Profiling:
    """Mask the labelled set of a profile."""
    chance = random.Random(SEED)
    labelled = [text for _ in range(each) for text in made(chance)]
    missed: list[tuple[str, str]] = []
    found = kept = secrets = stay = detected = 0
    for text in labelled:
        shown = mask_as(text.text, profile, text.facts).text
        left = [secret for secret in text.secrets if secret in shown]
        gone = [part for part in text.kept if part not in shown]
        missed += [(text.form, part) for part in (*left, *gone)]
        secrets, found = secrets + len(text.secrets), found + len(text.secrets) - len(left)
        stay, kept = stay + len(text.kept), kept + len(gone)
        detected += profile_of(text.text, ToolFacts()) is profile
    return Profiling(Rate(found, secrets), Rate(kept, stay), Rate(detected, len(labelled)), missed)


def hidden_on_cards(samples: Iterable[Sample]) -> Rate:
    """Return how many of the secrets that are found in arguments a card hides; the rest reads."""
    hits = of = 0
    for sample in samples:
        header = f'curl -H "X-{sample.name or "Key"}: {sample.secret}" https://api.example.net'
        for value in ({sample.name or "value": sample.secret}, {"command": sample.text or header}):
            text = canonical({**value}).decode()
            found = DetectedPlaces(MOST_IN_A_WORKER).find(text)
            of += bool(found.places)
            hits += bool(pieces_of(text, found))
    return Rate(hits, of)


def main() -> None:
    """Print both rates; those of gitleaks' own list of no secrets have no bar."""
    folders = [Path(each) for each in sys.argv[1:] if not each.startswith("--")]
    checkout = folders[0] if folders else None
    chance = random.Random(SEED)
    kept = [_shown("own tables", [*own_samples(chance, EACH), *named_samples(chance, EACH)])]
    if checkout is not None:
        kept.append(_shown("gitleaks' rules", gitleaks_rules.samples(checkout, chance, EACH)))
    again = random.Random(SEED)
    hidden = hidden_on_cards([*own_samples(again, EACH), *named_samples(again, EACH)])
    _write(f"\nhidden on cards, of what is found in arguments: {hidden}, at least {LEAST_FOUND}")
    kept.append(hidden.share >= LEAST_FOUND)
    rates, wrong = false_masks(no_secrets(chance, EACH))
    _write(f"\nfalse masks of what is no secret: {total(rates)}, at most {MOST_FALSE}")
    for kind, rate in rates.items():
        _write(f"  {kind:28} {rate}")
    for kind, text in wrong[:20]:
        _write(f"    {kind}: {text[:140]!r} -> {_MASK.mask(text)[:140]!r}")
    for profile, made in SETS:
        did = profiling(profile, made, EACH)
        _write(f"\nprofile {profile.value}: found {did.found}; false masks {did.false}")
        _write(f"  taken for one without its file's name: {did.detected}")
        for form, part in did.missed if "--missed" in sys.argv else ():
            _write(f"    {form}: {part[:120]!r}")
        kept.append(did.found.share >= LEAST_FOUND and did.false.share <= MOST_FALSE)
    if checkout is not None:
        listed, _ = false_masks(gitleaks_rules.false_positives(checkout))
        _write(f"changed of what gitleaks lists as none, by some rule: {total(listed)}")
    sys.exit(0 if all(kept) and total(rates).share <= MOST_FALSE else 1)


def _shown(name: str, samples: Iterable[Sample]) -> bool:
    found = found_of(samples)
    _write(f"\nfound of {name}: {found.whole}, at least {LEAST_FOUND}")
    for channel, rate in found.by_channel.items():
        _write(f"  {channel:28} {rate}")
    whole = [rule for rule, rate in found.by_rule.items() if rate.hits == rate.of]
    _write(f"  {len(whole)} of {len(found.by_rule)} rules all found; the others:")
    for rule, rate in found.by_rule.items():
        if rate.hits != rate.of:
            _write(f"    {rule:38} {rate}")
    for rule, channel, text in found.missed if "--missed" in sys.argv else ():
        _write(f"    missed {rule}, {channel}: {text[:200]!r}")
    return found.whole.share >= LEAST_FOUND


def _write(line: str) -> None:
    sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    main()
