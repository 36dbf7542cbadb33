"""Ports: what the use cases need from the world, as protocols, one file each."""
