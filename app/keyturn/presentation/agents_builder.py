"""Builds the agents' screen from the broker's state; claims and observations stay apart."""

import shlex
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final
from urllib.parse import quote

from keyturn.application.console_state import AgentState, ServerState
from keyturn.application.sight_intents import ProfileState
from keyturn.domain.lamps import Lamps, lamps_from_letters
from keyturn.presentation.access import overdue_notice
from keyturn.presentation.agent_pause import pause_said
from keyturn.presentation.agents import (
    AgentDetail,
    AgentsPage,
    CommandLine,
    Launch,
    OverHttp,
)
from keyturn.presentation.card import Chip, Lamp, Pair
from keyturn.presentation.cells import Cell, ListRow, Notice, Proposal, Question, marked
from keyturn.presentation.marks import Icon, IconText, Role
from keyturn.presentation.profiles import profile_said
from keyturn.presentation.relative_time import month_text
from keyturn.presentation.result_controls import budgets_view
from keyturn.presentation.sights import sight_said
from keyturn.presentation.step_ups import raised_said
from keyturn.presentation.words import Words

_LAMP_WORDS: Final = {
    Lamps.U: ("phrases.lamp_u", "phrases.lamp_u_short"),
    Lamps.P: ("phrases.lamp_p", "phrases.lamp_p_short"),
    Lamps.X: ("phrases.lamp_x", "phrases.lamp_x_short"),
}
_ALIKE: Final = str.maketrans(
    {
        "0": "o",
        "1": "l",
        "i": "l",
        "|": "l",
        "5": "s",
        "8": "b",
        "2": "z",
        "-": "",
        "_": "",
        ".": "",
    }
)
_ALIKE_PAIRS: Final = (("rn", "m"), ("vv", "w"), ("cl", "d"))


def look_alike(name: str, others: Iterable[str]) -> str:
    """Return another name that a person may take `name` for; "" for none."""
    shape = _shape(name)
    return next((other for other in others if other != name and _shape(other) == shape), "")


def command_text(launch: Launch, server: str, agent: str) -> str:
    """Return the line for a host's configuration, quoted as this system's shell reads it."""
    line = [launch.python, "-I", "-S", launch.shim, server, "--agent", agent, "--home", launch.home]
    return subprocess.list2cmdline(line) if sys.platform == "win32" else shlex.join(line)


def http_address(port: int, server: str) -> str:
    """Return where a server is asked over HTTP."""
    return f"http://127.0.0.1:{port}/s/{quote(server, safe='')}"


def token_file(launch: Launch, agent: str) -> str:
    """Return the file that holds an agent's token."""
    return str(Path(launch.home, "agents", f"{agent}.token"))


