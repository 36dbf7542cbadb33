"""What a server asks of an agent's side: which rules speak of it, and how far it reaches.

Sampling has the agent's model think for the server, elicitation asks a person at the agent's side
for values, roots tell folders (MCP, client features).
"""

from collections.abc import Mapping
from types import MappingProxyType

from keyturn.domain.canonical import JsonObject, JsonValue
from keyturn.domain.rule import Kind
from keyturn.domain.tier import Tier

KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        "sampling/createMessage": Kind.SAMPLING,
        "elicitation/create": Kind.ELICITATION,
        "roots/list": Kind.ROOTS,
    }
)
_CREDENTIALS = (
    *("password", "passwd", "passphrase", "secret", "token", "api_key", "apikey", "api-key"),
    *("credential", "private_key", "pin_code", "cvv", "ssn", "otp"),
)


def tier_of(kind: Kind, params: JsonObject) -> Tier:
    """Return the tier of a server's request; T3, which no rule allows, where it wants a secret.

    A field that is called like a secret, or asked for as a password, is taken for one: servers
    must not ask for secrets in a form (MCP, elicitation, "Security considerations").
    """
    if kind is Kind.ROOTS:
        return Tier.T1
    if kind is Kind.ELICITATION and wants_a_secret(params):
        return Tier.T3
    return Tier.T2


def wants_a_secret(params: JsonObject) -> bool:
    """Tell whether a form has a field that looks like a credential's."""
    schema = params.get("requestedSchema")
    properties = schema.get("properties") if isinstance(schema, dict) else None
    if not isinstance(properties, dict):
        return False
    return any(_names_one(name, field) for name, field in properties.items())


def _names_one(name: str, field: JsonValue) -> bool:
    said = [name]
    if isinstance(field, dict):
        said += [str(field.get(key, "")) for key in ("title", "description", "format")]
    text = " ".join(said).lower().replace(" ", "_")
    return any(word in text for word in _CREDENTIALS)
