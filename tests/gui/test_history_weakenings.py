"""Each weakening of protection is a row of the history, and no decision: none is counted as one."""

import asyncio
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtWidgets import QPushButton

from keyturn.domain.canonical import JsonObject
from keyturn.domain.decision import Actor, Delivery, Outcome
from keyturn.domain.history_filter import HistoryFilter
from keyturn.domain.record import NOT_WEAKENED, WEAKENED, Entry, RecordType
from keyturn.gui.look import Look
from keyturn.presentation.history import FilterToken, HistoryDetail, HistorySummary
from keyturn.presentation.marks import Icon
from keyturn.presentation.weakenings import (
    OUTCOMES,
    is_weakening,
    weakening_detail,
    weakening_row,
    weakening_text,
)
from keyturn.presentation.words import Words
from keyturn.storage.queries.history import HistoryQuery
from keyturn.storage.read_only import DATABASE_NAME
from tests.gui.history_scene import open_history, write
from tests.sources import ROOT
from tests.unit.application.test_weakening import WEAKENING
from tests.unit.presentation.recorded import Recorded
from tests.unit.storage.log_entries import decision

pytestmark = [pytest.mark.gui, pytest.mark.requirement("N5")]
LANGUAGES = {one: Words(ROOT / "resources" / "translations", one) for one in ("en", "de")}


def weakening(details: JsonObject, *, outcome: str = WEAKENED, server: str = "") -> Entry:
    """Make the record of one."""
    return Entry(
        type=RecordType.SETTING,
        outcome=outcome,
        server=server,
        tool="track" if server else "",
        actor=Actor.HUMAN,
        details=details,
    )


ENTRIES = [
    weakening({"what": "posture"}),
    decision("c-1", outcome=Outcome.ALLOWED_ONCE),
    weakening({"what": "results"}, server="ship"),
    weakening({"what": "reach", "agent": "qa", "other": "production"}, outcome=NOT_WEAKENED),
    decision("c-2", outcome=Outcome.DENIED_USER),
    Entry(type=RecordType.SETTING, outcome="changed", details={"name": "posture"}),
    weakening({"what": "pin", "use": "never"}),
]
"""Numbers 1 to 7; the one of a plain setting is no row."""


def pages(folder: Path, narrowed: HistoryFilter, limit: int) -> list[list[int]]:
    """Return the record numbers of every page."""
    query = HistoryQuery(folder / DATABASE_NAME)
    found: list[list[int]] = []
    before: int | None = None
    try:
        while True:
            page = query.page(narrowed, before=before, limit=limit)
            found.append([item.number for item in page.items])
            before = page.older
            if before is None:
                return found
    finally:
        query.close()


@pytest.mark.parametrize("limit", [1, 2, 3, 50])
def test_they_stand_between_the_decisions_by_number_on_whatever_page(
    tmp_path: Path, limit: int
) -> None:
    asyncio.run(write(tmp_path, ENTRIES))
    found = pages(tmp_path, HistoryFilter(weakenings=True), limit)
    assert [number for page in found for number in page] == [7, 5, 4, 3, 2, 1]
    assert all(len(page) <= limit for page in found)
    assert [n for page in pages(tmp_path, HistoryFilter(), limit) for n in page] == [5, 2]


@pytest.mark.parametrize(
    ("narrowed", "numbers"),
    [
        (HistoryFilter(weakenings=True, outcomes=(WEAKENED,)), [7, 3, 1]),
        (HistoryFilter(weakenings=True, outcomes=(NOT_WEAKENED,)), [4]),
        (HistoryFilter(weakenings=True, outcomes=("denied_user", WEAKENED)), [7, 5, 3, 1]),
        (HistoryFilter(weakenings=True, outcomes=("denied_user",)), [5]),
        (HistoryFilter(outcomes=(WEAKENED,)), []),
        (HistoryFilter(weakenings=True, servers=("ship",)), [3]),
        (HistoryFilter(weakenings=True, tools=("track",)), [3]),
        (HistoryFilter(weakenings=True, actors=("human",)), [7, 4, 3, 1]),
        (HistoryFilter(weakenings=True, text="production"), [4]),
        (HistoryFilter(weakenings=True, tiers=("T0",)), [5, 2]),
        (HistoryFilter(weakenings=True, sessions=("s-1",)), [5, 2]),
        (HistoryFilter(weakenings=True, rules=("r-1",)), [5, 2]),
        (HistoryFilter(weakenings=True, hosts=("h",)), []),
        (HistoryFilter(weakenings=True, since="2099-01-01T00:00:00.000Z"), []),
    ],
)
def test_they_are_narrowed_as_far_as_a_filter_speaks_of_them(
    tmp_path: Path, narrowed: HistoryFilter, numbers: list[int]
) -> None:
    asyncio.run(write(tmp_path, ENTRIES))
    assert [n for page in pages(tmp_path, narrowed, 50) for n in page] == numbers


