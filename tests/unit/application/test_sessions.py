"""Sessions: which calls share lamps and trace, and that no trick with processes parts them."""

from keyturn.application.ports.inspection import ResultSource
from keyturn.application.ports.processes import ObservedPeer, ObservedProcess
from keyturn.application.sessions import Session, Sessions
from keyturn.domain.lamps import Lamps
from tests.factories import HOST, PEER, SHIM
from tests.fakes.ids import FakeIds
from tests.fakes.inspection import FakeTraceIndexes

UNKNOWN = ObservedPeer(process=SHIM, parents=(), host=None)


def process(pid: int, *, started: float = 20.0) -> ObservedProcess:
    """Make a process."""
    return ObservedProcess(pid=pid, started=started, executable="/opt/tool", name="tool")


def below(*parents: ObservedProcess) -> ObservedPeer:
    """Make a peer whose host process is the first of the named ones."""
    return ObservedPeer(process=SHIM, parents=parents, host=parents[0])


def make() -> Sessions:
    """Make sessions with indexes in memory."""
    return Sessions(FakeIds(), FakeTraceIndexes())


class TestJoining:
    """One agent's host process is one session, whatever it connects to."""

    def test_connections_of_a_host_share_a_session(self) -> None:
        sessions = make()
        first = sessions.join("analyst", PEER)
        other_shim = ObservedPeer(process=process(4002), parents=(HOST,), host=HOST)
        assert sessions.join("analyst", other_shim) is first
        assert (first.agent, first.host) == ("analyst", HOST)
        assert sessions.all() == (first,)

    def test_agents_and_hosts_are_kept_apart(self) -> None:
        sessions = make()
        first = sessions.join("analyst", PEER)
        assert sessions.join("coder", PEER) is not first
        assert sessions.join("analyst", below(process(5000))) is not first
        assert len(sessions.all()) == 3

    def test_a_process_id_that_is_used_again_is_another_host(self) -> None:
        sessions = make()
        first = sessions.join("analyst", below(process(5000, started=20.0)))
        assert sessions.join("analyst", below(process(5000, started=90.0))) is not first

    def test_a_child_of_a_host_joins_the_hosts_session(self) -> None:
        sessions = make()
        first = sessions.join("analyst", PEER)
        child = process(4500)
        assert sessions.join("analyst", below(child, process(4400), HOST)) is first
        assert sessions.join("coder", below(child, HOST)) is not first

    def test_a_host_that_ended_is_forgotten_with_its_lamps(self) -> None:
        sessions = make()
        first = sessions.join("analyst", PEER)
        first.light(Lamps.U, 1)
        other = sessions.join("coder", PEER)
        kept = sessions.join("analyst", below(process(5000)))
        sessions.end(first)
        assert sessions.all() == (other, kept)
        assert sessions.join("analyst", PEER).lamps is Lamps.NONE


class TestCredentialSession:
    """An unknown parent must not wash lamps and trace away."""

    def test_it_is_one_per_agent(self) -> None:
        sessions = make()
        first = sessions.join("analyst", UNKNOWN)
        assert sessions.join("analyst", UNKNOWN) is first
        assert first.host is None
        assert sessions.join("coder", UNKNOWN) is not first
        assert len(sessions.all()) == 2

    def test_it_carries_the_lamps_of_all_sessions_of_the_agent(self) -> None:
        sessions = make()
        early = sessions.join("analyst", PEER)
        early.light(Lamps.U, 1)
        sessions.join("coder", PEER).light(Lamps.X, 1)
        credential = sessions.join("analyst", UNKNOWN)
        assert credential.lamps is Lamps.U
        sessions.join("analyst", below(process(5000))).light(Lamps.P, 7)
        assert credential.lamps == Lamps.U | Lamps.P
        assert credential.lit_by == {}

    def test_it_finds_what_any_of_them_read(self) -> None:
        sessions = make()
        early = sessions.join("analyst", PEER)
        read(early, "14 Quarry Road", number=1)
        credential = sessions.join("analyst", UNKNOWN)
        read(credential, "Hangar 9", number=2)
        read(sessions.join("analyst", below(process(5000))), "R. Talbot", number=3)
        read(sessions.join("coder", PEER), "somebody else's", number=4)
        wanted = ("14 Quarry Road", "Hangar 9", "R. Talbot", "somebody else's", "typed")
        found = credential.trace({f"a{n}": text for n, text in enumerate(wanted)})
        assert sorted(origin.result for origin in found.origins) == [1, 2, 3]

    def test_one_incomplete_trace_makes_it_incomplete(self) -> None:
        indexes = FakeTraceIndexes()
        sessions = Sessions(FakeIds(), indexes)
        sessions.join("analyst", PEER)
        credential = sessions.join("analyst", UNKNOWN)
        assert not credential.trace({}).incomplete
        indexes.made[0].incomplete = True
        assert credential.trace({}).incomplete


class TestReadingThroughAnOrphan:
    """What an agent reads with its parent hidden counts where it sends from."""

    def test_its_lamps_are_lit_in_every_session_of_the_agent(self) -> None:
        sessions = make()
        early = sessions.join("analyst", PEER)
        other = sessions.join("coder", PEER)
        orphan = sessions.join("analyst", UNKNOWN)
        orphan.light(Lamps.U, 1)
        orphan.light(Lamps.P, 2)
        late = sessions.join("analyst", below(process(5000)))
        assert (early.lamps, late.lamps) == (Lamps.U | Lamps.P, Lamps.U | Lamps.P)
        assert early.lit_by == late.lit_by == {}
        assert other.lamps is Lamps.NONE

    def test_what_it_read_is_found_from_every_session_of_the_agent(self) -> None:
        sessions = make()
        early = sessions.join("analyst", PEER)
        before = early.results_in_reach
        orphan = sessions.join("analyst", UNKNOWN)
        orphan.next_result()
        read(orphan, "Hangar 9", number=1)
        late = sessions.join("analyst", below(process(5000)))
        for session in (early, late):
            (origin,) = session.trace({"a": "Hangar 9"}).origins
            assert (origin.result, origin.untrusted) == (1, True)
        assert early.results_in_reach == before + 1
        assert sessions.join("coder", PEER).trace({"a": "Hangar 9"}).origins == ()

    def test_two_hosts_share_nothing_because_there_is_an_orphan(self) -> None:
        sessions = make()
        early = sessions.join("analyst", PEER)
        sessions.join("analyst", UNKNOWN)
        early.light(Lamps.U, 1)
        read(early, "Hangar 9", number=1)
        late = sessions.join("analyst", below(process(5000)))
        assert late.lamps is Lamps.NONE
        assert late.trace({"a": "Hangar 9"}).origins == ()


class TestSession:
    """What a session counts only ever rises."""

    def test_calls_and_results_are_numbered_from_one(self) -> None:
        session = make().join("analyst", PEER)
        assert (session.next_call(), session.next_call()) == (1, 2)
        assert (session.next_result(), session.next_result()) == (1, 2)

    def test_a_lamp_keeps_the_call_that_lit_it(self) -> None:
        session = make().join("analyst", PEER)
        session.light(Lamps.U, 3)
        session.light(Lamps.U | Lamps.P, 5)
        session.light(Lamps.NONE, 6)
        assert session.lamps == Lamps.U | Lamps.P
        assert session.lit_by == {"U": 3, "P": 5}


def read(session: Session, text: str, *, number: int) -> None:
    """Let a session have read a text."""
    source = ResultSource(number=number, server="reports", tool="read_report", untrusted=True)
    session.index.add(source, {"text": text})
