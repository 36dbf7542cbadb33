"""The console protocol about the window itself: what it asks of its broker, and decides nothing."""

import msgspec


class BeginAnew(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="begin_anew"):
    """End this window and start another, which speaks the language that was chosen."""

    n: int


class DropDialog(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="drop_dialog"):
    """Take away the system's dialog that was opened for a request."""

    n: int
    id: str


class LookForDialog(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="look_for_dialog"
):
    """Find out once more whether the system's dialog would ask a person; nobody is asked by it.

    What was found is said as a part of the state.
    """


OfWindow = BeginAnew | DropDialog | LookForDialog
