"""The broker with its console: the profile's own servers, agents and rules, and a window."""

import asyncio
import sys

from keyturn.application.intents import POSTURE_SETTING
from keyturn.application.ports.milestones import Milestones, Unwatched
from keyturn.bootstrap import ProfileChoice
from keyturn.bootstrap.foundation import Foundation, harden, lay_foundation, log_to_file
from keyturn.bootstrap.headless import CONSOLE_MARK
from keyturn.bootstrap.keychains import profile_keychain
from keyturn.bootstrap.service import Service
from keyturn.desktop.control_client import ask_broker
from keyturn.desktop.paths import Profile, locate_profile
from keyturn.desktop.places import broker_socket
from keyturn.desktop.single_instance import InstanceLock
from keyturn.domain.configuration import Limits
from keyturn.domain.errors import AlreadyRunning
from keyturn.domain.policy import Posture


def run_windowed(choice: ProfileChoice, platform: str, milestones: Milestones | None = None) -> int:
    """Run until the person quits; a second launch raises the first one's window."""
    profile = locate_profile(choice.env, name=choice.name, home=choice.home)
    profile.create()
    harden(profile)
    try:
        with InstanceLock(profile.lock):
            log_to_file(profile)
            return asyncio.run(_run(choice, profile, platform, milestones or Unwatched()))
    except AlreadyRunning:
        answer = ask_broker(broker_socket(profile, choice.env), {"control": "raise"})
        if answer is None or answer.get("ok") is not True:
            raise
        sys.stdout.write("Keyturn is already running; its window was raised.\n")
        return 0


async def _run(
    choice: ProfileChoice, profile: Profile, platform: str, milestones: Milestones
) -> int:
    foundation = await lay_foundation(
        profile,
        choice.env,
        limits=Limits(),
        secrets=profile_keychain(profile),
        milestones=milestones,
    )
    try:
        await _load(foundation)
        service = Service(foundation, headless=False)
        console = service.make_console(platform)
        foundation.approvals.attach(console)
        try:
            return await service.run(
                console,
                raise_window=console.raise_window,
                listening=lambda: console.start(service.make_intents()),
            )
        finally:
            await console.close()
    finally:
        await foundation.close()


async def _load(foundation: Foundation) -> None:
    await foundation.agreements.load()
    await foundation.rules.load()
    await foundation.registry.load()
    await foundation.settings.put_setting(CONSOLE_MARK, "1")
    posture = foundation.registry.settings.get(POSTURE_SETTING, Posture.ASK_ALL.value)
    foundation.rules.posture = Posture(posture)
