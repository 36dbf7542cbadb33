"""What a broker tells its window of each server: what its command is to the well-known list."""

import asyncio

import pytest

from keyturn.application.events import Topic
from keyturn.application.ports.milestones import Unwatched
from keyturn.bootstrap.foundation import lay_foundation
from keyturn.bootstrap.service import Service
from keyturn.domain.configuration import Limits, ServerConfig
from keyturn.domain.finding import FindingKind
from tests.e2e.desk import Folders, own_folders
from tests.fakes.secret_store import FakeSecretStore

SERVERS = {
    "scraper": (("npx", "-y", "firecrawl-mcp@3"), "", FindingKind.LISTED),
    "false-friend": (("npx", "-y", "firecraw1-mcp"), "", FindingKind.LIKE_LISTED),
    "own": (("python3", "orders.py"), "", FindingKind.NO_PACKAGE),
    "far": ((), "https://far.example.com/mcp", FindingKind.REMOTE),
}


@pytest.mark.parametrize("confirmed", [False, True])
def test_a_proposal_and_a_confirmed_server_come_with_the_line_of_the_list(confirmed: bool) -> None:
    async def story(folders: Folders) -> None:
        foundation = await lay_foundation(
            folders.profile,
            folders.env(),
            limits=Limits(),
            secrets=FakeSecretStore(),
            milestones=Unwatched(),
        )
        foundation.tables.leave_open()
        service = Service(foundation, headless=True)
        for name, (command, url, _) in SERVERS.items():
            server = ServerConfig(name=name, command=command, url=url, confirmed=confirmed)
            await (
                foundation.registry.put_server(server)
                if confirmed
                else foundation.registry.propose_server(server)
            )
        state = await service.overview.state(frozenset({Topic.SERVERS}))
        told = {one.name: [found.kind for found in one.noticed] for one in state.servers or ()}
        assert told == {name: [kind] for name, (_, _, kind) in SERVERS.items()}
        await service.hub.close()
        await foundation.close()

    with own_folders() as folders:
        folders.profile.create()
        asyncio.run(story(folders))
