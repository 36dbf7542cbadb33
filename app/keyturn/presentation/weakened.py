"""Owns the list of what protects less than as Keyturn comes, each with its way back."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from keyturn.application.console_state import AgentState, ServerState
from keyturn.domain.environment import Reach
from keyturn.domain.result_controls import STRICTEST, Profile, ResultControls
from keyturn.presentation.visible_text import shown_line
from keyturn.presentation.words import Words

_LONGEST = 80
_SWITCHES = {
    "secrets": "weakened.secrets",
    "unseen": "weakened.unseen",
    "schema": "weakened.schema",
    "links": "weakened.links",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class WeakResults:
    """Results of a tool of which less is taken out or held back; `back` is what puts it back."""

    server: str
    tool: str
    back: ResultControls


@dataclass(frozen=True, slots=True, kw_only=True)
class WeakReach:
    """Agents of one environment that may reach another."""

    agent: str
    other: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WeakHttp:
    """An agent that may connect over HTTP, where nobody sees in which program it runs."""

    agent: str


Weak = WeakResults | WeakReach | WeakHttp


@dataclass(frozen=True, slots=True, kw_only=True)
class Weakened:
    """One line of the list."""

    what: Weak
    text: str
    back: str
    """On its button."""
    spoken: str
    """What the button does, for readers."""


def weakened(
    servers: Sequence[ServerState],
    reach: Sequence[Reach],
    agents: Sequence[AgentState],
    words: Words,
) -> tuple[Weakened, ...]:
    """Return what is weaker than its default, reach first."""
    return (*_reach(reach, words), *_http(agents, words), *_results(servers, words))


def _reach(reach: Sequence[Reach], words: Words) -> Iterator[Weakened]:
    for pair in sorted(reach):
        names = {
            "agent": shown_line(pair.agent, words, most=_LONGEST),
            "other": shown_line(pair.other, words, most=_LONGEST),
        }
        yield _line(
            WeakReach(agent=pair.agent, other=pair.other), words("weakened.reach", **names), words
        )


def _http(agents: Sequence[AgentState], words: Words) -> Iterator[Weakened]:
    for agent in agents:
        if agent.http:
            name = shown_line(agent.name, words, most=_LONGEST)
            yield _line(WeakHttp(agent=agent.name), words("weakened.http", agent=name), words)


def _results(servers: Sequence[ServerState], words: Words) -> Iterator[Weakened]:
    for server in servers:
        for tool in server.tools:
            off = _off(tool.controls, words)
            if off:
                text = words(
                    "weakened.results",
                    server=shown_line(server.name, words, most=_LONGEST),
                    tool=shown_line(tool.name, words, most=_LONGEST),
                    what=words("weakened.and").join(off),
                )
                back = _put_back(tool.controls)
                yield _line(WeakResults(server=server.name, tool=tool.name, back=back), text, words)


def _line(what: Weak, text: str, words: Words) -> Weakened:
    return Weakened(
        what=what,
        text=text,
        back=words("weakened.back"),
        spoken=words("weakened.back_named", what=text),
    )


def _off(controls: ResultControls, words: Words) -> list[str]:
    """Name what is switched off that is on by default."""
    off = [
        words(key)
        for name, key in _SWITCHES.items()
        if getattr(STRICTEST, name) and not getattr(controls, name)
    ]
    return [*off, words("weakened.plain")] if controls.profile is Profile.NONE else off


def _put_back(controls: ResultControls) -> ResultControls:
    """Return the same with the defaults in place of what is weaker; limits stay as chosen."""
    plain = controls.profile is Profile.NONE
    switches = {name: getattr(STRICTEST, name) for name in _SWITCHES}
    return replace(controls, profile=Profile.AUTO if plain else controls.profile, **switches)
