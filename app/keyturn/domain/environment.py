"""Environments: which one a name or an address speaks of, and what crosses from one to another.

A label is what a person gave an agent, a server or a credential. What a text names is only read off
it: it may propose, mark, deny or raise caution, and never stands for a label.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import unquote

import msgspec

from keyturn.domain.canonical import JsonObject, JsonValue
from keyturn.domain.json_pointer import escaped

PRODUCTION = "production"
LONGEST_LABEL = 64
MOST_VALUES = 4_000
"""Values of one call that are looked at; in more of them anything may be named."""
MOST_READ = 16_000
"""Characters of one call that are read; beyond them, too."""
MOST_KEYS_READ = 6_000
"""Characters of the names of its arguments, each name counted once: more would take over 5 ms."""
LONGEST_ASIDE = 1_000
"""A longer text that does not say where a call goes is content, whatever addresses it holds."""
_PARTS = re.compile(r"[^\W\d_]+|\d+")
_TURN = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_LABEL = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}")
_REST = re.compile(r"://([^\s\"'<>]*)")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.:-]*\Z")
_LONGEST_SCHEME = 40
_AUTHORITY_ENDS = re.compile(r"[/?#\\]")
_LONGEST_KEY = 200
_UNSEEN = re.compile(
    r"[\t\r\n\u00ad\u034f\u061c\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff]"
)
"""What clients drop from an address, or nobody sees in a name."""
_NAME_PIECE = re.compile(r"[^\s/,;=@\"'()\[\]{}<>?&#]+")
_WEB = frozenset({"http", "https", "ws", "wss"})


class Through(StrEnum):
    """By what a call would reach another environment."""

    SERVER = "server"
    CREDENTIAL = "credential"
    ARGUMENT = "argument"


class Named(msgspec.Struct, frozen=True, kw_only=True):
    """A place in the arguments that names an environment."""

    path: str
    text: str
    """The piece that names it, as sent."""
    environment: str


class Crossing(msgspec.Struct, frozen=True, kw_only=True):
    """A call of an agent of one environment that would reach another."""

    agent: str
    """The agent's environment."""
    other: str
    through: Through
    named: str = ""
    """The credential, or the text among the arguments."""
    path: str = ""


