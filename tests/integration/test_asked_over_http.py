"""Resources and prompts over HTTP on both sides: judged as over a pipe, headers in step."""

from pathlib import Path
from typing import Any

import pytest

from keyturn.application.approval_request import AnswerVerdict
from keyturn.domain.rule import Effect, Kind, Rule
from tests.integration.http_rig import META, answers_in, endpoint
from tests.integration.link_rig import World
from tests.integration.servers.http_server import http_server
from tests.integration.stories import tell
from tests.integration.test_asked_beside_tools import ANSWERS, CONTENTS, URI, seen_of
from tests.integration.test_link import outcomes
from tests.integration.test_upstream_http import remote

READS = Rule(id="r-reads", effect=Effect.ALLOW, kind=Kind.READ, tool="file:///notes/*")
PROMPTS = Rule(id="r-prompts", effect=Effect.ALLOW, kind=Kind.PROMPT)


@pytest.mark.requirement("ROUTE-RESOURCES")
def test_two_clients_of_one_process_read_with_the_same_id(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with endpoint(world) as e:
            await e.modern("a", "x/answers", ANSWERS)
            for _ in range(2):
                response = await e.modern(1, "resources/read", {"uri": URI}, mcp_name=URI)
                (answer,) = answers_in(response)
                assert (answer["id"], answer["result"]) == (1, CONTENTS)
            own_ids = {frame["id"] for frame in seen_of(world, "resources/read")}
            assert len(own_ids) == 2
            assert outcomes(world) == ["allowed_rule"] * 2

    tell(tmp_path, story, rules=(READS,))


@pytest.mark.parametrize("name", ["file:///notes/other", None])
def test_a_header_that_names_another_resource_is_refused(name: str | None, tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with endpoint(world) as e:
            response = await e.modern(1, "resources/read", {"uri": URI}, mcp_name=name)
            assert response.status_code == 400
            assert response.json()["error"]["code"] == -32020
            assert outcomes(world) == []

    tell(tmp_path, story, rules=(READS,))


def test_a_denial_is_an_error_in_both_eras(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        world.approver.decide = lambda _: AnswerVerdict.DENY
        world.says = {"prompts": [{"name": "greet"}]}
        async with endpoint(world) as e:
            (modern,) = answers_in(
                await e.modern(1, "prompts/get", {"name": "greet"}, mcp_name="greet")
            )
            assert modern["error"]["code"] == -32010
            client = await e.legacy()
            legacy = await client.ask(1, "prompts/get", {"name": "greet"})
            assert legacy["error"]["code"] == -32010
            assert outcomes(world) == ["denied_user"] * 2

    tell(tmp_path, story, rules=())


@pytest.mark.parametrize(
    ("method", "params", "name"),
    [
        ("resources/read", {"uri": URI}, URI),
        ("resources/read", {"uri": "file:///notes/é"}, "=?base64?ZmlsZTovLy9ub3Rlcy/DqQ==?="),
        ("prompts/get", {"name": "greet"}, "greet"),
    ],
)
def test_a_far_server_is_told_the_name_in_a_header_too(
    method: str, params: dict[str, Any], name: str, tmp_path: Path
) -> None:
    async def story(world: World) -> None:
        async with http_server() as server:
            server.prompts = [{"name": "greet"}]
            wire = world.link(remote(server.url))
            await wire.ask(0, "server/discover", {"_meta": META})
            answer = await wire.ask(1, method, {**params, "_meta": META})
            assert answer["result"] == {**params, "_meta": META}
            (headers,) = [
                headers
                for _, headers, body in server.seen
                if body is not None and body.get("method") == method
            ]
            assert (headers["mcp-method"], headers["mcp-name"]) == (method, name)

    tell(tmp_path, story, rules=(READS, PROMPTS))
