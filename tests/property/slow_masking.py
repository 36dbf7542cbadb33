"""Finds secrets pattern by pattern over the whole text: slow, and the measure of the fast way."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol, cast

from keyturn.domain.pattern import regex
from keyturn.inspection.secret_likeness import is_placeholder
from keyturn.inspection.secret_plugins import (
    AWSKeyDetector,
    AzureStorageKeyDetector,
    DiscordBotTokenDetector,
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
    is_prefixed_with_dollar_sign,
    is_templated_secret,
)

_TAIL = re.compile(r"[\w-]*")
"""What may follow a match and belongs to it: no end of a long token may be left standing."""

_BASIC_AUTH = r"""://[^:/?#\[\]@\s"'\\]*:([^/?#\[\]@\s"'\\]+)@"""
_WEB_TOKEN = "web token"
_JWT = r"eyJ[\w=-]+\.eyJ[\w=-]+(?:\.[\w.+/=-]*)?"
# The whole block, or up to the end of the text or value when its last line is missing.
_PRIVATE_KEY = (
    r"-----BEGIN (?:[A-Z0-9 ]+ )?PRIVATE KEY(?: BLOCK)?-----"
    r"""(?:[^"']*?-----END (?:[A-Z0-9 ]+ )?PRIVATE KEY(?: BLOCK)?-----|[^"']*)"""
)
_NAMES = (
    "password|passwd|passphrase|pwd|secret|api_?key|auth_?key|access_?key|account_?key"
    "|client_?key|private_?key|service_?key|signing_?key|token|contraseña|contrasena"
)
# A name, what assigns, and the value: in double quotes as JSON writes it, in quotes that are
# themselves escaped (JSON within JSON), in single quotes, or bare.
_ASSIGNMENT = (
    rf"""(?i)([\w.-]*?)({_NAMES})([\w-]*)(\\?["'])?\s*(=>|:=|[:=])\s*"""
    r"""(?:"((?:[^"\\]|\\.){2,})"|\\["']([^"'\\]{2,})|'([^'\n]{2,})'"""
    r"""|([^\s"'\\,;&<>(){}\[\]=][^\s"'\\,;&<>(){}\[\]]{3,}))"""
)
_PREFIX, _NAME, _SUFFIX, _CLOSING, _SIGN = range(1, 6)
_QUOTED = (6, 7, 8)
_BARE = 9
# Names of positions and settings, not of secrets: `nextPageToken`, `token_count`, `password_file`.
_POSITION = re.compile(
    r"(?i)(page|next|prev|previous|cursor|continuation|cancel|progress|sync)[_-]?$"
)
_SETTING = re.compile(
    r"(?i)[_-]?(file|path|name|url|uri|type|hint|count|limit|length|policy|field|budget"
    r"|ttl|expiry|expires|expires[_-]?in|expiration|lifetime|enabled|required|header|algorithm)s?$"
)
_NO_SECRETS = frozenset({"true", "false", "null", "none", "undefined", "required", "optional"})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Span:
    start: int
    end: int
    kind: str
    secret: str
    quoted: bool = False
    """A bare JSON value: what replaces it must bring its own quotation marks."""


class _Match(Protocol):
    def group(self, group: int) -> str | None: ...

    def span(self, group: int) -> tuple[int, int]: ...


class _Finder(Protocol):
    def finditer(self, text: str) -> Iterator[_Match]: ...


class _Plugin(Protocol):
    @property
    def denylist(self) -> Iterable[re.Pattern[str]]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class _Detector:
    """One kind of secret: patterns that are tried only where one of the triggers is present."""

    kind: str
    triggers: tuple[str, ...]
    patterns: tuple[str, ...]
    group: int = 0
    """Which group of the patterns is the secret."""

    def spans(self, text: str) -> Iterator[_Span]:
        for pattern in self.patterns:
            for match in _finder(pattern).finditer(text):
                start, end = match.span(self.group)
                if self.group == 0:
                    tail = _TAIL.match(text, end)
                    end = tail.end() if tail else end
                secret = text[start:end]
                if self.kind != _WEB_TOKEN or _is_web_token(secret):
                    yield _Span(start=start, end=end, kind=self.kind, secret=secret)


def _of(plugin: object) -> tuple[str, ...]:
    """Take a plug-in's patterns as RE2 reads them: its look-aheads are what `_TAIL` does."""
    return tuple(
        ("(?i)" if pattern.flags & re.IGNORECASE else "")
        + pattern.pattern.replace(r"(?!\w)", "").replace("{50,1024}", "{50,}")
        for pattern in cast("_Plugin", plugin).denylist
    )


