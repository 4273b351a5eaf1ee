"""The order books that stand in for an ERP, in Python and in Node, against a real server."""

from __future__ import annotations

import os
import re
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

from groupage.v1 import orders_pb2, sites_pb2
from tests.examples.erp.conftest import DAY, Firm, Market, finished
from tests.examples.erp.coordinator import Coordinating, orders, records


def set_up(firm: Firm) -> None:
    """Enter a firm's places, and submit its day."""
    firm.run("set-up")
    assert firm.run("submit", "--day", DAY).startswith("5 orders submitted, 0 refused")


def test_a_day_is_submitted_once(market: Market, firm: Firm) -> None:
    """Places and orders arrive under the contract's names, in UTC; doing it again changes nothing."""
    set_up(firm)
    sites = [sites_pb2.Site.FromString(r.body) for r in records(market.store, "site")]
    assert {s.name for s in sites if s.kind == sites_pb2.SITE_KIND_FACTORY} == {"companies/acme/sites/w1"}
    assert len(sites) == 4
    hamm = next(s for s in sites if s.zone == "59" and s.opening.close_min == 15 * 60)
    assert (hamm.time_zone, hamm.opening.open_min) == ("Europe/Berlin", 7 * 60)
    stored = [orders_pb2.Order.FromString(r.body) for r in orders(market.store, "acme")]
    first = min(stored, key=lambda o: o.external_ref)
    opens = first.window_open.ToDatetime(UTC)
    assert opens.date().isoformat() == DAY
    assert opens.hour in (6, 7)  # eight on the clock of Berlin
    assert sum(list(o.handling.adr_labels) == ["3"] for o in stored) == 1
    assert set(firm.states().values()) == {"OPEN"}
    assert firm.run("set-up").startswith("0 places entered")
    assert firm.run("submit", "--day", DAY).startswith("0 orders submitted")
    assert len(orders(market.store, "acme")) == 5


def test_notes_that_were_lost(market: Market, firm: Firm) -> None:
    """A firm whose notes were lost after it submitted finds its orders again by its own references."""
    set_up(firm)
    if firm.language == "python":
        import sqlite3

        with sqlite3.connect(firm.book) as db:
            db.execute("UPDATE sales_order SET gp_order = NULL, gp_state = NULL")
        db.close()
    else:
        (firm.book / "status.json").unlink()
    firm.run("submit", "--day", DAY)
    assert len(orders(market.store, "acme")) == 5
    known = firm.rows("SELECT gp_order FROM sales_order") if firm.language == "python" else firm.notes().values()
    names = {k[0] if firm.language == "python" else k["name"] for k in known}
    assert names == {row.name for row in orders(market.store, "acme")}


def test_an_order_book_is_filled_once(market: Market, firm: Firm) -> None:
    """A second time is refused in plain words, and what is in it stays."""
    set_up(firm)
    again = firm.start("fill", "--day", "2030-01-01")
    out, err = again.communicate(timeout=60)
    assert (again.returncode, out) == (1, "")
    assert err.strip() == f"{firm.book} is an order book already, expected a place without one"
    assert set(firm.states().values()) == {"OPEN"}
    assert firm.run("submit", "--day", DAY).startswith("0 orders submitted, 0 refused")


# What `take-part` does at its end, twice, with an order cancelled in between; tells what was asked and answered.
NOTING = {
    "python": """
import os, sys
sys.path.insert(0, sys.argv[1])
import erp
from order_book import OrderBook
book, company, client = OrderBook(sys.argv[2]), os.environ["GROUPAGE_COMPANY"], erp.connect()
pages = client.pages
def asked(*args, **fields):
    print(fields.get("filter", ""), flush=True)
    return pages(*args, **fields)
client.pages = asked
print(erp.note_states(client, company, book), flush=True)
first = next(iter(book.submitted()))
client.orders.cancel_order(name=first)
print(erp.note_states(client, company, book), flush=True)
""",
    "node": """
const [{ noteStates }, { Client }, { OrderBook }] = await Promise.all(
  ['erp', 'contract', 'order_book'].map((name) => import(`${process.argv[2]}/${name}.mjs`)),
)
const { GROUPAGE_SERVER: address, GROUPAGE_TOKEN: token, GROUPAGE_COMPANY: company } = process.env
const book = new OrderBook(process.argv[3])
const client = new Client({ address, token })
const pages = client.pages.bind(client)
client.pages = (service, method, request) => {
  console.log(request.filter ?? '')
  return pages(service, method, request)
}
console.log(await noteStates(client, company, book))
const [first] = book.submitted().keys()
await client.call('Orders', 'CancelOrder', { name: first })
console.log(await noteStates(client, company, book))
client.close()
""",
}


