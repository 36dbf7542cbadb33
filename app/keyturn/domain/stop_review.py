"""Which calls a person has to have looked at before agents go on after a stop."""

from datetime import datetime

from keyturn.domain.decision import Delivery
from keyturn.domain.tier import Tier

LOOK_SECONDS = 5.0
"""Calls sent so shortly before the stop are looked at before anybody resumes."""
OPEN_DELIVERIES = frozenset({"", Delivery.UNKNOWN.value, Delivery.RUNNING.value})
"""What is known of a call's end when nobody can say what it did."""


def review_moment(since_utc: str, found_utc: str, last_sent_utc: str) -> datetime:
    """Return from when on nothing was sent, as far as that can be believed.

    Since when the stop holds may be the word of a file that anybody can write. It is taken where it
    can be true: not before the last call that was sent, and not after the broker found the stop.
    Otherwise the last call is what is looked back from.
    """
    found = datetime.fromisoformat(found_utc)
    last = min(datetime.fromisoformat(last_sent_utc), found) if last_sent_utc else found
    since = _moment(since_utc)
    return since if since is not None and last <= since <= found else last


def is_owed(*, sent_utc: str, tier: str, delivery: str, moment: datetime) -> bool:
    """Tell whether an allowed call has to be looked at; `moment` is `review_moment`."""
    if delivery in OPEN_DELIVERIES:
        return True
    if delivery == Delivery.NOT_SENT.value or tier == Tier.T0.name:
        return False
    return (moment - datetime.fromisoformat(sent_utc)).total_seconds() <= LOOK_SECONDS


def _moment(utc: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(utc)
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else None
