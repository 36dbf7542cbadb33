"""Owns how many examples a property draws: `many` scales with `--thorough`."""

from hypothesis import settings


def many(times: float) -> int:
    """Return so many times the usual number of examples."""
    return round(times * settings().max_examples)
