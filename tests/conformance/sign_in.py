"""Owns the person of the suite's scenarios: who follows where the authorization server leads.

Run by the broker, as the operator's program: python sign_in.py URL
"""

import sys

import httpx2


def main() -> None:
    """Ask for the page, and go where it sends the browser."""
    with httpx2.Client(timeout=20.0) as http:
        sent = http.get(sys.argv[-1])
        http.get(sent.headers["location"])


if __name__ == "__main__":
    main()
