"""Owns which names an agent can have: none that is Keyturn's own, or that one may take for it.

The practice calls teach that what their agent asks for goes nowhere; a program that calls itself
like that agent would have its real calls taken for practice.
"""

from typing import Final

from keyturn.application.approval_request import PRACTICE_AGENT
from keyturn.application.connection import OWN_AGENT

LONGEST_NAME: Final = 64
"""Characters of the name of an agent or a server."""
_FOR_LETTERS: Final = str.maketrans("01i58", "ollsb")
_JOINED: Final = (("rn", "m"), ("vv", "w"), ("cl", "d"))


def is_plain_name(name: str) -> bool:
    """Tell whether it is spelt as the names of agents and servers are."""
    allowed = all(c.isascii() and (c.isalnum() or c in "-_.") for c in name)
    return bool(name) and allowed and len(name) <= LONGEST_NAME and not name.startswith((".", "-"))


def is_own_name(name: str) -> bool:
    """Tell whether a plain name is Keyturn's own, or one that a hasty reader takes for it."""
    return _hasty(name) in _OWN


def _hasty(name: str) -> str:
    """Return what is left of a name when it is read in haste."""
    left = "".join(filter(str.isalnum, name.casefold().translate(_FOR_LETTERS)))
    for pair, letter in _JOINED:
        left = left.replace(pair, letter)
    return left


_OWN: Final = frozenset(map(_hasty, (OWN_AGENT, PRACTICE_AGENT)))
