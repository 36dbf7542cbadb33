"""The servers' screen in words: tree, a server, a tool, and the review of many tools."""

from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyturn.application.approval_request import ApprovalRequest, RequestKind
from keyturn.application.console_state import ServerState, ToolState
from keyturn.domain.canonical import JsonObject, canonical
from keyturn.domain.finding import Finding, FindingKind
from keyturn.domain.tier import Tier
from keyturn.presentation.batch_review import LONGEST_DESCRIPTION, batch_review
from keyturn.presentation.marks import Icon
from keyturn.presentation.servers_builder import KnownServers, ServersBuilder
from keyturn.presentation.words import Words
from tests.fakes.approval_requests import a_review

WORDS = Words(Path(__file__).parents[3] / "resources" / "translations")
BUILDER = ServersBuilder(WORDS)
NOW = datetime(2026, 11, 23, 14, 8, tzinfo=UTC)
SERVER = ServerState(
    name="time",
    command=("time", "--zone"),
    env=("MODE",),
    env_values={"MODE": "demo"},
    environment="",
    confirmed=True,
    consented=True,
    running=0,
)


def changed(**changes: object) -> ServerState:
    """Return the server with some facts changed, as the wire would carry them."""
    return msgspec.convert(msgspec.structs.asdict(SERVER) | changes, ServerState)


def a_tool(name: str, state: str = "pinned", tier: Tier | None = Tier.T0) -> ToolState:
    """Return a tool as the broker tells it."""
    pinned = canonical({"name": name, "description": "Tells it."}).decode()
    return ToolState(name=name, state=state, tier=tier, labels="", pinned=pinned)


def a_new(name: str, description: str = "Tells it.") -> ApprovalRequest:
    """Return the review of a new tool."""
    definition: JsonObject = {"name": name, "description": description}
    return a_review(
        RequestKind.DEFINITION,
        {**definition, "proposed_tier": None, "labels": []},
        id=f"v-{name}",
        server="time",
        tool=name,
        definition=canonical(definition).decode(),
        proposed_tier=None,
    )


def known(*servers: ServerState, reviews: tuple[ApprovalRequest, ...] = ()) -> KnownServers:
    """Return what the broker said."""
    return KnownServers(servers=servers, reviews={one.id: one for one in reviews}, logs="/p/logs")


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"confirmed": False, "running": 1}, "proposed"),
        ({"removal_proposed": True, "running": 1}, "removal proposed"),
        ({"consented": False}, "start not agreed"),
        ({"running": 2}, "running"),
        ({}, "not running"),
    ],
)
def test_a_server_stands_in_one_word(changes: dict[str, object], text: str) -> None:
    assert BUILDER.tree(known(changed(**changes))).servers[0].state == text


def test_a_tool_that_waits_is_listed_though_nothing_lists_it() -> None:
    tree = BUILDER.tree(known(SERVER, reviews=(a_new("now"),)))
    (row,) = tree.servers[0].tools
    assert (row.tool, row.tier, row.state.text) == ("now", Tier.T3, "not reviewed")
    assert tree.new is not None
    assert tree.new.text == "1 new"
    assert tree.servers[0].open


def test_a_change_that_waits_wins_over_what_was_pinned() -> None:
    change = a_review(
        RequestKind.CHANGE,
        {"before": {"name": "now"}, "after": {"name": "now"}},
        server="time",
        tool="now",
        proposed_tier=Tier.T1,
    )
    tree = BUILDER.tree(known(changed(tools=(a_tool("now"),)), reviews=(change,)))
    (row,) = tree.servers[0].tools
    assert (row.tier, row.state.icon) == (Tier.T1, Icon.CHANGED)
    assert tree.changed is not None


def test_the_counts_do_not_follow_the_search() -> None:
    tree = BUILDER.tree(known(SERVER, reviews=(a_new("now"), a_new("later"))), "lat")
    assert [tool.tool for tool in tree.servers[0].tools] == ["later"]
    assert tree.new is not None
    assert tree.new.text == "2 new"


def test_a_state_that_is_not_known_counts_as_not_reviewed() -> None:
    view = BUILDER.tool(SERVER, a_tool("now", state="sparkling"), NOW)
    assert "not reviewed" in [chip.text for chip in view.chips]


def test_a_proposal_is_bound_to_all_that_it_would_set() -> None:
    def digest(**changes: object) -> str:
        state = changed(**({"confirmed": False} | changes))
        return BUILDER.server(known(state), state, NOW).digest

    others = [
        digest(command=("time", "--zon")),
        digest(env_values={"MODE": "Demo"}),
        digest(env_values={}),
        digest(environment="production"),
        digest(confirmed=True),
        digest(url="https://time.example/mcp"),
        digest(url="https://time.example/mcp", transport="sse"),
        digest(url="https://time.example/mcp", headers={"A": "b"}),
    ]
    assert digest() not in others
    assert len(set(others)) == len(others)


def test_a_hidden_tool_owes_its_description() -> None:
    view = BUILDER.tool(SERVER, a_tool("now", state="hidden"), NOW)
    assert view.hidden
    assert [owed.text for owed in view.owed] == ["Tells it."]


def test_a_pinned_tool_owes_nothing_and_a_tier_is_another_subject() -> None:
    first = BUILDER.tool(SERVER, a_tool("now"), NOW)
    second = BUILDER.tool(SERVER, a_tool("now", tier=Tier.T1), NOW)
    assert first.owed == ()
    assert first.digest != second.digest


