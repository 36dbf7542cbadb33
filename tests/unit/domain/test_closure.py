"""What a closure is, and how two of them differ."""

from dataclasses import replace

import pytest

from keyturn.domain.closure import (
    NO_CLOSURE,
    Closure,
    ClosureFile,
    Gap,
    PackageClaims,
    touched_between,
)
from keyturn.domain.closure_change import MOST_NAMED, change_between, only_fetched


def closure(*names: str, sha256: str = "aa") -> Closure:
    return Closure(files=tuple(sorted(ClosureFile(name, 1, sha256) for name in names)))


def test_what_loads_nothing_has_no_hash() -> None:
    assert NO_CLOSURE.closure_hash == ""
    assert NO_CLOSURE.subject() == {}


def test_equal_files_have_one_hash_whatever_they_claim() -> None:
    one = closure("a", "b")
    assert one.closure_hash == closure("b", "a").closure_hash
    assert replace(one, packages=(PackageClaims(name="x"),)).closure_hash == one.closure_hash


@pytest.mark.parametrize(
    "other",
    [
        closure("a"),
        closure("a", "c"),
        closure("a", "b", sha256="ab"),
        Closure(files=closure("a", "b").files, gaps=((Gap.LINK_OUT, "x"),)),
        Closure(files=closure("a", "b").files, fetches="registry.npmjs.org"),
    ],
)
@pytest.mark.requirement("LAUNCH-CLOSURE")
def test_another_file_gap_or_source_is_another_hash(other: Closure) -> None:
    assert other.closure_hash != closure("a", "b").closure_hash


def test_a_change_names_the_files() -> None:
    before = Closure(files=(ClosureFile("a", 1, "x"), ClosureFile("b", 1, "x")))
    after = Closure(files=(ClosureFile("b", 1, "y"), ClosureFile("c", 1, "x")))
    change = change_between(before, after)
    assert (change.changed, change.added, change.removed) == (("b",), ("c",), ("a",))
    assert change.before == 2


PLACES = (("folder", "/home/ada"), ("script", "/home/ada"), ("bin/py", "/usr/bin/python3.12"))


@pytest.mark.requirement("LAUNCH-CLOSURE")
def test_one_file_of_two_names_is_one_change_with_its_path_on_disk() -> None:
    """A script is listed for itself, and with the folder that it lies in."""
    names = ("bin/py", "folder/lib/a.py", "folder/orders.py", "script/orders.py")
    before, after = closure(*names), replace(closure(*names, sha256="bb"), places=PLACES)
    change = change_between(before, after)
    assert change.changed == ("/usr/bin/python3.12", "/home/ada/lib/a.py", "/home/ada/orders.py")
    assert change.before == 3
    assert change.name == "/usr/bin/python3.12 (+2)"
    assert [(one.path, one.sha256) for one in change.was] == [(p, "aa") for p in change.changed]
    assert [(one.path, one.sha256) for one in change.now] == [(p, "bb") for p in change.changed]
    gone = change_between(before, Closure(places=PLACES))
    assert gone.removed == change.changed
    assert gone.now == ()


def test_a_file_listed_twice_is_counted_once() -> None:
    twice = replace(closure("folder/a", "script/a"), twice=("script/a",))
    said = twice.subject()["closure"]
    assert isinstance(said, dict)
    assert (said["files"], said["bytes"], twice.closure_hash) == (
        1,
        1,
        closure("folder/a", "script/a").closure_hash,
    )


def test_a_long_change_is_counted_and_named_in_part() -> None:
    change = change_between(closure(), closure(*(f"{n:03}" for n in range(100))))
    said = change.subject()["added"]
    assert isinstance(said, dict)
    named = said["named"]
    assert said["files"] == 100
    assert isinstance(named, list)
    assert len(named) == MOST_NAMED


def test_without_the_list_nothing_is_said_of_files() -> None:
    assert change_between(None, closure("a")).subject()["files_known"] is False


FETCHES = replace(closure("home/.npmrc"), fetches="registry.npmjs.org", fetched_into=("npx/",))


@pytest.mark.parametrize(
    ("now", "fine"),
    [
        (closure("home/.npmrc", "npx/a.js", "npx/b/c.js"), True),
        (replace(closure("home/.npmrc", "npx/a"), gaps=((Gap.CACHES, "npx/.cache"),)), True),
        (replace(closure("home/.npmrc"), gaps=((Gap.TOO_MUCH, "npx"),)), True),
        (replace(closure("home/.npmrc", "npx/a"), gaps=((Gap.TOO_MUCH, "folder"),)), False),
        (closure("home/.npmrc", "folder/a.js"), False),
        (closure("npx/a.js"), False),
        (closure("home/.npmrc", "npx/a.js", sha256="bb"), False),
    ],
)
@pytest.mark.requirement("LAUNCH-CLOSURE")
def test_of_what_fetches_only_what_was_not_there_before_is_its_own(
    now: Closure, fine: bool
) -> None:
    assert only_fetched(FETCHES, now) is fine
    assert not only_fetched(replace(FETCHES, fetches=""), now)


def test_a_touched_file_shows_where_it_is_in_both() -> None:
    before = replace(closure("a", "b"), stamps=(1, 2))
    assert not touched_between(before, replace(closure("a", "b", "c"), stamps=(1, 2, 9)))
    assert touched_between(before, replace(closure("b"), stamps=(3,)))
    assert not touched_between(before, closure("a", "b"))
    after = replace(closure("home/.npmrc", "npx/a"), stamps=(2, 1))
    assert not only_fetched(replace(FETCHES, stamps=(1,)), after)
