"""Wall time as text, the way records and files have it."""

import time

_NANOSECONDS = 1_000_000_000


def utc_text(epoch_ns: int) -> str:
    """Write nanoseconds since 1970 as `2026-11-23T14:07:52.123Z`; what is finer is cut off."""
    seconds, rest = divmod(epoch_ns, _NANOSECONDS)
    whole = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
    return f"{whole}.{rest // 1_000_000:03}Z"
