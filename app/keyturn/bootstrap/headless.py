"""The headless broker: FILE read once, checked and hashed, with the approver its operator named."""

import asyncio
import hashlib
import sys
import tomllib
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from keyturn.application.configuration_file import AgentEntry, read_file_content
from keyturn.application.masking import masked_command
from keyturn.application.ports.approver import Approver
from keyturn.application.ports.milestones import Milestones, Unwatched
from keyturn.application.tasks import TaskOwner
from keyturn.application.tokens import token_hash
from keyturn.approvers.exec import ExecApprover, Program
from keyturn.approvers.terminal import TerminalApprover
from keyturn.approvers.terminal_lines import TerminalLines
from keyturn.approvers.terminal_stop import SentBefore
from keyturn.bootstrap import ProfileChoice
from keyturn.bootstrap.foundation import Foundation, lay_foundation
from keyturn.bootstrap.keychains import headless_keychain
from keyturn.bootstrap.service import Service
from keyturn.desktop import process_tree
from keyturn.desktop.hardening import clean_environment
from keyturn.desktop.paths import Profile
from keyturn.desktop.private_files import read_owned
from keyturn.desktop.server_log import ServerLog
from keyturn.domain.configuration import AgentConfig, HeadlessConfig
from keyturn.domain.errors import ConfigurationError
from keyturn.domain.record import Entry, RecordType
from keyturn.presentation.card_builder import CardBuilder
from keyturn.presentation.history_builder import HistoryBuilder
from keyturn.presentation.request_text import RequestTexts
from keyturn.presentation.stopped_builder import StoppedBuilder
from keyturn.presentation.verbs import read_verbs
from keyturn.storage.listing import latest_time
from keyturn.storage.stop_reviews import SqliteStopReviews

CONSOLE_MARK = "owned_by_console"
"""Setting that a windowed broker leaves in its profile; a headless one refuses such a profile."""


Companion = Callable[[Foundation, Service], Coroutine[Any, Any, None]]
"""Runs beside a headless broker once it listens (the demo's story)."""


def run_headless(
    choice: ProfileChoice,
    profile: Profile,
    file: Path,
    approver: str,
    milestones: Milestones | None = None,
    companion: Companion | None = None,
    http_port: int | None = None,
) -> int:
    """Serve a profile that this process owns until SIGTERM or SIGINT; returns the exit code."""
    if approver == "terminal" and not sys.stdin.isatty():
        raise ConfigurationError(
            "The terminal approver needs a terminal, and stdin is none.",
            mend="Run it at a terminal, or name a program with --approver exec.",
        )
    config = read_config(file.absolute(), profile)
    if approver == "exec" and not config.approver_command:
        raise ConfigurationError(
            f"--approver exec needs `[approver] command` in {file.name}.",
            mend="Name the program there.",
        )
    watched = milestones or Unwatched()
    return asyncio.run(_serve(choice, profile, config, approver, watched, companion, http_port))


def read_config(file: Path, profile: Profile) -> HeadlessConfig:
    """Read FILE and the token files it names; each must be the user's own (architecture.md 2)."""
    raw = read_owned(file)
    try:
        data = tomllib.loads(raw.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            f"{file.name} is no TOML.", cause=str(error), mend="Correct it and start again."
        ) from error
    content = read_file_content(data, file.parent)
    agents = tuple(_agent(entry, file.parent, profile) for entry in content.agents)
    return content.with_agents(agents, hashlib.sha256(raw).hexdigest())


def _agent(entry: AgentEntry, folder: Path, profile: Profile) -> AgentConfig:
    path = folder / entry.token_file if entry.token_file else profile.token(entry.name)
    token = read_owned(path, secret=True).decode("utf-8").strip()
    if not token:
        raise ConfigurationError(
            f"The token file of {entry.name} is empty.", mend="Put a long random text into it."
        )
    # Whether anybody listens for HTTP is the operator's --http; then it is for all of FILE.
    return AgentConfig(
        name=entry.name,
        token_sha256=token_hash(token),
        http=True,
        environment=entry.environment,
    )


