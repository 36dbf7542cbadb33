"""Secrets in the OS keychain, and the store that refuses where there is none."""
