"""Owns the secrets that only what stands before them tells: a service, a header, an element.

Which services mark their keys with nothing but a name, and what these keys look like, are facts
that gitleaks' rules state (MIT); the notation is ours. Names that every program uses (`auth`,
`api`, `session`) count only before a value that chance wrote, and never before a hash or a UUID.
"""

import re
from collections.abc import Iterator
from functools import cache

from keyturn.inspection.secret_kinds import Kind, Span, engine, large_engine
from keyturn.inspection.secret_likeness import is_hash_or_id, looks_random
from keyturn.inspection.secret_names import could_be_secret

# Names, and what the keys look like: alphabets of `_FORMS` with their lengths.
_SERVICES = """
adafruit bittrex codecov droneci fastly flickr nytimes discord privateai private_ai : low32
algolia asana bitbucket facebook finicity linear adobe : low32
airtable : low17
alibaba twitch plaid : low30
asana etsy kucoin looker plaid : low24
atlassian confluence jira finnhub finicity looker : low20-24
cloudflare gitter datadog zendesk sendbird launchdarkly meraki cohere okta netlify : low37-46
contentful : low43
dropbox : low15 low64
freshbooks coinbase confluent bitbucket discord sentry sumo sumologic : low64
newrelic new_relic new-relic : low64
jfrog artifactory bintray xray : low64 low73
heroku hubspot kucoin sendbird snyk squarespace messagebird message_bird : uuid
intercom : low60
kraken : low80-90
linkedin linked_in confluent sumo sumologic : low14-16
lob sonar : low31-45
mailchimp mailgun : low32-64
mattermost messagebird message_bird twitter : low25-26
rapidapi twitter : low45-50
travis : low22
telegram telegr : colon30-60
twitter : colon34-120
yandex : low38-44
typeform beamer gocardless mapbox : low32-90
contribsys : colon17
"""
_FORM = re.compile(r"(low|uuid|colon)(\d+)?(?:-(\d+))?\Z")
_FORMS = {"low": r"[\w=+/.-]", "colon": r"[\w=+/.:%-]"}
_UUID = r"[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}"

_LOOSE = (
    r"access|auth|api|bearer|cert|credential|creds|dsn|[_.-]key|licen[cs]e|login|pass"
    r"|salt|session|sid|sig|webhook"
)
_LEAST = 12
_FEWEST_DIFFERENT = 5
_SHORTEST = 4
_LONGEST_BEFORE = 24
_OF_A_NAME = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-"
_QUOTES = frozenset((b'"', b"'", b"`"))
_VALUE = re.compile(
    rf"""[=>?:|]{{0,2}}[ \t\r\n]{{0,8}}["'`\\]{{0,3}}([\w+/=.~%:-]{{{_LEAST},160}})""".encode(),
    re.ASCII,
)
"""What stands between the sign that assigns and the value, and the value."""
_ENDS_NAME = re.compile(rb"""["'`\\=:>,?|\s]""")
# What is called an identifier, a version or a place is none, whatever service it is of.
_HARMLESS = re.compile(
    rb"(?:^|[_.-]|(?<=[a-z])(?=[A-Z]))(?i:ids?|app|sha\d*|commit|hash|digest|checksum|md5|etag|version"
    rb"|release|revision|rev|build|ref|branch|tag|ur[li]|host|domain|endpoint|region|zone|name"
    rb"|project|org|team|user|account|channel|email|guid|uuid|type|path|file|size|length|count"
    rb"|pub|public|fingerprint|algorithm|alg|cache|primary|foreign|partition|sort|pair)\Z"
)
_PUBLIC_NAME = re.compile(
    rb"(?i)(?:public|primary|foreign|partition|cache|sort|idempotency|(?<!bit)bucket|schema|sequence|hot|idx"
    rb"|natural|issuer|object|row|group|i18n|translation|message)[_.-]?key"
    rb"|key[_.-]?(?:id|name|down|up|press|code|board|word|frame|pair|stone|ring|hash)"
    rb"|access(?:ibility|or)|author(?!iz)|capital|api[_.-]?version|csrf|webhook[_.-]?id"
)
_OF_A_COUNT = 8
"""Names without a secret that cost as much as one candidate of another kind."""
_WITH_A_VALUE = 2
"""How many of these cost as much as one whose value had to be looked at."""

