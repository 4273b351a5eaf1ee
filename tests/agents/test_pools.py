"""Cutting a market into pools."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.market import Market
from agents.pools import CARRIERS, HUBS, KM_PER_GAP_MIN, Pool, find_pools
from logistics import Body, Carrier, Hub, OperatingCosts, PublicTariffs, Shipment, Site, SiteKind, VehicleType
from logistics.network import great_circle_km, great_circle_network
from logistics.routing.problem import FleetVehicle, Job

START = datetime(2026, 3, 2, tzinfo=UTC)
DAY = (0.0, 1440.0)


def site(name: str, kind: SiteKind, lat: float, lon: float) -> Site:
    return Site(name, kind, lat, lon)


def drawn(
    count: int, seed: int = 0, carriers: int = 12, hubs: int = 4, windows: tuple[tuple[float, float], ...] = (DAY,)
) -> tuple[Market, dict[str, Job], list[FleetVehicle]]:
    """Shipments from one factory to clients all over a country, in drawn windows, with carriers and hubs in it."""
    rng = np.random.default_rng(seed)

    def places(n: int) -> np.ndarray:
        return rng.uniform((47.0, 8.0), (50.0, 12.0), (n, 2)).round(4)

    sites = [site("factory", SiteKind.FACTORY, 48.5, 10.0)]
    sites += [site(f"c{k:04d}", SiteKind.CLIENT, *at) for k, at in enumerate(places(count).tolist())]
    sites += [site(f"base{k:02d}", SiteKind.BASE, *at) for k, at in enumerate(places(carriers).tolist())]
    sites += [site(f"hub{k:02d}", SiteKind.HUB, *at) for k, at in enumerate(places(hubs).tolist())]
    vehicles = {
        f"v{k:02d}": VehicleType(f"v{k:02d}", f"carrier{k:02d}", Body.RIGID, f"base{k:02d}", 3, 18.0, 9000.0, 50.0)
        for k in range(carriers)
    }
    shipments, jobs = {}, {}
    for k in range(count):
        name, window = f"s{k:04d}", windows[int(rng.integers(len(windows)))]
        shipments[name] = Shipment(name, "owner", ("factory",), f"c{k:04d}", 1.0, 100.0, 1.0, *[START] * 5)
        jobs[name] = Job(name, name, ("factory",), f"c{k:04d}", 1.0, 100.0, 1.0, 0.0, 1440.0, *window)
    market = Market(
        START,
        1440.0,
        {s.id: s for s in sites},
        great_circle_network(sites),
        shipments,
        {v.carrier: Carrier(v.carrier) for v in vehicles.values()},
        vehicles,
        {f"hub{k:02d}": Hub(f"hub{k:02d}", f"hub{k:02d}", 2) for k in range(hubs)},
        PublicTariffs((), ()),
    )
    fleet = [FleetVehicle(v, OperatingCosts(), v.count, *DAY) for v in vehicles.values()]
    return market, jobs, fleet


def km_between(market: Market, jobs: Mapping[str, Job]) -> np.ndarray:
    at = [market.sites[job.destination] for job in jobs.values()]
    return great_circle_km(np.array([s.lat for s in at]), np.array([s.lon for s in at]))


@pytest.mark.parametrize("count", [0, 1, 2, 30])
def test_a_small_market_is_one_pool(count: int) -> None:
    """Up to the limit there is one pool with everybody in it; without shipments there is none."""
    market, jobs, fleet = drawn(count)
    whole = Pool(tuple(sorted(jobs)), (), tuple(sorted(market.carriers)), tuple(sorted(market.hubs)))
    assert find_pools(market, jobs, fleet, 30) == ((whole,) if count else ())


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 160), st.integers(2, 60), st.integers(0, 99), st.booleans())
def test_every_shipment_is_at_home_once(count: int, most: int, seed: int, early_and_late: bool) -> None:
    """Homes part the shipments, guests come on top, no pool is too large, and the order of arguments is nothing."""
    windows = ((300.0, 500.0), (450.0, 700.0), (900.0, 1000.0)) if early_and_late else (DAY,)
    market, jobs, fleet = drawn(count, seed, windows=windows)
    pools = find_pools(market, jobs, fleet, most)
    assert sorted(s for pool in pools for s in pool.home) == sorted(jobs)
    for pool in pools:
        assert pool.home
        assert not set(pool.home) & set(pool.guests)
        assert len(set(pool.guests)) == len(pool.guests)
        assert len(pool.shipments) <= most
        assert pool.shipments == tuple(sorted(pool.shipments))
        assert pool.carriers
        assert set(pool.carriers) <= set(market.carriers)
        assert set(pool.hubs) <= set(market.hubs)
    backward = dict(reversed(jobs.items()))
    assert find_pools(market, backward, fleet[::-1], most) == pools


def test_pools_overlap_at_their_borders() -> None:
    """Guests lie near a shipment at home; nearly every pair of nearest neighbours has a pool in common."""
    market, jobs, fleet = drawn(600)
    pools = find_pools(market, jobs, fleet, 100)
    assert len(pools) == 8
    km, row = km_between(market, jobs), {s: k for k, s in enumerate(jobs)}
    typical = np.median(np.sort(km, axis=1)[:, 16])
    for pool in pools:
        assert pool.guests
        home = [row[s] for s in pool.home]
        assert all(km[row[s], home].min() < 2 * typical for s in pool.guests)
    np.fill_diagonal(km, np.inf)
    ids = list(jobs)
    together = [any({s, ids[int(km[row[s]].argmin())]} <= set(pool.shipments) for pool in pools) for s in ids]
    assert np.mean(together) > 0.98


def test_a_pool_is_one_neighbourhood() -> None:
    """Shipments of a pool are nearer to each other than shipments at large."""
    market, jobs, fleet = drawn(600)
    km, row = km_between(market, jobs), {s: k for k, s in enumerate(jobs)}
    for pool in find_pools(market, jobs, fleet, 100):
        own = [row[s] for s in pool.shipments]
        assert km[np.ix_(own, own)].mean() < 0.6 * km.mean()


def test_windows_that_never_meet() -> None:
    """Where the pause between windows is longer than the way, the cut is in time; and no guest comes from beyond it."""
    morning, evening = (360.0, 480.0), (840.0, 960.0)
    market, jobs, fleet = drawn(80, windows=(morning, evening))
    assert (evening[0] - morning[1]) * KM_PER_GAP_MIN < km_between(market, jobs).max()
    for shrunk in (False, True):
        if shrunk:  # all clients within some 30 km
            near = {k: replace(s, lat=48 + s.lat / 15, lon=10 + s.lon / 15) for k, s in market.sites.items()}
            market = replace(market, sites=near)
        pools = find_pools(market, jobs, fleet, 50)
        windows = [{jobs[s].delivery_open_min for s in pool.home} for pool in pools]
        assert all(len(times) == 1 for times in windows) == shrunk
        for pool in pools:
            at_home = {jobs[s].delivery_open_min for s in pool.home}
            assert {jobs[s].delivery_open_min for s in pool.guests} <= at_home


def test_carriers_and_hubs_of_a_pool() -> None:
    """A pool has the carriers with the shortest empty ways, whoever else alone may carry something, and near hubs."""
    market, jobs, fleet = drawn(300, hubs=12)
    # Only one carrier may carry the heavy ones, and one may carry nothing.
    heavy = {s for k, s in enumerate(jobs) if k % 7 == 0}
    able, idle = fleet[3].type.carrier, fleet[5].type.carrier
    kept = {able: frozenset(), idle: frozenset(jobs)}
    fleet = [replace(v, excluded=kept.get(v.type.carrier, frozenset(heavy))) for v in fleet]
    to = market.network.km
    fewer = 0
    for pool in find_pools(market, jobs, fleet, 60):
        assert idle not in pool.carriers
        assert able in pool.carriers
        assert CARRIERS <= len(pool.carriers) <= CARRIERS + 1
        fewer += len(pool.hubs) < 12
        ways = {
            v.type.carrier: np.mean([to(jobs[s].destination, v.type.base) for s in pool.shipments])
            + to(v.type.base, "factory")
            for v in fleet
        }
        others = [c for c in ways if c not in (able, idle)]
        assert set(sorted(others, key=ways.__getitem__)[: CARRIERS - 1]) <= set(pool.carriers)
        for s in pool.shipments:
            near = sorted(market.hubs, key=lambda h: to(h, jobs[s].destination))[:HUBS]
            assert set(near) <= set(pool.hubs)
    assert fewer


def test_nobody_may_carry_anything() -> None:
    """Pools without carriers are pools all the same."""
    market, jobs, fleet = drawn(40)
    none = [replace(v, excluded=frozenset(jobs)) for v in fleet]
    assert all(pool.carriers == () for pool in find_pools(market, jobs, none, 20))
    assert all(pool.carriers == () for pool in find_pools(market, jobs, [], 20))
