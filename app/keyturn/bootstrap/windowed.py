"""The broker with its console: the profile's own servers, agents and rules, and a window."""

import asyncio
import sys
from collections.abc import Callable

from keyturn.application.access_entries import AccessEntries
from keyturn.application.access_review import AccessReview
from keyturn.application.connection import Connection
from keyturn.application.enrolment import Enrolment
from keyturn.application.events import Topic
from keyturn.application.last_uses import counting
from keyturn.application.pauses import PAUSED_SETTING
from keyturn.application.ports.milestones import Unwatched
from keyturn.application.ports.seals import SEALED_TABLES
from keyturn.application.ports.secret_store import SecretStore
from keyturn.application.ports.stores import Used
from keyturn.application.seals import Seals
from keyturn.application.tasks import TaskOwner
from keyturn.approvers.console_pipe import ConsolePipe
from keyturn.approvers.notification import WaitingNotice
from keyturn.bootstrap import ProfileChoice
from keyturn.bootstrap.first_posture import FirstPosture, posture_in
from keyturn.bootstrap.foundation import Foundation, lay_foundation
from keyturn.bootstrap.headless import CONSOLE_MARK
from keyturn.bootstrap.keychains import profile_keychain, seals_keychain
from keyturn.bootstrap.presence import Presence
from keyturn.bootstrap.service import Service
from keyturn.bootstrap.spoken import follow_language
from keyturn.desktop.notifications import DesktopNotifier, NoticeAction
from keyturn.desktop.paths import Profile
from keyturn.domain.configuration import Limits
from keyturn.presentation.card_builder import CardBuilder
from keyturn.presentation.verbs import read_verbs
from keyturn.storage.access_looks import SqliteLookStore
from keyturn.storage.listing import latest_time


async def run_windowed(
    choice: ProfileChoice,
    profile: Profile,
    platform: str,
    window: asyncio.subprocess.Process | None = None,
) -> int:
    """Serve a profile that this process owns until the person quits; returns the exit code.

    `window` is the window's process if it runs already.
    """
    foundation = await lay_foundation(
        profile,
        choice.env,
        limits=Limits(),
        secrets=profile_keychain(profile),
        milestones=Unwatched(),
    )
    keychain = seals_keychain(profile)
    presence = Presence(foundation, keychain)
    access = make_access_review(foundation)
    seals = make_seals(foundation, keychain, presence, access)
    try:
        await foundation.settings.put_setting(CONSOLE_MARK, "1")
        await seals.start()
        service = Service(foundation, headless=False, seals=seals, access=access)
        service.presence = presence
        service.overview.pin = presence.state
        service.overview.step_ups = presence.step_ups
        service.overview.budgets = foundation.notices.controlling.budgets
        return await run_with_console(service, foundation, platform, window=window)
    finally:
        await presence.close()
        await access.close()
        await seals.close()
        await foundation.close()


async def run_with_console(
    service: Service,
    foundation: Foundation,
    platform: str,
    beside: Callable[[], None] = lambda: None,
    window: asyncio.subprocess.Process | None = None,
) -> int:
    """Run a broker with its window and notification; `beside` is called once it listens."""
    service.overview.floods = foundation.floods
    foundation.floods.attach()
    console = service.make_console(platform, ConsolePipe(ready=window))
    notice = waiting_notice(service, foundation, console.raise_window)
    foundation.approvals.attach(console)
    follow_language(
        service.words,
        env=foundation.env,
        settings=lambda: foundation.registry.settings,
        observers=foundation.observers,
    )
    enrolment = Enrolment(
        live=service.hub,
        registry=foundation.registry,
        approvals=foundation.approvals,
        clock=foundation.clock,
        ids=foundation.ids,
        observers=foundation.observers,
        on_program=_noting(service.presence),
    )

    def listening() -> None:
        console.start(service.make_intents())
        if notice is not None:
            notice.start()
        beside()

    try:
        return await service.run(console, raise_window=console.raise_window, listening=listening)
    finally:
        await enrolment.close()
        if notice is not None:
            await notice.close()
        await console.close()


