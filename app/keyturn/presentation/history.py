"""Owns what the history says: rows of decisions, the summary above them, one decision in detail."""

from dataclasses import dataclass

from keyturn.domain.tier import Tier
from keyturn.presentation.card import ArgumentRow, Chip, Pair
from keyturn.presentation.flow_graph import FlowGraph
from keyturn.presentation.marks import Icon, IconText, Role
from keyturn.presentation.result_controls import KeptText


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryRow:
    """One decision."""

    number: int
    """Of the record in the chain."""
    time: str
    agent: str
    server_tool: str
    decisive: str
    tier: Tier | None
    """None for what is no decision."""
    outcome: IconText
    decided_by: IconText
    time_to_decide: str = ""
    result: str = ""
    spoken: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FilterToken:
    """One filter of the search field, as `key: value`."""

    key: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HistorySummary:
    """What stands above the table."""

    shown: str
    """"318"."""
    of_all: str
    """"of 48,206"."""
    outcomes: tuple[IconText, ...] = ()
    chain: IconText | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MissedNotice:
    """Calls that ended while nobody was there."""

    strong: str
    rest: str
    action: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlierCall:
    """One of the calls before this one in its session."""

    icon: Icon
    role: Role
    server_tool: str
    result: str
    is_source: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryDetail:
    """One decision with everything that was recorded of it."""

    number: int
    chips: tuple[Chip, ...]
    headline: str
    server_tool: str
    arguments: tuple[ArgumentRow, ...]
    traced: IconText | None
    decided: tuple[Pair, ...]
    record: tuple[Pair, ...]
    before: tuple[EarlierCall, ...]
    origins: int = 0
    flow: FlowGraph | None = None
    """Which servers fed the call; None where nothing was traced."""
    rule_id: str = ""
    """The standing rule that allowed it, which can be revoked; empty for none."""
    result: tuple[Pair, ...] = ()
    kept: KeptText | None = None
    """Where the agent got the result cut, and all its text is kept."""
    is_call: bool = True
    """False for what protects less since then: nobody asked, nothing was sent."""
    makes_rule: bool = True
    """A rule can be made from it."""
    asked: tuple[ArgumentRow, ...] = ()
    """What its agent asked for, where a person changed that."""
