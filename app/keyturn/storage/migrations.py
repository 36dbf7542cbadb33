"""The steps that bring a profile's database to this version's schema; they only go forward.

A step that was ever released is never edited; the next change is a new step.
"""

from keyturn.storage.schema import STEPS
from keyturn.storage.table_library import Database, Migrations

MIGRATIONS = Migrations("keyturn")


@MIGRATIONS(name="0001_log_history_and_agreements")
def first(database: Database) -> None:
    """Create the log, its side table and checkpoints, the history over it, and the agreements."""
    for statement in STEPS["0001_log_history_and_agreements"]:
        database.execute(statement)  # pyright: ignore[reportUnknownMemberType]  # partly typed


@MIGRATIONS(name="0002_methods_of_calls")
def second(database: Database) -> None:
    """Tell in the history what was asked for that is no tool's call."""
    for statement in STEPS["0002_methods_of_calls"]:
        database.execute(statement)  # pyright: ignore[reportUnknownMemberType]  # partly typed


@MIGRATIONS(name="0003_closures")
def third(database: Database) -> None:
    """Keep with each consent the files that its command loads."""
    for statement in STEPS["0003_closures"]:
        database.execute(statement)  # pyright: ignore[reportUnknownMemberType]  # partly typed


@MIGRATIONS(name="0004_uses_of_rules")
def fourth(database: Database) -> None:
    """Count what limited rules allow."""
    for statement in STEPS["0004_uses_of_rules"]:
        database.execute(statement)  # pyright: ignore[reportUnknownMemberType]  # partly typed


@MIGRATIONS(name="0005_seals")
def fifth(database: Database) -> None:
    """Make room for the seals of the agreements; the first start with a key writes them."""
    for statement in STEPS["0005_seals"]:
        database.execute(statement)  # pyright: ignore[reportUnknownMemberType]  # partly typed


@MIGRATIONS(name="0007_sights")
def seventh(database: Database) -> None:
    """Keep what agents see, and the profiles of tasks."""
    for statement in STEPS["0007_sights"]:
        database.execute(statement)  # pyright: ignore[reportUnknownMemberType]  # partly typed


@MIGRATIONS(name="0008_last_uses")
def eighth(database: Database) -> None:
    """Count over restarts what was used, and when last."""
    for statement in STEPS["0008_last_uses"]:
        database.execute(statement)  # pyright: ignore[reportUnknownMemberType]  # partly typed


@MIGRATIONS(name="0009_step_ups")
def ninth(database: Database) -> None:
    """Keep what changed around agents until a person has looked at it."""
    for statement in STEPS["0009_step_ups"]:
        database.execute(statement)  # pyright: ignore[reportUnknownMemberType]  # partly typed


@MIGRATIONS(name="0010_access_looks")
def tenth(database: Database) -> None:
    """Keep since when what gives access stands, and when a person last kept it."""
    for statement in STEPS["0010_access_looks"]:
        database.execute(statement)  # pyright: ignore[reportUnknownMemberType]  # partly typed


@MIGRATIONS(name="0012_result_shapes")
def twelfth(database: Database) -> None:
    """Keep the shapes of results that were learnt."""
    for statement in STEPS["0012_result_shapes"]:
        database.execute(statement)  # pyright: ignore[reportUnknownMemberType]  # partly typed


@MIGRATIONS(name="0013_sensitive_values")
def thirteenth(database: Database) -> None:
    """Know secrets again that results held, by fingerprints."""
    for statement in STEPS["0013_sensitive_values"]:
        database.execute(statement)  # pyright: ignore[reportUnknownMemberType]  # partly typed
