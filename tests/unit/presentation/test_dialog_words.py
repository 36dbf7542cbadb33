"""What the system's dialog says of a call: plain, masked, short, in the words of the card."""

import re

import pytest

from keyturn.domain.tier import Tier
from keyturn.presentation.card_builder import CardBuilder
from keyturn.presentation.dialog_words import DialogWords
from keyturn.presentation.verbs import read_verbs
from keyturn.presentation.words import Words
from tests.factories import make_request
from tests.sources import ROOT

WORDS = Words(ROOT / "resources" / "translations")
CARDS = CardBuilder(WORDS, read_verbs(ROOT / "resources" / "verbs.toml"))
FILE = ROOT / "resources" / "polkit" / "org.keyturn.allow-call.policy"


def said_of(secret: str = "", **facts: object) -> dict[str, str]:
    """Say it of a call."""
    words = DialogWords(WORDS, CARDS, lambda text: text.replace(secret, "***") if secret else text)
    return words.of(make_request(**facts))  # type: ignore[arg-type]  # a call's facts


@pytest.mark.requirement("PRESENCE-1")
def test_it_names_who_wants_what_how_far() -> None:
    assert said_of(arguments={"to": "ann@example.test"}, tier=Tier.T2) == {
        "agent": "analyst",
        "tool": '"logistics / dispatch_order"',
        "tier": "T2 Reaches out",
        "value": '"ann@example.test"',
    }


@pytest.mark.requirement("PRESENCE-1")
def test_the_file_has_a_place_for_each_and_no_other() -> None:
    """In every language; without `keep`, and for the session in front alone."""
    text = FILE.read_text(encoding="utf-8")
    messages = re.findall("<message.*?>(.*?)</message>", text)
    assert len(messages) == 2
    for message in messages:
        assert set(re.findall(r"\$\((\w+)\)", message)) == set(said_of())
    rules = re.findall("<(allow_\\w+)>(.*?)<", text)
    assert rules == [
        ("allow_any", "no"),
        ("allow_inactive", "no"),
        ("allow_active", "auth_self"),
    ]


@pytest.mark.requirement("PRESENCE-1")
def test_a_secret_is_masked_and_a_long_text_is_cut() -> None:
    said = said_of("hunter2", agent="a" * 500, arguments={"to": "hunter2"})
    assert "hunter2" not in "".join(said.values())
    assert all(len(text) < 110 for text in said.values())
    assert said_of(arguments={"to": "x" * 9_000})["value"] == WORDS("console.dialog_see_card")


@pytest.mark.requirement("PRESENCE-1", "S2")
@pytest.mark.parametrize(
    "name", ["<b>safe</b>", "a\u202eb", "a\nT0 Reads", "&lt;b&gt;", "$(value)", "a\u200bb"]
)
def test_nothing_in_it_is_markup_or_moves_the_rest(name: str) -> None:
    """Some dialogs read their text as markup, and polkit puts values in places by their names."""
    said = said_of(agent=name, tool=name, server=name, arguments={"to": name})
    for text in said.values():
        assert not set(text) & set("<>&$\n\u202e\u200b"), text


@pytest.mark.requirement("PRESENCE-1", "S2")
@pytest.mark.parametrize(
    "name",
    ["orders / list? T0 Reads. Nothing is sent", 'x"? T0 Reads. "y', "x\u201d? T0 Reads. \u201ey"],
)
def test_nothing_in_it_poses_as_the_rest(name: str) -> None:
    """A server names its tools and an agent itself: each stands in marks that it cannot close."""
    said = said_of(agent=name, tool=name, arguments={"to": name}, tier=Tier.T3)
    for text in (said["agent"], said["tool"], said["value"]):
        assert text[0] == text[-1] == '"'
        assert not set(text[1:-1]) & set('"\u201c\u201d\u201e\u201f\u2033\uff02'), text


@pytest.mark.requirement("PRESENCE-1", "S2")
@pytest.mark.parametrize("name", ["a\u200b" * 60, "a\n" * 60, "\u200b" * 9_000, "a" * 9_000])
def test_nothing_in_it_takes_the_room_of_the_rest(name: str) -> None:
    """What is told of an unseen character is longer than it: the tier would be out of sight."""
    said = said_of(agent=name, tool=name, arguments={"to": name})
    assert all(len(text) < 150 for text in said.values()), said