async def _serve(
    choice: ProfileChoice,
    profile: Profile,
    config: HeadlessConfig,
    approver: str,
    milestones: Milestones,
    companion: Companion | None,
    http_port: int | None,
) -> int:
    foundation = await lay_foundation(
        profile,
        choice.env,
        limits=config.limits,
        secrets=headless_keychain(profile, config.servers, choice.env),
        milestones=milestones,
    )
    try:
        await _configure(foundation, config)
        await foundation.log.commit(
            Entry(
                type=RecordType.BROKER,
                outcome="configured",
                details={
                    "file_sha256": config.file_sha256,
                    "approver": approver,
                    "approver_command": masked_command(config.approver_command, foundation.mask),
                },
            )
        )
        service = Service(foundation, headless=True)
        service.http_port = http_port
        async with _named_approver(service, foundation, config, approver) as named:
            foundation.approvals.attach(named)
            if companion is None:
                return await service.run(named)
            tasks = TaskOwner()
            play = companion(foundation, service)
            try:
                return await service.run(named, listening=lambda: _begin(tasks, play))
            finally:
                await tasks.close()
    finally:
        await foundation.close()


def _begin(tasks: TaskOwner, play: Coroutine[Any, Any, None]) -> None:
    tasks.start(play, "companion")


@asynccontextmanager
async def _named_approver(
    service: Service, foundation: Foundation, config: HeadlessConfig, name: str
) -> AsyncGenerator[Approver | None]:
    """Start the approver that the operator named, and end it with the broker."""
    cards = CardBuilder(service.words, read_verbs(service.resources / "verbs.toml"))
    if name == "exec":
        log = ServerLog(
            foundation.profile.server_log("approver"), mask=foundation.mask, clock=foundation.clock
        )
        program = ExecApprover(
            program=Program(
                command=config.approver_command,
                cwd=config.folder,
                env=clean_environment(foundation.env),
            ),
            approvals=foundation.approvals,
            clock=foundation.clock,
            phrases=cards.phrases,
            texts=RequestTexts(service.words, cards),
            tree=process_tree,
            stderr=log.write,
        )
        await program.start()
        try:
            yield program
        finally:
            await program.close()
            log.close()
    elif name == "terminal":
        stopped = StoppedBuilder(service.words, HistoryBuilder(service.words, cards))
        person = TerminalApprover(
            approvals=foundation.approvals,
            clock=foundation.clock,
            words=service.words,
            cards=cards,
            resume=lambda looked_at: _resume(foundation, looked_at),
            review=lambda: _review(foundation, stopped),
        )
        person.open(
            TerminalLines(
                stdin=sys.stdin.fileno(),
                stdout=sys.stdout.fileno(),
                typed=person.typed,
                closed=person.closed,
            )
        )
        try:
            yield person
        finally:
            await person.close()
    else:
        yield None


async def _review(foundation: Foundation, stopped: StoppedBuilder) -> tuple[SentBefore, ...]:
    """Read what a person has to see before resuming, off the loop."""
    stop = foundation.stop.view()
    since = stop.facts.since_utc if stop.facts is not None else ""
    reviews = SqliteStopReviews(foundation.profile.database)
    review = await reviews.read(since, stop.found_utc)
    return tuple(
        SentBefore(id=call.call, text=stopped.line(call, review.moment_utc))
        for call in reversed(review.owed)
    )


async def _resume(foundation: Foundation, looked_at: tuple[str, ...]) -> bool:
    await foundation.stop.resume(looked_at=looked_at, careful=False)
    return not foundation.stop.engaged


async def _configure(foundation: Foundation, config: HeadlessConfig) -> None:
    # FILE is the source, and its hash is in the log.
    foundation.tables.leave_open()
    settings = await foundation.settings.settings()
    if CONSOLE_MARK in settings:
        raise ConfigurationError(
            "This profile belongs to Keyturn's window.",
            mend="Give the headless broker a folder of its own with KEYTURN_HOME or --profile.",
        )
    await foundation.agreements.load(tiers=False)
    await foundation.holds.load()
    foundation.rules.posture = config.policy.posture
    foundation.labelling.environments.use_reach(config.policy.reach)
    latest = latest_time(foundation.profile.database)
    await foundation.rules.begin(config.policy.rules, latest)
    foundation.registry.use(config.servers, config.agents)
    foundation.sights.use(config.sights)
