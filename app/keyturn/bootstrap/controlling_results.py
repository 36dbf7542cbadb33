"""Wires how results are controlled: small ones here, large ones by workers."""

from keyturn.application.controlling import Controlling
from keyturn.application.events import Observers
from keyturn.application.flow_ledger import FlowLedger
from keyturn.application.ports.clock import Clock
from keyturn.application.ports.payloads import Workers
from keyturn.application.result_budgets import ResultBudgets
from keyturn.application.result_controls import ControlsOfTools
from keyturn.application.result_shapes import ResultShapes
from keyturn.bootstrap.inspecting import PooledResults
from keyturn.bootstrap.reading_signs import frame_signs
from keyturn.domain.configuration import Limits
from keyturn.inspection.controlling import FrameControl
from keyturn.inspection.profiles.dispatch import masked_text
from keyturn.inspection.schema import JsonSchemaValidator
from keyturn.storage.result_shapes import SqliteShapeStore
from keyturn.storage.writer import Writer


def controlling_with(
    workers: Workers,
    observers: Observers,
    flows: FlowLedger,
    writer: Writer,
    clock: Clock,
    limits: Limits,
) -> Controlling:
    """Make it for one profile; nothing is switched off before its settings are there."""
    here = FrameControl(JsonSchemaValidator(), mask_as=masked_text, signs=frame_signs())
    shapes = ResultShapes(SqliteShapeStore(writer))
    return Controlling(
        here,
        ControlsOfTools(observers),
        flows,
        PooledResults(workers),
        shapes,
        ResultBudgets(clock, limits),
    )
