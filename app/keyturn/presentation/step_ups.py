"""Words for step-up: what changed around an agent, since when, and what its calls take."""

from dataclasses import dataclass
from typing import Final

from keyturn.application.agent_messages import ChangeState, RaisedState
from keyturn.domain.step_up import NO_LABEL, Cause, Takes
from keyturn.presentation.cells import Notice
from keyturn.presentation.marks import Role
from keyturn.presentation.relative_time import local_time, moment_text
from keyturn.presentation.visible_text import shown_line
from keyturn.presentation.words import Words

_LONGEST: Final = 120
_NAMED: Final = 3
_CAUSES: Final = {
    Cause.DRIFT.value: "agents.raised_drift",
    Cause.NEW_TOOL.value: "agents.raised_new_tool",
    Cause.LAUNCH.value: "agents.raised_launch",
    Cause.VALUES.value: "agents.raised_values",
    Cause.CLOSURE.value: "agents.raised_closure",
    Cause.ISSUER.value: "agents.raised_issuer",
    Cause.HOST.value: "agents.raised_host",
    Cause.PROGRAM.value: "agents.raised_program",
}
_TAKES: Final = {
    Takes.CLICK: "agents.raised_takes_name",
    Takes.NAME: "agents.raised_takes_name",
    Takes.PIN: "agents.raised_takes_pin",
    Takes.BOTH: "agents.raised_takes_two",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RaisedLine:
    """One thing that changed, and where it is looked at."""

    text: str
    server: str
    """Empty where it is the agent's own program."""
    tool: str
    """Empty where it is the server's, or several tools'."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RaisedSaid:
    """Why an agent is raised, in its pane."""

    intro: str
    lines: tuple[RaisedLine, ...]
    shown: str
    """To be sent back once somebody has looked; empty where there is nothing to look at here."""


def raised_said(raised: RaisedState | None, words: Words) -> RaisedSaid | None:
    """Return why an agent is raised; None for one that is not."""
    if raised is None:
        return None
    key = "agents.raised_intro" if raised.changes else "agents.raised_unsure"
    return RaisedSaid(
        intro=words(key),
        lines=tuple(_line(change, words) for change in raised.changes),
        shown=raised.shown,
    )


def raised_notice(raised: RaisedState | None, takes: Takes, words: Words) -> Notice | None:
    """Return the line over the card of a call that takes more for it."""
    if raised is None:
        return None
    changes = raised.changes
    first = raised_text(changes[0], words) if changes else words("agents.raised_unsure")
    more = len(changes) - 1
    rest = [first, *([words("agents.raised_more", n=more)] if more > 0 else [])]
    return Notice(
        strong=words(_TAKES[takes]),
        rest=" ".join(rest),
        role=Role.WARNING,
        action=words("agents.raised_look"),
    )


def raised_text(change: ChangeState, words: Words) -> str:
    """Say what changed, and since when nobody has looked at it."""
    named = change.names[:_NAMED]
    names = ", ".join(shown_line(name, words, most=_LONGEST) for name in named)
    more = len(change.names) - len(named) + change.more
    if more > 0:
        names = words("agents.raised_names_more", names=names, n=more)
    server = shown_line(change.server, words, most=_LONGEST)
    when = _when(change.since, words)
    if change.cause == Cause.ENVIRONMENT.value:
        # Nobody but a person in the window labels a server.
        gone = named == (NO_LABEL,)
        key = "agents.raised_no_environment" if gone else "agents.raised_environment"
        return words(key, server=server, names=names, when=when)
    key = _CAUSES[change.cause]
    if change.cause == Cause.PROGRAM.value and not names:
        key = "agents.raised_no_program"
    if change.cause == Cause.CLOSURE.value and named == (change.server,):
        key = "agents.raised_closure_unknown"
    said = words(key, server=server, names=names)
    return words("agents.raised_since", said=said, when=when)


def _line(change: ChangeState, words: Words) -> RaisedLine:
    of_tools = change.cause in (Cause.DRIFT.value, Cause.NEW_TOOL.value)
    alone = of_tools and len(change.names) == 1 and not change.more
    return RaisedLine(
        text=raised_text(change, words),
        server=change.server,
        tool=change.names[0] if alone else "",
    )


def _when(since: str, words: Words) -> str:
    try:
        return moment_text(local_time(since), words)
    except ValueError:
        return since
