"""Says in words what was noticed about a definition, and where; the words found are quoted."""

from collections.abc import Iterator

from keyturn.application.approval_request import ApprovalRequest, RequestKind
from keyturn.domain.finding import Finding, FindingKind
from keyturn.presentation.card import Chip, CommandLine, Pair
from keyturn.presentation.marks import Icon, Role
from keyturn.presentation.servers import ChangeLine
from keyturn.presentation.visible_text import shown_line
from keyturn.presentation.words import Words

_LONGEST = 400
_KEYS = {
    FindingKind.ORDER: "findings.order",
    FindingKind.SECRECY: "findings.secrecy",
    FindingKind.KEY_PATH: "findings.key_path",
    FindingKind.ENCODED: "findings.encoded",
    FindingKind.PADDING: "findings.padding",
    FindingKind.OTHER_TOOL: "findings.other_tool",
    FindingKind.RESEMBLES: "findings.resembles",
    FindingKind.ODD_NAME: "findings.odd_name",
    FindingKind.ADDRESS: "findings.address",
    FindingKind.ALSO_OFFERED: "findings.also_offered",
    FindingKind.LIKE_LISTED: "findings.like_listed",
    FindingKind.LISTED: "findings.listed",
    FindingKind.UNLISTED: "findings.unlisted",
    FindingKind.NO_PACKAGE: "findings.no_package",
    FindingKind.IMAGE: "findings.image",
    FindingKind.REMOTE: "findings.remote",
}


def finding_text(finding: Finding, words: Words) -> str:
    """Return one finding in a sentence."""
    text = words(_KEYS[finding.kind], words=finding.words, server=finding.server)
    return words("findings.at", text=text, place=finding.place) if finding.place else text


def command_pairs(findings: tuple[Finding, ...], words: Words) -> Iterator[Pair]:
    """Yield what a command's package is to the list of well-known servers."""
    for finding in findings:
        yield Pair(key=words("findings.list"), value=finding_text(finding, words))


def card_lines(request: ApprovalRequest, words: Words) -> Iterator[CommandLine]:
    """Yield what a card says at once of a tool's definition: what raises caution."""
    if request.kind in (RequestKind.DEFINITION, RequestKind.CHANGE):
        for finding in filter(lambda one: one.raises_caution, request.findings):
            text = shown_line(finding_text(finding, words), words, most=_LONGEST)
            yield CommandLine(role=Role.WARNING, icon=Icon.ATTENTION, text=text)


def finding_lines(findings: tuple[Finding, ...], words: Words) -> Iterator[ChangeLine]:
    """Yield a line for each finding."""
    for finding in findings:
        cautious = finding.raises_caution
        yield ChangeLine(
            icon=Icon.ATTENTION if cautious else Icon.LOOK,
            role=Role.WARNING if cautious else Role.NEUTRAL,
            text=words(_KEYS[finding.kind], words=finding.words, server=finding.server),
            place=finding.place,
        )


def finding_chips(findings: tuple[Finding, ...], words: Words) -> Iterator[Chip]:
    """Yield one chip that says how many findings raise caution, where any does."""
    cautious = sum(finding.raises_caution for finding in findings)
    if cautious:
        text = words("findings.chip", n=cautious)
        yield Chip(role=Role.WARNING, icon=Icon.ATTENTION, text=text)
