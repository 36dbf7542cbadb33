"""The version of Keyturn, and nothing else."""

__version__ = "0.1.0"
