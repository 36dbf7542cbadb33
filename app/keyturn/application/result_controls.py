"""Owns what a person chose to control in the results of each tool, as a setting of the profile.

The setting is sealed with the others. What cannot be read switches nothing off, and while it is not
known of which tools results are held for signs, they are of all.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from keyturn.application.events import Observers, Topic
from keyturn.application.result_messages import SetControls
from keyturn.domain.canonical import JsonValue, Parsed, canonical, parse_strict
from keyturn.domain.configuration import AgentConfig
from keyturn.domain.errors import ConfigurationError, filled
from keyturn.domain.result_controls import (
    HOLDING,
    OF_AN_AGENT,
    SETTING,
    STRICTEST,
    ResultControls,
    controls_from_data,
    controls_to_data,
    loosens,
    only_budgets,
)

MOST_TOOLS = 2_000
"""Tools of which something is kept."""
_Key = tuple[str, str]
_EVERY_OTHER: _Key = ("", "")
"""No tool: what holds for those of which nothing is kept, once that could not be read."""


class KeptSettings(Protocol):
    """The settings of a profile, as far as they are needed here."""

    @property
    def settings(self) -> Mapping[str, str]:
        """Every setting by name."""
        ...

    async def put_setting(self, name: str, value: str) -> None:
        """Record and keep one."""
        ...


class ControlsOfTools:
    """The controls by server and tool; all that is on by default is not kept."""

    def __init__(self, observers: Observers) -> None:
        """Nothing is switched off before `load`."""
        self._settings: KeptSettings | None = None
        self._observers = observers
        self._kept: dict[_Key, ResultControls] = {}
        self._trusted = True
        self._changing = asyncio.Lock()

    def attach(self, settings: KeptSettings) -> None:
        """Keep what is chosen there from now on."""
        self._settings = settings

    def load(self) -> None:
        """Take the controls from the profile's settings."""
        kept = "" if self._settings is None else self._settings.settings.get(SETTING, "")
        self._kept = read_controls(kept)

    def trust(self, trusted: bool) -> None:
        """Say whether the settings are as sealed: what is missing may have held a tool."""
        if trusted is not self._trusted:
            self._trusted = trusted
            self._observers.changed(Topic.SERVERS)

    def of_agent(self, agent: str) -> ResultControls:
        """Return the budgets of all that an agent is given."""
        return self._kept.get((OF_AN_AGENT, agent), STRICTEST)

    def of(self, server: str, tool: str) -> ResultControls:
        """Return what is controlled in the results of a tool; of an agent, its budgets."""
        if server == OF_AN_AGENT:
            return self.of_agent(tool)
        chosen = self._kept.get((server, tool), self._of_others)
        return chosen if self._trusted else replace(chosen, hold_signs=True)

    @property
    def _of_others(self) -> ResultControls:
        return self._kept.get(_EVERY_OTHER, STRICTEST)

    async def put(self, server: str, tool: str, controls: ResultControls) -> None:
        """Choose the controls of a tool; raises ConfigurationError for what are none."""
        try:
            controls_from_data(controls_to_data(controls))
        except ValueError:
            raise ConfigurationError("There is no such control of results.") from None
        async with self._changing:
            kept = {**self._kept, (server, tool): controls}
            if controls == (STRICTEST if server == OF_AN_AGENT else self._of_others):
                del kept[(server, tool)]
            if len(kept) > MOST_TOOLS:
                raise ConfigurationError(
                    filled("There are {most} tools, which is the most.", most=MOST_TOOLS)
                )
            if not loosens(self.of(server, tool), controls):
                # At once: it holds even where it cannot be kept.
                self._kept = kept
            if self._settings is not None:
                await self._settings.put_setting(SETTING, write_controls(kept))
            self._kept = kept
            self._observers.changed(Topic.AGENTS if server == OF_AN_AGENT else Topic.SERVERS)


class _Agents(Protocol):
    @property
    def agents(self) -> Sequence[AgentConfig]: ...


async def put_controls(intent: SetControls, tools: ControlsOfTools, registry: _Agents) -> None:
    """Do what a person chose; raises ConfigurationError for what cannot be chosen."""
    if intent.server == OF_AN_AGENT:
        if intent.controls != only_budgets(intent.controls):
            raise ConfigurationError("Only budgets are chosen for an agent.")
        if intent.tool not in {agent.name for agent in registry.agents}:
            raise ConfigurationError(filled("No agent named {name} is enrolled.", name=intent.tool))
    await tools.put(intent.server, intent.tool, intent.controls)


def write_controls(kept: Mapping[_Key, ResultControls]) -> str:
    """Write the controls for the setting."""
    rows: list[JsonValue] = [
        {"server": server, "tool": tool, "controls": controls_to_data(controls)}
        for (server, tool), controls in sorted(kept.items())
    ]
    return canonical(rows).decode()


def read_controls(text: str) -> dict[_Key, ResultControls]:
    """Read them as `write_controls` writes them; one row that cannot be read has all held."""
    parsed = parse_strict(text) if text else Parsed(value=[])
    rows = parsed.value if isinstance(parsed, Parsed) else None
    try:
        return dict(map(_read, rows)) if isinstance(rows, list) else {_EVERY_OTHER: HOLDING}
    except (KeyError, TypeError, ValueError):
        return {_EVERY_OTHER: HOLDING}


def _read(row: JsonValue) -> tuple[_Key, ResultControls]:
    if not isinstance(row, dict):
        raise TypeError("a row is no object")
    data = row["controls"]
    if not isinstance(data, dict):
        raise TypeError("`controls` is no object")
    return (str(row["server"]), str(row["tool"])), controls_from_data(data)
