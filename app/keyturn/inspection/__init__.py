"""Adapters of the inspection ports; pure work on bytes and values, no I/O, no decisions."""
