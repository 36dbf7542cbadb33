"""The console protocol about results: what of them is controlled, tool by tool."""

import msgspec

from keyturn.domain.result_controls import ResultControls


class SetControls(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="set_controls"):
    """Choose what is controlled in the results of a tool, or the budgets of an agent.

    `server` is `OF_AN_AGENT` for all that an agent is given; then `tool` is the agent's name.
    """

    n: int
    server: str
    tool: str
    controls: ResultControls
