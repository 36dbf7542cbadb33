"""What weakens protection is written down before it holds, with who did it."""

import pytest

from keyturn.application.console_protocol import Intent, SetPosture
from keyturn.application.environment_messages import SetReach
from keyturn.application.result_messages import SetControls
from keyturn.domain.decision import Actor
from keyturn.domain.errors import LogUnavailable
from keyturn.domain.record import RecordType
from keyturn.domain.result_controls import ResultControls
from tests.unit.application.broker_world import BrokerWorld
from tests.unit.application.gate_world import play


@pytest.mark.requirement("N5")
@pytest.mark.parametrize(
    ("intent", "name"),
    [
        (SetPosture(n=1, posture="ask_writes"), "posture"),
        (SetReach(n=1, agent="qa", other="production", on=True), "environment_reach"),
        (
            SetControls(n=1, server="s", tool="t", controls=ResultControls(secrets=False)),
            "result_controls",
        ),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, str) else value,
)
def test_what_weakens_a_setting_is_in_the_log_before_it_holds(intent: Intent, name: str) -> None:
    async def story() -> None:
        world = BrokerWorld()
        world.log.failure = LogUnavailable("Not recorded.")
        with pytest.raises(LogUnavailable):
            await world.intents.carry_out(intent)
        assert name not in world.registry.settings
        world.log.failure = None
        await world.intents.carry_out(intent)
        (entry,) = world.log.of_type(RecordType.SETTING)
        assert (entry.actor, entry.outcome) == (Actor.HUMAN, "changed")
        assert entry.details["name"] == name
        assert entry.details["value"] == world.registry.settings[name]

    play(story)
