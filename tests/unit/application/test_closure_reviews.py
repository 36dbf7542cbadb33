"""A command that loads other files than those that were agreed to is asked about again."""

import json
from dataclasses import replace
from typing import Any

import pytest

from keyturn.application.approval_request import (
    Answer,
    AnswerVerdict,
    ApprovalRequest,
    Route,
    WithdrawCause,
)
from keyturn.application.connection import Connection
from keyturn.application.review_request import BECAUSE_CLOSURE
from keyturn.application.tasks import TaskOwner
from keyturn.domain.closure import NO_CLOSURE, Closure, ClosureFile
from keyturn.domain.configuration import ReviewMode, ServerConfig
from keyturn.domain.decision import Actor
from keyturn.domain.definition import ReviewState
from keyturn.domain.lamps import Lamps
from keyturn.domain.record import RecordType
from keyturn.domain.tier import Tier
from tests.factories import make_connection, make_server, make_tool
from tests.unit.application.gate_world import World, play

pytestmark = pytest.mark.requirement("LAUNCH-CLOSURE")

ASKED = make_server(review=ReviewMode.ASK, tools=())
ACCEPTED = make_server(review=ReviewMode.ACCEPT, tools=())


def files(**hashes: str) -> Closure:
    named = {"index": "1", **hashes}
    return Closure(files=tuple(sorted(ClosureFile(f"{n}.js", 1, h) for n, h in named.items())))


AGREED, OTHER = files(), files(index="2", more="1")
FETCHED = Closure(fetches="registry.npmjs.org", fetched_into=("",))
COMPILED = Closure(files=(*AGREED.files, ClosureFile("x/__pycache__/a.pyc", 1, "1")))


def loading(closure: Closure, server: ServerConfig = ASKED) -> Connection:
    return replace(make_connection(server=server), closure=closure)


async def agreed(closure: Closure, server: ServerConfig = ASKED) -> World:
    world = World()
    await world.agreements.agree(loading(closure, server), Actor.HUMAN, None)
    return world


async def asked(world: World, closure: Closure, server: ServerConfig = ASKED) -> ApprovalRequest:
    """Ask, answer yes, and return what was asked."""
    before = len(world.approver.shown)
    task = TaskOwner().start(world.reviews.consent(loading(closure, server), 60), "consent")
    request = await world.asked(before + 1)
    answer = Answer(
        id=request.id,
        digest=request.digest,
        verdict=AnswerVerdict.ALLOW_ONCE,
        route=Route.WINDOW,
    )
    world.approvals.answer(answer)
    assert await task
    return request


def said(request: ApprovalRequest) -> dict[str, Any]:
    return json.loads(request.arguments) | json.loads(request.definition)


def test_the_same_files_are_not_asked_about() -> None:
    async def story() -> None:
        world = await agreed(AGREED)
        assert await world.reviews.consent(loading(files()), 60)
        assert world.approver.shown == []

    play(story)


def test_other_files_are_asked_about_and_named() -> None:
    async def story() -> None:
        world = await agreed(AGREED)
        request = await asked(world, OTHER)
        assert request.because == BECAUSE_CLOSURE
        change = said(request)["closure_changed"]
        assert change["changed"] == {"files": 1, "named": ["index.js"]}
        assert change["added"] == {"files": 1, "named": ["more.js"]}
        assert change["was"] == [["index.js", 1, "1"]]
        assert change["now"] == [["index.js", 1, "2"], ["more.js", 1, "1"]]
        assert said(request)["agreed_at"]
        assert await world.reviews.consent(loading(OTHER), 60)
        assert not world.agreements.consented(loading(AGREED))

    play(story)


@pytest.mark.parametrize("closure", [NO_CLOSURE, FETCHED], ids=["none", "fetched"])
def test_files_that_are_gone_are_another_closure(closure: Closure) -> None:
    async def story() -> None:
        world = await agreed(AGREED)
        assert not world.agreements.consented(loading(closure))
        await asked(world, closure)

    play(story)


def test_it_holds_over_a_restart() -> None:
    async def story() -> None:
        world = await agreed(AGREED)
        await world.agreements.load()
        assert world.agreements.consented(loading(AGREED))
        assert not world.agreements.consented(loading(OTHER))

    play(story)


@pytest.mark.parametrize("server", [ASKED, ACCEPTED])
def test_files_of_which_nothing_was_kept_are_asked_about(server: ServerConfig) -> None:
    """Taking the row with the files away does not make another command's files agreed to."""

    async def story() -> None:
        world = await agreed(AGREED, server)
        key = loading(AGREED, server).launched
        world.server_store.agreed[key] = replace(world.server_store.agreed[key], closure_hash="")
        world.server_store.closures.clear()
        await world.agreements.load()
        request = await asked(world, OTHER, server)
        assert request.because == BECAUSE_CLOSURE

    play(story)


def test_where_a_file_says_the_tiers_no_row_of_a_pin_does() -> None:
    """A headless broker's tables are not sealed, so that a tier in them is anybody's word."""

    async def story() -> None:
        world = World()
        await world.connect()
        connection = loading(NO_CLOSURE, make_server(tools=()))
        await world.connect(connection)
        shown = world.pin_shown()
        await world.agreements.set_tier(shown, Tier.T0, Lamps.U)
        for tiers, tier in ((True, Tier.T0), (False, None)):
            await world.agreements.load(tiers=tiers)
            standing = world.agreements.standing(connection, shown.tool)
            assert (standing.tier, standing.labels) == (tier, Lamps.U)

    play(story)


