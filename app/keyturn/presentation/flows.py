"""Owns what a card says of secrets among a call's arguments: what was read, where and when."""

from collections.abc import Iterator

from keyturn.application.approval_request import ApprovalRequest
from keyturn.domain.canonical import JsonObject
from keyturn.domain.flow import Flow, flows_from_data
from keyturn.presentation.card import CommandLine
from keyturn.presentation.marks import Icon, Role
from keyturn.presentation.relative_time import local_time, moment_text
from keyturn.presentation.visible_text import shown_line
from keyturn.presentation.words import Words

MOST_LINES = 6
_LONGEST = 60


def told_flows(details: JsonObject, agent: str, words: Words) -> str:
    """Return what a record says of secrets in a call of an agent; empty where it says nothing."""
    found = flows_from_data(details.get("flows")).found
    return "; ".join(_said(flow, agent, words) for flow in found[:MOST_LINES])


def flow_lines(request: ApprovalRequest, words: Words) -> tuple[CommandLine, ...]:
    """Return a line for each secret that the call would carry on, the first ones only."""
    lines = list(_lines(request, words))
    more = len(lines) - MOST_LINES
    if more > 0:
        lines[MOST_LINES:] = [_warning(words("flows.more", n=more))]
    return tuple(lines)


def _lines(request: ApprovalRequest, words: Words) -> Iterator[CommandLine]:
    for flow in request.flows.found:
        yield _warning(_said(flow, request.agent, words))
    if request.flows.incomplete:
        yield _warning(words("flows.incomplete"))


def _said(flow: Flow, asks: str, words: Words) -> str:
    """Name the argument, the kind of secret, and what gave it to whom."""
    names = {
        "path": shown_line(flow.path, words, most=_LONGEST),
        "kind": flow.kind,
        "server": flow.server,
        "tool": shown_line(flow.tool, words, most=_LONGEST) or words("flows.no_tool"),
        "agent": flow.agent,
    }
    if flow.result:
        return words("flows.from_result", n=flow.result, **names)
    names["when"] = moment_text(local_time(flow.at), words)
    same = flow.agent == asks
    return words("flows.read_earlier" if same else "flows.read_by_another", **names)


def _warning(text: str) -> CommandLine:
    return CommandLine(role=Role.WARNING, icon=Icon.LEAVES_MACHINE, text=text)
