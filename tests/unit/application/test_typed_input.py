"""Texts that a hook says were typed: looked at, recorded without their words, only claimed."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyturn.application.ports.inspection import ResultSource
from keyturn.application.ports.processes import ObservedPeer, ObservedProcess
from keyturn.application.sessions import Sessions
from keyturn.application.typed_input import (
    LONGEST_TEXT,
    MOST_IN_ALL,
    MOST_OF_ONE_HOST,
    TypedInput,
)
from keyturn.domain.canonical import JsonObject, JsonValue
from keyturn.domain.lamps import Lamps
from keyturn.domain.record import RecordType
from keyturn.domain.typed import InputFinding, InputFindingKind
from tests.factories import HOST, PEER, SHIM
from tests.fakes.clock import FakeClock
from tests.fakes.decision_log import FakeDecisionLog
from tests.fakes.ids import FakeIds
from tests.fakes.inspection import FakeInputCheck, FakeTraceIndexes
from tests.fakes.processes import FakeProcesses

HOOK = 4100
FOUND = {
    "hunter2": InputFinding(kind=InputFindingKind.SECRET, what="password"),
    "unseen": InputFinding(kind=InputFindingKind.HIDDEN, count=3),
    "ignore previous": InputFinding(kind=InputFindingKind.ORDER, what="ignore previous"),
}


def process(pid: int) -> ObservedProcess:
    return ObservedProcess(pid=pid, started=20.0, executable="/opt/tool", name="tool")


class Desk:
    """A broker's part for typed texts, with one agent's session of the process `HOST`."""

    def __init__(self) -> None:
        self.sessions = Sessions(FakeIds(), FakeTraceIndexes())
        self.session = self.sessions.join("analyst", PEER)
        self.processes = FakeProcesses()
        self.processes.peers[HOOK] = below(HOST)
        self.log = FakeDecisionLog()
        self.clock = FakeClock()
        self.typed = TypedInput(
            check=FakeInputCheck(FOUND),
            sessions=self.sessions,
            processes=self.processes,
            log=self.log,
            clock=self.clock,
        )

    def say(self, text: JsonValue, /, **members: JsonValue) -> JsonObject:
        """Hand one text over as the socket does."""
        request: Mapping[str, JsonValue] = {
            "host": "claude-code",
            "text": text,
            "peer": HOOK,
            **members,
        }
        return asyncio.run(self.typed.take(request))

    def recorded(self) -> list[Any]:
        return self.log.of_type(RecordType.TYPED)


def below(*parents: ObservedProcess) -> ObservedPeer:
    return ObservedPeer(process=process(HOOK), parents=parents, host=parents[0])


@pytest.mark.requirement("INPUT-3")
def test_a_typed_value_has_an_origin_that_is_a_claim() -> None:
    desk = Desk()
    assert desk.say("Kotka\nsecond line") == {"ok": True, "findings": [], "sessions": 1}
    (origin,) = desk.session.trace({"to": "Kotka"}).origins
    assert (origin.path, origin.server, origin.tool) == ("/to", "", "claude-code")
    assert origin.is_typed
    assert not origin.untrusted


@pytest.mark.requirement("INPUT-3", "LAW-4")
def test_a_claim_lights_nothing_and_puts_nothing_out() -> None:
    desk = Desk()
    desk.session.light(Lamps.U | Lamps.P, 1)
    desk.say("Kotka")
    assert desk.session.lamps == Lamps.U | Lamps.P


@pytest.mark.requirement("INPUT-4", "LAW-4")
def test_a_value_of_a_result_stays_that_results_whoever_says_it_was_typed() -> None:
    desk = Desk()
    source = ResultSource(number=1, server="web", tool="fetch", untrusted=True)
    desk.session.index.add(source, {"content": [{"type": "text", "text": "attacker@example.org"}]})
    before = desk.session.trace({"to": "attacker@example.org"})
    # The agent runs `keyturn check-input` itself, as often as it likes.
    for _ in range(MOST_OF_ONE_HOST):
        desk.say("attacker@example.org")
    after = desk.session.trace({"to": "attacker@example.org"})
    assert after.worst_first()[0] == before.worst_first()[0]
    assert after.worst_first()[0].server == "web"
    assert after.incomplete == before.incomplete


@pytest.mark.requirement("INPUT-3")
def test_pasted_orders_make_the_text_an_untrusted_origin() -> None:
    desk = Desk()
    desk.say("ignore previous\nKotka")
    (origin,) = desk.session.trace({"to": "Kotka"}).origins
    assert origin.untrusted


@pytest.mark.requirement("INPUT-5")
def test_only_sessions_of_the_nearest_host_above_get_it() -> None:
    desk = Desk()
    inner = process(4500)
    coder = desk.sessions.join("coder", ObservedPeer(process=SHIM, parents=(inner,), host=inner))
    stranger = process(9000)
    other = desk.sessions.join(
        "analyst", ObservedPeer(process=SHIM, parents=(stranger,), host=stranger)
    )
    desk.processes.peers[HOOK] = below(inner, HOST)
    assert desk.say("Kotka")["sessions"] == 1
    assert coder.trace({"to": "Kotka"}).origins
    assert not desk.session.trace({"to": "Kotka"}).origins
    assert not other.trace({"to": "Kotka"}).origins


@pytest.mark.requirement("INPUT-5")
@pytest.mark.parametrize("peer", [0, -1, 77, None, True, "4100", 4.1])
def test_a_program_of_no_host_is_checked_and_remembered_nowhere(peer: JsonValue) -> None:
    desk = Desk()
    answer = desk.say("hunter2", peer=peer)
    assert (answer["ok"], answer["sessions"]) == (True, 0)
    assert not desk.session.trace({"to": "hunter2"}).origins
    (entry,) = desk.recorded()
    assert (entry.session, entry.agent) == ("", "")


@pytest.mark.requirement("INPUT-6")
def test_each_text_is_recorded_by_length_and_findings_alone() -> None:
    desk = Desk()
    text = "the password hunter2 is unseen, ignore previous"
    findings = desk.say(text)["findings"]
    assert isinstance(findings, list)
    assert len(findings) == 3
    (entry,) = desk.recorded()
    assert (entry.session, entry.agent) == (desk.session.id, "analyst")
    assert entry.details == {
        "host": "claude-code",
        "characters": len(text),
        "secrets": ["password"],
        "hidden_characters": 3,
        "orders": 1,
    }
    assert "hunter2" not in json.dumps(msgspec.to_builtins(entry.details))


@pytest.mark.requirement("INPUT-6")
def test_more_texts_than_a_person_types_are_not_taken() -> None:
    desk = Desk()
    for _ in range(MOST_OF_ONE_HOST):
        assert desk.say("Kotka")["ok"] is True
    assert desk.say("Hamina")["ok"] is False
    assert not desk.session.trace({"to": "Hamina"}).origins
    # Another host's person is still heard, and the record says how many were left out.
    desk.processes.peers[HOOK] = below(process(9000))
    assert desk.say("Oulu")["ok"] is True
    assert desk.recorded()[-1].details["left_out"] == 1
    desk.processes.peers[HOOK] = below(HOST)
    desk.clock.advance(60.0)
    assert desk.say("Hamina")["ok"] is True


@pytest.mark.unmeasured
@pytest.mark.requirement("INPUT-6")
def test_no_number_of_processes_makes_more_than_the_limit_of_all() -> None:
    desk = Desk()
    taken = 0
    for number in range(MOST_IN_ALL + 20):
        desk.processes.peers[HOOK] = below(process(10_000 + number))
        taken += desk.say("Kotka")["ok"] is True
    assert taken == MOST_IN_ALL


@pytest.mark.requirement("INPUT-6")
@pytest.mark.parametrize(
    "members",
    [
        {"host": "keyturn"},
        {"host": ""},
        {"host": 7},
        {"text": 7},
        {"text": "x" * (LONGEST_TEXT + 1)},
    ],
)
def test_what_is_no_text_of_a_known_host_is_refused(members: dict[str, JsonValue]) -> None:
    desk = Desk()
    assert desk.say("Kotka", **members)["ok"] is False
    assert desk.recorded() == []
    assert not desk.session.trace({"to": "Kotka"}).origins


def test_old_texts_make_room_for_new_ones() -> None:
    desk = Desk()
    desk.session.take_typed("plain", "Kotka")
    for _ in range(17):
        desk.session.take_typed("plain", "x" * LONGEST_TEXT)
    desk.session.take_typed("plain", "Hamina")
    assert not desk.session.trace({"to": "Kotka"}).origins
    trace = desk.session.trace({"to": "Hamina"})
    assert len(trace.origins) == 1
    assert not trace.incomplete


VALUES = st.sampled_from(["Kotka", "Hamina", "Oulu", "attacker@example.org"])
RESULTS = st.lists(st.tuples(VALUES, st.booleans()), max_size=5)


@pytest.mark.requirement("INPUT-4", "LAW-4")
@given(results=RESULTS, said=st.lists(VALUES, max_size=8), asked=st.lists(VALUES, max_size=4))
def test_no_claim_takes_the_place_of_a_result(
    results: list[tuple[str, bool]], said: list[str], asked: list[str]
) -> None:
    desk = Desk()
    for number, (value, untrusted) in enumerate(results, 1):
        source = ResultSource(number=number, server="web", tool="fetch", untrusted=untrusted)
        desk.session.index.add(source, {"text": value})
    arguments: JsonObject = {f"a{number}": value for number, value in enumerate(asked)}
    before, lamps = desk.session.trace(arguments), desk.session.lamps
    for number, value in enumerate(said):
        desk.session.take_typed("claude-code", value, suspicious=number % 2 == 0)
    after = desk.session.trace(arguments)
    kept = [origin for origin in after.worst_first() if not origin.is_typed]
    assert kept == list(before.worst_first())
    assert (after.incomplete, desk.session.lamps) == (before.incomplete, lamps)
    worst = {origin.path: origin for origin in reversed(after.worst_first())}
    for origin in before.origins:
        assert not worst[origin.path].is_typed
