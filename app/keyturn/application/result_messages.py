"""The console protocol about results: what of them is controlled, tool by tool."""

import msgspec

from keyturn.domain.result_controls import ResultControls


class SetControls(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="set_controls"):
    """Choose what is controlled in the results of a tool."""

    n: int
    server: str
    tool: str
    controls: ResultControls
