"""The help's pages: every link leads somewhere, every heading is found, German says as much."""

import re
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from keyturn.presentation.help_pages import (
    KEYS,
    MOST_FOUND,
    PAGES,
    HelpPages,
    HelpPlace,
    Section,
    anchor_of,
    linked,
    place_of,
    sections,
)
from keyturn.presentation.languages import LANGUAGES
from keyturn.presentation.words import Words
from tests.sources import ROOT

HELP = ROOT / "resources" / "help"
TRANSLATIONS = ROOT / "resources" / "translations"
FIRST_MET = {
    *("first-approval", "waiting", "history", "flows", "touches", "access-review"),
    "environments",
}
LINK = re.compile(r"\]\(([^)]+)\)")


def texts() -> dict[tuple[str, str], str]:
    """Return every page by language and name."""
    found = {("en", path.stem): path for path in HELP.glob("*.md")}
    found |= {(path.parent.name, path.stem): path for path in HELP.glob("*/*.md")}
    return {key: path.read_text(encoding="utf-8") for key, path in found.items()}


TEXTS = texts()
OTHERS = sorted(key for key in TEXTS if key[0] != "en")


def pages(language: str = "en") -> HelpPages:
    return HelpPages(HELP, Words(TRANSLATIONS, language))


def anchors(name: str) -> list[str]:
    return [section.anchor for section in sections(TEXTS["en", name])]


def links(text: str, name: str) -> list[HelpPlace | None]:
    return [linked(link, on=name) for link in LINK.findall(text)]


def test_the_list_has_every_page_and_no_other() -> None:
    assert {name for language, name in TEXTS if language == "en"} == set(PAGES)
    for language in LANGUAGES:
        titles = [pages(language).title(name) for name in PAGES]
        assert len(set(titles)) == len(titles)


def test_every_link_leads_to_a_heading_that_there_is() -> None:
    places = [(key, place) for key, text in TEXTS.items() for place in links(text, key[1])]
    dead = [
        (key, place)
        for key, place in places
        if place is None or (place.anchor and place.anchor not in anchors(place.name))
    ]
    assert dead == []
    assert len(places) > 8, "it looks at nothing any more"
    assert KEYS.anchor in anchors(KEYS.name)


def test_each_heading_has_an_anchor_of_its_own() -> None:
    for name in PAGES:
        assert len(set(anchors(name))) == len(anchors(name)), name
        assert all(anchors(name)), name


def test_a_line_of_code_is_no_heading() -> None:
    text = "# A\n\n```sh\n# not B\n```\n\n## What `x` does, and C's\n\nend"
    assert [(one.level, one.heading, one.anchor) for one in sections(text)] == [
        (1, "A", "a"),
        (2, "What `x` does, and C's", "what-x-does-and-cs"),
    ]
    assert "not B" in sections(text)[0].text


def test_what_is_met_first_is_there_in_german() -> None:
    assert [name for language, name in OTHERS if language == "de"] == sorted(FIRST_MET)


@pytest.mark.parametrize(("language", "name"), OTHERS)
def test_a_translation_has_the_same_shape(language: str, name: str) -> None:
    def shape(text: str) -> tuple[object, ...]:
        levels = [section.level for section in sections(text)]
        marks = (r"^\|", r"^ *(?:-|\d+\.) ", r"^```")
        parts = [len(re.findall(mark, text, re.MULTILINE)) for mark in marks]
        return levels, parts, links(text, name)

    assert shape(TEXTS[language, name]) == shape(TEXTS["en", name])
    assert TEXTS[language, name] != TEXTS["en", name]
    codes = [re.findall(r"`([a-z_.:-]+)`", TEXTS[one, name]) for one in (language, "en")]
    assert sorted(set(codes[0])) == sorted(set(codes[1])), "what is typed is typed so in German too"


def test_where_there_is_no_german_the_english_is_shown_and_said_to_be() -> None:
    german = pages("de")
    assert {name for name in PAGES if german.page(name).is_translated} == FIRST_MET
    assert all(pages().page(name).is_translated for name in PAGES)
    assert german.page("matrix").text == TEXTS["en", "matrix"]
    assert german.page("flows").sections[1].heading == "Die Lampen"
    assert german.page("flows").sections[1].anchor == "the-lamps"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_heading_is_found_by_its_words(language: str) -> None:
    helped = pages(language)

    def is_found(name: str, place: int, section: Section) -> bool:
        wanted = HelpPlace(name, section.anchor if place else "")
        return wanted in [one.place for one in helped.found(section.heading)]

    missed = [
        (name, section.heading)
        for name in PAGES
        for place, section in enumerate(helped.page(name).sections)
        if not is_found(name, place, section)
    ]
    assert missed == []


def test_all_the_words_have_to_stand_there_in_any_case_and_over_lines() -> None:
    helped = pages()
    (first, *_) = helped.found("UNTRUSTED  values")
    assert first.place == HelpPlace("flows", "values-from-untrusted-text")
    assert first.heading == "Values from untrusted text"
    assert helped.found("untrusted zzzz") == ()
    assert helped.found("  ") == helped.found("`|") == ()
    assert len(helped.found("e")) <= MOST_FOUND


@given(link=st.text() | st.from_regex(r"(\.\./|/|file:|https?://)?[a-z./-]{0,20}(\.md)?(#\w*)?"))
@example("https://example.com/flows.md")
@example("../../flows.md")
@example("/etc/flows.md")
@example("file:flows.md")
@example("flows.md?x")
def test_a_link_leads_to_a_page_of_the_list_or_nowhere(link: str) -> None:
    place = linked(link, on="flows")
    if place is None:
        return
    assert place.name in PAGES
    assert place_of(place.row_id) == place
    assert re.fullmatch(r"((\.\./|[a-z]{2}/)?[a-z-]+\.md)?(#[\w-]+)?", link)


def test_an_anchor_is_made_as_the_pages_are_linked_elsewhere() -> None:
    assert anchor_of("What a server's command is, and what it loads") == (
        "what-a-servers-command-is-and-what-it-loads"
    )
    assert Path(HELP / "security-model.md").is_file()
