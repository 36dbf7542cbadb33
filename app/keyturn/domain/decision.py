"""The words of a decision: verdicts, outcomes and deliveries, closed sets that never mix."""

from enum import StrEnum


class Verdict(StrEnum):
    """What the judge says of a call before anybody is asked."""

    ALLOW = "allow"
    ASK = "ask"
    DENY = "deny"


class Outcome(StrEnum):
    """How a judged call was decided (architecture.md section 7); silence is never a denial."""

    ALLOWED_ONCE = "allowed_once"
    ALLOWED_RULE = "allowed_rule"
    ALLOWED_GRANT = "allowed_grant"
    ALLOWED_RETRY_GRANT = "allowed_retry_grant"
    ALLOWED_MODIFIED = "allowed_modified"
    CONTINUATION = "continuation"
    DENIED_USER = "denied_user"
    DENIED_RULE = "denied_rule"
    EXPIRED_NO_ANSWER = "expired_no_answer"
    CANCELLED_BY_CLIENT = "cancelled_by_client"
    REFUSED_PAUSED = "refused_paused"
    REFUSED_OVERLOAD = "refused_overload"
    REFUSED_MALFORMED = "refused_malformed"
    REFUSED_INVALID_ARGUMENTS = "refused_invalid_arguments"
    REFUSED_UNREVIEWED = "refused_unreviewed"
    REFUSED_HIDDEN = "refused_hidden"
    REFUSED_KEYCHAIN = "refused_keychain"
    REFUSED_NO_APPROVER = "refused_no_approver"
    BLOCKED_DEFINITION_CHANGED = "blocked_definition_changed"
    ERROR_BROKER = "error_broker"

    @property
    def allows(self) -> bool:
        """Only these outcomes may be followed by a send."""
        return self in _ALLOWING


_ALLOWING = frozenset(
    {
        Outcome.ALLOWED_ONCE,
        Outcome.ALLOWED_RULE,
        Outcome.ALLOWED_GRANT,
        Outcome.ALLOWED_RETRY_GRANT,
        Outcome.ALLOWED_MODIFIED,
        Outcome.CONTINUATION,
    }
)


class Delivery(StrEnum):
    """What became of a sent call; `unknown` is said rather than guessed."""

    NOT_SENT = "not_sent"
    RUNNING = "running"
    COMPLETED = "completed"
    TOOL_ERROR = "tool_error"
    FAILED = "failed"
    UNKNOWN = "unknown"
    DELIVERED_LATE = "delivered_late"
    RESULT_WITHHELD = "result_withheld"


class Actor(StrEnum):
    """Who decided."""

    HUMAN = "human"
    RULE = "rule"
    TIMEOUT = "timeout"
    STOP = "kill"
    CLIENT = "client"
    KEYTURN = "keyturn"
    ERROR = "error"
