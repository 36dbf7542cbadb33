"""Owns the terminal itself: lines in without blocking the loop, text out on a thread of its own.

Knows nothing of requests. Whatever is said, no control character but a line feed gets through, and
no line is left for the terminal to wrap, so that the rest of a long value cannot begin a line.
"""

import asyncio
import codecs
import logging
import os
import queue
import threading
import unicodedata
from collections.abc import Callable, Iterator

from keyturn.domain.errors import ConfigurationError

try:
    import termios
except ImportError:  # Windows has none, and no add_reader for a console either.
    termios = None

_log = logging.getLogger(__name__)

_LONGEST_LINE = 8192
_LEAST_COLUMNS = 20
_USUAL_COLUMNS = 80
_JOIN_SECONDS = 1.0
_TAB = "    "
_BAR = "| "


class TerminalLines:
    """A person's terminal, by the descriptors of its input and output."""

    def __init__(
        self, *, stdin: int, stdout: int, typed: Callable[[str], None], closed: Callable[[], None]
    ) -> None:
        """Take the terminal; raises ConfigurationError when the input is none.

        `typed` gets each line without its end, `closed` is called once when the terminal is gone.
        """
        if not os.isatty(stdin):
            raise ConfigurationError(
                "The terminal approver needs a terminal, and stdin is none.",
                mend="Run it at a terminal, or name a program with --approver exec.",
            )
        if termios is None:
            raise ConfigurationError(
                "The terminal approver does not run on this system.",
                mend="Name a program with --approver exec.",
            )
        self._stdin = stdin
        self._stdout = stdout
        self._typed = typed
        self._closed = closed
        self._loop: asyncio.AbstractEventLoop | None = None
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._partial = ""
        self._out: queue.SimpleQueue[tuple[str, Callable[[], None] | None] | None] = (
            queue.SimpleQueue()
        )
        self._writer = threading.Thread(target=self._write_all, name="terminal", daemon=True)

    def open(self) -> None:
        """Begin to read and write, on the running loop."""
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._stdin, self._readable)
        self._writer.start()

    def close(self) -> None:
        """Stop reading; what was said goes out first, unless the terminal holds it back."""
        if self._loop is None:
            return
        self._loop.remove_reader(self._stdin)
        self._out.put(None)
        self._writer.join(_JOIN_SECONDS)

    def say(self, text: str, then: Callable[[], None] | None = None) -> None:
        """Write a text; `then` is called on the loop once it is on the terminal."""
        self._out.put((text, then))

    def discard_typed(self) -> None:
        """Throw away what was typed and not read yet, a line without its end included."""
        self._partial = ""
        self._decoder.reset()
        if termios is None:
            return
        try:
            termios.tcflush(self._stdin, termios.TCIFLUSH)
        except termios.error as error:
            _log.warning("terminal: typed input could not be discarded error=%s", error)

    def _readable(self) -> None:
        try:
            data = os.read(self._stdin, _LONGEST_LINE)
        except OSError as error:
            _log.warning("terminal: it cannot be read any more error=%s", error)
            data = b""
        if not data:
            if self._loop is not None:
                self._loop.remove_reader(self._stdin)
            self._closed()
            return
        *lines, rest = (self._partial + self._decoder.decode(data)).split("\n")
        self._partial = rest[-_LONGEST_LINE:]
        for line in lines:
            self._typed(line)

    def _write_all(self) -> None:
        """Run on the thread: a terminal that was halted with Ctrl+S blocks only this."""
        while (item := self._out.get()) is not None:
            text, then = item
            columns = self._columns()
            lines = text.split("\n")
            safe = "\n".join(piece for line in lines for piece in wrapped(_harmless(line), columns))
            try:
                _write(self._stdout, safe.encode(errors="replace"))
            except OSError as error:
                _log.warning("terminal: it cannot be written any more error=%s", error)
            if then is not None and self._loop is not None and not self._loop.is_closed():
                self._loop.call_soon_threadsafe(then)

    def _columns(self) -> int:
        try:
            columns = os.get_terminal_size(self._stdout).columns
        except OSError:
            columns = _USUAL_COLUMNS
        return max(_LEAST_COLUMNS, columns or _USUAL_COLUMNS)


def wrapped(line: str, columns: int) -> Iterator[str]:
    """Cut a line to a terminal's width; every further piece starts behind a bar.

    Nothing is left out. The bar is indented like the line, so that a long value stays in its place
    and cannot begin a line as if it were ours.
    """
    indent = line[: len(line) - len(line.lstrip(" "))][: columns // 2]
    start = f"{indent}{_BAR}" if line.startswith(f"{indent}{_BAR}") else f"{indent}  {_BAR}"
    piece, width = "", 0
    for character in line:
        size = _width(character)
        if width + size >= columns:
            yield piece
            piece, width = start, len(start)
        piece += character
        width += size
    yield piece


def _width(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _harmless(line: str) -> str:
    """Replace what is left of controls by their code point; a tab gets a fixed width."""
    return "".join(
        f"[U+{ord(char):04X}]" if unicodedata.category(char) in ("Cc", "Cs") else char
        for char in line.replace("\t", _TAB)
    )


def _write(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]
