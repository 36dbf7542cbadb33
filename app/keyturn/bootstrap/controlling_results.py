"""Wires how results are controlled: small ones here, large ones by workers."""

from keyturn.application.controlling import Controlling
from keyturn.application.events import Observers
from keyturn.application.flow_ledger import FlowLedger
from keyturn.application.ports.payloads import Workers
from keyturn.application.result_controls import ControlsOfTools
from keyturn.bootstrap.inspecting import PooledResults
from keyturn.inspection.controlling import FrameControl
from keyturn.inspection.schema import JsonSchemaValidator


def controlling_with(workers: Workers, observers: Observers, flows: FlowLedger) -> Controlling:
    """Make it for one profile; nothing is switched off before its settings are there."""
    here = FrameControl(JsonSchemaValidator())
    return Controlling(here, ControlsOfTools(observers), flows, PooledResults(workers))
