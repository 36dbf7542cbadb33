"""Owns the verb phrases of tools: the local catalogue, and what can be read from a tool's name.

The words of a server or an agent never become part of a phrase, except values and names that are
short and plain; everything else is left for the caller to quote.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import cast

from keyturn.domain.canonical import JsonValue
from keyturn.domain.errors import ConfigurationError
from keyturn.domain.pattern import name_matches
from keyturn.presentation.json_nodes import value_at
from keyturn.presentation.own_toml import parsed

_PLAIN_VALUE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:@/+-]{0,39}")
_PLAIN_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.:/ -]{0,63}")
_NAME_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_PLACEHOLDER = re.compile(r"\{(?P<count>#)?(?P<path>/[^} ]+)(?: (?P<nouns>[^}]*))?\}")
_MOST_WORDS = 7
_REMEMBERED = 512
"""Tools whose entries are at hand: a queue of a hundred calls asks for few, each several times."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolPhrase:
    """What the catalogue says of the tools that a name covers."""

    names: tuple[str, ...]
    servers: tuple[str, ...]
    forms: tuple[str, ...]
    decisive: tuple[str, ...]

    def covers(self, server: str, tool: str) -> bool:
        """Tell whether the entry speaks of this tool."""
        return any(name_matches(name, tool) for name in self.names) and any(
            name_matches(name, server) for name in self.servers
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """The words that a tool's name is read with."""

    verbs: frozenset[str]
    needs_object: frozenset[str]
    uncountable: frozenset[str]
    singular: frozenset[str]
    determiners: frozenset[str]
    prepositions: frozenset[str]
    acronyms: frozenset[str]
    takes_an: frozenset[str]
    takes_a: frozenset[str]
    decisive: frozenset[str]
    reads: frozenset[str]
    changes: frozenset[str]
    reaches: frozenset[str]
    reaching_arguments: frozenset[str]
    address_arguments: frozenset[str]
    sending_arguments: frozenset[str]
    guarded: frozenset[str]
    untrusted: frozenset[str]
    private: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class VerbLanguage:
    """How another language says the phrases: by English form, by English verb, by what it names."""

    forms: Mapping[str, str]
    verbs: Mapping[str, str]
    named: str
    """A template of `noun` and `verb`."""

    def phrase(self, verb: str, noun: str) -> str:
        """Return what is read from a tool's name; the noun stays as the server has it."""
        said = self.verbs.get(verb, verb)
        return self.named.format(noun=noun, verb=said) if noun else said


class Verbs:
    """The catalogue `resources/verbs.toml`, and what other languages say for its phrases."""

    def __init__(
        self,
        tools: tuple[ToolPhrase, ...],
        vocabulary: Vocabulary,
        languages: Mapping[str, VerbLanguage] | None = None,
    ) -> None:
        self._tools = tools
        self._languages = languages or {}
        self._about = lru_cache(maxsize=_REMEMBERED)(self._find)
        self.vocabulary = vocabulary

    def phrase(self, server: str, tool: str, arguments: JsonValue, language: str = "en") -> str:
        """Return "write a file" for a call; empty when neither catalogue nor name says it."""
        spoken = self._languages.get(language)
        for entry in self._about(server, tool):
            if entry.forms:
                forms = [spoken.forms.get(f, f) for f in entry.forms] if spoken else entry.forms
                return next(filter(None, (_filled(form, arguments) for form in forms)), "")
        return self._named_phrase(server, tool, spoken)

    def decisive_paths(self, server: str, tool: str) -> tuple[str, ...]:
        """Return the pointers of the arguments that the catalogue calls decisive."""
        for entry in self._about(server, tool):
            if entry.decisive:
                return entry.decisive
        return ()

    def _find(self, server: str, tool: str) -> tuple[ToolPhrase, ...]:
        return tuple(entry for entry in self._tools if entry.covers(server, tool))

    def _named_phrase(self, server: str, tool: str, spoken: VerbLanguage | None) -> str:
        if not _PLAIN_NAME.fullmatch(tool):
            return ""
        words = name_words(tool)
        prefix = name_words(server)
        if prefix and words[: len(prefix)] == prefix:
            words = words[len(prefix) :]
        if not 0 < len(words) <= _MOST_WORDS or words[0] not in self.vocabulary.verbs:
            return ""
        if len(words) == 1 and words[0] in self.vocabulary.needs_object:
            return ""
        if spoken is not None:
            return spoken.phrase(words[0], " ".join(words[1:]))
        return " ".join([words[0], *self._with_articles(words[1:])])

    def _with_articles(self, words: list[str]) -> list[str]:
        """Put an article before each noun of "file to folder"."""
        told: list[str] = []
        noun: list[str] = []
        for word in words:
            if word in self.vocabulary.prepositions:
                told += [*self._noun(noun), word]
                noun = []
            else:
                noun.append(word)
        return told + self._noun(noun)

    def _noun(self, words: list[str]) -> list[str]:
        vocabulary = self.vocabulary
        spelled = [word.upper() if word in vocabulary.acronyms else word for word in words]
        if not words or words[0] in vocabulary.determiners or words[0].isdigit():
            return spelled
        last = words[-1]
        plural = last.endswith("s") and last not in vocabulary.singular and last[-2:] != "ss"
        if plural or last in vocabulary.uncountable:
            return spelled
        vowel = words[0][0] in "aeiou" and words[0] not in vocabulary.takes_a
        return ["an" if vowel or words[0] in vocabulary.takes_an else "a", *spelled]


def name_words(name: str) -> list[str]:
    """Cut "createPullRequest", "create-pull-request" into small words."""
    return [word.lower() for word in _NAME_WORD.findall(name)]


def read_verbs(file: Path) -> Verbs:
    """Read the catalogue; raises ConfigurationError when the file is not what it should be."""
    data = parsed(file.read_text(encoding="utf-8"))
    rows = data.get("tool", [])
    if not isinstance(rows, list):
        raise _unusable(file, "tool is no list of tables")
    tools = tuple(_tool_phrase(file, row) for row in cast("list[object]", rows))
    sets = {name: frozenset(_texts(file, data, name)) for name in Vocabulary.__dataclass_fields__}
    others = {path.name.split(".")[1]: path for path in file.parent.glob(f"{file.stem}.*.toml")}
    return Verbs(
        tools,
        Vocabulary(**sets),
        {language: _verb_language(path) for language, path in others.items()},
    )


def _verb_language(file: Path) -> VerbLanguage:
    data = parsed(file.read_text(encoding="utf-8"))
    named = data.get("named")
    if not isinstance(named, str):
        raise _unusable(file, "named is no text")
    return VerbLanguage(
        forms=_text_table(file, data, "forms"), verbs=_text_table(file, data, "verbs"), named=named
    )


def _text_table(file: Path, data: Mapping[str, object], name: str) -> Mapping[str, str]:
    table = data.get(name)
    if isinstance(table, dict):
        entries = cast("dict[str, object]", table)
        if all(isinstance(text, str) for text in entries.values()):
            return cast("dict[str, str]", entries)
    raise _unusable(file, f"{name} is no table of texts")


def _tool_phrase(file: Path, row: object) -> ToolPhrase:
    if not isinstance(row, dict):
        raise _unusable(file, "an entry of tool is no table")
    entry = cast("dict[str, object]", row)
    return ToolPhrase(
        names=_texts(file, entry, "names"),
        servers=_texts(file, entry, "servers") if "servers" in entry else ("*",),
        forms=_texts(file, entry, "forms"),
        decisive=_texts(file, entry, "decisive") if "decisive" in entry else (),
    )


def _texts(file: Path, table: Mapping[str, object], name: str) -> tuple[str, ...]:
    items = table.get(name)
    if isinstance(items, list):
        texts = [item for item in cast("list[object]", items) if isinstance(item, str)]
        if len(texts) == len(cast("list[object]", items)):
            return tuple(texts)
    raise _unusable(file, f"{name} is no list of texts")


def _unusable(file: Path, cause: str) -> ConfigurationError:
    return ConfigurationError(
        f"The catalogue {file.name} cannot be used.",
        cause=f"{cause}.",
        mend="Install Keyturn again.",
    )


def _filled(form: str, arguments: JsonValue) -> str:
    """Fill a form's placeholders; empty when one of them cannot be filled honestly."""
    filled: list[str] = []
    at = 0
    for found in _PLACEHOLDER.finditer(form):
        text = _placed(found, arguments)
        if not text:
            return ""
        filled += [form[at : found.start()], text]
        at = found.end()
    return "".join([*filled, form[at:]])


def _placed(found: re.Match[str], arguments: JsonValue) -> str:
    try:
        value = value_at(arguments, found["path"])
    except KeyError:
        return ""
    if found["count"]:
        return _counted(value, found["nouns"] or "")
    if isinstance(value, str) and _PLAIN_VALUE.fullmatch(value):
        return value
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else ""


def _counted(value: JsonValue, nouns: str) -> str:
    number = len(value) if isinstance(value, list) else value
    if isinstance(number, bool) or not isinstance(number, int) or number < 0:
        return ""
    one, _, many = nouns.partition("|")
    return f"{number} {one if number == 1 else many}"
