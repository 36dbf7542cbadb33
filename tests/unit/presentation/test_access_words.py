"""The access review says of each thing of which kind it is, and in which environment."""

from datetime import UTC, datetime

from keyturn.application.access_messages import AccessState
from keyturn.presentation.access import AccessBuilder
from keyturn.presentation.words import Words
from tests.sources import ROOT

BUILDER = AccessBuilder(Words(ROOT / "resources" / "translations"))
NOW = datetime(2026, 11, 23, tzinfo=UTC)


def test_a_labelled_credential_says_its_environment_in_the_list_and_beside_it() -> None:
    bare = AccessState(kind="credential", name="ship/key", server="ship")
    said = AccessState(kind="credential", name="s/k", server="s", environment="pro\u202ed")
    first, second = BUILDER.page((bare, said)).rows
    assert first.cells[0].note == "Credential"
    assert second.cells[0].note.startswith("Credential, pro")
    assert "\u202e" not in second.cells[0].note
    assert "Environment" not in [pair.key for pair in BUILDER.detail(bare, NOW).pairs]
    pairs = {pair.key: pair.value for pair in BUILDER.detail(said, NOW).pairs}
    assert pairs["Environment"] == said.environment


def test_what_is_not_counted_is_not_said_to_be_unused() -> None:
    (row,) = BUILDER.page((AccessState(kind="profile", name="Release"),)).rows
    assert row.cells[1].text == "not counted"
