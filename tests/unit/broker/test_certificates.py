"""Whom Keyturn trusts: who the system trusts, whatever the environment names, read once."""

import ssl
from pathlib import Path

import pytest

from keyturn.broker.certificates import trusted
from keyturn.broker.posting import Remote, http_client


def test_the_environment_names_no_certificates(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "nothing.pem"))
    trusted.cache_clear()
    context = trusted()
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname


def known(*_: object) -> bool:
    return False


def nothing(*_: object, **__: object) -> None:
    """Take note of nothing."""


def test_they_are_read_once_for_all_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    trusted()

    def read_again(*_: object, **__: object) -> None:
        raise AssertionError("the system's certificates were read again")

    monkeypatch.setattr(ssl.SSLContext, "load_verify_locations", read_again)
    remote = Remote(
        url="https://a.example/mcp",
        headers={},
        tls=trusted(),
        schema_of=lambda _: None,
        lost=known,
        paused=nothing,
    )
    assert http_client(remote) is not http_client(remote)
