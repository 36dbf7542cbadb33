"""A running broker: connections, an approver and a socket on a foundation, and its orderly end."""

import asyncio
import contextlib
import gc
import logging
import signal
from collections.abc import Callable
from pathlib import Path

from keyturn import __version__
from keyturn.application.access_entries import credential_key
from keyturn.application.access_review import AccessReview
from keyturn.application.console_protocol import Welcome
from keyturn.application.control import Control
from keyturn.application.events import Topic
from keyturn.application.hold_budgets import without_budgets
from keyturn.application.intents import Intents
from keyturn.application.last_uses import counting
from keyturn.application.pin_guard import PinGuard
from keyturn.application.ports.approver import Approver
from keyturn.application.ports.stop_sentinel import StopFacts
from keyturn.application.ports.stores import Used
from keyturn.application.practice import Practice
from keyturn.application.seals import Seals
from keyturn.application.tasks import TaskOwner
from keyturn.application.typed_input import TypedInput
from keyturn.approvers.console import ConsoleApprover
from keyturn.approvers.console_answers import SetPins, setting_pins
from keyturn.approvers.console_dialog import Dialog
from keyturn.approvers.console_pipe import ConsolePipe
from keyturn.bootstrap.checking_input import LateTextCheck
from keyturn.bootstrap.foundation import Foundation
from keyturn.bootstrap.http_listening import follow_agents, listen
from keyturn.bootstrap.inspecting import PooledCalls, PooledFrames
from keyturn.bootstrap.lost_calls import record_what_was_lost
from keyturn.bootstrap.overseeing import Troubles, make_overview
from keyturn.bootstrap.own_processes import window_command, window_environment
from keyturn.bootstrap.presence import Presence
from keyturn.bootstrap.sign_ins import SignInsOnDemand
from keyturn.bootstrap.spoken import spoken_words
from keyturn.bootstrap.weakenings import make_weakening
from keyturn.broker.downstream_socket import DownstreamSocket
from keyturn.broker.ends import LinkServices
from keyturn.broker.hub import Hub, HubSettings
from keyturn.broker.server_start import ServerMeans
from keyturn.desktop import process_tree
from keyturn.desktop.closures import CommandClosures
from keyturn.desktop.launchers import load_launchers
from keyturn.desktop.paths import make_socket_folder
from keyturn.desktop.places import broker_socket
from keyturn.desktop.processes import SystemProcesses
from keyturn.desktop.resources import find_resources
from keyturn.desktop.runners import load_runners
from keyturn.desktop.server_log import ServerLog
from keyturn.domain.canonical import JsonObject
from keyturn.domain.errors import KeyturnError
from keyturn.domain.record import Entry, RecordType
from keyturn.presentation.alerts import alert_text
from keyturn.presentation.card_builder import CardBuilder
from keyturn.presentation.dialog_words import DialogWords
from keyturn.presentation.verbs import read_verbs
from keyturn.presentation.words import Words
from keyturn.storage.listing import last_stop, rules_suspended
from keyturn.storage.retention import Keep, prune_daily

_log = logging.getLogger(__name__)

SENTINEL_SECONDS = 0.05
"""How often the stop file is looked for while nothing is sent; each send looks by itself."""
UNRECORDED_SECONDS = 5.0
"""Pause between tries to write down a stop while the disk refuses."""


