"""The port on which HTTP clients are listened for."""

import asyncio
import socket

from keyturn.broker.http_endpoint import listen_on


def test_what_is_written_to_a_client_never_waits_for_its_acknowledgement() -> None:
    async def story() -> int:
        accepted: asyncio.Future[int] = asyncio.get_running_loop().create_future()

        def look(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            here = writer.get_extra_info("socket")
            accepted.set_result(here.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            writer.close()

        listener = listen_on(0)
        async with await asyncio.start_server(look, sock=listener):
            _, writer = await asyncio.open_connection(*listener.getsockname())
            found = await accepted
            writer.close()
            await writer.wait_closed()
        return found

    assert asyncio.run(story())


def test_the_port_is_open_to_this_machine_only() -> None:
    listener = listen_on(0)
    host, port = listener.getsockname()
    listener.close()
    assert (host, port > 0) == ("127.0.0.1", True)
