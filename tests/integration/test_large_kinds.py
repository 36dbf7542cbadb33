"""Large answers of every kind end, each within what workers have, and the next call works."""

from pathlib import Path

import pytest

from keyturn.desktop.worker_pool import WorkerPool
from keyturn.domain.decision import Delivery
from keyturn.domain.record import RecordType
from tests.integration.link_rig import World
from tests.integration.test_large_answers import tell_with_pool
from tests.integration.test_link import connected, deliveries, text_of

MEGABYTE = 1_000_000
SOUND, HELD = Delivery.COMPLETED.value, Delivery.RESULT_WITHHELD.value


@pytest.mark.requirement("RESULT-ANY-SIZE")
@pytest.mark.parametrize(
    ("kind", "size", "becomes"),
    [
        ("text", 50 * MEGABYTE, SOUND),
        ("structured", MEGABYTE, SOUND),
        ("structured", 9 * MEGABYTE, HELD),
        ("binary", MEGABYTE, SOUND),
        ("binary", 50 * MEGABYTE, HELD),
        ("deep", MEGABYTE, HELD),
        ("wrong", MEGABYTE, HELD),
        ("deep", 50 * MEGABYTE, HELD),
        ("wrong", 50 * MEGABYTE, HELD),
    ],
)
def test_it_ends_and_the_next_call_works(
    tmp_path: Path, kind: str, size: int, becomes: str
) -> None:
    async def story(world: World, pool: WorkerPool) -> None:
        wire = await connected(world)
        arguments = {"text": str(size), "kind": kind}
        params = {"name": "big", "arguments": arguments}
        answer = await wire.ask(1, "tools/call", params)
        assert deliveries(world) == [becomes]
        told = world.log.of_type(RecordType.DELIVERY)[-1].details
        assert (answer["result"].get("isError") is True) is (becomes == HELD)
        assert ("withheld" in told) is (becomes == HELD)
        assert len(str(answer)) < 9 * MEGABYTE
        assert text_of(await wire.call(2, "echo", "fine")) == "fine"

    tell_with_pool(tmp_path, story)
