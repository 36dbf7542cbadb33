"""A call that a worker reads is understood, digested, recorded and sent as one read on the loop."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyturn.application.fitness import BESIDE_BYTES
from keyturn.application.masking import masked_json
from keyturn.bootstrap.inspecting import do_job
from keyturn.broker.envelope import BadFrame, read_client, strict_params
from keyturn.broker.large_calls import is_judged, outline_of, read_of
from keyturn.domain.call import ToolCall, without_own_meta
from keyturn.domain.canonical import JsonObject, Malformed, canonical
from keyturn.domain.sealed import SealedParams, seal
from keyturn.domain.secret_places import Secrets
from keyturn.inspection.secret_places import DetectedPlaces
from keyturn.inspection.secrets import DetectSecretsMask
from tests.property.test_wire_oracles import frames, mutants

TEXTS = st.text(max_size=12) | st.sampled_from(["arguments", "name", "_meta", "\U0001f511", "ﬀ"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)
SOUND = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(-1e12, 1e12)
    | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)
OWN = {"app.keyturn/receipt": "forged", "progressToken": 1, "com.example/x": [1, 2.0]}
PARAMS = st.fixed_dictionaries(
    {"name": st.just("dispatch_order"), "arguments": st.dictionaries(TEXTS, SOUND, max_size=5)},
    optional={"_meta": st.just(OWN) | SOUND, "requestState": TEXTS, "other": SOUND},
)


@st.composite
def calls(draw: st.DrawFn) -> bytes:
    """A call, sound or not, in one of the spellings of JSON."""
    params = draw(PARAMS | st.dictionaries(TEXTS, VALUES, max_size=4))
    body: dict[str, Any] = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
    text = json.dumps(body, ensure_ascii=draw(st.booleans()))
    return text.encode("utf-8", "replace") + b"\n"


def call_of(params: JsonObject) -> ToolCall:
    return ToolCall(
        agent="analyst",
        session="s",
        server="shipments",
        launch_hash="l",
        tool="dispatch_order",
        def_hash="d",
        params=params,
    )


@pytest.mark.requirement("POOL-SAME")
@given(line=frames() | mutants("client") | calls())
def test_a_frame_is_the_same(line: bytes) -> None:
    here, there = read_client(line), read_of(line, outline_of(line, judged=True))
    assert there.frame == here
    if isinstance(here, BadFrame) or not is_judged(here):
        assert there.params is None
        return
    params = strict_params(here)
    if isinstance(params, Malformed):
        assert there.params == params
        return
    assert isinstance(there.params, dict)
    assert canonical(dict(there.params)) == canonical(without_own_meta(params))


@pytest.mark.requirement("POOL-SAME")
@pytest.mark.parametrize("over", [True, False])
def test_params_without_arguments_to_cut_out_are_small(over: bool) -> None:
    """What would be encoded where nothing else waits is refused before it comes there."""
    answers = {"a": "x" * (BESIDE_BYTES if over else BESIDE_BYTES // 2)}
    params = {"name": "dispatch_order", "requestState": "s", "inputResponses": answers}
    frame = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
    line = json.dumps(frame).encode() + b"\n"
    assert isinstance(read_of(line, outline_of(line, judged=True)).params, Malformed) is over


@pytest.mark.requirement("POOL-SAME", "LAW-2")
@given(params=PARAMS)
def test_a_sealed_call_has_the_digest_and_the_bytes_of_the_plain_one(params: JsonObject) -> None:
    encoded, start, end = seal(params)
    assert encoded == canonical(params)
    sealed = SealedParams(json.loads(encoded), encoded, start, end)
    plain, large = call_of(params), call_of(sealed)
    assert large.sealed is sealed
    assert plain.sealed is None
    assert large.canonical_arguments() == plain.canonical_arguments()
    assert large.digest() == plain.digest()
    assert large.digest_of_first() == plain.digest_of_first()


@given(arguments=st.dictionaries(TEXTS, SOUND | st.just("password = hunter2hunter2"), max_size=4))
def test_a_worker_masks_as_the_recorder_does(arguments: JsonObject) -> None:
    encoded = canonical(arguments)
    expected, _ = masked_json(encoded, DetectSecretsMask())
    masked, places = do_job(b'{"type":"mask"}', encoded)
    assert masked == expected
    found = DetectedPlaces().find(encoded.decode())
    assert msgspec.json.decode(places, type=Secrets) == found