class Reach(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """A pair that a person allowed: agents of the one may reach the other."""

    agent: str
    other: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentWords:
    """How environments are called; made by `environment_words`."""

    words: Mapping[str, str]
    """The environment that a word stands for."""
    joined: tuple[str, ...]
    """What such a word is written together with."""
    arguments: frozenset[str]
    """Names of arguments whose value says where a call goes."""
    forms: Mapping[str, str]
    """Every one-part spelling of a word."""
    lines: tuple[tuple[str, str], ...]
    """The words of several parts."""

    def of(self, label: str) -> str:
        """Return the environment that a label means; two spellings of one are the same."""
        plain = _plain(label).strip()
        return self.words.get(plain, plain)

    def with_labels(self, labels: Iterable[str]) -> "EnvironmentWords":
        """Return the words with every label that is in use, which stands for itself."""
        own = {plain: plain for label in labels if (plain := self.of(label))}
        return environment_words({**own, **self.words}, self.joined, self.arguments)

    def in_name(self, text: str) -> tuple[str, ...]:
        """Return the environments that the parts of a name speak of."""
        found: list[str] = []
        for parts in _readings_of(text):
            found += [self.forms[part] for part in parts if part in self.forms]
            whole = f"-{'-'.join(parts)}-" if self.lines else ""
            found += [environment for line, environment in self.lines if line in whole]
        return tuple(dict.fromkeys(found))

    def says_where(self, name: str) -> bool:
        """Tell whether an argument of this name says where a call goes."""
        readings = _readings_of(name[:_LONGEST_KEY])
        return any(part in self.arguments for parts in readings for part in parts)


def environment_words(
    words: Mapping[str, str], joined: Iterable[str], arguments: Iterable[str]
) -> EnvironmentWords:
    """Make the words ready to be looked for."""
    together = tuple(joined)
    cut = [("-".join(_parts_of(word)), environment) for word, environment in words.items()]
    forms = {
        form: environment
        for word, environment in cut
        for other in ("", *together)
        for form in (word + other, other + word)
        if "-" not in word
    }
    return EnvironmentWords(
        words=words,
        joined=together,
        arguments=frozenset(arguments),
        # A word of its own beats one that is put together.
        forms={**forms, **{word: environment for word, environment in cut if "-" not in word}},
        lines=tuple((f"-{word}-", environment) for word, environment in cut if "-" in word),
    )


@dataclass(frozen=True, slots=True)
class Places:
    """What arguments name, and whether all of them could be looked at."""

    named: tuple[Named, ...] = ()
    unclear: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """The environments around a call, each as `EnvironmentWords.of` writes it; empty for none."""

    agent: str = ""
    server: str = ""
    credentials: tuple[tuple[str, str], ...] = ()
    """Names of those that the server is given and that have an environment, and that one."""

    @property
    def known(self) -> bool:
        """Tell whether anything around the call has a label."""
        return bool(self.agent or self.server or self.credentials)


def is_label(text: str) -> bool:
    """Tell whether a text can be the name of an environment."""
    if not text:
        return True
    # A name of signs only has no word that could be looked for, and any would be one of them.
    return _LABEL.fullmatch(text) is not None and any(map(str.isalnum, text))


def places_in(arguments: JsonObject, words: EnvironmentWords) -> Places:
    """Find what names an environment where a call says where it goes, and in every address."""
    found: list[Named] = []
    keys = _Keys(words)
    looked_at = read = 0
    waiting: list[tuple[str, JsonValue, bool]] = [("", arguments, False)]
    while waiting:
        path, value, says = waiting.pop()
        size = len(value) if isinstance(value, list | dict) else 1
        looked_at += size
        texts = _texts_at(value, says_where=says)
        read += sum(map(len, texts))
        if looked_at > MOST_VALUES or read > MOST_READ or keys.over:
            return Places(tuple(found), unclear=True)
        for text in texts:
            found += _named(path, pieces_of(text, says_where=says), words)
        waiting += _inside(path, value, says, keys)
    return Places(tuple(found), unclear=keys.over)


def crossing_of(around: Surroundings, places: Places, allowed: Iterable[Reach]) -> Crossing | None:
    """Return the crossing of a call that no allowed pair covers; None where there is none.

    An agent without an environment crosses nothing.
    """
    if not around.agent:
        return None
    reached = {reach.other for reach in allowed if reach.agent == around.agent}
    within = {"", around.agent, *reached}
    for crossing in _reached(around, places):
        if crossing.other not in within:
            return crossing
    return None


def differing(around: Surroundings, places: Places) -> tuple[Named, ...]:
    """Return what names another environment than the one that the server is labelled with."""
    if not around.server:
        return ()
    return tuple(one for one in places.named if one.environment != around.server)


def touches_production(around: Surroundings, places: Places) -> bool:
    """Tell whether a call reaches production by any way that is known."""
    return PRODUCTION in (
        around.server,
        *(environment for _, environment in around.credentials),
        *(one.environment for one in places.named),
    )


def pieces_of(text: str, *, says_where: bool) -> tuple[str, ...]:
    """Return the names in a text that say where something is.

    Of an address these are its host and, where it is no page, what it opens there, never the name
    and password of who goes. Other words count only where the text `says_where` a call goes.
    """
    plain = unicodedata.normalize("NFKC", text)
    pieces: list[str] = []
    for reading in dict.fromkeys((plain, _UNSEEN.sub("", plain))):
        beside: list[str] = []
        at = 0
        for found in _REST.finditer(reading):
            scheme = _SCHEME.search(
                reading[max(at, found.start() - _LONGEST_SCHEME) : found.start()]
            )
            if scheme is not None:
                pieces += _pieces_of_address(scheme[0].casefold(), found[1])
                beside.append(reading[at : found.start() - len(scheme[0])])
                at = found.end()
        if says_where:
            pieces += _NAME_PIECE.findall(" ".join((*beside, reading[at:])))
    return tuple(dict.fromkeys(pieces))


def _pieces_of_address(scheme: str, rest: str) -> Iterator[str]:
    """Yield the host, and what clients that cut the address elsewhere take for it."""
    end = _AUTHORITY_ENDS.search(rest)
    place = rest[: end.start()] if end is not None else rest
    yield unquote(place).rpartition("@")[2]
    yield unquote(place.rpartition("@")[2])
    after = unquote(rest[len(place) :])
    if "@" in after or "\\" in after:
        yield from _NAME_PIECE.findall(after)
    if scheme not in _WEB:
        path, _, query = after.removeprefix("/").partition("?")
        yield path.partition("/")[0]
        yield from _NAME_PIECE.findall(query)


def _reached(around: Surroundings, places: Places) -> Iterator[Crossing]:
    yield Crossing(agent=around.agent, other=around.server, through=Through.SERVER)
    for name, environment in around.credentials:
        yield Crossing(
            agent=around.agent, other=environment, through=Through.CREDENTIAL, named=name
        )
    for one in places.named:
        yield Crossing(
            agent=around.agent,
            other=one.environment,
            through=Through.ARGUMENT,
            named=one.text,
            path=one.path,
        )


def _texts_at(value: JsonValue, *, says_where: bool) -> tuple[str, ...]:
    """Return the texts of a value that are read: itself, or its keys where they say where."""
    if isinstance(value, str):
        aside = len(value) <= LONGEST_ASIDE and "://" in value
        return (value,) if says_where or aside else ()
    return tuple(value) if says_where and isinstance(value, dict) else ()


class _Keys:
    """The names of arguments in one call: each is read once, as rows of a table repeat them."""

    def __init__(self, words: EnvironmentWords) -> None:
        self._words = words
        self._known: dict[str, bool] = {}
        self._read = 0

    @property
    def over(self) -> bool:
        """Whether there were more names than are read."""
        return self._read > MOST_KEYS_READ

    def says_where(self, name: str) -> bool:
        """Tell whether an argument of this name says where a call goes."""
        known = self._known.get(name)
        if known is None:
            self._read += min(len(name), _LONGEST_KEY)
            known = not self.over and self._words.says_where(name)
            self._known[name] = known
        return known


def _inside(
    path: str, value: JsonValue, says: bool, keys: _Keys
) -> Iterator[tuple[str, JsonValue, bool]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield f"{path}/{escaped(key)}", inner, says or keys.says_where(key)
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield f"{path}/{number}", inner, says


def _named(path: str, texts: Iterable[str], words: EnvironmentWords) -> Iterator[Named]:
    for text in texts:
        for environment in words.in_name(text):
            yield Named(path=path, text=text[:LONGEST_LABEL], environment=environment)


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def _parts_of(text: str) -> list[str]:
    """Cut a name into its words and numbers, in small letters."""
    spaced = _TURN.sub("-", unicodedata.normalize("NFKC", text))
    return _PARTS.findall(spaced.casefold())


def _readings_of(text: str) -> list[list[str]]:
    """Cut a name at its capitals, and as who tells no cases apart reads it."""
    cut, whole = _parts_of(text), _PARTS.findall(_plain(text))
    return [cut] if cut == whole else [cut, whole]
