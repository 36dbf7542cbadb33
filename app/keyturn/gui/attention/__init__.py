"""The page on how a person decides."""
