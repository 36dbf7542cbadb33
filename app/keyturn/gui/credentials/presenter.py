"""Keeps names of credentials as the broker tells them, and passes a typed value on, once.

The value goes from the field into the message; no attribute here ever holds it.
"""

from PySide6.QtCore import QObject

from keyturn.application.console_protocol import (
    PutCredential,
    RemoveCredential,
    SettleCredential,
    StateChanged,
)
from keyturn.application.console_state import CredentialState
from keyturn.gui.broker_events import BrokerEvents
from keyturn.gui.credentials.view import CredentialsView
from keyturn.gui.forms.outcome import Outcome, telling
from keyturn.gui.sending import IntentSender
from keyturn.presentation.credentials import Keychain
from keyturn.presentation.credentials_builder import (
    CredentialsBuilder,
    keychain_of,
    labels_of,
    row_id,
)
from keyturn.presentation.words import Words


class CredentialsPresenter(QObject):
    """Between the broker's state and the credentials' screen."""

    def __init__(
        self,
        *,
        bridge: BrokerEvents,
        sender: IntentSender,
        view: CredentialsView,
        words: Words,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._sender = sender
        self._view = view
        self._words = words
        self._builder = CredentialsBuilder(words)
        self._credentials: tuple[CredentialState, ...] = ()
        self._labels: dict[str, str] = {}
        """Environments of the credentials that have one, by row."""
        self._keychain = Keychain.READY
        self._open = ""
        bridge.state_changed.connect(self._on_state)
        view.credential_chosen.connect(self._on_chosen)
        view.side_closed.connect(self._on_closed)
        view.proposals.accepted.connect(self._on_accepted)
        view.proposals.dropped.connect(self._on_dropped)
        view.detail.store_requested.connect(self._on_store)
        view.detail.remove_agreed.connect(self._on_remove)
        self._show()

    # ---------------------------------------------------------------- from the broker

    def _on_state(self, message: StateChanged) -> None:
        if message.credentials is None and message.health is None and message.servers is None:
            return
        if message.servers is not None:
            self._labels = labels_of(message.servers)
        if message.credentials is not None:
            self._credentials = message.credentials
        if message.health is not None:
            self._keychain = keychain_of(message.health.keychain)
        self._show()

    # ---------------------------------------------------------------- from the person

    def _on_chosen(self, chosen: str) -> None:
        self._open = chosen
        self._show()

    def _on_closed(self) -> None:
        self._open = ""
        self._view.show_detail(None)
        self._view.table.setFocus()

    def _on_store(self, chosen: str) -> None:
        credential = self._find(chosen)
        if credential is None:
            return
        outcome = self._view.detail.outcome
        self._sender.send(
            lambda n: PutCredential(
                n=n,
                server=credential.server,
                name=credential.name,
                value=self._view.detail.field.take(),
            ),
            telling(outcome, self._words("credentials.stored_now")),
        )
        outcome.say(Outcome.WAITING, self._words("forms.waiting"))

    def _on_remove(self, chosen: str) -> None:
        credential = self._find(chosen)
        if credential is None:
            return
        self._sender.send(
            lambda n: RemoveCredential(n=n, server=credential.server, name=credential.name),
            telling(self._view.detail.outcome, self._words("credentials.removed")),
        )

    def _on_accepted(self, chosen: str) -> None:
        self._settle(chosen, accept=True, said=self._words("credentials.accepted"))

    def _on_dropped(self, chosen: str) -> None:
        self._settle(chosen, accept=False, said=self._words("credentials.dropped"))

    def _settle(self, chosen: str, *, accept: bool, said: str) -> None:
        credential = self._find(chosen)
        if credential is None:
            return
        self._sender.send(
            lambda n: SettleCredential(
                n=n, server=credential.server, name=credential.name, accept=accept
            ),
            telling(self._view.note, said),
        )

    # ---------------------------------------------------------------- showing

    def _find(self, chosen: str) -> CredentialState | None:
        found = (c for c in self._credentials if row_id(c.server, c.name) == chosen)
        return next(found, None)

    def _show(self) -> None:
        self._view.show_page(self._builder.page(self._credentials, self._keychain, self._labels))
        if not self._open:
            return
        credential = self._find(self._open)
        if credential is None:
            self._open = ""
            self._view.show_detail(None)
            return
        self._view.show_detail(
            self._builder.detail(credential, self._keychain, self._labels.get(self._open, ""))
        )
