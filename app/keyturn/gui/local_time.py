"""The moment as the reader's clock has it; handed to presenters, so that a test can set it."""

import time
from datetime import UTC, datetime


def local_now() -> datetime:
    """Return the present moment, aware, in the reader's time zone."""
    return datetime.fromtimestamp(time.time(), UTC).astimezone()
