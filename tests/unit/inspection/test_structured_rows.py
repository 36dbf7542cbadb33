"""Cells of structured rows are masked by their columns, and texts by the file they are of."""

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyturn.domain.result_controls import Profile, ResultControls
from keyturn.inspection.cleaning import FrameCleaner
from keyturn.inspection.profiles.dispatch import ToolFacts, masked_text, readings_of
from tests.unit.inspection.profiles.test_dispatch import LOG

pytestmark = pytest.mark.requirement("RESULT-ROWS")
CLEANER = FrameCleaner(mask_as=masked_text)
PLAIN = "marigold"
"""A word like any other: only its column says that it is secret."""


def structured(structure: Any, profile: Profile = Profile.AUTO) -> Any:
    """Return a structure as its agent gets it."""
    frame: Any = {
        "jsonrpc": "2.0",
        "id": 1,
        "result": {"content": [], "structuredContent": structure},
    }
    controls = ResultControls(profile=profile)
    found = CLEANER.clean(json.dumps(frame).encode() + b"\n", controls)
    assert found is not None
    masked = json.dumps(structure).count(f'"{PLAIN}"')
    assert len(found.secrets) >= min(masked, 1) or PLAIN in found.line.decode()
    return json.loads(found.line)["result"]["structuredContent"]


MASKED: list[tuple[Any, Any]] = [
    (
        {"rows": [{"user": "eve", "passcode": PLAIN, "pin": 7}, {"passcode": "NULL"}]},
        {"rows": [{"user": "eve", "passcode": "[password]", "pin": 7}, {"passcode": "NULL"}]},
    ),
    (
        {"columns": ["user", "passcode", "n"], "rows": [["eve", PLAIN, 1], ["bob", None, 2]]},
        {
            "columns": ["user", "passcode", "n"],
            "rows": [["eve", "[password]", 1], ["bob", None, 2]],
        },
    ),
    (
        {"result": {"rows": [[PLAIN, "x"], {}, []], "fields": [{"name": "ssn"}, {"t": 1}]}},
        {
            "result": {
                "rows": [["[social security number]", "x"], {}, []],
                "fields": [{"name": "ssn"}, {"t": 1}],
            }
        },
    ),
    ([{"passcode": PLAIN}], [{"passcode": "[password]"}]),
]


@pytest.mark.parametrize("profile", [Profile.AUTO, Profile.SQL])
@pytest.mark.parametrize(("structure", "left"), MASKED)
def test_cells_are_masked_by_their_column(structure: Any, left: Any, profile: Profile) -> None:
    assert structured(structure, profile) == left


@pytest.mark.parametrize(
    "structure",
    [
        {"passcode_hint": PLAIN, "rows": [{"password_policy": PLAIN, "page_token": "12"}]},
        {"columns": "passcode", "rows": [[PLAIN]]},
        {"columns": ["passcode"], "rows": "none"},
        {"rows": [["passcode", PLAIN]]},
    ],
)
def test_what_is_no_secret_column_stays(structure: Any) -> None:
    assert structured(structure) == structure


@pytest.mark.parametrize("profile", [Profile.NONE, Profile.LOG, Profile.SOURCE])
def test_another_way_to_read_has_no_columns(profile: Profile) -> None:
    structure = {"rows": [{"cvv": PLAIN}]}
    assert structured(structure, profile) == structure


def test_the_name_of_a_structure_may_be_written_otherwise() -> None:
    line = rb'{"result":{"structured\u0043ontent":[{"pass\u0063ode":"marigold"}]}}'
    found = CLEANER.clean(line, ResultControls())
    assert found is not None
    assert PLAIN not in found.line.decode()


def test_names_with_escapes_and_beyond_ascii_are_read() -> None:
    rows = '"columns":["größe","cv\\u0076"],"rows":[["é","marigold"]]'
    line = f'{{"result":{{"structuredContent":{{{rows}}}}}}}'.encode()
    found = CLEANER.clean(line, ResultControls())
    assert found is not None
    assert '"rows":[["é","[card secret]"]]' in found.line.decode()


def test_a_structure_that_is_no_json_has_no_columns() -> None:
    found = CLEANER.clean(b'{"result":{"structuredContent":{"a":', ResultControls())
    assert found is not None


SETTINGS = (
    "DATABASE_PASS=marigold\n# the rest is prose, and nothing else that is a setting\nhello\n"
)


def test_the_file_that_was_asked_for_tells_how_its_text_is_read() -> None:
    frame = {"result": {"content": [{"type": "text", "text": SETTINGS}]}}
    line = json.dumps(frame).encode()
    without = CLEANER.clean(line, ResultControls(secrets=True), facts=ToolFacts())
    as_told = CLEANER.clean(line, ResultControls(), facts=ToolFacts(path="app/.env"))
    assert without is not None
    assert as_told is not None
    assert PLAIN not in as_told.line.decode()
    assert as_told.findings


def test_what_a_text_looks_like_counts_whatever_the_agent_says() -> None:
    assert readings_of(LOG, ToolFacts(path="x.py")) == [
        (Profile.SOURCE, "x.py"),
        (Profile.LOG, ""),
    ]
    assert readings_of(LOG, ToolFacts(tool="run_query")) == [(Profile.LOG, "")]
    assert readings_of("Dear Bob", ToolFacts(tool="run_query")) == [(Profile.SQL, "")]
    assert readings_of("Dear Bob", ToolFacts()) == []


LEAKS = {
    "log": (f"{LOG}2026-11-29T10:00:03Z INFO Cookie: sid=9hG2kq8LwZx1\n", "9hG2kq8LwZx1"),
    "rows": ("id,passcode\n1,marigold\n2,daffodil\n", "daffodil"),
    "settings": ("A=1\nB=2\nDB_PASSWORD=marigold9\nC=3\n", "marigold9"),
    "program": ('import os\n\ndef f():\n    password = "marigold9x"\n', "marigold9x"),
}


@given(
    st.sampled_from(sorted(LEAKS)),
    st.sampled_from(["", ".env", "a.json", "a.py", "a.log", "a.csv", "a.toml", "b.yaml", "a.ini"]),
    st.sampled_from(["", "run_query", "read_log", "get_config", "blame"]),
)
def test_no_claim_of_an_agent_unmasks_anything(kind: str, path: str, tool: str) -> None:
    text, secret = LEAKS[kind]
    line = json.dumps({"result": {"content": [{"type": "text", "text": text}]}}).encode()
    plainly = CLEANER.clean(line, ResultControls())
    found = CLEANER.clean(line, ResultControls(), facts=ToolFacts(path=path, tool=tool))
    assert plainly is not None
    assert found is not None
    assert secret not in plainly.line.decode()
    assert secret not in found.line.decode()


@pytest.mark.parametrize("path", ["", "app/.env"])
def test_a_file_in_base64_is_read_through_and_bytes_stay(path: str) -> None:
    facts = ToolFacts(tool="read_log", path=path)
    blob = base64.b64encode(SETTINGS.encode()).decode()
    picture = base64.b64encode(bytes(range(256))).decode()
    for said in (blob, picture):
        line = json.dumps({"result": {"contents": [{"uri": "x", "blob": said}]}}).encode()
        found = CLEANER.clean(line, ResultControls(), facts=facts)
        assert found is not None
        left = base64.b64decode(json.loads(found.line)["result"]["contents"][0]["blob"])
        if said == picture:
            assert left == bytes(range(256))
        elif path:
            assert PLAIN not in left.decode()
        else:
            assert left.decode().endswith("hello\n")
