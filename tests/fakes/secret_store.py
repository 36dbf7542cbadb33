"""A keychain in memory that a test can lock and take away, and the search for what it holds."""

from dataclasses import dataclass, field

from keyturn.application.known_secrets import KnownSecrets
from keyturn.application.ports.secret_store import Secret
from keyturn.application.secret_search import SecretSearch
from keyturn.domain.errors import SecretStoreUnavailable
from keyturn.inspection.secret_places import DetectedPlaces


@dataclass(slots=True)
class FakeSecretStore:
    """Implements the port; `state` is what `status` says, and all but `ready` refuses."""

    state: str = "ready"
    secrets: dict[tuple[str, str], Secret] = field(default_factory=dict[tuple[str, str], Secret])
    """By (server, name)."""

    async def get(self, server: str, name: str) -> Secret | None:
        self._refuse_unless_ready()
        return self.secrets.get((server, name))

    async def put(self, server: str, name: str, secret: Secret) -> None:
        self._refuse_unless_ready()
        self.secrets[server, name] = secret

    async def delete(self, server: str, name: str) -> bool:
        self._refuse_unless_ready()
        return self.secrets.pop((server, name), None) is not None

    async def status(self) -> str:
        return self.state

    def _refuse_unless_ready(self) -> None:
        if self.state != "ready":
            raise SecretStoreUnavailable(
                f"The keychain is {self.state}.",
                cause="The test says so.",
                mend="Unlock the keychain and try again.",
            )


def search_of(known: KnownSecrets) -> SecretSearch:
    """Return the search of a broker that knows these credentials."""
    return SecretSearch(DetectedPlaces(), known)
