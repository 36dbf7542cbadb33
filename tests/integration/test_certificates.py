"""A remote server is agreed to with who vouches for it, and sent nothing once another one does."""

import asyncio
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from ipaddress import IPv4Address
from pathlib import Path

import httpx2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from keyturn.application.approval_request import AnswerVerdict, ApprovalRequest, RequestKind
from keyturn.application.review_request import BECAUSE_CLOSURE
from keyturn.broker import certificates
from keyturn.broker.certificates import certificate_of
from keyturn.domain.certificate import closure_with
from keyturn.domain.configuration import ServerConfig, ToolSetting
from keyturn.domain.errors import ServerUnavailable
from keyturn.domain.tier import Tier
from tests.integration.link_rig import World
from tests.integration.servers.http_server import HttpServer, http_server
from tests.integration.stories import tell
from tests.integration.test_launch_swaps import INITIALIZE, told
from tests.integration.test_link_socket import broker

pytestmark = pytest.mark.requirement("LAUNCH-ISSUER")
HERE = x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))])


@dataclass
class Authority:
    """Somebody whom the system trusts."""

    name: str

    def __post_init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        basic = x509.BasicConstraints(ca=True, path_length=None)
        self.certificate = self._signed(self.name, self.key.public_key(), basic)

    def server_side(self, folder: Path) -> ssl.SSLContext:
        """Make a server's key and have it vouched for."""
        key = ec.generate_private_key(ec.SECP256R1())
        pem = folder / f"{self.name}-{id(self)}.pem"
        private = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        certificate = self._signed("server", key.public_key(), HERE)
        pem.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pem)
        return context

    def _signed(
        self, name: str, key: ec.EllipticCurvePublicKey, extension: x509.ExtensionType
    ) -> x509.Certificate:
        return (
            x509.CertificateBuilder()
            .subject_name(_named(name))
            .issuer_name(_named(self.name))
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
            .not_valid_after(datetime(2099, 1, 1, tzinfo=UTC))
            .add_extension(extension, critical=isinstance(extension, x509.BasicConstraints))
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()),
                critical=False,
            )
            .sign(self.key, hashes.SHA256())
        )


def _named(name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(x509.NameOID.COMMON_NAME, f"{name} X1"),
            x509.NameAttribute(x509.NameOID.ORGANIZATION_NAME, name),
        ]
    )


ONE, OTHER, NOBODY = Authority("One"), Authority("Other"), Authority("Nobody")
COPY = Authority("One")
"""One of the same name, with a key of its own."""


