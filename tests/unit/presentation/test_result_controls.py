"""How a screen says what was taken out of a result, and what can be switched off for a tool."""

from pathlib import Path

import pytest

from keyturn.domain.canonical import JsonObject
from keyturn.domain.result_controls import Profile, ResultControls, loosens
from keyturn.presentation.result_controls import (
    budgets_view,
    controls_view,
    done_in_short,
    done_pairs,
    switched_off,
)
from keyturn.presentation.words import Words

WORDS = Words(Path(__file__).parents[3] / "resources" / "translations")
DONE: JsonObject = {
    "masked": 2,
    "removed": 14,
    "marked": 1,
    "cut": True,
    "shape": "changed",
    "shape_new": ["/run string"],
    "unfit_masked": True,
    "controls": [
        "secret|AWS access key|2|/result/content/*/text",
        "unseen||14|/result/content/*/text",
        "picture||1|",
    ],
}


@pytest.mark.requirement("RESULT-TOLD")
def test_what_was_taken_out_is_said_in_short() -> None:
    assert done_in_short({}, WORDS) == ""
    assert done_in_short({"masked": 1, "removed": 0, "marked": "no"}, WORDS) == "1 secret masked"
    assert done_in_short(DONE, WORDS) == (
        "2 secrets masked, 14 unseen characters removed, 1 link or picture carries data, "
        "cut to its limit, another shape than before"
    )


@pytest.mark.requirement("RESULT-TOLD")
def test_each_place_is_said_without_a_value() -> None:
    said = [(pair.key, pair.value) for pair in done_pairs(DONE, WORDS)]
    assert said[1:] == [
        ("AWS access key, 2 times", "/result/content/*/text"),
        ("14 unseen characters", "/result/content/*/text"),
        ("Picture with data", "in its text"),
        ("New in its shape", "/run string"),
        ("Output schema", "What was masked does not fit it any more."),
    ]


@pytest.mark.requirement("SIGN-MARKED", "SIGN-TOLD")
@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("order", "Reads like an order to the model"),
        ("hush", "Wants something kept from you"),
        ("unread", "Too long to be read whole for orders"),
        ("of a later version", "Reads like an order to the model"),
    ],
)
def test_history_says_that_a_result_reads_like_an_order(kind: str, said: str) -> None:
    result: JsonObject = {"signs": 1, "controls": [f"sign|{kind}|1|/result/content/*/text"]}
    assert done_in_short(result, WORDS) == "reads like an order to the model"
    pairs = [(pair.key, pair.value) for pair in done_pairs(result, WORDS)]
    assert (said, "/result/content/*/text") in pairs


@pytest.mark.requirement("RESULT-SWITCH")
def test_a_choice_is_the_switches_that_are_on() -> None:
    view = controls_view(ResultControls(links=False, max_tokens=500, max_bytes=9), WORDS)
    assert [row.on for row in view.switches] == [True, True, True, False, False]
    chosen_limits = [(g.name, r.tokens) for g in view.limits for r in g.rows if r.chosen]
    assert chosen_limits == [("max_tokens", 500), ("session_tokens", 0), ("day_tokens", 0)]
    assert [row.profile for row in view.profiles if row.chosen] == [Profile.AUTO]
    chosen = view.chosen(frozenset({"unseen", "links"}), {"max_tokens": 0}, Profile.AUTO)
    assert chosen == ResultControls(secrets=False, schema=False, max_bytes=9)
    assert switched_off(chosen, WORDS) == (
        "Mask secrets, Hold back what breaks the tool's output schema, "
        "Ask me before a result that reads like an order goes on",
        "Any length",
    )
    read_otherwise = view.chosen(frozenset({"secrets"}), {"day_tokens": 16_000}, Profile.SQL)
    assert switched_off(read_otherwise, WORDS)[1] == (
        "Up to 500 tokens, in a session: Any number, in a day: Up to 16,000 tokens"
    )
    assert read_otherwise.profile is Profile.SQL and loosens(view.controls, read_otherwise)
    assert "reading texts as what they look like" in switched_off(read_otherwise, WORDS)[0]


@pytest.mark.requirement("RESULT-BUDGET")
def test_of_an_agent_only_budgets_are_chosen() -> None:
    view = budgets_view(ResultControls(day_tokens=64_000), 1_200, WORDS)
    assert (view.switches, view.profiles) == ((), ())
    assert [group.note for group in view.limits] == ["", "1,200 tokens today."]
    chosen = view.chosen(frozenset(), {"session_tokens": 16_000, "day_tokens": 0}, Profile.NONE)
    assert chosen == ResultControls(session_tokens=16_000)
