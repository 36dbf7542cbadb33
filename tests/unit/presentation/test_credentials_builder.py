"""What the credentials' screen says of names, and of a keychain that does not answer."""

from pathlib import Path

import msgspec
import pytest

from keyturn.application.console_state import CredentialState
from keyturn.presentation.credentials import Keychain
from keyturn.presentation.credentials_builder import (
    CredentialsBuilder,
    keychain_of,
    labels_of,
    row_id,
)
from keyturn.presentation.words import Words
from tests.gui import pages_data as data

BUILDER = CredentialsBuilder(Words(Path(__file__).parents[3] / "resources" / "translations"))


def test_each_name_stands_with_its_server_and_its_variables() -> None:
    page = BUILDER.page(data.CREDENTIALS, Keychain.READY)
    said = [[cell.text for cell in row.cells] for row in page.rows]
    assert said[0] == ["logistics", "logistics-prod", "", "LOGISTICS_TOKEN", "Stored"]
    assert said[2][3:] == ["HTTP_PROXY_PASSWORD, HTTPS_PROXY_PASSWORD", "Not stored"]
    assert page.summary == "4 credentials, 2 not stored"
    assert page.notice is None


@pytest.mark.parametrize("keychain", [Keychain.LOCKED, Keychain.MISSING])
def test_of_a_silent_keychain_nothing_is_claimed(keychain: Keychain) -> None:
    unknown = [msgspec.structs.replace(c, stored=False) for c in data.CREDENTIALS]
    page = BUILDER.page(unknown, keychain)
    assert {row.cells[-1].text for row in page.rows} == {"Not known"}
    assert page.summary == "4 credentials"
    assert page.notice is not None
    assert page.notice.rest
    assert BUILDER.detail(unknown[0], keychain).cannot


def test_a_word_that_is_not_known_is_no_keychain() -> None:
    assert keychain_of("ready") is Keychain.READY
    assert keychain_of("") is keychain_of("open sesame") is Keychain.MISSING


def test_two_credentials_never_share_an_id() -> None:
    assert row_id("a", "b/c") != row_id("a/b", "c")
    assert row_id('a", "b', "c") != row_id("a", 'b", "c')


def test_a_proposed_value_waits_above_the_list() -> None:
    [proposal] = BUILDER.page(data.CREDENTIALS, Keychain.READY).proposals
    assert proposal.name == row_id("fetch", "proxy-password")
    assert "proxy-password of fetch" in proposal.strong
    stored = [msgspec.structs.replace(c, stored=True) for c in data.CREDENTIALS]
    [proposal] = BUILDER.page(stored, Keychain.READY).proposals
    assert proposal.rest.startswith("It would replace")


def test_what_is_stored_is_replaced_and_what_is_not_is_stored() -> None:
    stored, missing = data.CREDENTIALS[0], data.CREDENTIALS[3]
    assert BUILDER.detail(stored, Keychain.READY).store == "Replace value"
    assert BUILDER.detail(missing, Keychain.READY).store == "Store value"


def test_a_credential_says_its_environment() -> None:
    """It is why calls of its server are denied, and is labelled on another page."""
    one = CredentialState(server="crm", name="key", stored=True)
    pairs = {pair.key: pair.value for pair in BUILDER.detail(one, Keychain.READY, "prod").pairs}
    assert pairs["Environment"] == "prod"
    bare = BUILDER.detail(one, Keychain.READY)
    assert "Environment" not in [pair.key for pair in bare.pairs]
    server = msgspec.structs.replace(
        data.SERVERS[0], name="crm", credential_environments={"key": "prod"}
    )
    assert labels_of([server]) == {row_id("crm", "key"): "prod"}


def test_the_list_says_where_each_leads_its_own_label_before_its_servers() -> None:
    server = msgspec.structs.replace(
        data.SERVERS[0],
        name="logistics",
        environment="qa",
        credentials=("logistics-prod", "other"),
        credential_environments={"logistics-prod": "production"},
    )
    labels = labels_of([server])
    assert labels == {
        row_id("logistics", "logistics-prod"): "production",
        row_id("logistics", "other"): "qa",
    }
    page = BUILDER.page(data.CREDENTIALS, Keychain.READY, labels)
    said = {row.row_id: row.cells[2].text for row in page.rows}
    assert said[row_id("logistics", "logistics-prod")] == "production"
    assert said[row_id("fetch", "proxy-password")] == ""