def test_where_orders_stand_is_asked_of_those_that_changed(market: Market, firm: Firm, tmp_path: Path) -> None:
    """The first time of all, later of what changed since; all that were submitted are counted."""
    set_up(firm)
    script = tmp_path / {"python": "noting.py", "node": "noting.mjs"}[firm.language]
    script.write_text(NOTING[firm.language], encoding="utf-8")
    program = Path(firm.command[-1]).parent
    command = [firm.command[0], str(script), str(program), str(firm.book)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    said = finished(subprocess.Popen(command, env=os.environ | firm.environment, text=True, **pipes))
    asked_first, counted_first, asked, counted = said.splitlines()
    newest = max(orders(market.store, "acme"), key=lambda row: row.created_at).created_at
    since = datetime.fromisoformat(re.fullmatch(r'update_time>="([^"]+)"', asked)[1])
    assert asked_first == ""
    assert timedelta(0) < newest - since < timedelta(minutes=6)
    assert re.findall(r"(\w+)'?: (\d)", counted_first) == [("OPEN", "5")]
    assert sorted(re.findall(r"(\w+)'?: (\d)", counted)) == [("CANCELLED", "1"), ("OPEN", "4")]
    assert sorted(firm.states().values()) == ["CANCELLED"] + ["OPEN"] * 4


def test_what_is_refused_is_noted_with_its_reason(market: Market, firm: Firm) -> None:
    """Without its sites every order is refused; the firm has the reason on its own record."""
    assert firm.run("submit", "--day", DAY).startswith("0 orders submitted, 5 refused")
    if firm.language == "python":
        reasons = [row[0] for row in firm.rows("SELECT gp_refused FROM sales_order")]
    else:
        reasons = [note["refused"] for note in firm.notes().values()]
    assert len(reasons) == 5
    assert all(reasons)
    assert not any(firm.states().values())


def together(market: Market, tmp_path: Path, node: Path, saving_cents: int) -> tuple[list[Firm], list[str]]:
    """A firm in Python and one in Node take part in one synchronization."""
    firms = [market.firm("acme", "python", tmp_path, node), market.firm("bolt", "node", tmp_path, node)]
    for firm in firms:
        set_up(firm)
    coordinating = Coordinating(market.store, saving_cents)
    coordinating.start()
    # Whoever comes second joins what the first asked for.
    running = [firm.start("take-part", "--day", DAY, "--least-percent", "5") for firm in firms]
    said = [finished(process) for process in running]
    coordinating.join(60)
    assert coordinating.error is None
    assert len(records(market.store, "synchronization")) == 1
    return firms, said


def test_a_proposal_that_saves_enough_is_accepted(market: Market, tmp_path: Path, node_modules: Path) -> None:
    """Both firms accept five percent, their orders are committed, and each tracks its own shipments."""
    firms, said = together(market, tmp_path, node_modules, 5_000)
    for firm, words in zip(firms, said, strict=True):
        assert ": COMMITTED" in words
        assert set(firm.states().values()) == {"COMMITTED"}
        assert firm.run("track").startswith("5 shipments noted")
        assert set(firm.shipments().values()) == {"PLANNED"}
        assert firm.shipments().keys() == firm.states().keys()


def test_one_that_saves_less_is_declined(market: Market, tmp_path: Path, node_modules: Path) -> None:
    """Both firms decline less than that; their orders are released, to be booked elsewhere."""
    firms, said = together(market, tmp_path, node_modules, 4_999)
    assert {r.state for r in records(market.store, "proposal")} <= {"DECLINED", "RELEASED"}
    for firm, words in zip(firms, said, strict=True):
        assert ": RELEASED" in words
        assert set(firm.states().values()) == {"RELEASED"}
        assert firm.run("track").startswith("0 shipments noted")
