"""Owns where a call may send: which of its arguments name somebody, or a place, to send to.

Read off names of arguments and forms of values, so that it marks and decides nothing: what names
no destination here may still be one. A destination is new until a call with it was allowed.
"""

import hashlib
import re
from collections import OrderedDict, deque
from collections.abc import Iterable, Iterator
from itertools import islice

import msgspec

from keyturn.domain.address import TwoReadings, host_of
from keyturn.domain.canonical import JsonObject, JsonValue
from keyturn.domain.json_pointer import escaped
from keyturn.domain.names import CONTENT, words_of

MOST_REMEMBERED = 2_000
"""Destinations of one session; beyond, the oldest are forgotten and count as new again."""
MOST_MARKED = 50
"""New destinations of one call that a card is told of."""
_MOST_VALUES = 2_000
_LONGEST = 320
"""Characters; the longest e-mail address (RFC 5321) has no more."""
_SHOWN = 60
_SENDING = frozenset(
    {"account", "address", "assignee", "attendee", "attendees", "bcc", "cc", "channel", "contact"}
    | {"dest", "destination", "email", "emails", "endpoint", "guests", "host", "hostname", "iban"}
    | {"invitee", "invitees", "member", "members", "mention", "participant", "participants"}
    | {"phone", "receiver", "recipient", "recipients", "remote", "room", "to", "user", "users"}
    | {"wallet", "webhook"}
)
_EMAIL = re.compile(r"[^\s@<>]{1,64}@[^\s@<>/]{1,255}")
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{0,20}://\S+")


class Destination(msgspec.Struct, frozen=True, kw_only=True):
    """One place that a call may send to."""

    path: str
    """JSON Pointer of the argument (RFC 6901)."""
    name: str
    """As it is compared: an address in small letters, the host of a URL, else the text."""


NOT_READ = Destination(path="", name="")
"""Stands for those of arguments that hold too much to be looked through; it is always new."""


def destinations_in(arguments: JsonObject) -> tuple[Destination, ...]:
    """Return where a call may send, each place once, `NOT_READ` the first where that is not all."""
    by_name: dict[str, Destination] = {}
    for found in _found(arguments):
        by_name.setdefault(found.name, found)
    return tuple(sorted(by_name.values(), key=lambda one: one is not NOT_READ))


def _found(arguments: JsonObject) -> Iterator[Destination]:
    waiting: deque[tuple[JsonValue, str, tuple[str, ...]]] = deque([(arguments, "", ())])
    seen = 0
    while waiting and seen < _MOST_VALUES:
        value, path, words = waiting.popleft()
        seen += 1
        if isinstance(value, dict):
            members = islice(value.items(), _MOST_VALUES + 1)
            waiting.extend((item, f"{path}/{escaped(key)}", words_of(key)) for key, item in members)
        elif isinstance(value, list):
            items = enumerate(islice(value, _MOST_VALUES + 1))
            waiting.extend((item, f"{path}/{number}", words) for number, item in items)
        elif isinstance(value, str) and (name := _name_of(value, words)):
            yield Destination(path=path, name=name)
    if waiting:
        yield NOT_READ


def _name_of(text: str, words: tuple[str, ...]) -> str:
    plain = text.strip()
    if not plain or CONTENT.intersection(words[-1:]):
        return ""
    sends = bool(_SENDING.intersection(words))
    if len(plain) > _LONGEST:
        # Many in one text, for instance: all of it tells it apart, its beginning is shown.
        return f"{plain[:_SHOWN].casefold()}… {_digest(plain)}" if sends else ""
    if _EMAIL.fullmatch(plain):
        return plain.casefold()
    if _URL.fullmatch(plain):
        return _host(plain) or plain.casefold()
    return plain.casefold() if sends else ""


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:16]


def _host(url: str) -> str:
    try:
        return host_of(url)
    except TwoReadings:
        # Nobody can say which host it is, so that it is a place of its own.
        return ""


class SeenDestinations:
    """Where the allowed calls of one session sent; bounded."""

    def __init__(self) -> None:
        self._seen: OrderedDict[str, None] = OrderedDict()

    def note(self, destinations: Iterable[Destination]) -> None:
        """Remember where an allowed call sends."""
        for one in destinations:
            if one is NOT_READ:
                continue
            self._seen[one.name] = None
            self._seen.move_to_end(one.name)
        while len(self._seen) > MOST_REMEMBERED:
            self._seen.popitem(last=False)

    def has(self, destination: Destination) -> bool:
        """Tell whether an allowed call has sent there."""
        return destination.name in self._seen
