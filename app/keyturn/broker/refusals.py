"""Owns what Keyturn itself answers: the text of each refusal, and the frame that carries it.

A refused call is a tool result with `isError`, which a model can read and act on; a JSON-RPC error
only where no tool result exists (protocol.md section 6). No text holds policy, a secret, a path, or
anything of another session (security.md I-31): a rule's name and an inspector's reason stay here.
"""

import msgspec

from keyturn.application.call import NO_SECOND_PERSON, NO_WINDOW, WANTS_SIGN_IN, Refused
from keyturn.application.edit_told import EDITED_TEXT, EDITED_UNSENT_TEXT
from keyturn.application.known_secrets import HOLDS_A_CREDENTIAL
from keyturn.broker.envelope import INVALID_REQUEST, RequestId, result_line
from keyturn.domain.canonical import JsonObject
from keyturn.domain.client_request import PROMPT, TOOLS_CALL
from keyturn.domain.decision import Outcome
from keyturn.domain.environment import Through

INVALID_PARAMS = -32602
INTERNAL_ERROR = -32603
REFUSED = -32010
"""Keyturn's own code, within the range that JSON-RPC leaves to implementations."""

WAITING_FOR_REVIEW = "waiting for review in Keyturn, then reconnect"
PAUSED = "All agents are stopped in Keyturn. Nothing was sent. Wait until the user resumes."
UNKNOWN_SERVER = "No server of this name is set up in Keyturn. Ask the user to add it."
UNKNOWN_AGENT = "This agent is not known to Keyturn. Ask the user to enrol it."
TOO_MANY = "Too many connections are open in Keyturn. Close some, then reconnect."
TOO_MANY_REQUESTS = "Too many requests of this connection are open."
SERVER_ENDED = "The server ended before it answered. Reconnect to start it again."
ANSWER_TOO_LONG = "The server's answer was longer than a frame may be."
LIST_TOO_LONG = "The server's list of tools is longer than Keyturn reads."
ANSWER_UNCLEAR = "The server's answer could not be read in one way, so it was not passed on."
ANSWER_WITHHELD = "Keyturn could not look through the server's answer, so it was not passed on."
NONSENSE = "Too many frames of this connection could not be read, so it is closed."
ID_IN_USE = "the id is in use by a request that is not answered yet"
KEYCHAIN = (
    "A credential of this server cannot be read from the keychain. "
    "Ask the user to unlock it, then reconnect."
)
SIGN_IN = (
    "This server wants the user to sign in. Nothing was sent. "
    "Ask the user to sign in to it in Keyturn, then try again."
)
NO_SIGN_IN = (
    "Keyturn could not sign in to this server. Nothing was sent. "
    "Ask the user to look at it in Keyturn."
)
NOT_STARTED = "The server could not be started. Ask the user to look at it in Keyturn."

_FAULTS = 10
_NOTHING_SENT = "Nothing was sent."
_DO_NOT_REPEAT = "Do not repeat this call; ask the user how to go on."
_CORRECT_IT = "Correct it, then send it again."
_REVIEW_IT = "Ask the user to review it in Keyturn."
_ERROR = (
    f"Refused by Keyturn after an error of its own or of the server. {_NOTHING_SENT} "
    "Ask the user to look at Keyturn."
)
_REACHED = {
    Through.SERVER: "this server is in",
    Through.CREDENTIAL: "this server uses a credential of",
    Through.ARGUMENT: "an argument names",
}
_TEXTS = {
    Outcome.DENIED_USER: f"Denied by the user in Keyturn. {_NOTHING_SENT} {_DO_NOT_REPEAT}",
    Outcome.DENIED_RULE: (
        f"Denied by a rule of the user in Keyturn. {_NOTHING_SENT} {_DO_NOT_REPEAT}"
    ),
    Outcome.CANCELLED_BY_CLIENT: (
        f"Withdrawn before it was decided. {_NOTHING_SENT} Call again where it is still needed."
    ),
    Outcome.REFUSED_PAUSED: PAUSED,
    Outcome.REFUSED_OVERLOAD: (
        f"Refused by Keyturn: too many calls wait for the user. {_NOTHING_SENT} "
        "Repeat this call later."
    ),
    Outcome.REFUSED_UNREVIEWED: (
        f"Refused by Keyturn: the user has not reviewed this tool. {_NOTHING_SENT} {_REVIEW_IT}"
    ),
    Outcome.REFUSED_HIDDEN: (
        f"Refused by Keyturn: this tool is not offered. {_NOTHING_SENT} {_DO_NOT_REPEAT}"
    ),
    Outcome.REFUSED_KEYCHAIN: (
        "Refused by Keyturn: a credential of this server cannot be read from the keychain. "
        f"{_NOTHING_SENT} Ask the user to unlock it, then reconnect."
    ),
    Outcome.REFUSED_NO_APPROVER: (
        "Refused by Keyturn: this call needs a person's answer, and nobody is there. "
        f"{_NOTHING_SENT} {_DO_NOT_REPEAT}"
    ),
    Outcome.BLOCKED_DEFINITION_CHANGED: (
        "Refused by Keyturn: the server changed this tool, and the user has not agreed. "
        f"{_NOTHING_SENT} {_REVIEW_IT}"
    ),
}


_WHO_IS_MISSING: dict[tuple[str, ...], str] = {
    (NO_SECOND_PERSON,): (
        "this tool takes two people, and no second one is named. "
        f"{_NOTHING_SENT} Ask the user to name one in Settings."
    ),
    (NO_WINDOW,): (
        "this call takes what the user types in Keyturn's window, and there is none here. "
        f"{_NOTHING_SENT} {_DO_NOT_REPEAT}"
    ),
}


