"""Owns how the texts of results are masked by what they are: logs, tables, settings, programs."""
