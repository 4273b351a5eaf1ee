"""What messages are about: topics, and the schema of the body that each has in question and answer.

A column that carries a private figure of its sender is marked so, which is how disclosure is counted
(`agents.messages.Message.private_figures`).
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Mapping


class Topic(StrEnum):
    """What a message is about; decides the schema of its body, for question and answer."""

    OFFER = "offer"
    STANDALONE = "standalone"
    TARIFFS = "tariffs"
    QUOTES = "quotes"
    AWARD = "award"
    PLAN = "plan"
    LOADS = "loads"
    TOURS = "tours"
    STAND = "stand"
    RELEASE = "release"
    REMAINDER = "remainder"
    BUYING = "buying"
    SELLING = "selling"
    FEES = "fees"
    HOSTING = "hosting"
    WISHES = "wishes"
    CHOICE = "choice"
    DEAL = "deal"
    PROMISED = "promised"
    CONTRACTS = "contracts"
    SIGNING = "signing"
    COALITION = "coalition"
    HUB_TERMS = "hub_terms"
    BOOKINGS = "bookings"
    OUTLOOK = "outlook"
    HOLDABLE = "holdable"
    HOLD = "hold"
    CAPACITY = "capacity"
    RESERVE = "reserve"
    RESERVED = "reserved"
    NONE = "none"


def _private(name: str, kind: pa.DataType) -> pa.Field:
    return pa.field(name, kind, metadata={b"private": b"1"})


def is_private(column: pa.Field) -> bool:
    """Tell whether a column carries private figures of its sender."""
    return bool(column.metadata) and b"private" in column.metadata


# Columns of a plan: one row per vehicle stop and job handled there, in driving order. Times are minutes after the
# market's start. A stop that handles nothing (leaving and reaching the base) has an empty ``job`` and ``act``.
STOP_COLUMNS: tuple[pa.Field, ...] = (
    pa.field("load", pa.string()),
    pa.field("vehicle", pa.string()),
    pa.field("position", pa.int32()),
    pa.field("site", pa.string()),
    pa.field("arrival_min", pa.float64()),
    pa.field("start_min", pa.float64()),
    pa.field("departure_min", pa.float64()),
    pa.field("job", pa.string()),
    pa.field("act", pa.string()),
)

# Columns of talks about prices: a row for each talk that goes on. A price is one of so many from 0 to ``top_cents`` in
# even steps; day 0 is today, and each further one a later planning day, of which the first so many may be agreed on;
# window 0 is the whole time in which delivery may start, and each further one closes earlier. The other side's last
# offer stands in price, day and window; without one the price is empty.
TALK_COLUMNS: tuple[pa.Field, ...] = (
    pa.field("talk", pa.int32()),
    pa.field("jobs", pa.list_(pa.string())),
    pa.field("top_cents", pa.int64()),
    pa.field("prices", pa.int32()),
    pa.field("days", pa.int32()),
    pa.field("windows", pa.int32()),
    pa.field("round", pa.int32()),
    pa.field("rounds", pa.int32()),
    pa.field("price_cents", pa.int64()),
    pa.field("day", pa.int32()),
    pa.field("window", pa.int32()),
)
# What was agreed in talks: a row for each part of a deal.
AGREED_COLUMNS: tuple[pa.Field, ...] = (
    pa.field("deal", pa.int32()),
    pa.field("jobs", pa.list_(pa.string())),
    pa.field("price_cents", pa.int64()),
    pa.field("day", pa.int32()),
    pa.field("window", pa.int32()),
    pa.field("windows", pa.int32()),
)

QUESTIONS: Mapping[Topic, pa.Schema] = {
    # coordinator -> shipper: what do you put on the table?
    Topic.OFFER: pa.schema([("shipment", pa.string())]),
    # coordinator -> shipper: what would each of these sets of your shipments cost you alone?
    Topic.STANDALONE: pa.schema([("set", pa.int32()), ("shipment", pa.string())]),
    # coordinator -> carrier: what do your vehicles cost?
    Topic.TARIFFS: pa.schema([("vehicle", pa.string())]),
    # coordinator -> carrier: what would each lot cost, on top of what you have won?
    Topic.QUOTES: pa.schema([("lot", pa.int32()), ("job", pa.string())]),
    # coordinator -> carrier: this lot is yours at your price
    Topic.AWARD: pa.schema([("lot", pa.int32()), ("job", pa.string()), ("price_cents", pa.int64())]),
    # coordinator -> carrier: your plan and final price for what you carry
    Topic.PLAN: pa.schema([("job", pa.string())]),
    # coordinator -> carrier: will you drive these loads for this?
    Topic.LOADS: pa.schema([*STOP_COLUMNS, ("price_cents", pa.int64())]),
    # coordinator -> carrier: which tours would you drive in each pool at these guide prices, with at most so many of
    # your vehicles? A row is a job with its price, or a vehicle with its number.
    Topic.TOURS: pa.schema(
        [
            ("pool", pa.int32()),
            ("job", pa.string()),
            ("price_cents", pa.int64()),
            ("vehicle", pa.string()),
            ("most", pa.int32()),
        ]
    ),
    # coordinator -> carrier: these of your bids (a question, and a tour of your answer) stand, or do so no more
    Topic.STAND: pa.schema([("question", pa.string()), ("tour", pa.int32()), ("stands", pa.bool_())]),
    # coordinator -> carrier: which of these that you hold do you put into the exchange, at most so many?
    Topic.RELEASE: pa.schema([("job", pa.string()), ("most", pa.int32())]),
    # coordinator -> shipper: what are these worth to you, now that your others have gone?
    Topic.REMAINDER: pa.schema([("shipment", pa.string())]),
    # coordinator -> shipper: what do you answer in these talks? A hub's fee comes on top of the price.
    Topic.BUYING: pa.schema([*TALK_COLUMNS, ("provider", pa.string()), ("fee_cents", pa.int64())]),
    # coordinator -> carrier: what do you answer in these talks? Each is to bear its share of what its lot costs.
    Topic.SELLING: pa.schema([*TALK_COLUMNS, ("lot_jobs", pa.list_(pa.string())), ("share", pa.float64())]),
    # coordinator -> shipper: what do you answer in these talks? The price is that of 100 EUR at a hub's named terms, at
    # which your part of the lot costs so much.
    Topic.FEES: pa.schema([*TALK_COLUMNS, ("provider", pa.string()), ("fee_cents", pa.int64())]),
    # coordinator -> hub: what do you answer in these talks? The price is that of 100 EUR at your named terms.
    Topic.HOSTING: pa.schema(TALK_COLUMNS),
    # coordinator -> carrier: of the deals that you have agreed on, which would you close first?
    Topic.WISHES: pa.schema(AGREED_COLUMNS),
    # coordinator -> shipper: of these that you have agreed on, which would you close first?
    Topic.CHOICE: pa.schema([*AGREED_COLUMNS, ("carrier", pa.string()), ("fee_cents", pa.int64())]),
    # coordinator -> carrier: this deal is closed as agreed; on a later day, it is promised
    Topic.DEAL: pa.schema(AGREED_COLUMNS),
    # coordinator -> shipper: with these promises for later days, and these that are due, what do you pay today at most?
    Topic.PROMISED: pa.schema(AGREED_COLUMNS),
    # coordinator -> carrier: what of each contract would you carry, and what would you then ask in all? A job is worth
    # nothing where another carrier has taken it, and has no worth where nobody else is left to carry it.
    Topic.CONTRACTS: pa.schema([("contract", pa.int32()), ("job", pa.string()), ("worth_cents", pa.int64())]),
    # coordinator -> carrier: the contract as you answered it is signed, at so much for all you have
    Topic.SIGNING: pa.schema(
        [
            ("contract", pa.int32()),
            ("job", pa.string()),
            ("worth_cents", pa.int64()),
            ("price_cents", pa.int64()),
        ]
    ),
    # coordinator -> shipper: in a changed coalition you would pay that in all, now you pay this; do you join?
    Topic.COALITION: pa.schema([("now_cents", pa.int64()), ("then_cents", pa.int64())]),
    # coordinator -> hub: at what terms may the pool use you?
    Topic.HUB_TERMS: pa.schema([("hub", pa.string())]),
    # coordinator -> hub: do you confirm these dock slots?
    Topic.BOOKINGS: pa.schema(
        [
            ("booking", pa.string()),
            ("start_min", pa.float64()),
            ("end_min", pa.float64()),
            ("pallets", pa.float64()),
            ("storage_pallet_hours", pa.float64()),
            ("price_cents", pa.int64()),
        ]
    ),
    # coordinator -> shipper: what do you expect to send on that day, lane by lane, on so many sample paths?
    Topic.OUTLOOK: pa.schema([("day", pa.date32()), ("paths", pa.int32())]),
    # coordinator -> shipper: what could go today, and what would it cost you to keep it until then?
    Topic.HOLDABLE: pa.schema([("day", pa.date32())]),
    # coordinator -> shipper: will you hold these? Each is expected to save so much of transport.
    Topic.HOLD: pa.schema([("shipment", pa.string()), ("saving_cents", pa.int64())]),
    # coordinator -> carrier or hub: what would you keep free for that day, at what price?
    Topic.CAPACITY: pa.schema([("day", pa.date32()), ("good", pa.string())]),
    # coordinator -> shipper: will you bear so much of what shall be reserved for that day? It is expected to save so
    # much, net of that.
    Topic.RESERVE: pa.schema([("day", pa.date32()), ("share_cents", pa.int64()), ("saving_cents", pa.int64())]),
    # coordinator -> carrier or hub: so many are reserved with you, at your terms
    Topic.RESERVED: pa.schema(
        [
            ("reservation", pa.string()),
            ("good", pa.string()),
            ("quantity", pa.int32()),
            ("price_cents", pa.int64()),
            ("release_cents", pa.int64()),
        ]
    ),
    Topic.NONE: pa.schema([]),
}

# What a party does in a talk: ``propose`` with an offer, ``accept-proposal`` or ``refuse`` (leave) without.
_SAID = pa.schema(
    [
        ("talk", pa.int32()),
        ("act", pa.string()),
        _private("price_cents", pa.int64()),
        ("day", pa.int32()),
        ("window", pa.int32()),
    ]
)

ANSWERS: Mapping[Topic, pa.Schema] = {
    Topic.OFFER: pa.schema([("shipment", pa.string()), _private("reserve_cents", pa.int64())]),
    Topic.STANDALONE: pa.schema([("set", pa.int32()), _private("standalone_cents", pa.int64())]),
    Topic.TARIFFS: pa.schema(
        [
            ("vehicle", pa.string()),
            _private("fixed_eur", pa.float64()),
            _private("per_km_eur", pa.float64()),
            _private("per_hour_eur", pa.float64()),
            _private("toll_eur_per_km", pa.float64()),
        ]
    ),
    Topic.QUOTES: pa.schema([("lot", pa.int32()), _private("price_cents", pa.int64())]),
    Topic.AWARD: pa.schema([("lot", pa.int32())]),
    Topic.PLAN: pa.schema([*STOP_COLUMNS, _private("price_cents", pa.int64())]),
    Topic.LOADS: pa.schema([("load", pa.string())]),
    # The price of a tour stands in its first row.
    Topic.TOURS: pa.schema(
        [
            ("tour", pa.int32()),
            ("vehicle", pa.string()),
            ("job", pa.string()),
            _private("price_cents", pa.int64()),
        ]
    ),
    Topic.STAND: pa.schema([("tour", pa.int32())]),
    Topic.RELEASE: pa.schema([("job", pa.string())]),
    Topic.REMAINDER: pa.schema([("shipment", pa.string()), _private("reserve_cents", pa.int64())]),
    Topic.BUYING: _SAID,
    Topic.SELLING: _SAID,
    Topic.FEES: _SAID,
    Topic.HOSTING: _SAID,
    Topic.WISHES: pa.schema([("deal", pa.int32())]),
    Topic.CHOICE: pa.schema([("deal", pa.int32())]),
    Topic.DEAL: pa.schema([("deal", pa.int32())]),
    Topic.PROMISED: pa.schema([_private("most_cents", pa.int64())]),
    Topic.CONTRACTS: pa.schema([("contract", pa.int32()), ("job", pa.string()), _private("price_cents", pa.int64())]),
    Topic.SIGNING: pa.schema([("contract", pa.int32())]),
    Topic.COALITION: pa.schema([]),
    Topic.HUB_TERMS: pa.schema(
        [
            ("from_min", pa.float64()),
            ("to_min", pa.float64()),
            ("slots", pa.int32()),
            _private("slot_cents", pa.int64()),
            _private("handling_cents_per_pallet", pa.int64()),
            _private("storage_cents_per_pallet_hour", pa.int64()),
        ]
    ),
    Topic.BOOKINGS: pa.schema([("booking", pa.string())]),
    Topic.OUTLOOK: pa.schema(
        [
            ("origin", pa.string()),
            ("zone", pa.string()),
            ("temperature", pa.string()),
            _private("path_pallets", pa.list_(pa.float64())),
        ]
    ),
    Topic.HOLDABLE: pa.schema(
        [
            ("shipment", pa.string()),
            ("origin", pa.string()),
            ("zone", pa.string()),
            ("temperature", pa.string()),
            ("pallets", pa.float64()),
            ("weight_kg", pa.float64()),
            ("can_wait", pa.bool_()),
            _private("holding_cents", pa.int64()),
            _private("penalty_cents", pa.int64()),
        ]
    ),
    Topic.HOLD: pa.schema([("shipment", pa.string())]),
    Topic.CAPACITY: pa.schema(
        [
            ("good", pa.string()),
            ("units", pa.int32()),
            _private("price_cents", pa.int64()),
            _private("spot_cents", pa.int64()),
            _private("release_cents", pa.int64()),
        ]
    ),
    Topic.RESERVE: pa.schema([]),
    Topic.RESERVED: pa.schema([]),
    Topic.NONE: pa.schema([]),
}
