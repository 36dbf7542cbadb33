"""Owns what the history can be narrowed to: names, outcomes, times, arguments, words."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryFilter:
    """What is looked for; empty fields narrow nothing, several values of one are OR."""

    agents: tuple[str, ...] = ()
    servers: tuple[str, ...] = ()
    tools: tuple[str, ...] = ()
    outcomes: tuple[str, ...] = ()
    """Outcomes of decisions, or deliveries."""
    tiers: tuple[str, ...] = ()
    actors: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    """Ids or names of rules."""
    sessions: tuple[str, ...] = ()
    arguments: tuple[tuple[str, str], ...] = ()
    """JSON Pointer (RFC 6901) of an argument and a part of its text; ASCII case is ignored."""
    hosts: tuple[str, ...] = ()
    """Hosts that a URL or an address of mail in the arguments names, or a domain above them."""
    since: str = ""
    """UTC, ISO 8601, as in records; included."""
    until: str = ""
    """UTC, ISO 8601; excluded."""
    weakenings: bool = False
    """With what protects less since then, which is no decision and counts as none."""
    text: str = ""
    """Anywhere in names and in short (masked) arguments; ASCII case is ignored."""
