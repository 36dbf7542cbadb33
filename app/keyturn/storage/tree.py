"""The RFC 6962 tree over the leaves of the log, kept as its peaks so that a root costs O(log n)."""

import hashlib
from collections.abc import Iterable

HASH_BYTES = 32


class Frontier:
    """The perfect subtrees ("peaks") of a growing tree, largest first.

    RFC 6962 section 2.1 splits n leaves at the largest power of two below n, so the root is the
    fold of the peaks from the right. Leaves are handed in hashed (0x00); nodes are
    SHA-256(0x01 || left || right).
    """

    def __init__(self, size: int = 0, peaks: bytes = b"") -> None:
        """Start from `size` leaves with these peaks; raises ValueError when they cannot be."""
        if len(peaks) != size.bit_count() * HASH_BYTES:
            raise ValueError("the peaks do not fit the size")
        self._size = size
        self._peaks = [peaks[at : at + HASH_BYTES] for at in range(0, len(peaks), HASH_BYTES)]

    @property
    def size(self) -> int:
        """Count the leaves."""
        return self._size

    def add(self, leaf: bytes) -> None:
        """Append one leaf hash."""
        merges = self._size
        while merges & 1:
            leaf = _node(self._peaks.pop(), leaf)
            merges >>= 1
        self._peaks.append(leaf)
        self._size += 1

    def extend(self, leaves: Iterable[bytes]) -> None:
        """Append leaf hashes in order."""
        for leaf in leaves:
            self.add(leaf)

    def peaks(self) -> bytes:
        """Return the peaks in one piece, for a new `Frontier` to start from."""
        return b"".join(self._peaks)

    def root(self) -> bytes:
        """Return the tree's root; of an empty tree SHA-256 of nothing."""
        if not self._peaks:
            return hashlib.sha256(b"").digest()
        root = self._peaks[-1]
        for peak in reversed(self._peaks[:-1]):
            root = _node(peak, root)
        return root


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()
