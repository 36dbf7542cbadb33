"""Builds the credentials' screen from the broker's state, which knows names and no values."""

import json
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from keyturn.application.console_state import CredentialState, ServerState
from keyturn.presentation.card import Chip, Pair
from keyturn.presentation.cells import Cell, ListRow, Notice, Proposal, Question, marked
from keyturn.presentation.credentials import CredentialDetail, CredentialsPage, Keychain
from keyturn.presentation.marks import Icon, IconText, Role
from keyturn.presentation.words import Words

_KEYCHAINS: Final = {
    Keychain.READY: ("credentials.ready", Icon.CHECK, Role.NEUTRAL),
    Keychain.LOCKED: ("credentials.locked", Icon.LOCKED, Role.WARNING),
    Keychain.MISSING: ("credentials.missing", Icon.PROBLEM, Role.WARNING),
}
_NOTICES: Final = {
    Keychain.LOCKED: ("credentials.locked_notice", "credentials.locked_rest"),
    Keychain.MISSING: ("credentials.missing_notice", "credentials.missing_rest"),
}


_CANNOT: Final = {
    Keychain.LOCKED: "credentials.cannot_locked",
    Keychain.MISSING: "credentials.cannot_missing",
}


def keychain_of(said: str) -> Keychain:
    """Read the broker's word; one that is unknown is no keychain."""
    return next((state for state in Keychain if state.value == said), Keychain.MISSING)


def row_id(server: str, name: str) -> str:
    """Return what stands for a credential in a list; no two of them have the same."""
    return json.dumps([server, name])


def labels_of(servers: Sequence[ServerState]) -> dict[str, str]:
    """Return the environments that credentials lead to, by row: their own, or their server's."""
    return {
        row_id(server.name, name): label
        for server in servers
        for name in dict.fromkeys((*server.credentials, *server.credential_environments))
        if (label := server.credential_environments.get(name) or server.environment)
    }


class CredentialsBuilder:
    """Words and shapes; it holds no state."""

    def __init__(self, words: Words) -> None:
        self._words = words

    def page(
        self,
        credentials: Sequence[CredentialState],
        keychain: Keychain,
        labels: Mapping[str, str] = MappingProxyType({}),
    ) -> CredentialsPage:
        """Return the list and what stands above it; `labels` as `labels_of` makes them."""
        words = self._words
        key, icon, role = _KEYCHAINS[keychain]
        missing = sum(not credential.stored for credential in credentials)
        known = keychain is Keychain.READY
        return CredentialsPage(
            rows=tuple(self._row(credential, keychain, labels) for credential in credentials),
            summary=words(
                "credentials.summary" if known else "credentials.count",
                n=len(credentials),
                missing=missing,
            ),
            keychain=IconText(icon=icon, text=words(key), role=role),
            proposals=tuple(self._proposal(c) for c in credentials if c.proposed),
            notice=self._notice(keychain),
        )

    def detail(
        self, credential: CredentialState, keychain: Keychain, environment: str = ""
    ) -> CredentialDetail:
        """Return one credential; `environment` is its label, empty for none of its own."""
        words = self._words
        label = (Pair(key=words("credentials.environment"), value=environment, exact=True),)
        said = self._state_of(credential, keychain)
        replacing = credential.stored
        names = (credential.server, credential.name)
        return CredentialDetail(
            row_id=row_id(*names),
            server=credential.server,
            name=credential.name,
            chips=(Chip(role=said.role, icon=said.icon, text=said.text),),
            pairs=(
                Pair(key=words("credentials.server"), value=credential.server, exact=True),
                Pair(
                    key=words("credentials.used_as"),
                    value="\n".join(credential.used_by) or words("credentials.unused"),
                    exact=bool(credential.used_by),
                ),
                *(label if environment else ()),
            ),
            stored=credential.stored,
            store=words("credentials.replace" if replacing else "credentials.store"),
            hint=words("credentials.hint_replace" if replacing else "credentials.hint_store"),
            cannot=words(_CANNOT[keychain]) if keychain in _CANNOT else "",
            remove=Question(
                text=words(
                    "credentials.remove_question", name=credential.name, server=credential.server
                ),
                go=words("credentials.remove_go"),
                keep=words("credentials.remove_keep"),
            ),
        )

    def _row(
        self, credential: CredentialState, keychain: Keychain, labels: Mapping[str, str]
    ) -> ListRow:
        used = ", ".join(credential.used_by)
        listed = row_id(credential.server, credential.name)
        return ListRow(
            row_id=listed,
            cells=(
                Cell(text=credential.server, strong=True),
                Cell(text=credential.name, exact=True),
                Cell(text=labels.get(listed, ""), exact=True),
                Cell(text=used or self._words("credentials.unused"), exact=bool(used)),
                marked(self._state_of(credential, keychain)),
            ),
        )

    def _state_of(self, credential: CredentialState, keychain: Keychain) -> IconText:
        """Say what is stored; of a keychain that does not answer nothing is known."""
        words = self._words
        if credential.stored:
            return IconText(icon=Icon.CHECK, text=words("credentials.stored"), role=Role.ALLOW)
        if keychain is not Keychain.READY:
            return IconText(icon=Icon.UNKNOWN, text=words("credentials.not_known"))
        return IconText(
            icon=Icon.ATTENTION, text=words("credentials.not_stored"), role=Role.WARNING
        )

    def _proposal(self, credential: CredentialState) -> Proposal:
        words = self._words
        return Proposal(
            name=row_id(credential.server, credential.name),
            strong=words("credentials.proposal", name=credential.name, server=credential.server),
            rest=words(
                "credentials.proposal_replaces"
                if credential.stored
                else "credentials.proposal_rest"
            ),
            accept=words("credentials.accept"),
            drop=words("credentials.drop"),
        )

    def _notice(self, keychain: Keychain) -> Notice | None:
        if keychain not in _NOTICES:
            return None
        strong, rest = _NOTICES[keychain]
        return Notice(strong=self._words(strong), rest=self._words(rest), role=Role.WARNING)
