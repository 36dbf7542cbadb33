"""Owns when Allow may be activated: the state machine that arms it (console.md section 3.2).

Pure: it holds no clock and no widget, every input carries the moment it happened, in milliseconds
of one monotonic clock. It protects against typing through, double clicks, windows that move under
the pointer, and a request that is swapped while it is read. It does not allow anything: the window
asks it before it sends an approval, and the broker binds the approval to the digest.
"""

from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple

from keyturn.domain.errors import KeyturnError
from keyturn.domain.tier import Tier
from keyturn.presentation.card import CardView

QUIET_MS = 300
"""So long no key or button may have been touched."""
DENY_MS = 250
LEAST_DELAY_MS = 700
"""T0, T1."""
LEAST_CAREFUL_DELAY_MS = 1200
"""T2, T3."""
LONGEST_DELAY_MS = 5000


class Owed(Enum):
    """What still has to happen before Allow may be activated, most telling first."""

    NOTHING = "nothing"
    REQUEST = "request"
    """Nothing is shown."""
    BROKER = "broker"
    """The broker no longer confirms that the request waits."""
    DIALOG = "dialog"
    CONFIRM = "confirm"
    LOOK = "look"
    TYPE_NAME = "type_name"
    PIN = "pin"
    WINDOW = "window"
    RELEASE = "release"
    TIME = "time"


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmingDelays:
    """How long a request must have been shown, in milliseconds; adjustable upward only."""

    plain_ms: int = LEAST_DELAY_MS
    careful_ms: int = LEAST_CAREFUL_DELAY_MS

    def __post_init__(self) -> None:
        """Refuse a delay below the least or above the longest; raises KeyturnError."""
        if not LEAST_DELAY_MS <= self.plain_ms <= LONGEST_DELAY_MS:
            raise KeyturnError(f"An arming delay of {self.plain_ms} ms is out of range.")
        if not LEAST_CAREFUL_DELAY_MS <= self.careful_ms <= LONGEST_DELAY_MS:
            raise KeyturnError(f"An arming delay of {self.careful_ms} ms is out of range.")

    def for_tier(self, tier: Tier) -> int:
        """Return the delay of one tier."""
        return self.careful_ms if tier >= Tier.T2 else self.plain_ms


class Subject(NamedTuple):
    """The one request that an approval would be for."""

    request_id: str
    revision: int
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmingTerms:
    """What a person owes before one request may be allowed."""

    tier: Tier
    confirm: frozenset[str] = frozenset()
    """Paths of the values to confirm."""
    look: bool = False
    """Every line of the arguments must have been on screen."""
    type_name: bool = False
    pin: bool = False
    """Something must stand in the field for the PIN; whether it is right the broker says."""
    dialog_open: bool = False
    """The system's dialog asks just now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmState:
    """Whether Allow may be activated at one moment, and if not, why not."""

    armed: bool
    owed: Owed
    progress: float
    """Of the arming time, 0 to 1."""
    left_ms: int = 0
    path: str = ""
    """For CONFIRM: the value that is owed next."""
    unseen: tuple[int, int] | None = None
    """For LOOK: first and last line that was not on screen."""
    page: str = ""
    """For LOOK: the page of these lines, in words, where another one is open."""

    @property
    def reason(self) -> str:
        """Key of the reason's text."""
        return _REASONS[self.owed]


_REASONS = {
    Owed.NOTHING: "arming.armed",
    Owed.REQUEST: "arming.no_request",
    Owed.BROKER: "arming.no_longer_waiting",
    Owed.CONFIRM: "arming.confirm",
    Owed.LOOK: "arming.look",
    Owed.TYPE_NAME: "arming.type_name",
    Owed.PIN: "arming.pin",
    Owed.DIALOG: "arming.dialog",
    Owed.WINDOW: "arming.window",
    Owed.RELEASE: "arming.release",
    Owed.TIME: "arming.time",
}


def terms_of(card: CardView) -> ArmingTerms:
    """Return what `card` demands; a careful card with nothing to confirm demands its name typed."""
    careful = card.tier >= Tier.T2
    owed = frozenset(value.path for value in card.decisive if value.owed)
    if careful and not owed and card.decisive:
        owed = frozenset({card.decisive[0].path})
    return ArmingTerms(
        tier=card.tier,
        confirm=owed,
        look=careful or card.edited,
        type_name=card.name_owed or card.tier is Tier.T3 or (careful and not owed),
        pin=card.pin,
        dialog_open=card.dialog_open,
    )