_AUTHORIZATION = (
    r"""(?i)(?:authorization["'`\\]*[ \t]*[:=,][ \t]*["'`\\]*(?:[a-z][\w-]*[ \t]+)?"""
    r"""|(?:^|[^\w-])bearer[ \t]+)[\w+/=.~:-]{8,}"""
)
_LAST_RUN = re.compile(rb"[\w+/=.~:-]{8,}\Z", re.ASCII)
_ELEMENT = (
    r"(?i)<[\w:.-]*(?:password|passwd|passphrase|secret|token|api[_-]?key|private[_-]?key"
    r"|access[_-]?key|credentials?)[\w-]*(?:[ \t][^<>]*)?>\s*[^<>\s][^<>]*</"
)
_ATTRIBUTE = (
    r"""(?i)(?:key|name)=["'][^"'<>]{0,60}(?:password|secret|token|api[_-]?key)["']\s+"""
    r"""value=["'][^"'<>]{4,}["']"""
)
_USER = r"""(?:[ \t]-u|[ \t]--user)(?:[ \t=]|[ \t]*["'])[ \t]*["']?[^\s"':]+:[^\s"']{3,}"""
# As Go, Rust, Kotlin and TypeScript declare: a name, its type, and then the value.
_DECLARED = (
    r"(?i)(?:password|passwd|secret|token|(?:api|auth|access|private|signing)_?key)\w*"
    r"(?:[ \t]+|[ \t]*:[ \t]*)(?:&(?:'static )?)?(?:string|str)\??[ \t]*=[ \t]*"
    r"""["`][^"`\n]{4,}["`]"""
)


def service_facts() -> Iterator[tuple[str, str, int, int]]:
    """Yield of each service its name, and the letters and the least and most length of its keys."""
    for line in _SERVICES.strip().splitlines():
        names, written = line.split(" : ")
        for form in map(_FORM.match, written.split()):
            assert form is not None, line
            least, most = int(form[2] or 36), int(form[3] or form[2] or 36)
            yield from ((name, form[1], least, most) for name in names.split())


def _services() -> dict[bytes, str]:
    """Return a pattern of what the keys of each service look like."""
    forms: dict[bytes, str] = {}
    for name, letters, least, most in service_facts():
        of = _UUID if letters == "uuid" else f"{_FORMS[letters]}{{{least},{most}}}"
        known = forms.get(name.encode())
        forms[name.encode()] = f"{known}|{of}" if known else of
    return forms


_BY_SERVICE = _services()
_DIGIT = re.compile(rb"[0-9]")
_NAMES = "|".join(sorted((re.escape(name.decode()) for name in _BY_SERVICE), reverse=True))
# A word of its own: `sumOf` and `lobby` are no services.
_SERVICE = re.compile(rf"((?i:{_NAMES}))(?![a-z])".encode())
_PLAIN_TOKEN = re.compile(rb"[\w+/-]+={0,2}", re.ASCII)
"""Without points and colons, which versions, domains and coordinates have."""
# The names, and up to what assigns: what else must be there Python looks at, because every length
# that RE2 counts multiplies the states that it needs for a list of names.
_CALLED = (
    rf"""(?i)(?:{_NAMES}|{_LOOSE})[\w.-]*"""
    r"""(?:["'`\\]*[ \t]*[=:>?|]|["'`][ \t]*,)"""
)


@cache
def _form_of(service: bytes) -> re.Pattern[bytes]:
    return re.compile(_BY_SERVICE[service].encode(), re.ASCII)


def _called(data: bytes) -> Iterator[Span | None]:
    """Find values that are a service's key by its name, or random behind a name of secrets."""
    work = 0
    for match in large_engine(_CALLED).finditer(data):
        begin, end = match.span(0)
        found = _VALUE.match(data, end)
        value = found[1].rstrip(b".:") if found is not None else b""
        before = data[max(0, begin - _LONGEST_BEFORE) : begin]
        kind = _kind(before, data[begin:end], value) if value else None
        if found is not None and kind is not None:
            start = found.start(1)
            yield Span(start, start + len(value), kind, quoted=_in_json(data, begin, start))
            continue
        work += _WITH_A_VALUE if value else 1
        while work >= _OF_A_COUNT:
            work -= _OF_A_COUNT
            yield None


