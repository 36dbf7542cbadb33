"""Who may answer what: every route, kind and wish, and that the queue asks before it acts."""

from itertools import product
from typing import Any

import pytest

from keyturn.application.answering import may_answer
from keyturn.application.approval_request import (
    Answer,
    AnswerEffect,
    AnswerVerdict,
    RequestKind,
    Route,
)
from keyturn.domain.tier import Tier
from tests.factories import make_request
from tests.unit.application.gate_world import World, play

ALLOW, DENY = AnswerVerdict.ALLOW_ONCE, AnswerVerdict.DENY
WINDOW = {Route.WINDOW, Route.ACCESSIBILITY}
OF_A_TOOL = {RequestKind.DEFINITION, RequestKind.CHANGE}


def said(route: Route, verdict: AnswerVerdict, **wish: Any) -> Answer:
    """Make an answer that nothing but its route, verdict and wishes can refuse."""
    return Answer(id="call-1", digest=make_request().digest, verdict=verdict, route=route, **wish)


@pytest.mark.requirement("LAW-4")
@pytest.mark.parametrize(("kind", "route"), list(product(RequestKind, Route)))
def test_each_route_allows_and_denies_only_what_it_may(kind: RequestKind, route: Route) -> None:
    by_window = route in WINDOW
    named = by_window or route in (Route.TERMINAL, Route.EXEC)
    may_allow = by_window if kind is RequestKind.AGENT else named
    may_deny = may_allow or (route is Route.NOTIFICATION and kind is RequestKind.CALL)
    assert may_answer(kind, said(route, ALLOW)) is may_allow
    assert may_answer(kind, said(route, DENY)) is may_deny


@pytest.mark.requirement("LAW-4")
@pytest.mark.parametrize(("kind", "route"), list(product(RequestKind, Route)))
@pytest.mark.parametrize("wish", [{"tier": Tier.T0}, {"labels": "U"}, {"labels": ""}])
def test_only_a_person_confirms_a_tier_or_labels_and_only_of_a_tool(
    kind: RequestKind, route: Route, wish: dict[str, Any]
) -> None:
    person = route in WINDOW or route is Route.TERMINAL
    assert may_answer(kind, said(route, ALLOW, **wish)) is (person and kind in OF_A_TOOL)
    assert not may_answer(kind, said(route, DENY, **wish))


@pytest.mark.parametrize(("kind", "route"), list(product(RequestKind, Route)))
@pytest.mark.parametrize("verdict", AnswerVerdict)
def test_only_a_person_hides_and_only_a_tool(
    kind: RequestKind, route: Route, verdict: AnswerVerdict
) -> None:
    person = route in WINDOW or route is Route.TERMINAL
    assert may_answer(kind, said(route, verdict, hide=True)) is (person and kind in OF_A_TOOL)


@pytest.mark.parametrize("tier", Tier)
def test_t3_is_never_chosen(tier: Tier) -> None:
    chosen = said(Route.WINDOW, ALLOW, tier=tier)
    assert may_answer(RequestKind.DEFINITION, chosen) is (tier is not Tier.T3)


@pytest.mark.parametrize(
    ("kind", "answer"),
    [
        (RequestKind.CALL, said(Route.NOTIFICATION, ALLOW)),
        (RequestKind.AGENT, said(Route.EXEC, ALLOW)),
        (RequestKind.DEFINITION, said(Route.EXEC, ALLOW, tier=Tier.T0)),
        (RequestKind.DEFINITION, said(Route.WINDOW, ALLOW, tier=Tier.T3)),
        (RequestKind.CALL, said(Route.WINDOW, ALLOW, hide=True)),
    ],
)
def test_what_may_not_be_answered_so_waits_on(kind: RequestKind, answer: Answer) -> None:
    async def story() -> None:
        world = World()
        future = world.approvals.ask(make_request(kind=kind), hold_seconds=50)
        assert world.approvals.answer(answer) is AnswerEffect.NOT_ALLOWED
        assert not future.done()
        assert len(world.approvals.waiting()) == 1

    play(story)