def test_a_log_of_nothing_else_shows_them(tmp_path: Path) -> None:
    asyncio.run(write(tmp_path, [ENTRIES[0]]))
    assert pages(tmp_path, HistoryFilter(weakenings=True), 50) == [[1]]
    assert pages(tmp_path, HistoryFilter(), 50) == [[]]


def test_the_screen_shows_them_counts_them_nowhere_and_makes_no_rule_of_them(
    tmp_path: Path, look: Look
) -> None:
    async def story() -> None:
        await write(tmp_path, ENTRIES)
        scene = open_history(look, tmp_path)
        summaries: asyncio.Queue[HistorySummary] = asyncio.Queue()
        details: asyncio.Queue[HistoryDetail | None] = asyncio.Queue()
        scene.model.summary_changed.connect(summaries.put_nowait)
        scene.model.detail_changed.connect(details.put_nowait)
        try:
            rows = await scene.until(lambda found: len(found) == 6)
            assert [row.outcome.icon for row in rows if row.tier is None] == [
                Icon.WEAKENED,
                Icon.PROTECTING,
                Icon.WEAKENED,
                Icon.WEAKENED,
            ]
            summary = await asyncio.wait_for(summaries.get(), 20)
            assert summary.shown == "2"
            assert "2" in summary.of_all
            scene.view.row_chosen.emit(rows[0].number)
            detail = await asyncio.wait_for(details.get(), 20)
            assert detail is not None
            assert (detail.is_call, detail.makes_rule, detail.number) == (False, False, 7)
            for name in ("make_rule", "show_similar", "revoke_rule"):
                button = scene.view.detail.findChild(QPushButton, name)
                assert button is None or button.isHidden(), name
            scene.presenter.show_filters(
                [FilterToken(key="outcome", value=look.words("weakened.outcome_weakened"))]
            )
            only = await scene.until(lambda found: len(found) == 3)
            assert {row.outcome.icon for row in only} == {Icon.WEAKENED}
        finally:
            scene.close()

    asyncio.run(story())


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_kind_is_said_in_words_of_its_own(language: str) -> None:
    words = LANGUAGES[language]
    said = {
        str(details["what"]): weakening_text(
            Recorded(call="", outcome=WEAKENED, result=details), words
        )
        for _intent, details in WEAKENING
    }
    assert len(set(said.values())) == len(said) >= 11
    assert words("weakened.of_unknown") not in said.values()


def test_each_kind_leads_to_where_its_way_back_is() -> None:
    """The list in Settings has the way back of some alone; the others would look for it in vain."""
    back = {
        str(details["what"]): weakening_detail(
            Recorded(call="", outcome=WEAKENED, result=details), LANGUAGES["en"]
        )
        .decided[-1]
        .value
        for _intent, details in WEAKENING
    }
    listed = {kind for kind, said in back.items() if said == "Settings list it with its way back."}
    assert listed == {"reach", "results", "http"}
    places = {"posture": "Rules", "rules": "Rules", "tier": "Servers", "environment": "Labels"}
    assert all(place in back[kind] for kind, place in places.items())


NUMBERS = st.integers(-(2**53) + 1, 2**53 - 1)
"""Those that a record can hold (RFC 8785)."""


@given(
    details=st.dictionaries(
        st.sampled_from(["what", "agent", "other", "n", "rule", "label", "name", "table"]),
        st.one_of(st.text(max_size=400), NUMBERS, st.none(), st.just("reach")),
    ),
    outcome=st.sampled_from(OUTCOMES),
)
def test_whatever_a_record_says_is_a_row_of_plain_text(
    details: dict[str, str | int | None], outcome: str
) -> None:
    said: JsonObject = {**details}
    item = Recorded(call="", outcome=outcome, result=said, server="s\u202ee", tool="")
    for words in LANGUAGES.values():
        row, detail = weakening_row(item, words), weakening_detail(item, words)
        assert "\u202e" not in row.decisive + row.server_tool + detail.headline
        assert len(row.decisive) < 700


def test_no_decision_can_pass_as_one() -> None:
    """A decision has the id of its call, which no record of a setting has."""
    assert not any(is_weakening(Recorded(outcome=one)) for one in OUTCOMES)
    every = [*Outcome, *Delivery]
    assert not any(is_weakening(Recorded(call="", outcome=one.value)) for one in every)


def test_their_words_and_pictures_are_nobody_elses(look: Look) -> None:
    words = look.words
    said = [words(f"weakened.outcome_{one}") for one in OUTCOMES]
    said += [words(f"history.outcome_{one.value}") for one in Outcome]
    said += [words(f"history.delivery_{one.value}") for one in Delivery]
    ordered = sorted(said)
    assert all(one != other for one, other in pairwise(ordered))
