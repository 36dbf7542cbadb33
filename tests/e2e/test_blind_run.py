"""Demonstration 5, *blind run*: all by keyboard, known only from what a screen reader says."""

import sys

import pytest

from tests.e2e.blind_person import BlindPerson
from tests.e2e.desk import Folders, Keyturn
from tests.e2e.raw_client import SHAKE, RawClient, raw_client
from tests.e2e.servers import PLAIN_SERVER

MOST_TABS_TO_DENY = 6
MOST_TABS_TO_ALLOW = 8


@pytest.mark.requirement("A1", "A2", "K5", "PRACTICE")
@pytest.mark.timeout(240)
def test_demonstration_5_a_blind_person_sets_up_reviews_denies_allows_stops_and_resumes(
    folders: Folders, heard_keyturn: Keyturn, blind: BlindPerson
) -> None:
    """Blind run: import, review, deny, allow and stop with a screen reader and keyboard only."""
    keyturn = heard_keyturn
    keyturn.start("--platform", "xcb")
    window = blind.sit_down()
    assert window.role == "frame"
    assert "Keyturn" in window.name
    goes_through_the_first_steps(blind)
    enrols_an_agent(keyturn, blind)
    confirms_a_server(keyturn, blind)
    log = folders.root / "shim.log"
    with raw_client(keyturn.env, "plain", log) as client:
        agrees_to_its_start(client, blind)
    with raw_client(keyturn.env, "plain", log) as client:
        client.shake()
        reviews_its_tools(blind)
        denies_a_call(client, blind)
        allows_a_call(client, blind)
        stops_and_resumes(client, blind)
    ends = [(row["tool"], row["outcome"]) for row in keyturn.history()]
    assert ends == [
        ("note", "refused_paused"),
        ("note", "allowed_once"),
        ("note", "denied_user"),
        ("read_file", "allowed_once"),
    ]
    assert keyturn.verify().returncode == 0


def goes_through_the_first_steps(blind: BlindPerson) -> None:
    """Hear each screen, keep the posture, and practise one call."""
    blind.hears("What Keyturn sees", "No answer means no")
    blind.stands_at("push button", "Next")
    blind.key("space")
    blind.hears("When no rule matches")
    chosen = blind.finds("Let confirmed reads through")
    assert (chosen.role, "checked" in chosen.states) == ("radio button", True)
    blind.key("space")
    blind.hears("Practice", "go nowhere")
    blind.goes_to("push button", "A harmless call", by="shift+Tab")
    blind.key("space")
    told = blind.hears("practice agent wants to read a file", "notes/shopping.txt")
    assert told.politeness == "polite"
    blind.stands_at("label", "practice agent wants to read a file with practice server")
    blind.press_until("ctrl+Return", "You allowed practice agent")


def enrols_an_agent(keyturn: Keyturn, blind: BlindPerson) -> None:
    """Enrol what the command line proposes."""
    assert keyturn.run("agent", "add", "analyst").returncode == 0
    blind.finds("Agents, 1 proposed")
    blind.key("ctrl+4")
    blind.goes_to("push button", "Enrol", "analyst")
    blind.key("space")
    field = blind.stands_at("text", "Name")
    assert "editable" in field.states
    blind.goes_to("push button", "Enrol")
    blind.key("space")
    blind.hears("Enrolled.")


def confirms_a_server(keyturn: Keyturn, blind: BlindPerson) -> None:
    """Hear what would be started, and confirm exactly that."""
    added = keyturn.run("server", "add", "plain", sys.executable, str(PLAIN_SERVER))
    assert added.returncode == 0, added.stderr
    blind.finds("Servers, 1 proposed")
    blind.key("ctrl+5")
    blind.finds(f"argument 1: {PLAIN_SERVER}")
    button = blind.goes_to("push button", "Confirm this server", "plain")
    # Of 1.2 s, of which it heard some.
    assert button.description in {"Ready in 2 s", "Ready in 1 s"}
    blind.hears("Its first start asks again")
    blind.key("space")
    blind.finds("Environment: none named")


