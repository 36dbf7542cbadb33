"""Owns the words for each way to break a schema: from kind and limit, never from the value."""

from collections.abc import Iterator

from jsonschema_rs import ValidationError, ValidationErrorKind

from keyturn.application.ports.inspection import SchemaFault
from keyturn.domain.json_pointer import escaped

_MAX_PATH = 512
"""Characters of a path that are kept: the keys in it come from the agent."""
_ADDITIONAL = "additionalProperties"

_MESSAGES = {
    "additionalItems": "has more than {limit} items",
    "anyOf": "fits none of the allowed forms",
    "const": "is not the one allowed value",
    "contains": "does not hold the items that it must",
    "exclusiveMaximum": "is not less than {limit}",
    "exclusiveMinimum": "is not more than {limit}",
    "falseSchema": "is not allowed here",
    "maxItems": "has more than {limit} items",
    "maxLength": "is longer than {limit} characters",
    "maxProperties": "has more than {limit} members",
    "maximum": "is more than {limit}",
    "minItems": "has fewer than {limit} items",
    "minLength": "is shorter than {limit} characters",
    "minProperties": "has fewer than {limit} members",
    "minimum": "is less than {limit}",
    "multipleOf": "is not a multiple of {multiple_of}",
    "not": "has a form that is ruled out",
    "pattern": "does not match the pattern of the schema",
    "propertyNames": "has a member whose name is not allowed",
    "unevaluatedItems": "has items that the schema does not allow",
    "uniqueItems": "has the same item twice",
}


def faults_of(error: ValidationError) -> Iterator[SchemaFault]:
    """Turn one error of the validator into faults, one for each member it speaks of."""
    place = error.instance_path
    match error.kind:
        case ValidationErrorKind.Required(property=name):
            yield _fault([*place, name], "is missing")
        case (
            ValidationErrorKind.AdditionalProperties(unexpected=names)
            | ValidationErrorKind.UnevaluatedProperties(unexpected=names)
        ):
            for name in names:
                yield _fault([*place, name], "is not in the schema")
        case ValidationErrorKind.FalseSchema() if error.schema_path[-1:] == [_ADDITIONAL]:
            yield _fault(place, "has members that the schema does not allow")
        case kind:
            yield _fault(place, _message(kind))


def _message(kind: ValidationErrorKind) -> str:
    match kind:
        case ValidationErrorKind.Type(types=types):
            return f"is not of type {' or '.join(types)}"
        case ValidationErrorKind.Enum(options=options):
            return f"is none of the {len(options)} allowed values"
        case ValidationErrorKind.OneOfNotValid():
            return "fits none of the forms of which it must fit one"
        case ValidationErrorKind.OneOfMultipleValid():
            return "fits more than one of the forms of which it must fit one"
        case _:
            template = _MESSAGES.get(kind.name, f"breaks `{kind.name}` of the schema")
            return template.format_map(kind.as_dict())


def _fault(place: list[str | int], message: str) -> SchemaFault:
    path = "".join(f"/{escaped(str(part))}" for part in place)
    return SchemaFault(path=path[:_MAX_PATH], message=message)
