"""What an error says reaches the window in its own language, all of it."""

import re
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyturn.domain.canonical import JsonObject, JsonValue
from keyturn.domain.configuration import ServerConfig
from keyturn.domain.errors import KeyturnError, Said, ServerUnavailable, filled, said_by
from keyturn.domain.grant import fault_of_grant
from keyturn.domain.remote import HeaderFault, UrlFault, checked_launch
from keyturn.domain.rule import Effect, Rule
from keyturn.domain.rule_data import rule_from_data
from keyturn.domain.sight import rows_from_data
from keyturn.domain.tier import Tier
from keyturn.presentation.errors import AREA, error_text, said_text
from keyturn.presentation.words import Words
from tests.sources import ROOT
from tests.unit.presentation.error_sources import APART, ERRORS, leaves, literals, sites
from tests.unit.presentation.test_german import ENGLISH

pytestmark = pytest.mark.requirement("A3")

TRANSLATIONS = ROOT / "resources" / "translations"
FOREIGN = frozenset(
    {
        "application/keychain_entries.py error.parts[1]",
        "application/registry.py kept.parts[1]",
        "application/removing.py error.parts[1]",
        "application/removing.py failed.parts[1]",
        "broker/server_reviews.py error.parts[0]",
        "broker/server_reviews.py error.parts[2]",
        "storage/stores.py fault.parts[0]",
        "storage/stores.py fault.parts[2]",
        # What another error said, as it was said.
        "application/rulebook.py fault",
        "domain/remote.py fault",
        "domain/remote.py wrong",
        # Of closed sets that are looked at below.
        "approvers/console_answers.py refused",
        # A sentence of the catalogue already.
        "application/sights.py _NAME_OF_PROFILE",
        # Put together above.
        "desktop/private_files.py _cause(error)",
        "desktop/stop_sentinel.py str(error)",
        # Words of the operating system.
    }
)
"""What is no literal where an error is raised, and is said in the language all the same."""
PASSED_ON = re.compile(
    r"(domain/(condition|reading)\.py str\((found|fault|error)\)|domain/rule_data\.py sentence"
    r"|domain/errors\.py (template|str\(fault\))|presentation/errors\.py .*"
    r"|desktop/private_files\.py (path|error)"
    r"|storage/\w+\.py (cause|kind|name|agent|database|f'\{server\}/\{tool\}'|said_by\(fault\)))"
)
"""What helpers are handed: the calls of the helpers are looked at themselves."""
COMMAND = re.compile(r"chmod ")
WORD = re.compile(r"[^\W\d_]")


@pytest.fixture(scope="module")
def english() -> Words:
    return Words(TRANSLATIONS)


@pytest.fixture(scope="module")
def german() -> Words:
    return Words(TRANSLATIONS, "de")


def _rule(*, agent: str, server: str = "*", tool: str = "*") -> Rule:
    return Rule(id="r", effect=Effect.ALLOW, agent=agent, server=server, tool=tool)


def has_words(text: str) -> bool:
    return bool(WORD.search(re.sub(r"\{[^}]*\}", "", text))) and not COMMAND.match(text)


def test_nothing_that_reaches_the_window_is_untranslated(german: Words) -> None:
    texts = {site.text: site.place for site in sites() if site.text and has_words(site.text)}
    missing = {place: text for text, place in texts.items() if not german.key_of(AREA, text)}
    assert missing == {}, "add these to resources/translations/{en,de}/errors.toml"
    assert len(texts) > 250, "it looks at nothing any more"


def test_what_is_put_together_says_so_and_is_no_literal_in_disguise() -> None:
    """An f-string would lose its template: no other language could be put in its place."""
    other = {site.code for site in sites() if site.text is None}
    assert {code for code in other - FOREIGN if not PASSED_ON.fullmatch(code)} == set()
    assert FOREIGN - other == set(), "these are gone: take them off the list"


