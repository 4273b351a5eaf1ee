"""What a committed plan leaves in the store: hops to be tracked, and capacity that is not there any more."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from agents.visibility import Phase
from logistics.fleet import type_of
from server.names import company_of
from server.tracking import Hop
from server.wire.proposals import Whole

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from agents.settlement import Settlement
    from server.market import Freeze
    from server.wire.told import Names

_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Hold:
    """Capacity that a plan holds; fields as in `server.store.tables.CommitmentRow`.

    Attributes
    ----------
    quantity
        Vehicles of a type, or dock slots of a hub.
    """

    id: str
    company: str
    good: str
    since: datetime
    until: datetime
    quantity: float = 1.0


def hops(freeze: Freeze, settlement: Settlement, names: Callable[[str], Names] | None = None) -> tuple[Hop, ...]:
    """Hops of all pooled orders, called as in the proposals that were accepted.

    Parameters
    ----------
    names
        As in `server.wire.proposals.proposals`.
    """
    whole = Whole(freeze, settlement, Phase.AFTER, names)
    hubs = {hub.site: hub.id for hub in freeze.market.hubs.values()}
    found = []
    for shipment, legs in sorted(whole.legs.items()):
        for position, leg in enumerate(legs):
            carrier = whole.loads[leg.load].carrier
            loaded, unloaded = whole.stops[leg.job]
            last = position == len(legs) - 1
            hub = "" if len(legs) == 1 else hubs.get(leg.from_site if last else leg.to_site, "")
            found.append(
                Hop(
                    order=shipment,
                    owner=company_of(shipment),
                    carrier=company_of(carrier),
                    load_id=whole.shared.called("load", leg.load),
                    job=whole.names(carrier).called("job", leg.job),
                    position=position,
                    final=last,
                    pickup_at=whole.clock.at(loaded.start_min),
                    delivery_at=whole.clock.at(unloaded.start_min),
                    hub=company_of(hub),
                )
            )
    return tuple(found)


def holds(freeze: Freeze, settlement: Settlement) -> tuple[Hold, ...]:
    """Vehicles from leaving their base until they are back, and dock slots."""
    whole = Whole(freeze, settlement, Phase.AFTER)
    at, called = whole.clock.at, whole.shared.called
    vehicles = [
        Hold(
            called("load", load.id),
            company_of(load.carrier),
            type_of(load.vehicle),
            at(load.stops[0].departure_min),
            at(load.stops[-1].arrival_min),
        )
        for load in settlement.loads
    ]
    slots = [
        Hold(called("booking", b.id), company_of(b.hub), b.hub, at(b.start_min), at(b.end_min))
        for b in settlement.bookings
    ]
    return (*vehicles, *slots)


def held_at_most(rows: Iterable[Hold], start: datetime, end: datetime) -> dict[str, int]:
    """How much of each good is held at once in a planning window, for `server.freezing.Records.held`.

    Vehicles: all that are out at any time in it, as a tour may need one for the whole of it. Dock slots: the most in
    one hour of the window.
    """
    met = [r for r in rows if r.since < end and r.until > start]
    used: Counter[str] = Counter()
    by_hour: dict[str, Counter[int]] = defaultdict(Counter)
    for r in met:
        if "/hubs/" in r.good:
            by_hour[r.good][math.floor((r.since - start) / _HOUR)] += math.ceil(r.quantity)
        else:
            used[r.good] += math.ceil(r.quantity)
    return dict(sorted({**used, **{hub: max(hours.values()) for hub, hours in by_hour.items()}}.items()))
