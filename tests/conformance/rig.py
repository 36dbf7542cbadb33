"""Owns what stands between a client and a server in a run: a headless broker, and the relay.

Everything that the protocol can ask is allowed here, by rule or by the approver program: these runs
are about the wire. What is refused, and how, has tests of its own.
"""

import json
import re
import subprocess
import sys
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.e2e.desk import ROOT, Folders, Keyturn, own_folders, own_keyturn, wait_until
from tests.e2e.headless import Headless
from tests.e2e.seeding import AGENT
from tests.private_session import end

_RULE = '[[rules]]\neffect = "allow"\nkind = "{kind}"\nserver = "{server}"\n'
_TOOLS = 'tool = "*"\n'
_REMOTE = '[servers.{server}]\nurl = {url}\nreview = "accept"\n[servers.{server}.tools."*"]\n'
_TIER = 'tier = "T0"\n'


@dataclass(frozen=True, slots=True, kw_only=True)
class Broker:
    """A headless broker that runs."""

    keyturn: Keyturn
    port: int
    """Of its HTTP endpoint."""

    @property
    def token_file(self) -> Path:
        """The agent's token."""
        return self.keyturn.profile.token(AGENT)


@contextmanager
def broker(
    *,
    programs: Mapping[str, tuple[str, ...]] | None = None,
    urls: Mapping[str, str] | None = None,
    oauth: str = "",
    env: Mapping[str, str] | None = None,
) -> Generator[Broker]:
    """Run a broker with these servers, by name; `oauth` is how it signs in to those at URLs."""
    with own_folders() as folders, own_keyturn(folders) as keyturn:
        headless = _headless(folders, keyturn, programs or {}, urls or {}, oauth, env or {})
        file = str(headless.write())
        words = ("--config", file, "--approver", "exec", "--http", "0")
        keyturn.start("serve", "--headless", *words)
        found = wait_until(
            lambda: re.search(r"http://127\.0\.0\.1:(\d+)/s/", keyturn.printed()), "the endpoint"
        )
        yield Broker(keyturn=keyturn, port=int(found[1]))


@contextmanager
def relay(to: Broker) -> Generator[int]:
    """Run the relay that adds the agent's token; yields its port."""
    words = (str(to.port), str(to.token_file))
    with module("tests.conformance.bearer_relay", *words) as process:
        assert process.stdout is not None
        yield int(process.stdout.readline())


@contextmanager
def module(name: str, *words: str) -> Generator["subprocess.Popen[bytes]"]:
    """Run a module of the tests in the background."""
    argv = [sys.executable, "-m", name, *words]
    with subprocess.Popen(
        argv, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        try:
            yield process
        finally:
            end(process)


def _headless(
    folders: Folders,
    keyturn: Keyturn,
    programs: Mapping[str, tuple[str, ...]],
    urls: Mapping[str, str],
    oauth: str,
    env: Mapping[str, str],
) -> Headless:
    more = [
        _REMOTE.format(server=server, url=json.dumps(url))
        + _TIER
        + (f"[servers.{server}.oauth]\n{oauth}\n" if oauth else "")
        for server, url in urls.items()
    ]
    more += [_RULE.format(kind="call", server=server) + _TOOLS for server in (*programs, *urls)]
    return Headless(
        folders=folders,
        keyturn=keyturn,
        servers=programs,
        answers={"*": "allow_once"},
        tiers={"*": "T0"},
        env=env,
        more="\n".join(more),
    )
