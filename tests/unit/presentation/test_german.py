"""German says everything that English says, with the same values, and nothing by accident."""

import re
import string
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyturn.domain.canonical import JsonObject
from keyturn.presentation.languages import LANGUAGES, SYSTEM, language_for
from keyturn.presentation.verbs import read_verbs
from keyturn.presentation.words import UnknownWords, Words
from tests.sources import ROOT

pytestmark = pytest.mark.requirement("A3")

TRANSLATIONS = ROOT / "resources" / "translations"
VERBS = ROOT / "resources" / "verbs.toml"
LONGEST_SENTENCE = 20
"""Words, as in English: German joins nouns into one word, so the bound is no harder to keep."""
_SAME = """
access.http access.on_agent access.on_server agents.agent agents.client agents.enrol_name
agents.host agents.pause_title agents.profile_name agents.server_placeholder
commands.language_sql credentials.server findings.at
history.agent history.by_keyturn history.key_bytes launch.diff_hash launch.repository
phrases.client phrases.definition phrases.enrolled phrases.name_uri pin_uses.of_starts
pin_uses.of_tools queue.high_risk_short rules.agent rules.export rules.import
rules.condition_path rules.name
rules.server rules.tool servers.definition servers.field_name servers.sha256
servers.transport servers.transport_http settings.language_de settings.language_en
settings.language_system settings.theme_system settings.version time.hours time.minutes
time.minutes_seconds time.seconds attention.seconds history.seconds settings.delay
tray.tip visible.character visible.repeated window.title window.title_profile
window.title_state
"""
SAME = frozenset(_SAME.split())
"""Texts with words that are the same in both languages."""
KEPT = re.compile(
    r"\b(?:CONFIRM|RESUME|SERVER|NAME=VALUE|keyturn [a-z]+|pin/\w+|_meta|SHA-256|HTTP)\b"
    r"|keychain:(?=[A-Z])|https?://"
)
COMMANDS = re.compile(r"\b(?:allow|deny|later|hide|pin t[0-2]|pin)\b|\|")
"""What a person types, or reads in a file, stays as it is."""
SENTENCE_END = re.compile(r"[.!?;] ")

Entry = str | Mapping[str, str]


def catalogue(language: str, folder: Path = TRANSLATIONS) -> dict[str, Entry]:
    found: dict[str, Entry] = {}
    for area in sorted((folder / language).glob("*.toml")):
        entries = cast("dict[str, Entry]", tomllib.loads(area.read_text(encoding="utf-8")))
        found |= {f"{area.stem}.{name}": entry for name, entry in entries.items()}
    return found


def forms(entry: Entry) -> tuple[str, ...]:
    return (entry,) if isinstance(entry, str) else tuple(entry.values())


def values_of(text: str) -> frozenset[str]:
    """Return what is put into a text, each with its format."""
    parts = string.Formatter().parse(text)
    return frozenset(f"{name}:{spec}!{conv}" for _, name, spec, conv in parts if name is not None)


def plain(text: str) -> str:
    return "".join(part for part, *_ in string.Formatter().parse(text))


def plain_of(entry: Entry) -> str:
    return "\n".join(map(plain, forms(entry)))


def all_values(entry: Entry) -> frozenset[str]:
    return frozenset[str]().union(*map(values_of, forms(entry)))


def shape(entry: Entry) -> tuple[str, ...]:
    return () if isinstance(entry, str) else tuple(sorted(entry))


ENGLISH = catalogue("en")
GERMAN = catalogue("de")
BOTH = sorted(ENGLISH.keys() & GERMAN.keys())


def texts() -> Iterator[tuple[str, str]]:
    return ((key, text) for key in BOTH for text in forms(GERMAN[key]))


def test_no_text_is_missing_and_none_is_left_over() -> None:
    missing = sorted(ENGLISH.keys() - GERMAN.keys())
    left_over = sorted(GERMAN.keys() - ENGLISH.keys())
    assert missing == [], f"add these to resources/translations/de: {', '.join(missing)}"
    assert left_over == [], f"English has no such texts any more: {', '.join(left_over)}"


