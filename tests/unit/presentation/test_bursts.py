"""Which calls stand in one row, what is flagged in it, and what its table shows."""

import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyturn.application.approval_request import ApprovalRequest, RequestKind
from keyturn.domain.canonical import JsonObject
from keyturn.domain.origin import Trace
from keyturn.domain.tier import Tier
from keyturn.presentation.bursts import LEAST, Row, Waits, arrange, like
from keyturn.presentation.card_builder import CardBuilder
from keyturn.presentation.group_table import GroupBuilder, GroupView, most_allowed
from keyturn.presentation.outliers import Unlike, outliers
from keyturn.presentation.verbs import read_verbs
from keyturn.presentation.words import Words
from tests.factories import make_request
from tests.fakes.approval_requests import origin

ROOT = Path(__file__).resolve().parents[3] / "resources"
WORDS = Words(ROOT / "translations")


def write(number: int, **more: object) -> ApprovalRequest:
    arguments: JsonObject = {"path": f"/srv/site/{number}.ts", "mode": "0644"}
    arguments.update({key: value for key, value in more.items() if isinstance(value, str | int)})
    return make_request(f"call-{number}", tool="write_file", arguments=arguments)


def waits(*requests: ApprovalRequest) -> list[Waits]:
    return [Waits(one.id, one.digest, like(one, "")) for one in requests]


def table(*requests: ApprovalRequest) -> GroupView:
    builder = GroupBuilder(WORDS, CardBuilder(WORDS, read_verbs(ROOT / "verbs.toml")))
    return builder.view("group", [[one] for one in requests])


class TestRows:
    """Identical calls are one row; four like ones are too; what is open stays as it is."""

    @pytest.mark.requirement("Q5")
    def test_the_identical_call_is_one_row_however_often_it_is_asked(self) -> None:
        same = [replace(write(1), id=f"again-{number}") for number in range(4)]
        rows = arrange(waits(*same, write(2)))
        assert rows == [
            Row("again-0", (("again-0", "again-1", "again-2", "again-3"),)),
            Row("call-2", (("call-2",),)),
        ]

    def test_four_like_calls_are_one_row_and_three_are_not(self) -> None:
        assert len(arrange(waits(*map(write, range(LEAST - 1))))) == LEAST - 1
        (row,) = arrange(waits(*map(write, range(LEAST))))
        assert row.group
        assert row.ids == ("call-0", "call-1", "call-2", "call-3")

    @pytest.mark.parametrize(
        "other",
        [
            {"session": "s-2"},
            {"server": "files-2"},
            {"tool": "append_file"},
            {"definition": '{"name":"write_file","x":1}'},
            {"tier": Tier.T2},
            {"two_persons": True},
            {"agent": "coder"},
            {"kind": RequestKind.COMMAND},
            {"method": "resources/read"},
        ],
    )
    def test_what_differs_in_more_than_arguments_stands_alone(self, other: dict[str, Any]) -> None:
        unlike = replace(write(9), **other)
        rows = arrange(waits(*map(write, range(4)), unlike))
        assert [row.group for row in rows] == [True, False]
        assert rows[1].ids == ("call-9",)

    def test_the_card_that_is_open_is_not_folded_into_a_group(self) -> None:
        rows = arrange(waits(*map(write, range(5))), open_id="call-2")
        assert [row.ids for row in rows] == [
            ("call-0", "call-1", "call-3", "call-4"),
            ("call-2",),
        ]

    def test_a_group_that_is_open_stays_one_while_it_shrinks(self) -> None:
        (row,) = arrange(waits(*map(write, range(4))))
        (kept,) = arrange(waits(write(3)), kept={row.id})
        assert (kept.id, kept.ids, kept.group) == (row.id, ("call-3",), True)

    @given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 9)), max_size=60), st.data())
    def test_nothing_is_lost_doubled_or_moved(
        self, made: list[tuple[int, int]], data: st.DataObject
    ) -> None:
        ones = [
            Waits(f"r-{place}", f"d-{group}-{digest}", f"g-{group}" if group else "")
            for place, (group, digest) in enumerate(made)
        ]
        open_id = data.draw(st.sampled_from([one.id for one in ones])) if ones else ""
        rows = arrange(ones, open_id=open_id)
        assert sorted(id_ for row in rows for id_ in row.ids) == sorted(one.id for one in ones)
        firsts = [int(row.ids[0][2:]) for row in rows]
        assert firsts == sorted(firsts)
        for row in rows:
            assert not row.group or open_id not in row.ids
            assert row.group is (len(row.units) > 1)


