"""Owns the kinds of secrets that are told by their form, and how each is found in UTF-8 bytes.

Most patterns are those of detect-secrets' plug-ins; nothing is verified over the network, and
nothing is guessed from entropy, which would mask hashes, UUIDs and public keys. Where a plug-in
finds only the start of a secret the pattern is ours.

A pattern runs on RE2, so that no text can stall it, or on Python's engine where it is a literal
and then a bounded repeat of one class: for these Python looks at each byte a bounded number of
times, while RE2 has to make a state for every mixture of beginnings that a hostile text holds.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple, Protocol, cast

from keyturn.domain.pattern import regex
from keyturn.inspection.secret_plugins import (
    AWSKeyDetector,
    AzureStorageKeyDetector,
    GitHubTokenDetector,
    GitLabTokenDetector,
    JwtTokenDetector,
    OpenAIDetector,
    PypiTokenDetector,
    SendGridDetector,
    SlackDetector,
    StripeDetector,
    TelegramBotTokenDetector,
    TwilioKeyDetector,
)


class Span(NamedTuple):
    """Where a secret stands, in bytes."""

    start: int
    end: int
    kind: str
    quoted: bool = False
    """A bare JSON value: what replaces it must bring its own quotation marks."""
    encoded: bool = False
    """It stands there in base64: its last characters say nothing."""


Finder = Callable[[bytes], Iterator[Span | None]]
"""Yields None for what looked like a secret and is none, so that the work can be counted."""


class _Match(Protocol):
    def span(self, group: int) -> tuple[int, int]: ...


class _Engine(Protocol):
    def finditer(self, text: bytes) -> Iterator[_Match]: ...


class _Windowed(Protocol):
    def search(self, text: bytes) -> object | None: ...


class _Anchored(Protocol):
    def match(self, text: bytes, pos: int) -> _Match | None: ...


class _Plugin(Protocol):
    @property
    def denylist(self) -> Iterable[re.Pattern[str]]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of secret, looked for only where one of the triggers is present."""

    triggers: tuple[str, ...]
    """Short patterns, all of which are looked for in one pass; none for what is always tried."""
    finders: tuple[Finder, ...]


def engine(pattern: str) -> _Engine:
    """Return RE2's form of a pattern, for bytes."""
    return cast("_Engine", regex(pattern))


def large_engine(pattern: str) -> _Engine:
    """Return the same for a long list of alternatives."""
    return cast("_Engine", regex(pattern, 8 << 20))


_TAIL = re.compile(rb"[\w-]*")
_ASCII_END = 0x80
_BASIC_AUTH = r"""://[^:/?#\[\]@\s"'\\]*:[^/?#\[\]@\s"'\\]+@"""
_NPM_SETTING = re.compile(rb"""_authToken=[\t\n\f\r ]*([^\t\n\f\r "'\\]{8,})""")
_JWT = r"eyJ[\w=-]+\.eyJ[\w=-]+(?:\.[\w.+/=-]*)?"
# The whole block, or up to the end of the text or value when its last line is missing.
_PRIVATE_KEY = (
    r"-----BEGIN (?:[A-Z0-9 ]+ )?PRIVATE KEY(?: BLOCK)?-----"
    r"""(?:[^"']*?-----END (?:[A-Z0-9 ]+ )?PRIVATE KEY(?: BLOCK)?-----|[^"']*)"""
)
# The rare part first, what must stand before it after that: the plug-in's own patterns begin with
# what a hostile text is full of.
_DISCORD = re.compile(
    rb"\.(?=[\w-]{6}\.[\w-]{27})(?:(?<=([MNO][\w-]{25})\.)|(?<=([MNO][\w-]{24})\.)"
    rb"|(?<=([MNO][\w-]{23})\.))[\w-]{6}\.[\w-]{27}"
)
_AWS_QUOTED = re.compile(rb"""['"]([0-9a-zA-Z/+]{40})(?=['"])""")
_AWS_BEFORE = r"(?i)aws.{0,20}?(?:key|pwd|pw|password|pass|token).{0,20}\z"
_AWS_WINDOW = 4 * 52
"""Bytes in which the longest of `_AWS_BEFORE` stands, whatever its characters."""


def tail_of(data: bytes, end: int) -> int:
    """Return where what follows a match and belongs to it ends: no end of a long token may stay.

    Letters and digits of any writing, as the look-aheads of the plug-ins mean it.
    """
    tail = _TAIL.match(data, end)
    end = tail.end() if tail is not None else end
    if end < len(data) and data[end] >= _ASCII_END:
        more = cast("_Anchored", regex(r"[\pL\pN_-]*")).match(data, end)
        return more.span(0)[1] if more is not None else end
    return end


def _whole(kind: str, found: _Engine, data: bytes) -> Iterator[Span]:
    """Find matches that are secrets as a whole, with their tails."""
    tail_end = 0
    for match in found.finditer(data):
        start, end = match.span(0)
        # Within the last one's tail it ends where that ends: no byte is looked at twice.
        tail_end = tail_end if end <= tail_end else tail_of(data, end)
        yield Span(start, tail_end, kind)


