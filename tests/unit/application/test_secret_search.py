"""Where secrets stand in canonical JSON, and which of them are credentials that are known."""

import random
import string

import pytest

from keyturn.application.console_protocol import RequestShown, decode_to_window, encode_line
from keyturn.domain.canonical import canonical
from keyturn.domain.secret_places import Secrets
from keyturn.inspection.secret_places import DetectedPlaces
from tests.canaries import a_github_token
from tests.fakes.masked_calls import CREDENTIAL, TOKEN, searching, sends_a_credential

pytestmark = pytest.mark.requirement("CARD-MASK")


def texts(text: str, found: Secrets) -> list[str]:
    return [text[place.start : place.end] for place in found.places]


@pytest.mark.parametrize(
    "around",
    [
        "{}",
        "see {} there",
        'say "{}"',
        "\\{}\\",
        "a\n\t{}\n",
        "é — {}",
        "\U0001f511 {}",
        "\x01{}\x1f",
    ],
)
def test_a_place_is_where_the_secret_stands_in_the_json(around: str) -> None:
    text = canonical({"é": around.format(TOKEN), "z": [around.format(TOKEN)]}).decode()
    found = DetectedPlaces().find(text)
    assert set(texts(text, found)) == {TOKEN}
    assert len(found.places) == 2


def test_of_a_text_with_too_many_candidates_nothing_is_said() -> None:
    chance = random.Random(1)
    tokens = [a_github_token(chance) for _ in range(40)]
    text = canonical({"tokens": [*tokens]}).decode()
    assert len(DetectedPlaces(100).find(text).places) == len(tokens)
    found = DetectedPlaces(20).find(text)
    assert (found.places, found.all_looked_at) == ((), False)
    many = canonical({"tokens": [*tokens, *tokens, *tokens]}).decode()
    assert DetectedPlaces().find(many) == Secrets(all_looked_at=False)


@pytest.mark.parametrize(
    "text", ["{}", "Bearer {}", "a={}&b=1", "x,{};y", "https://me:{}@a.example/", 'it\'s "{}"']
)
def test_a_known_credential_is_named_wherever_it_is_a_word(text: str) -> None:
    value = "".join(random.Random(5).choices(string.ascii_lowercase, k=12))
    whole = canonical({"k": text.format(value)}).decode()
    found = searching(old_site=value).of_text(whole)
    assert [place.credential for place in found.places] == ["old-site"]
    assert texts(whole, found) == [value]
    # As part of another word it is another word.
    other = canonical({"x": f"{text.format(value)}x{value}x"}).decode()
    named = [p for p in searching(old_site=value).of_text(other).places if p.credential]
    assert all(other[place.end] != "x" for place in named)


def test_a_credential_takes_the_place_of_what_only_looks_like_one() -> None:
    text = canonical({"a": f"token={CREDENTIAL}", "b": TOKEN}).decode()
    found = searching(github_work=CREDENTIAL).of_text(text)
    assert [place.credential for place in found.places] == ["github-work", ""]
    assert texts(text, found) == [CREDENTIAL, TOKEN]


def test_a_window_is_told_the_same_places() -> None:
    request = sends_a_credential()
    crossed = decode_to_window(encode_line(RequestShown(request=request, remaining_ms=1)))
    assert isinstance(crossed, RequestShown)
    assert crossed.request == request
    assert len(crossed.request.secrets.places) == 2


def test_short_ones_are_not_told() -> None:
    text = canonical({"a": "yes", "b": "swordfs"}).decode()
    assert searching(one="yes", two="swordfs").of_text(text).places == ()


def test_a_credential_that_json_writes_otherwise_is_named_too() -> None:
    value = 'a"b\\c\nd9x8y7'
    text = canonical({"k": value}).decode()
    found = searching(odd=value).of_text(text)
    assert [place.credential for place in found.places] == ["odd"]


def test_a_credential_in_a_name_is_told() -> None:
    text = canonical({CREDENTIAL: 1}).decode()
    found = searching(github_work=CREDENTIAL).of_text(text)
    assert [place.credential for place in found.places] == ["github-work"]


def test_words_before_a_credential_do_not_keep_it_from_being_named() -> None:
    text = canonical({"a": "w1 " * 2_100, "z": f"x={CREDENTIAL}"}).decode()
    found = searching(github_work=CREDENTIAL).of_text(text)
    assert [place.credential for place in found.places] == ["github-work"]
    assert found.all_tried


@pytest.mark.parametrize("unit", ["abcdefgh ", '\\"', "\\\\", '","', "\\u00e9", "a "])
def test_of_a_long_text_the_first_part_is_held_against_what_is_known(unit: str) -> None:
    """Nor does any text take long, as one did whose first part ends in an escape."""
    search = searching(github_work=CREDENTIAL)
    for before in ("", "x", "xy", "xyz"):
        text = f'"{before}{unit * (100_000 // len(unit))} {CREDENTIAL}"'
        found = search.with_known(text, DetectedPlaces().find(text))
        # What looks like a secret is, wherever it stands.
        assert [place.credential for place in found.places] == ["github-work"]
        assert not found.all_tried
        assert search.with_known(text, Secrets()) == Secrets(all_tried=False)
    assert searching().with_known(text, Secrets()).all_tried
