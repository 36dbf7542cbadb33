"""What is kept of calls whose requester left: by digest, once, for a while, and not too much."""

from hypothesis import given
from hypothesis import strategies as st

from keyturn.domain.configuration import Limits
from keyturn.domain.decision import Actor, Delivery
from keyturn.domain.late import Kept, LateBook

SECOND = 1_000_000_000
EACH = 16 * 1024
LIMITS = Limits(late_seconds=600, late_bytes=6 * EACH + 60, late_bytes_per_agent=3 * EACH + 30)


def make_kept(digest: str, agent: str = "analyst", size: int = 10, *, read: bool = False) -> Kept:
    """Make a result of so many bytes."""
    return Kept(
        digest=digest,
        call=f"call-{digest}",
        agent=agent,
        session=f"s-{agent}",
        actor=Actor.RULE,
        read=read,
        delivery=Delivery.DELIVERED_LATE,
        line=b"x" * size,
    )


def test_it_is_given_once() -> None:
    book = LateBook(LIMITS)
    kept = make_kept("a")
    book.keep(kept, 0)
    assert book.take("b", 1) is None
    assert book.take("a", 1) is kept
    assert book.take("a", 1) is None


def test_it_is_kept_for_its_time_and_no_longer_when_it_comes_back() -> None:
    book = LateBook(LIMITS)
    kept = make_kept("a")
    book.keep(kept, 0)
    assert book.take("a", 600 * SECOND - 1) is kept
    book.keep(kept, 600 * SECOND - 1)
    assert book.take("a", 600 * SECOND) is None


def test_a_purge_drops_what_is_past_and_nothing_else() -> None:
    book = LateBook(LIMITS)
    book.keep(make_kept("a"), 0)
    book.keep(make_kept("b"), 5 * SECOND)
    book.purge(600 * SECOND)
    assert len(book) == 1
    assert book.take("b", 600 * SECOND) is not None


def test_the_oldest_of_an_agent_make_room_for_its_newest() -> None:
    book = LateBook(LIMITS)
    book.keep(make_kept("other", "coder"), 0)
    for digest in "abcd":
        book.keep(make_kept(digest), 0)
    assert book.take("a", 1) is None
    assert all(book.take(digest, 1) for digest in ("b", "c", "d", "other"))


def test_one_that_is_larger_than_all_room_is_not_kept() -> None:
    book = LateBook(LIMITS)
    book.keep(make_kept("a", size=3 * EACH), 0)
    assert len(book) == 0


def test_a_change_drops_what_its_session_read_and_nothing_else() -> None:
    book = LateBook(LIMITS)
    book.keep(make_kept("read", read=True), 0)
    book.keep(make_kept("wrote"), 0)
    book.keep(make_kept("other", "coder", read=True), 0)
    book.changed("s-analyst")
    assert book.take("read", 1) is None
    assert book.take("wrote", 1) is not None
    assert book.take("other", 1) is not None


def test_only_the_very_result_is_forgotten() -> None:
    book = LateBook(LIMITS)
    older, newer = make_kept("a"), make_kept("a")
    book.keep(older, 0)
    book.keep(newer, 0)
    book.forget(older)
    assert book.take("a", 1) is newer


@given(
    st.lists(
        st.tuples(
            st.sampled_from("abcdefgh"),
            st.sampled_from(["analyst", "coder", "tester"]),
            st.integers(0, 2 * EACH),
        )
    )
)
def test_it_never_holds_more_than_its_bounds(
    results: list[tuple[str, str, int]],
) -> None:
    book = LateBook(LIMITS)
    latest: dict[str, Kept] = {}
    for digest, agent, size in results:
        kept = latest[digest] = make_kept(digest, agent, size)
        book.keep(kept, 0)
    left = [kept for digest in latest if (kept := book.take(digest, 1)) is not None]
    assert all(latest[kept.digest] is kept for kept in left)
    assert sum(kept.size for kept in left) <= LIMITS.late_bytes
    by_agent = {kept.agent: 0 for kept in left}
    for kept in left:
        by_agent[kept.agent] += kept.size
    assert all(size <= LIMITS.late_bytes_per_agent for size in by_agent.values())
