"""The tree against published roots and against RFC 6962 written down literally."""

import hashlib

import pytest

from keyturn.storage.tree import Frontier

# The leaves and roots of the reference tests of certificate-transparency.
LEAVES = tuple(
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
)
ROOTS = (
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)


def literal_root(leaves: list[bytes]) -> bytes:
    """Write RFC 6962 section 2.1 as it stands."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    split = 1 << (len(leaves) - 1).bit_length() - 1
    return hashlib.sha256(
        b"\x01" + literal_root(leaves[:split]) + literal_root(leaves[split:])
    ).digest()


def test_the_published_roots_come_out() -> None:
    frontier = Frontier()
    for leaf, root in zip(LEAVES, ROOTS, strict=True):
        frontier.add(hashlib.sha256(b"\x00" + leaf).digest())
        assert frontier.root().hex() == root


def test_every_size_up_to_200_agrees_with_the_rfc_and_survives_its_peaks() -> None:
    leaves = [hashlib.sha256(bytes([n])).digest() for n in range(200)]
    frontier = Frontier()
    for size in range(200):
        assert frontier.size == size
        assert frontier.root() == literal_root(leaves[:size])
        assert Frontier(size, frontier.peaks()).root() == frontier.root()
        frontier.add(leaves[size])


def test_peaks_that_do_not_fit_the_size_are_refused() -> None:
    with pytest.raises(ValueError, match="do not fit"):
        Frontier(3, bytes(32))