def test_a_language_of_the_list_has_a_catalogue_and_a_name() -> None:
    assert sorted(LANGUAGES) == sorted(folder.name for folder in TRANSLATIONS.iterdir())
    assert {f"settings.language_{language}" for language in LANGUAGES} <= ENGLISH.keys()


def test_the_same_values_are_put_into_each_text() -> None:
    kinds = [key for key in BOTH if shape(ENGLISH[key]) != shape(GERMAN[key])]
    values = {key: (all_values(ENGLISH[key]), all_values(GERMAN[key])) for key in BOTH}
    assert kinds == [], "one of the two has no plural forms, or others"
    assert {key: both for key, both in values.items() if both[0] != both[1]} == {}


def test_every_sentence_keeps_the_rules_of_language() -> None:
    cut = ((key, sentence) for key, text in texts() for sentence in SENTENCE_END.split(text))
    assert [pair for pair in cut if len(pair[1].split()) > LONGEST_SENTENCE] == []
    said = {key: re.findall(r"\w+", plain(text).lower()) for key, text in texts()}
    assert [key for key, words in said.items() if {"ok", "ja", "bitte"} & set(words)] == []
    assert [key for key, words in said.items() if words == ["nein"]] == []
    assert [key for key, text in texts() if "!" in plain(text)] == []


def test_quotation_marks_are_german_and_closed() -> None:
    assert [key for key, text in texts() if text.count("„") != text.count("“")] == []
    # A value of JSON keeps its own.
    said = {key: re.sub(r"\{\{.*?\}\}", "", text) for key, text in texts()}
    assert [key for key, text in said.items() if "”" in text or '"' in text] == []


def test_no_english_is_left_by_accident() -> None:
    same = {
        key
        for key in BOTH
        if GERMAN[key] == ENGLISH[key] and re.search(r"[^\W\d_]", plain_of(GERMAN[key]))
    }
    assert same - SAME == set()
    assert SAME - same == set(), "these are translated by now: take them off the list"


def test_what_is_typed_or_stands_in_files_stays_as_it_is() -> None:
    def kept(entry: Entry, key: str) -> list[str]:
        found = KEPT.findall(plain_of(entry))
        if key.startswith("approver.ask_"):
            found += COMMANDS.findall(plain_of(entry))
        return sorted(found)

    both = {key: (kept(ENGLISH[key], key), kept(GERMAN[key], key)) for key in BOTH}
    assert {key: pair for key, pair in both.items() if pair[0] != pair[1]} == {}
    assert all("whole" in GERMAN[f"approver.not_{key}"] for key in ("all_here", "whole"))
    assert sum(len(pair[0]) for pair in both.values()) > 40, "it looks at nothing any more"


def test_there_are_twelve_months() -> None:
    assert len(Words(TRANSLATIONS, "de")("time.months").split()) == 12


# ---------------------------------------------------------------- the phrases of tools


def placeholders(form: str) -> list[str]:
    return sorted(re.findall(r"\{(#?/[^} ]+)", form))


def test_every_phrase_of_a_tool_has_its_german() -> None:
    data = tomllib.loads(VERBS.read_text(encoding="utf-8"))
    german = tomllib.loads(VERBS.with_name("verbs.de.toml").read_text(encoding="utf-8"))
    said = {form for tool in data["tool"] for form in tool["forms"]}
    assert sorted(said ^ set(german["forms"])) == []
    assert sorted(set(data["verbs"]) ^ set(german["verbs"])) == []
    assert [f for f, g in german["forms"].items() if placeholders(f) != placeholders(g)] == []


@pytest.mark.parametrize(
    ("tool", "arguments", "said"),
    [
        ("read_multiple_files", {"paths": ["a", "b"]}, "2 Dateien lesen"),
        ("write_file", {"path": "a"}, "eine Datei schreiben"),
        ("create_invoice", {}, "„invoice“ anlegen"),
        ("sendMessageToChannel", {}, "„message to channel“ senden"),
        ("frobnicate", {}, ""),
    ],
)
def test_a_call_is_said_in_german(tool: str, arguments: JsonObject, said: str) -> None:
    assert read_verbs(VERBS).phrase("files", tool, arguments, "de") == said


