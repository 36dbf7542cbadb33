"""Owns which values are never looked for in results, and why: too short, or said everywhere.

What was not looked for was not "not found", and is told apart (security.md section 4, stop-list).
"""

import re
from enum import StrEnum

from keyturn.domain.canonical import JsonValue

MIN_CHARACTERS = 3
"""Shorter values never count as traced."""
MIN_DIGITS = 4
"""Shorter numbers never count: `100` is in nearly every result."""
_LOOKED_AT = 256
"""Characters of a value in which its letters and digits are counted."""
_YEAR = re.compile("(?:19|20)[0-9]{2}")
_COMMON_PATHS = frozenset(
    f"{start}{path}{end}".lower()
    for start in ("/", "/usr/", "/var/", "/usr/local/", "~/", "C:\\")
    for path in (
        "bin",
        "dev",
        "etc",
        "home",
        "lib",
        "opt",
        "proc",
        "root",
        "srv",
        "tmp",
        "usr",
        "var",
    )
    for end in ("", "/", "\\")
) | {"/dev/null", "localhost", "127.0.0.1", "0.0.0.0", "C:\\"}
_SAID_EVERYWHERE = _COMMON_PATHS | {"true", "false", "null", "none"}
"""Never count alone."""
_LONGEST_SAID = max(map(len, _SAID_EVERYWHERE))

COMMON_WORDS = """
a about above after again all allow allows almost along already also although always an and
another any are as at available back based be because been before being below best better between
both but by call called calls can cannot case change come comes could default did do does doing
don done down during each easy either else end enough etc even every example exist exists false
few first following follows for from further get gets give given gives go got had has have having
he help her here his how however i if in instead into is isn it its itself just keep kind know
known last later least less let like likely line ll longer look made make makes making many may
maybe me method might more most much must my name need needed needs never new next no none nor not
note nothing now number of off often on once one ones only or order other others otherwise our out
over own part please possible present rather re return returned returns s same see set several
should show since so some something still such sure t take takes than that the their them then
there these they thing things this those though three through time to together too true try two
type under unless until up upon us use used useful user uses using usually value values ve very
via want wants was way we well were what when where whether which while who whole why will with
within without won would yes yet you your
"""
_ALL = frozenset(COMMON_WORDS.split())
_LONGEST = 256
"""Characters of such a text, whatever lies between its words."""
_MOST = 5


def is_common(text: str) -> bool:
    """Tell a text of a few common words, which is from nowhere; one of them alone may be a name."""
    words = text.lower().split(maxsplit=_MOST) if len(text) <= _LONGEST else ()
    return 1 < len(words) <= _MOST and _ALL.issuperset(words)


class Untraced(StrEnum):
    """Why a value was not looked for."""

    TOO_SHORT = "too_short"
    TOO_COMMON = "too_common"


def scalar_text(value: JsonValue) -> str | None:
    """Return the text of a scalar as it would be matched; None for what has none."""
    match value:
        case bool():
            return None
        case str():
            return value
        case int():
            return str(value)
        case float():
            # As JSON of RFC 8785 writes it: 3.0 is 3.
            return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
        case _:
            return None


def why_untraced(value: JsonValue) -> Untraced | None:
    """Return why a leaf was not looked for; None where it was, so that it may be "not found"."""
    text = scalar_text(value)
    if text is None:
        return Untraced.TOO_SHORT
    return Untraced.TOO_COMMON if is_common(text) else why_a_text_is_untraced(text)


def why_a_text_is_untraced(text: str) -> Untraced | None:
    """Return why a text never counts alone, whatever words it is made of."""
    if len(text) < MIN_CHARACTERS:
        return Untraced.TOO_SHORT
    # Megabytes are not changed to small letters only to be told from `/tmp`.
    said = len(text) <= _LONGEST_SAID and text.lower() in _SAID_EVERYWHERE
    if said or _YEAR.fullmatch(text):
        return Untraced.TOO_COMMON
    head = text[:_LOOKED_AT]
    digits = sum(map(str.isdigit, head))
    if digits >= MIN_DIGITS or any(map(str.isalpha, head)):
        return None
    return Untraced.TOO_SHORT if digits else Untraced.TOO_COMMON
