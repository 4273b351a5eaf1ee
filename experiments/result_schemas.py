"""Columns of the Parquet tables in a results folder, by table; `experiments.results` says what the tables are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Mapping

_TIME = pa.timestamp("us", tz="UTC")
_DAY = ("day", pa.date32())
_SCOPE = ("scope", pa.string())

SCHEMAS: Mapping[str, pa.Schema] = {
    "days": pa.schema(
        [
            _DAY,
            ("number", pa.int32()),
            ("released", pa.int32()),
            ("negotiated", pa.int32()),
            ("held", pa.int32()),
            ("pooled", pa.int32()),
            ("rounds", pa.int32()),
            ("messages", pa.int32()),
            ("seed", pa.int64()),
            ("market_digest", pa.string()),
            ("policy_digest", pa.string()),
            ("settlement_digest", pa.string()),
            ("notes", pa.list_(pa.string())),
            ("stability", pa.string()),
            ("fairness", pa.string()),
            ("sharing_note", pa.string()),
        ]
    ),
    "loads": pa.schema(
        [
            _DAY,
            _SCOPE,
            ("load", pa.string()),
            ("mode", pa.string()),
            ("carrier", pa.string()),
            ("vehicle", pa.string()),
            ("body", pa.string()),
            ("owner", pa.string()),
            ("owners", pa.int32()),
            ("shipments", pa.int32()),
            ("distance_km", pa.float64()),
            ("duration_min", pa.float64()),
            ("cost_eur", pa.float64()),
            ("price_eur", pa.float64()),
            ("kgco2e", pa.float64()),
            ("fill", pa.float64()),
        ]
    ),
    "stops": pa.schema(
        [
            _DAY,
            _SCOPE,
            ("load", pa.string()),
            ("position", pa.int32()),
            ("site", pa.string()),
            ("arrival_at", _TIME),
            ("start_at", _TIME),
            ("departure_at", _TIME),
            ("shipment", pa.string()),
            ("act", pa.string()),
        ]
    ),
    "legs": pa.schema(
        [_DAY, ("shipment", pa.string()), ("load", pa.string()), ("from_site", pa.string()), ("to_site", pa.string())]
    ),
    "shares": pa.schema(
        [
            _DAY,
            ("party", pa.string()),
            ("role", pa.string()),
            ("standalone_eur", pa.float64()),
            ("left_alone_eur", pa.float64()),
            ("share_eur", pa.float64()),
            ("reservation_eur", pa.float64()),
            ("raw_share_eur", pa.float64()),
            ("standard_error_eur", pa.float64()),
            ("received_eur", pa.float64()),
            ("cost_eur", pa.float64()),
            ("gain_eur", pa.float64()),
            ("displaced_revenue_eur", pa.float64()),
            ("disclosed", pa.int64()),
        ]
    ),
    "costs": pa.schema(
        [_DAY, _SCOPE, ("line", pa.string()), ("price_eur", pa.float64()), ("resource_eur", pa.float64())]
    ),
    "emissions": pa.schema(
        [
            _DAY,
            _SCOPE,
            ("shipment", pa.string()),
            ("mode", pa.string()),
            ("kgco2e", pa.float64()),
            ("kgco2e_ttw", pa.float64()),
        ]
    ),
    "shipments": pa.schema(
        [
            _DAY,
            _SCOPE,
            ("shipment", pa.string()),
            ("owner", pa.string()),
            ("destination", pa.string()),
            ("pallets", pa.float64()),
            ("weight_kg", pa.float64()),
            ("mode", pa.string()),
            ("carrier", pa.string()),
            ("load", pa.string()),
            ("delivered_at", _TIME),
            ("on_time", pa.bool_()),
            ("late_hours", pa.float64()),
            ("reserve_eur", pa.float64()),
            ("kgco2e", pa.float64()),
            ("reason", pa.string()),
        ]
    ),
    # A row for each shipment of a promise on the day that it was made, and on the day that it was due: kept or void.
    "promises": pa.schema(
        [
            _DAY,
            ("promise", pa.string()),
            ("state", pa.string()),
            ("shipment", pa.string()),
            ("owner", pa.string()),
            ("carrier", pa.string()),
            ("due_day", pa.date32()),
            ("latest_at", _TIME),
            ("price_eur", pa.float64()),
            ("reason", pa.string()),
        ]
    ),
    "bookings": pa.schema(
        [
            _DAY,
            ("booking", pa.string()),
            ("hub", pa.string()),
            ("load", pa.string()),
            ("start_at", _TIME),
            ("end_at", _TIME),
            ("pallets", pa.float64()),
            ("storage_pallet_hours", pa.float64()),
            ("price_eur", pa.float64()),
        ]
    ),
    # A row for each owner of each reservation, on the day that it was for.
    "reservations": pa.schema(
        [
            _DAY,
            ("reservation", pa.string()),
            ("provider", pa.string()),
            ("kind", pa.string()),
            ("good", pa.string()),
            ("quantity", pa.int32()),
            ("used", pa.int32()),
            ("price_eur", pa.float64()),
            ("release_eur", pa.float64()),
            ("owner", pa.string()),
            ("borne_eur", pa.float64()),
            ("expected_saving_eur", pa.float64()),
        ]
    ),
    "transfers": pa.schema(
        [
            _DAY,
            ("payer", pa.string()),
            ("payee", pa.string()),
            ("cents", pa.int64()),
            ("line", pa.string()),
            ("about", pa.string()),
        ]
    ),
    "messages": pa.schema(
        [
            _DAY,
            ("round", pa.int32()),
            ("direction", pa.string()),
            ("id", pa.string()),
            ("performative", pa.string()),
            ("sender", pa.string()),
            ("receiver", pa.string()),
            ("conversation", pa.string()),
            ("topic", pa.string()),
            ("in_reply_to", pa.string()),
            ("reason", pa.string()),
            ("rows", pa.int64()),
            ("private_figures", pa.int64()),
            ("body", pa.binary()),
        ]
    ),
}
