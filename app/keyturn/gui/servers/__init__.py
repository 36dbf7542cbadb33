"""Servers and tools: what is wrapped, what is pinned, and the review of what changed."""
