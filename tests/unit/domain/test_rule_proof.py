"""What the prover says of rules, held against what people ask."""

import pytest

from keyturn.domain import text_sets
from keyturn.domain.canonical import JsonValue
from keyturn.domain.condition import Condition, Operator
from keyturn.domain.lamps import Lamps
from keyturn.domain.rule import Effect, Kind, Rule
from keyturn.domain.rule_life import RuleLimits, Window
from keyturn.domain.rule_proof import (
    Answer,
    Never,
    Possible,
    Question,
    Unproved,
    can_be_reached,
    can_ever,
    newly_allowed,
)
from keyturn.domain.value_sets import LONGEST

QA_ONLY = Rule(
    id="qa",
    effect=Effect.ALLOW,
    agent="qa",
    when=(Condition(path="/env", op=Operator.IN, value=["qa", "staging"]),),
)
PAGES = Rule(
    id="pages",
    effect=Effect.ALLOW,
    tool="read_*",
    when=(Condition(path="/page", op=Operator.LE, value=5),),
)


def at(path: str, op: Operator, value: JsonValue) -> Condition:
    """Make a condition."""
    return Condition(path=path, op=op, value=value)


def shown(answer: Answer) -> Possible:
    """Return the call that was shown."""
    assert isinstance(answer, Possible)
    return answer


def test_the_qa_agent_never_reaches_production() -> None:
    asked = Question(agent="qa", when=(at("/env", Operator.EQ, "production"),))
    assert can_ever(asked, (QA_ONLY,)) == Never()
    slip = Rule(id="slip", effect=Effect.ALLOW, server="billing", tool="get_*")
    call = shown(can_ever(asked, (QA_ONLY, slip))).call
    assert (call.server, call.tool, call.arguments) == ("billing", "get_", {"env": "production"})
    guard = Rule(id="n", effect=Effect.DENY, never=True, when=asked.when)
    assert can_ever(asked, (QA_ONLY, slip, guard)) == Never()


def test_the_smallest_call_is_shown_with_its_rule_and_the_set_that_it_is_of() -> None:
    answer = shown(can_ever(Question(), (PAGES,)))
    assert answer.rule == PAGES
    assert (answer.call.tool, answer.call.arguments) == ("read_", {"page": 0})
    assert ("tool", "read_*", True) in answer.within.names
    assert [literal.test for literal in answer.within.tests] == list(PAGES.when)


def test_an_edit_shows_a_call_that_it_allows_anew() -> None:
    wider = Rule(
        id="pages", effect=Effect.ALLOW, tool="read_*", when=(at("/page", Operator.LE, 9),)
    )
    answer = shown(newly_allowed((PAGES,), (wider,)))
    assert 5 < float(str(answer.call.arguments["page"])) <= 9
    assert newly_allowed((wider,), (PAGES,)) == Never()
    assert newly_allowed((PAGES,), (PAGES,)) == Never()


def test_a_denial_that_is_gone_lets_through_what_it_covered() -> None:
    deny = Rule(id="d", effect=Effect.DENY, tool="read_all")
    assert shown(newly_allowed((PAGES, deny), (PAGES,))).call.tool == "read_all"


def test_hosts_and_folders_are_structures_of_their_own() -> None:
    inside = Rule(
        id="i", effect=Effect.ALLOW, when=(at("/to", Operator.HOST_IN, ["*.example.com"]),)
    )
    other = Question(when=(at("/to", Operator.HOST_IN, ["example.org"]),))
    assert can_ever(other, (inside,)) == Never()
    below = Question(when=(at("/to", Operator.HOST_IN, ["a.example.com"]),))
    assert shown(can_ever(below, (inside,))).call.arguments == {"to": "a.example.com"}
    folder = Rule(
        id="f", effect=Effect.ALLOW, when=(at("/path", Operator.PATH_UNDER, "/srv/data"),)
    )
    etc = Question(when=(at("/path", Operator.PATH_UNDER, "/etc"),))
    assert can_ever(etc, (folder,)) == Never()