@pytest.fixture(autouse=True)
def trusted(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Have the system trust all but one of them."""

    def make() -> ssl.SSLContext:
        context = ssl.create_default_context()
        for one in (ONE, OTHER, COPY):
            pem = one.certificate.public_bytes(serialization.Encoding.PEM).decode()
            context.load_verify_locations(cadata=pem)
        return context

    monkeypatch.setattr(certificates, "make_context", make)
    for kept in (certificates.trusted, certificates.verifying):
        kept.cache_clear()
    yield
    for kept in (certificates.trusted, certificates.verifying):
        kept.cache_clear()


class Shown:
    """What the server shows, handshake by handshake; the last one stays."""

    def __init__(self, folder: Path, *authorities: Authority) -> None:
        self._contexts = [one.server_side(folder) for one in authorities]
        self._first = self._contexts[0]
        self._first.sni_callback = self._show

    def context(self) -> ssl.SSLContext:
        return self._first

    def _show(self, connection: ssl.SSLObject | ssl.SSLSocket, *_: object) -> None:
        connection.context = self._contexts[0]
        if len(self._contexts) > 1:
            del self._contexts[0]


def remote(server: HttpServer) -> ServerConfig:
    return ServerConfig(
        name="raw", command=(), url=server.url, tools=(ToolSetting(pattern="*", tier=Tier.T0),)
    )


def unknown_chain(_connection: ssl.SSLObject) -> list[bytes]:
    """Be a Python that does not tell it."""
    return []


def greetings(server: HttpServer) -> int:
    """Count the clients that it was reached by; one that leaves says so later, too."""
    return sum(body is not None and body["method"] == "initialize" for _, _, body in server.seen)


def test_who_vouches_is_seen_before_anything_is_said(tmp_path: Path) -> None:
    async def story() -> None:
        shown = Shown(tmp_path, ONE)
        async with http_server(shown.context) as server:
            found = await certificate_of(server.url, "raw")
            assert found is not None
            assert (found.issuer, len(found.sha256)) == ("One", 64)
            key = ONE.key.public_key().public_bytes(
                serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
            )
            assert found.authority_sha256 == sha256(key).hexdigest()
            assert server.seen == []

    asyncio.run(story())


def test_who_is_not_trusted_or_not_there_cannot_be_reached(tmp_path: Path) -> None:
    async def story() -> None:
        shown = Shown(tmp_path, NOBODY)
        async with http_server(shown.context) as server:
            with pytest.raises(ServerUnavailable, match="could not be reached"):
                await certificate_of(server.url, "raw")
        with pytest.raises(ServerUnavailable, match="could not be reached"):
            await certificate_of(server.url, "raw")
        assert await certificate_of("http://127.0.0.1:1/mcp", "raw") is None

    asyncio.run(story())


@pytest.mark.parametrize("later", [OTHER, COPY], ids=["another", "same name"])
def test_it_is_agreed_to_and_another_one_is_asked_about(tmp_path: Path, later: Authority) -> None:
    """Between the two nothing goes out on connections that are made anew."""

    async def story(world: World) -> None:
        asked: list[ApprovalRequest] = []

        def decide(request: ApprovalRequest) -> AnswerVerdict:
            asked.append(request)
            return AnswerVerdict.ALLOW_ONCE

        def commands() -> list[ApprovalRequest]:
            return [one for one in asked if one.kind is RequestKind.COMMAND]

        world.approver.decide = decide
        # A look and a connection for each of two, then a look, and after that another authority.
        shown = Shown(tmp_path, *[ONE] * 5, later)
        async with (
            http_server(shown.context) as server,
            broker(world, servers=(remote(server),)) as b,
        ):
            for _ in range(2):
                talk = await b.greet()
                assert "result" in await talk.ask(1, "initialize", INITIALIZE)
                await talk.close()
            (agreed,) = commands()
            assert '"issuer":["authority/One"]' in agreed.definition

            late = await b.greet()
            answer = await late.ask(1, "initialize", INITIALIZE)
            assert "could not be reached" in answer["error"]["message"]
            assert greetings(server) == 2
            assert "another issuer" in told(world)
            await late.close()
            assert len(commands()) == 1

            last = await b.greet()
            assert "result" in await last.ask(1, "initialize", INITIALIZE)
            _, changed = commands()
            assert changed.because == BECAUSE_CLOSURE
            assert f'"issuer":["authority/{later.name}"]' in changed.definition
            assert "authority/One" in changed.definition
            await last.close()

    tell(tmp_path, story)


def test_a_renewed_one_of_the_same_authority_is_noted_and_asks_nobody(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        # The look when the agent connects, and the connection itself: each has its own.
        shown = Shown(tmp_path, ONE, ONE)
        world.approver.decide = lambda _request: AnswerVerdict.ALLOW_ONCE
        async with (
            http_server(shown.context) as server,
            broker(world, servers=(remote(server),)) as b,
        ):
            talk = await b.greet()
            assert "result" in await talk.ask(1, "initialize", INITIALIZE)
            assert "another certificate of that issuer" in told(world)
            await talk.close()

    tell(tmp_path, story)


@pytest.mark.parametrize("later", [OTHER, COPY], ids=["another", "same name"])
def test_a_library_that_tells_of_no_handshake_sends_nothing_either(
    tmp_path: Path, later: Authority
) -> None:
    """The look is part of the handshake: neither headers nor a secret among them go out."""

    async def story() -> None:
        shown = Shown(tmp_path, ONE, ONE, later)
        async with http_server(shown.context) as server:
            found = await certificate_of(server.url, "raw")
            assert found is not None
            context = certificates.verifying(closure_with(found).closure_hash)
            for reached in (True, False):
                before = len(server.seen)
                async with httpx2.AsyncClient(verify=context, trust_env=False) as client:
                    body = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
                    secret = {"authorization": "Bearer made-up"}
                    if reached:
                        await client.post(server.url, json=body, headers=secret)
                    else:
                        with pytest.raises(httpx2.ConnectError, match="another authority"):
                            await client.post(server.url, json=body, headers=secret)
                assert (len(server.seen) > before) is reached

    asyncio.run(story())


def test_without_the_chain_nobody_is_vouched_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A Python that does not tell it is one that reaches no server over TLS."""

    async def story() -> None:
        shown = Shown(tmp_path, ONE)
        async with http_server(shown.context) as server:
            found = await certificate_of(server.url, "raw")
            assert found is not None
            context = certificates.verifying(closure_with(found).closure_hash)
            monkeypatch.setattr(certificates, "_verified_chain", unknown_chain)
            with pytest.raises(ServerUnavailable, match="certificate cannot be read that"):
                await certificate_of(server.url, "raw")
            async with httpx2.AsyncClient(verify=context, trust_env=False) as client:
                with pytest.raises(httpx2.ConnectError, match="another authority"):
                    await client.get(server.url)
            assert server.seen == []

    asyncio.run(story())
