"""Weeks of decisions for the attention panel's tests and pictures."""

from datetime import UTC, datetime, timedelta
from typing import Final

from keyturn.domain.attention import AskedCall, ToolKey, attention_of
from keyturn.domain.tier import Tier
from keyturn.presentation.attention import week_of
from keyturn.storage.queries.items import HistoryItem

NOW: Final = datetime(2026, 11, 29, 15, 0, tzinfo=UTC)
MIDNIGHTS: Final = week_of(NOW)
READS: Final = ToolKey("filesystem", "read_file", "")
WRITES: Final = ToolKey("filesystem", "write_file", "")
SENDS: Final = ToolKey("mail", "send_message", "")


def week(
    what: ToolKey,
    count: int,
    *,
    tier: Tier = Tier.T1,
    after_ms: int = 4_000,
    denied: int = 0,
) -> tuple[AskedCall, ...]:
    """Return `count` answers spread over the week, the first `denied` of them denials."""
    return tuple(
        AskedCall(
            at=NOW - timedelta(hours=7 * (number % 20)),
            what=what,
            tier=tier,
            allowed=number >= denied,
            decide_ms=3_000 + 100 * number,
            timed=True,
            after_arming_ms=after_ms,
        )
        for number in range(count)
    )


CARELESS: Final = attention_of(
    (
        *week(READS, 84, tier=Tier.T0, after_ms=300),
        *week(WRITES, 41),
        *week(SENDS, 12, tier=Tier.T2, after_ms=600),
        *week(ToolKey("git", "commit", ""), 6),
        *week(ToolKey("notes", "", "resources/read"), 3),
    ),
    MIDNIGHTS,
)
CALM: Final = attention_of((*week(READS, 24, tier=Tier.T0), *week(WRITES, 9, denied=2)), MIDNIGHTS)


def item(server: str, tool: str) -> HistoryItem:
    """Return a decision of the history about a tool."""
    return HistoryItem(
        number=1,
        call="c-1",
        ts_utc="2026-11-29T14:07:52.000Z",
        agent="coder",
        session="s-1",
        server=server,
        tool=tool,
        tier="T0",
        outcome="allowed_once",
        actor="human",
        rule_id="",
        rule_name="",
        decide_ms=900,
        decisive_path="",
        decisive="",
        hidden=0,
        digest="d" * 64,
        route="window",
        delivery="",
        delivery_number=None,
        result={},
        method="",
        masked=False,
        arguments="{}",
    )
