"""The closed sets of pictures and colour roles that a view may name.

Neither says how a mark is drawn: the window maps roles to tokens and icons to files, a terminal
leaves both out. The word beside a mark always carries the meaning on its own.
"""

from dataclasses import dataclass
from enum import StrEnum

from keyturn.domain.tier import Tier


class Role(StrEnum):
    """What a colour says; each role has a foreground and a tint (visual.md section 2)."""

    NEUTRAL = "neutral"
    T0 = "t0"
    T1 = "t1"
    T2 = "t2"
    T3 = "t3"
    ALLOW = "allow"
    DENY = "deny"
    STOP = "stop"
    WARNING = "warning"
    INFO = "info"
    TRACE = "trace"
    ACCENT = "accent"


class Icon(StrEnum):
    """Every picture of the product, by its file name (visual.md section 5)."""

    QUEUE = "inbox"
    HISTORY = "history"
    RULES = "list-checks"
    AGENT = "bot"
    SERVER = "server"
    CREDENTIAL = "key-round"
    SETTINGS = "settings"
    MONITOR = "activity"
    STOP = "octagon-x"
    PROTECTING = "shield-check"
    PROBLEM = "shield-alert"
    WEAKENED = "shield-minus"
    CLOCK = "clock"
    CHECK = "check"
    CROSS = "x"
    DENY_WITH_MESSAGE = "message-square-x"
    ADD_RULE = "list-plus"
    EXPIRED = "hourglass"
    WITHDRAWN = "log-out"
    RETRY = "rotate-ccw"
    UNDO = "undo-2"
    REFUSED = "ban"
    UNKNOWN = "circle-help"
    FAILED = "circle-x"
    WITHHELD = "eye-off"
    LOOK = "eye"
    TRACED = "waypoints"
    CLAIMED = "quote"
    OBSERVED = "scan-eye"
    UNTRACED = "circle-dashed"
    LEAVES_MACHINE = "send"
    FIRST_USE = "sparkles"
    CHANGED = "git-compare"
    PINNED = "pin"
    PRESENCE = "fingerprint"
    CONFIRM = "hand"
    GROUP = "layers"
    OUTLIER = "split"
    LOCKED = "lock"
    DISCONNECTED = "unplug"
    PAUSED = "circle-pause"
    GRANT = "timer"
    SEARCH = "search"
    FILTER = "funnel"
    COPY = "copy"
    EXPORT = "download"
    CLOSED = "chevron-right"
    OPEN = "chevron-down"
    UP = "chevron-up"
    BACK = "chevron-left"
    OPEN_SOURCE = "external-link"
    ATTENTION = "triangle-alert"
    NOTICE = "info"
    PERSON = "user"
    NOBODY = "minus"
    SORTED_DOWN = "arrow-down"
    SORT = "arrow-down-wide-narrow"
    CHAIN = "link"
    MORE = "ellipsis"
    ADDED = "plus"
    EDITED = "pencil"
    GOES_ON = "corner-down-right"
    DENIED_BY_RULE = "list-x"
    OVERLOAD = "gauge"
    MALFORMED = "file-warning"
    ARGUMENTS = "braces"
    UNREVIEWED = "shield-question-mark"
    HIDDEN = "eye-closed"
    NO_APPROVER = "user-x"
    QUIT = "power"
    HELP = "book-open"
    TIER_0 = "tier-0"
    TIER_1 = "tier-1"
    TIER_2 = "tier-2"
    TIER_3 = "tier-3"


@dataclass(frozen=True, slots=True, kw_only=True)
class IconText:
    """A word with its icon in the colour of a role."""

    icon: Icon
    text: str
    role: Role = Role.NEUTRAL


_TIER_ROLES = {Tier.T0: Role.T0, Tier.T1: Role.T1, Tier.T2: Role.T2, Tier.T3: Role.T3}
_TIER_ICONS = {
    Tier.T0: Icon.TIER_0,
    Tier.T1: Icon.TIER_1,
    Tier.T2: Icon.TIER_2,
    Tier.T3: Icon.TIER_3,
}


def tier_role(tier: Tier) -> Role:
    """Return the colour role of a tier."""
    return _TIER_ROLES[tier]


def tier_icon(tier: Tier) -> Icon:
    """Return the shape of a tier: ring, square, triangle, octagon."""
    return _TIER_ICONS[tier]
