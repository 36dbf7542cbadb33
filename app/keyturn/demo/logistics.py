"""Owns the demo's `logistics` server: open orders, and dispatching them to an address.

Dispatches are kept in memory and appended to a ledger file, which says what really happened. The
server trusts its caller completely, as most do: the judging is Keyturn's.
"""

import argparse
import dataclasses
import json
import os
import sys
import threading
from pathlib import Path
from typing import Annotated, Any, Literal

from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import CallToolResult, TextContent, ToolAnnotations

_READ_ONLY = ToolAnnotations(read_only_hint=True, open_world_hint=False)
# A claim, and a false one: a dispatch cannot be taken back. Keyturn shows it as claimed and lets it
# lower nothing.
_CLAIMED_HARMLESS = ToolAnnotations(
    read_only_hint=False, destructive_hint=False, open_world_hint=True
)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ShipTo:
    """Who receives an order, and where."""

    name: str
    address: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One order; `ship_to` is the address on file."""

    order_id: str
    customer: str
    service: Literal["standard", "express"]
    pallets: int
    status: Literal["open", "dispatched"]
    ship_to: ShipTo


@dataclasses.dataclass(frozen=True, kw_only=True)  # no slots: see reports.ReportList
class OrderList:
    """What `list_orders` answers."""

    count: int
    orders: list[Order]


@dataclasses.dataclass(frozen=True, kw_only=True)  # no slots: see reports.ReportList
class Dispatch:
    """What a dispatch answers: the orders that left, and where to."""

    dispatched: list[str]
    ship_to: ShipTo
    customers_notified: bool


class OrderBook:
    """The orders in memory, and the ledger of what left. Safe to use from several threads.

    Tools run on worker threads, so two dispatches of the same order may race: one of them is told
    that the order is not open.
    """

    def __init__(self, orders: list[Order], ledger: Path) -> None:
        """Keep `orders` by number; `ledger` is appended to, one JSON object a line."""
        self._orders = {order.order_id: order for order in orders}
        self._ledger = ledger
        self._lock = threading.Lock()

    def matching(self, status: Literal["open", "dispatched", "all"]) -> list[Order]:
        """Orders with this status, in the order of the book."""
        with self._lock:
            return [one for one in self._orders.values() if status in (one.status, "all")]

    def dispatch_one(self, order_id: str, ship_to: ShipTo) -> list[str]:
        """Send one open order; ToolError when it is unknown or gone."""
        with self._lock:
            order = self._orders.get(order_id)
            if order is None or order.status != "open":
                raise ToolError(f"order {order_id} is not open; list_orders names the open ones")
            return self._send([order_id], ship_to, tool="dispatch_order", notify=True)

    def dispatch_all(
        self, which: Literal["all_open", "open_express"], ship_to: ShipTo, *, notify: bool
    ) -> list[str]:
        """Send every open order of this kind; ToolError when there is none."""
        with self._lock:
            numbers = [
                one.order_id
                for one in self._orders.values()
                if one.status == "open" and (which == "all_open" or one.service == "express")
            ]
            if not numbers:
                raise ToolError("no such order is open")
            return self._send(numbers, ship_to, tool="dispatch_all", notify=notify)

    def _send(self, numbers: list[str], ship_to: ShipTo, *, tool: str, notify: bool) -> list[str]:
        """Write the ledger, then mark the orders; the lock is held."""
        lines = [
            json.dumps(
                {
                    "order_id": number,
                    "ship_to": dataclasses.asdict(ship_to),
                    "customer_notified": notify,
                    "tool": tool,
                }
            )
            for number in numbers
        ]
        with self._ledger.open("a", encoding="utf-8") as ledger:
            ledger.write("\n".join(lines) + "\n")
        for number in numbers:
            self._orders[number] = dataclasses.replace(self._orders[number], status="dispatched")
        return numbers


def load_orders(data: Path) -> list[Order]:
    """Read `data/orders.json` (an array of orders).

    Raises OSError when the file cannot be read, ValueError, KeyError or TypeError when
    it is not such an array.
    """
    rows: list[dict[str, Any]] = json.loads((data / "orders.json").read_text(encoding="utf-8"))
    return [
        Order(
            order_id=row["order_id"],
            customer=row["customer"],
            service=row["service"],
            pallets=row["pallets"],
            status=row["status"],
            ship_to=ShipTo(**row["ship_to"]),
        )
        for row in rows
    ]


def build_server(book: OrderBook) -> MCPServer:
    """Make the server over this book. Descriptions are explicit, as reports.py says why."""
    server = MCPServer(
        "logistics", title="Logistics", version="1.0", log_level="WARNING", subscriptions=False
    )

    @server.tool(
        title="List orders",
        description="List orders with customer and the address on file.",
        annotations=_READ_ONLY,
        structured_output=True,
    )
    def list_orders(
        status: Literal["open", "dispatched", "all"] = "open",
    ) -> Annotated[CallToolResult, OrderList]:
        orders = book.matching(status)
        rows = [
            f"{one.order_id} | {one.customer} | {one.service} | {one.status} | "
            f"{one.ship_to.name} | {one.ship_to.address}"
            for one in orders
        ]
        text = "\n".join([f"{len(orders)} orders ({status})", *rows])
        return _answer(text, OrderList(count=len(orders), orders=orders))

    @server.tool(
        title="Dispatch an order",
        description="Send one open order to `ship_to` and tell the customer. No recall.",
        annotations=_CLAIMED_HARMLESS,
        structured_output=True,
    )
    def dispatch_order(order_id: str, ship_to: ShipTo) -> Annotated[CallToolResult, Dispatch]:
        return _dispatched(book.dispatch_one(order_id, ship_to), ship_to, notified=True)

    @server.tool(
        title="Dispatch all orders",
        description=(
            "Send every open order to one address. `orders` says which: all open ones, or only "
            "open express orders. No recall."
        ),
        annotations=_CLAIMED_HARMLESS,
        structured_output=True,
    )
    def dispatch_all(
        orders: Literal["all_open", "open_express"],
        ship_to: ShipTo,
        notify_customers: bool = True,
    ) -> Annotated[CallToolResult, Dispatch]:
        sent = book.dispatch_all(orders, ship_to, notify=notify_customers)
        return _dispatched(sent, ship_to, notified=notify_customers)

    return server


def _dispatched(numbers: list[str], ship_to: ShipTo, *, notified: bool) -> CallToolResult:
    count = "1 order" if len(numbers) == 1 else f"{len(numbers)} orders"
    return _answer(
        f"Dispatched {count} to {ship_to.name}, {ship_to.address}.",
        Dispatch(dispatched=numbers, ship_to=ship_to, customers_notified=notified),
    )


def _answer(text: str, value: OrderList | Dispatch) -> CallToolResult:
    return CallToolResult(
        content=[TextContent(text=text)], structured_content=dataclasses.asdict(value)
    )


def main(argv: list[str] | None = None) -> int:
    """Serve over stdio until stdin ends. Returns 0, or 2 when orders or ledger are unusable."""
    parser = argparse.ArgumentParser(prog="keyturn.demo.logistics")
    parser.add_argument("--data", default=os.environ.get("KEYTURN_DEMO_DATA"), metavar="DIR")
    parser.add_argument("--ledger", required=True, metavar="FILE")
    options = parser.parse_args(argv)
    ledger = Path(options.ledger)
    try:
        if options.data is None:
            raise ValueError("neither --data nor KEYTURN_DEMO_DATA is given")
        orders = load_orders(Path(options.data))
        ledger.touch()
    except (OSError, ValueError, KeyError, TypeError) as error:
        sys.stderr.write(
            f"The orders cannot be served: {error}. Give --data the folder resources/demo and "
            "--ledger a file that can be written.\n"
        )
        return 2
    build_server(OrderBook(orders, ledger)).run("stdio")
    return 0


if __name__ == "__main__":
    sys.exit(main())
