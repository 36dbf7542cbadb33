"""Owns why a recorded call was asked, allowed or denied, in words that are true of which it was."""

from keyturn.domain.environment import Through
from keyturn.domain.policy import Because, Verdict
from keyturn.domain.record import Entry
from keyturn.presentation.card import Pair
from keyturn.presentation.visible_text import shown_line
from keyturn.presentation.words import Words

_LONGEST_PATH = 60
_KEYS = {
    Verdict.ASK.value: "history.key_asked_because",
    Verdict.ALLOW.value: "history.key_allowed_because",
}


def because_pair(entry: Entry, why_asked: str, words: Words) -> Pair | None:
    """Return the reason under its name; None where the record has none to say.

    `why_asked` is why a person was asked, which is never said of what nobody was asked.
    """
    because, verdict = entry.policy.get("because"), entry.verdict
    if not isinstance(because, str):
        return None
    text = why_asked
    if because == Because.CROSSING.value:
        text = _crossing(entry, words)
    elif verdict != Verdict.ASK.value and why_asked == words("phrases.why_always"):
        return None
    key = _KEYS.get(verdict)
    if key is None:
        return Pair(key=words("history.key_denied_because"), value=text)
    return Pair(key=words(key), value=text)


def _crossing(entry: Entry, words: Words) -> str:
    """Say which environments a call would have crossed, and by what."""
    said = words("history.why_crossing", pair=crossed(entry, words))
    through, path = entry.policy.get("through"), entry.policy.get("path")
    if through == Through.CREDENTIAL.value:
        by = words("history.through_credential")
    elif through == Through.ARGUMENT.value and isinstance(path, str):
        by = words("history.through_argument", path=shown_line(path, words, most=_LONGEST_PATH))
    else:
        return said
    return words("history.why_crossing_by", why=said, by=by)


def crossed(entry: Entry, words: Words) -> str:
    """Return which environments a denied call would have crossed, as the record names them."""
    name = entry.policy.get("rule_name")
    return shown_line(name, words) if isinstance(name, str) else ""
