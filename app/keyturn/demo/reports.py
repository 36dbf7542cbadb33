"""Owns the demo's `reports` server: five shipment reports, of which the third carries an injection.

It only reads; the text of the reports is data (`resources/demo/reports/N.txt`), never code.
"""

import argparse
import dataclasses
import os
import sys
from pathlib import Path
from typing import Annotated

from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import CallToolResult, TextContent, ToolAnnotations

_READ_ONLY = ToolAnnotations(read_only_hint=True, open_world_hint=False)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ReportTitle:
    """One line of the list: the number to read by, and the report's first line."""

    number: int
    title: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class ReportList:
    """What `list_reports` answers.

    Without slots, unlike other data: the SDK derives the output schema from class attributes and
    would take slot descriptors for default values.
    """

    reports: list[ReportTitle]


@dataclasses.dataclass(frozen=True, kw_only=True)  # no slots: see ReportList
class Report:
    """What `read_report` answers: every line of the file, in order, without line ends."""

    number: int
    title: str
    lines: list[str]


def load_reports(data: Path) -> dict[int, Report]:
    """Read `data/reports/N.txt` (UTF-8) into reports by number.

    Raises OSError when the folder cannot be read and ValueError when it holds no report.
    """
    reports: dict[int, Report] = {}
    for path in sorted((data / "reports").iterdir()):
        if path.suffix == ".txt" and path.stem.isdecimal():
            lines = path.read_text(encoding="utf-8").splitlines()
            number = int(path.stem)
            reports[number] = Report(number=number, title=lines[0] if lines else "", lines=lines)
    if not reports:
        raise ValueError(f"no report in {data / 'reports'}")
    return reports


def build_server(reports: dict[int, Report]) -> MCPServer:
    """Make the server over these reports.

    Descriptions are given in full and not taken from docstrings: Python 3.13 strips the indentation
    of docstrings and 3.11 does not, which would change the pinned definition.
    """
    server = MCPServer(
        "reports", title="Shipment reports", version="1.0", log_level="WARNING", subscriptions=False
    )

    @server.tool(
        title="List shipment reports",
        description="List the shipment reports of this week: number and title.",
        annotations=_READ_ONLY,
        structured_output=True,
    )
    def list_reports() -> Annotated[CallToolResult, ReportList]:
        titles = [ReportTitle(number=one.number, title=one.title) for one in reports.values()]
        text = "\n".join(f"{one.number}. {one.title}" for one in titles)
        return _answer(text, ReportList(reports=titles))

    @server.tool(
        title="Read a shipment report",
        description="Read one shipment report, whole. `number` is one that list_reports names.",
        annotations=_READ_ONLY,
        structured_output=True,
    )
    def read_report(number: int) -> Annotated[CallToolResult, Report]:
        report = reports.get(number)
        if report is None:
            raise ToolError(f"there is no report {number}; list_reports names those that exist")
        return _answer("\n".join(report.lines), report)

    return server


def _answer(text: str, value: ReportList | Report) -> CallToolResult:
    """Give text as it stands, so that its line numbers are the file's, and the same as data."""
    return CallToolResult(
        content=[TextContent(text=text)], structured_content=dataclasses.asdict(value)
    )


def main(argv: list[str] | None = None) -> int:
    """Serve over stdio until stdin ends. Returns 0, or 2 when there is no data to serve."""
    parser = argparse.ArgumentParser(prog="keyturn.demo.reports")
    parser.add_argument("--data", default=os.environ.get("KEYTURN_DEMO_DATA"), metavar="DIR")
    data: str | None = parser.parse_args(argv).data
    try:
        if data is None:
            raise ValueError("neither --data nor KEYTURN_DEMO_DATA is given")
        reports = load_reports(Path(data))
    except (OSError, ValueError) as error:
        sys.stderr.write(
            f"The reports cannot be read: {error}. Give --data the folder resources/demo.\n"
        )
        return 2
    build_server(reports).run("stdio")
    return 0


if __name__ == "__main__":
    sys.exit(main())
