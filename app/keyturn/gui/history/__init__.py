"""The history: decisions as a table, what they add up to, and one of them in detail."""
