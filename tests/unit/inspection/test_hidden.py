"""What a person does not see is counted; what every language needs is not."""

import pytest

from keyturn.inspection import hidden
from keyturn.inspection.folding import fold
from keyturn.inspection.hidden import hidden_in, hidden_in_all

TAGS = "".join(chr(0xE0000 + ord(letter)) for letter in "run")
ENGLAND = "\U0001f3f4" + "".join(chr(0xE0000 + ord(letter)) for letter in "gbeng") + "\U000e007f"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "plain text, with\ttabs,\r\nand lines",
        "naïve café, e\u0301",
        "שלום עולם",
        "مرحبا",
        "می\u200cخواهم",
        "क्\u200dष",
        "ᠠ\u180b",
        "👨\u200d👩\u200d👧 ❤\ufe0f 👩🏽\u200d🚒",
        "1\ufe0f\u20e3",
        ENGLAND,
        "中文，全角　空格",
    ],
    ids=ascii,
)
def test_readable_text_hides_nothing(text: str) -> None:
    assert hidden_in(text) == 0


@pytest.mark.parametrize(
    ("text", "count"),
    [
        (f"report{TAGS}", 3),
        (f"👍{TAGS}", 3),
        (f"\U0001f3f4{TAGS}", 3),
        ("a\u200bb\ufeffc\u00ad", 3),
        ("a\u200db", 1),
        ("a\ufe0f", 1),
        ("\u202egnp.exe\u202c", 2),
        ("\u2066x\u2069", 2),
        ("a\u2028b", 1),
        ("bell\x07 back\b nul\x00 del\x7f", 4),
        ("\x9b31m \x85", 5),
        ("\x1b[31mred\x1b[0m", 9),
        ("\x1b]0;title\x07text", 10),
        ("\x1b]8;;https://x\x1b\\text", 16),
        ("\x1b alone", 1),
        ("half \ud800", 1),
        ("ㅤ\u115f", 2),
    ],
    ids=ascii,
)
def test_what_is_not_seen_is_counted(text: str, count: int) -> None:
    assert hidden_in(text) == count


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("  Two\n\n WORDS\t", "two words"),
        ("Ｆｕｌｌ　ｗｉｄｔｈ", "full width"),
        ("Straße", "strasse"),
        ("in\u200bvis\U000e0041ible\u202e", "invisible"),
        ("e\u0301", "é"),
        ("ﬁn", "fin"),
    ],
)
def test_folding_takes_away_what_does_not_make_another_value(text: str, folded: str) -> None:
    assert fold(text) == folded


def test_only_so_many_places_are_read_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hidden, "MOST_FOUND", 10)
    assert hidden_in("a\u200b" * 8) == 8
    assert hidden_in("a\u200b" * 100) == 10
    assert hidden_in_all(["a\u200b" * 8, "\U0001f600\u200b", "\x07", "\x07"]) == 9
