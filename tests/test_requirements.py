"""The manifest and the tests agree: what is kept has a test, what a test names is kept.

The tests are read, not collected, so that a layer that this machine cannot run still counts.
"""

import ast
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

from tests.requirements import REQUIREMENTS, Kept, NotYet, Partly
from tests.sources import ROOT, TESTS, Source, parse, sources_in

OWN = Path(__file__).relative_to(ROOT).as_posix()
STATE_OF = {requirement.id: requirement.state for requirement in REQUIREMENTS}


def named_in(source: Source) -> Iterator[str]:
    """Yield each id in `mark.requirement("...")`; a name that is no literal yields its source."""
    for node in source.nodes:
        match node:
            case ast.Call(func=ast.Attribute(attr="requirement", value=ast.Attribute(attr="mark"))):
                for argument in node.args:
                    yield str(ast.literal_eval(argument))
            case _:
                pass


def files_by_id() -> dict[str, list[str]]:
    found: defaultdict[str, list[str]] = defaultdict(list)
    for source in sources_in(TESTS):
        if source.path != OWN and source.path.rpartition("/")[2].startswith("test_"):
            for id_ in named_in(source):
                found[id_].append(source.path.removeprefix(TESTS))
    return found


def test_every_id_is_listed_once() -> None:
    counts = Counter(requirement.id for requirement in REQUIREMENTS)
    assert [id_ for id_, count in counts.items() if count > 1] == []


def test_a_kept_promise_has_a_test() -> None:
    found = files_by_id()
    promised = [id_ for id_, state in STATE_OF.items() if isinstance(state, Kept | Partly)]
    assert [id_ for id_ in promised if id_ not in found] == []


def test_a_test_names_only_promises_that_are_listed() -> None:
    assert {id_: files for id_, files in files_by_id().items() if id_ not in STATE_OF} == {}


def test_a_promise_that_a_test_keeps_is_not_called_unkept() -> None:
    found = files_by_id()
    unkept = {id_ for id_, state in STATE_OF.items() if isinstance(state, NotYet)}
    assert {id_: found[id_] for id_ in unkept & found.keys()} == {}, "replace the area by KEPT"


def test_the_reader_finds_ids_in_decorators_and_module_marks() -> None:
    text = (
        "pytestmark = pytest.mark.requirement('W1')\n"
        "@pytest.mark.requirement('C1', 'C2')\ndef test_a(): ...\n"
    )
    assert sorted(named_in(parse("test_a.py", text))) == ["C1", "C2", "W1"]
