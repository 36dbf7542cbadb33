"""What is written down: who decided, where values came from, and never a value itself."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyturn.application.approval_request import Answer, AnswerVerdict, RequestKind, Route
from keyturn.application.masking import masked_json
from keyturn.application.recorded_names import LONGEST_NAME
from keyturn.application.recording import Recorder, actor_of
from keyturn.domain.call import ToolCall
from keyturn.domain.canonical import JsonObject, JsonValue, canonical, parse_strict
from keyturn.domain.decision import Actor, Delivery, Outcome, Verdict
from keyturn.domain.errors import LogUnavailable
from keyturn.domain.origin import Origin, Trace
from keyturn.domain.policy import Because, Judgement
from keyturn.domain.record import Entry, RecordType, Stamp, record_bytes
from keyturn.domain.rule import Effect, Rule
from keyturn.domain.tier import Tier
from keyturn.inspection.secrets import DetectSecretsMask
from tests.factories import HOST, make_connection, make_request
from tests.fakes.decision_log import FakeDecisionLog
from tests.fakes.inspection import FakeSecretMask

RULE = Rule(id="r-1", effect=Effect.ALLOW)
ANSWER = Answer(
    id="call-1",
    digest="0" * 64,
    verdict=AnswerVerdict.DENY,
    route=Route.WINDOW,
    message="Use staging.",
    prompt_hash="1" * 64,
    shown_ms=2300,
    after_arming_ms=1100,
)
STAMP = Stamp(
    seq=1,
    ts_utc="2026-11-23T14:07:52.123Z",
    mono_ns=1,
    boot_id="boot-1",
    install_id="install-1",
    salt=bytes(16),
    prev=bytes(32),
)
VALUES = st.text(alphabet=st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF), min_size=3)
"""Texts that no key, name or fixed word of a record can hold by chance."""


def make_tool_call(arguments: JsonObject) -> ToolCall:
    """Make a call of one tool."""
    return ToolCall(
        agent="analyst",
        session="s-1",
        server="logistics",
        launch_hash="0" * 64,
        tool="dispatch_order",
        def_hash="1" * 64,
        params={"name": "dispatch_order", "arguments": arguments},
    )


def origin(value: str) -> Origin:
    """Make a place where a value was read."""
    return Origin(
        path="/to",
        value=value,
        result=3,
        server="reports",
        tool="read_report",
        offset=120,
        line=4,
        excerpt=f"ship to {value} now",
        excerpt_line=3,
        untrusted=True,
    )


def decide(recorder: Recorder, arguments: JsonObject, answer: Answer | None = None) -> Entry:
    """Build the record of a call whose every value came from a result."""
    return recorder.decision(
        call_id="call-1",
        connection=make_connection(),
        outcome=Outcome.DENIED_USER,
        call=make_tool_call(arguments),
        tier=Tier.T1,
        trace=Trace(origins=(origin(str(arguments.get("to", ""))),), incomplete=True),
        judgement=Judgement(verdict=Verdict.ASK, because=Because.RULE, rule=RULE),
        rules_hash="2" * 64,
        answer=answer,
        details={"call_number": 7},
    )


class TestDecision:
    """The record of one decision."""

    def test_it_says_who_decided_about_what_by_which_rule(self) -> None:
        entry = decide(Recorder(FakeDecisionLog(), FakeSecretMask()), {"to": "A"}, ANSWER)
        assert (entry.type, entry.call, entry.session) == (RecordType.DECISION, "call-1", "s-1")
        assert entry.agent_peer == {"pid": HOST.pid, "executable": HOST.executable}
        assert (entry.verdict, entry.outcome, entry.actor) == ("ask", "denied_user", Actor.HUMAN)
        assert entry.call_digest == make_tool_call({"to": "A"}).digest()
        assert entry.policy == {
            "hash": "2" * 64,
            "because": "rule",
            "rule_id": "r-1",
            "rule_name": "",
        }
        assert (entry.shown_ms, entry.prompt_hash) == (2300, "1" * 64)
        assert entry.details == {
            "rule_name": "r-1",
            "route": "window",
            "after_arming_ms": 1100,
            "message": "Use staging.",
            "call_number": 7,
        }
        place, gap = entry.provenance
        assert place == {
            "path": "/to",
            "result": 3,
            "server": "reports",
            "tool": "read_report",
            "offset": 120,
            "untrusted": True,
        }
        assert gap == {"path": "", "incomplete": True}

    @pytest.mark.requirement("PIN-1", "PRESENCE-3")
    @pytest.mark.parametrize(("dialog", "via"), [(False, "pin"), (True, "dialog")])
    def test_it_says_what_a_person_proved_themselves_with(self, dialog: bool, via: str) -> None:
        proved = replace(ANSWER, pin=True, dialog=dialog)
        entry = decide(Recorder(FakeDecisionLog(), FakeSecretMask()), {"to": "A"}, proved)
        assert entry.details["via"] == via

    @pytest.mark.requirement("ACCESS-1")
    def test_the_last_request_of_an_agent_is_told_where_it_proved_its_name(self) -> None:
        recorder, told = Recorder(FakeDecisionLog(), FakeSecretMask()), list[str]()
        recorder.on_decision = told.append
        for enrolled in (False, True):
            connection = make_connection(enrolled=enrolled)
            recorder.decision(call_id="c", connection=connection, outcome=Outcome.DENIED_USER)
        assert told == ["analyst"]

    @pytest.mark.requirement("LAW-8")
    def test_a_secret_in_the_name_of_a_rule_is_not_written_down(self) -> None:
        rule = Rule(id="r-1", effect=Effect.ASK, name="Ask about hunter2")
        entry = Recorder(FakeDecisionLog(), FakeSecretMask(secrets={"hunter2"})).decision(
            call_id="call-1",
            connection=make_connection(),
            outcome=Outcome.DENIED_USER,
            judgement=Judgement(verdict=Verdict.ASK, because=Because.RULE, rule=rule),
        )
        assert "hunter2" not in str((entry.policy, entry.details))
        assert entry.policy["rule_name"] == entry.details["rule_name"]

    def test_a_refusal_that_knows_little_says_little(self) -> None:
        connection = make_connection()
        connection.peer = type(connection.peer)(process=None, parents=(), host=None)
        recorder = Recorder(FakeDecisionLog(), FakeSecretMask(secrets={"hunter2"}))
        entry = recorder.decision(
            call_id="call-1",
            connection=connection,
            outcome=Outcome.REFUSED_MALFORMED,
            tool="hunter2 " + "x" * 5_000,
        )
        assert (entry.call_digest, entry.committed, entry.arguments) == ("", b"", b"")
        assert (entry.agent_peer, entry.policy, entry.verdict) == ({}, {}, "deny")
        assert "hunter2" not in entry.tool
        assert len(entry.tool) == LONGEST_NAME

    @pytest.mark.parametrize(
        ("outcome", "actor"),
        [
            (Outcome.ALLOWED_ONCE, Actor.HUMAN),
            (Outcome.ALLOWED_RETRY_GRANT, Actor.HUMAN),
            (Outcome.DENIED_USER, Actor.HUMAN),
            (Outcome.ALLOWED_RULE, Actor.RULE),
            (Outcome.DENIED_RULE, Actor.RULE),
            (Outcome.EXPIRED_NO_ANSWER, Actor.TIMEOUT),
            (Outcome.CANCELLED_BY_CLIENT, Actor.CLIENT),
            (Outcome.REFUSED_PAUSED, Actor.STOP),
            (Outcome.ERROR_BROKER, Actor.ERROR),
            (Outcome.REFUSED_OVERLOAD, Actor.KEYTURN),
            (Outcome.BLOCKED_DEFINITION_CHANGED, Actor.KEYTURN),
        ],
    )
    @pytest.mark.requirement("D2")
    def test_silence_and_stop_are_nobodys_denial(self, outcome: Outcome, actor: Actor) -> None:
        assert actor_of(outcome) is actor


class TestValues:
    """Arguments are committed to, never recorded; secrets are masked where they are kept."""

    @given(to=VALUES, other=VALUES)
    def test_no_record_holds_an_argument_value(self, to: str, other: str) -> None:
        log = FakeDecisionLog()
        recorder = Recorder(log, FakeSecretMask())
        arguments: JsonObject = {"to": to, "rows": [{"name": other}]}
        entry = decide(recorder, arguments, ANSWER)
        assert canonical(arguments) == entry.committed == entry.arguments
        request = make_request(arguments=arguments)
        left = recorder.detached(request, "expired_no_answer", b"")
        recorder.ended(request, Outcome.EXPIRED_NO_ANSWER, None, left, grant=False)
        for one in (entry, *(record.entry for record in log.records)):
            record = json.loads(record_bytes(one, STAMP))
            text = json.dumps(record, ensure_ascii=False)
            assert to not in text
            assert other not in text

    def test_without_secrets_the_arguments_are_kept_as_sent(self) -> None:
        whole = canonical({"to": "A", "n": [1, True, None, {"deep": "B"}]})
        assert masked_json(whole, FakeSecretMask(secrets={"hunter2"})) == (whole, False)

    @pytest.mark.parametrize(
        "arguments",
        [
            {"note": "it is hunter2"},
            {"rows": [["x", {"hunter2": 1}]]},
            {"note": 'two\nlines "hunter2" \\ end'},
        ],
    )
    def test_secrets_are_masked_in_values_keys_and_depth(self, arguments: JsonObject) -> None:
        kept, masked = masked_json(canonical(arguments), FakeSecretMask(secrets={"hunter2"}))
        assert masked
        assert b"hunter2" not in kept
        json.loads(kept)

    def test_a_secret_that_only_its_name_gives_away_is_masked(self) -> None:
        secret = "-".join(("correct", "Horse7", "battery"))
        whole = canonical({"password": secret, "to": "A"})
        kept, masked = masked_json(whole, DetectSecretsMask())
        assert masked
        assert secret.encode() not in kept
        assert json.loads(kept)["to"] == "A"

    def test_a_secret_that_json_escapes_is_masked(self) -> None:
        mask = FakeSecretMask(secrets={"first\nsecond"})
        kept, masked = masked_json(canonical({"note": "first\nsecond"}), mask)
        assert masked
        assert b"second" not in kept.replace(b"ends cond", b"")

    def test_what_a_person_wrote_and_what_a_fault_says_are_masked(self) -> None:
        recorder = Recorder(FakeDecisionLog(), FakeSecretMask(secrets={"Use staging."}))
        assert "Use staging" not in str(decide(recorder, {}, ANSWER).details)
        entry = recorder.decision(
            call_id="call-1",
            connection=make_connection(),
            outcome=Outcome.REFUSED_INVALID_ARGUMENTS,
            details={"faults": ["Use staging.: is not known"], "n": 4},
        )
        assert "Use staging" not in str(entry.details)
        assert entry.details["n"] == 4


class TestDetached:
    """What happens to a request after its agent left."""

    def test_leaving_is_an_event_of_its_own(self) -> None:
        log = FakeDecisionLog()
        recorder = Recorder(log, FakeSecretMask())
        request = make_request()
        recorder.detached(request, "cancelled_by_client", b"")
        review = make_request("v-1", kind=RequestKind.DEFINITION)
        recorder.detached(review, "cancelled_by_client", b"")
        call, other = log.of_type(RecordType.DETACHED)
        assert (call.call, call.outcome) == ("call-1", "cancelled_by_client")
        assert (call.call_digest, other.call_digest) == (request.digest, "")
        assert call.details == {"ticket": "KT-1"}

    @pytest.mark.parametrize("grant", [False, True])
    def test_its_end_is_the_decision(self, grant: bool) -> None:
        log = FakeDecisionLog()
        recorder = Recorder(log, FakeSecretMask())
        request = make_request(arguments={"order": 41})
        left = recorder.detached(request, "expired_no_answer", b"")
        answer = ANSWER if grant else None
        recorder.ended(request, Outcome.EXPIRED_NO_ANSWER, answer, left, grant=grant)
        entry = log.of_type(RecordType.DECISION)[0]
        assert (entry.outcome, entry.actor) == ("expired_no_answer", Actor.TIMEOUT)
        assert entry.committed == entry.arguments == b'{"order":41}'
        assert entry.details.get("retry_granted", False) is grant
        assert entry.shown_ms == (2300 if grant else 0)

    def test_arguments_that_cannot_be_read_are_committed_to_and_not_kept(self) -> None:
        log = FakeDecisionLog()
        request = replace(make_request(), arguments='{"a":1,"a":2}')
        recorder = Recorder(log, FakeSecretMask())
        left = recorder.detached(request, "expired_no_answer", b"")
        recorder.ended(request, Outcome.EXPIRED_NO_ANSWER, None, left, grant=False)
        entry = log.of_type(RecordType.DECISION)[0]
        assert (entry.arguments, entry.masked) == (b"", True)
        assert entry.committed == b'{"a":1,"a":2}'

    def test_what_a_worker_masked_is_not_masked_again(self) -> None:
        log = FakeDecisionLog()
        mask = FakeSecretMask()
        recorder = Recorder(log, mask)
        request = make_request(arguments={"note": "long " * 20_000})
        left = recorder.detached(request, "expired_no_answer", b'{"note":"as a worker left it"}')
        recorder.ended(request, Outcome.EXPIRED_NO_ANSWER, None, left, grant=False)
        entry = log.of_type(RecordType.DECISION)[0]
        assert (entry.arguments, entry.masked) == (b'{"note":"as a worker left it"}', True)
        assert mask.characters < 1_000


class TestNotes:
    """What is written without waiting."""

    def test_deliveries(self) -> None:
        log = FakeDecisionLog()
        recorder = Recorder(log, FakeSecretMask(secrets={"hunter2"}))
        connection = make_connection()
        recorder.delivery(
            call_id="call-1",
            connection=connection,
            tool="dispatch_order",
            delivery=Delivery.COMPLETED,
            details={"bytes": 12},
        )
        recorder.lost(call_id="call-2", agent="analyst", server="logistics", tool="dispatch_order")
        told = [(r.entry.type.value, r.entry.outcome, r.awaited) for r in log.records]
        assert told == [
            ("delivery", "completed", False),
            ("delivery", "unknown", False),
        ]

    def test_a_passed_method_is_named_without_a_secret(self) -> None:
        recorder = Recorder(FakeDecisionLog(), FakeSecretMask(secrets={"hunter2"}))
        entry = recorder.passed(make_connection(), "hunter2")
        assert (entry.type.value, entry.outcome) == ("passed", "from_client")
        assert "hunter2" not in str(entry.details)

    def test_a_log_that_fails_does_not_stop_them(self) -> None:
        log = FakeDecisionLog()
        log.failure = LogUnavailable("The disk is full.")
        Recorder(log, FakeSecretMask()).lost(call_id="c", agent="a", server="s", tool="t")
        assert log.records == []


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=12),
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
        ),
    )
)
def test_masking_nothing_changes_nothing(value: JsonValue) -> None:
    kept, masked = masked_json(canonical({"value": value}), FakeSecretMask())
    assert not masked
    assert parse_strict(kept) == parse_strict(canonical({"value": value}))
