"""The SDK's client over HTTP, in every era, to a stdio server behind a real broker."""

import asyncio
import re
import sys
from collections.abc import Iterator
from typing import Any

import httpx2
import mcp
import pytest
from mcp.client.streamable_http import streamable_http_client

from tests.e2e.desk import Folders, Keyturn, own_keyturn, wait_until
from tests.e2e.headless import Headless
from tests.e2e.seeding import AGENT
from tests.e2e.servers import PLAIN_SERVER

PROGRAMS = {"plain": (sys.executable, str(PLAIN_SERVER))}
ALLOW = '[[rules]]\neffect = "allow"\nserver = "plain"\ntool = "*"\n'


@pytest.fixture
def keyturn(folders: Folders) -> Iterator[Keyturn]:
    """A headless broker that is not started yet."""
    with own_keyturn(folders) as made:
        headless = Headless(
            folders=folders, keyturn=made, servers=PROGRAMS, tiers={"*": "T0"}, more=ALLOW
        )
        headless.write()
        file = str(headless.file)
        made.start("serve", "--headless", "--config", file, "--http", "0")
        yield made


def url_of(keyturn: Keyturn) -> str:
    """Return where the broker says that it listens for HTTP."""
    found = wait_until(
        lambda: re.search(r"http://127\.0\.0\.1:\d+/s/", keyturn.printed()), "the endpoint"
    )
    return found[0] + "plain"


@pytest.mark.parametrize(
    ("mode", "version"),
    [("auto", "2026-07-28"), ("legacy", "2025-11-25"), ("2026-07-28", "2026-07-28")],
)
def test_the_sdks_client_is_not_held_to_an_older_era(
    keyturn: Keyturn, mode: Any, version: str
) -> None:
    token = keyturn.profile.token(AGENT).read_text().strip()

    async def story() -> None:
        headers = {"authorization": f"Bearer {token}"}
        async with httpx2.AsyncClient(headers=headers, timeout=30) as http:
            transport = streamable_http_client(url_of(keyturn), http_client=http)
            async with mcp.Client(transport, mode=mode) as client:
                assert client.protocol_version == version
                names = [tool.name for tool in (await client.list_tools()).tools]
                assert names == ["fingerprint", "note"]
                asked = [client.call_tool("fingerprint", {}) for _ in range(20)]
                answers = await asyncio.gather(*asked)
                assert not any(answer.is_error for answer in answers)

    asyncio.run(story())
    assert [row["outcome"] for row in keyturn.history()] == ["allowed_rule"] * 20
    assert keyturn.verify().returncode == 0
