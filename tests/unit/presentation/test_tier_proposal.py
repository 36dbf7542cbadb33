"""What a review proposes of a new tool, with its reason; claims only ever raise it."""

from pathlib import Path

import pytest

from keyturn.application.approval_request import RequestKind
from keyturn.domain.canonical import JsonObject, JsonValue, canonical
from keyturn.domain.finding import Finding, FindingKind
from keyturn.domain.lamps import Lamps
from keyturn.domain.tier import Tier
from keyturn.presentation.batch_review import batch_review
from keyturn.presentation.review_choice import review_choice
from keyturn.presentation.tier_proposal import propose_tier
from keyturn.presentation.verbs import read_verbs
from keyturn.presentation.words import Words
from tests.fakes.approval_requests import a_review

RESOURCES = Path(__file__).parents[3] / "resources"
WORDS = Words(RESOURCES / "translations")
VOCABULARY = read_verbs(RESOURCES / "verbs.toml").vocabulary


def tool(name: str, *takes: str, **more: JsonValue) -> JsonObject:
    properties: JsonObject = {one: {"type": "string"} for one in takes}
    return {"name": name, "inputSchema": {"type": "object", "properties": properties}, **more}


@pytest.mark.requirement("TIER-PROPOSAL")
@pytest.mark.parametrize(
    ("definition", "tier"),
    [
        (tool("read_file", "path"), Tier.T0),
        (tool("listOrders"), Tier.T0),
        (tool("logistics_get_order", "id"), Tier.T0),
        (tool("write_file", "path", "content"), Tier.T1),
        (tool("create_order"), Tier.T1),
        (tool("delete_order", "id"), Tier.T2),
        (tool("send_mail", "recipient"), Tier.T2),
        (tool("reserve_room", "day"), Tier.T2),
        (tool("reschedule_visit", "day"), Tier.T1),
        (tool("update_password", "password"), Tier.T2),
        (tool("add_admin", "name"), Tier.T2),
        (tool("list_roles"), Tier.T0),
        (tool("fetch", "url"), Tier.T1),
        (tool("get_page", "url", "max_length"), Tier.T1),
        (tool("get_page", "url", "headers"), Tier.T2),
        (tool("get_page", "url", "to"), Tier.T2),
        (tool("navigate", "url"), Tier.T2),
        (tool("frobnicate", "url"), Tier.T2),
        (tool("fetch", "url", annotations={"openWorldHint": True}), Tier.T2),
        (tool("fetch", "url", annotations={"readOnlyHint": False}), Tier.T2),
        (tool("get_rows", "sql"), Tier.T2),
        (tool("query", "sqlStatement"), Tier.T2),
        (tool("frobnicate", "shell_command"), Tier.T2),
        (tool("read_file", annotations={"destructiveHint": True}), Tier.T2),
        (tool("read_file", annotations={"openWorldHint": True}), Tier.T2),
        (tool("read_and_delete_order"), Tier.T2),
        (tool("readThenCreate"), Tier.T1),
        (tool("read_file", annotations={"readOnlyHint": False}), None),
        (tool("frobnicate"), None),
        (tool("frobnicate", annotations={"readOnlyHint": True}), None),
        (tool("delete_order", annotations={"readOnlyHint": True}), Tier.T2),
        ({"name": "read_" + "x" * 100}, None),
        ({"name": 7, "inputSchema": 7, "annotations": 7}, None),
    ],
)
def test_a_tier_is_read_off_name_arguments_and_claims(
    definition: JsonObject, tier: Tier | None
) -> None:
    found = propose_tier(definition, "logistics", VOCABULARY, WORDS)
    assert found.tier is tier
    assert bool(found.reasons) is (tier is not None)


def test_every_verb_that_is_proposed_by_is_in_one_list_only() -> None:
    lists = (VOCABULARY.reads, VOCABULARY.changes, VOCABULARY.reaches)
    assert len(lists[0] | lists[1] | lists[2]) == sum(map(len, lists))


def test_labels_and_reasons() -> None:
    found = propose_tier(tool("delete_emails", "to"), "mail", VOCABULARY, WORDS)
    assert found.labels == Lamps.U | Lamps.P | Lamps.X
    assert found.reasons == (
        "“delete” is a word for what reaches out, removes or cannot be taken back.",
        "It takes “to”.",
    )


@pytest.mark.requirement("FLOW-LABELS")
@pytest.mark.parametrize(
    ("definition", "labels"),
    [
        (tool("list_reviews"), Lamps.U),
        (tool("read_note", "customer"), Lamps.U),
        (tool("fetch"), Lamps.U),
        (tool("getReport", "number"), Lamps.U),
        (tool("get_calendar_events"), Lamps.U | Lamps.P),
        (tool("read_file", "path"), Lamps.U | Lamps.P),
        (tool("list_transactions"), Lamps.U | Lamps.P),
        (tool("get_balance"), Lamps.P),
        (tool("fetch_page", "url"), Lamps.U | Lamps.X),
        (tool("get_weather", "city"), Lamps.NONE),
    ],
)
def test_what_others_wrote_and_what_is_a_persons_own_is_proposed_so(
    definition: JsonObject, labels: Lamps
) -> None:
    assert propose_tier(definition, "office", VOCABULARY, WORDS).labels == labels


def test_a_review_preselects_it_and_says_why() -> None:
    definition = tool("read_inbox")
    request = a_review(
        RequestKind.DEFINITION,
        {**definition, "proposed_tier": None, "labels": []},
        tool="read_inbox",
        definition=canonical(definition).decode(),
    )
    choice = review_choice(request, WORDS, VOCABULARY)
    assert choice is not None
    assert (choice.chosen, choice.ticked) == (Tier.T0, "UP")
    assert choice.proposal == (
        "T0 is proposed, and nothing holds before you save it. “read” is a word for reading. "
        "U, because “inbox” is a word for what others wrote. "
        "P, because “inbox” is a word for private data."
    )
    without = review_choice(request, WORDS)
    assert without is not None and without.chosen is None


def test_what_was_noticed_raises_it() -> None:
    definition = tool("read_inbox")
    found = Finding(kind=FindingKind.ORDER, words="ignore", place="/description")
    request = a_review(
        RequestKind.DEFINITION,
        {**definition, "proposed_tier": None, "labels": []},
        tool="read_inbox",
        definition=canonical(definition).decode(),
        findings=(found,),
    )
    choice = review_choice(request, WORDS, VOCABULARY)
    assert choice is not None and choice.chosen is Tier.T2
    assert "asks for caution" in choice.proposal


def test_a_list_has_what_reaches_furthest_on_top() -> None:
    requests = [
        a_review(
            RequestKind.DEFINITION,
            {**tool(name), "proposed_tier": None, "labels": []},
            id=f"v-{name}",
            tool=name,
            definition=canonical(tool(name)).decode(),
        )
        for name in ("add_note", "list_notes", "send_note", "zap")
    ]
    view = batch_review("notes", requests, WORDS, VOCABULARY)
    assert [(row.tool, row.choice.chosen) for row in view.rows] == [
        ("send_note", Tier.T2),
        ("add_note", Tier.T1),
        ("list_notes", Tier.T0),
        ("zap", None),
    ]