def test_what_cannot_be_proved_is_not_said_to_be_impossible() -> None:
    odd = Rule(id="o", effect=Effect.ALLOW, when=(at("/a", Operator.MATCHES, "^(ab){3}$"),))
    deny = Rule(id="d", effect=Effect.DENY, when=(at("/a", Operator.GLOB, "*b"),))
    assert can_ever(Question(), (odd, deny)) == Unproved()
    plain = Rule(id="p", effect=Effect.ALLOW, when=(at("/a", Operator.MATCHES, "^abc$"),))
    assert shown(can_ever(Question(), (plain,))).call.arguments == {"a": "abc"}


def test_limits_are_taken_as_not_reached_and_windows_as_shut() -> None:
    spent = Rule(id="s", effect=Effect.ALLOW, limits=RuleLimits(uses=1, until="2020-01-01"))
    assert isinstance(can_ever(Question(), (spent,)), Possible)
    window = Window(begins="2026-12-24T18:00:00.000Z", ends="2027-01-02T07:00:00.000Z")
    freeze = Rule(id="f", effect=Effect.DENY, during=(window,))
    assert isinstance(can_ever(Question(), (PAGES, freeze)), Possible)


@pytest.mark.parametrize("kind", [Kind.READ, Kind.SAMPLING])
def test_rules_of_other_kinds_are_asked_about_as_well(kind: Kind) -> None:
    allow = Rule(id="a", effect=Effect.ALLOW, kind=kind, tool="file:///srv/*")
    assert isinstance(can_ever(Question(kind=kind), (allow,)), Possible)
    assert can_ever(Question(), (allow,)) == Never()
    assert can_ever(Question(kind=kind, tool="https:*"), (allow,)) == Never()


def test_a_host_that_no_rule_names_is_found_whatever_they_name() -> None:
    below = Rule(id="below", effect=Effect.ALLOW, when=(host("*.example.com"),))
    named = Rule(id="named", effect=Effect.DENY, when=(host("x.example.com", "x1.example.com"),))
    call = shown(can_ever(Question(), (below, named))).call
    assert call.arguments == {"to": "x2.example.com"}
    folders = [under("/a"), under("/a/x"), under("/a/x1")]
    allow, *denied = (
        Rule(id=str(n), effect=Effect.DENY if n else Effect.ALLOW, when=(test,))
        for n, test in enumerate(folders)
    )
    assert shown(can_ever(Question(), (allow, *denied))).call.arguments["file"] in ("/a", "/a/x2")


def host(*names: str) -> Condition:
    return Condition(path="/to", op=Operator.HOST_IN, value=list(names))


def under(folder: str) -> Condition:
    return Condition(path="/file", op=Operator.PATH_UNDER, value=folder)


@pytest.mark.parametrize("kind", [Kind.COMPLETE, Kind.TASK])
def test_what_is_not_asked_about_is_possible_without_a_rule(kind: Kind) -> None:
    deny = Rule(id="deny", effect=Effect.DENY, kind=kind, server="git")
    answer = shown(can_ever(Question(kind=kind), ()))
    assert answer.rule is None
    assert shown(can_ever(Question(kind=kind), (deny,))).call.server != "git"
    assert can_ever(Question(kind=kind, server="git"), (deny,)) == Never()
    assert shown(newly_allowed((deny,), ())).call.server == "git"
    assert newly_allowed((), (deny,)) == Never()


@pytest.mark.parametrize("op", [Operator.GT, Operator.GE, Operator.LT, Operator.EQ])
def test_the_largest_numbers_are_no_surprise(op: Operator) -> None:
    for number in (2**53 - 1, -(2**53) + 1, 1e300):
        test = Condition(path="/n", op=op, value=number)
        rule = Rule(id="r", effect=Effect.ALLOW, when=(test,))
        assert isinstance(can_ever(Question(), (rule,)), Possible)


