"""One judged call, and the digest that ties the approval to what is sent (law 2).

Most are of a tool. What else a client asks for is judged as one whose tool is what it names, and
whose arguments are all of its params but `_meta`.
"""

from functools import lru_cache
from hashlib import sha256

import msgspec

from keyturn.domain.canonical import JsonObject, canonical, digest_of
from keyturn.domain.client_request import TOOLS_CALL, looked_at
from keyturn.domain.sealed import SealedParams

RECEIPT_KEY = "app.keyturn/receipt"
"""Our own `_meta` key; inbound keys of this prefix are stripped."""
OWN_META_PREFIX = "app.keyturn/"
_UNBOUND_META = frozenset({"progressToken", "traceparent", "tracestate"})
_UNBOUND_META_PREFIXES = ("io.modelcontextprotocol/", OWN_META_PREFIX)
_CONTINUATION_KEYS = frozenset({"inputResponses", "requestState"})
_PLAIN_PARAMS = frozenset({"name", "arguments"})
_OWN_PARAMS = frozenset({"name", "arguments", "_meta"}) | _CONTINUATION_KEYS


class ToolCall(msgspec.Struct, frozen=True, kw_only=True):
    """A `tools/call`, or another judged request, with everything that an approval of it binds."""

    agent: str
    session: str
    server: str
    launch_hash: str
    tool: str
    """Or the URI, the prompt, what is completed, the method of a task."""
    def_hash: str
    """Empty for what has no definition."""
    params: JsonObject
    """The decoded params, whole; the frame that is sent is encoded from this very object."""
    method: str = TOOLS_CALL

    @property
    def is_of_tool(self) -> bool:
        """Tell whether it calls a tool, whose definition a person pinned."""
        return self.method == TOOLS_CALL

    @property
    def arguments(self) -> JsonObject:
        """The tool's arguments, an absent member as an empty object; else what is asked, whole."""
        if not self.is_of_tool:
            return {key: value for key, value in self.params.items() if key != "_meta"}
        arguments = self.params.get("arguments")
        return arguments if isinstance(arguments, dict) else {}

    @property
    def sealed(self) -> SealedParams | None:
        """Its params where they came with their canonical bytes."""
        return self.params if isinstance(self.params, SealedParams) and self.is_of_tool else None

    def canonical_arguments(self) -> bytes:
        """Return the arguments as canonical bytes."""
        return self.sealed.arguments if self.sealed is not None else canonical(self.arguments)

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
        """Return the params that the method is not known by, which go to the server too."""
        known = looked_at(self.method)
        if self.params.keys() <= known:
            return {}
        return {k: v for k, v in self.params.items() if k not in known and k != "_meta"}

    def beside_arguments(self) -> JsonObject:
        """Return all that an approval binds beside the arguments, as the Raw tab shows it.

        The bound part of `_meta` alone where there is nothing else.
        """
        meta, others = self.bound_meta(), self.other_params() if self.is_of_tool else {}
        if not isinstance(self.params.get("_meta", {}), dict):
            others["_meta"] = self.params["_meta"]
        elif others and meta:
            others["_meta"] = meta
        return others or meta

    def digest(self, arguments: bytes | None = None) -> str:
        """Compute the digest anew from the object as it is now (architecture.md law 2).

        `arguments` are its canonical ones, where they were made in this very step.
        """
        other = self._other_bound()
        # One canonical object, its members in order; what calls of one tool share is kept.
        head, definition, launch, tail = _shared(
            *(self.agent, self.session, self.server, self.launch_hash),
            *(self.tool, self.def_hash, self.method),
        )
        parts = (
            head,
            self._digested_arguments() if arguments is None or self.sealed else arguments,
            definition,
            self._hash_of("inputResponses"),
            launch,
            canonical(other) if other else b"{}",
            b',"requestState_hash":',
            self._hash_of("requestState"),
            tail,
        )
        if self.sealed is None:
            return digest_of(b"".join(parts))
        hashed = sha256()
        for part in parts:
            # The bytes where they are: a thread that hashes many of them holds nobody up.
            hashed.update(part)
        return hashed.hexdigest()

    def with_params(self, params: JsonObject) -> "ToolCall":
        """Return the same call with other params."""
        return msgspec.structs.replace(self, params=params)

    def digest_of_first(self) -> str:
        """Return the digest of the call that this one repeats with more input, or its own."""
        sealed = self.sealed
        if sealed is not None and sealed.first:
            return sealed.first
        first = {k: v for k, v in self.params.items() if k not in _CONTINUATION_KEYS}
        return self.with_params(first).digest(None if sealed is None else sealed.arguments)

    def hash_large(self) -> str:
        """Return its digest; of a large call its text is kept, and the digest that it repeats.

        It takes its time, so that it is for a thread.
        """
        digest, sealed = self.digest(), self.sealed
        if sealed is not None:
            sealed.decode()
            repeats = not _CONTINUATION_KEYS.isdisjoint(sealed)
            sealed.first = self.digest_of_first() if repeats else digest
        return digest

    def _other_bound(self) -> JsonObject:
        """Return what is bound beside names and arguments: all of what is sent, whatever it is."""
        params = self.params
        other: JsonObject = {}
        if self.is_of_tool:
            if params.get("name", self.tool) != self.tool:
                other["name"] = params["name"]
            if params.keys() <= _PLAIN_PARAMS:
                return other
            other |= {k: v for k, v in params.items() if k not in _OWN_PARAMS}
        meta = params.get("_meta", {})
        bound = self.bound_meta() if isinstance(meta, dict) else meta
        if bound != {}:
            other["_meta"] = bound
        return other

    def _digested_arguments(self) -> bytes | memoryview:
        sealed = self.sealed
        if sealed is not None:
            return memoryview(sealed.canonical)[sealed.start : sealed.end]
        return canonical(self.params.get("arguments", {}) if self.is_of_tool else self.arguments)

    def _hash_of(self, member: str) -> bytes:
        if member not in self.params:
            return b"null"
        return b'"%b"' % digest_of(canonical(self.params[member])).encode()


@lru_cache(maxsize=1024)
def _shared(
    agent: str,
    session: str,
    server: str,
    launch_hash: str,
    tool: str,
    def_hash: str,
    method: str,
) -> tuple[bytes, bytes, bytes, bytes]:
    """Encode the members of the preimage that do not change, up to the next one that does."""
    # The preimage of a tool's call has no method, so that no other request is ever mistaken for it.
    of_method = b"" if method == TOOLS_CALL else b',"method":%b' % canonical(method)
    return (
        b'{"agent":%b,"arguments":' % canonical(agent),
        b',"def_hash":%b,"inputResponses_hash":' % canonical(def_hash),
        b',"launch_hash":%b%b,"params":' % (canonical(launch_hash), of_method),
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
