"""What can be typed at the terminal approver, and what proves that a request was read. Pure."""

import re
from dataclasses import dataclass
from enum import Enum

from keyturn.application.approval_request import ApprovalRequest, RequestKind
from keyturn.approvers.request_message import MESSAGE_LIMIT
from keyturn.domain.tier import Tier
from keyturn.presentation.card import DecisiveValue
from keyturn.presentation.card_builder import short_name

CONFIRM = "CONFIRM"
_TYPEABLE = re.compile(r"[\x21-\x7e]{1,60}")
_TYPEABLE_NAME = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]{0,198}[\x21-\x7e])?")
"""No space at either end: what is typed loses those."""
_TIERS = {"t0": Tier.T0, "t1": Tier.T1, "t2": Tier.T2}
_PINNABLE = (RequestKind.DEFINITION, RequestKind.CHANGE)
_MESSAGE_READERS = (RequestKind.CALL, RequestKind.INPUT)


class CommandName(Enum):
    """The commands, as typed."""

    ALLOW = "allow"
    DENY = "deny"
    LATER = "later"
    WHOLE = "whole"
    """Have the next part written of what the text left out."""
    PIN = "pin"
    HIDE = "hide"
    UNKNOWN = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """What a person asked for."""

    name: CommandName
    message: str = ""
    tier: Tier | None = None
    """Confirmed with a pin; None leaves it unconfirmed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What must be typed before a request of T2 or T3 is allowed."""

    key: str
    """Of the words that ask for it."""
    name: str
    """The value's or the tool's name, for these words."""
    accepted: tuple[str, ...]

    @property
    def asked(self) -> str:
        """Return the first of what is accepted."""
        return self.accepted[0]

    def holds(self, line: str) -> bool:
        """Tell whether the line is what was asked for, letter for letter."""
        return line.strip() in self.accepted


def read_command(line: str, request: ApprovalRequest) -> Command:
    """Read a line as a command for this request; anything unclear is UNKNOWN.

    Allowing a definition pins it and confirms no tier; for a changed tool a pin without a tier
    keeps the tier that a person confirmed before.
    """
    word, _, rest = line.strip().partition(" ")
    rest = rest.strip()
    pinnable = request.kind in _PINNABLE
    match word.lower():
        case "deny":
            message = rest[:MESSAGE_LIMIT] if request.kind in _MESSAGE_READERS else ""
            return Command(name=CommandName.DENY, message=message)
        case "later" if not rest:
            return Command(name=CommandName.LATER)
        case "whole" if not rest:
            return Command(name=CommandName.WHOLE)
        case "allow" if not rest and not pinnable:
            return Command(name=CommandName.ALLOW)
        case "hide" if not rest and pinnable:
            return Command(name=CommandName.HIDE)
        case "pin" | "allow" if not rest and pinnable:
            kept = request.proposed_tier if request.kind is RequestKind.CHANGE else None
            return Command(name=CommandName.PIN, tier=kept)
        case "pin" if rest.lower() in _TIERS and pinnable:
            return Command(name=CommandName.PIN, tier=_TIERS[rest.lower()])
        case _:
            return Command(name=CommandName.UNKNOWN)


def commands_of(request: ApprovalRequest) -> str:
    """Return the key of the words that say what can be typed."""
    match request.kind:
        case RequestKind.DEFINITION:
            return "approver.ask_definition"
        case RequestKind.CHANGE:
            return "approver.ask_change"
        case RequestKind.CALL | RequestKind.INPUT:
            return "approver.ask_call"
        case RequestKind.COMMAND | RequestKind.RESULT | RequestKind.AGENT:
            return "approver.ask_plain"


def proof_of(request: ApprovalRequest, decisive: tuple[DecisiveValue, ...]) -> Proof | None:
    """Return what must be typed: for T2 a word of the owed value, for T3 the tool's short name.

    A word that is itself a command is never asked for: typing "deny" must not allow.
    """
    if request.tier < Tier.T2:
        return None
    owed = next((value for value in decisive if value.owed), None)
    if request.tier is Tier.T3 or owed is None:
        name = short_name(request)
        if _is_command(name) or not _TYPEABLE_NAME.fullmatch(name):
            return Proof(key="approver.confirm_name_word", name=name, accepted=(CONFIRM,))
        return Proof(key="approver.confirm_name", name=name, accepted=(name,))
    words = owed.value.split()
    if words and not owed.masks and _TYPEABLE.fullmatch(words[-1]) and not _is_command(words[-1]):
        return Proof(key="approver.confirm_value", name=owed.object, accepted=(words[-1], CONFIRM))
    return Proof(key="approver.confirm_value_word", name=owed.object, accepted=(CONFIRM,))


def _is_command(text: str) -> bool:
    first = text.split(maxsplit=1)[0].lower() if text.split() else ""
    return first in {name.value for name in CommandName if name.value} | {CONFIRM.lower()}
