"""The system's dialog in a broker as it is put together: the window's own pipes, the authority."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest

from keyturn.application import pin_tries
from keyturn.application.console_protocol import Decide, encode_line
from keyturn.application.ports.milestones import Unwatched
from keyturn.approvers.console_pipe import ConsolePipe
from keyturn.approvers.window_process import launch
from keyturn.bootstrap import presence as presence_module
from keyturn.bootstrap.foundation import Foundation, lay_foundation
from keyturn.bootstrap.presence import Presence
from keyturn.bootstrap.service import Service
from keyturn.bootstrap.windowed import make_seals
from keyturn.domain.configuration import Limits
from keyturn.domain.pin import PinUse
from keyturn.domain.presence import PresenceAnswer, Readiness
from keyturn.domain.tier import Tier
from tests.e2e.desk import Folders, own_folders
from tests.factories import make_request
from tests.fakes.presence import FakeAuthority
from tests.fakes.secret_store import FakeSecretStore
from tests.unit.application.gate_world import settle
from tests.unit.approvers.console_rig import Ears, child_command


@asynccontextmanager
async def started(folders: Folders) -> AsyncGenerator[tuple[Foundation, Presence, Service]]:
    """Start what a broker with a window stands on, and end it."""
    keychain = FakeSecretStore()
    foundation = await lay_foundation(
        folders.profile,
        folders.env(),
        limits=Limits(),
        secrets=keychain,
        milestones=Unwatched(),
    )
    presence = Presence(foundation, keychain)
    seals = make_seals(foundation, keychain, presence)
    try:
        await seals.start()
        service = Service(foundation, headless=False, seals=seals)
        service.presence = presence
        yield foundation, presence, service
        await service.hub.close()
    finally:
        await presence.close()
        await seals.close()
        await foundation.close()


@pytest.mark.requirement("PRESENCE-1", "PRESENCE-3")
def test_a_broker_and_its_window_use_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings are told the command where that mends it; a call is confirmed with words of it."""
    authority = FakeAuthority()

    def played(**_how: object) -> FakeAuthority:
        return authority

    monkeypatch.setattr(presence_module, "PolkitAuthority", played)
    monkeypatch.setattr(pin_tries, "COST", 2)

    async def story(folders: Folders) -> None:
        async with started(folders) as (foundation, presence, service):
            states = [presence.state()]
            for presence.checks.ready in Readiness:
                states.append(presence.state())
            assert [state.ready for state in states] == ["", *(one.value for one in Readiness)]
            mended = {state.ready for state in states if state.mends}
            assert mended == {Readiness.NO_ACTION.value, Readiness.NOT_OWNER.value}
            await presence.pins.set("", "2580", PinUse.T2_T3, dialog=True)
            pipe = ConsolePipe(ready=await launch(child_command(), folders.env()))
            console = service.make_console("offscreen", pipe)
            foundation.approvals.attach(console)
            call = make_request(arguments={"to": "ann@example.test"}, tier=Tier.T2)
            allowed = foundation.approvals.ask(call, hold_seconds=None)
            console.start(Ears(service.make_intents()))  # type: ignore[arg-type]  # as it hears
            await settle()
            pressed = Decide(n=1, id=call.id, digest=call.digest, allow=True, dialog=True)
            console.alert(json.dumps({"say": encode_line(pressed).decode().rstrip("\n")}))
            await authority.opened.wait()
            ((pid, said),) = authority.asked
            assert (pid, said["value"]) == (console.pid, '"ann@example.test"')
            authority.person.put_nowait(PresenceAnswer.CONFIRMED)
            answer = (await allowed).answer
            assert answer is not None
            assert answer.dialog
            await console.close()

    async def bounded() -> None:
        async with asyncio.timeout(30):
            with own_folders() as folders:
                await story(folders)

    asyncio.run(bounded())
