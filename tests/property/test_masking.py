"""The fast masking never masks less than the slow one, whole texts and many texts alike."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyturn.application.masking import masked_json
from keyturn.domain.canonical import JsonValue, canonical
from keyturn.inspection.secrets import BETWEEN, DetectSecretsMask, cuts_in
from tests.property.slow_masking import masked_characters

_BEGINNINGS = (
    *("pwd", "token", "Token", "secret", "api_key", "contraseña", "ſecret", "to\u212aen", "page"),
    *("passwd", "_file", "password", "=", ":", ":=", "=>", '"', "'", "\\", '\\"', " ", "\n", "."),
    *("AKIA", "A3T", "aws", "AWS", "ghp_", "github_pat_", "glpat-", "glcbt-", "ab_", "gloas-"),
    *("xoxb-", "1-", "https://hooks.slack.com/services/T", "/B", "/", "sk_live_", "rk_test_"),
    *("eyJhIjoxfQ", "eyJ", "sk-", "T3BlbkFJ", "sk-ant-", "pypi-AgEIcHlwaS5vcmc", "npm_"),
    *("_authToken=", "SG.", "AC", "SK", ":AA", "123456789", "M", "MTk", "AccountKey=", "://"),
    *("@", "-----BEGIN ", "RSA ", "PRIVATE KEY-----", "-----END ", "a", "Z9", "é", "😀", "-", "_"),
    *("null", "true", "$", "{", "}", "<", ">", ",", ";", "&", "\t", "\x0b", "==", "+", "word."),
)
_RUNS = st.builds(
    str.__mul__,
    st.sampled_from(("a", "A", "0", "f", "aB3", "é", "_", "-", "A-")),
    st.sampled_from((1, 2, 3, 6, 16, 20, 22, 23, 24, 25, 26, 27, 32, 35, 36, 40, 43, 64, 70, 88)),
)
_SHAPED = st.sampled_from(
    (
        *(f"M{'a' * length}.{'b' * 6}.{'c' * 27}" for length in (22, 23, 24, 25, 26)),
        *(f"{name} = '{'a' * 40}'" for name in ("aws_key", "AWS secret token", "aws" + "x" * 20)),
        f"SG.{'a' * 22}.{'b' * 43}",
        f"AKIA{'A' * 16}",
        f"sk-{'a' * 20}T3BlbkFJ{'b' * 20}",
        "https://me:hunter2@host",
        "eyJhIjoxfQ.eyJhIjoxfQ.x",
    )
)
_TEXTS = st.lists(st.sampled_from(_BEGINNINGS) | _RUNS | _SHAPED, max_size=25).map("".join)
_WORDS = (
    *("token", "api", "auth ", "jira", "=", ":", '"', " ", "\n", "a lorry", "7", "2026-11-29"),
    *("sk_", "live", "hf_", "AKIA", "eyJ", "://", "/", ".", "<", ">"),
)
_PLENTY = 1_000_000


def _kept(text: str) -> set[int]:
    """Return the numbers of the characters that the mask leaves."""
    cuts = cuts_in(text.encode(), _PLENTY)
    assert cuts is not None
    kept = set(range(len(text)))
    for cut in cuts:
        start = len(text.encode()[: cut.start].decode())
        kept -= set(range(start, start + len(text.encode()[cut.start : cut.end].decode())))
    return kept


@pytest.mark.requirement("LAW-8")
@given(text=_TEXTS)
def test_what_the_slow_way_finds_is_masked(text: str) -> None:
    assert not _kept(text) & masked_characters(text)


@given(text=_TEXTS)
def test_nothing_else_is_changed(text: str) -> None:
    cuts = cuts_in(text.encode(), _PLENTY)
    assert cuts is not None
    data, done, shown = text.encode(), 0, b""
    for cut in cuts:
        shown += data[done : cut.start] + cut.replacement.encode()
        done = cut.end
    assert DetectSecretsMask(_PLENTY).mask(text).encode() == shown + data[done:]


@given(text=st.lists(st.sampled_from(_WORDS), max_size=25).map(" ".join))
def test_words_and_signs_are_no_secrets(text: str) -> None:
    # Apart: after a name, "2026-11-29api" is as good a key as any.
    if not masked_characters(text):
        assert DetectSecretsMask(_PLENTY).mask(text) == text


@given(texts=st.lists(_TEXTS, max_size=6))
def test_of_many_texts_none_is_masked_less_than_alone(texts: list[str]) -> None:
    kept = _kept(BETWEEN.join(texts))
    start = 0
    for text in texts:
        within = {number - start for number in kept if start <= number < start + len(text)}
        assert within <= _kept(text)
        start += len(text) + len(BETWEEN)


@given(texts=st.lists(_TEXTS, max_size=6))
def test_many_texts_are_masked_where_their_cuts_are(texts: list[str]) -> None:
    mask = DetectSecretsMask(_PLENTY)
    for text, together in zip(texts, mask.mask_each(texts), strict=True):
        assert together != text or mask.mask(text) == text


_JSON = st.recursive(
    _TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_TEXTS, inner, max_size=4),
    max_leaves=8,
)


def _in(value: JsonValue) -> list[str]:
    match value:
        case dict():
            return [text for pair in value.items() for part in pair for text in _in(part)]
        case list():
            return [text for item in value for text in _in(item)]
        case _:
            return [str(value)]


@given(value=_JSON)
def test_masked_json_is_json(value: JsonValue) -> None:
    whole = canonical(value)
    shown, changed = masked_json(whole, DetectSecretsMask())
    json.loads(shown)
    assert changed == (shown != whole)


@given(value=_JSON)
def test_json_with_more_texts_than_are_told_apart_is_masked_no_less(value: JsonValue) -> None:
    whole = canonical(value)
    mask = DetectSecretsMask(_PLENTY)
    shown = masked_json(whole, mask)[0].decode()
    other = masked_json(whole, mask, most_texts=0)[0].decode()
    # What is masked in one form is not there in the other either.
    gone = [text for text in _in(value) if canonical(text).decode()[1:-1] not in shown]
    assert not [text for text in gone if canonical(text).decode()[1:-1] in other]
