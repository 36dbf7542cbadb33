"""The approver protocol's lines are exactly what other programs are built against."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyturn.application.approval_request import ApprovalRequest, RequestKind, WithdrawCause
from keyturn.application.ports.stop_sentinel import StopFacts
from keyturn.approvers.program_pipes import LineCutter
from keyturn.approvers.request_message import (
    ANSWER_LINE_LIMIT,
    MESSAGE_LIMIT,
    RESULT_LIMIT,
    ProgramAnswer,
    RequestMessage,
    alert_message,
    read_answer,
    request_message,
    stopped_message,
    withdrawn_message,
)
from keyturn.domain.canonical import JsonValue, digest_of
from keyturn.domain.origin import MOST_ORIGINS, Trace
from keyturn.presentation.request_text import RequestTexts
from tests.fakes.approval_requests import a_call, a_command, a_definition, a_review
from tests.fakes.approver_programs import CARDS, WORDS

TEXTS = RequestTexts(WORDS, CARDS)


def message_of(request: ApprovalRequest, deadline_ms: int | None = 38_000) -> RequestMessage:
    return request_message(request, deadline_ms, phrases=CARDS.phrases, texts=TEXTS)


def fields_of(request: ApprovalRequest, deadline_ms: int | None = 38_000) -> dict[str, Any]:
    return json.loads(message_of(request, deadline_ms).line)


def answer_line(**fields: object) -> bytes:
    return json.dumps({"id": "c-1", "digest": "d", "verdict": "allow_once", **fields}).encode()


def test_a_request_has_exactly_these_members() -> None:
    request = a_call()
    fields = fields_of(request)
    text, origins = fields.pop("text"), fields.pop("origins")
    assert fields == {
        "type": "request",
        "id": "c-1",
        "kind": "call",
        "agent": "analyst",
        "session": "s-1",
        "server": "logistics",
        "tool": "dispatch_all",
        "method": "tools/call",
        "headline": "analyst wants to dispatch all_open orders with logistics",
        "arguments": request.arguments,
        "digest": request.digest,
        "tier": "T2",
        "reason": "No rule matches, and dispatch_all reaches out.",
        "untraced": [{"path": "/notify_customers", "why": "too_short"}],
        "lamps": ["U", "P"],
        "deadline_ms": 38_000,
    }
    assert text == TEXTS.of(request, 38_000).text
    assert origins[0] == {
        "path": "/orders",
        "value": "all_open",
        "result": 3,
        "tool": "read_report",
        "offset": request.trace.origins[0].offset,
        "start": 0,
        "length": None,
    }


def test_what_was_not_looked_for_is_listed_within_bounds() -> None:
    """A long call is not gone through to its end, and what has an origin is not on the list."""
    few = fields_of(a_call(subject={"n": [7, 1042], "year": 2026}, trace=Trace()))
    assert few["untraced"] == [
        {"path": "/n/0", "why": "too_short"},
        {"path": "/year", "why": "too_common"},
    ]
    short: list[JsonValue] = [1] * 5_000
    many = fields_of(a_call(subject={"far": short}, trace=Trace()))
    assert len(many["untraced"]) == MOST_ORIGINS
    words: list[JsonValue] = ["some words"] * 3_000
    late = fields_of(a_call(subject={"a": words, "z": 7}, trace=Trace()))
    assert late["untraced"] == []


def test_a_line_is_a_line() -> None:
    line = message_of(a_call(subject={"path": "a\nb\u2028c"})).line
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1


def test_the_prompt_hash_is_of_the_text_that_is_sent() -> None:
    message = message_of(a_call())
    assert message.prompt_hash == digest_of(json.loads(message.line)["text"].encode())


def test_reviews_have_no_deadline_and_a_command_no_tool() -> None:
    fields = fields_of(a_command(), None)
    assert (fields["deadline_ms"], fields["tool"], fields["lamps"]) == (None, None, [])


@pytest.mark.parametrize("request_", [a_command(), a_definition()])
def test_the_digest_of_a_review_is_of_its_arguments(request_: ApprovalRequest) -> None:
    fields = fields_of(request_, None)
    assert digest_of(fields["arguments"].encode()) == fields["digest"]


def test_a_long_result_is_cut_with_its_size_and_a_digest_of_its_own() -> None:
    request = a_review(RequestKind.RESULT, {"result": "\u00e9" * RESULT_LIMIT})
    message = message_of(request)
    fields = json.loads(message.line)
    subject = json.loads(fields["arguments"])
    assert subject["size"] == len(request.arguments.encode())
    assert subject["cut_at"] == RESULT_LIMIT >= len(subject["result"].encode())
    assert request.arguments.startswith(subject["result"])
    assert fields["digest"] == message.digest == digest_of(fields["arguments"].encode())
    assert message.digest != request.digest


def test_a_short_result_is_whole() -> None:
    request = a_review(RequestKind.RESULT, {"result": "short"})
    assert message_of(request).digest == request.digest


def test_other_messages() -> None:
    assert json.loads(alert_message("x")) == {"type": "alert", "text": "x"}
    facts = StopFacts(since_utc="2026-11-23T14:07:52.123Z", trigger="command")
    assert json.loads(stopped_message(facts)) == {"type": "stopped", "trip": "command"}


@pytest.mark.parametrize("cause", list(WithdrawCause))
def test_withdrawal_is_told_with_its_cause(cause: WithdrawCause) -> None:
    line = withdrawn_message("c-1", cause)
    if cause is WithdrawCause.DECIDED:
        assert line == b""
    else:
        # The protocol has five causes: to a program, what is asked anew has drifted.
        renamed = {WithdrawCause.ASKED_ANEW: "drift", WithdrawCause.RETRIED: "expired"}
        told = renamed.get(cause, cause.value)
        assert json.loads(line) == {"type": "withdrawn", "id": "c-1", "cause": told}


def test_an_answer_is_read() -> None:
    line = answer_line(message="why", other=[1])
    assert read_answer(line) == ProgramAnswer(id="c-1", digest="d", allow=True, message="why")


@pytest.mark.parametrize(
    "fields",
    [
        {"verdict": "deny"},
        {"verdict": "allow"},
        {"verdict": "allow_always"},
        {"verdict": "ALLOW_ONCE"},
        {"verdict": None},
        {"verdict": ["allow_once"]},
        {"verdict": True},
        {"type": "grant"},
        {"type": None},
    ],
)
def test_whatever_is_not_a_clear_allow_is_no(fields: dict[str, object]) -> None:
    answer = read_answer(answer_line(**fields))
    assert answer is not None
    assert not answer.allow


def test_a_missing_digest_names_none() -> None:
    for line in (b'{"id":"c-1","verdict":"allow_once"}', answer_line(digest=5)):
        answer = read_answer(line)
        assert answer is not None
        assert answer.digest == ""


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"allow",
        b"[]",
        b'"c-1"',
        b'{"digest":"d","verdict":"allow_once"}',
        b'{"id":1,"digest":"d","verdict":"allow_once"}',
        b'{"id":"c-1","digest":"d","verdict":"deny","verdict":"allow_once"}',
        b'\xff{"id":"c-1"}',
        b'{"id":"c-1","x":"' + b"x" * ANSWER_LINE_LIMIT + b'"}',
    ],
)
def test_what_is_no_answer_is_ignored(line: bytes) -> None:
    assert read_answer(line) is None


def test_a_message_is_cut() -> None:
    answer = read_answer(answer_line(verdict="deny", message="x" * 900))
    assert answer is not None
    assert answer.message == "x" * MESSAGE_LIMIT


@given(line=st.binary(max_size=200))
def test_no_bytes_can_break_the_reader(line: bytes) -> None:
    answer = read_answer(line)
    assert answer is None or not answer.allow


@given(pieces=st.lists(st.binary(max_size=20), max_size=10))
def test_lines_are_cut_wherever_the_pipe_breaks_them(pieces: list[bytes]) -> None:
    cutter = LineCutter(1000)
    lines = [line for piece in pieces for line in cutter.feed(piece)]
    assert lines == b"".join(pieces).split(b"\n")[:-1]


@given(pieces=st.lists(st.binary(max_size=20), max_size=10), limit=st.integers(1, 10))
def test_a_line_over_the_limit_is_not_kept(pieces: list[bytes], limit: int) -> None:
    cutter = LineCutter(limit)
    lines = [line for piece in pieces for line in cutter.feed(piece)]
    whole = b"".join(pieces).split(b"\n")[:-1]
    assert lines == [line if len(line) <= limit else b"" for line in whole]
