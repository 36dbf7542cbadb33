"""Formats of agent hosts: what their hooks hand over and take, one module per host."""
