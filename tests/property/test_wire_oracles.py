"""The fuzzer's oracles over generated inputs, few enough for every change."""

import json
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.bench.fuzz import mutated
from tests.wire_oracles import ORACLES
from tests.wire_seeds import SEEDS, WORDS

NAMES = st.sampled_from(
    ["jsonrpc", "id", "method", "params", "result", "error", "Method", "iD", "method\0x", "paramſ"]
)
METHODS = st.sampled_from(
    ["tools/call", "tools/list", "ping", "Tools/Call", "tools/call ", "ｔools/call", "roots/list"]
)
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6) | METHODS
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=6,
)


@st.composite
def mutants(draw: st.DrawFn, target: str) -> bytes:
    """A seed of a target, changed as the fuzzer changes it."""
    data = draw(st.sampled_from(SEEDS[target]))
    return mutated(data, Random(draw(st.integers(0, 2**32))))


@st.composite
def frames(draw: st.DrawFn) -> bytes:
    """An object with keys of the protocol, some twice, some in other letters."""
    members = draw(st.lists(st.tuples(NAMES, VALUES), max_size=6))
    parts = [f"{json.dumps(key)}:{json.dumps(value)}" for key, value in members]
    space = draw(st.sampled_from(["", " ", "\r", "\t"]))
    return ("{" + f",{space}".join(parts) + "}\n").encode()


@pytest.mark.parametrize("target", ORACLES)
def test_the_oracle_holds_for_every_seed(target: str) -> None:
    for seed in SEEDS[target]:
        ORACLES[target](seed)


@pytest.mark.parametrize("target", ORACLES)
@given(data=st.data())
def test_the_oracle_holds_for_what_seeds_become(target: str, data: st.DataObject) -> None:
    ORACLES[target](data.draw(mutants(target)))


@pytest.mark.parametrize("target", ["client", "server", "splicing", "strict"])
@given(line=frames())
def test_the_oracle_holds_for_any_frame(target: str, line: bytes) -> None:
    ORACLES[target](line)


@pytest.mark.parametrize("target", ORACLES)
@given(words=st.lists(st.sampled_from(WORDS), max_size=12))
def test_the_oracle_holds_for_any_words(target: str, words: list[Any]) -> None:
    ORACLES[target](b"".join(words))
