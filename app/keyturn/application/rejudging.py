"""Rules that changed while calls wait: each waiting call is judged again at once."""

from keyturn.application.approval_request import ApprovalRequest, RequestKind
from keyturn.application.approvals import Approvals
from keyturn.application.rulebook import RuleBook
from keyturn.domain.approval import Event, State
from keyturn.domain.canonical import Parsed, parse_strict
from keyturn.domain.decision import Outcome, Verdict
from keyturn.domain.lamps import Lamps, lamps_from_letters
from keyturn.domain.rule import Kind, RuleSubject
from keyturn.domain.tier import Tier


def judge_waiting(approvals: Approvals, rules: RuleBook, *, suspended: bool) -> int:
    """Let the rules in force decide what waits; returns how many calls they decided."""
    decided = 0
    for waiting in approvals.waiting():
        if waiting.request.kind is not RequestKind.CALL or waiting.state is not State.PENDING:
            continue
        verdict = _verdict(waiting.request, rules, suspended=suspended)
        if verdict is Verdict.ALLOW:
            approvals.decide_by_rule(waiting.request.id, Event.ALLOWED, Outcome.ALLOWED_RULE)
        elif verdict is Verdict.DENY:
            approvals.decide_by_rule(waiting.request.id, Event.DENIED, Outcome.DENIED_RULE)
        else:
            continue
        decided += 1
    return decided


def _verdict(request: ApprovalRequest, rules: RuleBook, *, suspended: bool) -> Verdict:
    parsed = parse_strict(request.arguments)
    arguments = parsed.value if isinstance(parsed, Parsed) else None
    if not isinstance(arguments, dict) or not request.asked_by.agent_enrolled:
        return Verdict.ASK
    labels = lamps_from_letters(request.labels)
    subject = RuleSubject(
        kind=Kind.CALL,
        agent=request.agent,
        server=request.server,
        tool=request.tool or "",
        arguments=arguments,
        lamps=lamps_from_letters(request.lamps),
    )
    if request.tier >= Tier.T2:
        labels |= Lamps.X
    return rules.judge(subject, tier=request.tier, labels=labels, suspended=suspended).verdict
