"""What the prover says of rules, held against trying every small call."""

from collections import Counter
from random import Random

from keyturn.domain.rule_proof import Answer, Never, Possible
from tests.property.proof_model import faults, pair

PAIRS = 300


def test_of_random_pairs_nothing_is_said_that_trying_every_small_call_shows_to_be_wrong() -> None:
    said: Counter[type[Answer]] = Counter()
    for seed in range(PAIRS):
        for answer, fault in faults(*pair(Random(seed))):
            assert not fault, f"seed {seed}: {fault}"
            said[type(answer)] += 1
    # It has to say something, too.
    assert said[Possible] > PAIRS
    assert said[Never] > PAIRS


def test_a_call_that_a_rule_of_whole_arguments_keeps_is_passed_by_the_next_value() -> None:
    """The seed that 100,000 pairs found: one value was put together three times over."""
    assert not [fault for _, fault in faults(*pair(Random(33538))) if fault]
