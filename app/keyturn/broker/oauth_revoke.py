"""Owns how tokens that nobody wants any more are given back (RFC 7009), as far as that goes."""

import httpx2

from keyturn.broker.oauth_flow import Run, known_client, provider_of
from keyturn.broker.oauth_http import SignInClient, Unreachable
from keyturn.broker.oauth_words import NoSignIn

_FORM = "application/x-www-form-urlencoded"


async def revoke(run: Run, client: SignInClient) -> bool:
    """Have the authorization server take a run's tokens no more; False where it has no place.

    The refresh token goes first: with it most servers end all that came of it. What is answered
    changes nothing. Raises NoSignIn where it could not be asked.
    """
    tokens = run.tokens
    place = tokens.issuer.get("revocation_endpoint") if tokens is not None else None
    if tokens is None or not isinstance(place, str):
        return False
    try:
        for kind, token in (("refresh_token", tokens.refresh), ("access_token", tokens.access)):
            if token:
                await client.fetch(_request(run, client, place, kind, token))
    except Unreachable as error:
        raise NoSignIn(str(error)) from None
    except (httpx2.HTTPError, httpx2.InvalidURL, ValueError, TimeoutError) as error:
        raise NoSignIn(type(error).__name__) from None
    return True


def _request(run: Run, client: SignInClient, place: str, kind: str, token: str) -> httpx2.Request:
    context = provider_of(run, client, None).context
    known = known_client(run)
    context.client_info = known
    said = {"token": token, "token_type_hint": kind}
    if known is not None:
        said["client_id"] = known.client_id
    form, headers = context.prepare_token_auth(said, {"content-type": _FORM})
    return httpx2.Request("POST", place, data=form, headers=headers)
