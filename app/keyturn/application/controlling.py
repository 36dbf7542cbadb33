"""Owns how what a server says is controlled before an agent gets it: here, or by a worker."""

from keyturn.application.connection import Connection
from keyturn.application.flow_ledger import FlowLedger
from keyturn.application.ports.inspection import (
    UNREAD,
    Controlled,
    ControlOrder,
    ResultControl,
    ResultSource,
    Sign,
)
from keyturn.application.ports.payloads import LARGE_BYTES, LargeResults, NotInspected
from keyturn.application.result_budgets import ResultBudgets
from keyturn.application.result_controls import ControlsOfTools
from keyturn.application.result_shapes import ResultShapes
from keyturn.domain.canonical import JsonObject, JsonValue
from keyturn.domain.flow import ReadIn
from keyturn.domain.result_controls import (
    STRICTEST,
    Found,
    ResultControls,
    counted,
    done_to,
    findings_to_data,
)

TOO_MUCH = "it holds more that may be secret than was looked at"
_ALL = ControlOrder(controls=STRICTEST, signs=True)
_DESCRIBED = ControlOrder(
    controls=ResultControls(secrets=False, links=False), only=("description", "title")
)
"""What a person reviewed is told as they saw it, but for what nobody sees."""
_ONLY_SIGNS = ControlOrder(
    controls=ResultControls(secrets=False, unseen=False, schema=False, links=False), signs=True
)
_FRAME_START, _FRAME_END = b'{"result":', b"}"


class Controlling:
    """Has frames controlled; without `large`, what takes too long here is withheld."""

    def __init__(
        self,
        here: ResultControl,
        tools: ControlsOfTools,
        flows: FlowLedger,
        large: LargeResults | None = None,
        shapes: ResultShapes | None = None,
        budgets: ResultBudgets | None = None,
    ) -> None:
        self.budgets = budgets
        if budgets is not None:
            budgets.chosen = tools.of_agent
        self.tools = tools
        self.shapes = ResultShapes() if shapes is None else shapes
        self._flows = flows
        self._here = here
        self._large = large

    async def control(
        self,
        line: bytes,
        order: ControlOrder,
        connection: Connection,
        result: JsonValue = None,
        source: ResultSource | None = None,
    ) -> Controlled:
        """Return a frame as its agent gets it; small ones are looked at in this very step.

        What is secret in it is known again from then on, masked or not.
        """
        found = await self._control(line, order, connection, result)
        if found.secrets:
            self._flows.learn(found.secrets, _read_in(connection, source))
        return found

    async def _control(
        self, line: bytes, order: ControlOrder, connection: Connection, result: JsonValue
    ) -> Controlled:
        if len(line) <= LARGE_BYTES or self._large is None:
            found = self._here.control(line, order, result)
            if found is not None:
                return await self._read_for_signs(found, connection)
        if self._large is None:
            return Controlled(line=line, withheld=TOO_MUCH)
        found = await self._large.control(line, order, connection.shares_as)
        if isinstance(found, NotInspected):
            return Controlled(line=line, withheld=found.reason)
        return found

    async def _read_for_signs(self, found: Controlled, connection: Connection) -> Controlled:
        """Have a longer frame read for signs by a worker; where it cannot, it is not read.

        A sign decides nothing, so that no result is withheld for want of a worker.
        """
        if found.sign is None or found.sign.kind != UNREAD or self._large is None:
            return found
        read = await self._large.control(found.line, _ONLY_SIGNS, connection.shares_as)
        if isinstance(read, NotInspected):
            return found
        return found.unsigned() if read.sign is None else found.signed(read.sign)

    def at_once(self, line: bytes, connection: Connection) -> Controlled | None:
        """Return what no tool's controls speak of; None where it takes too long here."""
        found = self._here.control(line, _ALL)
        if found is not None and found.secrets:
            self._flows.learn(found.secrets, _read_in(connection, None))
        return found

    async def sign_in(self, line: bytes, connection: Connection) -> Sign | None:
        """Return what in a frame reads like an order, however long it takes to read."""
        return (await self.control(line, _ONLY_SIGNS, connection)).sign

    async def listed(self, line: bytes, connection: Connection) -> Controlled:
        """Return a list of what is offered; names and schemas stay, for they are called by."""
        return await self.control(line, _DESCRIBED, connection)

    async def passed(self, line: bytes, connection: Connection) -> Controlled:
        """Return what no tool's controls speak of."""
        return await self.control(line, _ALL, connection)


def _read_in(connection: Connection, source: ResultSource | None) -> ReadIn:
    return ReadIn(
        server=connection.server.name,
        tool=source.tool if source is not None else "",
        agent=connection.agent,
        session=connection.session.id,
        result=source.number if source is not None else 0,
    )


def framed(result: bytes) -> bytes:
    """Set a result alone into a frame."""
    return b"".join((_FRAME_START, result, _FRAME_END))


def unframed(line: bytes) -> bytes | memoryview:
    """Return the result out of such a frame, whatever became of it; what is long is not copied."""
    end = len(line)
    while line[end - 1 : end].isspace():
        end -= 1
    result = memoryview(line)[len(_FRAME_START) : end - len(_FRAME_END)]
    return result if len(result) > LARGE_BYTES else bytes(result)


def told(controlled: Controlled) -> JsonObject:
    """Write down for a record what was done, without any value."""
    details: JsonObject = dict(done_to(controlled.findings))
    marked = counted(controlled.findings, Found.LINK) + counted(controlled.findings, Found.PICTURE)
    if marked:
        details["marked"] = marked
    if signs := counted(controlled.findings, Found.SIGN):
        details["signs"] = signs
    if controlled.findings:
        details["controls"] = findings_to_data(controlled.findings)
    if controlled.cut:
        details["cut"] = True
    if controlled.unfit_masked:
        details["unfit_masked"] = True
    return details
