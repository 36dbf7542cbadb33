"""The domain: pure values and functions that decide, with no clock, no I/O and no async."""
