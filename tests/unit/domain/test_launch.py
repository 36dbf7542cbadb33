"""What a launch identity binds."""

import dataclasses
from typing import Any

import pytest

from keyturn.domain.canonical import canonical, digest_of
from keyturn.domain.configuration import RemoteTransport, ServerConfig
from keyturn.domain.launch import LaunchIdentity, remote_identity

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


def test_another_transport_url_or_header_is_another_launch() -> None:
    server = ServerConfig(name="far", command=(), url="https://a.example/mcp", headers={"A": "b"})
    launch = remote_identity(server)
    assert launch.subject() == {"headers": ["A"], "url": "https://a.example/mcp"}
    changes: list[dict[str, Any]] = [
        {"transport": RemoteTransport.SSE},
        {"url": "https://a.example/sse"},
        {"headers": {"A": "keychain:b"}},
    ]
    hashes = {remote_identity(dataclasses.replace(server, **c)).launch_hash for c in changes}
    assert len(hashes | {launch.launch_hash}) == 4
    asked = remote_identity(dataclasses.replace(server, transport=RemoteTransport.SSE))
    assert asked.subject() == {**launch.subject(), "transport": "sse"}
