"""The writing of JSON Pointers (RFC 6901): a path to a value, as text."""


def escaped(name: str) -> str:
    """Return a member's name as it stands between two slashes."""
    return name.replace("~", "~0").replace("/", "~1")


def unescaped(part: str) -> str:
    """Return the name that is written so between two slashes."""
    return part.replace("~1", "/").replace("~0", "~")


def names_in(pointer: str) -> list[str]:
    """Return the names that a pointer goes through; none for the whole value."""
    return [unescaped(part) for part in pointer.split("/")[1:]]
