"""A card, a review and the history say why a call has its tier and its tool its labels."""

from dataclasses import replace

import pytest

from keyturn.application.call import Forwarded
from keyturn.domain.canonical import JsonObject
from keyturn.domain.configuration import ToolSetting
from keyturn.domain.lamps import Lamps
from keyturn.domain.record import Entry, RecordType
from keyturn.domain.tier import CAUSES, LARGE_ARGUMENTS_BYTES, Tier
from keyturn.presentation.argument_edit import is_editable
from keyturn.presentation.card_builder import CardBuilder
from keyturn.presentation.history_builder import HistoryBuilder
from keyturn.presentation.recorded_call import RecordedDetail
from keyturn.presentation.tier_proposal import propose_tier
from keyturn.presentation.tier_reasons import raised_pair, tier_pairs
from keyturn.presentation.verbs import read_verbs
from keyturn.presentation.words import Words
from tests.factories import make_call, make_connection, make_server, make_tool
from tests.fakes.approval_requests import a_call
from tests.sources import ROOT
from tests.unit.application.gate_world import World, play
from tests.unit.presentation.recorded import Recorded

LANGUAGES = {one: Words(ROOT / "resources" / "translations", one) for one in ("en", "de")}
WORDS = LANGUAGES["en"]
VERBS = read_verbs(ROOT / "resources" / "verbs.toml")
TOOL = make_tool(inputSchema={"type": "object"})


def decided(details: JsonObject) -> dict[str, str]:
    """Return what the history's detail says of a decision."""
    item = Recorded(outcome="allowed_once", tier="T2")
    entry = Entry(type=RecordType.DECISION, outcome="allowed_once", details=details)
    builder = HistoryBuilder(WORDS, CardBuilder(WORDS, VERBS))
    detail = builder.detail(RecordedDetail(item=item, arguments="{}", decision=entry))
    return {pair.key: pair.value for pair in detail.decided}


@pytest.mark.requirement("C10", "P2")
@pytest.mark.parametrize(
    ("environment", "tier", "confirmed", "causes"),
    [
        ("production", Tier.T1, Tier.T0, ("production",)),
        ("production", Tier.T2, Tier.T1, ("production",)),
        ("production", Tier.T2, Tier.T2, ()),
        ("qa", Tier.T0, Tier.T0, ()),
    ],
)
def test_the_record_and_the_card_say_that_production_raised_the_tier(
    environment: str, tier: Tier, confirmed: Tier, causes: tuple[str, ...]
) -> None:
    async def story() -> None:
        world = World()
        tools = (ToolSetting(pattern="*", tier=confirmed, labels=Lamps.X),)
        server = make_server(tools=tools, environment=environment)
        connection = await world.connect(make_connection(server=server), TOOL)
        walk = world.start(make_call(connection))
        request = await world.asked()
        assert (request.tier, request.confirmed_tier) == (tier, confirmed)
        assert request.raised_by == causes
        world.answer(request, allow=True)
        assert isinstance(await walk, Forwarded)
        (entry,) = world.log.of_type(RecordType.DECISION)
        said = {pair.key: pair.value for pair in tier_pairs(request, WORDS)}
        told = raised_pair(tier.name, entry, WORDS)
        if causes:
            assert entry.details["raised_from"] == confirmed.name
            assert entry.details["raised_by"] == list(causes)
            expected = f"{tier.name}, raised from the confirmed {confirmed.name}. "
            assert said["Tier"] == f"{expected}It reaches production."
            assert told is not None
            assert told.value == said["Tier"]
        else:
            assert "raised_from" not in entry.details
            assert said["Tier"] == f"{tier.name}, as confirmed of this tool."
            assert told is None
        assert said["Labels"] == "X, as confirmed of this tool."

    play(story)


def test_what_is_too_large_is_raised_by_that_alone() -> None:
    async def story() -> None:
        world = World()
        tools = (ToolSetting(pattern="*", tier=Tier.T0),)
        server = make_server(tools=tools, environment="production")
        connection = await world.connect(make_connection(server=server), TOOL)
        world.start(make_call(connection, arguments={"text": "x" * LARGE_ARGUMENTS_BYTES}))
        request = await world.asked()
        assert (request.tier, request.raised_by) == (Tier.T3, ("size",))
        world.approvals.close()

    play(story)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("cause", CAUSES)
def test_every_cause_has_its_sentence(cause: str, language: str) -> None:
    words = LANGUAGES[language]
    request = replace(a_call(tier=Tier.T2, labels="UX"), confirmed_tier=Tier.T0, raised_by=(cause,))
    tier, labels = tier_pairs(request, words)
    assert tier.value.startswith("T2")
    assert len(tier.value.split(". ")) == 2
    assert labels.value.startswith("U, X")


def test_nobody_confirmed_it_is_said_as_that() -> None:
    (tier,) = tier_pairs(replace(a_call(tier=Tier.T3, labels="")), WORDS)
    assert tier.value == "T3, because nobody has confirmed how far this tool reaches."


def test_the_history_says_it_of_what_was_recorded_and_nothing_of_what_was_not() -> None:
    said = decided({"raised_from": "T1", "raised_by": ["production"]})
    assert said["Tier"] == "T2, raised from the confirmed T1. It reaches production."
    assert "Tier" not in decided({})
    assert "Tier" not in decided({"raised_from": "T9", "raised_by": ["production"]})
    assert decided({"raised_from": "T1", "raised_by": "x"})["Tier"].endswith("confirmed T1.")


@pytest.mark.parametrize(
    ("name", "takes", "labels", "said"),
    [
        ("send_mail", (), Lamps.X, "X, because it reaches out."),
        ("get_page", ("url",), Lamps.X, "X, because the address"),
        ("read_inbox", (), Lamps.U | Lamps.P, "U, because “inbox”"),
        ("list_orders", (), Lamps.NONE, ""),
    ],
)
def test_a_review_says_why_each_label_is_proposed(
    name: str, takes: tuple[str, ...], labels: Lamps, said: str
) -> None:
    properties: JsonObject = {one: {"type": "string"} for one in takes}
    definition: JsonObject = {
        "name": name,
        "inputSchema": {"type": "object", "properties": properties},
    }
    found = propose_tier(definition, "server", VERBS.vocabulary, WORDS)
    assert found.labels & labels == labels
    assert len(found.label_reasons) == len(found.labels.letters())
    assert any(reason.startswith(said) for reason in found.label_reasons) == bool(said)
    assert all(reason[0] in found.labels.letters() for reason in found.label_reasons)


def test_no_rule_is_offered_of_what_was_only_practised() -> None:
    builder = HistoryBuilder(WORDS, CardBuilder(WORDS, VERBS))

    def offered(server: str) -> bool:
        item = Recorded(server=server)
        return builder.detail(RecordedDetail(item=item, arguments="{}", decision=None)).makes_rule

    assert offered("logistics")
    assert not offered("practice server")


@pytest.mark.parametrize("member", ["requestState", "inputResponses"])
def test_edit_is_not_offered_on_what_goes_on_with_a_servers_question(member: str) -> None:
    async def story() -> None:
        world = World()
        connection = await world.connect()
        params: JsonObject = {"a": {"roots": []}} if member == "inputResponses" else {}
        incoming = make_call(connection)
        incoming.params = {**incoming.params, member: params or "state"}  # pyright: ignore[reportGeneralTypeIssues]  # well-formed, as made
        world.start(incoming)
        request = await world.asked()
        assert request.goes_on
        assert not is_editable(request, stopped=False)
        assert is_editable(replace(request, goes_on=False), stopped=False)
        world.approvals.close()

    play(story)