_AWS_KEY, _AWS_SECRET = _of(AWSKeyDetector)
_DETECTORS = (
    _Detector(kind="private key", triggers=("PRIVATE KEY",), patterns=(_PRIVATE_KEY,)),
    _Detector(
        kind="AWS access key",
        triggers=("A3T", "ABIA", "ACCA", "AKIA", "ASIA"),
        patterns=(_AWS_KEY,),
    ),
    _Detector(
        kind="AWS secret key", triggers=("aws", "AWS", "Aws"), patterns=(_AWS_SECRET,), group=1
    ),
    _Detector(
        kind="GitHub token",
        triggers=("gho_", "ghp_", "ghr_", "ghs_", "ghu_", "github_pat_"),
        patterns=(*_of(GitHubTokenDetector), r"github_pat_\w{30,}"),
    ),
    _Detector(
        kind="GitLab token",
        triggers=(
            *("GR1348941", "glagent-", "glcbt-", "gldt-", "glft-", "glimt-", "gloas-"),
            *("glpat-", "glptt-", "glrt-", "glsoat-"),
        ),
        patterns=_of(GitLabTokenDetector),
    ),
    _Detector(kind="Slack token", triggers=("xox", "hooks.slack"), patterns=_of(SlackDetector)),
    _Detector(
        kind="Stripe key",
        triggers=("k_live_", "k_test_"),
        patterns=(*_of(StripeDetector), r"[rs]k_(?:live|test)_[0-9a-zA-Z]{24}"),
    ),
    _Detector(kind=_WEB_TOKEN, triggers=("eyJ",), patterns=(_JWT,)),
    _Detector(kind="OpenAI key", triggers=("T3BlbkFJ",), patterns=_of(OpenAIDetector)),
    _Detector(kind="Anthropic key", triggers=("sk-ant-",), patterns=(r"sk-ant-[\w-]{20,}",)),
    _Detector(kind="PyPI token", triggers=("pypi-Ag",), patterns=_of(PypiTokenDetector)),
    _Detector(kind="npm token", triggers=("npm_",), patterns=(r"npm_[A-Za-z0-9]{36}",)),
    _Detector(
        kind="npm token",
        triggers=("_authToken",),
        patterns=(r"""_authToken=\s*([^\s"'\\]{8,})""",),
        group=1,
    ),
    _Detector(kind="SendGrid key", triggers=("SG.",), patterns=_of(SendGridDetector)),
    _Detector(kind="Twilio key", triggers=("AC", "SK"), patterns=_of(TwilioKeyDetector)),
    _Detector(kind="Telegram token", triggers=(":AA",), patterns=_of(TelegramBotTokenDetector)),
    _Detector(kind="Discord token", triggers=(".",), patterns=_of(DiscordBotTokenDetector)),
    _Detector(
        kind="Azure storage key", triggers=("AccountKey=",), patterns=_of(AzureStorageKeyDetector)
    ),
    _Detector(kind="password in a URL", triggers=("://",), patterns=(_BASIC_AUTH,), group=1),
)


def masked_characters(text: str) -> set[int]:
    """Return the numbers of the characters that must not be written down."""
    present = [each for each in _DETECTORS if any(trigger in text for trigger in each.triggers)]
    spans = [span for detector in present for span in detector.spans(text)]
    spans.extend(_assigned(text))
    return {number for span in spans for number in range(span.start, span.end)}


def _finder(pattern: str) -> _Finder:
    return cast("_Finder", regex(pattern))


def _is_web_token(token: str) -> bool:
    claims = ".".join(token.split(".")[:2])
    return JwtTokenDetector.is_formally_valid(claims)


def _assigned(text: str) -> Iterator[_Span]:
    """Find values that are called a password, a token or a key by the name before them."""
    for match in _finder(_ASSIGNMENT).finditer(text):
        name = (match.group(_NAME) or "").lower()
        value = next(number for number in (*_QUOTED, _BARE) if match.span(number)[0] >= 0)
        start, end = match.span(value)
        end -= value == _BARE and text[end - 1] == "`"
        secret = text[start:end]
        # The next assignment, after a name without a value.
        sign_end = match.span(_SIGN)[1]
        if (
            value == _BARE
            and "\n" in text[sign_end:start]
            and re.search(r"[\w.-]{2,}[ \t]?[=:]", text[start : end + 2], re.ASCII)
        ):
            continue
        if _names_a_secret(match, name) and _could_be_secret(secret, match, value == _BARE):
            in_json = value == _BARE and match.group(_CLOSING) == '"'
            yield _Span(start=start, end=end, kind=_kind(name), secret=secret, quoted=in_json)


def _names_a_secret(match: _Match, name: str) -> bool:
    suffix = match.group(_SUFFIX) or ""
    if _SETTING.match(suffix):
        return False
    is_position = _POSITION.search(match.group(_PREFIX) or "") is not None
    return not (name == "token" and (is_position or suffix.lower() == "s"))


def _could_be_secret(secret: str, match: _Match, bare: bool) -> bool:
    if secret.lower() in _NO_SECRETS or is_templated_secret(secret) or is_placeholder(secret):
        return False
    if is_prefixed_with_dollar_sign(secret):
        return False
    # "The secret: everything" is prose; a bare word after a colon needs more than letters.
    is_prose = bare and match.group(_SIGN) == ":" and match.group(_CLOSING) is None
    return not (is_prose and secret.rstrip(".!?").isalpha() and secret[1:].islower())


def _kind(name: str) -> str:
    for kind in ("token", "key", "secret"):
        if kind in name:
            return kind
    return "password"
