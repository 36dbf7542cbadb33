"""Owns how names get into records: of tools as they are, of all else masked and cut.

A tool's name was reviewed; a URI, a prompt or a tool that nobody reviewed is an agent's text, and a
rule's name a person's, either of which may hold a secret.
"""

from keyturn.application.approval_request import ApprovalRequest
from keyturn.application.ports.inspection import SecretMask
from keyturn.domain.call import ToolCall
from keyturn.domain.canonical import JsonObject
from keyturn.domain.client_request import TOOLS_CALL
from keyturn.domain.policy import Judgement

LONGEST_NAME = 200
"""Characters recorded of a name that is only claimed to be one."""
BUILT_IN = "built-in:environments"
"""In place of a rule's id: the built-in rule that no environment reaches another."""
_NAMES_KEPT = 1_000


class RecordedNames:
    """Masks names; most of them come again, so the last ones are remembered."""

    def __init__(self, mask: SecretMask) -> None:
        self._mask = mask
        self._known: dict[str, str] = {}

    def of_call(self, call: ToolCall) -> str:
        """Return what the records of a call name: its tool, or what else it asks for."""
        return call.tool if call.is_of_tool else self.claimed(call.tool)

    def of_request(self, request: ApprovalRequest) -> str:
        """Do the same for what a person was asked about."""
        name = request.tool or ""
        return name if request.method == TOOLS_CALL else self.claimed(name)

    def claimed(self, text: str) -> str:
        """Mask first, so that no half of a secret stays; a long secret is cut all the same."""
        return self.masked(text[: 20 * LONGEST_NAME])[:LONGEST_NAME]

    def masked(self, name: str) -> str:
        """Mask a name."""
        if name not in self._known:
            if len(self._known) >= _NAMES_KEPT:
                self._known.clear()
            self._known[name] = self._mask.mask(name)
        return self._known[name]

    def of_rule(self, judgement: Judgement | None) -> JsonObject:
        """Say what a judgement's rule is called."""
        if judgement is None or judgement.rule is None:
            return {}
        return {"rule_name": self.masked(judgement.rule.name or judgement.rule.id)}

    def policy(self, judgement: Judgement | None, rules_hash: str) -> JsonObject:
        """Say which rule or default decided."""
        if judgement is None:
            return {}
        row: JsonObject = {"hash": rules_hash, "because": judgement.because.value}
        if judgement.crossing is not None:
            row["rule_id"] = BUILT_IN
            row["rule_name"] = f"{judgement.crossing.agent} to {judgement.crossing.other}"
            row["through"] = judgement.crossing.through.value
            row["path"] = self.claimed(judgement.crossing.path)
        if judgement.rule is not None:
            row["rule_id"] = judgement.rule.id
            row["rule_name"] = self.masked(judgement.rule.name)
        return row


def method_details(method: str) -> JsonObject:
    """Say what was asked for, where that is no tool's call."""
    return {} if method == TOOLS_CALL else {"method": method[:LONGEST_NAME]}
