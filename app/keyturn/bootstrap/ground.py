"""What the use cases of a profile are built on: its files, stores, clock, workers and indexes."""

from collections.abc import Mapping
from dataclasses import dataclass

from keyturn.application.alerts import Alerts
from keyturn.application.controlling import Controlling
from keyturn.application.events import Observers
from keyturn.application.flow_ledger import FlowLedger
from keyturn.application.known_secrets import KnownSecrets, RememberedSecrets
from keyturn.application.log_watch import LogWatch
from keyturn.application.ports.milestones import Milestones
from keyturn.application.ports.secret_store import SecretStore
from keyturn.bootstrap.controlling_results import controlling_with
from keyturn.bootstrap.own_processes import own_command
from keyturn.desktop.clock import SystemClock
from keyturn.desktop.hardening import clean_environment
from keyturn.desktop.ids import RandomIds
from keyturn.desktop.paths import Profile
from keyturn.desktop.worker_pool import WorkerPool
from keyturn.domain.configuration import Limits
from keyturn.inspection.carried_values import ArgumentValues
from keyturn.inspection.secrets import DetectSecretsMask
from keyturn.inspection.trace_indexes import MemoryTraceIndexes
from keyturn.storage.decision_log import SqliteDecisionLog, open_writer
from keyturn.storage.sealing import SqliteSeals
from keyturn.storage.sensitive_values import SqliteFlowStore
from keyturn.storage.stores import (
    SqliteServerStore,
    SqliteSettingStore,
)
from keyturn.storage.writer import Writer


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What the use cases are built on."""

    profile: Profile
    made: bool
    """There was no database in the profile before."""
    env: Mapping[str, str]
    limits: Limits
    secrets: SecretStore
    known: KnownSecrets
    milestones: Milestones
    clock: SystemClock
    ids: RandomIds
    observers: Observers
    alerts: Alerts
    writer: Writer
    log: SqliteDecisionLog
    log_watch: LogWatch
    tables: SqliteSeals
    settings: SqliteSettingStore
    servers: SqliteServerStore
    mask: DetectSecretsMask
    indexes: MemoryTraceIndexes
    workers: WorkerPool
    controlling: Controlling
    flows: FlowLedger


def lay_ground(
    profile: Profile,
    env: Mapping[str, str],
    *,
    limits: Limits,
    secrets: SecretStore,
    milestones: Milestones,
) -> Ground:
    """Open the profile; raises KeyturnError when it cannot be used."""
    clock, observers, known = SystemClock(), Observers(), KnownSecrets()
    made = not profile.database.exists()
    watch = LogWatch(clock, observers)
    writer = open_writer(profile.folder, clock, milestones=milestones, on_failure=watch.failed)
    log = SqliteDecisionLog(writer)
    watch.attach(log)
    tables = SqliteSeals(writer)
    flows = FlowLedger(store=SqliteFlowStore(writer), carried=ArgumentValues(), clock=clock)
    workers = WorkerPool(own_command("_worker"), clean_environment(env))
    return Ground(
        profile=profile,
        made=made,
        env=env,
        limits=limits,
        secrets=RememberedSecrets(secrets, known),
        known=known,
        milestones=milestones,
        clock=clock,
        ids=RandomIds(),
        observers=observers,
        alerts=Alerts(clock),
        writer=writer,
        log=log,
        log_watch=watch,
        tables=tables,
        settings=SqliteSettingStore(tables, writer),
        servers=SqliteServerStore(tables),
        mask=DetectSecretsMask(),
        indexes=MemoryTraceIndexes(),
        workers=workers,
        controlling=controlling_with(workers, observers, flows, writer, clock, limits),
        flows=flows,
    )
