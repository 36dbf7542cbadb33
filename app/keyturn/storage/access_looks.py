"""Since when things stand and when a person kept them, as canonical JSON in a sealed table."""

from collections.abc import Sequence
from dataclasses import dataclass

from keyturn.application.ports.stores import Looks
from keyturn.domain.access import AccessKey, AccessKind, Looked
from keyturn.domain.canonical import JsonObject, Parsed, canonical, parse_strict
from keyturn.domain.errors import DamagedDatabase, Said, filled, said_by
from keyturn.domain.rule_life import instant
from keyturn.storage.seal_rows import Row
from keyturn.storage.sealing import SqliteSeals
from keyturn.storage.stand_ins import FORGOTTEN

_TABLE = "access_looks"


@dataclass(frozen=True, slots=True)
class SqliteLookStore:
    """The looks of a profile, by kind and name."""

    seals: SqliteSeals

    async def looks(self) -> Looks:
        """Return what counts; raises DamagedDatabase when a row cannot be read."""
        rows = await self.seals.rows(_TABLE)
        return Looks(
            looks=tuple(_read(*row) for row in rows if row[:2] != FORGOTTEN),
            forgotten=any(row[:2] == FORGOTTEN for row in rows),
        )

    async def put_looks(self, looks: Sequence[Looked], *, gone: Sequence[AccessKey]) -> None:
        """Keep some, and forget some."""
        rows: list[Row] = [(look.kind.value, look.name, look_text(look)) for look in looks]
        removed = [FORGOTTEN, *((kind.value, name) for kind, name in gone)]
        await self.seals.change(_TABLE, put=rows, removed=removed)


def look_text(look: Looked) -> str:
    """Write one."""
    data: JsonObject = {"digest": look.digest, "at": look.at, "kept": look.kept}
    return canonical(data).decode()


def _read(kind: str, name: str, text: str) -> Looked:
    """Read one; what `look_text` would not write again was not written here."""
    parsed = parse_strict(text)
    try:
        match parsed.value if isinstance(parsed, Parsed) else None:
            case {"digest": str(digest), "at": str(at), "kept": bool(kept)}:
                when = instant(at) if at else ""
                look = Looked(kind=AccessKind(kind), name=name, digest=digest, at=when, kept=kept)
            case _:
                raise ValueError("it is no look")
        if look_text(look) != text:
            raise ValueError("it is not in the form that Keyturn writes")
    except ValueError as fault:
        raise DamagedDatabase(
            filled(
                "What was noted of the {kind} {name!r} in the database cannot be read.",
                kind=Said(kind, {}),
                name=name,
            ),
            cause=filled("{fault}.", fault=said_by(fault)),
            mend="Put a backup of the profile in its place.",
        ) from fault
    return look
