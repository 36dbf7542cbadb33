"""Both rates over generated secrets and over what only looks like one, on a small sample."""

import random
from collections.abc import Callable, Iterator

import pytest

from keyturn.domain.result_controls import Profile
from tests.bench.profile_samples import SETS, Labelled
from tests.bench.secret_recall import (
    LEAST_FOUND,
    MOST_FALSE,
    SEED,
    Found,
    false_masks,
    found_of,
    profiling,
    total,
)
from tests.bench.secret_samples import Sample, named_samples, no_secrets, own_samples, planted, some


@pytest.fixture(scope="module")
def found() -> Found:
    chance = random.Random(SEED)
    return found_of([*own_samples(chance, 2), *named_samples(chance, 2)])


@pytest.mark.requirement("SECRET-FOUND")
def test_secrets_of_every_shape_are_found(found: Found) -> None:
    assert found.whole.of > 4_000
    assert found.whole.share >= LEAST_FOUND
    assert {rule: rate for rule, rate in found.by_rule.items() if rate.share < 0.75} == {}


@pytest.mark.requirement("SECRET-FOUND", "SECRET-ENCODED", "SECRET-BROKEN")
def test_secrets_are_found_in_every_channel(found: Found) -> None:
    assert len(found.by_channel) == 10
    assert {name: rate for name, rate in found.by_channel.items() if rate.share < 0.95} == {}


@pytest.mark.requirement("SECRET-FALSE")
def test_what_only_looks_like_a_secret_is_left() -> None:
    rates, wrong = false_masks(no_secrets(random.Random(SEED), 3))
    assert total(rates).of > 300
    assert total(rates).share <= MOST_FALSE, wrong[:5]


def test_a_rate_tells_what_was_missed() -> None:
    # The measure itself can fail: a name that tells nothing before a value without a form.
    missed = found_of([Sample("none", some(random.Random(1), 16), "colour")])
    assert missed.whole.hits == 0
    assert len(missed.missed) == len(list(planted(Sample("none", "x" * 16, "colour"))))


@pytest.mark.requirement("SECRET-PROFILES")
@pytest.mark.parametrize(("profile", "made"), SETS, ids=lambda value: str(value)[:30])
def test_each_profile_does_what_its_labelled_set_says(
    profile: Profile, made: Callable[[random.Random], Iterator[Labelled]]
) -> None:
    did = profiling(profile, made, 3)
    assert did.found.of >= 27
    assert did.found.share >= LEAST_FOUND, did.missed
    assert did.false.share <= MOST_FALSE, did.missed
    assert did.detected.share >= 0.6
