"""Owns what the window says of environments: the built-in rule, labels, a card's band."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from keyturn.application.agent_messages import ChangeState, RaisedState
from keyturn.application.approval_request import ApprovalRequest, RequestKind
from keyturn.application.console_state import AgentState, ServerState
from keyturn.application.former_labels import FORMER_SETTING, read_former
from keyturn.domain.environment import Named, Reach
from keyturn.domain.step_up import Cause
from keyturn.presentation.cells import NameChoice, Notice, Question
from keyturn.presentation.marks import Role
from keyturn.presentation.step_ups import raised_text
from keyturn.presentation.visible_text import shown_line
from keyturn.presentation.words import Words

_MOST_NAMED = 3
_LONGEST = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """Something that can have a label."""

    of: str
    """`agent`, `former`, `server` or `credential`."""
    name: str
    server: str = ""
    label: str = ""
    proposals: tuple[Named, ...] = ()

    @property
    def key(self) -> str:
        """Return what tells it from the others."""
        return "\0".join((self.of, self.server, self.name))


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentsState:
    """What the pane is made of."""

    things: tuple[Labelled, ...] = ()
    reach: tuple[Reach, ...] = ()
    agents: tuple[AgentState, ...] = ()

    def find(self, key: str) -> Labelled | None:
        """Return a thing by its key."""
        return next((thing for thing in self.things if thing.key == key), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class RaisedHere:
    """Which agents take one step more because of the label that is on screen."""

    text: str = ""
    looked: tuple[tuple[str, str], ...] = ()
    """Of those around which nothing else changed: the name, and what was on screen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentsShown:
    """The pane, with one thing chosen."""

    rule: str
    """The built-in rule with how many pairs may cross, in one line."""
    things: tuple[NameChoice, ...]
    chosen: str
    label: str
    proposals: str
    raised: RaisedHere
    pairs: tuple[NameChoice, ...]


def labelled(
    agents: Sequence[AgentState], servers: Sequence[ServerState], settings: Mapping[str, str]
) -> tuple[Labelled, ...]:
    """Return all that can have a label, of what is confirmed, and the labels that were left."""
    return tuple(_things(agents, read_former(settings.get(FORMER_SETTING, "")), servers))


def environments_shown(state: EnvironmentsState, chosen: str, words: Words) -> EnvironmentsShown:
    """Return what the pane shows; what is chosen and gone is the first instead."""
    thing = state.find(chosen) or (state.things[0] if state.things else None)
    return EnvironmentsShown(
        rule=rule_text(state, words),
        things=tuple(NameChoice(name=one.key, text=_thing(one, words)) for one in state.things),
        chosen=thing.key if thing is not None else "",
        label=thing.label if thing is not None else "",
        proposals=proposals_text(thing.proposals, words) if thing is not None else "",
        raised=raised_here(thing, state.agents, words),
        pairs=tuple(
            NameChoice(
                name=pair_key(pair),
                text=words("environments.pair", agent=pair.agent, other=pair.other),
            )
            for pair in state.reach
        ),
    )


def raised_here(thing: Labelled | None, agents: Sequence[AgentState], words: Words) -> RaisedHere:
    """Return whom the label of a server raised; one click here speaks of nothing beside it."""
    if thing is None or thing.of != "server":
        return RaisedHere()
    around = [
        (agent.name, agent.raised, change)
        for agent in agents
        if agent.raised is not None
        for change in agent.raised.changes
        if (change.cause, change.server) == (Cause.ENVIRONMENT.value, thing.name)
    ]
    alone = [one for one in around if len(one[1].changes) == 1]
    more = [one for one in around if len(one[1].changes) > 1]
    lines = [
        words(
            "environments.raised",
            n=len(names),
            agents=", ".join(names),
            said=said,
        )
        for said, names in _by_text(alone or more, words).items()
    ]
    if more:
        names = ", ".join(_named(name, words) for name, *_ in more)
        lines.append(words("environments.raised_with_more", agents=names))
    looked = tuple((name, raised.shown) for name, raised, _ in alone)
    return RaisedHere(text="\n".join(lines), looked=looked)


def _by_text(
    around: Sequence[tuple[str, RaisedState, ChangeState]], words: Words
) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, _, change in around:
        found.setdefault(raised_text(change, words), []).append(_named(name, words))
    return found


def _named(name: str, words: Words) -> str:
    return shown_line(name, words, most=_LONGEST)


def rule_text(state: EnvironmentsState, words: Words) -> str:
    """Return the built-in rule as a line, with how many pairs may cross."""
    return words("environments.rule", n=len(state.reach))


def pair_key(pair: Reach) -> str:
    """Return what tells a pair from the others."""
    return f"{pair.agent}\0{pair.other}"


def pair_question(agent: str, other: str, words: Words) -> Question:
    """Return what is asked before a pair may cross."""
    return Question(
        text=words("environments.pair_question", agent=agent, other=other),
        go=words("environments.pair_go"),
        keep=words("environments.pair_keep"),
    )


def proposals_text(proposals: Sequence[Named], words: Words) -> str:
    """Return what a server's own configuration names, each with where; empty for nothing."""
    lines = [
        words(
            "environments.proposal" if one.path else "environments.proposal_address",
            where=shown_line(one.path, words, most=_LONGEST),
            text=shown_line(one.text, words, most=_LONGEST),
            environment=one.environment,
        )
        for one in proposals[:_MOST_NAMED]
    ]
    return "\n".join(lines)


def band_of(request: ApprovalRequest, words: Words) -> Notice | None:
    """Return the band over a card of a call that reaches production, or names somewhere else."""
    if request.kind is not RequestKind.CALL:
        return None
    named = request.named_environments
    if not request.production and not named:
        return None
    key = "environments.band_production" if request.production else "environments.band_other"
    return Notice(strong=words(key), rest=" ".join(_reasons(request, words)), role=Role.WARNING)


def _reasons(request: ApprovalRequest, words: Words) -> Iterator[str]:
    if request.environment:
        yield words("environments.band_server", environment=request.environment)
    for one in request.named_environments[:_MOST_NAMED]:
        yield words(
            "environments.band_names",
            path=shown_line(one.path, words, most=_LONGEST),
            text=shown_line(one.text, words, most=_LONGEST),
            environment=one.environment,
        )
    more = len(request.named_environments) - _MOST_NAMED
    if more > 0:
        yield words("environments.band_more", n=more)
    if request.production and not request.environment and not request.named_environments:
        yield words("environments.band_unnamed")


def _things(
    agents: Sequence[AgentState], former: Mapping[str, str], servers: Sequence[ServerState]
) -> Iterator[Labelled]:
    for agent in agents:
        if agent.enrolled:
            yield Labelled(of="agent", name=agent.name, label=agent.environment)
    for name, label in sorted(former.items()):
        yield Labelled(of="former", name=name, label=label)
    for server in servers:
        if not server.confirmed:
            continue
        yield Labelled(
            of="server",
            name=server.name,
            label=server.environment,
            proposals=server.proposed_environments,
        )
        for name in server.credentials:
            label = server.credential_environments.get(name, "")
            yield Labelled(of="credential", name=name, server=server.name, label=label)


def _thing(thing: Labelled, words: Words) -> str:
    label = thing.label or words("environments.unlabelled")
    return words(
        f"environments.thing_{thing.of}", name=thing.name, server=thing.server, label=label
    )
