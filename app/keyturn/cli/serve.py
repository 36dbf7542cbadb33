"""`keyturn serve`: the broker without a window, for servers, CI and tests."""

import argparse
from pathlib import Path

from keyturn import bootstrap
from keyturn.cli.profile import chosen_profile
from keyturn.domain.errors import ConfigurationError

_LAST_PORT = 65535


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--headless", action="store_true", help="run without a window")
    parser.add_argument("--config", metavar="FILE", help="the configuration, owned by you")
    parser.add_argument(
        "--http",
        metavar="PORT",
        type=_port,
        help="also listen on 127.0.0.1:PORT for agents that speak HTTP; 0 for any that is free",
    )
    parser.add_argument("--approver", choices=("terminal", "exec"), help="who answers what asks")


def run(arguments: argparse.Namespace) -> int:
    """Serve until ended by a signal."""
    if not arguments.headless:
        raise ConfigurationError(
            "`serve` runs without a window and wants to be told so.",
            mend="Use `keyturn serve --headless --config FILE`, or `keyturn` for the window.",
        )
    if not arguments.config:
        raise ConfigurationError(
            "A headless broker needs a configuration.", mend="Name it with --config FILE."
        )
    return bootstrap.serve(
        chosen_profile(arguments),
        Path(arguments.config),
        approver=arguments.approver or "",
        http_port=arguments.http,
    )


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > _LAST_PORT:
        raise argparse.ArgumentTypeError(f"{text} is no port")
    return int(text)