def refusal_text(refused: Refused, method: str = TOOLS_CALL) -> str:
    """Say who refused, why, whether anything happened, and what to do (visual.md section 9)."""
    if method == TOOLS_CALL:
        return _text_of_call(refused)
    if refused.outcome in (Outcome.REFUSED_MALFORMED, Outcome.REFUSED_INVALID_ARGUMENTS):
        return f"Refused by Keyturn: {_faults(refused)}. {_NOTHING_SENT} {_CORRECT_IT}"
    text = _text_of_call(refused)
    if method == PROMPT:
        text = text.replace("this tool", "this prompt")
    return text if refused.message else text.replace("call", "request")


def _text_of_call(refused: Refused) -> str:
    text = _text_as_asked(refused)
    if not refused.edited:
        return text
    ran = refused.unknown or refused.withheld or refused.broke_schema
    return f"{EDITED_TEXT if ran else EDITED_UNSENT_TEXT} {text}"


def _text_as_asked(refused: Refused) -> str:
    if refused.unknown:
        return (
            "The call was sent and its outcome is not known. "
            "Do not repeat it; ask the user to check what happened."
        )
    if refused.broke_schema:
        return (
            "The call ran, and its result breaks the server's own output schema. "
            "Keyturn holds it back. Do not repeat the call; tell the user."
        )
    if refused.withheld:
        return (
            "The call ran, and Keyturn holds its result back. "
            "Do not repeat it; ask the user to look at it in Keyturn."
        )
    return _text_of_outcome(refused)


def _text_of_outcome(refused: Refused) -> str:
    match refused.outcome:
        case Outcome.DENIED_USER if refused.message:
            return f'Denied by the user, who says: "{refused.message}" {_NOTHING_SENT}'
        case Outcome.DENIED_RULE if refused.crossing is not None:
            return (
                f"Denied by the user's rules in Keyturn: {_REACHED[refused.crossing.through]} "
                f"another environment than this agent works in. {_NOTHING_SENT} {_DO_NOT_REPEAT}"
            )
        case Outcome.DENIED_RULE if refused.never:
            return (
                "Denied by a rule of the user in Keyturn that no approval can overrule. "
                f"{_NOTHING_SENT} Do not ask for it again; find another way."
            )
        case Outcome.EXPIRED_NO_ANSWER:
            return (
                f"Undecided, not denied. Nobody answered in {refused.hold_seconds} s. Ask the "
                f"user, or repeat the identical call later. Ticket {refused.ticket}."
            )
        case Outcome.REFUSED_MALFORMED:
            return f"Refused by Keyturn: {_faults(refused)}. {_NOTHING_SENT} {_CORRECT_IT}"
        case Outcome.REFUSED_NO_APPROVER if refused.faults in _WHO_IS_MISSING:
            return f"Refused by Keyturn: {_WHO_IS_MISSING[refused.faults]}"
        case Outcome.ERROR_BROKER if refused.faults == (WANTS_SIGN_IN,):
            return SIGN_IN
        case Outcome.REFUSED_INVALID_ARGUMENTS if refused.faults == (HOLDS_A_CREDENTIAL,):
            return f"Refused by Keyturn: {HOLDS_A_CREDENTIAL}. {_NOTHING_SENT} {_DO_NOT_REPEAT}"
        case Outcome.REFUSED_INVALID_ARGUMENTS:
            return (
                "Refused by Keyturn: the arguments do not fit the tool's schema. "
                f"{_NOTHING_SENT} Correct them: {_faults(refused)}."
            )
        case _:
            return _TEXTS.get(refused.outcome, _ERROR)


def refusal_line(
    request_id: RequestId, refused: Refused, *, modern: bool, method: str = TOOLS_CALL
) -> bytes:
    """Encode a refused call; `modern` for one of the 2026-07-28 era.

    What is no tool's call has no result that could say so.
    """
    if method != TOOLS_CALL:
        return error_line(request_id, REFUSED, refusal_text(refused, method))
    result: JsonObject = {
        "content": [{"type": "text", "text": refusal_text(refused)}],
        "isError": True,
    }
    if modern:
        result["resultType"] = "complete"
    return result_line(request_id, result)


def overload_line(request_id: RequestId, method: str = TOOLS_CALL) -> bytes:
    """Encode the refusal of a call beyond what one connection may have open."""
    refused = Refused(outcome=Outcome.REFUSED_OVERLOAD)
    return refusal_line(request_id, refused, modern=False, method=method)


def malformed_line(request_id: RequestId, refused: Refused) -> bytes:
    """Encode the refusal of a call that lacks what it is about, a tool or its arguments say."""
    return error_line(request_id, INVALID_PARAMS, _sentence(_faults(refused)))


def error_line(
    request_id: RequestId | None, code: int, message: str, *, keyturn: str = ""
) -> bytes:
    """Encode a JSON-RPC error; `keyturn` is a sentence for `data.keyturn`."""
    error: JsonObject = {"code": code, "message": message}
    if keyturn:
        error["data"] = {"keyturn": keyturn}
    return msgspec.json.encode({"jsonrpc": "2.0", "id": request_id, "error": error}) + b"\n"


def invalid_line(request_id: RequestId | None, reason: str, code: int = INVALID_REQUEST) -> bytes:
    """Encode the refusal of a frame that was not forwarded."""
    return error_line(request_id, code, _sentence(reason))


def _faults(refused: Refused) -> str:
    return "; ".join(refused.faults[:_FAULTS]) or "the call could not be read"


def _sentence(phrase: str) -> str:
    return f"{phrase[:1].upper()}{phrase[1:]}."
