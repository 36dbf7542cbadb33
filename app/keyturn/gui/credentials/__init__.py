"""Credentials: names and uses, and the one field through which a value goes to the keychain."""
