"""What one server writes on stderr, kept for the person: masked, bounded, private."""

import logging
import os
from pathlib import Path

from keyturn.application.ports.clock import Clock
from keyturn.application.ports.inspection import SecretMask

LONGEST_LINE = 16 * 1024
"""Bytes of one line that are kept; the rest is cut and said to be cut."""

_APPEND = os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0)
_log = logging.getLogger(__name__)


class ServerLog:
    """Appends lines to a file and turns it over when it is full, so that it never grows.

    With `keep` = 2 the older files are NAME.log.1 and NAME.log.2. A disk that fails loses lines
    and says so once in the broker's log: a server's chatter must not stop calls.
    """

    def __init__(
        self,
        path: Path,
        *,
        mask: SecretMask,
        clock: Clock,
        limit_bytes: int = 1024 * 1024,
        keep: int = 2,
    ) -> None:
        self._path = path
        self._mask = mask
        self._clock = clock
        self._limit_bytes = limit_bytes
        self._keep = keep
        self._descriptor = -1
        self._size = 0
        self._failed = False

    def write(self, line: bytes) -> None:
        """Append one line as the server wrote it, with or without its line ending."""
        text = line[:LONGEST_LINE].decode("utf-8", "backslashreplace").rstrip("\r\n")
        if len(line) > LONGEST_LINE:
            text += f" [cut, {len(line)} bytes]"
        # Masked before the escapes, which could tear a secret apart.
        entry = f"{self._clock.now_utc()} {_harmless(self._mask.mask(text))}\n".encode()
        try:
            self._append(entry)
        except OSError as error:
            self._note_failure(error)
        else:
            self._failed = False

    def close(self) -> None:
        """Close the file; a later write opens it again."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _append(self, entry: bytes) -> None:
        if self._descriptor < 0:
            self._open()
        if self._size and self._size + len(entry) > self._limit_bytes:
            self.close()
            self._turn_over()
            self._open()
        self._size += os.write(self._descriptor, entry)

    def _open(self) -> None:
        self._descriptor = os.open(self._path, _APPEND, 0o600)
        self._size = os.fstat(self._descriptor).st_size

    def _turn_over(self) -> None:
        names = [self._path, *(self._older(number) for number in range(1, self._keep + 1))]
        for older, newer in zip(reversed(names), reversed(names[:-1]), strict=False):
            if newer.exists():
                newer.replace(older)
        if self._keep == 0:
            self._path.unlink()

    def _older(self, number: int) -> Path:
        return self._path.with_name(f"{self._path.name}.{number}")

    def _note_failure(self, error: OSError) -> None:
        if not self._failed:
            _log.warning("server log not written path=%s cause=%s", self._path, error)
        self._failed = True


def _harmless(text: str) -> str:
    """Escape what could move a terminal's cursor, colour it or turn its text around."""
    return "".join(
        character if character.isprintable() or character == "\t" else ascii(character)[1:-1]
        for character in text
    )