@dataclass(slots=True)
class _Watch:
    """What has been seen of the subject since it came on screen."""

    subject: Subject
    terms: ArmingTerms
    shown_ms: int
    ready_ms: int | None = None
    """When the arming time first ran out; a later interruption does not take that back."""
    confirmed: set[str] = field(default_factory=set[str])
    unseen: tuple[int, int] | None = (1, 1)
    page: str = ""
    name_matches: bool = False
    pin_typed: bool = False
    pending: bool = True


class Arming:
    """Arms Allow for the request that has been on screen, unchanged, for long enough.

    Anything that changes starts the time again. An activation is a press and a release: `press`
    takes a grip only while armed, and any other input in between loses it.
    """

    def __init__(self, delays: ArmingDelays | None = None) -> None:
        self._delays = delays or ArmingDelays()
        self._watch: _Watch | None = None
        self._active = False
        self._held: set[str] = set()
        self._steady_from_ms = 0
        self._quiet_from_ms = 0
        self._latest_ms = 0
        self._grip: Subject | None = None

    @property
    def subject(self) -> Subject | None:
        """Return the request on screen."""
        return self._watch.subject if self._watch else None

    def use_delays(self, delays: ArmingDelays, now_ms: int) -> None:
        """Take new delays; the time starts again."""
        self._restart(now_ms)
        self._delays = delays

    def shown(self, subject: Subject, terms: ArmingTerms, now_ms: int) -> None:
        """Note what is on screen; the same subject on the same terms goes on undisturbed.

        On other terms the time starts again, and what was confirmed and seen of it stays so.
        """
        if self._watch and (self._watch.subject, self._watch.terms) == (subject, terms):
            return
        self._restart(now_ms)
        if self._watch and self._watch.subject == subject:
            self._watch.terms = terms
        else:
            self._watch = _Watch(subject=subject, terms=terms, shown_ms=now_ms)

    def hidden(self, now_ms: int) -> None:
        """Note that nothing is on screen; what was confirmed is forgotten with it."""
        self._watch = None
        self._restart(now_ms)

    def input_happened(self, now_ms: int) -> None:
        """Note a key or button event anywhere in the window."""
        self._see(now_ms)
        self._quiet_from_ms = now_ms
        self._grip = None

    def held(self, control: str, now_ms: int) -> None:
        """Note that a key or button went down."""
        self.input_happened(now_ms)
        self._held.add(control)

    def released(self, control: str, now_ms: int) -> None:
        """Note that a key or button came up."""
        self.input_happened(now_ms)
        self._held.discard(control)

    def window_active(self, active: bool, now_ms: int) -> None:
        """Note that the window came to the front, or left it (then no release will be seen)."""
        self._restart(now_ms)
        self._active = active
        self._held.clear()

    def disturbed(self, now_ms: int) -> None:
        """Note that the window moved, was resized, changed screen, theme or scale."""
        self._restart(now_ms)

    def lines_unseen(self, unseen: tuple[int, int] | None, page: str = "") -> None:
        """Note which lines have not been on screen; None: all have.

        `page` names theirs, where another one is open.
        """
        if self._watch:
            self._watch.unseen, self._watch.page = unseen, page

    def confirmed(self, path: str, now_ms: int) -> None:
        """Note that a person confirmed the value at `path` of what is on screen."""
        self.input_happened(now_ms)
        if self._watch:
            self._watch.confirmed.add(path)

    def name_typed(self, matches: bool) -> None:
        """Note whether the tool's short name stands in its field."""
        if self._watch:
            self._watch.name_matches = matches

    def pin_typed(self, typed: bool) -> None:
        """Note whether something stands in the field for the PIN."""
        if self._watch:
            self._watch.pin_typed = typed

    def broker_confirms(self, pending: bool, now_ms: int) -> None:
        """Note whether the broker still holds the request; regaining it starts the time again."""
        if self._watch and self._watch.pending is not pending:
            self._watch.pending = pending
            self._restart(now_ms)

    def state(self, now_ms: int) -> ArmState:
        """Return whether Allow may be activated at `now_ms`."""
        self._see(now_ms)
        if self._watch is None:
            return ArmState(armed=False, owed=Owed.REQUEST, progress=0.0)
        delay_ms = self._delays.for_tier(self._watch.terms.tier)
        steady_ms = now_ms - self._steady_from_ms
        left_ms = max(delay_ms - steady_ms, QUIET_MS - (now_ms - self._quiet_from_ms), 0)
        owed = self._owed(self._watch, left_ms)
        progress = min(1.0, steady_ms / delay_ms) if self._active else 0.0
        still = sorted(self._watch.terms.confirm - self._watch.confirmed)
        return ArmState(
            armed=owed is Owed.NOTHING,
            owed=owed,
            progress=progress,
            left_ms=left_ms,
            path=still[0] if still else "",
            unseen=self._watch.unseen,
            page=self._watch.page,
        )

    def shown_for_ms(self, now_ms: int) -> int:
        """Return how long the subject has been on screen, for the decision's record."""
        return max(0, now_ms - self._watch.shown_ms) if self._watch else 0

    def after_arming_ms(self, now_ms: int) -> int | None:
        """Return how long ago the arming time of the subject first ran out; None: it did not yet.

        It is the time alone that counts, not what else a person owes: who reads, confirms a value
        and then allows has looked for as long as all of that took.
        """
        self._note_ready(now_ms)
        if self._watch is None or self._watch.ready_ms is None:
            return None
        return max(0, now_ms - self._watch.ready_ms)

    def is_confirmed(self, path: str) -> bool:
        """Tell whether the value at `path` of what is on screen was confirmed."""
        return bool(self._watch and path in self._watch.confirmed)

    def deny_armed(self, now_ms: int) -> bool:
        """Tell whether Deny may be activated: not by a press meant for what was here before."""
        self._see(now_ms)
        return bool(self._watch) and now_ms - self._steady_from_ms >= DENY_MS

    def press(self, now_ms: int, made_ms: int | None = None) -> bool:
        """Take a grip on Allow, before the press itself is noted as input; False: not armed.

        A press that comes late was `made_ms`: what was not armed by then was not meant, and arms
        from zero.
        """
        self._grip = None
        if not self.state(now_ms).armed or self._watch is None:
            return False
        delay_ms = self._delays.for_tier(self._watch.terms.tier)
        if made_ms is not None and made_ms - self._steady_from_ms < delay_ms:
            self._restart(now_ms)
            return False
        self._grip = self._watch.subject
        return True

    def release(self, now_ms: int) -> Subject | None:
        """Return what the activation is for, if nothing happened since the press; else None."""
        self._see(now_ms)
        grip, self._grip = self._grip, None
        if grip is None or self.subject != grip:
            return None
        return grip if self.state(now_ms).armed else None

    def accessible_press(self, now_ms: int) -> Subject | None:
        """Return what a press through assistive technology is for; None where it is not enough.

        Any program can send such a press, so for T2 and T3 the tool's name must have been typed.
        """
        if not self.state(now_ms).armed or self._watch is None:
            return None
        if self._watch.terms.tier >= Tier.T2 and not self._watch.name_matches:
            return None
        return self._watch.subject

    def _owed(self, watch: _Watch, left_ms: int) -> Owed:
        """Return the first thing that is missing; what a person owes is named before time."""
        if not watch.pending:
            return Owed.BROKER
        missing = (
            (Owed.DIALOG, watch.terms.dialog_open),
            (Owed.CONFIRM, bool(watch.terms.confirm - watch.confirmed)),
            (Owed.LOOK, watch.terms.look and watch.unseen is not None),
            (Owed.TYPE_NAME, watch.terms.type_name and not watch.name_matches),
            (Owed.PIN, watch.terms.pin and not watch.pin_typed),
            (Owed.WINDOW, not self._active),
            (Owed.RELEASE, bool(self._held)),
            (Owed.TIME, left_ms > 0),
        )
        return next((owed for owed, is_missing in missing if is_missing), Owed.NOTHING)

    def _note_ready(self, now_ms: int) -> None:
        watch = self._watch
        if watch is None or watch.ready_ms is not None or not self._active:
            return
        ready_ms = self._steady_from_ms + self._delays.for_tier(watch.terms.tier)
        if ready_ms <= now_ms:
            watch.ready_ms = ready_ms

    def _restart(self, now_ms: int) -> None:
        self._note_ready(now_ms)
        self._latest_ms = now_ms
        self._steady_from_ms = now_ms
        self._grip = None

    def _see(self, now_ms: int) -> None:
        """Keep time; a clock that ran backwards proves nothing, so the time starts again."""
        if now_ms < self._latest_ms:
            self._restart(now_ms)
            self._quiet_from_ms = now_ms
        self._latest_ms = now_ms