@given(tool=st.text(max_size=80))
def test_what_a_server_names_stands_in_quotation_marks(tool: str) -> None:
    phrase = read_verbs(VERBS).phrase("files", tool, {}, "de")
    if phrase not in tomllib.loads(VERBS.with_name("verbs.de.toml").read_text())["forms"].values():
        assert re.fullmatch(r"(?:„[A-Za-z0-9 ]+“ )?[a-zäöüß A-ZÄÖÜ]*", phrase)


# ---------------------------------------------------------------- which language, and its numbers


@pytest.mark.parametrize(
    ("chosen", "env", "language"),
    [
        (SYSTEM, {}, "en"),
        (SYSTEM, {"LANG": "de_DE.UTF-8"}, "de"),
        (SYSTEM, {"LANG": "de"}, "de"),
        (SYSTEM, {"LANG": "DE_at@euro"}, "de"),
        (SYSTEM, {"LANG": "fr_FR.UTF-8"}, "en"),
        (SYSTEM, {"LANG": "den_DK"}, "en"),
        (SYSTEM, {"LANG": "C.UTF-8", "LANGUAGE": "de"}, "en"),
        (SYSTEM, {"LANG": "fr_FR.UTF-8", "LANGUAGE": "it:de:en"}, "de"),
        (SYSTEM, {"LANG": "de_DE.UTF-8", "LC_MESSAGES": "en_GB.UTF-8"}, "en"),
        (SYSTEM, {"LANG": "en_GB.UTF-8", "LC_ALL": "de_DE.UTF-8"}, "de"),
        (SYSTEM, {"LANG": "de_DE.UTF-8", "LC_ALL": "C"}, "en"),
        (SYSTEM, {"LANG": "de_DE.UTF-8", "LC_ALL": ""}, "de"),
        ("en", {"LANG": "de_DE.UTF-8"}, "en"),
        ("de", {}, "de"),
        ("xx", {"LANG": "de_DE.UTF-8"}, "de"),
        ("../de", {}, "en"),
    ],
)
def test_a_choice_beats_the_system(chosen: str, env: Mapping[str, str], language: str) -> None:
    assert language_for(chosen, env) == language


@given(chosen=st.text(), lang=st.text(), languages=st.text())
def test_whatever_is_set_there_is_a_language(chosen: str, lang: str, languages: str) -> None:
    assert language_for(chosen, {"LANG": lang, "LANGUAGE": languages}) in LANGUAGES


def test_numbers_are_written_as_the_language_writes_them() -> None:
    german, english = Words(TRANSLATIONS, "de"), Words(TRANSLATIONS)
    assert (german.figure(12_345), english.figure(12_345)) == ("12.345", "12,345")
    assert (german.figure(1234.56, ",.1f"), german.figure(0.7, "g")) == ("1.234,6", "0,7")
    assert german("launch.more_files", n=1200).startswith("1.200 weitere")
    assert german("launch.files_value", n=1200, mb=1.5, hash="a.b,c") == (
        "1.200 Dateien, 1,5 MB, a.b,c"
    )


@given(value=st.text())
def test_a_text_that_looks_like_a_number_stays_as_it_is(value: str) -> None:
    assert Words(TRANSLATIONS, "de")("time.ago", duration=value) == f"vor {value}"


def test_words_change_their_language_and_keep_it_when_there_is_none() -> None:
    words = Words(TRANSLATIONS)
    assert words("topbar.protecting") == "Protecting"
    words.use("de")
    assert (words.language, words("topbar.protecting")) == ("de", "Schützt")
    with pytest.raises(UnknownWords):
        words.use("xx")
    assert (words.language, words("topbar.protecting")) == ("de", "Schützt")
    words.use("en")
    assert words("topbar.protecting") == "Protecting"
