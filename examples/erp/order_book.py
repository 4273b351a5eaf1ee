"""The order book of a firm that already has one: SQLite, with the firm's own names. It stands in for an ERP."""

from __future__ import annotations

import sqlite3
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

SCHEMA = Path(__file__).with_name("order_book.sql")
PLACES = (
    ("W1", "works", "Works at the harbour", "47119", 51.448, 6.737, "06:00", "20:00"),
    ("K10442", "customer", "Steel trade Hamm", "59063", 51.667, 7.817, "07:00", "15:00"),
    ("K10518", "customer", "Fittings Soest", "59494", 51.571, 8.106, "07:00", "16:00"),
    ("K11007", "customer", "Pumps Beckum", "59269", 51.756, 8.041, None, None),
)
# Number, customer, pallets, kilograms, danger labels, hours.
ORDERS = (
    (900001, "K10442", 6, 2400, None, "08:00", "14:00"),
    (900002, "K10442", 2, 900, None, "08:00", "12:00"),
    (900003, "K10518", 4, 1700, None, "07:00", "16:00"),
    (900004, "K11007", 3, 1100, "3", "06:00", "18:00"),
    (900005, "K11007", 5, 2600, None, "06:00", "18:00"),
)


class OrderBook:
    """Reads what is to be delivered, and notes what became of it."""

    def __init__(self, file: str | Path) -> None:
        self._file = file
        self._db = sqlite3.connect(file)
        self._db.row_factory = sqlite3.Row

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def fill(self, day: str) -> None:
        """Make an order book with a day's orders, to try things with.

        Raises
        ------
        FileExistsError
            If there is one already: what is in it is not overwritten.
        """
        if self._rows("SELECT 1 FROM sqlite_master WHERE name = 'sales_order'"):
            raise FileExistsError(f"{self._file} is an order book already, expected a place without one")
        with self._db:
            self._db.executescript(SCHEMA.read_text(encoding="utf-8"))
            self._db.executemany("INSERT INTO place VALUES (?, ?, ?, ?, ?, ?, ?, ?)", PLACES)
            self._db.executemany(
                "INSERT INTO sales_order (so_no, works, ship_to, pal, kg, adr, wanted_on, from_hh, to_hh)"
                " VALUES (?, 'W1', ?, ?, ?, ?, ?, ?, ?)",
                [(no, to, pal, kg, adr, day, opens, closes) for no, to, pal, kg, adr, opens, closes in ORDERS],
            )

    def places(self) -> list[dict[str, Any]]:
        """Works and customers."""
        return self._rows("SELECT * FROM place ORDER BY code")

    def to_submit(self, day: str) -> list[dict[str, Any]]:
        """Orders of a day that the service does not have yet."""
        return self._rows("SELECT * FROM sales_order WHERE wanted_on = ? AND gp_order IS NULL ORDER BY so_no", day)

    def submitted(self) -> dict[str, int]:
        """Own numbers, by name at the service."""
        rows = self._rows("SELECT gp_order, so_no FROM sales_order WHERE gp_order IS NOT NULL")
        return {row["gp_order"]: row["so_no"] for row in rows}

    def taken(self, so_no: int, name: str) -> None:
        """Note that the service has an order."""
        self._set("gp_order = ?, gp_state = 'OPEN', gp_refused = NULL", (name,), so_no)

    def found(self, so_no: int, name: str) -> None:
        """Note that the service has had an order for long: all are asked for again, as nobody knows where it stands."""
        self.taken(so_no, name)
        with self._db:
            self._db.execute("UPDATE sales_order SET gp_changed = NULL")

    def refused(self, so_no: int, why: str) -> None:
        """Note that the service did not take an order."""
        self._set("gp_refused = ?", (why,), so_no)

    def last_change(self) -> datetime | None:
        """When the service last changed an order, as far as it was noted."""
        ((last,),) = self._db.execute("SELECT max(gp_changed) FROM sales_order").fetchall()
        return None if last is None else datetime.fromisoformat(last)

    def became(self, states: Mapping[int, tuple[str, datetime]]) -> None:
        """Note where orders stand and since when: of all of them, or of none."""
        rows = [(state, at.isoformat(timespec="microseconds"), so_no) for so_no, (state, at) in states.items()]
        with self._db:
            self._db.executemany("UPDATE sales_order SET gp_state = ?, gp_changed = ? WHERE so_no = ?", rows)

    def standing(self) -> dict[str, int]:
        """How many submitted orders stand where, as far as it was noted."""
        rows = self._rows(
            "SELECT gp_state, count(*) AS n FROM sales_order WHERE gp_order IS NOT NULL GROUP BY 1 ORDER BY 1"
        )
        return {row["gp_state"]: row["n"] for row in rows}

    def tracked(self, deliveries: Iterable[Mapping[str, Any]]) -> None:
        """Note where shipments are."""
        with self._db:
            self._db.executemany(
                "INSERT OR REPLACE INTO delivery VALUES (:so_no, :state, :expected, :delivered, :alerts)", deliveries
            )

    def _set(self, what: str, values: tuple[Any, ...], so_no: int) -> None:
        with self._db:
            self._db.execute(f"UPDATE sales_order SET {what} WHERE so_no = ?", (*values, so_no))

    def _rows(self, query: str, *values: Any) -> list[dict[str, Any]]:
        return [dict(row) for row in self._db.execute(query, values)]
