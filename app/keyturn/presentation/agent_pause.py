"""Owns what is said of the pause of one agent: since when it holds, and what ends it."""

from keyturn.application.console_state import AgentState
from keyturn.presentation.agents import PauseSaid
from keyturn.presentation.cells import Question
from keyturn.presentation.relative_time import local_time, moment_text
from keyturn.presentation.visible_text import shown_line
from keyturn.presentation.words import Words


def pause_said(agent: AgentState, words: Words) -> PauseSaid:
    """Return the pause of an enrolled agent, or the way to one."""
    name = shown_line(agent.name, words, most=40)
    if agent.flood is None or not agent.flood.paused:
        return PauseSaid(
            intro=words("agents.pause_intro"),
            action=words("agents.pause", agent=name),
            question=None,
        )
    since = agent.flood.since
    when = moment_text(local_time(since), words) if since else ""
    return PauseSaid(
        intro=words("agents.paused_since", when=when) if when else words("agents.paused_no_date"),
        action=words("agents.pause_end"),
        question=Question(
            text=words("agents.pause_question", agent=name),
            go=words("agents.pause_go"),
            keep=words("agents.pause_keep"),
        ),
    )
