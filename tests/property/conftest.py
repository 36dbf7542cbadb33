"""Loads what the product loads late before any example is drawn."""

from importlib import import_module


def pytest_configure() -> None:
    """Have numpy whole: Hypothesis looks into what of it is loaded, and a thread may be at it."""
    import_module("numpy")
