"""`keyturn demo`: a private profile, real servers, a scripted agent, and whoever can be asked."""

import asyncio
import os
import secrets
import shutil
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from keyturn.application.ports.milestones import Unwatched
from keyturn.application.tasks import TaskOwner
from keyturn.bootstrap.demo_profile import AGENT, SERVERS, demo_configuration, seed_profile
from keyturn.bootstrap.foundation import Foundation, lay_foundation
from keyturn.bootstrap.headless import run_headless
from keyturn.bootstrap.keychains import profile_keychain
from keyturn.bootstrap.owned_profile import owned_profile
from keyturn.bootstrap.service import Service
from keyturn.bootstrap.windowed import make_access_review, run_with_console
from keyturn.desktop.paths import Profile
from keyturn.desktop.resources import find_resources
from keyturn.domain.configuration import Limits

SHIM = Path(__file__).parents[1] / "shim.py"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stage:
    """Where one telling of the story happens; gone when it is over."""

    folder: Path
    env: Mapping[str, str]

    @property
    def name(self) -> str:
        """The demo is no named profile."""
        return ""

    @property
    def home(self) -> str:
        """The private profile's folder."""
        return str(self.folder / "profile")

    @property
    def ledger(self) -> Path:
        """Where logistics writes what was really dispatched."""
        return self.folder / "dispatched.jsonl"


def run_demo(_story: str, platform: str, picture: str) -> int:
    """Tell the story and clean up; returns 0 unless something is broken."""
    stage = _set_stage()
    try:
        if platform or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"):
            return _tell_in_the_window(stage, platform)
        return _tell_without_a_window(stage, picture)
    finally:
        shutil.rmtree(stage.folder, ignore_errors=True)


def _set_stage() -> _Stage:
    folder = Path(tempfile.mkdtemp(prefix="keyturn-demo-"))
    # The stop is per user: the demo gets its own, so that trying the button stops nobody else.
    env = {**os.environ, "XDG_STATE_HOME": str(folder / "state")}
    return _Stage(folder=folder, env=env)


# ---------------------------------------------------------------- with a window


def _tell_in_the_window(stage: _Stage, platform: str) -> int:
    sys.stdout.write(
        "Keyturn's demo: an agent reads five shipment reports and obeys a line in the third.\n"
        "Its call stops at the window. Press Deny, then allow the honest one. Ctrl+C ends.\n"
    )
    sys.stdout.flush()
    with owned_profile(stage) as profile:
        return asyncio.run(_run_windowed(stage, profile, platform))


async def _run_windowed(stage: _Stage, profile: Profile, platform: str) -> int:
    base = await lay_foundation(
        profile,
        stage.env,
        limits=Limits(hold_seconds=110),
        secrets=profile_keychain(profile),
        milestones=Unwatched(),
    )
    tasks, access = TaskOwner(), make_access_review(base)
    try:
        await seed_profile(base, find_resources(), stage.ledger)
        await base.uses.load()
        await access.load()
        access.trust(True)
        service = Service(base, headless=False, access=access)
        service.shown_as = service.words("window.demo")
        return await run_with_console(
            service,
            base,
            platform,
            beside=lambda: _begin(tasks, base, stage),
        )
    finally:
        await tasks.close()
        await access.close()
        await base.close()


def _begin(tasks: TaskOwner, base: Foundation, stage: _Stage) -> None:
    tasks.start(_play_agent(base, stage), "demo agent")


async def _play_agent(base: Foundation, stage: _Stage) -> None:
    await _run_agent(base, stage)
    sys.stdout.write("The agent is done. Look at History, press Stop, or end with Ctrl+C.\n")
    sys.stdout.flush()


# ---------------------------------------------------------------- without a window


def _tell_without_a_window(stage: _Stage, picture: str) -> int:
    """Tell it at the terminal, or with nobody to ask; leave a picture of the card either way."""
    interactive = sys.stdin.isatty()
    sys.stdout.write(
        "There is no display, so Keyturn asks at this terminal.\n"
        if interactive
        else "There is no display and no terminal, so what asks is refused.\n"
    )
    sys.stdout.flush()
    resources = find_resources()
    file = stage.folder / "keyturn.toml"
    _write_private(file, demo_configuration(resources, stage.ledger))
    token = secrets.token_urlsafe(32)
    _write_private(stage.folder / f"{AGENT}.token", token)
    target = Path(picture or "keyturn-demo.png").absolute()
    with owned_profile(stage) as profile:
        _write_private(profile.token(AGENT), token)
        return run_headless(
            stage,
            profile,
            file,
            "terminal" if interactive else "",
            companion=_Companion(stage, resources, target).play,
        )


class _Companion:
    """Runs the agent beside a headless broker, keeps the held call's picture, ends the broker."""

    def __init__(self, stage: _Stage, resources: Path, picture: Path) -> None:
        self._stage = stage
        self._resources = resources
        self._picture = picture
        self._line = b""

    async def play(self, base: Foundation, service: Service) -> None:
        """Seed, listen for the held call, tell the story, paint, end."""
        from keyturn.application.console_protocol import RequestShown, encode_line

        base.approvals.asked.add(
            lambda request: self._keep(
                encode_line(RequestShown(request=request, remaining_ms=None))
            )
        )
        try:
            await _run_agent(base, self._stage)
            await self._paint()
        finally:
            service.end()

    def _keep(self, line: bytes) -> None:
        self._line = self._line or line

    async def _paint(self) -> None:
        if not self._line:
            return
        painter = await asyncio.create_subprocess_exec(
            sys.executable,
            "-I",
            "-m",
            "keyturn",
            "_picture",
            str(self._picture),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
        )
        await painter.communicate(self._line)
        if painter.returncode == 0:
            sys.stdout.write(f"A picture of the held call: {self._picture}\n")
            sys.stdout.flush()


async def _run_agent(base: Foundation, stage: _Stage) -> None:
    """Run the agent to its end; away from the terminal, whose Ctrl+C ends the demo, and that it."""
    process = await asyncio.create_subprocess_exec(
        *_agent_command(stage), env=dict(base.env), start_new_session=True
    )
    try:
        await process.wait()
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()


def _agent_command(stage: _Stage) -> tuple[str, ...]:
    """Return the scripted agent's command: it reaches both servers through the shim."""
    import json

    ways = {
        server: json.dumps(
            [sys.executable, "-I", "-S", str(SHIM), server, "--agent", AGENT, "--home", stage.home]
        )
        for server in SERVERS
    }
    command = [sys.executable, "-I", "-m", "keyturn.demo.agent"]
    for server, way in ways.items():
        command += [f"--{server}", way]
    return tuple(command)


def _write_private(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
