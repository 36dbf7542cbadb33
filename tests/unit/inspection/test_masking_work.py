"""What masking costs on text that an agent made to cost: counted work, not time."""

import base64
import random
import sys
from types import FrameType

import pytest

from keyturn.application.masked_leaves import ALL_MASKED
from keyturn.application.masking import MOST_TEXTS, masked_json
from keyturn.application.ports.inspection import MASKED_WHOLE
from keyturn.domain.canonical import canonical
from keyturn.inspection import secret_kinds
from keyturn.inspection.secrets import MOST_IN_A_WORKER, MOST_ON_THE_LOOP, DetectSecretsMask
from tests.bench.mask_cost import COSTLY, HOSTILE, LARGE_BYTES

MOST_CALLS = 50 * MOST_ON_THE_LOOP
"""Functions that may be called for one text, in Python and C, however long it is."""


class Calls:
    """Counts the calls of functions while it is entered."""

    def __init__(self) -> None:
        self.count = 0

    def __enter__(self) -> "Calls":
        sys.setprofile(self._seen)
        return self

    def __exit__(self, *_: object) -> None:
        sys.setprofile(None)

    def _seen(self, _frame: FrameType, event: str, _about: object) -> None:
        self.count += event in ("call", "c_call")


@pytest.mark.requirement("I-23")
@pytest.mark.parametrize("unit", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("size", [LARGE_BYTES, 8 * LARGE_BYTES])
def test_a_hostile_text_costs_no_more_work_the_longer_it_is(unit: str, size: int) -> None:
    text = (unit * (size // len(unit) + 1))[:size]
    with Calls() as calls:
        masked = DetectSecretsMask().mask(text)
    assert masked == MASKED_WHOLE
    assert calls.count < MOST_CALLS


@pytest.mark.requirement("I-23")
@pytest.mark.parametrize("unit", COSTLY.values(), ids=COSTLY)
def test_no_text_costs_more_work_however_it_is_read(unit: str) -> None:
    # 64 KiB are what is masked on the loop; a worker has half a second for more.
    with Calls() as calls:
        DetectSecretsMask().mask((unit * (LARGE_BYTES // len(unit) + 1))[:LARGE_BYTES])
    assert calls.count < 2 * MOST_CALLS


def test_what_is_not_looked_at_is_masked_and_no_less() -> None:
    few = "pwd=abcd1234 " * MOST_ON_THE_LOOP
    assert DetectSecretsMask().mask(few) == "pwd=[password] " * MOST_ON_THE_LOOP
    assert DetectSecretsMask().mask(few + "pwd=abcd1234") == MASKED_WHOLE
    in_a_worker = DetectSecretsMask(MOST_IN_A_WORKER).mask(few + "pwd=abcd1234 ")
    assert in_a_worker == "pwd=[password] " * (MOST_ON_THE_LOOP + 1)


def test_what_only_looks_like_a_secret_counts_too() -> None:
    assert DetectSecretsMask().mask("max_token_count=4096 " * 1_000) == MASKED_WHOLE


def test_no_byte_after_a_match_is_looked_at_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    looked_at: list[int] = []
    tail_of = secret_kinds.tail_of

    def counted(data: bytes, end: int) -> int:
        looked_at.append(tail_of(data, end) - end)
        return end + looked_at[-1]

    monkeypatch.setattr(secret_kinds, "tail_of", counted)
    text = ("AKIA" + "A" * 16) * 3_000
    assert DetectSecretsMask(MOST_IN_A_WORKER).mask(text) == "[AWS access key, ends AAAA]"
    assert sum(looked_at) < len(text)


def test_tokens_nested_beyond_reading_are_masked() -> None:
    deep = base64.urlsafe_b64encode(b'{"a":' + b"[" * 100_000).decode()
    token = f"{deep.rstrip('=')}.{deep.rstrip('=')}.x"
    assert token not in DetectSecretsMask().mask(token)


def test_a_text_in_json_costs_no_more_because_it_is_in_many_pieces() -> None:
    pieces = ['pwd="ab\\"' for _ in range(MOST_TEXTS * 4)]
    with Calls() as calls:
        shown, masked = masked_json(canonical(list(pieces)), DetectSecretsMask())
    assert masked
    assert shown == canonical({"masked": MASKED_WHOLE})
    assert calls.count < MOST_CALLS


def test_many_texts_without_secrets_stay() -> None:
    chance = random.Random(5)
    whole = canonical([f'line {chance.random()}\n"said"' for _ in range(MOST_TEXTS * 2)])
    assert masked_json(whole, DetectSecretsMask()) == (whole, False)


def test_one_secret_among_too_many_texts_masks_them_all() -> None:
    plain = ["a\nb"] * MOST_TEXTS
    one = canonical([*plain, "password:\n x1y2z3"])
    assert masked_json(one, DetectSecretsMask()) == (canonical({"masked": MASKED_WHOLE}), True)
    fewer = masked_json(canonical([*plain[1:], "password:\n x1y2z3"]), DetectSecretsMask())
    assert b"x1y2z3" not in fewer[0]
    assert b'"a\\nb"' in fewer[0]


def test_what_masking_would_break_is_masked_part_by_part() -> None:
    whole = canonical({"AccountKey=": [], "pwd": ""})
    left = canonical({"[masked 1]": [], "pwd": ""})
    assert masked_json(whole, DetectSecretsMask()) == (left, True)


@pytest.mark.parametrize("filler", ["pwd=abcd1234 ", "max_token_count=4096 "])
def test_a_value_full_of_candidates_hides_no_other_value(filler: str) -> None:
    arguments = canonical(
        {"to": "x@evil.example", "amount": 70, "note": filler * 300, "in": {"path": "/srv/a"}}
    )
    shown, masked = masked_json(arguments, DetectSecretsMask())
    assert masked
    assert shown == canonical(
        {"to": "x@evil.example", "amount": 70, "note": MASKED_WHOLE, "in": {"path": "/srv/a"}}
    )


def test_what_is_looked_at_alone_is_masked_as_ever() -> None:
    key = "AKIA" + "Q" * 16
    arguments = canonical(
        {"note": "pwd=abcd1234 " * 300, "pin": {"password": "hunter22"}, key: [key, 1, None, "x"]}
    )
    shown, _ = masked_json(arguments, DetectSecretsMask())
    assert b"hunter22" not in shown
    assert key.encode() not in shown
    assert b'"pin":{"password":"[password]"}' in shown


def test_a_name_that_breaks_the_json_hides_no_other_value() -> None:
    arguments = canonical({"apwd=": "abcd1234", "to": "x@evil.example", "z": 'pwd="abcd1234"'})
    shown, masked = masked_json(arguments, DetectSecretsMask())
    assert masked
    assert b'"to":"x@evil.example"' in shown


def test_with_too_many_values_all_is_masked() -> None:
    arguments = canonical({f"k{n}": "pwd=abcd1234" for n in range(2_000)})
    assert masked_json(arguments, DetectSecretsMask()) == (ALL_MASKED, True)


def test_what_is_looked_at_alone_is_looked_at_as_it_is() -> None:
    arguments = canonical({"note": "pwd=abcd1234 " * 300, "in": ["password:\n x1y2z3", "a\nb"]})
    shown, _ = masked_json(arguments, DetectSecretsMask())
    assert b"x1y2z3" not in shown
    assert b'"a\\nb"' in shown


def test_a_name_for_a_position_ends_with_its_line() -> None:
    assert "abcd1234efgh" not in DetectSecretsMask().mask("see the next page\ntoken=abcd1234efgh")
    assert DetectSecretsMask().mask("nextPageToken=abcd1234efgh") == "nextPageToken=abcd1234efgh"
