"""A run's tables as `experiments.explain` asks for them: rows by shipment, party and day."""

from __future__ import annotations

import json
import math
from collections import defaultdict
from functools import cached_property
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pyarrow.compute as pc

from agents.day import POOL
from agents.visibility import Role
from experiments.results import read_table
from experiments.runs import find_scenario
from experiments.scenario import load_scenario
from logistics.sites import SiteKind

if TYPE_CHECKING:
    from datetime import date, datetime
    from pathlib import Path

    import pyarrow as pa

    from experiments.scenario import Scenario

Row = dict[str, Any]
# Clients take no part in negotiations: they tell nobody a figure.
OWN_MEANS = frozenset({Role.CONSIGNEE})


def _act(stops: list[Row], act: str, site: str | None) -> Row | None:
    """Return the stop where a shipment is loaded or unloaded; at a given site, or at any."""
    return next((stop for stop in stops if stop["act"] == act and site in (None, stop["site"])), None)


class Record:
    """Tables of one results folder, read when first asked for.

    Raises
    ------
    InputError
        If the folder is not one of ``groupage run``.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._tables: dict[str, pa.Table] = {}
        # First, so that a folder of something else is told from one without inputs.
        self.days: tuple[date, ...] = tuple(self._table("days")["day"].to_pylist())

    def _table(self, name: str) -> pa.Table:
        if name not in self._tables:
            self._tables[name] = read_table(self.folder, name)
        return self._tables[name]

    def rows(self, name: str, **equal: Any) -> list[Row]:
        """Rows of a table whose columns equal the values given."""
        table = self._table(name)
        for column, value in equal.items():
            table = table.filter(pc.equal(table[column], value))
        found: list[Row] = table.to_pylist()
        return found

    @cached_property
    def scenario(self) -> Scenario:
        """The inputs of the run, for places, carriers and hubs."""
        return load_scenario(find_scenario(self.folder))

    @cached_property
    def _zone(self) -> ZoneInfo:
        return ZoneInfo(self.scenario.settings.time_zone)

    def local(self, moment: datetime | None) -> str | None:
        """Write a moment in the region's local time, to the minute."""
        return None if moment is None else moment.astimezone(self._zone).isoformat(timespec="minutes")

    @cached_property
    def _owner_of(self) -> dict[str, str]:
        table = self._table("shipments")
        return dict(zip(table["shipment"].to_pylist(), table["owner"].to_pylist(), strict=True))

    @property
    def shipment_ids(self) -> frozenset[str]:
        """Every shipment that came on the table."""
        return frozenset(self._owner_of)

    @cached_property
    def owners(self) -> frozenset[str]:
        """Everybody who has shipments, and factories that happen to have none."""
        factories = frozenset(s.id for s in self.scenario.region.sites.values() if s.kind is SiteKind.FACTORY)
        return frozenset(self._owner_of.values()) | frozenset(self.scenario.owners) | factories

    @cached_property
    def _clients(self) -> frozenset[str]:
        named = self._table("shipments")["destination"].unique().to_pylist()
        return frozenset(site for site in named if site)

    @cached_property
    def parties(self) -> frozenset[str]:
        """Ids of all participants, clients included."""
        region = self.scenario.region
        return self.owners | region.carriers.keys() | region.hubs.keys() | self._clients

    def roles(self, party: str) -> frozenset[Role]:
        """What a participant does in the region; it may do several things."""
        region = self.scenario.region
        holds = {
            Role.OWNER: party in self.owners,
            Role.CARRIER: party in region.carriers,
            Role.HUB: party in region.hubs,
            Role.CONSIGNEE: party in self._clients,
        }
        return frozenset(role for role, it_is in holds.items() if it_is)

    def owned_by(self, party: str) -> frozenset[str]:
        """Shipments of an owner."""
        return frozenset(s for s, owner in self._owner_of.items() if owner == party)

    @cached_property
    def _by_load(self) -> dict[tuple[date, str], list[Row]]:
        """Pooled hops by day and load."""
        found: defaultdict[tuple[date, str], list[Row]] = defaultdict(list)
        for leg in self.rows("legs"):
            found[leg["day"], leg["load"]].append(leg)
        return dict(found)

    def legs_of(self, row: Row) -> list[Row]:
        """The hops of a shipment's row, pooled or not: who carried it on which load, from where to where, when."""
        day, shipment = row["day"], row["shipment"]
        if row["mode"] == POOL:
            hops = self.rows("legs", shipment=shipment, day=day)
        else:
            hops = [{"load": row["load"], "from_site": None, "to_site": row["destination"]}] if row["carrier"] else []
        legs = []
        for hop in hops:
            load = next(iter(self.rows("loads", load=hop["load"], day=day, scope="after")), {})
            stops = self.rows("stops", load=hop["load"], day=day, scope="after", shipment=shipment)
            pickup = _act(stops, "pickup", hop["from_site"])
            delivery = _act(stops, "delivery", hop["to_site"])
            legs.append(
                {
                    "load": hop["load"] or None,
                    "carrier": load.get("carrier", row["carrier"]),
                    "vehicle": load.get("vehicle"),
                    "from_site": hop["from_site"] or (pickup["site"] if pickup else None),
                    "to_site": hop["to_site"],
                    "loaded_at": self.local(pickup["start_at"]) if pickup else None,
                    "unloaded_at": self.local(delivery["start_at"]) if delivery else None,
                }
            )
        return legs

    def co_loaded(self, day: date, shipment: str) -> list[Row]:
        """The other shipments on the pooled loads of one, with their owners."""
        loads = sorted({leg["load"] for leg in self.rows("legs", shipment=shipment, day=day)})
        return [
            {"load": load, "owner": owner, "shipment": other}
            for load in loads
            for owner, other in sorted(
                {(self._owner_of[leg["shipment"]], leg["shipment"]) for leg in self._by_load[day, load]}
            )
            if other != shipment
        ]

    def pool_owners(self, day: date) -> int:
        """How many owners had goods in the pool on a day."""
        legs = self.rows("legs", day=day)
        return len({self._owner_of[leg["shipment"]] for leg in legs})

    def promises_of(self, day: date, shipment: str) -> list[Row]:
        """What was promised of a shipment on a day for a later one, or came due then; prices are for all of it."""
        return [
            {
                "state": p["state"],
                "carrier": p["carrier"],
                "due_day": p["due_day"].isoformat(),
                "latest_at": self.local(p["latest_at"]),
                "shipments": len(self.rows("promises", day=day, promise=p["promise"])),
                "price_eur": p["price_eur"],
                "reason": p["reason"],
            }
            for p in self.rows("promises", day=day, shipment=shipment)
        ]

    def _booking(self, row: Row) -> Row:
        return {
            "hub": row["hub"],
            "load": row["load"],
            "start_at": self.local(row["start_at"]),
            "end_at": self.local(row["end_at"]),
            "pallets": row["pallets"],
            "price_eur": row["price_eur"],
        }

    def bookings_of(self, day: date, shipment: str) -> list[Row]:
        """Dock slots of the loads that brought a shipment to a hub or took it from there."""
        hops = self.rows("legs", shipment=shipment, day=day)
        at = {(hop["load"], site) for hop in hops for site in (hop["from_site"], hop["to_site"])}
        hubs = self.scenario.region.hubs
        return [self._booking(b) for b in self.rows("bookings", day=day) if (b["load"], hubs[b["hub"]].site) in at]

    def bookings_at(self, day: date, hub: str) -> list[Row]:
        """All dock slots of a hub."""
        return [self._booking(b) for b in self.rows("bookings", day=day, hub=hub)]

    def borne_by(self, owner: str, day: date) -> Row:
        """What an owner bore of reservations on a day, and was told to expect of them; nothing where none ever did."""
        if not self.rows("reservations", owner=owner):
            return {}
        rows = self.rows("reservations", owner=owner, day=day)
        return {
            "reservation_eur": round(math.fsum(r["borne_eur"] for r in rows), 2),
            "expected_saving_eur": round(math.fsum(r["expected_saving_eur"] for r in rows), 2),
        }

    def reserved_with(self, day: date, provider: str) -> list[Row]:
        """What was reserved with a carrier or hub for a day, without who bore it."""
        names = ("reservation", "kind", "good", "quantity", "used", "price_eur", "release_eur")
        rows = {
            r["reservation"]: {n: r[n] for n in names} for r in self.rows("reservations", day=day, provider=provider)
        }
        return list(rows.values())

    def loads_of(self, day: date, carrier: str) -> list[Row]:
        """A carrier's tours with their stops, goods and price."""
        tours = []
        for load in self.rows("loads", day=day, carrier=carrier, scope="after"):
            stops: dict[int, Row] = {}
            for stop in self.rows("stops", day=day, load=load["load"], scope="after"):
                empty = {"site": stop["site"], "start_at": self.local(stop["start_at"]), "delivers": [], "picks_up": []}
                at = stops.setdefault(stop["position"], empty)
                if stop["shipment"]:
                    at["delivers" if stop["act"] == "delivery" else "picks_up"].append(stop["shipment"])
            tours.append(
                {
                    "load": load["load"],
                    "mode": load["mode"],
                    "vehicle": load["vehicle"],
                    "shipments": load["shipments"],
                    "distance_km": load["distance_km"],
                    "price_eur": load["price_eur"],
                    "stops": [stops[position] for position in sorted(stops)],
                }
            )
        return tours

    def sharing_on(self, day: date) -> Row:
        """What was found out about a day's shares, where there was anything."""
        row = next(iter(self.rows("days", day=day)), {})
        found = {"stability": json.loads(row.get("stability") or "{}"), "sharing_note": row.get("sharing_note")}
        return {name: said for name, said in found.items() if said}

    def notes_on(self, day: date, party: str) -> list[str]:
        """What the coordinator noted of a participant on a day."""
        noted = [note for row in self.rows("days", day=day) for note in row["notes"]]
        return [note for note in noted if note.startswith((f"{party} ", f"{party}:"))]
