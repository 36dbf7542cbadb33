"""Says in words what a tool definition takes and claims; the definition itself stands beside it.

All of it is the server's: names are given as they are, claims in quotation marks.
"""

from collections.abc import Iterator

from keyturn.domain.canonical import JsonObject, JsonValue
from keyturn.domain.definition import Said
from keyturn.presentation.claims import hints_of
from keyturn.presentation.marks import Icon, Role
from keyturn.presentation.servers import ChangeLine
from keyturn.presentation.words import Words

_TYPE_KEYS = {
    "string": "phrases.type_string",
    "number": "phrases.type_number",
    "integer": "phrases.type_integer",
    "boolean": "phrases.type_boolean",
    "array": "phrases.type_array",
    "object": "phrases.type_object",
}


def definition_facts(
    definition: JsonObject, words: Words, *, said: Said | None = None
) -> tuple[ChangeLine, ...]:
    """Return one line for each argument, and one for what the server claims."""
    if said is not None:
        return tuple(_plain(text) for text in _said_facts(definition, said, words))
    return tuple(_facts(definition, words))


def arguments_text(definition: JsonObject, words: Words, *, said: Said | None = None) -> str:
    """Say in one line what all its arguments are, or that there is none."""
    if said is not None:
        return ", ".join(_said_facts(definition, said, words))
    told = [
        words(
            "servers.argument",
            name=name,
            type=type_words(schema, words),
            need=_need(definition, name, words),
        )
        for name, schema in argument_schemas(definition).items()
    ]
    if not told:
        return words("servers.takes_nothing")
    return words("servers.takes_all", arguments=", ".join(told))


def argument_schemas(definition: JsonObject) -> JsonObject:
    """Return the schemas of the arguments by name; empty for a schema that names none."""
    schema = definition.get("inputSchema")
    properties = schema.get("properties") if isinstance(schema, dict) else None
    return properties if isinstance(properties, dict) else {}


def required_names(definition: JsonObject) -> set[str]:
    """Return the names of the arguments that must be given."""
    schema = definition.get("inputSchema")
    required = schema.get("required") if isinstance(schema, dict) else None
    names = required if isinstance(required, list) else []
    return {name for name in names if isinstance(name, str)}


def type_words(schema: JsonValue, words: Words) -> str:
    """Return a schema's type in words."""
    kind = schema.get("type") if isinstance(schema, dict) else None
    return words(_TYPE_KEYS.get(kind if isinstance(kind, str) else "", "phrases.type_any"))


def _said_facts(definition: JsonObject, said: Said, words: Words) -> Iterator[str]:
    """Say what is telling of what is no tool."""
    if said is Said.INSTRUCTIONS:
        yield words("servers.instructs")
        return
    if said is Said.TEMPLATE:
        yield words("servers.fits", template=definition.get("uriTemplate"))
        return
    arguments = definition.get("arguments")
    for argument in arguments if isinstance(arguments, list) else []:
        if isinstance(argument, dict):
            need = "phrases.required" if argument.get("required") is True else "phrases.optional"
            yield words("servers.takes_said", name=argument.get("name"), need=words(need))
    if not arguments:
        yield words("servers.takes_nothing")


def _plain(text: str) -> ChangeLine:
    return ChangeLine(icon=Icon.ADDED, role=Role.NEUTRAL, text=text, place="")


def _facts(definition: JsonObject, words: Words) -> Iterator[ChangeLine]:
    schemas = argument_schemas(definition)
    for name, schema in schemas.items():
        text = words(
            "servers.takes",
            name=name,
            type=type_words(schema, words),
            need=_need(definition, name, words),
        )
        yield ChangeLine(icon=Icon.ADDED, role=Role.NEUTRAL, text=text, place="")
    if not schemas:
        text = words("servers.takes_nothing")
        yield ChangeLine(icon=Icon.NOBODY, role=Role.NEUTRAL, text=text, place="")
    hints = hints_of(definition, words)
    text = words("servers.claims", claims=", ".join(hints)) if hints else words("servers.no_claims")
    yield ChangeLine(icon=Icon.CLAIMED, role=Role.NEUTRAL, text=text, place="")


def _need(definition: JsonObject, name: str, words: Words) -> str:
    required = name in required_names(definition)
    return words("phrases.required" if required else "phrases.optional")
