"""Builds the settings' screen with its presenter."""

from PySide6.QtWidgets import QWidget

from keyturn.application.window_messages import LookForDialog
from keyturn.gui.broker_events import BrokerEvents
from keyturn.gui.means import Means
from keyturn.gui.settings.presenter import SettingsPresenter
from keyturn.gui.settings.view import SettingsView
from keyturn.gui.settings_in_force import SettingsInForce


def settings_page(
    means: Means, events: BrokerEvents, in_force: SettingsInForce
) -> tuple[QWidget, SettingsPresenter]:
    """Return the screen and who feeds it."""
    view = SettingsView(means.look)
    presenter = SettingsPresenter(
        bridge=events,
        sender=means.sender,
        view=view,
        in_force=in_force,
        words=means.look.words,
        parent=means.parent,
    )
    bridge = means.bridge
    view.pin.shown.connect(lambda: bridge.send(LookForDialog()))
    return view, presenter
