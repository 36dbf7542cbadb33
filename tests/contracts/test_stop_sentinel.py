"""What every stop sentinel promises, asked of the fake and of the file."""

from pathlib import Path

import pytest

from keyturn.application.ports.stop_sentinel import StopFacts, StopSentinel
from keyturn.desktop.stop_sentinel import FileStopSentinel
from tests.fakes.stop_sentinel import FakeStopSentinel

FACTS = StopFacts(
    since_utc="2026-11-23T14:07:52.123Z", trigger="tray", reason="odd calls – déjà vu"
)


@pytest.fixture(params=["fake", "file"])
def sentinel(request: pytest.FixtureRequest, tmp_path: Path) -> StopSentinel:
    if request.param == "fake":
        return FakeStopSentinel()
    return FileStopSentinel(tmp_path / "state" / "keyturn" / "stop")


class TestStopSentinel:
    """One per user; its presence is the stop."""

    def test_nothing_is_stopped_at_first(self, sentinel: StopSentinel) -> None:
        assert not sentinel.exists()
        assert sentinel.read() is None

    def test_what_was_written_is_there_and_is_read(self, sentinel: StopSentinel) -> None:
        sentinel.write(FACTS)
        assert sentinel.exists()
        assert sentinel.read() == FACTS

    def test_the_last_write_is_what_is_read(self, sentinel: StopSentinel) -> None:
        sentinel.write(FACTS)
        second = StopFacts(since_utc="2026-11-23T15:00:00.000Z", trigger="command")
        sentinel.write(second)
        assert sentinel.read() == second

    def test_removed_it_is_gone(self, sentinel: StopSentinel) -> None:
        sentinel.write(FACTS)
        sentinel.remove()
        assert not sentinel.exists()
        assert sentinel.read() is None

    def test_removing_what_is_not_there_is_harmless(self, sentinel: StopSentinel) -> None:
        sentinel.remove()
        assert not sentinel.exists()
