"""What a person at the window can change of what agents see: messages, and carrying them out."""

from collections.abc import Sequence
from typing import assert_never

import msgspec

from keyturn.application.sights import Sights
from keyturn.domain.errors import ConfigurationError, filled, said_by
from keyturn.domain.sight import MOST_ROWS, Rows, Sight, SightProfile, row_of


class _Intent(msgspec.Struct, frozen=True, kw_only=True, tag_field="type"):
    n: int


class SetSight(_Intent, frozen=True, kw_only=True, tag="set_sight"):
    """Give an agent its own list."""

    agent: str
    rows: tuple[str, ...] | None
    """As `SightRow.text` writes them; None for everything that was reviewed."""


class SetProfilesOnly(_Intent, frozen=True, kw_only=True, tag="profiles_only"):
    """Have an agent see nothing while no profile is on for it, or its own list again."""

    agent: str
    on: bool


class SwitchProfile(_Intent, frozen=True, kw_only=True, tag="switch_profile"):
    """Switch a profile on for an agent, for a while."""

    agent: str
    profile: str
    seconds: float


class EndProfile(_Intent, frozen=True, kw_only=True, tag="end_profile"):
    """End the profile of an agent."""

    agent: str


class PutProfile(_Intent, frozen=True, kw_only=True, tag="put_profile"):
    """Make a profile or change it."""

    name: str
    rows: tuple[str, ...]


class RemoveProfile(_Intent, frozen=True, kw_only=True, tag="remove_profile"):
    """Remove a profile."""

    name: str


SightIntent = SetSight | SetProfilesOnly | SwitchProfile | EndProfile | PutProfile | RemoveProfile


class SightState(msgspec.Struct, frozen=True, kw_only=True):
    """What an agent sees, as the window shows it."""

    rows: tuple[str, ...] | None = None
    """Its own list; None for none."""
    profiles_only: bool = False
    profile: str = ""
    until: str = ""
    over: bool = False
    """The profile's time is over, and nobody has ended it."""


class ProfileState(msgspec.Struct, frozen=True, kw_only=True):
    """A profile of a task."""

    name: str
    rows: tuple[str, ...]


async def carry_out_sight(intent: SightIntent, sights: Sights) -> None:
    """Do what the person asked for; raises KeyturnError with a sentence when it cannot."""
    match intent:
        case SetSight():
            rows = None if intent.rows is None else rows_of(intent.rows)
            await sights.set_rows(intent.agent, rows)
        case SetProfilesOnly():
            await sights.set_profiles_only(intent.agent, on=intent.on)
        case SwitchProfile():
            await sights.switch(intent.agent, intent.profile, intent.seconds)
        case EndProfile():
            await sights.end(intent.agent)
        case PutProfile():
            profile = SightProfile(name=intent.name.strip(), rows=rows_of(intent.rows))
            await sights.put_profile(profile)
        case RemoveProfile():
            await sights.remove_profile(intent.name)
        case _:
            assert_never(intent)


def sight_state(sight: Sight) -> SightState:
    """Return what the window shows of it."""
    return SightState(
        rows=None if sight.rows is None else _texts(sight.rows),
        profiles_only=sight.profiles_only,
        profile=sight.profile,
        until=sight.until,
        over=sight.over,
    )


def profile_states(sights: Sights) -> tuple[ProfileState, ...]:
    """Return the profiles as the window shows them."""
    return tuple(ProfileState(name=p.name, rows=_texts(p.rows)) for p in sights.profiles())


def _texts(rows: Rows) -> tuple[str, ...]:
    return tuple(row.text for row in rows)


def rows_of(texts: Sequence[str]) -> Rows:
    """Read a list from its lines; raises ConfigurationError for what is none."""
    try:
        return tuple(row_of(text) for text in texts[: MOST_ROWS + 1])
    except ValueError as fault:
        raise ConfigurationError(
            filled("The list {fault}.", fault=said_by(fault)), mend="Tick it again."
        ) from None