def test_a_launch_that_waits_is_shown_before_the_one_agreed_to() -> None:
    command = a_review(
        RequestKind.COMMAND,
        {"argv": ["x"], "executable": "/new", "sha256": "b" * 64, "cwd": "/", "env": []},
        server="time",
        tool=None,
    )
    state = changed(launch='{"executable":"/old"}')
    view = BUILDER.server(known(state, reviews=(command,)), state, NOW)
    assert "/new" in [pair.value for pair in view.facts]
    assert view.notice is not None
    assert view.notice.opens == command.id


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"sign_in_at": "auth.example.com"}, "Needs you to sign in at auth.example.com."),
        ({"sign_in_at": "a.example", "signing_in": True}, "Your browser shows where to sign in"),
        ({"sign_in_at": "a.example", "sign_in_failed": True}, "The sign-in came to nothing."),
        ({"sign_in_failed": True}, "The sign-in came to nothing."),
    ],
)
def test_a_server_that_wants_a_sign_in_says_where(changes: dict[str, object], says: str) -> None:
    state = changed(command=(), url="https://far.example.com/mcp", **changes)
    notice = BUILDER.server(known(state), state, NOW).notice
    assert notice is not None
    assert notice.strong.startswith(says)
    assert notice.signs_in
    assert not notice.opens


def test_a_host_is_one_line_whatever_it_is() -> None:
    state = changed(url="https://far.example.com", sign_in_at="a\u202e\n" + "b" * 400)
    notice = BUILDER.server(known(state), state, NOW).notice
    assert notice is not None
    assert "\u202e" not in notice.strong
    assert "\n" not in notice.strong
    assert len(notice.strong) < 400


def test_a_batch_leaves_out_what_is_unlike_the_others() -> None:
    requests = (
        a_new("now"),
        a_new("odd", "Tells\u200b it."),
        a_new("long", "x" * (LONGEST_DESCRIPTION + 1)),
    )
    view = batch_review("time", requests, WORDS)
    assert [row.tool for row in view.rows] == ["long", "odd", "now"]
    assert [row.tool for row in view.together] == ["now"]
    assert all(row.alone for row in view.rows[:2])


def test_a_batch_is_bound_to_the_digests_that_it_would_pin() -> None:
    first = batch_review("time", (a_new("now"), a_new("later")), WORDS)
    second = batch_review("time", (a_new("now"), a_new("later", "Tells it now.")), WORDS)
    assert first.digest != second.digest
    assert first.digest == batch_review("time", (a_new("later"), a_new("now")), WORDS).digest


@given(name=st.text(min_size=1), description=st.text())
def test_whatever_a_server_says_can_be_shown(name: str, description: str) -> None:
    try:
        request = a_new(name, description)
    except ValueError:
        return
    tree = BUILDER.tree(known(SERVER, reviews=(request,)), name)
    assert tree.servers[0].tools[0].tool == name
    (row,) = batch_review("time", (request,), WORDS).rows
    assert row.description == description


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({}, ""),
        ({"signed_in": True}, "auth.example.com"),
        ({"signed_in": True, "signed_in_as": "client-7"}, "auth.example.com as client-7"),
        (
            {
                "signed_in": True,
                "signed_in_as": "c\u202e\n" + "d" * 400,
                "signed_in_since": NOW.isoformat(),
            },
            "auth.example.com as c",
        ),
    ],
)
def test_whom_keyturn_is_signed_in_as_is_a_fact(changes: dict[str, object], says: str) -> None:
    url = "https://far.example.com/mcp"
    state = changed(command=(), url=url, signed_in_at="auth.example.com", **changes)
    facts = {pair.key: pair.value for pair in BUILDER.server(known(state), state, NOW).facts}
    said = facts.get("Signed in at", "")
    assert said.startswith(says)
    assert bool(said) is bool(says)
    assert said.endswith("23 Nov 14:08") is ("signed_in_since" in changes)
    assert "\u202e" not in said
    assert "\n" not in said
    assert len(said) < 250


def test_a_server_that_wants_more_of_who_is_signed_in_says_that_the_rest_goes_on() -> None:
    url, host = "https://far.example.com/mcp", "auth.example.com"
    state = changed(command=(), url=url, sign_in_at=host, signed_in=True)
    notice = BUILDER.server(known(state), state, NOW).notice
    assert notice is not None
    assert notice.strong == f"Needs you to sign in at {host}."
    assert "All else goes on" in notice.rest


@pytest.mark.parametrize("confirmed", [False, True])
@pytest.mark.parametrize(
    ("kind", "says", "cautious"),
    [
        (FindingKind.LISTED, "time-mcp as listed, of its-publisher", False),
        (FindingKind.LIKE_LISTED, "time-mcp is not listed, and resembles its-publisher", True),
        (FindingKind.UNLISTED, "time-mcp is not on Keyturn's list", False),
        (
            FindingKind.NO_PACKAGE,
            "not on the list: this runs a file of yours, no package",
            False,
        ),
        (FindingKind.REMOTE, "not on the list: this is an address, no package", False),
    ],
)
def test_what_a_server_is_to_the_list_is_its_first_fact(
    confirmed: bool, kind: FindingKind, says: str, cautious: bool
) -> None:
    noticed = (Finding(kind=kind, words="time-mcp", server="its-publisher"),)
    view = BUILDER.server(known(SERVER), changed(confirmed=confirmed, noticed=noticed), NOW)
    assert (view.facts[0].key, view.facts[0].value) == ("Well-known servers", says)
    assert ("1 thing to look at" in [chip.text for chip in view.chips]) is cautious
