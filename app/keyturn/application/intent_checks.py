"""Owns what of an intent is looked at before anything is done: names, levels and labels."""

from keyturn.application.console_protocol import PutServer, PutSetting, SetTier
from keyturn.application.registry import Registry
from keyturn.application.stop import StopLevel
from keyturn.application.window_setting_names import OF_THE_WINDOW, longest
from keyturn.domain.configuration import ServerConfig
from keyturn.domain.errors import ConfigurationError, filled
from keyturn.domain.lamps import Lamps, lamps_from_letters
from keyturn.domain.remote import names_authorization
from keyturn.domain.tier import CONFIRMABLE


def remote(registry: Registry, name: str) -> ServerConfig:
    """Return the confirmed server of that name that is asked at an address; else raise."""
    found = (server for server in registry.servers if server.name == name)
    server = next((server for server in found if server.url and server.confirmed), None)
    if server is None:
        raise ConfigurationError(
            filled("No server named {name} is asked at an address.", name=name)
        )
    return server


def of_the_window(intent: PutSetting) -> str:
    """Return the name of a setting of the window; raises ConfigurationError for any other one.

    A program that presses buttons could else let calls through by the name of what decides them.
    """
    if intent.name not in OF_THE_WINDOW or len(intent.value) > longest(intent.name):
        raise ConfigurationError("That is no setting of the window, so nothing was saved.")
    return intent.name


def signs_in_no_more(before: ServerConfig, now: PutServer) -> bool:
    """Tell whether what was signed in to is not asked with tokens any more."""
    return before.url != now.url or names_authorization(now.headers)


def level_of(number: int) -> StopLevel:
    """Return the level; a number that is none is the furthest, because a stop must not fail."""
    try:
        return StopLevel(number)
    except ValueError:
        return StopLevel.CONNECTIONS


def labels_of(intent: SetTier) -> Lamps:
    """Return the labels that were chosen beside a tier that may be; else ConfigurationError."""
    try:
        labels = lamps_from_letters(intent.labels)
    except KeyError:
        raise ConfigurationError("A tool's labels are letters of U, P and X.") from None
    if intent.tier is not None and intent.tier not in CONFIRMABLE:
        raise ConfigurationError("T3 cannot be chosen, only left.")
    return labels
