"""Files that calls wrote: known again by every spelling of their paths, and bounded."""

import pytest

from keyturn.domain.written_files import MOST_FILES, WrittenFiles, run_in, written_in


@pytest.mark.parametrize(
    ("written", "later"),
    [
        ("/srv/a/run.sh", "/srv/a/run.sh"),
        ("/srv/a/run.sh", "/srv/b/../a/./run.sh"),
        ("/srv/a/run.sh", "//srv//a/run.sh"),
        ("/srv/a/run.sh", "run.sh"),
        ("/srv/a/run.sh", "./run.sh"),
        ("/srv/a/run.sh", "a/run.sh"),
        ("/srv/a/run.sh", "../a/run.sh"),
        ("run.sh", "/srv/a/run.sh"),
        ("a/run.sh", "./run.sh"),
        ("~/run.sh", "$HOME/run.sh"),
        ("~/run.sh", "/home/person/run.sh"),
        ("file:///srv/a%20b.sh", "/srv/a b.sh"),
        ("C:\\work\\run.sh", "c:/WORK/run.sh"),
        ("/srv/Run.SH", "/srv/run.sh"),
    ],
)
def test_one_file_under_two_spellings(written: str, later: str) -> None:
    files = WrittenFiles()
    files.note([written], 12)
    assert files.written_by(later) == 12


@pytest.mark.parametrize(
    ("written", "later"),
    [
        ("/srv/a/run.sh", "/srv/b/run.sh"),
        ("/srv/a/run.sh", "b/run.sh"),
        ("/srv/a/run.sh", "/srv/a/run.py"),
        ("a/run.sh", "b/run.sh"),
        ("/", "/"),
    ],
)
def test_two_files(written: str, later: str) -> None:
    files = WrittenFiles()
    files.note([written], 12)
    assert files.written_by(later) is None


def test_the_last_call_that_wrote_it_is_named_and_the_oldest_files_are_forgotten() -> None:
    files = WrittenFiles()
    files.note(["/srv/a.sh"], 1)
    files.note(["/srv/a.sh"], 2)
    assert files.written_by("/srv/a.sh") == 2
    files.note((f"/srv/{n}.sh" for n in range(MOST_FILES)), 3)
    assert files.written_by("/srv/a.sh") is None
    assert files.written_by("/srv/0.sh") == 3


def test_paths_are_found_by_name_or_by_how_they_begin() -> None:
    assert written_in({"path": "a.sh", "content": "/etc/passwd\n"}, ()) == ("a.sh",)
    assert written_in({"files": [{"name": "x.py", "text": "1"}]}, ()) == ("x.py",)
    assert written_in({"x": "/srv/a", "url": "https://e.com/b.sh", "title": "c.sh"}, ()) == (
        "/srv/a",
    )
    assert written_in({"file": "a b\nc"}, ()) == ()
    assert run_in("deploy", {"script": "a.sh", "path": "b.sh"}, ()) == ("a.sh",)
    assert run_in("run_file", {"path": "b.sh"}, ()) == ("b.sh",)
    assert run_in("read_file", {"path": "b.sh"}, ()) == ()
