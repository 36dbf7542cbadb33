"""Owns what is noticed about a definition (its words, its name, whom it names) and a command."""

import re
from collections.abc import Iterator, Sequence
from itertools import islice

from keyturn.application.ports.scrutiny import KnownNames
from keyturn.domain.command import CommandTable, read_command
from keyturn.domain.command_row import RunKind
from keyturn.domain.definition import Said, ToolDefinition, said_of
from keyturn.domain.finding import LONGEST_WORDS, Finding, FindingKind
from keyturn.domain.json_texts import texts_of
from keyturn.domain.package_name import (
    KnownServer,
    Likeness,
    likeness,
    package_of,
    runs_it_alone,
)
from keyturn.inspection.look_alikes import LONGEST_COMPARED, Alphabet, NameIndex
from keyturn.inspection.wording import MOST_FINDINGS, MOST_READ, SuspiciousWords

_COMPOUND = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:[_.-][A-Za-z0-9]+)+|[a-z0-9]+[A-Z][A-Za-z0-9]*")
"""A name that is no word of any language."""
_QUOTED = re.compile(r"[`'\"\u2018\u201c]([A-Za-z0-9_.-]{3,128})[`'\"\u2019\u201d]")
_ODD = re.compile(r"[^A-Za-z0-9_.\-/]")
"""What a tool's name should not hold (specification 2025-11-25, server/tools, "Tool names"); some
servers part theirs with a slash."""
_MOST_TOKENS = 2_000
_LIKENESS = {
    Likeness.LISTED: FindingKind.LISTED,
    Likeness.RESEMBLES: FindingKind.LIKE_LISTED,
    Likeness.UNKNOWN: FindingKind.UNLISTED,
}


class DefinitionScrutiny:
    """Implements `Scrutiny`."""

    def __init__(
        self,
        words: SuspiciousWords,
        alphabet: Alphabet,
        known_servers: tuple[KnownServer, ...] = (),
        commands: CommandTable | None = None,
    ) -> None:
        """Without `commands` no command names a package."""
        self._commands = commands or CommandTable()
        self._words = words
        self._known_servers = known_servers
        self._alphabet = alphabet

    def of_command(self, argv: Sequence[str], env_names: Sequence[str]) -> tuple[Finding, ...]:
        """Return what a command's package is to the list, or that it names none, or is none."""
        if not argv:
            return (Finding(kind=FindingKind.REMOTE, words=""),)
        reading = read_command(argv, env_names, self._commands)
        package = package_of(reading)
        if package is None:
            image = reading.kind is RunKind.CONTAINER
            kind = FindingKind.IMAGE if image else FindingKind.NO_PACKAGE
            return (Finding(kind=kind, words=""),)
        found, which = likeness(package, self._known_servers)
        if found is Likeness.LISTED and not runs_it_alone(reading, package):
            found = Likeness.UNKNOWN
        other = which.package.name if which is not None else ""
        publisher = which.publisher if which is not None else ""
        return (
            Finding(
                kind=_LIKENESS[found],
                words=package.name[:LONGEST_WORDS],
                server=publisher if found is Likeness.LISTED else other,
            ),
        )

    def known_names(self) -> NameIndex:
        """Return an empty set of names."""
        return NameIndex(self._alphabet)

    def findings(
        self, definition: ToolDefinition, server: str, known: KnownNames
    ) -> tuple[Finding, ...]:
        """Return what is noticed, the gravest first."""
        found = list(islice(self._words.found_in(definition.body), 2 * MOST_FINDINGS))
        if isinstance(known, NameIndex):
            found += _of_name(definition.name, server, known)
            found += _named_within(definition, server, known)
        kinds = list(FindingKind)
        found.sort(key=lambda finding: kinds.index(finding.kind))
        return tuple(found[:MOST_FINDINGS])


def _of_name(name: str, server: str, known: NameIndex) -> Iterator[Finding]:
    if said_of(name) in (Said.INSTRUCTIONS, Said.TEMPLATE):
        # The one has no name, the other an address that its server reads.
        return
    odd = _ODD.findall(name[:LONGEST_COMPARED]) if said_of(name) is None else []
    if odd:
        # Whatever another letter is drawn like: a name with one is not the name it looks like.
        words = " ".join(dict.fromkeys(odd))
        yield Finding(kind=FindingKind.ODD_NAME, words=words[:LONGEST_WORDS], place="/name")
    alike = known.resembled(name, server)
    if alike is not None:
        yield Finding(
            kind=FindingKind.RESEMBLES,
            words=alike.name[:LONGEST_WORDS],
            place="/name",
            server=alike.owner,
        )
    for other in sorted(known.owners_of(name) - {server})[:1]:
        yield Finding(
            kind=FindingKind.ALSO_OFFERED, words=name[:LONGEST_WORDS], place="/name", server=other
        )


def _named_within(definition: ToolDefinition, server: str, known: NameIndex) -> Iterator[Finding]:
    """Yield the tools of other servers, and of no own name, that the texts speak of."""
    said: set[str] = set()
    for token in islice(_tokens(definition), _MOST_TOKENS):
        owners = known.owners_of(token)
        if owners and server not in owners and token not in said:
            said.add(token)
            yield Finding(
                kind=FindingKind.OTHER_TOOL, words=token[:LONGEST_WORDS], server=min(owners)
            )


def _tokens(definition: ToolDefinition) -> Iterator[str]:
    left = MOST_READ
    body = {key: value for key, value in definition.body.items() if key != "name"}
    for text in texts_of(body):
        read = text[:left]
        yield from (token.group()[:LONGEST_COMPARED] for token in _COMPOUND.finditer(read))
        yield from (token.group(1) for token in _QUOTED.finditer(read))
        left -= len(text)
        if left <= 0:
            return
