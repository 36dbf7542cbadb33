"""Owns a relay that adds an agent's token to each request, because the suite knows no tokens.

Run: python -m tests.conformance.bearer_relay PORT TOKEN_FILE; it prints the port it listens on.

Everything else passes as it came. The relay's own port in Host and Origin becomes the broker's, so
that what the broker checks there is what the suite meant.
"""

import asyncio
import contextlib
import sys
from pathlib import Path

HOST = "127.0.0.1"
_CHUNK = 65536
_END = b"\r\n\r\n"
_OWN_NAMES = (b"host", b"origin")


class Relay:
    """Listens on a free port of this machine."""

    def __init__(self, port: int, token: str) -> None:
        """Relay to a port with a token."""
        self._target = port
        self._token = token
        self._port = 0

    async def serve(self) -> None:
        """Serve until cancelled."""
        server = await asyncio.start_server(self._handle, HOST, 0)
        self._port = server.sockets[0].getsockname()[1]
        sys.stdout.write(f"{self._port}\n")
        sys.stdout.flush()
        await server.serve_forever()

    async def _handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.closing(writer), contextlib.suppress(OSError, asyncio.IncompleteReadError):
            head = await reader.readuntil(_END)
            from_broker, to_broker = await asyncio.open_connection(HOST, self._target)
            with contextlib.closing(to_broker):
                to_broker.write(self._with_token(head))
                async with asyncio.TaskGroup() as group:
                    asking = group.create_task(_pump(reader, to_broker), name="request")
                    await _pump(from_broker, writer)
                    asking.cancel()

    def _with_token(self, head: bytes) -> bytes:
        first, *lines = head.removesuffix(_END).split(b"\r\n")
        kept = [self._line(line) for line in lines if not line.lower().startswith(b"connection:")]
        # One request a connection: a later one would go without its token.
        added = [b"Authorization: Bearer " + self._token.encode(), b"Connection: close"]
        return b"\r\n".join((first, *kept, *added)) + _END

    def _line(self, line: bytes) -> bytes:
        if line.partition(b":")[0].lower() in _OWN_NAMES:
            return line.replace(b":%d" % self._port, b":%d" % self._target)
        return line


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.closing(writer), contextlib.suppress(OSError):
        while data := await reader.read(_CHUNK):
            writer.write(data)
            await writer.drain()


def main() -> None:
    """Relay until ended."""
    relay = Relay(int(sys.argv[1]), Path(sys.argv[2]).read_text(encoding="ascii").strip())
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(relay.serve())


if __name__ == "__main__":
    main()
