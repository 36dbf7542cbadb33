"""Builds what is known of a server beside its tools: what it is given, where it runs."""

from collections.abc import Iterable
from datetime import datetime

from keyturn.application.console_state import ServerState
from keyturn.domain.canonical import JsonObject
from keyturn.domain.configuration import KEYCHAIN_PREFIX, RemoteTransport
from keyturn.presentation.card import Pair
from keyturn.presentation.environments import proposals_text
from keyturn.presentation.findings import command_pairs
from keyturn.presentation.launch_facts import launch_claims, launch_facts
from keyturn.presentation.marks import Icon, Role
from keyturn.presentation.relative_time import moment_text
from keyturn.presentation.servers import Notice
from keyturn.presentation.visible_text import shown_line
from keyturn.presentation.words import Words

_LONGEST_HOST = 253
_LONGEST_CLIENT = 120
_TRANSPORTS = {
    RemoteTransport.HTTP.value: "servers.transport_http",
    RemoteTransport.SSE.value: "servers.transport_sse",
}


def values_of(state: ServerState, words: Words) -> tuple[Pair, ...]:
    """Return its environment or its headers: of a proposal every value, later names.

    What a variable would do is in its value: a proposal that hid it would ask for trust. Later it
    may be private.
    """
    pairs: list[Pair] = []
    for name, value in sorted(_given(state).items()):
        if value.startswith(KEYCHAIN_PREFIX):
            entry = value.removeprefix(KEYCHAIN_PREFIX)
            pairs.append(Pair(key=name, value=words("servers.from_keychain", name=entry)))
        elif state.confirmed:
            pairs.append(Pair(key=name, value=words("servers.value_set")))
        else:
            pairs.append(Pair(key=name, value=value, exact=True))
    return tuple(pairs)


def keychain_names(state: ServerState) -> list[str]:
    """Return the keychain entries that it is given."""
    return [
        value.removeprefix(KEYCHAIN_PREFIX)
        for _name, value in sorted(_given(state).items())
        if value.startswith(KEYCHAIN_PREFIX)
    ]


def facts_of(
    state: ServerState, launch: JsonObject, logs: str, now: datetime, words: Words
) -> Iterable[Pair]:
    """Return the facts; `launch` is the subject that was agreed to, or waits for it."""
    yield from command_pairs(state.noticed, words)
    if state.url:
        key = _TRANSPORTS.get(state.transport, "servers.transport_http")
        yield Pair(key=words("servers.transport"), value=words(key))
    else:
        executable, sha256 = launch.get("executable"), launch.get("sha256")
        yield _exact(words("servers.executable"), executable, words("servers.not_known"))
        yield _exact(words("servers.sha256"), sha256, words("servers.not_known"))
    yield from launch_facts(launch, words)
    yield from launch_claims(launch, words)
    if isinstance(launch.get("cwd"), str):
        yield _exact(words("servers.folder"), launch.get("cwd"), "")
    label = state.environment or words("servers.no_environment")
    proposals = proposals_text(state.proposed_environments, words)
    if proposals and not state.environment:
        label = words("environments.fact", label=label, proposals=proposals)
    yield Pair(key=words("servers.environment"), value=label)
    if state.agreed_at:
        value = when_text(state.agreed_at, now, words)
        yield Pair(key=words("servers.agreed"), value=value)
    if state.signed_in:
        yield Pair(key=words("servers.signed_in_at"), value=_signed_in(state, now, words))
    counted = "servers.connections" if state.url else "servers.processes"
    yield Pair(key=words("servers.running"), value=words(counted, n=state.running))
    if logs and not state.url:
        yield Pair(key=words("servers.log"), value=f"{logs}/{state.name}.log", exact=True)


def sign_in_notice(state: ServerState, words: Words) -> Notice:
    """Return what says that a person has to sign in; the host stands there as it was said."""
    host = shown_line(state.sign_in_at, words, most=_LONGEST_HOST)
    if state.signing_in:
        strong, rest = (
            words("servers.notice_signing_in", host=host),
            "servers.notice_signing_in_rest",
        )
    elif state.sign_in_failed:
        strong, rest = words("servers.notice_not_signed_in"), "servers.notice_not_signed_in_rest"
    else:
        strong, rest = words("servers.notice_sign_in", host=host), "servers.notice_sign_in_rest"
        if state.signed_in:
            rest = "servers.notice_sign_in_more"
    return Notice(
        role=Role.WARNING,
        icon=Icon.ATTENTION,
        strong=strong,
        rest=words(rest),
        action=words("servers.sign_in"),
        signs_in=True,
    )


def _signed_in(state: ServerState, now: datetime, words: Words) -> str:
    """Say where, as whom and since when; host and client stand there as they were said."""
    said = shown_line(state.signed_in_at, words, most=_LONGEST_HOST)
    if state.signed_in_as:
        client = shown_line(state.signed_in_as, words, most=_LONGEST_CLIENT)
        said = words("servers.signed_in_as", host=said, client=client)
    if state.signed_in_since:
        since = when_text(state.signed_in_since, now, words)
        said = words("servers.signed_in_since", where=said, when=since)
    return said


def proposal_of(state: ServerState) -> JsonObject:
    """Return what a confirmation is bound to: another proposal is another object."""
    return {
        "command": list(state.command),
        "env": dict(state.env_values),
        "url": state.url,
        "transport": state.transport,
        "headers": dict(state.headers),
        "environment": state.environment,
        "name": state.name,
        "confirmed": state.confirmed,
        "removal": state.removal_proposed,
    }


def when_text(utc: str, now: datetime, words: Words) -> str:
    """Return a moment of the broker's as the reader says it; as it came when it is no moment."""
    try:
        then = datetime.fromisoformat(utc).astimezone(now.tzinfo)
    except ValueError:
        return utc
    # No age: nothing here goes on by itself.
    return moment_text(then, words)


def _given(state: ServerState) -> dict[str, str]:
    return state.headers if state.url else state.env_values


def _exact(key: str, value: object, unknown: str) -> Pair:
    if isinstance(value, str) and value:
        return Pair(key=key, value=value, exact=True)
    return Pair(key=key, value=unknown)
