"""Addresses and headers: what every client reads in one way, and what would change the message."""

import pytest

from keyturn.domain.configuration import RemoteTransport, ServerConfig
from keyturn.domain.errors import ConfigurationError
from keyturn.domain.remote import HeaderFault, checked_launch, fault_of_header, fault_of_url

URL = "https://a.example/mcp"


@pytest.mark.parametrize(
    "url",
    [
        URL,
        "https://a.example:8443/",
        "http://127.0.0.1:9/x",
        "http://[::1]:9/x",
        "http://localhost",
    ],
)
def test_where_a_server_can_be_asked(url: str) -> None:
    assert fault_of_url(url) is None


@pytest.mark.parametrize(
    "url",
    [
        "http://a.example/",
        "http://[::1]evil.example/",
        "http://evil.example[::1]/",
        "http://127.0.0.1@evil.example/",
        "http://localhost.evil.example/",
        "https://[v1.a]/",
        "https://256.1.1.1/",
        "https://1.1/",
        "https://a.example/#x",
        "https://a.example:0/",
        "https://\u0430.example/",
        "https://a.example/\n",
        "ftp://a.example/",
        "https:///x",
    ],
)
def test_where_it_cannot(url: str) -> None:
    assert fault_of_url(url) is not None


@pytest.mark.parametrize(
    ("name", "value", "fault"),
    [
        ("Authorization", "keychain:a", None),
        ("X-Team", "", None),
        ("X-Team", "a b", None),
        ("X Team", "a", HeaderFault.NO_NAME),
        ("X-Team:", "a", HeaderFault.NO_NAME),
        ("HOST", "a", HeaderFault.OF_THE_MESSAGE),
        ("Mcp-Name", "a", HeaderFault.OF_THE_MESSAGE),
        ("Transfer-Encoding", "chunked", HeaderFault.OF_THE_MESSAGE),
        ("X-Team", " a", HeaderFault.NO_VALUE),
        ("X-Team", "a\r\nHost: b", HeaderFault.NO_VALUE),
        ("X-Team", "\u00e4", HeaderFault.NO_VALUE),
        ("X-Team", "keychain:", HeaderFault.NO_ENTRY),
        ("X-Team", "keychain:a\n", HeaderFault.NO_ENTRY),
    ],
)
def test_a_header(name: str, value: str, fault: HeaderFault | None) -> None:
    assert fault_of_header(name, value) is fault


@pytest.mark.parametrize(
    "server",
    [
        ServerConfig(name="a", command=()),
        ServerConfig(name="a", command=("x",), url=URL),
        ServerConfig(name="a", command=("x",), headers={"A": "b"}),
        ServerConfig(name="a", command=("x",), transport=RemoteTransport.SSE),
        ServerConfig(name="a", command=(), url=URL, env={"A": "b"}),
        ServerConfig(name="a", command=(), url=URL, headers={"A": "b", "a": "c"}),
        ServerConfig(name="a", command=(), url="http://a.example"),
    ],
)
def test_what_is_no_server_is_refused_in_a_sentence(server: ServerConfig) -> None:
    with pytest.raises(ConfigurationError) as caught:
        checked_launch(server)
    assert caught.value.sentence.endswith(".")
