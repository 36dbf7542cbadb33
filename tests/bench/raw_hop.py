"""The least that this shape costs: a Unix socket, an asyncio broker, bytes passed as they come.

Run: python raw_hop.py SOCKET COMMAND...  (each connection gets a server of its own; the first line
of a connection, the shim's greeting, is dropped)
"""

import asyncio
import sys
from asyncio import StreamReader, StreamWriter

_CHUNK = 65536


async def _carry(source: StreamReader, sink: StreamWriter) -> None:
    while data := await source.read(_CHUNK):
        sink.write(data)
        await sink.drain()
    sink.close()


async def _serve(path: str, command: list[str]) -> None:
    pipe = asyncio.subprocess.PIPE

    async def connected(reader: StreamReader, writer: StreamWriter) -> None:
        await reader.readline()
        server = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe)
        if server.stdin is None or server.stdout is None:
            raise RuntimeError("a server without pipes")
        await asyncio.gather(_carry(reader, server.stdin), _carry(server.stdout, writer))
        await server.wait()

    listening = await asyncio.start_unix_server(connected, path)
    async with listening:
        await listening.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(sys.argv[1], sys.argv[2:]))
