"""Rules that changed while calls wait: each waiting call is judged again at once."""

from keyturn.application.approvals import Approvals
from keyturn.application.rulebook import RuleBook
from keyturn.domain.approval import Event, State
from keyturn.domain.decision import Outcome, Verdict


def judge_waiting(approvals: Approvals, rules: RuleBook, *, suspended: bool) -> int:
    """Let the rules in force decide what waits; returns how many calls they decided.

    Each is judged by the lamps of its session as they are now, not as they were when it asked.
    """
    decided = 0
    for waiting in approvals.waiting():
        if waiting.judge_again is None or waiting.state is not State.PENDING:
            continue
        judgement = waiting.judge_again(suspended=suspended)
        if judgement.verdict is Verdict.ASK:
            continue
        allowed = judgement.verdict is Verdict.ALLOW
        event = Event.ALLOWED if allowed else Event.DENIED
        outcome = Outcome.ALLOWED_RULE if allowed else Outcome.DENIED_RULE
        if approvals.decide_by_rule(waiting.request.id, event, outcome, judgement):
            rules.counted(judgement)
            decided += 1
    return decided
