"""The public key is found in every certificate, and nothing is found in what is none."""

from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from hypothesis import given
from hypothesis import strategies as st

from keyturn.domain.der import public_key_info

pytestmark = pytest.mark.requirement("LAUNCH-ISSUER")
Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey
KEYS: tuple[Key, ...] = (
    rsa.generate_private_key(public_exponent=65537, key_size=2048),
    ec.generate_private_key(ec.SECP384R1()),
    ed25519.Ed25519PrivateKey.generate(),
)


def certificate_of(key: Key, names: list[str], serial: int) -> x509.Certificate:
    """Return a certificate of a key, with names of whatever length."""
    named = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name) for name in names])
    return (
        x509.CertificateBuilder()
        .subject_name(named)
        .issuer_name(named)
        .public_key(key.public_key())
        .serial_number(serial)
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2099, 1, 1, tzinfo=UTC))
        .sign(key, None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256())
    )


@given(
    key=st.sampled_from(KEYS),
    names=st.lists(
        st.text(st.characters(codec="ascii", exclude_categories=["C"]), min_size=1, max_size=64),
        max_size=40,
    ),
    serial=st.integers(min_value=1, max_value=2**150),
)
def test_it_is_what_a_library_for_that_finds(key: Key, names: list[str], serial: int) -> None:
    made = certificate_of(key, names, serial)
    whole = made.public_bytes(serialization.Encoding.DER)
    assert public_key_info(whole) == key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )


@given(st.binary(max_size=200))
def test_what_is_no_certificate_has_none(data: bytes) -> None:
    """Nor is it waited for, or read past its end."""
    assert public_key_info(data) in data


@pytest.mark.parametrize("cut", range(0, 400, 7))
def test_a_certificate_that_is_cut_short_has_none(cut: int) -> None:
    made = certificate_of(KEYS[1], ["server"], 7).public_bytes(serialization.Encoding.DER)
    assert public_key_info(made[: min(cut, len(made) - 1)]) == b""
