"""What calls are judged by changed while they wait: each is judged again at once."""

from keyturn.application.approvals import Approvals
from keyturn.application.asking import allowed_by
from keyturn.application.rulebook import RuleBook
from keyturn.domain.approval import Event, State
from keyturn.domain.decision import Outcome, Verdict


def judge_waiting(approvals: Approvals, rules: RuleBook, *, suspended: bool) -> int:
    """Let the rules in force decide what waits; returns how many calls they decided.

    Each is judged by its tool's tier and by the lamps of its session as they are now, not as they
    were when it asked. What asks on, and is not any more what is on screen, is shown anew.
    """
    decided = 0
    for waiting in approvals.waiting():
        call = waiting.call
        if call is None:
            continue
        judgement = call.judge_again(suspended=suspended)
        if judgement.verdict is Verdict.ASK or waiting.state is not State.PENDING:
            request = call.anew()
            if request is not None:
                approvals.ask_anew(waiting, request)
            continue
        allowed = judgement.verdict is Verdict.ALLOW
        event = Event.ALLOWED if allowed else Event.DENIED
        outcome = allowed_by(judgement) if allowed else Outcome.DENIED_RULE
        if approvals.decide_by_rule(waiting.request.id, event, outcome, judgement):
            decided += 1
            # Nothing came in between since it was judged, so that no limit was reached.
            rules.take(judgement)
    return decided
