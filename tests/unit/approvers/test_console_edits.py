"""An edit comes by the window's pipe alone, and what became of it is said in words."""

import json

import pytest

from keyturn.application.call import Refused
from keyturn.application.console_protocol import Decide, decode_from_window, encode_line
from keyturn.application.edit_messages import EditCall
from keyturn.application.pin_messages import WithPin
from keyturn.approvers.console_edits import refused_sentence
from keyturn.domain.decision import Outcome
from keyturn.domain.lamps import Lamps
from keyturn.domain.tier import Tier
from keyturn.presentation.words import Words
from tests.factories import make_call, make_connection, make_request, make_server
from tests.unit.approvers.console_rig import CATALOGUE, Rig, play

pytestmark = pytest.mark.requirement("EDIT-3")
WORDS = Words(CATALOGUE)


def test_it_is_judged_shown_anew_and_then_allowed() -> None:
    async def story(rig: Rig) -> None:
        world = rig.world
        connection = await world.connect(make_connection(server=make_server(tools=())))
        await world.agreements.set_tier(world.pin_shown(), Tier.T1, Lamps.NONE)
        await rig.started()
        task = world.start(make_call(connection, arguments={"order": 41}))
        first = (await rig.heard("request"))["request"]
        said = EditCall(n=3, id=first["id"], digest=first["digest"], arguments='{"order": 42}')
        rig.say(said)
        assert (await rig.heard("withdrawn"))["cause"] == "asked_anew"
        second = (await rig.heard("request"))["request"]
        assert (second["arguments"], second["edited"]["arguments"]) == (
            '{"order":42}',
            '{"order":41}',
        )
        done = await rig.heard("done")
        assert (done["n"], done["ok"], done["sentence"]) == (3, True, "")
        rig.say(Decide(n=4, id=second["id"], digest=second["digest"], allow=True))
        await task
        assert [sent["arguments"] for sent in world.server.sent] == [{"order": 42}]

    play(Rig, story)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"order": 1, "order": 2}', "one way only"),
        ("[1]", "one object"),
        (json.dumps("x" * 70_000), "too long"),
        ('{"order": "x"}', "do not fit the tool"),
    ],
)
def test_why_it_changed_nothing_is_said(text: str, said: str) -> None:
    async def story(rig: Rig) -> None:
        world = rig.world
        connection = await world.connect(make_connection(server=make_server(tools=())))
        await rig.started()
        task = world.start(make_call(connection, arguments={"order": 41}))
        first = (await rig.heard("request"))["request"]
        rig.say(EditCall(n=3, id=first["id"], digest=first["digest"], arguments=text))
        done = await rig.heard("done")
        assert done["ok"] is False
        assert said in done["sentence"]
        rig.say(Decide(n=4, id=first["id"], digest=first["digest"], allow=False))
        await task

    play(Rig, story)


@pytest.mark.parametrize(("id_", "digest"), [("gone", ""), ("call-1", "0" * 64), ("call-1", "")])
def test_what_is_no_call_is_not_edited(id_: str, digest: str) -> None:
    async def story(rig: Rig) -> None:
        await rig.started()
        # Nothing of a call stands behind it, as behind a review.
        rig.ask()
        shown = digest or make_request().digest
        rig.say(EditCall(n=3, id=id_, digest=shown, arguments="{}"))
        done = await rig.heard("done")
        assert (done["ok"], bool(done["sentence"])) == (False, True)

    play(Rig, story)


def test_no_pin_carries_an_edit_along() -> None:
    async def story(rig: Rig) -> None:
        await rig.started()
        rig.ask()
        shown = make_request()
        line = encode_line(EditCall(n=4, id=shown.id, digest=shown.digest, arguments="{}"))
        rig.say(WithPin(n=4, pin="4711", intent=line.decode()))
        done = await rig.heard("done")
        assert (done["n"], done["ok"]) == (4, False)
        assert [one.request.arguments for one in rig.world.approvals.waiting()] == [shown.arguments]

    play(Rig, story)


def test_it_is_one_of_the_windows_messages_and_says_nothing_of_the_values() -> None:
    said = EditCall(n=1, id="call-1", digest="d", arguments='{"pin": "4711"}')
    assert decode_from_window(encode_line(said)) == said
    assert "4711" not in repr(said)


@pytest.mark.parametrize(
    "refused",
    [
        Refused(outcome=Outcome.DENIED_RULE, rule="r\u202e"),
        Refused(outcome=Outcome.DENIED_RULE),
        Refused(outcome=Outcome.REFUSED_INVALID_ARGUMENTS, faults=("/order: \u200bno",)),
        Refused(outcome=Outcome.REFUSED_INVALID_ARGUMENTS),
        Refused(outcome=Outcome.REFUSED_PAUSED),
    ],
)
def test_every_refusal_has_words_without_hidden_characters(refused: Refused) -> None:
    sentence = refused_sentence(refused, WORDS)
    assert sentence
    assert not {"\u202e", "\u200b"} & set(sentence)
