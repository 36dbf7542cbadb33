"""A person has an approval remembered: of exactly what is on screen, as it stands there."""

from dataclasses import replace

from keyturn.application.approvals import Approvals
from keyturn.application.console_protocol import SaveRule
from keyturn.application.rulebook import RuleBook
from keyturn.domain.errors import ConfigurationError
from keyturn.domain.grant import HARD_SECONDS
from keyturn.domain.rule import Rule


async def remember_approval(
    rule: Rule, intent: SaveRule, approvals: Approvals, rules: RuleBook
) -> None:
    """Make a grant of a waiting call; raises ConfigurationError where it cannot be one."""
    waiting = next((w for w in approvals.waiting() if w.request.id == intent.request), None)
    scope = waiting.call.scope() if waiting is not None and waiting.call is not None else None
    if waiting is None or scope is None or waiting.request.digest != intent.digest:
        raise ConfigurationError(
            "What was on screen does not wait any more, so nothing is remembered.",
            mend="Look at the next such call.",
        )
    shown = waiting.request
    if (rule.agent, rule.server, rule.tool) != (shown.agent, shown.server, shown.tool):
        raise ConfigurationError("The approval names another tool than the card.")
    if shown.tier < scope.tier:
        raise ConfigurationError("The tool reaches further by now than the card says.")
    seconds = HARD_SECONDS if intent.seconds is None else max(0.0, intent.seconds)
    # Its own identity: a standing rule of the same content is another thing.
    granted = replace(rule, id=f"grant-{scope.session}-{rule.id}")
    await rules.grant(granted, replace(scope, tier=shown.tier), seconds)
