"""Which findings keep back what a person typed for a server: prompt arguments, answers to forms."""

from keyturn.domain.typed import InputFinding, InputFindingKind, InputPolicy

HOLDS_A_SECRET = "what was typed holds a secret that nobody asked for"
HOLDS_HIDDEN = "what was typed holds characters that nobody sees"
_POLICY = InputPolicy()
_FAULTS = {InputFindingKind.SECRET: HOLDS_A_SECRET, InputFindingKind.HIDDEN: HOLDS_HIDDEN}


def fault_in(findings: tuple[InputFinding, ...], *, secrets_wanted: bool) -> str:
    """Return why a text is kept back; empty when it may go.

    `secrets_wanted` where a person allowed a form that asks for one.
    """
    for finding in findings:
        wanted = secrets_wanted and finding.kind is InputFindingKind.SECRET
        if _POLICY.blocks(finding) and not wanted:
            return _FAULTS[finding.kind]
    return ""
