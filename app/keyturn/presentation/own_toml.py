"""Owns the reading of the TOML that is ours: the same text is parsed once a process.

To parse is nearly all the time of a catalogue, and what is read again is mostly what it was.
"""

import tomllib
from collections.abc import Mapping
from functools import lru_cache

_MOST = 256
"""Texts that are kept: those of all languages, and some more."""


@lru_cache(maxsize=_MOST)
def parsed(text: str) -> Mapping[str, object]:
    """Return what a text says; all who read it get the same, so that nobody may change it.

    Raises:
        tomllib.TOMLDecodeError: it is no TOML.
    """
    return tomllib.loads(text)
