"""Words what a card says of the secrets among its arguments, and keeps them out of other texts."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice
from typing import Final

from keyturn.application.approval_request import ApprovalRequest
from keyturn.domain.address import TwoReadings, host_of
from keyturn.domain.destinations import destinations_in
from keyturn.presentation.card import (
    CommandLine,
    DiffRow,
    ExcerptLine,
    SourceExcerpt,
    TracedSpan,
)
from keyturn.presentation.concealed import Concealed
from keyturn.presentation.hidden_secrets import HiddenSecrets
from keyturn.presentation.json_nodes import read_json
from keyturn.presentation.marks import Icon, Role
from keyturn.presentation.visible_text import shown_line
from keyturn.presentation.words import Words

MOST_NAMED: Final = 4
"""Credentials, and hosts, that a line names; of more it says how many."""
_MOST_ADDRESSES: Final = 50
_LONGEST: Final = 80
_HOST = re.compile(r"(?:[^\s@/]{1,64}@)?(?:[\w-]{1,63}\.){1,20}[\w-]{2,63}(?::\d{1,5})?")
"""A host or a mail address, as a destination is named."""
_ADDRESS = re.compile(r"""[A-Za-z][A-Za-z0-9+.-]{0,20}://[^\s"'\\<>|;]{1,2000}""")


def hidden_text(hidden: HiddenSecrets, words: Words) -> str:
    """Say how many secrets are hidden; empty for none."""
    return words("card.hidden", n=hidden.count) if hidden.count else ""


def secret_lines(
    request: ApprovalRequest, hidden: HiddenSecrets, words: Words
) -> tuple[CommandLine, ...]:
    """Return the lines about stored credentials, and about what nobody looked for."""
    return tuple(_lines(request, hidden, words))


def without_secrets(lines: Iterable[CommandLine], hidden: HiddenSecrets) -> tuple[CommandLine, ...]:
    """Return lines that name parts of the arguments without what is hidden of these."""
    return tuple(replace(line, text=hidden.scrubbed(line.text)) for line in lines)


def moved_spans(spans: Iterable[TracedSpan], shown: Concealed) -> tuple[TracedSpan, ...]:
    """Return stretches of a true text as stretches of what is shown of it."""
    if not shown.masks:
        return tuple(spans)
    return tuple(
        TracedSpan(start=shown.place(span.start), end=shown.end_place(span.end)) for span in spans
    )


def rows_without_secrets(rows: tuple[DiffRow, ...], hidden: HiddenSecrets) -> tuple[DiffRow, ...]:
    """Return the lines of a difference without what is hidden of both sides."""
    if not hidden.anything:
        return rows
    return tuple(_row(row, hidden.line(row.text)) for row in rows)


def excerpts_without_secrets(
    excerpts: tuple[SourceExcerpt, ...], hidden: HiddenSecrets
) -> tuple[SourceExcerpt, ...]:
    """Return places in earlier results without what is hidden of the arguments."""
    if not hidden.anything:
        return excerpts
    return tuple(
        replace(
            excerpt, lines=tuple(_line(line, hidden.excerpt(line.text)) for line in excerpt.lines)
        )
        for excerpt in excerpts
    )


def _row(row: DiffRow, shown: Concealed) -> DiffRow:
    if not shown.masks:
        return row
    changed = tuple((shown.place(start), shown.end_place(end)) for start, end in row.changed)
    return replace(row, text=shown.text, masks=shown.masks, changed=changed)


def _line(line: ExcerptLine, shown: Concealed) -> ExcerptLine:
    if not shown.masks:
        return line
    spans = moved_spans(line.spans, shown)
    return replace(line, text=shown.text, masks=shown.masks, spans=spans)


def _lines(request: ApprovalRequest, hidden: HiddenSecrets, words: Words) -> Iterator[CommandLine]:
    hosts = _listed(_hosts(request, hidden), words)
    for name in hidden.credentials[:MOST_NAMED]:
        said = shown_line(name, words, most=_LONGEST)
        if said:
            key = "card.sends_credential_to" if hosts else "card.sends_credential"
        else:
            key = "card.sends_some_credential_to" if hosts else "card.sends_some_credential"
        yield _warning(words(key, name=said, host=hosts))
    more = len(hidden.credentials) - MOST_NAMED
    if more > 0:
        yield _warning(words("card.sends_more_credentials", n=more))
    if not request.secrets.all_looked_at or not request.meta_secrets.all_looked_at:
        yield _warning(words("card.secrets_not_looked_for"))
    if not request.secrets.all_tried or not request.meta_secrets.all_tried:
        yield _warning(words("card.credentials_not_tried"))
    if not hidden.are_all:
        yield _warning(words("card.secrets_not_hidden"))


def _hosts(request: ApprovalRequest, hidden: HiddenSecrets) -> list[str]:
    """Return the server's host and those that the arguments name, each once."""
    if not hidden.credentials:
        return []
    found = islice(_ADDRESS.finditer(hidden.starred()), _MOST_ADDRESSES)
    addresses = (request.server_url, *(one.group() for one in found))
    subject = read_json(request.arguments)
    places = destinations_in(subject) if isinstance(subject, dict) else ()
    named = (place.name for place in places if _HOST.fullmatch(place.name))
    return list(dict.fromkeys(filter(None, (*map(_host, addresses), *named))))


def _host(address: str) -> str:
    try:
        return host_of(address)
    except TwoReadings:
        return address


def _listed(names: list[str], words: Words) -> str:
    told = ", ".join(shown_line(name, words, most=_LONGEST) for name in names[:MOST_NAMED])
    more = len(names) - MOST_NAMED
    return words("card.hosts_and_more", names=told, n=more) if more > 0 else told


def _warning(text: str) -> CommandLine:
    return CommandLine(role=Role.WARNING, icon=Icon.CREDENTIAL, text=text)
