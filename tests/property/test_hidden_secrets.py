"""Whatever is hidden, behind it stands what is sent, and nothing that could be read is hidden."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyturn.domain.canonical import JsonObject, JsonValue
from keyturn.presentation.hidden_secrets import hidden_of
from keyturn.presentation.json_nodes import bare_text, nodes, read_json
from keyturn.presentation.secret_likeness import reads
from keyturn.presentation.secret_pieces import pieces_of
from keyturn.presentation.words import Words
from tests.fakes.masked_calls import CREDENTIAL, TOKEN, masked_call, searching
from tests.sources import ROOT

WORDS = Words(ROOT / "resources" / "translations")
KNOWN = searching(github_work=CREDENTIAL)
BITS = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=6),
    st.sampled_from(
        [TOKEN, CREDENTIAL, "password = ", "Bearer ", '"', "\\", "\n", "| base64 -d", "rm -rf ~"]
    ),
)
TEXTS = st.lists(BITS, max_size=5).map("".join)
NAMES = st.sampled_from(["password", "token", "note", "a/b~c", "", 'x"y'])
VALUES: st.SearchStrategy[JsonValue] = st.recursive(
    TEXTS | st.integers(0, 10**9) | st.booleans() | st.none(),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(NAMES, below, max_size=3),
    max_leaves=6,
)


@pytest.mark.requirement("CARD-MASK", "LAW-2")
@given(arguments=st.dictionaries(NAMES, VALUES, max_size=4))
def test_behind_every_mask_stands_what_is_sent(arguments: JsonObject) -> None:
    request = masked_call(arguments, KNOWN)
    hidden = hidden_of(request, WORDS)
    assert hidden.raw().true_text == request.arguments
    for node in nodes(read_json(request.arguments)):
        assert hidden.value(node.path, node.value).true_text == bare_text(node.value)
    for piece in pieces_of(request.arguments, request.secrets):
        assert piece.text
        assert piece.credential is not None or not reads(piece.text, marked=True)