def _noting(presence: Presence | None) -> Callable[[Connection], None]:
    return presence.on_program if presence is not None else lambda _connection: None


def waiting_notice(
    service: Service, foundation: Foundation, raise_window: Callable[[], bool]
) -> WaitingNotice | None:
    """Make the notification where this system has a session bus; None elsewhere."""
    if sys.platform != "linux":
        return None
    cards = CardBuilder(service.words, read_verbs(service.resources / "verbs.toml"))
    made: list[WaitingNotice] = []

    def act(action: NoticeAction, request_id: str, digest: str) -> None:
        if action is NoticeAction.DENY:
            made[0].deny(request_id, digest)
        else:
            raise_window()

    notifier = DesktopNotifier(
        start=TaskOwner().start,
        on_action=act,
        labels=lambda: (service.words("notice.open"), service.words("notice.deny")),
    )
    notice = WaitingNotice(
        notifier=notifier,
        approvals=foundation.approvals,
        observers=foundation.observers,
        mask=foundation.mask,
        words=service.words,
        cards=cards,
        on_shown=lambda shown: _note_shown(service, foundation, shown=shown),
    )
    notifier.on_server = notice.look_again
    made.append(notice)
    return notice


def _note_shown(service: Service, foundation: Foundation, *, shown: bool) -> None:
    if service.overview.notifies is not shown:
        service.overview.notifies = shown
        foundation.observers.changed(Topic.HEALTH)


def make_access_review(foundation: Foundation) -> AccessReview:
    """Make what a person looks through once in a while; it begins when the seals were looked at."""
    foundation.recorder.on_decision = counting(foundation.uses, Used.AGENT)
    return AccessReview(
        entries=AccessEntries(foundation.registry, foundation.rules, foundation.sights),
        store=SqliteLookStore(foundation.tables),
        uses=foundation.uses,
        log=foundation.log,
        clock=foundation.clock,
        observers=foundation.observers,
    )


def make_seals(
    foundation: Foundation,
    keychain: SecretStore,
    presence: Presence,
    access: AccessReview | None = None,
) -> Seals:
    """Seal a profile's agreements under a key that is kept in a keychain."""

    first = FirstPosture(
        made=foundation.made,
        registry=foundation.registry,
        tables=foundation.tables,
        keychain=keychain,
    )

    async def load() -> None:
        if access is not None:
            # What reads as absent meanwhile is not gone.
            access.trust(False)
        first.before_load()
        await _load(foundation)
        await first.after_load(seals.sealing)
        foundation.rules.posture = posture_in(foundation.registry.settings)
        latest = latest_time(foundation.profile.database)
        await foundation.sights.load(latest, trusted=False)
        await presence.load(seals)
        key = foundation.tables.derived_key(b"sensitive values")
        if key is not None:
            await foundation.flows.use_key(key)
        if access is not None:
            await access.load()

    def looked() -> None:
        # What is missing there would show more, so that what was changed shows nothing.
        foundation.sights.trust(seals.holds("sights"))
        foundation.notices.controlling.tools.trust(seals.holds("settings"))
        presence.looked(seals)
        if access is not None:
            access.trust(all(map(seals.holds, SEALED_TABLES)))

    seals = Seals(
        tables=foundation.tables,
        keychain=keychain,
        log=foundation.log,
        clock=foundation.clock,
        rules=foundation.rules,
        observers=foundation.observers,
        load=load,
        looked=looked,
    )
    foundation.tables.on_change = seals.table_changed
    return seals


async def _load(foundation: Foundation) -> None:
    await foundation.agreements.load()
    await foundation.uses.load()
    await foundation.rules.load(latest_time(foundation.profile.database))
    await foundation.registry.load()
    await foundation.holds.load()
    foundation.labelling.load()
    foundation.floods.pauses.load(foundation.registry.settings.get(PAUSED_SETTING, ""))
    foundation.notices.controlling.tools.load()