class TestOutliers:
    """Values unlike the others are flagged, and only those."""

    @pytest.mark.parametrize(
        ("value", "why"),
        [
            ("/home/ada/.ssh/authorized_keys", Unlike.FOLDER),
            ("/srv/site/../../root/.bashrc", Unlike.LEAVES),
            ("/srv/site/a\u202eb.ts", Unlike.HIDDEN),
            ("C:\\Windows\\system.ini", Unlike.FOLDER),
            ("notes.txt", Unlike.FOLDER),
            (7, Unlike.FOLDER),
            (None, Unlike.FOLDER),
        ],
    )
    def test_a_path_out_of_the_others_folder(self, value: str | int | None, why: Unlike) -> None:
        calls = [{"/p": f"/srv/site/{n % 3}/{n}.ts"} for n in range(9)]
        flags = outliers([*calls, {"/p": value}], ["/p"])
        assert flags[:-1] == [None] * 9
        assert flags[-1] is not None
        assert flags[-1].why is why

    @pytest.mark.parametrize(
        ("value", "flagged"),
        [
            ("\u0430nna", True),
            ("invoices of m\u03b1rch", True),
            ("\u0430\u043d\u043d\u0430", False),
            ("Anna und \u0410\u043d\u043d\u0430", False),
            ("J\u00fcrgen Stra\u00dfe", False),
            ("\u6771\u4eac tower", False),
        ],
    )
    def test_a_word_of_letters_that_look_like_others(self, value: str, flagged: bool) -> None:
        calls = [{"/to": one} for one in ("anna", "bert", "carl", "dora", value)]
        flags = outliers(calls, ["/to"])
        assert [flag.why for flag in flags if flag] == [Unlike.MIXED] * flagged
        assert (flags[-1] is not None) is flagged

    @pytest.mark.parametrize(
        "value",
        ["https://evil.example/a", "https://api.example@evil.example/a", "//evil.example", "x"],
    )
    def test_another_host(self, value: str) -> None:
        calls = [{"/u": f"https://api.example/{n}"} for n in range(9)]
        flags = outliers([*calls, {"/u": value}], ["/u"])
        assert flags[:-1] == [None] * 9
        assert flags[-1] is not None

    def test_another_domain_of_an_address(self) -> None:
        calls = [{"/to": f"p{n}@northwind.example"} for n in range(5)]
        flags = outliers([*calls, {"/to": "p1@northwind.example.evil.example"}], ["/to"])
        assert [flag.why for flag in flags if flag] == [Unlike.HOST]

    def test_much_larger_texts_and_amounts(self) -> None:
        calls = [{"/n": 10 + n, "/c": "x" * (300 + n)} for n in range(9)]
        flags = outliers([*calls, {"/n": 400, "/c": "x" * 300}], ["/n", "/c"])
        assert [(flag.why, flag.n) for flag in flags if flag] == [(Unlike.LARGER, 27)]
        flags = outliers([*calls, {"/n": 10, "/c": "x" * 14_500}], ["/n", "/c"])
        assert [(flag.why, flag.n) for flag in flags if flag] == [(Unlike.LARGER, 47)]

    def test_five_planted_among_a_hundred_are_all_found_and_no_other(self) -> None:
        chance = random.Random(7)
        paths = [f"/srv/site/src/{chance.choice('abc')}/{n}.ts" for n in range(95)]
        bad = [f"/home/ada/.ssh/{n}" for n in range(3)] + ["/etc/passwd", "/srv/site/../x"]
        paths += bad
        order = list(range(100))
        chance.shuffle(order)
        flags = outliers([{"/path": paths[n]} for n in order], ["/path"])
        assert [n >= 95 for n in order] == [flag is not None for flag in flags]


