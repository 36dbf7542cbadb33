"""Identifiers."""

import re
from concurrent.futures import ThreadPoolExecutor

from keyturn.desktop.ids import RandomIds


def test_an_id_is_its_prefix_and_28_characters() -> None:
    assert re.fullmatch(r"req-[0-9A-HJKMNP-TV-Z]{28}", RandomIds().new("req"))


def test_ids_sort_as_they_were_made_even_within_a_millisecond_and_backwards() -> None:
    times = iter([5_000_000, 5_000_000, 5_000_001, 3_000_000, 6_000_000, 1 << 60])
    ids = RandomIds(lambda: next(times))
    made = [ids.new("a") for _ in range(6)]
    assert made == sorted(made)
    assert len(set(made)) == 6


def test_two_sources_never_make_the_same() -> None:
    one, other = RandomIds(lambda: 1), RandomIds(lambda: 1)
    assert one.new("a") != other.new("a")


def test_threads_never_make_the_same() -> None:
    ids = RandomIds(lambda: 1)
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(ids.new, ["a"] * 2_000))
    assert len({name[:14] for name in made}) == 2_000


def test_a_ticket_can_be_read_aloud() -> None:
    tickets = {RandomIds().ticket() for _ in range(200)}
    assert all(re.fullmatch(r"KT-[2-9A-HJKMNP-TV-Z]{6}", ticket) for ticket in tickets)
    assert len(tickets) == 200
