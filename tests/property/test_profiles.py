"""Laws of the profiles over made-up texts: again is the same, the rest stays, forms stay."""

import json
import tomllib

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from keyturn.domain.canonical import JsonValue
from keyturn.domain.result_controls import Profile
from keyturn.inspection.profiles.dispatch import ToolFacts, mask_as, profile_of
from keyturn.inspection.profiles.profiled import Profiled

_PROFILES = st.sampled_from(
    (Profile.NONE, Profile.LOG, Profile.SQL, Profile.CONFIG, Profile.SOURCE)
)
_LONGEST_MARK = 64
_PIECES = (
    *("password", "token", "api_key", "ssn", "card", "id", "name", "a", "Cookie", "secret"),
    *(
        "=",
        ": ",
        ":",
        ",",
        "\t",
        " | ",
        "|",
        "\n",
        "\n\n",
        " ",
        "---",
        "[",
        "]",
        "{",
        "}",
        "(",
        ")",
    ),
    *(
        '"',
        "'",
        "`",
        "\\",
        "#",
        "//",
        "/*",
        "*/",
        "- ",
        "&",
        "?",
        ";",
        "://",
        "@",
        "%41",
        "\\u0041",
    ),
    *(
        "hunter2x",
        "ab12cd34ef56",
        "x",
        "1",
        "4111 1111 1111 1111",
        "123-45-6789",
        "null",
        "é😀",
        "\ud800",
        "%FF",
    ),
    *(
        "AKIA" + "Q7" * 8,
        "ghp_" + "aB3d" * 9,
        "${VAR}",
        "|\n  ",
        "kind: Secret\ndata:\n  a: eA==\n",
    ),
    *("-----BEGIN PRIVATE KEY-----\n", "-----END PRIVATE KEY-----", "2026-11-29T10:00:01Z INFO "),
    *("[Keyturn: 3 more rows]", "[password]", "def f(", "cGFzc3dvcmQ9aHVudGVyMmFiYw=="),
)
_TEXTS = st.lists(st.sampled_from(_PIECES), max_size=24).map("".join)


def _masked(text: str, profile: Profile) -> Profiled:
    return mask_as(text, profile, private=("*.pem",), most_rows=3)


@pytest.mark.requirement("SECRET-AGAIN")
@example(text="password" + "ghp_" + "aB3d" * 11, profile=Profile.CONFIG)
@example(text="4111 1111 1111 1111AKIA" + "Q7" * 8, profile=Profile.SQL)
@example(text="password: : ", profile=Profile.CONFIG)
@example(text="a: @\npassword: hunter2x", profile=Profile.CONFIG)
@example(text='password=-----BEGIN PRIVATE KEY-----\n"', profile=Profile.CONFIG)
@example(text=";=cGFzc3dvcmQ9aHVudGVyMmFiYw==\n;password", profile=Profile.SQL)
@settings(derandomize=True)  # what a longer search finds becomes an example above
@given(text=_TEXTS, profile=_PROFILES)
def test_masking_again_changes_nothing(text: str, profile: Profile) -> None:
    once = _masked(text, profile).text
    assert _masked(once, profile).text == once


@pytest.mark.requirement("SECRET-AGAIN")
@given(text=_TEXTS, profile=_PROFILES)
def test_what_is_no_mask_is_the_original(text: str, profile: Profile) -> None:
    shown = _masked(text, profile)
    done = at = 0
    for mask in shown.masks:
        assert done <= mask.start < mask.end <= len(shown.text)
        kept = shown.text[done : mask.start]
        found = text.find(kept, at)
        assert found >= 0
        at, done = found + len(kept), mask.end
    rest = shown.text[done:]
    assert text.endswith(rest) if shown.masks else shown.text == text


@given(text=_TEXTS, profile=_PROFILES)
def test_a_text_grows_by_no_more_than_its_marks(text: str, profile: Profile) -> None:
    shown = _masked(text, profile)
    assert len(shown.text) <= len(text) + _LONGEST_MARK * len(shown.masks)


@given(text=_TEXTS)
def test_any_text_is_taken_for_something(text: str) -> None:
    assert profile_of(text, ToolFacts()) is not Profile.AUTO


_SCALARS = st.sampled_from(
    ("hunter2x", "a b", "é", "${V}", "AKIA" + "Q7" * 8, "postgres://a:hunter2@b/c", "x: y", "# no")
) | st.integers(-(10**12), 10**12)
_NAMES = st.sampled_from(("password", "api_key", "token", "pin", "name", "url", "ssn", "tags"))
_TREES = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_NAMES, inner, max_size=4),
    max_leaves=12,
)
_SETTINGS = st.dictionaries(_NAMES, _TREES, min_size=1, max_size=5)


def _keys(value: JsonValue) -> JsonValue:
    match value:
        case dict():
            return {key: _keys(item) for key, item in value.items()}
        case list():
            return [_keys(item) for item in value]
        case _:
            return None


@pytest.mark.requirement("SECRET-FORM")
@given(settings=_SETTINGS, indent=st.sampled_from((None, 1)))
def test_json_keeps_its_keys(settings: dict[str, JsonValue], indent: int | None) -> None:
    shown = _masked(json.dumps(settings, indent=indent), Profile.CONFIG).text
    assert _keys(json.loads(shown)) == _keys(settings)


@pytest.mark.requirement("SECRET-FORM")
@given(settings=_SETTINGS, flow=st.booleans(), style=st.sampled_from((None, '"', "'", "|")))
def test_yaml_keeps_its_keys(settings: dict[str, JsonValue], flow: bool, style: str | None) -> None:
    text = yaml.safe_dump(
        settings, default_flow_style=flow, default_style=style, allow_unicode=True
    )
    shown = _masked(text, Profile.CONFIG).text
    assert _keys(yaml.safe_load(shown)) == _keys(settings)


@pytest.mark.requirement("SECRET-FORM")
@given(values=st.dictionaries(_NAMES, _SCALARS, min_size=1))
def test_toml_keeps_its_keys(values: dict[str, str | int]) -> None:
    lines = "".join(f"{name} = {json.dumps(value)} # c\n" for name, value in values.items())
    shown = _masked(f"[app]\n{lines}", Profile.CONFIG).text
    assert set(tomllib.loads(shown)["app"]) == set(values)


@pytest.mark.requirement("SECRET-FORM")
@given(made=st.lists(st.dictionaries(_NAMES, _SCALARS, min_size=1), min_size=1, max_size=6))
def test_json_rows_stay_rows(made: list[dict[str, JsonValue]]) -> None:
    shown = json.loads(_masked(json.dumps(made), Profile.SQL).text)
    assert [set(row) for row in shown[:3]] == [set(row) for row in made[:3]]
    assert len(shown) == min(len(made), 4)
