"""The small graph: each tool that fed a call once, untrusted first, nothing left out unsaid."""

import pytest

from keyturn.application.approval_request import RequestKind
from keyturn.domain.canonical import JsonObject
from keyturn.domain.origin import Origin, Trace
from keyturn.presentation.flow_graph import flow_of
from keyturn.presentation.words import Words
from tests.fakes.approval_requests import a_call, a_review
from tests.sources import ROOT

WORDS = Words(ROOT / "resources" / "translations")


def origin(path: str, server: str, result: int, *, untrusted: bool = False) -> Origin:
    return Origin(
        path=path,
        value="x",
        result=result,
        server=server,
        tool="read",
        offset=0,
        line=1,
        excerpt="x",
        excerpt_line=1,
        untrusted=untrusted,
    )


@pytest.mark.requirement("FLOW-GRAPH")
def test_each_source_is_named_once_with_what_it_gave() -> None:
    trace = Trace(
        origins=(
            origin("/amount", "bank", 2),
            origin("/to/0", "mail", 3, untrusted=True),
            origin("/to/1", "mail", 4, untrusted=True),
        )
    )
    graph = flow_of(a_call(trace=trace), WORDS)
    assert graph is not None and graph.target == "logistics / dispatch_all"
    told = [(one.name, one.gave, one.untrusted_words) for one in graph.sources]
    assert told == [
        ("mail / read", "2 results gave to", "untrusted text"),
        ("bank / read", "result 2 gave amount", ""),
    ]
    for said in ("mail / read", "bank / read", "untrusted text", "logistics / dispatch_all"):
        assert said in graph.spoken


@pytest.mark.requirement("FLOW-GRAPH")
def test_what_is_not_named_is_counted() -> None:
    places = [origin(f"/key{n}", f"server-{n}", n + 1) for n in range(6)]
    graph = flow_of(a_call(trace=Trace(origins=tuple(places))), WORDS)
    assert graph is not None and len(graph.sources) == 4
    assert graph.rest == "2 more sources" and graph.rest in graph.spoken
    many = [origin(f"/key{n}", "mail", 1) for n in range(5)]
    graph = flow_of(a_call(trace=Trace(origins=tuple(many))), WORDS)
    assert graph is not None
    assert graph.sources[0].gave == "result 1 gave key0, key1, key2 and 2 more"


@pytest.mark.requirement("FLOW-GRAPH")
def test_nothing_traced_is_no_graph() -> None:
    subject: JsonObject = {"path": "/x"}
    assert flow_of(a_call(trace=Trace(incomplete=True)), WORDS) is None
    assert flow_of(a_review(RequestKind.DEFINITION, subject), WORDS) is None