def _in_json(data: bytes, begin: int, start: int) -> bool:
    """Tell whether a bare value stands behind a name in double quotes."""
    return data[start - 1 : start] not in _QUOTES and b'"' in data[begin:start]


def _kind(before: bytes, name: bytes, value: bytes) -> str | None:
    """Name the kind of secret that a value is behind a name; the cheapest questions first."""
    if not _DIGIT.search(value):
        return None
    if not _is_a_word(before, name):
        return None
    service = _SERVICE.match(name)
    form = _form_of(service[1].lower()) if service is not None else None
    if form is not None and form.fullmatch(value) and _is_mixed(value):
        kind = "key"
    elif _PLAIN_TOKEN.fullmatch(value) and looks_random(value) and not is_hash_or_id(value):
        kind = "secret"
    else:
        return None
    bare = _ENDS_NAME.split(name, maxsplit=1)[0]
    full = before[len(before.rstrip(_OF_A_NAME)) :] + bare
    if _HARMLESS.search(bare) is not None or _PUBLIC_NAME.search(full) is not None:
        return None
    return kind if could_be_secret(value.decode("ascii", "replace"), is_prose=False) else None


def _is_a_word(before: bytes, name: bytes) -> bool:
    """Tell whether a name begins a word: `rookTable` is nothing of Okta, `inside` no session."""
    inner = before[-1:].isalpha() and not (before[-1:].islower() and name[:1].isupper())
    return not inner or name[:4].lower() == b"pass"


def _is_mixed(value: bytes) -> bool:
    return not value.isalpha() and not value.isdigit() and len(set(value)) >= _FEWEST_DIFFERENT


def _authorized(data: bytes) -> Iterator[Span | None]:
    for match in engine(_AUTHORIZATION).finditer(data):
        begin, end = match.span(0)
        run = _LAST_RUN.search(data, begin, end)
        value = run[0] if run is not None else b""
        is_one = could_be_secret(value.decode("ascii", "replace"), is_prose=True)
        yield Span(end - len(value), end, "authorization") if value and is_one else None


def _elements(data: bytes) -> Iterator[Span | None]:
    for match in engine(_ELEMENT).finditer(data):
        begin, end = match.span(0)
        start = data.index(b">", begin) + 1
        yield _inner(data, start, end - len(b"</"))


def _attributes(data: bytes) -> Iterator[Span | None]:
    for match in engine(_ATTRIBUTE).finditer(data):
        begin, end = match.span(0)
        quote = data[end - 1 : end]
        start = data.rindex(quote, begin, end - 1) + 1
        yield _inner(data, start, end - 1)


def _inner(data: bytes, start: int, end: int) -> Span | None:
    text = data[start:end]
    start += len(text) - len(text.lstrip())
    text = text.strip()
    is_one = could_be_secret(text.decode("utf-8", "replace"), is_prose=True)
    if not is_one or len(text) < _SHORTEST:
        return None
    return Span(start, start + len(text), "element secret")


def _declarations(data: bytes) -> Iterator[Span | None]:
    for match in engine(_DECLARED).finditer(data):
        begin, end = match.span(0)
        start = data.rindex(data[end - 1 : end], begin, end - 1) + 1
        inner = _inner(data, start, end - 1)
        yield inner._replace(kind="secret") if inner is not None else None


def _users(data: bytes) -> Iterator[Span | None]:
    for match in engine(_USER).finditer(data):
        begin, end = match.span(0)
        start = data.index(b":", begin) + 1
        is_one = could_be_secret(data[start:end].decode("utf-8", "replace"), is_prose=False)
        yield Span(start, end, "password") if is_one else None


CONTEXT = (
    Kind(triggers=("(?i)authorization|bearer",), finders=(_authorized,)),
    Kind(triggers=("</",), finders=(_elements,)),
    Kind(triggers=(r"""value=["']""",), finders=(_attributes,)),
    Kind(triggers=("curl",), finders=(_users,)),
    Kind(triggers=(r"(?i)str(?:ing)?\??[ \t]*=",), finders=(_declarations,)),
    # The last, because the others say more of what they find.
    Kind(triggers=(), finders=(_called,)),
)
