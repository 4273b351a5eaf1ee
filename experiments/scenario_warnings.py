"""What is allowed in a scenario but probably not meant."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from groupage.errors import Problem
from logistics.compliance import carrier_refusal

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from experiments.scenario import Scenario
    from logistics.shipments import Handling

NAMED = 5


def scenario_warnings(scenario: Scenario) -> list[Problem]:
    """List what a person should look at before running a scenario; none of it is an error.

    Returns
    -------
    list of Problem
        One per kind of finding, naming the first few it concerns.
    """
    if not scenario.shipments:
        return [Problem("orders", "", "no orders", "at least one; a run has nothing to do")]
    return [
        *_no_vehicles(scenario),
        *_too_large(scenario),
        *_never_on_the_table(scenario),
        *_too_late(scenario),
        *_nobody_may_carry(scenario),
        *_expiring(scenario),
        *_no_history(scenario),
    ]


def _named(ids: Iterable[str]) -> str:
    names = list(ids)
    more = f" and {len(names) - NAMED:,} more" if len(names) > NAMED else ""
    return f"{', '.join(names[:NAMED])}{more}"


def _no_vehicles(scenario: Scenario) -> list[Problem]:
    if scenario.region.vehicles:
        return []
    return [Problem("vehicles", "", "no vehicles", "at least one; nothing can be pooled")]


def _too_large(scenario: Scenario) -> list[Problem]:
    vehicles = scenario.region.vehicles.values()
    found = []
    for measure, capacity in (
        ("pallets", "capacity_pallets"),
        ("weight_kg", "capacity_kg"),
        ("volume_m3", "capacity_m3"),
    ):
        most = max((getattr(v, capacity) for v in vehicles), default=None)
        large = [s.id for s in scenario.shipments if most is not None and getattr(s, measure) > most]
        if large:
            said = f"more than any vehicle holds in {_named(large)}"
            found.append(Problem("orders", measure, said, f"<= {most:g}; such shipments cannot be driven in one piece"))
    return found


def _never_on_the_table(scenario: Scenario) -> list[Problem]:
    seen = {s.id for day in scenario.days for s in scenario.releases_on(day)}
    missed = [s.id for s in scenario.shipments if s.id not in seen]
    if not missed:
        return []
    last = scenario.days[-1].date
    said = f"after the last planning day in {_named(missed)}"
    return [Problem("orders", "released_at", said, f"at the latest on {last}; those are left out")]


def _too_late(scenario: Scenario) -> list[Problem]:
    late = [s.id for day in scenario.days for s in scenario.releases_on(day) if s.window_close <= day.start]
    if not late:
        return []
    said = f"before the planning day begins in {_named(late)}"
    return [Problem("orders", "window_close", said, "after the midnight of the day on which the order is planned")]


def _nobody_may_carry(scenario: Scenario) -> list[Problem]:
    region = scenario.region
    by_goods: dict[Handling, list[str]] = defaultdict(list)
    for shipment in scenario.shipments:
        by_goods[shipment.handling].append(shipment.id)
    first = scenario.days[0].date
    found = []
    for goods, ids in by_goods.items():
        reasons = [carrier_refusal(region.carriers[v.carrier], v, goods, first) for v in region.vehicles.values()]
        if reasons and None not in reasons:
            said = f"goods that nobody may carry in {_named(ids)}"
            found.append(Problem("orders", "", said, f"a certified carrier ({reasons[0]})"))
    return found


def _expiring(scenario: Scenario) -> list[Problem]:
    first, last = scenario.days[0].date, scenario.days[-1].date
    valid = f"one valid through {last}, the last planning day"
    return [
        Problem("carriers", "certificates", f"{c.kind} of {carrier.id}, which {_when(c.expires_on, first)}", valid)
        for carrier in scenario.region.carriers.values()
        for c in carrier.certificates
        if c.expires_on < last
    ]


def _when(expiry: date, first: date) -> str:
    return f"{'expired' if expiry < first else 'expires'} on {expiry}"


def _no_history(scenario: Scenario) -> list[Problem]:
    if scenario.history.empty:
        return [Problem("demand", "", "no demand history", "some before the first planning day, for forecasts")]
    known = set(scenario.history["unique_id"])
    zone_of = {name: site.zone for name, site in scenario.region.sites.items()}
    lanes = {f"{s.owner}|{zone_of[s.destination]}|{s.product}" for s in scenario.shipments}
    if not lanes - known:
        return []
    return [
        Problem("demand", "", f"no history of {_named(sorted(lanes - known))}", "a series for each lane of the orders")
    ]
