"""Clients with five time limits in both eras, a person who answers ten minutes late: promise D1.

Run: python -m tests.bench.late_answer [SECONDS]  (600 unless said otherwise; exit code 1 unless
every call ran exactly once, by the first identical call after the answer, and the one after that
was asked about again)

Everything is real but the person: the clock, the broker, its shims, the SDK's clients and server.
"""

import asyncio
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import mcp
from mcp.client.stdio import StdioServerParameters
from mcp.shared.exceptions import MCPError
from mcp.types import TextContent

from keyturn import shim
from tests.bench.hop import SECONDS

HERE = Path(__file__).parent
LATE = 600.0
MARGIN = 10.0
"""How long after the answer the agents call again."""
LIMITS = (30, 60, 120, 240, 300)
ERAS = ("legacy", "2026-07-28")
TOOL = "place_order"
LISTS = 20


@dataclass(slots=True, kw_only=True)
class Story:
    """What one client met."""

    limit: int
    era: str
    first: str = ""
    waited: float = 0.0
    retry: str = ""
    again: str = ""
    runs: int = 0

    @property
    def text(self) -> str:
        """Its call's argument, which no other client uses."""
        return f"limit {self.limit} in {self.era}"

    @property
    def kept(self) -> bool:
        """Whether the promise was kept; a first call may be held until the answer."""
        ran = f"placed {self.text}"
        once = self.first == ran or self.retry == ran
        asked_again = "Denied by the user" in (self.again or self.retry)
        return self.runs == 1 and once and asked_again


async def _call(client: mcp.Client, text: str) -> str:
    """Call the tool and return the text of what came, or that the client gave up."""
    try:
        result = await client.call_tool(TOOL, {"text": text})
    except MCPError as error:
        return f"gave up: {error}"
    return " ".join(one.text for one in result.content if isinstance(one, TextContent))


async def _listed(client: mcp.Client) -> None:
    """Wait until the tool is there; a list is answered after 8 s, however slow the server starts.

    Raises RuntimeError where it never is.
    """
    for _ in range(LISTS):
        if any(tool.name == TOOL for tool in (await client.list_tools()).tools):
            return
    raise RuntimeError("the server did not start")


async def _live(story: Story, home: Path, env: dict[str, str], late: float) -> None:
    command = ["-I", "-S", shim.__file__, "orders", "--agent", "local", "--home", str(home)]
    parameters = StdioServerParameters(command=sys.executable, args=command, env=env)
    client = mcp.Client(parameters, mode=story.era, read_timeout_seconds=story.limit)
    async with client:
        await _listed(client)
        began = time.monotonic()
        story.first = await _call(client, story.text)
        story.waited = time.monotonic() - began
        # The real clock is what this command is about.
        await asyncio.sleep(max(0.0, late + MARGIN - story.waited))
        story.retry = await _call(client, story.text)
        if "Denied" not in story.retry:
            story.again = await _call(client, story.text)


@contextmanager
def _broker(folder: Path, env: dict[str, str], late: float) -> Generator[Path]:
    server = [sys.executable, "-I", str(HERE / "late_server.py"), str(folder / "runs")]
    approver = [sys.executable, "-I", str(HERE / "late_approver.py"), str(late)]
    file, home = folder / "keyturn.toml", folder / "home"
    file.write_text(_CONFIGURATION % (json.dumps(server), json.dumps(approver)))
    file.chmod(0o600)
    command = [sys.executable, "-I", "-m", "keyturn", "serve", "--headless", "--approver", "exec"]
    command += ["--home", str(home), "--config", str(file)]
    process = subprocess.Popen(command, env=env, stdin=subprocess.DEVNULL)
    try:
        yield home
    finally:
        process.terminate()
        process.wait(SECONDS)


async def _tell(stories: list[Story], home: Path, env: dict[str, str], late: float) -> None:
    async with asyncio.TaskGroup() as group:
        for story in stories:
            group.create_task(_live(story, home, env, late))


def main() -> int:
    """Let all clients live at once, then compare what they got with what ran."""
    late = float(sys.argv[1]) if len(sys.argv) > 1 else LATE
    stories = [Story(limit=limit, era=era) for era in ERAS for limit in LIMITS]
    folder = Path(tempfile.mkdtemp(prefix="kl-"))
    env = {"PATH": os.defpath, "HOME": str(folder), "XDG_RUNTIME_DIR": str(folder)}
    try:
        with _broker(folder, env, late) as home:
            asyncio.run(_tell(stories, home, env, late))
        runs = Counter((folder / "runs").read_text().splitlines())
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    for story in stories:
        story.runs = runs[story.text]
        sys.stdout.write(_line(story))
    return 0 if all(story.kept for story in stories) else 1


def _line(story: Story) -> str:
    verdict = "kept" if story.kept else "BROKEN"
    return (
        f"{story.era:>10} {story.limit:>4} s: {verdict}, {story.runs} run; first call after "
        f"{story.waited:.0f} s: {story.first!r}; retry: {story.retry!r}; next: {story.again!r}\n"
    )


_CONFIGURATION = """
[policy]
posture = "ask_all"
[servers.orders]
command = %s
review = "accept"
[servers.orders.tools.place_order]
tier = "T2"
[approver]
command = %s
"""

if __name__ == "__main__":
    sys.exit(main())
