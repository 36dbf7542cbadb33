"""Records of the decision log: their canonical bytes, the chain that links them, and commitments.

    leaf_i  = SHA-256(0x00 || record_bytes_i)
    chain_i = SHA-256(0x02 || chain_{i-1} || leaf_i)

0x01 stays reserved for the nodes of an RFC 6962 tree over the same leaves (security.md section 3).
A record never holds an argument value: `args` maps a path to a salted commitment, and the value
and its salt live in a side table that can be pruned without breaking the chain.
"""

import hashlib
from enum import StrEnum

import msgspec

from keyturn.domain.canonical import JsonObject, JsonValue, canonical
from keyturn.domain.decision import Actor

GENESIS = bytes(32)
"""The chain value before the first record."""
RECORD_VERSION = 1
SALT_BYTES = 16
RESUMED_CAREFULLY = "careful"
"""Outcome of a resume that leaves the rules suspended."""
RULES_USED = "used"
"""Outcome of the rules' record that ends their suspension."""
RULES_STAY = "stay_suspended"
"""Outcome of the rules' record that says their suspension again, before its own record goes."""
PAUSED, UNPAUSED = "paused", "unpaused"
"""Outcomes of an agent's records: a person paused it, and let it go on."""
WEAKENED, NOT_WEAKENED = "weakened", "not_weakened"
"""Of records of settings: something protects less from now on; that was wanted, and failed."""
PROVEN = "proven"
"""In the details of these: false for all agents together that proved no name."""
SINCE = "since"
"""In the details of a pause or a stop that is said again: since when it holds."""


class RecordType(StrEnum):
    """What a record speaks of."""

    DECISION = "decision"
    DELIVERY = "delivery"
    DETACHED = "detached"
    EDITED = "edited"
    """A person changed the arguments of a call; here stands what its agent asked for."""
    PASSED = "passed"
    """A method that is carried but not yet judged (resources, prompts, sampling, ...)."""
    TYPED = "typed"
    """A text that is said to have been typed was looked at; nothing of it is recorded."""
    STOP = "stop"
    RESUME = "resume"
    RULE = "rule"
    REVIEW = "review"
    SERVER = "server"
    AGENT = "agent"
    CREDENTIAL = "credential"
    SETTING = "setting"
    SEAL = "seal"
    """Agreements were sealed, or found not to be as they were sealed."""
    ACCESS = "access"
    """A person looked at something that gives access, and let it stand."""
    BROKER = "broker"
    CONSOLE = "console"


class Durability(StrEnum):
    """How a record must be committed before its effect (architecture.md law 1)."""

    FULL = "full"
    """fsynced."""
    WRITTEN = "written"
    """Written to the WAL: survives a crash of the process, not a power cut."""


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """What the writer is asked to record; sequence, time and chain are its own to add."""

    type: RecordType
    call: str = ""
    """Id that links the records of one call."""
    session: str = ""
    agent: str = ""
    agent_peer: JsonObject = msgspec.field(default_factory=dict)
    """What was observed of the agent's process: pid, executable."""
    server: str = ""
    def_hash: str = ""
    tool: str = ""
    call_digest: str = ""
    provenance: tuple[JsonObject, ...] = ()
    """Places, never values: path, result, tool, offset."""
    taint: str = ""
    """Letters of the lit lamps."""
    policy: JsonObject = msgspec.field(default_factory=dict)
    """hash of the rule set, rule_id, because."""
    verdict: str = ""
    outcome: str = ""
    """An Outcome of a decision, a Delivery of a delivery, the event's own word otherwise."""
    actor: Actor = Actor.KEYTURN
    shown_ms: int = 0
    prompt_hash: str = ""
    """SHA-256 of the text that the approver was shown."""
    tier: str = ""
    details: JsonObject = msgspec.field(default_factory=dict)
    """Small facts of an event, names only, never values of arguments or secrets."""
    arguments: bytes = b""
    """Canonical arguments for the side table; masked by the caller where a detector matched.

    Of a delivery: all text of a result that was cut, without secrets.
    """
    masked: bool = False
    """`arguments` is not what was committed to, because secrets were masked in it."""
    committed: bytes = b""
    """Canonical arguments as sent; only their salted commitment is recorded."""

    def with_detail(self, name: str, value: JsonValue) -> "Entry":
        """Return the same entry with one more detail."""
        return msgspec.structs.replace(self, details={**self.details, name: value})


class Stamp(msgspec.Struct, frozen=True, kw_only=True):
    """What the writer adds to an entry."""

    seq: int
    ts_utc: str
    mono_ns: int
    boot_id: str
    install_id: str
    salt: bytes
    prev: bytes


def record_bytes(entry: Entry, stamp: Stamp) -> bytes:
    """Return the canonical bytes of record v1; the reserved fields are always present."""
    args: JsonObject = {}
    if entry.committed:
        args[""] = commitment(stamp.salt, "", entry.committed).hex()
    body: JsonObject = {
        "v": RECORD_VERSION,
        "seq": stamp.seq,
        "ts_utc": stamp.ts_utc,
        "mono_ns": str(stamp.mono_ns),
        "boot_id": stamp.boot_id,
        "install_id": stamp.install_id,
        "type": entry.type.value,
        "call": entry.call,
        "session": entry.session,
        "agent": {"id": entry.agent, "peer": entry.agent_peer},
        "server": {"id": entry.server, "def_hash": entry.def_hash},
        "tool": entry.tool,
        "tier": entry.tier,
        "call_digest": entry.call_digest,
        "args": args,
        "provenance": list(entry.provenance),
        "taint": entry.taint,
        "policy": entry.policy,
        "verdict": entry.verdict,
        "outcome": entry.outcome,
        "actor": entry.actor.value,
        "shown_ms": entry.shown_ms,
        "prompt_hash": entry.prompt_hash,
        "details": entry.details,
        "prev": stamp.prev.hex(),
    }
    return canonical(body)


def commitment(salt: bytes, path: str, canonical_value: bytes) -> bytes:
    """Commit to one value: SHA-256(salt || path || JCS(value)) (security.md section 3)."""
    return hashlib.sha256(salt + path.encode() + canonical_value).digest()


def leaf_hash(record: bytes) -> bytes:
    """Hash a record's bytes as a leaf."""
    return hashlib.sha256(b"\x00" + record).digest()


def chain_hash(previous: bytes, leaf: bytes) -> bytes:
    """Link a leaf to everything before it."""
    return hashlib.sha256(b"\x02" + previous + leaf).digest()
