"""Where secrets stand in the arguments of a call, told without the secrets themselves."""

import msgspec


class SecretPlace(msgspec.Struct, frozen=True, kw_only=True):
    """One stretch of canonical JSON that looks like a secret, or is a stored credential."""

    start: int
    end: int
    """Characters of the canonical text, `end` not included."""
    kind: str
    """As the mask names it: "GitHub token"."""
    credential: str = ""
    """The name of the stored credential that it is; empty for what only looks like a secret."""


class Secrets(msgspec.Struct, frozen=True, kw_only=True):
    """What was found in one canonical text."""

    places: tuple[SecretPlace, ...] = ()
    """In order, none within another."""
    all_looked_at: bool = True
    """False where more in it could be a secret than was looked at: then nothing is known."""
    all_tried: bool = True
    """False where not all of it was held against the stored credentials."""


NO_SECRETS = Secrets()
"""Of a text that holds none, or that nobody looks through."""
