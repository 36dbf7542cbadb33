"""The files of an agreement come back as they were, and nothing else is taken for them."""

import zlib

import pytest

from keyturn.domain.closure import Closure, ClosureFile
from keyturn.storage import closures
from keyturn.storage.closures import pack, unpack

FILES = Closure(files=(ClosureFile("a/é.js", 3, "aa"), ClosureFile("b", 0, "bb")))


def test_what_was_kept_comes_back() -> None:
    assert unpack(pack(FILES)) == FILES


@pytest.mark.parametrize(
    "packed",
    [
        b"",
        b"no",
        zlib.compress(b"{}"),
        zlib.compress(b"[1]"),
        zlib.compress(b'[["a",1]]'),
        zlib.compress(b'[["a","1","b"]]'),
        zlib.compress(b'[["a",1,"b"]]')[:-4],
    ],
)
def test_anything_else_is_none(packed: bytes) -> None:
    assert unpack(packed) is None


def test_a_list_that_is_too_long_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = pack(FILES)
    monkeypatch.setattr(closures, "MOST_BYTES", 10)
    assert pack(FILES) == b""
    assert unpack(whole) is None