class Service:
    """Runs one broker until it is told to end."""

    def __init__(
        self,
        base: Foundation,
        *,
        headless: bool,
        seals: Seals | None = None,
        access: AccessReview | None = None,
    ) -> None:
        self._base, self._headless, self._seals, self._access = base, headless, seals, access
        self._tasks = TaskOwner(lambda name, error: self._troubles.task_failed(name, error))
        self._ended = asyncio.Event()
        self.presence: Presence | None = None
        """Set where there is a keychain that could keep a PIN."""
        self.practice = Practice(
            approvals=base.approvals, log=base.log, clock=base.clock, ids=base.ids, stop=base.stop
        )
        self.shown_as = base.profile.name
        """What the window calls the profile; empty for the default one."""
        self._server_logs: dict[str, ServerLog] = {}
        self.resources = find_resources()
        self.words = spoken_words(base.env, base.registry.settings)
        self._sign_ins = SignInsOnDemand(
            base.secrets,
            base.known,
            self.words,
            base.env,
            changed=lambda: base.observers.changed(Topic.SERVERS),
            stopped=lambda: base.stop.engaged,
            alert=base.alerts.happened,
        )
        base.stop.on_engage(lambda _facts: self._sign_ins.stop_engaged())
        self.hub = self._make_hub(headless=headless)
        self.http_port: int | None = None
        """Where a headless broker listens for agents over HTTP, 0 for any port; None: nowhere."""
        self.overview = make_overview(base, self.hub, self._sign_ins, seals, access)
        self._troubles = Troubles(base.clock, base.observers, self.overview, self.words)

    def end(self) -> None:
        """End the broker; agents are refused until it runs again."""
        self._ended.set()

    def make_console(self, platform: str, pipe: ConsolePipe | None = None) -> ConsoleApprover:
        """Make the window's side; it is started once the broker listens."""
        base = self._base
        console = ConsoleApprover(
            argv=window_command(platform),
            env=window_environment(base.env, base.profile),
            pipe=pipe,
            welcome=self._welcome,
            approvals=base.approvals,
            overview=self.overview,
            observers=base.observers,
            words=self.words,
            gave_up=self._troubles.window_gave_up,
            pins=self.presence.pins if self.presence is not None else None,
            second=self.presence.second if self.presence is not None else None,
            dialog=_dialog(base, self.presence, self.words, self.resources),
        )
        self._troubles.tell = console.alert
        return console

    def make_intents(self) -> Intents:
        """Make what a person at the window can have done."""
        base = self._base
        return Intents(
            stop=base.stop,
            rules=base.rules,
            agreements=base.agreements,
            reviews=base.reviews,
            registry=base.registry,
            sights=base.sights,
            approvals=base.approvals,
            live=self.hub,
            sign_ins=self._sign_ins,
            labelling=base.labelling,
            seals=self._seals,
            access=self._access,
            controls=base.notices.controlling.tools,
            observers=base.observers,
            home=str(Path.home()),
            quit_broker=self.end,
            set_pins=_set_pins(self.presence, self.words),
            guard=_pin_guard(base, self.presence),
            step_ups=self.presence.step_ups if self.presence is not None else None,
            new_tasks=base.new_tasks,
            floods=base.floods,
            practice=self.practice,
            weakening=make_weakening(base, self.presence),
        )

    async def run(
        self,
        approver: Approver | None,
        *,
        raise_window: Callable[[], bool] = lambda: False,
        listening: Callable[[], None] = lambda: None,
    ) -> int:
        """Listen, answer and carry until `end` is called or a signal comes."""
        base = self._base
        base.stop.on_engage(lambda facts: _tell(approver, facts))
        base.alerts.attach(lambda alert: _alert(approver, alert_text(alert, self.words)))
        self._restore_stop()
        await record_what_was_lost(base)
        await base.log.commit(
            Entry(type=RecordType.BROKER, outcome="started", details={"version": __version__})
        )
        base.registry.attach(self.hub)
        sock, ends = self._make_socket(raise_window), contextlib.AsyncExitStack()
        self._end_on_signals()
        try:
            await sock.start()
            self._tasks.start(self._watch_stop_file(), "stop file")
            self._tasks.start(prune_daily(base.writer, base.log, base.clock, Keep()), "retention")
            # What the start made stays: a full collection would walk over it in the midst of calls.
            gc.collect()
            gc.freeze()
            if not self._headless:
                await follow_agents(base, self.hub, self.overview, ends)
            elif self.http_port is not None:
                await listen(base, self.hub, ends, self.http_port)
            base.workers.begin()
            listening()
            await self._ended.wait()
        finally:
            # What waits is answered before its connection is closed.
            await ends.aclose()
            await sock.stop_listening()
            await self.hub.close()
            await self.practice.close()
            await self._sign_ins.close()
            await sock.close()
            base.approvals.close()
            await self._tasks.close()
            for log in self._server_logs.values():
                log.close()
        await base.log.commit(Entry(type=RecordType.BROKER, outcome="ended"))
        return 0

    def _make_hub(self, *, headless: bool) -> Hub:
        base = self._base
        processes = _processes(self.resources)
        services = LinkServices(
            gate=base.gate,
            inputs=base.inputs,
            notices=base.notices,
            agreements=base.agreements,
            sights=base.sights,
            reviews=base.reviews,
            approvals=base.approvals,
            holds=base.holds,
            stop=base.stop,
            rules=base.rules,
            recorder=base.recorder,
            sessions=base.sessions,
            processes=processes,
            ids=base.ids,
            clock=base.clock,
            observers=base.observers,
            limits=base.limits,
            large=PooledCalls(base.workers),
        )
        means = ServerMeans(
            tree=process_tree,
            processes=processes,
            secrets=base.secrets,
            milestones=base.milestones,
            limits=base.limits,
            sign_ins=self._sign_ins,
            alert=base.alerts.happened,
            credential_used=lambda server, name: base.uses.used(
                Used.CREDENTIAL, credential_key(server, name)
            ),
            large=PooledFrames(
                base.workers, key=base.trace_key, result_bytes=base.limits.result_bytes
            ),
        )
        settings = HubSettings(
            headless=headless,
            environment=base.env,
            server_log=self._server_log,
            version=__version__,
            token_used=counting(base.uses, Used.TOKEN),
        )
        return Hub(services, means, settings)

    def _make_socket(self, raise_window: Callable[[], bool]) -> DownstreamSocket:
        base = self._base
        path = broker_socket(base.profile, base.env)
        make_socket_folder(path)
        control = Control(
            stop=base.stop,
            approvals=base.approvals,
            registry=base.registry,
            rules=base.rules,
            live=self.hub,
            observers=base.observers,
            raise_window=raise_window,
            facts={"version": __version__, "profile": base.profile.name},
            home=str(Path.home()),
            typed=_typed_input(base, self.resources),
            overdue=self._access.overdue if self._access is not None else lambda: 0,
        )
        frame_bytes = base.limits.frame_bytes
        return DownstreamSocket(
            path, connections=self.hub, controls=control, clock=base.clock, frame_bytes=frame_bytes
        )

    def _server_log(self, server: str) -> Callable[[bytes], None]:
        base = self._base
        if server not in self._server_logs:
            path = base.profile.server_log(server)
            self._server_logs[server] = ServerLog(path, mask=base.mask, clock=base.clock)
        return self._server_logs[server].write

    def _welcome(self) -> Welcome:
        self._troubles.window_comes()
        return Welcome(
            version=__version__,
            profile=self.shown_as,
            database=str(self._base.profile.database),
            settings=without_budgets(self._base.registry.settings),
            first=self._base.made,
        )

    def _restore_stop(self) -> None:
        """Take over a stop that the file or the log holds from before this start."""
        facts = _facts_of(last_stop(self._base.profile.database))
        self._base.stop.restore(facts, careful=rules_suspended(self._base.profile.database))

    async def _watch_stop_file(self) -> None:
        while True:
            if self._base.stop.engaged and not self._base.stop.recorded:
                try:
                    await self._base.stop.engage("file")
                except KeyturnError as error:
                    _log.error("the stop could not be written down error=%s", error)
            unrecorded = self._base.stop.view().engaged and not self._base.stop.recorded
            await asyncio.sleep(UNRECORDED_SECONDS if unrecorded else SENTINEL_SECONDS)

    def _end_on_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            with contextlib.suppress(NotImplementedError):
                loop.add_signal_handler(number, self.end)


