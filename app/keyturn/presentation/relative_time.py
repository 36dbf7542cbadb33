"""Says how long and when: "41 s", "4 min ago", then the 24-hour clock.

Holds no clock: every function takes the moments that it compares.
"""

from datetime import datetime

from keyturn.presentation.words import Words

_MINUTE = 60
_HOUR = 60 * _MINUTE


def duration_text(seconds: float, words: Words) -> str:
    """Return a length of time by its largest unit, cut and never rounded up; negative is 0."""
    whole = max(0, int(seconds))
    if whole < _MINUTE:
        return words("time.seconds", n=whole)
    if whole < _HOUR:
        return words("time.minutes", n=whole // _MINUTE)
    return words("time.hours", n=whole // _HOUR)


def remaining_text(seconds: float, words: Words) -> str:
    """Return how long is left, to the second however long that is; negative is 0."""
    whole = max(0, int(seconds))
    if whole < _MINUTE:
        return words("time.seconds", n=whole)
    return words("time.minutes_seconds", n=whole // _MINUTE, seconds=whole % _MINUTE)


def countdown_text(seconds: float) -> str:
    """Return the rest of a grant as "11:42", or "1:02:09" from an hour on."""
    whole = max(0, int(seconds))
    minutes, rest = divmod(whole, _MINUTE)
    if minutes < _MINUTE:
        return f"{minutes:02}:{rest:02}"
    return f"{minutes // _MINUTE}:{minutes % _MINUTE:02}:{rest:02}"


def relative_time(then: datetime, now: datetime, words: Words) -> str:
    """Return "41 s ago" or "4 min ago" within the hour, then the clock, then date and clock.

    Both moments are aware and in the reader's time zone. A moment ahead of `now` (a clock was set
    back) is given as clock time, because "ago" would be a lie.
    """
    passed = (now - then).total_seconds()
    if 0 <= passed < _HOUR:
        return words("time.ago", duration=duration_text(passed, words))
    if then.date() == now.date():
        return clock_text(then)
    return moment_text(then, words)


def moment_text(then: datetime, words: Words) -> str:
    """Return date and clock."""
    return words(
        "time.day_and_clock", day=then.day, month=month_text(then, words), clock=f"{then:%H:%M}"
    )


def local_time(ts_utc: str) -> datetime:
    """Read a record's time as the reader's local time."""
    return datetime.fromisoformat(ts_utc).astimezone()


def clock_text(moment: datetime) -> str:
    """Return the 24-hour clock with seconds, as in the log: "14:07:41"."""
    return f"{moment:%H:%M:%S}"


def month_text(moment: datetime, words: Words) -> str:
    """Return the short name of the month."""
    return words("time.months").split()[moment.month - 1]
