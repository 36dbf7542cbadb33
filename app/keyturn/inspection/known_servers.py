"""Owns reading the bundled list of well-known servers."""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import cast

from keyturn.domain.errors import ConfigurationError
from keyturn.domain.package_name import KnownServer, Package, Registry


def read_known_servers(file: Path) -> tuple[KnownServer, ...]:
    """Read the list; raises ConfigurationError when the file is not what it should be."""
    try:
        return tuple(_entries(tomllib.loads(file.read_text(encoding="utf-8"))))
    except (KeyError, TypeError, ValueError) as fault:
        raise ConfigurationError(
            f"The list {file.name} cannot be used.",
            cause=f"{fault}.",
            mend="Install Keyturn again.",
        ) from fault


def _entries(data: dict[str, object]) -> Iterator[KnownServer]:
    for row in cast("list[dict[str, str]]", data["server"]):
        yield KnownServer(
            package=Package(Registry(row["registry"]), row["package"]),
            publisher=row["publisher"],
            repository=row["repository"],
        )