def _facts_of(stopped: JsonObject | None) -> StopFacts | None:
    if stopped is None:
        return None
    return StopFacts(
        since_utc=str(stopped.get("since", "")),
        trigger=str(stopped.get("trigger", "")),
        reason=str(stopped.get("reason", "")),
    )


def _set_pins(presence: Presence | None, words: Words) -> SetPins | None:
    if presence is None:
        return None
    checks = presence.checks
    return setting_pins(presence.pins, presence.second, words, lambda: checks.ready)


def _dialog(
    base: Foundation, presence: Presence | None, words: Words, resources: Path
) -> Dialog | None:
    if presence is None:
        return None
    cards = CardBuilder(words, read_verbs(resources / "verbs.toml"))
    return Dialog(presence.checks, DialogWords(words, cards, base.mask.mask).of)


def _pin_guard(base: Foundation, presence: Presence | None) -> PinGuard | None:
    if presence is None:
        return None
    return PinGuard(
        covers=presence.levels.covers,
        approvals=base.approvals,
        rules=base.rules,
        agreements=base.agreements,
        registry=base.registry,
        controls=base.notices.controlling.tools,
    )


def _tell(approver: Approver | None, facts: StopFacts) -> None:
    if approver is not None:
        approver.stopped(facts)


def _typed_input(base: Foundation, resources: Path) -> TypedInput:
    return TypedInput(
        check=LateTextCheck(),
        sessions=base.sessions,
        processes=SystemProcesses(load_launchers(resources / "launchers.toml")),
        log=base.log,
        clock=base.clock,
    )


def _processes(resources: Path) -> SystemProcesses:
    launchers = load_launchers(resources / "launchers.toml")
    return SystemProcesses(launchers, CommandClosures(load_runners(resources / "runners.toml")))


def _alert(approver: Approver | None, text: str) -> None:
    if approver is not None:
        approver.alert(text)
