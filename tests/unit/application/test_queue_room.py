"""How much may wait, in requests and in bytes, and what makes room for more."""

from dataclasses import replace

import pytest

from keyturn.application.waiting import bytes_of
from keyturn.domain.configuration import Limits
from keyturn.domain.origin import Origin, Trace
from tests.factories import make_request
from tests.unit.application.approvals_rig import Queue
from tests.unit.application.gate_world import play

DAY = 24 * 3600


class TestLimits:
    """500 in all, 200 of an agent, 100 detached of an agent."""

    def test_the_numbers_are_those_of_the_design(self) -> None:
        limits = Limits()
        assert (limits.queue, limits.queue_per_agent) == (500, 200)
        assert (limits.queue_bytes, limits.queue_bytes_per_agent) == (256 << 20, 64 << 20)
        assert (limits.detached, limits.detached_per_agent) == (500, 100)
        assert limits.detached_seconds == DAY
        assert (limits.hold_seconds, limits.retry_grant_seconds) == (50, 600)

    def test_one_agent_does_not_fill_the_queue_for_another(self) -> None:
        async def story() -> None:
            queue = Queue()
            for number in range(200):
                assert not queue.approvals.full("analyst")
                queue.ask(f"call-{number}")
            assert queue.approvals.full("analyst")
            assert not queue.approvals.full("coder")

        play(story)

    @pytest.mark.unmeasured
    def test_all_agents_together_have_five_hundred(self) -> None:
        async def story() -> None:
            queue = Queue()
            for number in range(500):
                assert not queue.approvals.full("new")
                queue.ask(f"call-{number}", agent=f"agent-{number % 3}")
            assert queue.approvals.full("new")

        play(story)

    def test_detached_calls_and_reviews_take_no_place(self) -> None:
        async def story() -> None:
            queue = Queue(Limits(queue_per_agent=1))
            queue.review()
            assert not queue.approvals.full("analyst")
            queue.ask()
            assert queue.approvals.full("analyst")
            queue.clock.advance(50)
            assert not queue.approvals.full("analyst")

        play(story)


class TestBytes:
    """256 MiB in all, 64 MiB of an agent: what is detached makes room for what waits."""

    LIMITS = Limits(queue_bytes=100, queue_bytes_per_agent=60)

    def test_a_call_too_many_bytes_long_has_no_place(self) -> None:
        async def story() -> None:
            queue = Queue(self.LIMITS)
            queue.ask("call-1", arguments="x" * 40)
            assert not queue.approvals.full("analyst", 20)
            assert queue.approvals.full("analyst", 21)
            assert not queue.approvals.full("coder", 60)
            assert queue.approvals.full("coder", 61)

        play(story)

    @pytest.mark.parametrize(
        ("texts", "size"),
        [
            ({"arguments": "x" * 10}, 10),
            ({"arguments": "\u00e9"}, 4),
            ({"arguments": "", "definition": "12", "bound_meta": "345"}, 5),
        ],
    )
    def test_every_text_of_a_request_counts(self, texts: dict[str, str], size: int) -> None:
        assert bytes_of(replace(make_request(), **texts)) == size

    def test_origins_count_too(self) -> None:
        origin = Origin(
            path="/a", value="12", result=1, server="s", tool="t", offset=0, line=1,
            excerpt="345", excerpt_line=1, untrusted=False,
        )  # fmt: skip
        trace = Trace(origins=(origin, origin))
        assert bytes_of(replace(make_request(), arguments="", trace=trace)) == 10

    def test_what_is_detached_gives_way_the_oldest_first(self) -> None:
        async def story() -> None:
            queue = Queue(self.LIMITS)
            for number in range(3):
                queue.ask(f"call-{number}", arguments="x" * 20, digest=str(number))
                queue.approvals.client_left(f"call-{number}")
            assert not queue.approvals.full("analyst", 30)
            queue.ask("call-3", arguments="x" * 30)
            assert queue.ids() == ["call-2", "call-3"]
            queue.ask("call-4", agent="coder", arguments="x" * 50)
            assert queue.ids() == ["call-2", "call-3", "call-4"]
            queue.ask("call-5", agent="writer", arguments="x" * 20)
            assert queue.ids() == ["call-3", "call-4", "call-5"]
            assert [id_ for id_, _, _ in queue.ends.ended_ids] == ["call-0", "call-1", "call-2"]

        play(story)

    def test_names_that_anybody_chooses_share_one_limit(self) -> None:
        async def story() -> None:
            queue = Queue(Limits(detached=3))
            for number in range(5):
                queue.ask(f"call-{number}", agent=f"agent-{number}")
                queue.approvals.client_left(f"call-{number}")
            assert queue.ids() == ["call-2", "call-3", "call-4"]

        play(story)
