"""The firm's names on one side, the contract's on the other. This is the file that a firm writes anew."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pandas as pd

from groupage.v1 import orders_pb2, shipments_pb2, sites_pb2

if TYPE_CHECKING:
    from collections.abc import Sequence

ZONE = "Europe/Berlin"  # the order book's wall clock
KINDS = {"works": sites_pb2.SITE_KIND_FACTORY, "customer": sites_pb2.SITE_KIND_CLIENT}
MINUTES_PER_PALLET = 2.0


def site_id(code: str) -> str:
    """Last segment of a site's name: small letters, digits and hyphens."""
    return code.lower().replace("_", "-")


def site(company: str, row: dict[str, Any]) -> sites_pb2.Site:
    """A place of the order book as a site."""
    made = sites_pb2.Site(
        name=f"{company}/sites/{site_id(row['code'])}",
        kind=KINDS[row["kind"]],
        display_name=row["descr"],
        zone=row["postcode"][:2],
        time_zone=ZONE,
    )
    made.position.latitude, made.position.longitude = row["lat"], row["lon"]
    if row["open_from"]:
        made.opening.open_min, made.opening.close_min = _minutes(row["open_from"]), _minutes(row["open_to"])
    return made


def orders(company: str, rows: Sequence[dict[str, Any]]) -> pd.DataFrame:
    """Sales orders as a frame whose columns are fields of the contract; its index is the firm's own number."""
    book = pd.DataFrame(rows).set_index("so_no")
    opens = [moment(day, hour) for day, hour in zip(book.wanted_on, book.from_hh, strict=True)]
    frame = pd.DataFrame(index=book.index)
    frame["external_ref"] = [f"SO-{number}" for number in book.index]
    frame["origins"] = [[f"{company}/sites/{site_id(code)}"] for code in book.works]
    frame["destination"] = [f"{company}/sites/{site_id(code)}" for code in book.ship_to]
    frame["pallets"], frame["weight_kg"] = book.pal, book.kg
    frame["ready_at"] = [moment(day, "06:00") for day in book.wanted_on]  # picked in the night before
    frame["window_open"] = opens
    frame["window_close"] = [moment(day, hour) for day, hour in zip(book.wanted_on, book.to_hh, strict=True)]
    frame["loading_min"] = frame["unloading_min"] = book.pal * MINUTES_PER_PALLET
    frame["handling.adr_labels"] = [labels.split(",") if labels else None for labels in book.adr]
    return frame


def moment(day: str, hour: str) -> datetime:
    """A time on the wall clock, in UTC."""
    return datetime.combine(date.fromisoformat(day), time.fromisoformat(hour), ZoneInfo(ZONE)).astimezone(UTC)


def order_state(order: orders_pb2.Order) -> str:
    """Where an order stands, in the contract's word."""
    return orders_pb2.Order.State.Name(order.state)


def delivery(so_no: int, shipment: shipments_pb2.Shipment) -> dict[str, Any]:
    """What the order book notes of a shipment."""
    alerts = [shipments_pb2.Alert.Kind.Name(a.kind) for a in shipment.alerts if not a.HasField("clear_time")]
    expected = shipment.expected_arrival.median_at.ToDatetime(UTC).isoformat(timespec="minutes")
    delivered = shipment.delivered_at.ToDatetime(UTC).isoformat(timespec="minutes")
    return {
        "so_no": so_no,
        "state": shipments_pb2.Shipment.State.Name(shipment.state),
        "expected": expected if shipment.HasField("expected_arrival") else None,
        "delivered": delivered if shipment.HasField("delivered_at") else None,
        "alerts": ", ".join(sorted(alerts)),
    }


def _minutes(hour: str) -> int:
    at = time.fromisoformat(hour)
    return 60 * at.hour + at.minute
