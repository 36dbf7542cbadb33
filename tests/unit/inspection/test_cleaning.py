"""What is taken out of one frame of a server, and what stays as it came."""

import base64
import json
import random
from typing import Any

import pytest

from keyturn.domain.canonical import JsonValue
from keyturn.domain.result_controls import (
    STRICTEST,
    Finding,
    Found,
    Profile,
    ResultControls,
    controls_from_data,
    controls_to_data,
    findings_from_data,
    findings_to_data,
    loosens,
)
from keyturn.inspection.cleaning import FrameCleaner
from keyturn.inspection.effort import IN_A_WORKER
from keyturn.inspection.profiles.dispatch import masked_text
from tests.canaries import a_github_token, an_aws_key

_CHANCE = random.Random()
KEY, TOKEN = an_aws_key(_CHANCE), a_github_token(_CHANCE)
TAGS = "".join(chr(0xE0000 + ord(letter)) for letter in "ignore")


def frame(**members: Any) -> bytes:
    """Write a frame as most servers do."""
    return json.dumps({"jsonrpc": "2.0", "id": 1, **members}).encode() + b"\n"


def texts(*said: str) -> bytes:
    """Write a result of text blocks."""
    return frame(result={"content": [{"type": "text", "text": text} for text in said]})


def cleaned(line: bytes, controls: ResultControls = STRICTEST) -> tuple[bytes, set[Finding]]:
    """Clean a frame, and hold what is left to being JSON."""
    found = FrameCleaner().clean(line, controls)
    assert found is not None
    json.loads(found.line)
    return found.line, set(found.findings)


@pytest.mark.requirement("RESULT-MASKED")
@pytest.mark.parametrize(
    ("line", "path"),
    [
        (texts(f"export A={KEY}\nfine"), "/result/content/*/text"),
        (frame(result={"structuredContent": {"rows": [{"a": KEY}]}}),
         "/result/structuredContent/rows/*/a"),
        (frame(result={"structuredContent": {KEY: 1}}), "/result/structuredContent/"),
        (frame(result={"content": [{"type": "resource", "resource": {"text": KEY}}]}),
         "/result/content/*/resource/text"),
        (frame(result={"contents": [{"blob": base64.b64encode(f"a {KEY} b".encode()).decode()}]}),
         "/result/contents/*/blob"),
        (frame(result={"messages": [{"content": {"type": "text", "text": KEY}}]}),
         "/result/messages/*/content/text"),
        (frame(error={"code": 1, "message": f"bad {KEY}"}), "/error/message"),
        (frame(error={"code": 1, "message": "bad", "data": {"env": KEY}}), "/error/data/env"),
        (frame(method="notifications/message", params={"data": KEY}), "/params/data"),
        (frame(result={}, more=KEY), "/more"),
        (frame(result={"contents": [{"blob": base64.b64encode(KEY.encode()).decode()}]})
         .replace(b'"blob"', b'"bl\\u006fb"'), "/result/contents/*/blob"),
        (texts(KEY).replace(KEY[:2].encode(), b"\\u0041\\u004b"), "/result/content/*/text"),
        (texts(KEY[:4] + "\u200b" + KEY[4:]), "/result/content/*/text"),
    ],
)  # fmt: skip
def test_a_secret_is_masked_on_every_channel(line: bytes, path: str) -> None:
    left, findings = cleaned(line)
    assert KEY[4:16] not in left.decode()
    assert KEY[4:16] not in str(json.loads(left))
    assert Finding(what=Found.SECRET, kind="AWS access key", path=path) in findings
    for inner in _decoded(json.loads(left)):
        assert KEY[4:16] not in inner


@pytest.mark.requirement("RESULT-MASKED")
def test_a_value_that_is_secret_by_its_name_is_masked() -> None:
    left, findings = cleaned(frame(result={"structuredContent": {"password": 'a"b\\c d\ne'}}))
    assert json.loads(left)["result"] == {"structuredContent": {"password": "[password]"}}
    assert {finding.kind for finding in findings} == {"password"}


@pytest.mark.requirement("RESULT-UNSEEN")
@pytest.mark.parametrize(
    ("said", "left"),
    [
        ("a\x1b[31mred\x1b[0m", "ared"),
        ("a\x1b]8;;http://x.example\x07link\x1b]8;;\x07", "alink"),
        ("a\u009b31mb", "ab"),
        (f"go on{TAGS}", "go on"),
        ("pass\u200bword\u2060", "password"),
        ("\u202eevil\u202c", "evil"),
        ("\x1b\x1b[0m[31mred", "[31mred"),
    ],
)
def test_what_nobody_sees_is_removed(said: str, left: str) -> None:
    line, findings = cleaned(texts(said))
    assert json.loads(line)["result"]["content"][0]["text"] == left
    (finding,) = findings
    assert finding == Finding(
        what=Found.UNSEEN,
        kind="",
        path="/result/content/*/text",
        count=len(said) - len(left),
    )


