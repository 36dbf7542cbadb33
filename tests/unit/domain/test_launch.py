"""What a launch identity binds."""

import dataclasses

import pytest

from keyturn.domain.canonical import canonical, digest_of
from keyturn.domain.launch import LaunchIdentity

LAUNCH = LaunchIdentity(
    argv=("python3", "shipments.py"),
    executable="/usr/bin/python3.11",
    sha256="a" * 64,
    cwd="/srv/shipments",
    env=("MODE", "TOKEN=keychain:ship"),
)


@pytest.mark.parametrize(
    "change",
    [
        {"argv": ("python3", "other.py")},
        {"argv": ("python3 shipments.py",)},
        {"executable": "/usr/local/bin/python3.11"},
        {"sha256": "b" * 64},
        {"cwd": "/"},
        {"env": ("MODE",)},
    ],
    ids=str,
)
def test_a_change_of_anything_is_another_launch(change: dict[str, str]) -> None:
    assert dataclasses.replace(LAUNCH, **change).launch_hash != LAUNCH.launch_hash


def test_the_hash_is_over_what_the_approver_is_shown() -> None:
    assert LAUNCH.launch_hash == digest_of(canonical(LAUNCH.subject()))
    assert LAUNCH.subject() == {
        "argv": ["python3", "shipments.py"],
        "cwd": "/srv/shipments",
        "env": ["MODE", "TOKEN=keychain:ship"],
        "executable": "/usr/bin/python3.11",
        "sha256": "a" * 64,
    }
