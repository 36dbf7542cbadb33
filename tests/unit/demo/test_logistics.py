"""The order book: what may leave, once, and what the ledger says of it."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from mcp.server.mcpserver.exceptions import ToolError

from keyturn.demo.logistics import OrderBook, ShipTo, load_orders

DATA = Path(__file__).parents[3] / "resources" / "demo"
TO = ShipTo(name="Ines Albrecht", address="8 Rope Walk, Lindholm")


def make_book(folder: Path) -> OrderBook:
    return OrderBook(load_orders(DATA), folder / "ledger")


def test_forty_one_orders_are_open_each_with_an_address_of_at_most_five_words(
    tmp_path: Path,
) -> None:
    orders = make_book(tmp_path).matching("open")
    assert len(orders) == 41
    assert all(len(one.ship_to.address.split()) <= 5 for one in orders)
    assert len({one.order_id for one in orders}) == 41


def test_status_selects(tmp_path: Path) -> None:
    book = make_book(tmp_path)
    counts = [len(book.matching(status)) for status in ("open", "dispatched", "all")]
    assert counts[0] + counts[1] == counts[2]
    assert counts[1] > 0


def test_express_leaves_the_standard_orders_open(tmp_path: Path) -> None:
    book = make_book(tmp_path)
    sent = book.dispatch_all("open_express", TO, notify=False)
    assert 0 < len(sent) < 41
    assert {one.service for one in book.matching("open")} == {"standard"}


@pytest.mark.parametrize("order_id", ["NW-1", "NW-1085"])
def test_unknown_and_gone_orders_do_not_leave(order_id: str, tmp_path: Path) -> None:
    with pytest.raises(ToolError, match="is not open"):
        make_book(tmp_path).dispatch_one(order_id, TO)
    assert not (tmp_path / "ledger").exists()


def test_an_order_that_several_threads_send_leaves_once(tmp_path: Path) -> None:
    book = make_book(tmp_path)

    def send(_: int) -> bool:
        try:
            book.dispatch_one("NW-1041", TO)
        except ToolError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(send, range(32))) == 1
    [line] = (tmp_path / "ledger").read_text(encoding="utf-8").splitlines()
    assert json.loads(line)["order_id"] == "NW-1041"


def test_an_order_stays_open_when_the_ledger_cannot_be_written(tmp_path: Path) -> None:
    book = OrderBook(load_orders(DATA), tmp_path)
    with pytest.raises(IsADirectoryError):
        book.dispatch_one("NW-1041", TO)
    assert len(book.matching("open")) == 41
