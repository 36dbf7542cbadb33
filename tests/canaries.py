"""Secrets that are made up while a test runs, and the forms in which one could be written."""

import base64
import json
import random
import string
from collections.abc import Iterator
from urllib.parse import quote

_UPPER = string.ascii_uppercase + "234567"
_MIXED = string.ascii_letters + string.digits


def an_aws_key(chance: random.Random) -> str:
    """Make up an access key of the form that AWS gives out."""
    return "AKIA" + "".join(chance.choices(string.ascii_uppercase + string.digits, k=16))


def a_github_token(chance: random.Random) -> str:
    """Make up a token of the form that GitHub gives out."""
    return "ghp_" + "".join(chance.choices(_MIXED, k=36))


def a_web_token(chance: random.Random) -> str:
    """Make up a JSON web token, as Authorization headers carry them."""
    head, body = ({"alg": "HS256"}, {"sub": "".join(chance.choices(_MIXED, k=12))})
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()) for part in (head, body)]
    signed = "".join(chance.choices(_MIXED, k=43))
    return ".".join([part.decode().rstrip("=") for part in parts] + [signed])


def written_ways(secret: str) -> Iterator[bytes]:
    """Yield a secret raw, in base64 at each of the three offsets, and for a URL."""
    yield secret.encode()
    yield quote(secret, safe="").encode()
    for offset in range(3):
        encoded = base64.b64encode(b"x" * offset + secret.encode()).decode()
        # What is before and after it changes the first and the last characters only.
        yield encoded[4 if offset else 0 : -4].encode()
