"""What is recorded of a held result, whole, and what a person is asked about it, whole."""

from hashlib import sha256

import pytest

from keyturn.application.approval_request import (
    BECAUSE_SIGNS,
    Answer,
    AnswerEffect,
    AnswerVerdict,
    ApprovalRequest,
    RequestKind,
    Route,
)
from keyturn.application.call import Refused
from keyturn.application.held_results import NOT_HANDED_ON
from keyturn.domain.canonical import JsonObject, canonical
from keyturn.domain.decision import Actor, Outcome, Verdict
from keyturn.domain.finding import Finding, FindingKind
from keyturn.domain.lamps import Lamps
from keyturn.domain.record import Durability, Entry, RecordType
from keyturn.domain.tier import Tier
from tests.factories import make_call
from tests.unit.application.gate_world import World, play
from tests.unit.application.test_held_results import ALLOW, ORDER, held, holding, saying


def recorded(world: World, request: ApprovalRequest) -> Entry:
    """Return the decision that was recorded of a held result."""
    (found,) = [one for one in world.log.of_type(RecordType.DECISION) if one.call == request.id]
    return found


def expected(request: ApprovalRequest, outcome: Outcome, actor: Actor) -> Entry:
    """Return what is recorded of it with nobody's answer; written out, field by field."""
    about = canonical({"result_of": "call-1", "sha256": request.digest})
    return Entry(
        type=RecordType.DECISION,
        call=request.id,
        session=request.session,
        agent="analyst",
        server="logistics",
        tool="dispatch_order",
        tier="T1",
        call_digest=request.digest,
        taint=request.lamps,
        policy={"because": "result_signs"},
        verdict=Verdict.ASK.value,
        outcome=outcome.value,
        actor=actor,
        details={"from_server": True, "result_of": "call-1"},
        arguments=about,
        committed=about,
    )


@pytest.mark.requirement("SIGN-HOLD", "SIGN-TOLD")
@pytest.mark.parametrize(
    ("pin", "persons", "more"),
    [
        (False, (), {}),
        (True, (), {"via": "pin"}),
        (True, ("Ada", "Berta"), {"via": "pin", "persons": ["Ada", "Berta"]}),
    ],
)
@pytest.mark.parametrize("allow", [True, False])
def test_an_answer_is_recorded_with_all_that_came_with_it(
    pin: bool, persons: tuple[str, ...], more: JsonObject, allow: bool
) -> None:
    async def story() -> None:
        world = await holding(ALLOW)
        task, _, request = await held(world)
        answer = Answer(
            id=request.id,
            digest=request.digest,
            verdict=AnswerVerdict.ALLOW_ONCE if allow else AnswerVerdict.DENY,
            route=Route.WINDOW,
            pin=pin,
            persons=persons,
            shown_ms=1_234,
            prompt_hash="p" * 64,
        )
        assert world.approvals.answer(answer) is AnswerEffect.APPLIED
        await task
        outcome = Outcome.ALLOWED_ONCE if allow else Outcome.DENIED_USER
        bare = expected(request, outcome, Actor.HUMAN)
        with_answer = {"shown_ms": 1_234, "prompt_hash": "p" * 64}
        told = {**bare.details, "route": "window", **more}
        found = recorded(world, request)
        assert found.details == told
        assert (found.shown_ms, found.prompt_hash) == tuple(with_answer.values())
        for name in Entry.__struct_fields__:
            if name not in {"details", *with_answer}:
                assert getattr(found, name) == getattr(bare, name), name

    play(story)


@pytest.mark.requirement("SIGN-HOLD", "SIGN-TOLD", "LAW-3")
def test_what_nobody_answered_is_recorded_as_that() -> None:
    async def story() -> None:
        world = await holding(ALLOW)
        task, _, request = await held(world)
        await world.stop.engage("window")
        await task
        found = recorded(world, request)
        bare = expected(request, Outcome.REFUSED_PAUSED, Actor.STOP)
        assert {name: getattr(found, name) for name in Entry.__struct_fields__} == {
            name: getattr(bare, name) for name in Entry.__struct_fields__
        }

    play(story)


@pytest.mark.requirement("SIGN-HOLD", "SIGN-SHOWN")
def test_a_person_is_asked_with_all_that_is_known() -> None:
    async def story() -> None:
        world = await holding(ALLOW)
        connection = await world.connect()
        session = connection.session
        session.lamps = Lamps.P
        session.lit_by["P"] = 1
        incoming = make_call(connection)
        task = world.start(incoming)
        request = await world.asked()
        subject = canonical({"result": saying(ORDER)})
        assert request.id != incoming.id
        assert (request.kind, request.because) == (RequestKind.RESULT, BECAUSE_SIGNS)
        assert (request.agent, request.session) == ("analyst", session.id)
        assert (request.server, request.tool) == ("logistics", "dispatch_order")
        assert (request.arguments, request.tier) == (subject.decode(), Tier.T1)
        assert request.digest == sha256(subject).hexdigest()
        assert (request.lamps, request.lit_by) == ("P", (("P", 1),))
        assert request.asked_by.agent_enrolled is connection.agent_enrolled
        assert request.environment == connection.server.environment
        assert request.created_utc == world.clock.now_utc()
        assert request.ticket
        (finding,) = request.findings
        assert finding == Finding(
            kind=FindingKind.ORDER, words=finding.words, place="/result/content/*/text"
        )
        assert finding.words
        world.answer(request, allow=False)
        await task

    play(story)


@pytest.mark.requirement("SIGN-HOLD", "LAW-3", "LAW-5")
@pytest.mark.parametrize(
    ("end", "outcome"),
    [
        ("cancelled", Outcome.CANCELLED_BY_CLIENT),
        ("stopped", Outcome.REFUSED_PAUSED),
        ("stopped and resumed", Outcome.REFUSED_PAUSED),
        ("cancelled while it is recorded", Outcome.ALLOWED_ONCE),
        ("stopped while it is recorded", Outcome.ALLOWED_ONCE),
    ],
)
def test_what_comes_between_the_answer_and_the_agent_keeps_it(end: str, outcome: Outcome) -> None:
    """And is recorded where it came first: an answer that has no effect is no decision."""

    async def story() -> None:
        world = await holding(ALLOW)
        task, incoming, request = await held(world)
        commit = world.log.commit

        async def happen() -> None:
            if end.startswith("cancelled"):
                incoming.cancel()
                return
            await world.stop.engage("window")
            if end == "stopped and resumed":
                await world.stop.resume(looked_at=(), careful=False)

        async def recording(entry: Entry, durability: Durability = Durability.FULL) -> int:
            seq = await commit(entry, durability)
            if entry.call == request.id:
                await happen()
            return seq

        assert world.answer(request, allow=True) is AnswerEffect.APPLIED
        if end.endswith("recorded"):
            world.log.commit = recording
        else:
            await happen()
        reply = await task
        assert isinstance(reply, Refused)
        assert reply.withheld == NOT_HANDED_ON
        assert recorded(world, request).outcome == outcome.value

    play(story)
