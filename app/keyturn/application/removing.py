"""Removes a server with all that was agreed to of it, but for its pins.

Whatever takes its name afterwards is another server: its command is asked about again, and none of
its values is one that the removed server had.
"""

from keyturn.application.ports.sign_in_desk import SignInDesk
from keyturn.application.registry import Registry
from keyturn.application.reviews import Reviews
from keyturn.domain.configuration import ServerConfig
from keyturn.domain.errors import SecretStoreUnavailable


async def remove_server(
    registry: Registry, reviews: Reviews, sign_ins: SignInDesk, name: str
) -> None:
    """Remove a server, its consents and its keychain entries, which are of no other server.

    Raises SecretStoreUnavailable when the keychain kept its entries; the server is gone then.
    """
    server = next((server for server in registry.servers if server.name == name), None)
    if server is None:
        return
    # First, so that a broker which ends in between leaves no entry behind that nobody names.
    failed = await registry.drop_credentials(server)
    await registry.remove_server(name)
    reviews.removed(name)
    try:
        await sign_out_of(sign_ins, server)
    except SecretStoreUnavailable as error:
        failed = error
    if failed is not None:
        raise SecretStoreUnavailable(
            f"{name} is removed, but some of its entries are still in the keychain.",
            cause=failed.cause,
            mend=f"Remove them in the system's own keychain; their names begin with {name}/.",
        ) from failed


async def sign_out_of(sign_ins: SignInDesk, server: ServerConfig) -> None:
    """Forget its tokens; where nobody signed in, a keychain that is not there keeps none."""
    if not server.url:
        return
    signed_in = sign_ins.state_of(server).signed_in
    try:
        await sign_ins.sign_out(server)
    except SecretStoreUnavailable:
        if signed_in:
            raise