class TestTable:
    """Constants once, what varies in columns, nothing cut."""

    def test_constants_stand_on_top_and_varying_values_in_columns(self) -> None:
        view = table(*map(write, range(5)))
        assert view.constants == (("mode", "0644"),)
        assert view.columns == ("path",)
        assert [call.cells[0].text for call in view.calls] == [
            f"/srv/site/{number}.ts" for number in range(5)
        ]
        assert "5" in view.headline

    def test_outliers_are_on_top(self) -> None:
        view = table(*map(write, range(5)), write(9, path="/home/ada/.ssh/keys"))
        assert view.calls[0].request_id == "call-9"
        assert view.calls[0].unlike == "Other folder"
        assert not any(call.unlike for call in view.calls[1:])

    def test_a_long_value_is_not_cut_but_has_to_be_opened(self) -> None:
        view = table(*map(write, range(4)), write(4, path="/srv/site/" + "x" * 80))
        (long,) = [call for call in view.calls if not call.is_whole]
        assert long.cells[0].text == "90 characters"
        lines = table(*[write(n, content=f"a\nb{n}") for n in range(4)])
        assert lines.calls[0].cells[lines.columns.index("content")].text == "4 characters, 2 lines"
        assert not lines.calls[0].is_whole

    def test_more_columns_than_fit_have_to_be_opened_too(self) -> None:
        view = table(*[write(n, a=n, b=n, c=n, d=n, e=n) for n in range(4)])
        assert len(view.columns) == 5
        assert view.calls[0].cells[-1].long
        assert view.calls[0].cells[-1].text == "2 more values"

    def test_what_came_from_untrusted_text_is_flagged(self) -> None:
        traced = replace(
            write(7), trace=Trace(origins=(origin("/path", "/srv/site/7.ts", untrusted=True),))
        )
        view = table(*map(write, range(4)), traced)
        assert (view.calls[0].request_id, view.calls[0].unlike) == (
            "call-7",
            "From untrusted text",
        )

    @given(
        st.lists(
            st.dictionaries(
                st.sampled_from(["a", "b", "/", "~", ""]),
                st.text(max_size=8) | st.integers(-9, 9) | st.none() | st.booleans(),
                max_size=4,
            ),
            min_size=1,
            max_size=8,
        )
    )
    def test_every_value_of_every_call_is_on_it(self, made: list[JsonObject]) -> None:
        requests = [
            make_request(f"r-{place}", tool="any", arguments=one) for place, one in enumerate(made)
        ]
        view = table(*requests)
        fixed = [value for _, value in view.constants]
        for call in view.calls:
            subject = made[int(call.request_id[2:])]
            shown = [*fixed, *(cell.text for cell in call.cells)]
            for value in subject.values():
                if isinstance(value, str) and len(value.splitlines()) <= 1:
                    assert value in shown or not call.is_whole

    def test_a_long_value_that_is_the_same_in_all_has_to_be_opened_too(self) -> None:
        view = table(*[write(n, content="y" * 81) for n in range(4)])
        assert view.constants == (("mode", "0644"),)
        assert not any(call.is_whole for call in view.calls)

    def test_what_is_bound_beside_the_arguments_is_on_it(self) -> None:
        requests = [replace(write(n), bound_meta=f'{{"x":{n}}}') for n in range(4)]
        view = table(*requests)
        assert [call.cells[view.columns.index("_meta")].text for call in view.calls] == [
            f'{{"x":{n}}}' for n in range(4)
        ]

    def test_limits_of_one_press(self) -> None:
        assert [most_allowed(tier) for tier in Tier] == [25, 25, 5, 0]
