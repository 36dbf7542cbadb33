"""What the window says of environments: a card's band, the rule, labels with their proposals."""

from keyturn.application.console_state import AgentState, ServerState
from keyturn.domain.environment import Named, Reach
from keyturn.domain.policy import Because
from keyturn.presentation.card_builder import CardBuilder
from keyturn.presentation.environments import (
    EnvironmentsState,
    band_of,
    environments_shown,
    labelled,
    proposals_text,
)
from keyturn.presentation.request_text import RequestTexts
from keyturn.presentation.verbs import read_verbs
from keyturn.presentation.words import Words
from tests.fakes.approval_requests import a_call, a_command
from tests.sources import ROOT

WORDS = Words(ROOT / "resources" / "translations")
CARDS = CardBuilder(WORDS, read_verbs(ROOT / "resources" / "verbs.toml"))
PROD = Named(path="/host", text="prod-db-1\u202e", environment="production")
AGENTS = (
    AgentState(name="analyst", enrolled=True, connections=0, environment="qa"),
    AgentState(name="someone", enrolled=False, connections=1),
)
SERVER = ServerState(
    name="orders",
    command=("orders",),
    env=(),
    environment="",
    proposed_environments=(
        Named(path="DATABASE_URL", text="prod-db-1", environment="production"),
        Named(path="", text="stage.example.com", environment="staging"),
    ),
    credentials=("db",),
    credential_environments={"db": "production"},
    confirmed=True,
    consented=True,
    running=0,
)


def test_a_card_of_production_has_a_band_that_says_why() -> None:
    call = a_call(production=True, environment="qa", named_environments=(PROD,))
    band = band_of(call, WORDS)
    assert band is not None and band.strong == "Production"
    assert "The server is labelled qa." in band.rest
    assert "/host names production" in band.rest
    assert "\u202e" not in band.rest
    assert CARDS.card(call).band == band
    text = RequestTexts(WORDS, CARDS).of(call, 1_000).text
    assert f"{band.strong}. {band.rest}" in text


def test_what_reaches_no_production_and_names_nothing_else_has_none() -> None:
    assert band_of(a_call(environment="qa"), WORDS) is None
    assert band_of(a_command(production=True), WORDS) is None


def test_another_environment_is_said_and_more_of_them_are_counted() -> None:
    staging = Named(path="/env", text="stage", environment="staging")
    band = band_of(a_call(environment="qa", named_environments=(staging,) * 5), WORDS)
    assert band is not None and band.strong == "Another environment"
    assert "2 more values name another one." in band.rest
    unnamed = band_of(a_call(environment="", production=True), WORDS)
    assert unnamed is not None and "by a credential or an argument" in unnamed.rest


def test_why_no_rule_may_is_said() -> None:
    for because in (Because.ENVIRONMENT_DIFFERS, Because.ENVIRONMENT_UNCLEAR):
        said = CARDS.card(a_call(because=because.value)).why_asked
        assert said.endswith("so no rule may allow it.")


def test_all_that_is_confirmed_can_be_labelled() -> None:
    things = labelled(AGENTS, (SERVER,), {})
    assert [(one.of, one.name, one.label) for one in things] == [
        ("agent", "analyst", "qa"),
        ("server", "orders", ""),
        ("credential", "db", "production"),
    ]


def test_the_pane_shows_what_is_chosen_with_what_it_was_read_off() -> None:
    things = labelled(AGENTS, (SERVER,), {})
    state = EnvironmentsState(things=things, reach=(Reach(agent="qa", other="staging"),))
    shown = environments_shown(state, things[1].key, WORDS)
    assert shown.chosen == things[1].key
    assert shown.proposals.splitlines() == [
        "DATABASE_URL names “prod-db-1”: production?",
        "Its address names “stage.example.com”: staging?",
    ]
    assert "1 pair is let across" in shown.rule
    assert [pair.text for pair in shown.pairs] == ["qa may reach staging"]
    gone = environments_shown(state, "gone", WORDS)
    assert (gone.chosen, gone.label, gone.proposals) == (things[0].key, "qa", "")
    nothing = environments_shown(EnvironmentsState(), "", WORDS)
    assert (nothing.chosen, nothing.things, nothing.pairs) == ("", (), ())
    assert proposals_text((), WORDS) == ""