@pytest.mark.requirement("RESULT-UNSEEN", "LAW-7")
@pytest.mark.parametrize(
    "said",
    [
        "שלום עולם, à la carte, Zürich, e\u0301",
        "👨‍👩‍👧 ❤️ 🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f 👍🏽",
        "می‌خواهم क्‍ष",
        "line\nline\ttab\r\n",
        "3f786850e387550fdab836ed7e6dc881de23001b 0b6f2f6e-8f5e-4c3b-9d2e-1c2d3e4f5a6b",
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ8yW9Qm3v6o user@host",
        '{"nextPageToken": "abcdef123456", "token_count": 12}',
    ],
)
def test_what_is_no_secret_and_seen_passes_as_the_very_bytes(said: str) -> None:
    for line in (texts(said), json.dumps({"result": {"t": said}}, ensure_ascii=False).encode()):
        found = FrameCleaner().clean(line, STRICTEST)
        assert found is not None
        assert found.line is line
        assert not found.findings


@pytest.mark.requirement("LAW-7")
def test_only_the_texts_that_are_changed_are_written_anew() -> None:
    odd = b'{ "id":1,  "result" : {"n":1.10e400 ,"a":"%b", "same":"\\u00e9\\/" } }\n' % KEY.encode()
    left, _ = cleaned(odd)
    assert left == odd.replace(KEY.encode(), f"[AWS access key, ends {KEY[-4:]}]".encode())


@pytest.mark.parametrize("path", ["id", "requestState", "nextCursor"])
def test_what_has_to_come_back_as_it_was_stays(path: str) -> None:
    members: dict[str, Any] = {"id": KEY, "result": {"requestState": TOKEN, "nextCursor": TOKEN}}
    line = frame(**members)
    found = FrameCleaner().clean(line, STRICTEST)
    assert found is not None
    assert found.line is line


def test_a_name_that_only_looks_like_one_that_has_to_stay_does_not() -> None:
    line = frame(result={"structuredContent": {"requestState": TOKEN, "id": TOKEN}})
    assert TOKEN not in cleaned(line)[0].decode()


def test_each_switch_is_for_itself() -> None:
    line = texts(f"{KEY} \x1b[1mbold")
    assert cleaned(line, ResultControls(secrets=False))[0] == texts(f"{KEY} bold")
    assert b"\\u001b" in cleaned(line, ResultControls(unseen=False))[0]
    assert cleaned(line, ResultControls(secrets=False, unseen=False))[0] == line


ROWS = "name | ssn\nAda | 078-05-1120\nBo | 219-09-9999\n"
SETTINGS = "# kept\nmode = prod\nadmin_password = tulip7Meadow\nport = 8080\n"


@pytest.mark.requirement("SECRET-PROFILES")
def test_texts_are_masked_by_what_they_are_unless_a_person_says_as_what() -> None:
    cleaner = FrameCleaner(mask_as=masked_text)
    for profile in (Profile.AUTO, Profile.SQL):
        found = cleaner.clean(texts(ROWS), ResultControls(profile=profile))
        assert found is not None
        assert b"078-05-1120" not in found.line and b"Ada" in found.line
        assert {finding.what for finding in found.findings} == {Found.SECRET}
        assert "078-05-1120" in {value for _, value in found.secrets}
    found = cleaner.clean(texts(ROWS), ResultControls(profile=Profile.NONE))
    assert found is not None and found.line == texts(ROWS)
    found = cleaner.clean(texts(SETTINGS), ResultControls())
    assert found is not None
    assert b"tulip7Meadow" not in found.line and b"# kept" in found.line


def test_what_takes_a_profile_long_is_left_to_a_worker() -> None:
    long = texts(SETTINGS * 200)
    assert FrameCleaner(mask_as=masked_text).clean(long, ResultControls()) is None
    found = FrameCleaner(IN_A_WORKER, masked_text).clean(long, ResultControls())
    assert found is not None and b"tulip7Meadow" not in found.line


