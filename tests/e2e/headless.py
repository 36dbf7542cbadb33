"""A headless broker with its FILE, a token for its agent and an approver program."""

import json
import secrets
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.e2e.desk import Folders, Keyturn
from tests.e2e.seeding import AGENT

APPROVER = Path(__file__).with_name("approver.py")


@dataclass(slots=True, kw_only=True)
class Headless:
    """Writes FILE and starts `keyturn serve --headless` on it."""

    folders: Folders
    keyturn: Keyturn
    servers: Mapping[str, tuple[str, ...] | str]
    """By name: the command, or the URL of one that speaks HTTP+SSE."""
    answers: Mapping[str, str] = field(default_factory=dict[str, str])
    tiers: Mapping[str, str] = field(default_factory=dict[str, str])
    """Confirmed tiers by tool name or glob, the same for each server."""
    env: Mapping[str, str] = field(default_factory=dict[str, str])
    review: str = "accept"
    of_agent: str = ""
    """The agent's environment."""
    of_servers: str = ""
    """That of each server."""
    sees: tuple[str, ...] | None = None
    """What the agent sees; None for everything."""
    more: str = ""

    @property
    def file(self) -> Path:
        """FILE."""
        return self.folders.root / "keyturn.toml"

    @property
    def asked(self) -> list[dict[str, Any]]:
        """What the approver was sent."""
        log = self.folders.root / "asked"
        return [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []

    def write(self) -> Path:
        """Write FILE and the agent's token."""
        token = self.folders.root / f"{AGENT}.token"
        token.touch(mode=0o600)
        token.write_text(secrets.token_urlsafe(32))
        self.folders.profile.create()
        handed_over = self.folders.profile.token(AGENT)
        handed_over.touch(mode=0o600)
        handed_over.write_text(token.read_text())
        self.file.touch(mode=0o600)
        self.file.write_text("\n".join(self._lines()))
        return self.file

    def start(self, *, approver: bool = True) -> Keyturn:
        """Write everything and start the broker."""
        self.write()
        words = ("--approver", "exec") if approver else ()
        self.keyturn.start("serve", "--headless", "--config", str(self.file), *words)
        return self.keyturn

    def _lines(self) -> Iterable[str]:
        yield '[policy]\nposture = "ask_all"'
        yield f'[agents.{AGENT}]\ntoken_file = "{AGENT}.token"'
        yield f'environment = "{self.of_agent}"'
        if self.sees is not None:
            yield f"tools = {json.dumps(self.sees)}"
        for name, where in self.servers.items():
            yield f"[servers.{name}]"
            if isinstance(where, str):
                yield f'url = {json.dumps(where)}\ntransport = "sse"'
            else:
                yield f"command = {json.dumps(where)}"
            yield f'review = "{self.review}"'
            yield f'environment = "{self.of_servers}"'
            if self.env:
                pairs = ", ".join(f"{key} = {json.dumps(v)}" for key, v in self.env.items())
                yield f"env = {{ {pairs} }}"
            for tool, tier in self.tiers.items():
                yield f'[servers.{name}.tools."{tool}"]\ntier = "{tier}"'
        log = str(self.folders.root / "asked")
        approver = [sys.executable, "-I", str(APPROVER), log, json.dumps(dict(self.answers))]
        yield f"[approver]\ncommand = {json.dumps(approver)}"
        yield self.more
