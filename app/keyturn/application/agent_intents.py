"""What a person at the window can have done about agents, carried out."""

from keyturn.application.agent_messages import (
    AgentIntent,
    EnrolAgent,
    NewTask,
    ReviewChanges,
    RevokeAgent,
    SetAgentHttp,
    SettleFlood,
)
from keyturn.application.floods import Floods
from keyturn.application.new_tasks import NewTasks
from keyturn.application.registry import Registry, checked_agent_name, set_http
from keyturn.application.sight_intents import rows_of
from keyturn.application.sights import Sights
from keyturn.application.step_ups import StepUps
from keyturn.domain.errors import ConfigurationError, filled
from keyturn.domain.sight import shared


async def carry_out_agent(
    intent: AgentIntent,
    registry: Registry,
    sights: Sights,
    step_ups: StepUps | None,
    new_tasks: NewTasks,
    floods: Floods | None = None,
) -> None:
    """Do it; raises KeyturnError where it cannot be done."""
    match intent:
        case EnrolAgent():
            await _enrol(intent, registry, sights)
        case RevokeAgent():
            await registry.revoke(intent.name)
        case SetAgentHttp():
            if not await set_http(registry, intent.name, on=intent.on):
                raise ConfigurationError(
                    filled("No agent named {name} is enrolled.", name=intent.name)
                )
        case ReviewChanges():
            if step_ups is None:
                raise ConfigurationError("Nothing is raised here.")
            await step_ups.review(intent.agent, intent.shown)
        case NewTask():
            await new_tasks.begin(intent.agent)
        case SettleFlood():
            if floods is None:
                raise ConfigurationError("Nobody is held or paused here.")
            await floods.choose(intent.agent, intent.choice, enrolled=intent.enrolled)


async def _enrol(intent: EnrolAgent, registry: Registry, sights: Sights) -> None:
    """Bound what it sees first, so that its token is never good for more."""
    name = checked_agent_name(intent.name)
    rows = rows_of(intent.rows) if intent.rows is not None else None
    if rows is not None:
        before = sights.of(name).rows
        # What was hidden from an earlier agent of this name stays hidden, and no more is shown
        # than what the person chose now.
        await sights.set_rows(name, rows if before is None else shared(before, rows))
    await registry.enrol(intent.name)
