"""Owns what is said of a call that came to nothing: what happened, why, and what helps.

Also the words of reasons that the log holds: they were written down in English, which is their key.
"""

import re
from collections.abc import Iterator
from typing import Final

from keyturn.domain.canonical import JsonObject, JsonValue
from keyturn.domain.decision import Outcome
from keyturn.domain.record import Entry
from keyturn.presentation.card import Pair
from keyturn.presentation.json_nodes import bare_text
from keyturn.presentation.visible_text import shown_line
from keyturn.presentation.words import Words

UNSENT: Final = frozenset(
    outcome
    for outcome in Outcome
    if not outcome.allows and outcome not in (Outcome.DENIED_USER, Outcome.DENIED_RULE)
)
"""Outcomes that are nobody's answer; a denial says by its own words who said no."""
AREA: Final = "reasons"
_OUTCOMES: Final = frozenset(outcome.value for outcome in Outcome)
_MOST_FAULTS: Final = 10
_LONGEST_FAULT: Final = 300
_STATUS = re.compile(r"(?P<said>.*) \(HTTP (?P<status>[0-9]{3})\)", re.DOTALL)
_ALL: Final = "arguments"
"""The place of a fault that is none of a single argument."""
_TOKENS: Final = {"takes_more": "refused.takes_more", "cancelled": "refused.cancelled"}
_COLON = re.compile(": ")
_ERRORS: Final = {
    -32700: "refused.code_unread",
    -32600: "refused.code_request",
    -32601: "refused.code_method",
    -32602: "refused.code_params",
    -32603: "refused.code_inner",
}


def unsent_pairs(outcome: str, entry: Entry | None, words: Words) -> Iterator[Pair]:
    """Yield what happened, why and what helps, of an outcome that sent nothing."""
    if outcome not in UNSENT:
        return
    yield Pair(key=words("refused.key_what"), value=words(f"refused.what_{outcome}"))
    yield Pair(key=words("refused.key_why"), value=words(f"refused.why_{outcome}"))
    if faults := _faults(entry, words):
        yield Pair(key=words("refused.key_faults"), value=faults)
    yield Pair(key=words("refused.key_mend"), value=words(f"refused.mend_{outcome}"))


def reason_text(recorded: JsonValue, words: Words) -> str:
    """Say a reason as the language says it; one that this version does not know, as it is."""
    text = bare_text(recorded)
    if text in _TOKENS:
        return words(_TOKENS[text])
    if text in _OUTCOMES:
        return words(f"history.outcome_{text}")
    with_status = _STATUS.fullmatch(text)
    if with_status is not None:
        said = reason_text(with_status["said"], words)
        return words("refused.with_status", said=said, status=with_status["status"])
    return shown_line(_at_its_place(text, words), words, most=_LONGEST_FAULT)


def _at_its_place(text: str, words: Words) -> str:
    """Word what is wrong behind the place where it is; the place is the agent's own names."""
    for colon in _COLON.finditer(text):
        place, fault = text[: colon.start()], text[colon.end() :]
        if (place == _ALL or place.startswith("/")) and words.found_in(AREA, fault):
            at = words("refused.arguments") if place == _ALL else place
            return f"{at}: {_worded(fault, words)}"
    return _worded(text, words)


def _worded(text: str, words: Words) -> str:
    found = words.found_in(AREA, text)
    if found is None:
        return text
    key, values = found
    return words(key, **{name: _worded(value, words) for name, value in values.items()})


def code_text(recorded: JsonValue, words: Words) -> str:
    """Say what an error's number means; a number alone tells a person nothing."""
    number = recorded if isinstance(recorded, int) and not isinstance(recorded, bool) else None
    key = _ERRORS.get(number, "refused.code_own") if number is not None else "refused.code_own"
    return words(key, code=bare_text(recorded))


def result_facts(result: JsonObject, words: Words) -> Iterator[Pair]:
    """Yield what was recorded of a delivery, as far as it is plain facts."""
    for name in ("first", "bytes", "hidden_characters"):
        value = result.get(name)
        if value is not None:
            yield Pair(key=words(f"history.key_{name}"), value=bare_text(value))
    for name in ("reason", "withheld"):
        value = result.get(name)
        if value is not None:
            yield Pair(key=words(f"history.key_{name}"), value=reason_text(value, words))
    code = result.get("code")
    if code is not None:
        yield Pair(key=words("history.key_code"), value=code_text(code, words))


def _faults(entry: Entry | None, words: Words) -> str:
    faults = entry.details.get("faults") if entry is not None else None
    if not isinstance(faults, list):
        return ""
    return "\n".join(reason_text(fault, words) for fault in faults[:_MOST_FAULTS])
