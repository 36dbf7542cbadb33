"""The help's screen."""
