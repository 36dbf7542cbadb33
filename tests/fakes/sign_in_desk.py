"""Signing in that only remembers what was wanted of it."""

from dataclasses import dataclass, field

from keyturn.application.ports.sign_in_desk import SignInState
from keyturn.domain.configuration import ServerConfig
from keyturn.domain.errors import SecretStoreUnavailable


@dataclass(slots=True)
class FakeSignInDesk:
    """Implements the port."""

    states: dict[str, SignInState] = field(default_factory=dict[str, SignInState])
    wanted: list[str] = field(default_factory=list[str])
    left: list[str] = field(default_factory=list[str])
    keychain: str = "ready"

    def state_of(self, server: ServerConfig) -> SignInState:
        return self.states.get(server.name, SignInState())

    async def sign_in(self, server: ServerConfig) -> None:
        self.wanted.append(server.name)

    async def sign_out(self, server: ServerConfig) -> None:
        self.left.append(server.name)
        if self.keychain != "ready":
            raise SecretStoreUnavailable(f"The keychain is {self.keychain}.")
