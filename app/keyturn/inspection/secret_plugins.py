"""Takes in detect-secrets' plug-ins without the HTTP library that they verify with.

What they find is never verified here. Their `import requests` would bring an HTTP client into the
process that reads secrets, with 7 MiB and a tenth of a second of every start.
"""

import sys
from collections.abc import Generator
from contextlib import contextmanager
from types import ModuleType

_HTTP = "requests"


@contextmanager
def _without_http() -> Generator[None]:
    """Stand an empty module in for the library; a copy that somebody else uses is left alone."""
    if _HTTP in sys.modules:
        yield
        return
    sys.modules[_HTTP] = ModuleType(_HTTP)
    try:
        yield
    finally:
        del sys.modules[_HTTP]


with _without_http():
    from detect_secrets.filters.heuristic import is_prefixed_with_dollar_sign, is_templated_secret
    from detect_secrets.plugins.aws import AWSKeyDetector
    from detect_secrets.plugins.azure_storage_key import AzureStorageKeyDetector
    from detect_secrets.plugins.discord import DiscordBotTokenDetector
    from detect_secrets.plugins.github_token import GitHubTokenDetector
    from detect_secrets.plugins.gitlab_token import GitLabTokenDetector
    from detect_secrets.plugins.jwt import JwtTokenDetector
    from detect_secrets.plugins.openai import OpenAIDetector
    from detect_secrets.plugins.pypi_token import PypiTokenDetector
    from detect_secrets.plugins.sendgrid import SendGridDetector
    from detect_secrets.plugins.slack import SlackDetector
    from detect_secrets.plugins.stripe import StripeDetector
    from detect_secrets.plugins.telegram_token import TelegramBotTokenDetector
    from detect_secrets.plugins.twilio import TwilioKeyDetector

__all__ = [
    "AWSKeyDetector",
    "AzureStorageKeyDetector",
    "DiscordBotTokenDetector",
    "GitHubTokenDetector",
    "GitLabTokenDetector",
    "JwtTokenDetector",
    "OpenAIDetector",
    "PypiTokenDetector",
    "SendGridDetector",
    "SlackDetector",
    "StripeDetector",
    "TelegramBotTokenDetector",
    "TwilioKeyDetector",
    "is_prefixed_with_dollar_sign",
    "is_templated_secret",
]
