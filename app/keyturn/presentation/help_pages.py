"""Owns the help: which pages there are, what their headings are, and where words of it stand.

Every text is one of Keyturn's own files. Nothing that an agent or a server says comes into it.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

from keyturn.presentation.words import FALLBACK_LANGUAGE, Words

FIRST: Final = "first-approval"
PAGES: Final[Mapping[str, str]] = {
    FIRST: "help.first_approval",
    "waiting": "help.waiting",
    "history": "help.history",
    "flows": "help.flows",
    "touches": "help.touches",
    "commands": "help.commands",
    "results": "help.results",
    "check-input": "help.check_input",
    "access-review": "help.access_review",
    "environments": "help.environments",
    "http": "help.http",
    "matrix": "help.matrix",
    "security-model": "help.security_model",
}
"""The pages in the order of the list, with the key of their titles."""
MOST_FOUND: Final = 100
_LINK = re.compile(r"(?P<path>(?:\.\./|[a-z]{2}/)?[a-z-]+\.md)?(?:#(?P<anchor>[\w-]+))?")
_HEADING = re.compile(r"(?P<marks>#{1,6}) +(?P<text>.+)")
_FENCE = re.compile(r" {0,3}(?:```|~~~)")
_NO_PART_OF_AN_ANCHOR = re.compile(r"[^\w\- ]")
_MARKS = re.compile(r"[*`|\\]|\]\([^)]*\)|\[|^ *[-:]{3,}", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class HelpPlace:
    """A page, and a heading of it by the anchor of its English; no anchor is the page's top."""

    name: str
    anchor: str = ""

    @property
    def row_id(self) -> str:
        """Return the place as a row of a list is named."""
        return f"{self.name}#{self.anchor}" if self.anchor else self.name


KEYS: Final = HelpPlace(FIRST, "by-keyboard-and-with-a-screen-reader")


@dataclass(frozen=True)
class Section:
    """What stands under one heading; without the headings below it."""

    level: int
    heading: str
    anchor: str
    text: str
    """As Markdown."""

    @cached_property
    def plain(self) -> str:
        """Return heading and text to search in: without marks, in small letters, in one line."""
        return _plain(f"{self.heading} {self.text}")


@dataclass(frozen=True, slots=True)
class HelpPage:
    """One page in the language of the reader, or in English where it has no other."""

    name: str
    title: str
    text: str
    """As Markdown."""
    sections: tuple[Section, ...]
    """By heading, in their order."""
    is_translated: bool


@dataclass(frozen=True, slots=True)
class Found:
    """A place where all the words that were looked for stand."""

    place: HelpPlace
    title: str
    """Of the page."""
    heading: str
    """Empty for what stands under the page's own."""


class HelpPages:
    """The pages of one folder, read when they are first asked for.

    `folder` holds `<name>.md` in English, and `<language>/<name>.md` for those that are translated.
    """

    def __init__(self, folder: Path, words: Words) -> None:
        self._folder = folder
        self._words = words
        self._read: dict[tuple[str, str], HelpPage] = {}

    def title(self, name: str) -> str:
        """Return what a page is called in the reader's words."""
        return self._words(PAGES[name])

    def page(self, name: str) -> HelpPage:
        """Return a page of `PAGES`."""
        key = (name, self._words.language)
        if key not in self._read:
            self._read[key] = self._page(name)
        return self._read[key]

    def found(self, query: str) -> tuple[Found, ...]:
        """Return where all words of `query` stand, at most `MOST_FOUND` places.

        Places whose heading has them come first; else the order is that of the pages.
        """
        wanted = _plain(query).split()
        if not wanted:
            return ()
        places = [
            (_rank(section, wanted), Found(*self._place_of(name, number, section)))
            for name in PAGES
            for number, section in enumerate(self.page(name).sections)
            if all(word in section.plain for word in wanted)
        ]
        places.sort(key=lambda pair: pair[0])
        return tuple(found for _, found in places[:MOST_FOUND])

    def _place_of(self, name: str, number: int, section: Section) -> tuple[HelpPlace, str, str]:
        if number == 0:
            return HelpPlace(name), self.title(name), ""
        return HelpPlace(name, section.anchor), self.title(name), section.heading

    def _page(self, name: str) -> HelpPage:
        english = (self._folder / f"{name}.md").read_text(encoding="utf-8")
        translated = self._folder / self._words.language / f"{name}.md"
        text = english
        if self._words.language != FALLBACK_LANGUAGE and translated.is_file():
            text = translated.read_text(encoding="utf-8")
        # A link leads to the same place in every language.
        anchors = [section.anchor for section in sections(english)]
        own = (
            Section(one.level, one.heading, anchor, one.text)
            for one, anchor in zip(sections(text), anchors, strict=True)
        )
        return HelpPage(
            name=name,
            title=self.title(name),
            text=text,
            sections=tuple(own),
            is_translated=text is not english or self._words.language == FALLBACK_LANGUAGE,
        )


def place_of(row_id: str) -> HelpPlace:
    """Return the place that a row of a list is named after."""
    name, _, anchor = row_id.partition("#")
    return HelpPlace(name, anchor)


def linked(link: str, *, on: str) -> HelpPlace | None:
    """Return where a link on the page `on` leads; None for what is no place of the help."""
    match = _LINK.fullmatch(link)
    if match is None or not link:
        return None
    path = match["path"]
    name = on if path is None else path.rpartition("/")[2].removesuffix(".md")
    return HelpPlace(name, match["anchor"] or "") if name in PAGES else None


def anchor_of(heading: str) -> str:
    """Return what a heading is linked by, as GitHub makes it."""
    plain = heading.replace("`", "").lower()
    return _NO_PART_OF_AN_ANCHOR.sub("", plain).strip().replace(" ", "-")


def sections(text: str) -> tuple[Section, ...]:
    """Cut a page of Markdown at its headings; a line of a block of code is none."""
    return tuple(
        Section(level, heading, anchor_of(heading), "\n".join(lines))
        for level, heading, lines in _cut(text)
    )


def _cut(text: str) -> Iterator[tuple[int, str, list[str]]]:
    level, heading, lines, is_code = 0, "", list[str](), False
    for line in text.splitlines():
        is_code ^= bool(_FENCE.match(line))
        match = None if is_code else _HEADING.fullmatch(line)
        if match is None:
            lines.append(line)
            continue
        if level:
            yield level, heading, lines
        level, heading, lines = len(match["marks"]), match["text"], []
    yield level, heading, lines


def _plain(text: str) -> str:
    return " ".join(_MARKS.sub("", text).casefold().split())


def _rank(section: Section, wanted: list[str]) -> int:
    heading = _plain(section.heading)
    return 0 if all(word in heading for word in wanted) else 1
