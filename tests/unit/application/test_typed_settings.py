"""What a person types to look for is kept, stands in no record, and never holds a secret."""

import pytest

from keyturn.application.typed_settings import kept_value, recorded_details
from keyturn.application.window_setting_names import (
    HISTORY_FILTERS,
    HISTORY_SAVED,
    OF_THE_WINDOW,
    TYPED,
)
from keyturn.domain.errors import ConfigurationError
from keyturn.domain.record import RecordType
from tests.fakes.inspection import FakeSecretMask
from tests.unit.application.broker_world import BrokerWorld
from tests.unit.application.gate_world import play

INTO = "agent:coder\narg.to:14 Quarry Road"
SECRET = "ghp_planted"


@pytest.mark.requirement("W4")
def test_a_filter_into_an_argument_is_kept_and_no_record_holds_it() -> None:
    async def story() -> None:
        world = BrokerWorld()
        await world.registry.put_setting(HISTORY_FILTERS, INTO)
        assert world.registry.settings == {HISTORY_FILTERS: INTO}
        assert await world.setting_store.settings() == {HISTORY_FILTERS: INTO}
        entry = world.log.of_type(RecordType.SETTING)[-1]
        assert entry.details == {"name": HISTORY_FILTERS}

    play(story)


def test_a_filter_that_holds_a_secret_is_kept_nowhere() -> None:
    mask = FakeSecretMask({SECRET})
    assert kept_value(HISTORY_FILTERS, f"{INTO}\ntext:{SECRET}", mask) == ""
    assert kept_value(HISTORY_FILTERS, INTO, mask) == INTO


@pytest.mark.requirement("H3")
def test_a_list_that_is_kept_by_a_name_is_recorded_and_holds_no_secret() -> None:
    async def story() -> None:
        world = BrokerWorld()
        world.mask.secrets.add(SECRET)
        with pytest.raises(ConfigurationError, match="secret"):
            await world.registry.put_setting(HISTORY_SAVED[0], f"mine\ntool:{SECRET}")
        assert world.registry.settings == {}
        assert world.log.of_type(RecordType.SETTING) == []
        await world.registry.put_setting(HISTORY_SAVED[0], "mine\ntool:list")
        assert world.log.of_type(RecordType.SETTING)[-1].details["value"] == "mine\ntool:list"

    play(story)


def test_all_other_settings_are_recorded_as_they_are() -> None:
    mask = FakeSecretMask({SECRET})
    for name in OF_THE_WINDOW - TYPED:
        assert kept_value(name, "value", mask) == "value"
        assert recorded_details(name, "value") == {"name": name, "value": "value"}