def agrees_to_its_start(client: RawClient, blind: BlindPerson) -> None:
    """Be told of the command, confirm it, and agree as soon as the window takes it."""
    client.say({"jsonrpc": "2.0", "id": "init", "method": "initialize", "params": SHAKE})
    told = blind.hears("plain asks to be started", PLAIN_SERVER.name)
    assert told.politeness == "assertive"
    blind.key("ctrl+1")
    blind.stands_at("label", "plain asks to be started")
    button = blind.finds("Agree to start")
    assert button.description == "Confirm the command first"
    blind.goes_to("push button", "Confirm command")
    blind.key("space")
    blind.hears("Confirmed by you")
    blind.stands_at("label", "plain asks to be started")
    blind.press_until("ctrl+Return", "You agreed to start plain")
    client.answer_to("init")


def reviews_its_tools(blind: BlindPerson) -> None:
    """Keep one tool blocked, and pin the other as one that changes things here."""
    blind.stands_at("label", "plain lists a new tool, fingerprint")
    blind.press_until("ctrl+BackSpace", "You kept fingerprint of plain blocked")
    blind.stands_at("label", "plain lists a new tool, note")
    blind.goes_to("push button", "Confirm tool: note")
    blind.key("space")
    blind.hears("Confirmed by you")
    blind.goes_to("radio button", "T0 Reads")
    blind.key("Down")
    blind.stands_at("radio button", "T1 Changes here")
    blind.key("space")
    blind.stands_at("radio button", "T1 Changes here", state="checked")
    blind.goes_to("table", "Arguments")
    blind.goes_to("cell", "proposed_tier: null", by="Down")
    blind.press_until("ctrl+Return", "You pinned note of plain")


def denies_a_call(client: RawClient, blind: BlindPerson) -> None:
    """Hear who asks for what, with which value, and deny it by its button."""
    ask(client, 1, "forget the garden")
    blind.hears("analyst wants to", "note", "plain", "forget the garden")
    blind.stands_at("label", "analyst wants to")
    blind.finds('text: "forget the garden"')
    blind.goes_to("push button", "Deny", "forget the garden", most=MOST_TABS_TO_DENY)
    blind.press_until("space", "You denied analyst")
    assert text_of(client, 1).startswith("Denied by the user")


def allows_a_call(client: RawClient, blind: BlindPerson) -> None:
    """Hear the next one, and allow it by its button once the reader says that it is ready."""
    ask(client, 2, "buy seeds")
    blind.stands_at("label", "analyst wants to")
    blind.goes_to("push button", "Allow once", "buy seeds", most=MOST_TABS_TO_ALLOW)
    blind.press_until("space", "You allowed analyst")
    assert text_of(client, 2) == "buy seeds"


def stops_and_resumes(client: RawClient, blind: BlindPerson) -> None:
    """Stop by one key, hear that nothing goes out, and type the word that ends it."""
    blind.key("ctrl+shift+p")
    told = blind.hears("All agents are stopped. Every call is refused.")
    assert told.politeness == "assertive"
    blind.stands_at("panel", "All agents are stopped")
    ask(client, 3, "water them")
    assert "All agents are stopped" in text_of(client, 3)
    blind.finds("1 calls refused since")
    blind.goes_to("text", "type RESUME")
    blind.type("RESUME")
    blind.key("Return")
    blind.hears("Agents stay stopped until you have looked at every call that is marked.")
    blind.goes_to("list", "What happened", by="shift+Tab")
    blind.goes_to("list item", "buy seeds", "Look at this", by="Down")
    blind.key("space")
    blind.finds("buy seeds", "Looked at")
    blind.goes_to("text", "type RESUME")
    blind.press_until("Return", "Keyturn is protecting")


def ask(client: RawClient, number: int, text: str) -> None:
    """Have the agent ask for a note."""
    params = {"name": "note", "arguments": {"text": text}}
    client.say({"jsonrpc": "2.0", "id": number, "method": "tools/call", "params": params})


def text_of(client: RawClient, number: int) -> str:
    """Return what the agent was answered."""
    return str(client.answer_to(number)["result"]["content"][0]["text"])