def test_every_entry_is_still_said() -> None:
    said = literals()
    entries = {key: text for key, text in ENGLISH.items() if key.startswith(f"{AREA}.")}
    assert {key: text for key, text in entries.items() if text not in said} == {}
    assert len(set(map(str, entries.values()))) == len(entries), "one text, one key"


def test_every_leaf_is_looked_at_and_every_exception_exists() -> None:
    assert leaves() == ERRORS
    app = ROOT / "app" / "keyturn"
    assert [path for path in APART if not (app / path).exists()] == []


@pytest.mark.parametrize("text", [*UrlFault, *HeaderFault])
def test_every_fault_of_an_address_has_its_german(german: Words, text: str) -> None:
    assert german.key_of(AREA, text)


def test_every_refusal_of_a_remembered_approval_has_its_german(german: Words) -> None:
    rules = (
        (_rule(agent="*"), Tier.T0),
        (_rule(agent="a", server="s", tool="t"), Tier.T2),
        (_rule(agent="a", server="s", tool="t"), Tier.T3),
    )
    faults = [fault_of_grant(rule, tier) for rule, tier in rules]
    assert all(faults)
    assert [fault for fault in faults if not german.key_of(AREA, fault)] == []


@pytest.mark.parametrize(
    "data", ["text", [1], [{}], ["no stroke"], ["call call s/n"], ["/"], ["s/n"] * 1000]
)
def test_every_fault_of_a_list_has_its_german(german: Words, data: object) -> None:
    with pytest.raises(ValueError, match=r"^[a-z]") as found:
        rows_from_data(cast("JsonValue", data))
    said = said_by(found.value)
    assert german.key_of(AREA, said.template)
    assert said_text(said, german) != str(said)


@given(name=st.text(max_size=40), cause=st.text(max_size=40))
def test_what_others_wrote_is_put_in_as_text(
    english: Words, german: Words, name: str, cause: str
) -> None:
    error = ServerUnavailable(
        filled("No server named {name} is asked at an address.", name=name), cause=cause
    )
    if german.key_of(AREA, cause):
        return
    said = f"No server named {name} is asked at an address."
    assert str(error) == " ".join(part for part in (said, cause) if part)
    assert error_text(error, english) == str(error)
    of_german = f"Kein Server namens {name} wird unter einer Adresse gefragt."
    assert error_text(error, german) == " ".join(part for part in (of_german, cause) if part)


def test_a_text_of_nobody_is_said_as_it_is(german: Words) -> None:
    error = KeyturnError("{name.__class__} {0}", cause="Permission denied: {path}", mend="")
    assert error_text(error, german) == "{name.__class__} {0} Permission denied: {path}"


def test_a_file_whose_name_is_no_text_is_said_all_the_same(german: Words) -> None:
    error = KeyturnError(filled("The file {path} cannot be read.", path="/a/\udcff"))
    assert error_text(error, german) == "Die Datei /a/\\udcff ist nicht zu lesen."


def test_what_stands_inside_a_sentence_is_said_in_its_language(german: Words) -> None:
    server = ServerConfig(name="far", command=(), url="http://example.org/x")
    with pytest.raises(KeyturnError) as found:
        checked_launch(server)
    assert error_text(found.value, german) == (
        f"Die Adresse des Servers {server.name} muss https sein, außer auf diesem Rechner."
    )
    data: JsonObject = {
        "id": "r",
        "effect": "deny",
        "when": [{"path": "/a", "op": "in", "value": 1}],
    }
    with pytest.raises(KeyturnError) as found:
        rule_from_data(data)
    assert error_text(found.value, german) == (
        "Eine Bedingung zu /a ist unbrauchbar: `in` nimmt eine Liste."
        " Die Regel richtigstellen; keine Regel wird übergangen."
    )


def test_a_part_is_said_alone(german: Words) -> None:
    assert said_text(Said("the arguments", {}), german) == "den Argumenten"
    assert said_text("Resume first.", german) == "Zuerst fortsetzen."
