"""One tool call as it is judged, and the digest that ties the approval to what is sent (law 2)."""

from dataclasses import dataclass, field, replace
from functools import lru_cache

from keyturn.domain.canonical import JsonObject, canonical, digest_of

RECEIPT_KEY = "app.keyturn/receipt"
"""Our own `_meta` key; inbound keys of this prefix are stripped."""
OWN_META_PREFIX = "app.keyturn/"
_UNBOUND_META = frozenset({"progressToken", "traceparent", "tracestate"})
_UNBOUND_META_PREFIXES = ("io.modelcontextprotocol/", OWN_META_PREFIX)
_CONTINUATION_KEYS = frozenset({"inputResponses", "requestState"})
_PLAIN_PARAMS = frozenset({"name", "arguments", "_meta"})
_OWN_PARAMS = _PLAIN_PARAMS | _CONTINUATION_KEYS


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCall:
    """A `tools/call` with everything that an approval of it binds."""

    agent: str
    session: str
    server: str
    launch_hash: str
    tool: str
    def_hash: str
    params: JsonObject = field(hash=False)
    """The decoded params, whole; the frame that is sent is encoded from this very object."""

    @property
    def arguments(self) -> JsonObject:
        """The tool's arguments; an absent member reads as an empty object."""
        arguments = self.params.get("arguments")
        return arguments if isinstance(arguments, dict) else {}

    def bound_meta(self) -> JsonObject:
        """Return the part of `_meta` that an approval binds and the Raw tab shows."""
        meta = self.params.get("_meta")
        if not isinstance(meta, dict):
            return {}
        return {
            key: value
            for key, value in meta.items()
            if key not in _UNBOUND_META and not key.startswith(_UNBOUND_META_PREFIXES)
        }

    def other_params(self) -> JsonObject:
        """Return the params beside name, arguments and `_meta`, which go to the server too."""
        return {k: v for k, v in self.params.items() if k not in _PLAIN_PARAMS}

    def beside_arguments(self) -> JsonObject:
        """Return all that an approval binds beside the arguments, as the Raw tab shows it.

        The bound part of `_meta` alone where there is nothing else.
        """
        meta, others = self.bound_meta(), self.other_params()
        if not isinstance(self.params.get("_meta", {}), dict):
            others["_meta"] = self.params["_meta"]
        elif others and meta:
            others["_meta"] = meta
        return others or meta

    def digest(self) -> str:
        """Compute the digest anew from the object as it is now (architecture.md law 2)."""
        other: JsonObject = {k: v for k, v in self.params.items() if k not in _OWN_PARAMS}
        # All of what is sent is bound, also where it is not what the protocol asks for.
        if self.params.get("name", self.tool) != self.tool:
            other["name"] = self.params["name"]
        meta = self.params.get("_meta", {})
        bound = self.bound_meta() if isinstance(meta, dict) else meta
        if bound != {}:
            other["_meta"] = bound
        # One canonical object, its members in order; what calls of one tool share is kept.
        head, definition, launch, tail = _shared(
            self.agent, self.session, self.server, self.launch_hash, self.tool, self.def_hash
        )
        parts = (
            head,
            canonical(self.params.get("arguments", {})),
            definition,
            self._hash_of("inputResponses"),
            launch,
            canonical(other) if other else b"{}",
            b',"requestState_hash":',
            self._hash_of("requestState"),
            tail,
        )
        return digest_of(b"".join(parts))

    def digest_of_first(self) -> str:
        """Return the digest of the call that this one repeats with more input, or its own."""
        first = {k: v for k, v in self.params.items() if k not in _CONTINUATION_KEYS}
        return replace(self, params=first).digest()

    def _hash_of(self, member: str) -> bytes:
        if member not in self.params:
            return b"null"
        return b'"%b"' % digest_of(canonical(self.params[member])).encode()


@lru_cache(maxsize=1024)
def _shared(
    agent: str, session: str, server: str, launch_hash: str, tool: str, def_hash: str
) -> tuple[bytes, bytes, bytes, bytes]:
    """Encode the members of the preimage that do not change, up to the next one that does."""
    return (
        b'{"agent":%b,"arguments":' % canonical(agent),
        b',"def_hash":%b,"inputResponses_hash":' % canonical(def_hash),
        b',"launch_hash":%b,"params":' % canonical(launch_hash),
        b',"server":%b,"session":%b,"tool":%b,"v":1}'
        % (canonical(server), canonical(session), canonical(tool)),
    )


def without_own_meta(params: JsonObject) -> JsonObject:
    """Drop `_meta` members in our own name: only Keyturn may put a receipt on a call."""
    meta = params.get("_meta")
    if not isinstance(meta, dict) or not any(key.startswith(OWN_META_PREFIX) for key in meta):
        return params
    kept: JsonObject = {k: v for k, v in meta.items() if not k.startswith(OWN_META_PREFIX)}
    return {**params, "_meta": kept}
