"""The tests, importable as `tests` so that they share factories and fakes."""
