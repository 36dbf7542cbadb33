"""Agents: who is enrolled, who is connected, and how one is enrolled or sent away."""
