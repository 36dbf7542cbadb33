"""The demo's profile: its own servers agreed, pinned and tiered from resources/demo."""

import json
import sys
from pathlib import Path
from typing import Any, cast

from keyturn.application.agreed_values import agreed_subject
from keyturn.application.intents import POSTURE_SETTING
from keyturn.application.ports.stores import Consent
from keyturn.application.window_setting_names import FIRST_RUN, SEEN
from keyturn.bootstrap.foundation import Foundation
from keyturn.broker.server_environment import server_environment, server_folder
from keyturn.desktop.launchers import load_launchers
from keyturn.desktop.processes import SystemProcesses
from keyturn.domain.canonical import JsonObject
from keyturn.domain.configuration import ServerConfig
from keyturn.domain.definition import Pin, pinned_definition
from keyturn.domain.lamps import lamps_from_letters
from keyturn.domain.launch import LaunchIdentity
from keyturn.domain.policy import Posture
from keyturn.domain.tier import Tier
from keyturn.storage.stores import SqliteServerStore

AGENT = "analyst"
SERVERS = ("reports", "logistics")


def demo_servers(resources: Path, ledger: Path) -> tuple[ServerConfig, ...]:
    """Return the two servers, started by this interpreter and isolated from its environment."""
    data = str(resources / "demo")
    run = (sys.executable, "-I", "-m")
    home = str(ledger.parent)
    return (
        ServerConfig(
            name="reports",
            command=(*run, "keyturn.demo.reports", "--data", data),
            cwd_path=home,
        ),
        ServerConfig(
            name="logistics",
            command=(*run, "keyturn.demo.logistics", "--data", data, "--ledger", str(ledger)),
            cwd_path=home,
        ),
    )


def demo_configuration(resources: Path, ledger: Path) -> str:
    """Return the headless FILE of the same story."""
    template = (resources / "demo" / "demo.toml").read_text(encoding="utf-8")
    for name, value in (
        ("python", sys.executable),
        ("data", str(resources / "demo")),
        ("ledger", str(ledger)),
    ):
        template = template.replace("{" + name + "}", value)
    return template


async def seed_profile(base: Foundation, resources: Path, ledger: Path) -> None:
    """Agree, pin and tier what the demo ships; a server that lists anything else is reviewed."""
    processes = SystemProcesses(load_launchers(resources / "launchers.toml"))
    # The profile is thrown away at the end, and no key is left for it in the keychain.
    base.tables.leave_open()
    store = SqliteServerStore(base.tables)
    shipped = json.loads((resources / "demo" / "definitions.json").read_text(encoding="utf-8"))
    now = base.clock.now_utc()
    for server in demo_servers(resources, ledger):
        environment = server_environment(server, base.env, {})
        launch = processes.launch_identity(
            server.command, server.env_names(), server_folder(server, ""), environment
        )
        await store.put_server(server)
        await store.put_consent(
            Consent(
                server=server.name,
                launch_hash=launch.launch_hash,
                subject=agreed_subject(launch, server),
                agreed_at=now,
            )
        )
        await store.put_pins(_pins(shipped["servers"][server.name]["tools"], server, launch, now))
    await base.agreements.load()
    await base.registry.load()
    await base.registry.put_setting(POSTURE_SETTING, Posture.ASK_WRITES.value)
    await base.registry.put_setting(FIRST_RUN, SEEN)
    base.rules.posture = Posture.ASK_WRITES
    await base.registry.enrol(AGENT)


def _pins(
    tools: dict[str, Any], server: ServerConfig, launch: LaunchIdentity, now: str
) -> list[Pin]:
    pins: list[Pin] = []
    for tool in tools.values():
        definition = pinned_definition(cast("JsonObject", tool["definition"]))
        if definition is None:
            continue
        pins.append(
            Pin(
                server=server.name,
                launch_hash=launch.launch_hash,
                definition=definition,
                tier=Tier[tool["tier"]],
                labels=lamps_from_letters(tool["labels"]),
                pinned_at=now,
            )
        )
    return pins
