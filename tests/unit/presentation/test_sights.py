"""What the window says of what an agent sees, and when it asks twice."""

from keyturn.application.console_state import ServerState, ToolState
from keyturn.application.sight_intents import ProfileState, SightState
from keyturn.domain.tier import Tier
from keyturn.presentation.sights import sight_said, sight_sheet, widens
from keyturn.presentation.used_names import used_rows
from keyturn.presentation.words import Words
from keyturn.storage.queries.items import UsedName, UsedNames
from tests.sources import ROOT

WORDS = Words(ROOT / "resources" / "translations")


def tool(name: str, pinned: str = "{}") -> ToolState:
    return ToolState(name=name, state="pinned", tier=Tier.T0, labels="", pinned=pinned)


SERVER = ServerState(
    name="docs",
    command=("a",),
    env=(),
    environment="",
    confirmed=True,
    consented=True,
    running=1,
    tools=(
        tool("read_page"),
        tool("*"),
        tool("prompt: greet"),
        tool("template: note://{id}/{+path}"),
        tool("instructions: server"),
        tool("new", pinned=""),
    ),
)
LIST = SightState(rows=("call docs/read_page",))
RELEASE = ProfileState(name="Release", rows=("docs/*",))


def rows(sight: SightState) -> dict[str, bool]:
    (group,) = sight_sheet("a", sight, (SERVER,), WORDS).groups
    return {choice.row: choice.ticked for choice in (group.whole, *group.names)}


def test_without_a_list_everything_is_ticked_that_can_be_named_alone() -> None:
    assert rows(SightState()) == {
        "docs/*": True,
        "call docs/read_page": True,
        "prompt docs/greet": True,
        "read docs/note://*/*": True,
    }


def test_a_list_ticks_what_it_covers() -> None:
    assert rows(LIST) == {
        "docs/*": False,
        "call docs/read_page": True,
        "prompt docs/greet": False,
        "read docs/note://*/*": False,
    }
    assert all(rows(SightState(rows=("*/*",))).values())


def test_what_is_ticked_of_a_template_shows_the_template() -> None:
    ticked = SightState(rows=("read docs/note://*/*",))
    assert (
        sight_said(ticked, (SERVER,), (), WORDS).text == "3 of 4 reviewed names are hidden from it."
    )


def test_more_than_now_is_asked_about_and_less_is_not() -> None:
    assert widens("a", SightState(), ("docs/*",), WORDS) is None
    assert widens("a", LIST, (), WORDS) is None
    assert widens("a", SightState(), None, WORDS) is None
    more = widens("a", LIST, ("docs/*",), WORDS)
    everything = widens("a", LIST, None, WORDS)
    assert more is not None
    assert everything is not None
    assert "see more" in more.text
    assert "review later" in everything.text


def test_it_is_said_how_much_is_hidden_and_by_what() -> None:
    said = sight_said(LIST, (SERVER,), (), WORDS)
    assert (said.text, said.profile) == ("3 of 4 reviewed names are hidden from it.", "")
    assert sight_said(SightState(), (SERVER,), (), WORDS).text == "Everything that you reviewed."
    only = SightState(profiles_only=True)
    assert sight_said(only, (SERVER,), (), WORDS).text == "Nothing: no profile is on for it."
    on = SightState(rows=(), profiles_only=True, profile="Release")
    said = sight_said(on, (SERVER,), (RELEASE,), WORDS)
    assert said.text.startswith("0 of 4")
    assert "Release" in said.profile
    over = SightState(rows=LIST.rows, profile="Release", over=True)
    said = sight_said(over, (SERVER,), (RELEASE,), WORDS)
    assert said.text.startswith("3 of 4")
    assert "over" in said.profile
    gone = SightState(profile="Release")
    assert sight_said(gone, (SERVER,), (), WORDS).text.startswith("Nothing")


def test_what_was_used_is_a_list_of_what_is_seen_now() -> None:
    """Resources by their server alone, and nothing that could be taken for many."""
    used = UsedNames(
        names=tuple(
            UsedName(server=server, name=name, method=method)
            for server, name, method in (
                ("docs", "read_page", ""),
                ("docs", "read_*", ""),
                ("docs", "", "resources/read"),
                ("docs", "greet", "prompts/get"),
                ("docs", "", "tasks/get"),
                ("ship", "send", ""),
                ("ship", "", ""),
            )
        )
    )
    everything = ("call docs/read_page", "call ship/send", "prompt docs/greet", "read docs/*")
    assert used_rows(used, SightState()) == everything
    assert used_rows(used, SightState(rows=("docs/*",))) == tuple(
        row for row in everything if "docs" in row
    )
    ticked = rows(SightState(rows=used_rows(used, SightState())))
    assert ticked == {
        "docs/*": False,
        "call docs/read_page": True,
        "prompt docs/greet": True,
        "read docs/note://*/*": True,
    }
