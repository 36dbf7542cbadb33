"""Removes a server with all that was agreed to of it, but for its pins.

Whatever takes its name afterwards is another server: its command is asked about again, and none of
its values is one that the removed server had.
"""

from keyturn.application.ports.sign_in_desk import SignInDesk
from keyturn.application.registry import Registry
from keyturn.application.reviews import Reviews
from keyturn.domain.configuration import ServerConfig
from keyturn.domain.errors import Said, SecretStoreUnavailable, filled


async def remove_server(
    registry: Registry, reviews: Reviews, sign_ins: SignInDesk, name: str
) -> None:
    """Remove a server, its consents and its keychain entries, which are of no other server.

    Raises SecretStoreUnavailable when the keychain kept its entries; the server is gone then.
    """
    server = next((server for server in registry.servers if server.name == name), None)
    if server is None:
        return
    failed = await registry.remove_server(name)
    reviews.removed(name)
    try:
        await sign_out_of(sign_ins, server)
    except SecretStoreUnavailable as error:
        failed = error
    if failed is not None:
        raise SecretStoreUnavailable(
            filled(
                "{name} is removed, but some of its entries are still in the keychain.", name=name
            ),
            cause=failed.parts[1],
            mend=filled(
                "Remove them in the system's own keychain; their names begin with {name}/.",
                name=name,
            ),
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


async def leave(
    sign_ins: SignInDesk, before: ServerConfig, kept: SecretStoreUnavailable | None
) -> None:
    """Sign out where a server was asked before; it is changed whatever comes of that.

    `kept` says that the keychain kept an entry, too, that the server names no more.
    """
    try:
        await sign_out_of(sign_ins, before)
    except SecretStoreUnavailable as error:
        what, names = Said("the tokens of before", {}), f"{before.name}/oauth"
        if kept is not None:
            what = Said("the tokens of before and what it names no more", {})
            names = f"{before.name}/"
        raise SecretStoreUnavailable(
            filled(
                "{name} is changed, but {what} are still in the keychain.",
                name=before.name,
                what=what,
            ),
            cause=error.parts[1],
            mend=filled(
                "Remove them in the system's own keychain; their names begin with {names}.",
                names=names,
            ),
        ) from error
