"""Where an argument value came from: evidence that a person is shown, never proof of absence."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """One place in an earlier result of the session that holds an argument value."""

    path: str
    """JSON Pointer of the argument leaf (RFC 6901)."""
    value: str
    """The leaf's text as matched."""
    result: int
    """Number of the result within the session, counted from 1 over all servers."""
    server: str
    tool: str
    offset: int
    """Characters from the start of that result's text."""
    line: int
    """Line of that text, counted from 1."""
    excerpt: str
    """The line with its neighbours; text of a server, shown as quoted plain text."""
    excerpt_line: int
    """Line number of the excerpt's first line."""
    untrusted: bool
    """The tool that returned it is labelled U."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """The origins of one call's arguments."""

    origins: tuple[Origin, ...] = ()
    incomplete: bool = False
    """Old text was dropped from the index, so a missing origin says nothing."""

    def worst_first(self) -> tuple[Origin, ...]:
        """Sort by path, untrusted sources first within one path."""
        return tuple(sorted(self.origins, key=lambda o: (o.path, not o.untrusted, -o.result)))
