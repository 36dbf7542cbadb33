"""Owns how a broker signs in to its servers; loaded when the first of them is asked over HTTP."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from keyturn.application.alerts import Alert
from keyturn.application.known_secrets import KnownSecrets
from keyturn.application.ports.secret_store import SecretStore
from keyturn.application.ports.sign_in_desk import SignInState
from keyturn.application.ports.url_opener import UrlOpener
from keyturn.desktop.browser import DesktopBrowser
from keyturn.desktop.hardening import clean_environment
from keyturn.desktop.sign_in_program import SignInProgram
from keyturn.domain.configuration import ServerConfig
from keyturn.domain.errors import ConfigurationError, filled
from keyturn.presentation.words import Words

if TYPE_CHECKING:
    from keyturn.broker.oauth_sign_in import SignIns


class SignInsOnDemand:
    """Makes the sign-ins of a broker when the first of its servers is asked.

    Implements the sign-in desk of the use cases.
    """

    def __init__(
        self,
        secrets: SecretStore,
        known: KnownSecrets,
        words: Words,
        env: Mapping[str, str],
        changed: Callable[[], None],
        stopped: Callable[[], bool],
        alert: Callable[[Alert], None] = lambda _alert: None,
    ) -> None:
        self._alert = alert
        self._changed = changed
        self._stopped = stopped
        self._secrets = secrets
        self._known = known
        self._words = words
        self._env = clean_environment(env)
        self._made: SignIns | None = None

    def __call__(self) -> "SignIns":
        """Return them."""
        if self._made is None:
            self._made = self._make()
        return self._made

    def state_of(self, server: ServerConfig) -> SignInState:
        """Return how a server stands, as far as it was asked."""
        return SignInState() if self._made is None else self._made.state_of(server)

    async def sign_in(self, server: ServerConfig) -> None:
        """Open the person's browser, who asked for it; raises ConfigurationError where none may."""
        sign_in = self().of(server)
        if sign_in is None:
            raise ConfigurationError(
                filled("The headers of {name} say who asks already.", name=server.name)
            )
        await sign_in.sign_in(DesktopBrowser(env=self._env))

    async def sign_out(self, server: ServerConfig) -> None:
        """Forget the tokens; raises SecretStoreUnavailable where the keychain keeps them."""
        sign_in = self().of(server)
        if sign_in is not None:
            await sign_in.sign_out()

    def stop_engaged(self) -> None:
        """Give up every sign-in that waits for a person."""
        if self._made is not None:
            self._made.stop_engaged()

    async def close(self) -> None:
        """Give up every sign-in that runs."""
        if self._made is not None:
            await self._made.close()

    def _make(self) -> "SignIns":
        from keyturn.broker.oauth_redirect import RedirectTexts
        from keyturn.broker.oauth_sign_in import SignInMeans, SignIns
        from keyturn.broker.oauth_tokens import TokenStore

        return SignIns(
            SignInMeans(
                secrets=self._secrets,
                tokens=TokenStore(self._secrets, self._known),
                opener_of=program_of_file(self._env),
                changed=self._changed,
                stopped=self._stopped,
                alert=self._alert,
                texts=RedirectTexts(
                    done=self._words("sign_in.done"), failed=self._words("sign_in.failed")
                ),
            )
        )


def program_of_file(env: Mapping[str, str]) -> Callable[[ServerConfig], UrlOpener | None]:
    """Return what gives the operator's program of a server; only a FILE names any."""

    def opener_of(server: ServerConfig) -> UrlOpener | None:
        if server.oauth is None or not server.oauth.sign_in:
            return None
        return SignInProgram(command=server.oauth.sign_in, cwd=server.cwd_path, env=env)

    return opener_of