class AgentsBuilder:
    """Words and shapes; it holds no state."""

    def __init__(self, words: Words) -> None:
        self._words = words

    def page(
        self,
        agents: Sequence[AgentState],
        dismissed: frozenset[str] = frozenset(),
        overdue: int = 0,
    ) -> AgentsPage:
        """Return the list; `dismissed` are proposals that a person does not want to see.

        `overdue` counts what the access review has waited for too long.
        """
        words = self._words
        listed = [agent for agent in agents if not is_proposal(agent)]
        connected = sum(agent.connections > 0 for agent in listed)
        unproven = [agent for agent in listed if not agent.enrolled]
        return AgentsPage(
            rows=tuple(self._row(agent) for agent in listed),
            summary=words("agents.summary", n=len(listed), connected=connected),
            proposals=tuple(
                _proposal(agent, self._words)
                for agent in agents
                if is_proposal(agent) and agent.name not in dismissed
            ),
            warning=Notice(
                strong=words("agents.unproven_notice", n=len(unproven)),
                rest=words("agents.unproven_rest"),
                role=Role.WARNING,
            )
            if unproven
            else None,
            overdue=overdue_notice(overdue, words),
        )

    def detail(
        self,
        agent: AgentState,
        agents: Sequence[AgentState],
        servers: Sequence[ServerState],
        launch: Launch,
        profiles: Sequence[ProfileState] = (),
    ) -> AgentDetail:
        """Return one agent in full, with the lines that its host starts."""
        words = self._words
        said = self._state_of(agent)
        key = "agents.commands_intro" if agent.enrolled else "agents.commands_before"
        known = any(server.confirmed for server in servers)
        return AgentDetail(
            agent=agent.name,
            chips=(Chip(role=said.role, icon=said.icon, text=said.text),),
            lamps=self._lamps(agent) if agent.connections else (),
            new_task=_new_task(agent, words) if agent.connections and agent.lamps else None,
            pairs=tuple(self._facts(agent)),
            claimed=self._claimed(agent) if agent.connections else (),
            observed=self._observed(agent) if agent.connections else (),
            warnings=tuple(self._warnings(agent, agents)),
            enrolled=agent.enrolled,
            commands_title=words("agents.commands"),
            commands_intro=words(key)
            if known or not agent.enrolled
            else words("agents.commands_placeholder"),
            commands=self._commands(agent, servers, launch) if agent.enrolled else (),
            http=self._over_http(agent, servers, launch) if agent.enrolled else None,
            sight=sight_said(agent.sight, servers, profiles, words) if agent.enrolled else None,
            given=budgets_view(agent.given, agent.given_today, words) if agent.enrolled else None,
            raised=raised_said(agent.raised, words) if agent.enrolled else None,
            pause=pause_said(agent, words) if agent.enrolled else None,
            revoke=Question(
                text=words("agents.revoke_question", agent=agent.name, n=agent.connections),
                go=words("agents.revoke_go"),
                keep=words("agents.revoke_keep"),
            ),
        )

    # ---------------------------------------------------------------- rows

    def _row(self, agent: AgentState) -> ListRow:
        words = self._words
        servers = ", ".join(agent.servers)
        return ListRow(
            row_id=agent.name,
            cells=(
                Cell(
                    text=agent.name,
                    note=profile_said(agent.sight, words) or self._since(agent),
                    # A name that is only claimed is never set in the weight of a fact.
                    strong=agent.enrolled,
                    exact=not agent.enrolled,
                ),
                marked(self._state_of(agent)),
                Cell(
                    text=agent.host_name or words("agents.no_host"),
                    note=words("agents.claims", client=agent.client) if agent.client else "",
                ),
                Cell(text=servers or words("agents.none")),
                Cell(text=words.figure(agent.connections)),
                Cell(text=words.figure(agent.calls)),
                Cell(
                    text=words("agents.lamps_lit", lamps=agent.lamps or words("agents.none")),
                    lamps=agent.lamps,
                ),
            ),
        )

    def _since(self, agent: AgentState) -> str:
        if not agent.enrolled:
            return self._words("agents.not_enrolled")
        day = self._day(agent.enrolled_at)
        return self._words("agents.enrolled_on", day=day) if day else self._words("agents.enrolled")

    def _day(self, moment: str) -> str:
        try:
            when = datetime.fromisoformat(moment).astimezone()
        except ValueError:
            return ""
        month = month_text(when, self._words)
        return self._words("agents.day", day=when.day, month=month, year=when.year)

    def _state_of(self, agent: AgentState) -> IconText:
        words = self._words
        if not agent.enrolled:
            return IconText(
                icon=Icon.UNKNOWN, text=words("agents.state_unproven"), role=Role.WARNING
            )
        if agent.flood is not None and agent.flood.paused:
            return IconText(icon=Icon.PAUSED, text=words("agents.state_paused"), role=Role.WARNING)
        if agent.program_changed:
            text = words("agents.state_program")
            return IconText(icon=Icon.ATTENTION, text=text, role=Role.WARNING)
        if agent.raised is not None:
            text = words("agents.state_raised")
            return IconText(icon=Icon.CHANGED, text=text, role=Role.WARNING)
        if agent.connections:
            return IconText(icon=Icon.CHECK, text=words("agents.state_connected"), role=Role.ALLOW)
        return IconText(icon=Icon.NOBODY, text=words("agents.state_away"))

    # ---------------------------------------------------------------- one agent

    def _lamps(self, agent: AgentState) -> tuple[Lamp, ...]:
        lit = lamps_from_letters(agent.lamps)
        return tuple(
            Lamp(
                letter=lamp.letters(),
                words=self._words(long),
                short_words=self._words(short),
                lit=lamp in lit,
                where="",
            )
            for lamp, (long, short) in _LAMP_WORDS.items()
        )

    def _facts(self, agent: AgentState) -> Iterator[Pair]:
        words = self._words
        servers = ", ".join(agent.servers) or words("agents.none")
        yield Pair(key=words("agents.enrolment"), value=self._since(agent))
        yield Pair(key=words("agents.connections"), value=words.figure(agent.connections))
        yield Pair(key=words("agents.servers"), value=servers)
        yield Pair(key=words("agents.calls"), value=words("agents.calls_judged", n=agent.calls))
        if agent.hold_ms:
            key = "agents.hold_learned" if agent.hold_learned else "agents.hold_configured"
            seconds = words.figure(agent.hold_ms / 1000, "g")
            yield Pair(key=words("agents.hold"), value=words(key, seconds=seconds))

    def _claimed(self, agent: AgentState) -> tuple[Pair, ...]:
        words = self._words
        client = words("agents.quoted", text=agent.client) if agent.client else ""
        return (Pair(key=words("agents.client"), value=client or words("agents.nothing")),)

    def _observed(self, agent: AgentState) -> tuple[Pair, ...]:
        words = self._words
        nothing = words("agents.not_seen")
        return (
            Pair(key=words("agents.host"), value=agent.host_name or nothing),
            Pair(
                key=words("agents.program"),
                value=agent.host_executable or nothing,
                exact=bool(agent.host_executable),
            ),
        )

    def _warnings(self, agent: AgentState, agents: Sequence[AgentState]) -> Iterator[IconText]:
        words = self._words
        if not agent.enrolled:
            yield IconText(
                icon=Icon.ATTENTION, text=words("agents.unproven_warning"), role=Role.WARNING
            )
        if agent.program_changed:
            text = words("agents.program_warning")
            yield IconText(icon=Icon.ATTENTION, text=text, role=Role.WARNING)
        other = look_alike(agent.name, (other.name for other in agents))
        if other:
            key = "agents.looked_like" if agent.enrolled else "agents.looks_like"
            text = words(key, other=other)
            yield IconText(icon=Icon.ATTENTION, text=text, role=Role.WARNING)

    def _commands(
        self, agent: AgentState, servers: Sequence[ServerState], launch: Launch
    ) -> tuple[CommandLine, ...]:
        return tuple(
            CommandLine(server=name, text=command_text(launch, name, agent.name))
            for name in self._names(servers)
        )

    def _names(self, servers: Sequence[ServerState]) -> list[str]:
        names = [server.name for server in servers if server.confirmed]
        return names or [self._words("agents.server_placeholder")]

    def _over_http(
        self, agent: AgentState, servers: Sequence[ServerState], launch: Launch
    ) -> OverHttp:
        words = self._words
        if not agent.http:
            return OverHttp(
                on=False,
                intro=words("agents.http_off"),
                addresses=(),
                warning=None,
                action=words("agents.http_turn_on"),
                question=Question(
                    text=words("agents.http_question", agent=agent.name),
                    go=words("agents.http_go"),
                    keep=words("agents.http_keep"),
                ),
            )
        fault = words("agents.http_fault", port=str(agent.http_port))
        taken = bool(agent.http_port) and not agent.http_listens
        return OverHttp(
            on=True,
            intro=words("agents.http_on", file=token_file(launch, agent.name)),
            addresses=tuple(
                CommandLine(server=name, text=http_address(agent.http_port, name))
                for name in self._names(servers)
                if agent.http_port
            ),
            warning=IconText(icon=Icon.ATTENTION, text=fault, role=Role.WARNING) if taken else None,
            action=words("agents.http_turn_off"),
            question=None,
        )


def _new_task(agent: AgentState, words: Words) -> Question:
    return Question(
        text=words("agents.new_task_question", agent=agent.name),
        go=words("agents.new_task_go"),
        keep=words("agents.new_task_keep"),
    )


def _proposal(agent: AgentState, words: Words) -> Proposal:
    return Proposal(
        name=agent.name,
        strong=words("agents.proposal", agent=agent.name),
        rest=words("agents.proposal_rest"),
        accept=words("agents.enrol_look"),
        drop=words("agents.dismiss"),
    )


def is_proposal(agent: AgentState) -> bool:
    """Tell whether somebody only asked for the agent: neither enrolled nor connected."""
    return not agent.enrolled and not agent.connections


def _shape(name: str) -> str:
    """Return what is left of a name when signs that look alike are one."""
    shape = name.casefold().translate(_ALIKE)
    for pair, letter in _ALIKE_PAIRS:
        shape = shape.replace(pair, letter)
    return shape