def _npm_settings(data: bytes) -> Iterator[Span]:
    for match in _NPM_SETTING.finditer(data):
        yield Span(*match.span(1), "npm token")


def _url_passwords(data: bytes) -> Iterator[Span]:
    for match in engine(_BASIC_AUTH).finditer(data):
        start, end = match.span(0)
        yield Span(data.index(b":", start + len("://")) + 1, end - 1, "password in a URL")


def _web_tokens(data: bytes) -> Iterator[Span | None]:
    for span in _whole("web token", engine(_JWT), data):
        yield None  # it is read as JSON, so it counts twice
        claims = b".".join(data[span.start : span.end].split(b".")[:2])
        yield span if _is_web_token(claims) else None


def _is_web_token(claims: bytes) -> bool:
    try:
        return JwtTokenDetector.is_formally_valid(claims.decode())
    except RecursionError:
        return True  # nested so deeply that nobody can say: masked


def _aws_secrets(data: bytes) -> Iterator[Span | None]:
    before = regex(_AWS_BEFORE)
    for match in _AWS_QUOTED.finditer(data):
        start, end = match.span(1)
        window = data[max(0, start - 1 - _AWS_WINDOW) : start - 1]
        found = cast("_Windowed", before).search(window) is not None
        yield Span(start, end, "AWS secret key") if found else None


def _discord_tokens(data: bytes) -> Iterator[Span]:
    tail_end = 0
    for match in _DISCORD.finditer(data):
        end = match.end()
        tail_end = tail_end if end <= tail_end else tail_of(data, end)
        yield Span(match.start(match.lastindex or 0), tail_end, "Discord token")


def _of(plugin: object) -> tuple[str, ...]:
    """Take a plug-in's patterns as RE2 reads them: its look-aheads are what a tail is for."""
    return tuple(
        ("(?i)" if pattern.flags & re.IGNORECASE else "")
        + pattern.pattern.replace(r"(?!\w)", "").replace("{50,1024}", "{50,}")
        for pattern in cast("_Plugin", plugin).denylist
    )


def _re2(kind: str, *patterns: str) -> tuple[Finder, ...]:
    return tuple(partial(_whole, kind, engine(pattern)) for pattern in patterns)


def _bounded(kind: str, *patterns: str) -> tuple[Finder, ...]:
    compiled = (re.compile(pattern.encode()) for pattern in patterns)
    return tuple(partial(_whole, kind, cast("_Engine", pattern)) for pattern in compiled)


_AWS_KEY, _ = _of(AWSKeyDetector)
KINDS = (
    Kind(triggers=("PRIVATE KEY",), finders=_re2("private key", _PRIVATE_KEY)),
    Kind(
        triggers=("A3T", "ABIA", "ACCA", "AKIA", "ASIA"),
        finders=_bounded("AWS access key", _AWS_KEY),
    ),
    Kind(triggers=("(?i)aws",), finders=(_aws_secrets,)),
    Kind(
        triggers=("gho_", "ghp_", "ghr_", "ghs_", "ghu_", "github_pat_"),
        finders=_bounded("GitHub token", *_of(GitHubTokenDetector), r"github_pat_\w{30,}"),
    ),
    Kind(
        triggers=(
            *("GR1348941", "glagent-", "glcbt-", "gldt-", "glft-", "glimt-", "gloas-"),
            *("glpat-", "glptt-", "glrt-", "glsoat-"),
        ),
        finders=_bounded("GitLab token", *_of(GitLabTokenDetector)),
    ),
    Kind(triggers=("xox", r"hooks\.slack"), finders=_re2("Slack token", *_of(SlackDetector))),
    Kind(
        triggers=("k_live_", "k_test_"),
        finders=_re2("Stripe key", *_of(StripeDetector), r"[rs]k_(?:live|test)_[0-9a-zA-Z]{24}"),
    ),
    Kind(triggers=("eyJ",), finders=(_web_tokens,)),
    Kind(triggers=("T3BlbkFJ",), finders=_re2("OpenAI key", *_of(OpenAIDetector))),
    Kind(triggers=("sk-ant-",), finders=_bounded("Anthropic key", r"sk-ant-[\w-]{20,}")),
    Kind(triggers=("pypi-Ag",), finders=_bounded("PyPI token", *_of(PypiTokenDetector))),
    Kind(triggers=("npm_",), finders=_bounded("npm token", r"npm_[A-Za-z0-9]{36}")),
    Kind(triggers=("_authToken=",), finders=(_npm_settings,)),
    Kind(triggers=(r"SG\.",), finders=_bounded("SendGrid key", *_of(SendGridDetector))),
    Kind(triggers=("AC", "SK"), finders=_bounded("Twilio key", *_of(TwilioKeyDetector))),
    Kind(triggers=(":AA",), finders=_re2("Telegram token", *_of(TelegramBotTokenDetector))),
    Kind(triggers=(r"\.",), finders=(_discord_tokens,)),
    Kind(
        triggers=("AccountKey=",),
        finders=_bounded("Azure storage key", *_of(AzureStorageKeyDetector)),
    ),
    Kind(triggers=("://",), finders=(_url_passwords,)),
)
