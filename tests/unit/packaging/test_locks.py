"""The locks are whole: pip installs exactly what they name, so nothing may be missing from them."""

import re
from importlib.metadata import distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement

FOLDER = Path(__file__).parents[3] / "packaging"


def plain(name: str) -> str:
    """Return the name as indexes compare it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def named(lock: str) -> set[str]:
    """Return what a lock installs on this Python."""
    lines = (FOLDER / lock).read_text(encoding="utf-8").splitlines()
    rows = [Requirement(line.rstrip(" \\")) for line in lines if line[:1].isalnum()]
    return {plain(row.name) for row in rows if row.marker is None or row.marker.evaluate()}


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_what_a_lock_names_needs_nothing_else(lock: str) -> None:
    present = named(lock)
    assert present
    missing = {
        f"{name} needs {text}"
        for name in present
        for text in distribution(name).requires or ()
        if (need := Requirement(text)).marker is None or need.marker.evaluate({"extra": ""})
        if plain(need.name) not in present
    }
    assert missing == set()