def test_the_record_names_the_closure() -> None:
    async def story() -> None:
        world = await agreed(AGREED)
        entry = world.log.of_type(RecordType.REVIEW)[-1]
        assert entry.details["closure"] == AGREED.closure_hash

    play(story)


def test_what_waits_is_withdrawn_when_the_files_are_put_back() -> None:
    async def story() -> None:
        world = await agreed(AGREED)
        await world.reviews.consent(loading(OTHER), 0)
        (waiting,) = world.approvals.waiting()
        assert await world.reviews.consent(loading(AGREED), 60)
        assert world.approvals.waiting() == ()
        assert world.approver.withdrawn[-1][:2] == (waiting.request.id, WithdrawCause.DRIFT)

    play(story)


def test_another_swap_while_one_waits_takes_its_place() -> None:
    async def story() -> None:
        world = await agreed(AGREED)
        await world.reviews.consent(loading(OTHER), 0)
        await world.reviews.consent(loading(files(index="3")), 0)
        (waiting,) = world.approvals.waiting()
        assert said(waiting.request)["closure_sha256"] == files(index="3").closure_hash
        await world.reviews.close()

    play(story)


def test_pins_stay_and_a_tool_that_differs_is_reviewed() -> None:
    async def story() -> None:
        world = await agreed(AGREED)
        before = loading(AGREED)
        same, differs = make_tool(), make_tool("other")
        await world.agreements.pin_all(before, [same, differs], Actor.HUMAN, None)
        await asked(world, OTHER)
        after = loading(OTHER)
        changed = make_tool("other", description="Does more.")
        after.catalogue = {tool.name: tool for tool in (same, changed)}
        assert world.agreements.standing(after, same.name).state is ReviewState.PINNED
        assert world.agreements.standing(after, "other").state is ReviewState.CHANGED

    play(story)


class TestAccepted:
    """A headless FILE may accept a command as it is first seen, never what drifts from that."""

    def test_the_first_sight_is_accepted(self) -> None:
        async def story() -> None:
            world = World()
            assert await world.reviews.consent(loading(AGREED, ACCEPTED), 60)
            assert world.approver.shown == []

        play(story)

    def test_other_files_are_asked_about(self) -> None:
        async def story() -> None:
            world = await agreed(AGREED, ACCEPTED)
            await asked(world, OTHER, ACCEPTED)

        play(story)

    def test_nobody_there_means_no(self) -> None:
        async def story() -> None:
            world = await agreed(AGREED, ACCEPTED)
            world.approvals.attach(None)
            assert not await world.reviews.consent(loading(OTHER, ACCEPTED), 60)

        play(story)

    def test_a_compiled_file_is_a_file_like_any_other(self) -> None:
        async def story() -> None:
            world = await agreed(AGREED, ACCEPTED)
            await asked(world, COMPILED, ACCEPTED)

        play(story)


class TestLoaded:
    """After the start the files are looked at once more."""

    @pytest.mark.parametrize(
        ("before", "after", "fine"),
        [
            (AGREED, AGREED, True),
            (FETCHED, AGREED, True),
            (AGREED, COMPILED, False),
            (AGREED, OTHER, False),
            (AGREED, FETCHED, False),
        ],
        ids=["same", "fetched", "compiled", "swapped", "gone"],
    )
    def test_only_what_the_start_put_there_is_taken_over(
        self, before: Closure, after: Closure, fine: bool
    ) -> None:
        async def story() -> None:
            world = await agreed(before)
            connection = loading(before)
            assert await world.agreements.loaded(connection, after) is fine
            assert world.agreements.consented(loading(after)) is fine

        play(story)

    def test_compiled_files_are_read_as_they_were_agreed_to_only(self) -> None:
        async def story() -> None:
            closure = replace(AGREED, python=True, compiled="c")
            world = await agreed(closure)
            await world.agreements.load()
            connection = loading(closure)
            assert world.agreements.reads_compiled(connection, "c")
            assert not await world.agreements.loaded(connection, replace(closure, compiled="d"))
            touched = replace(closure, compiled_stamps=(2,))
            assert not await world.agreements.loaded(connection, touched)
            assert not world.agreements.reads_compiled(connection, "d")
            # Kept from them, it has not read what others wrote.
            assert await world.agreements.loaded(connection, replace(closure, compiled="d"))
            assert not world.agreements.reads_compiled(loading(replace(closure, compiled="d")), "d")

        play(story)

    def test_what_is_compiled_while_code_is_fetched_is_not_agreed_to(self) -> None:
        async def story() -> None:
            world = await agreed(FETCHED)
            found = replace(AGREED, compiled="c")
            await world.agreements.loaded(loading(FETCHED), found)
            assert world.agreements.consented(loading(found))
            assert not world.agreements.reads_compiled(loading(found), "c")

        play(story)

    def test_what_was_fetched_is_what_is_agreed_to_from_then_on(self) -> None:
        async def story() -> None:
            world = await agreed(FETCHED)
            await world.agreements.loaded(loading(FETCHED), AGREED)
            entry = world.log.of_type(RecordType.REVIEW)[-1]
            assert (entry.outcome, entry.actor) == ("closure_seen", Actor.KEYTURN)
            assert await world.reviews.consent(loading(AGREED), 60)
            request = await asked(world, OTHER)
            assert request.because == BECAUSE_CLOSURE
            # A cleared cache would fetch again, and that is asked about too.
            await asked(world, FETCHED)

        play(story)
