"""Owns whose certificates Keyturn trusts: the system's, whatever the environment names."""

import ssl
from functools import cache

import httpx2


@cache
def trusted() -> ssl.SSLContext:
    """Return what every client over HTTP verifies its server by, read once.

    Reading all the system's certificates holds the loop up for longer than it may be, so not for
    each connection and each step of signing in. What is added to them counts after the next start.
    """
    return httpx2.create_ssl_context(trust_env=False)