def test_rows_beyond_the_most_are_left_out_and_said_to_be() -> None:
    many = "id,total\n" + "".join(f"{n},{n * 7}\n" for n in range(400))
    found = FrameCleaner(IN_A_WORKER, masked_text).clean(
        texts(many), ResultControls(profile=Profile.SQL)
    )
    assert found is not None
    assert [finding.what for finding in found.findings] == [Found.LEFT_OUT]
    assert b"300 more rows" in found.line
    whole = FrameCleaner(IN_A_WORKER, masked_text).clean(texts(many), ResultControls())
    assert whole is not None and whole.line == texts(many)


@pytest.mark.requirement("RESULT-TOLD", "LAW-8")
@pytest.mark.parametrize("name", [KEY, KEY[:4] + "\u200b" + KEY[4:], KEY + "x" * 60, "a/" + KEY])
def test_a_place_is_told_without_the_secret_in_its_name(name: str) -> None:
    _, findings = cleaned(frame(result={"structuredContent": {name: {"x": "\u200b", "y": TOKEN}}}))
    assert len(findings) >= 3
    assert not [finding for finding in findings if KEY[4:12] in finding.path]


@pytest.mark.requirement("RESULT-LINKS")
@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("![x](https://a.example/p.png?d=secret)", Found.PICTURE),
        ('<img src="https://a.example/p.png?d=1">', Found.PICTURE),
        ("see https://a.example/?q=QWxhZGRpbjpvcGVuIHNlc2FtZQ1", Found.LINK),
        ("open https://a.example/?q={data}", Found.LINK),
        ("see https://a.example/docs/how-to?page=2", None),
        ("![logo](https://a.example/logo.png)", None),
    ],
)
def test_links_that_carry_data_are_marked_and_stay(said: str, found: Found | None) -> None:
    line, findings = cleaned(texts(said))
    assert line == texts(said)
    assert [finding.what for finding in findings] == ([] if found is None else [found])


@pytest.mark.parametrize(
    "said", ["pwd=abcd1234 " * 400, "\u200b" * 10_000], ids=["secrets", "unseen"]
)
def test_what_takes_too_long_here_is_left_to_a_worker(said: str) -> None:
    line = texts(said)
    assert FrameCleaner().clean(line, STRICTEST) is None
    found = FrameCleaner(IN_A_WORKER).clean(line, STRICTEST)
    assert found is not None
    assert b"abcd1234" not in found.line
    assert "\u200b" not in str(json.loads(found.line))


def test_a_frame_of_very_many_texts_is_left_to_a_worker() -> None:
    line = frame(result={"structuredContent": ["\u200b"] * 3_000})
    assert FrameCleaner().clean(line, STRICTEST) is None


@pytest.mark.requirement("RESULT-SWITCH")
def test_controls_are_written_and_read() -> None:
    chosen = ResultControls(secrets=False, max_tokens=500, profile=Profile.LOG)
    assert controls_to_data(STRICTEST) == {}
    assert controls_from_data(controls_to_data(chosen)) == chosen
    assert chosen.bytes_at_most == 2_000
    for wrong in ({"secrets": "no"}, {"max_bytes": -1}, {"max_bytes": True}, {"else": 1}):
        with pytest.raises(ValueError, match="no control"):
            controls_from_data(wrong)


@pytest.mark.requirement("RESULT-SWITCH")
@pytest.mark.parametrize(
    ("after", "looser"),
    [
        (STRICTEST, False),
        (ResultControls(max_bytes=100), False),
        (ResultControls(secrets=False), True),
        (ResultControls(unseen=False, max_bytes=100), True),
        (ResultControls(schema=False), True),
        (ResultControls(links=False), True),
        (ResultControls(profile=Profile.NONE), True),
    ],
)
def test_what_lets_more_through_loosens(after: ResultControls, looser: bool) -> None:
    assert loosens(STRICTEST, after) is looser
    assert not loosens(after, STRICTEST) or after.bytes_at_most > 0


def test_findings_are_told_without_values() -> None:
    findings = (Finding(what=Found.SECRET, kind="a key", path="/x|y", count=3),)
    assert findings_from_data(findings_to_data(findings)) == findings
    assert findings_from_data(["nonsense", 3, "secret|a|b|c", "else|a|1|c"]) == ()


def _decoded(value: JsonValue) -> list[str]:
    match value:
        case dict():
            return [text for item in value.values() for text in _decoded(item)]
        case list():
            return [text for item in value for text in _decoded(item)]
        case str():
            try:
                return [base64.b64decode(value, validate=True).decode()]
            except ValueError:
                return []
        case _:
            return []
