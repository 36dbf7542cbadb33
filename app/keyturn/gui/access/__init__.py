"""The access review's screen."""