def test_a_freeze_decides_within_its_window() -> None:
    window = (Window(begins="2026-01-01T00:00:00.000Z", ends="2026-01-02T00:00:00.000Z"),)
    freeze = Rule(id="freeze", effect=Effect.ASK, server="git", during=window)
    other = Rule(id="other", effect=Effect.DENY, server="mail")
    assert isinstance(can_be_reached(freeze, (other,)), Possible)
    assert can_be_reached(freeze, (Rule(id="all", effect=Effect.DENY),)) == Never()


def test_of_more_ways_than_may_be_looked_at_nothing_is_said() -> None:
    deny = Rule(id="d", effect=Effect.DENY, server="git")
    assert isinstance(can_ever(Question(), (PAGES, deny)), Possible)
    assert can_ever(Question(), (PAGES, deny), most=0) == Unproved()
    assert newly_allowed((), (PAGES, deny), most=0) == Unproved()


def test_a_question_whose_test_cannot_be_made_is_not_answered_by_never() -> None:
    odd = Question(when=(at("/a", Operator.MATCHES, "("),))
    assert can_ever(odd, (Rule(id="all", effect=Effect.ALLOW),)) == Unproved()
    # Clients of the web disagree about the host of this one, so that nobody can say what it names.
    unclear = Question(kind=Kind.READ, tool="http://user@a.test/")
    assert can_ever(unclear, (Rule(id="r", effect=Effect.ALLOW, kind=Kind.READ),)) == Unproved()


def test_the_fewest_lamps_are_lit_that_the_rules_ask_for() -> None:
    lit = Rule(id="lit", effect=Effect.ALLOW, when=(at("", Operator.TAINT_HAS, "U"),))
    private = Rule(id="private", effect=Effect.DENY, when=(at("", Operator.TAINT_HAS, "P"),))
    assert shown(can_ever(Question(), (lit, private))).call.lamps is Lamps.U
    both = Question(when=(at("", Operator.TAINT_HAS, "UP"),))
    assert can_ever(both, (lit, private)) == Never()
    assert shown(can_ever(both, (lit,))).call.lamps is Lamps.U | Lamps.P


def test_values_within_others_are_put_in_their_places() -> None:
    within = (at("/to/name", Operator.EQ, "R"), at("/to/number", Operator.GT, 4))
    allow = Rule(id="a", effect=Effect.ALLOW, when=within)
    call = shown(can_ever(Question(), (allow,))).call
    assert call.arguments == {"to": {"name": "R", "number": 5}}
    # No value is a text and has something within: none was found, which is not shown to be so.
    text = Question(when=(at("/to", Operator.EQ, "R"),))
    assert can_ever(text, (allow,)) == Unproved()


def test_wildcards_side_by_side_are_one() -> None:
    allow = Rule(id="a", effect=Effect.ALLOW, tool="get_**x")
    assert shown(can_ever(Question(), (allow,))).call.tool == "get_x"


@pytest.mark.parametrize("op", [Operator.LEN_LE, Operator.GLOB])
def test_what_would_take_too_long_is_not_said_to_be_impossible(
    op: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(text_sets, "MOST_STATES", 1)
    value = LONGEST + 1 if op is Operator.LEN_LE else "too*large"
    allow = Rule(id="a", effect=Effect.ALLOW, when=(at("/a", op, value),))
    assert can_ever(Question(), (allow,)) == Unproved()
    named = Rule(id="n", effect=Effect.ALLOW, server=f"{op}*too*large")
    assert can_ever(Question(), (named,)) == Unproved()


def test_whole_arguments_of_which_a_test_cannot_be_sure_are_passed_over() -> None:
    whole = at("", Operator.IN, [{"env": "qa", "ENV": "prod"}, {"env": "qa"}])
    allow = Rule(id="a", effect=Effect.ALLOW, when=(whole, at("/env", Operator.EQ, "qa")))
    assert shown(can_ever(Question(), (allow,))).call.arguments == {"env": "qa"}
