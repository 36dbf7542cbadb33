"""No secret of a result reaches an agent over either transport, in either era, small or large."""

import json
import random
import sys
from pathlib import Path

import pytest
from mcp.client.client import ConnectMode

from keyturn.domain.configuration import ReviewMode, ServerConfig, ToolSetting
from keyturn.domain.tier import Tier
from keyturn.inspection.result_meta import CONTROLS_KEY
from tests.canaries import a_github_token, a_web_token, an_aws_key
from tests.integration.link_rig import World
from tests.integration.stories import tell
from tests.integration.test_transport_pairs import client_of, text_of

LOG_SERVER = Path(__file__).parent / "servers" / "log_server.py"
LARGE = 1_000


@pytest.mark.filterwarnings(
    "ignore:Exception ignored in. <(socket.socket|function _SelectorTransport.__del__)"
    ":pytest.PytestUnraisableExceptionWarning"
)
@pytest.mark.requirement("RESULT-MASKED", "RESULT-UNSEEN", "RESULT-META")
@pytest.mark.parametrize("mode", ["legacy", "2026-07-28"])
@pytest.mark.parametrize("way", ["stdio", "http"])
def test_no_canary_passes(tmp_path: Path, way: str, mode: ConnectMode) -> None:
    chance = random.Random()
    canaries = [make(chance) for make in (an_aws_key, a_github_token, a_web_token)]
    log = tmp_path / "service.log"
    log.write_text("".join(f"\x1b[33m{one}\u200b ok\n" for one in canaries), encoding="utf-8")

    async def story(world: World) -> None:
        server = ServerConfig(
            name="sdk",
            command=(sys.executable, str(LOG_SERVER), str(log)),
            review=ReviewMode.ACCEPT,
            cwd_path=str(world.folder),
            tools=(ToolSetting(pattern="*", tier=Tier.T0),),
        )
        said: list[str] = []
        async with client_of(world, server, way, mode) as client:
            first = await client.call_tool("read_log", {})
            said.append(text_of(first))
            assert first.meta is not None
            assert first.meta[CONTROLS_KEY]["masked"] >= len(canaries)
            said.append(text_of(await client.call_tool("read_log", {"times": LARGE})))
            state = await client.call_tool("read_state", {})
            said += [text_of(state), json.dumps(state.structured_content)]
            said.append(text_of(await client.call_tool("fail", {})))
        assert [text.count("[GitHub token") for text in said[:2]] == [1, LARGE]
        for text in said:
            assert not [canary for canary in canaries if canary in text]
            assert "\x1b" not in text
            assert "\u200b" not in text

    tell(tmp_path, story)
