"""Rules: the list, one rule in full, a form for a new one, and what happens without any."""
