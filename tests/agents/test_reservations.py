"""Tests for agents.reservations: what was reserved is paid for, used or not, and to the cent."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.execution import execute
from agents.market import Market
from agents.messages import COORDINATOR
from agents.misreport import had
from agents.participants import ShipperDesk
from agents.reservations import LINES, Good, Reserved, account, others_cents, vehicles_reserved
from agents.settlement import Booking, Load, Settlement
from agents.synchronize import replayed, synchronize
from agents.verify import settlement_faults
from logistics import to_cents
from logistics.fleet import RESERVED_SUFFIX, type_of, with_reserved
from tests.agents.markets import policy
from tests.agents.reserved import parties, reserved_market

PROTOCOLS = ("contract_net", "trustee", "combinatorial_auction", "coalition_formation", "alternating_offers")
USED = 31  # seed of a market in which reserved vehicles and dock slots are used, and others are not


def negotiated(seed: int, protocol: str, sharing: str = "proportional", **sizes: int) -> tuple[Market, Settlement]:
    small, market = reserved_market(seed, **sizes)
    return market, synchronize(market, parties(small, market), policy(protocol, sharing), 7).settlement


@settings(max_examples=25)
@given(st.integers(0, 400), st.sampled_from(PROTOCOLS), st.sampled_from(["proportional", "shapley"]))
def test_money_balances(seed: int, protocol: str, sharing: str) -> None:
    """With reservations too every promise is kept: all that is paid is received, nothing stays with the operator."""
    market, s = negotiated(seed, protocol, sharing, carriers=2)
    assert settlement_faults(market, s) == []
    assert sum(s.paid_cents.values()) == sum(s.received_cents.values())
    assert s.operator_cents == 0
    assert [r.id for r in s.reservations] == [r.id for r in market.reserved]
    for row, agreed in zip(s.reservations, market.reserved, strict=True):
        assert 0 <= row.used <= row.quantity == agreed.quantity
        assert sum(row.owners.values()) == row.cost_cents
        assert row.owners.keys() == agreed.parts.keys()


def test_every_protocol_uses_what_was_reserved() -> None:
    """Reserved vehicles are driven under every protocol that pools, named by their reservation, at no fixed cost."""
    for protocol in PROTOCOLS:
        market, s = negotiated(USED, protocol, factories=3, shipments=8, hubs=1, carriers=2)
        reserved = {r.id: r for r in market.reserved}
        driven = [load for load in s.loads if load.vehicle.endswith(RESERVED_SUFFIX)]
        assert driven, protocol
        for load in s.loads:
            assert (load.reservation is not None) == (load in driven)
        for load in driven:
            assert load.reservation is not None
            assert reserved[load.reservation].good == type_of(load.vehicle)


def test_unused_reservations_cost() -> None:
    """What was reserved and not used is paid for, less what it is still worth, by the owners in their parts."""
    _, market = reserved_market(USED, factories=3, shipments=8, hubs=1, carriers=2)
    rows, transfers = account(market, (), ())
    for row, r in zip(rows, market.reserved, strict=True):
        assert (row.used, row.cost_cents) == (0, r.quantity * (r.price_cents - r.release_cents))
        whole = sum(r.parts.values())
        assert all(abs(row.owners[o] - row.cost_cents * p / whole) <= 1 for o, p in r.parts.items())
    assert {t.line for t in transfers} == LINES
    assert all(t.cents > 0 and COORDINATOR in (t.payer, t.payee) for t in transfers)


def test_used_dock_slots_give_the_days_price_back() -> None:
    """A hub is paid for a reserved slot once: it gives back the day's price for those that are used, and no others."""
    _, market = reserved_market(USED, factories=3, shipments=8, hubs=1, carriers=2)
    slots = Reserved("r", "h0", Good.DOCK_SLOT, "h0", 2, 1000, 100, 1500, {"f0": 1.0})
    only = replace(market, reserved=(slots,))
    booking = Booking("b", "h0", "l", 0.0, 30.0, 2.0, 0.0, (), 1500)
    for used, cost in ((0, 2000 - 200), (1, 2000 - 100 - 1500), (2, 2000 - 3000), (3, 2000 - 3000)):
        [row], transfers = account(only, (), (booking,) * used)
        assert (row.used, row.cost_cents, row.owners) == (min(used, 2), cost, {"f0": cost})
        net = sum(t.cents if t.payee == "h0" else -t.cents for t in transfers if "h0" in (t.payer, t.payee))
        assert net == cost


def test_a_wrong_account_is_found() -> None:
    """A settlement that leaves out a reservation, its use or a cent of its money is faulty."""
    market, s = negotiated(USED, "contract_net", factories=3, shipments=8, hubs=1, carriers=2)
    assert settlement_faults(market, s) == []
    entry = next(t for t in s.transfers if t.line in LINES)
    off = replace(entry, cents=entry.cents + 1)
    for broken in (
        replace(s, reservations=s.reservations[1:]),
        replace(s, reservations=(replace(s.reservations[0], used=s.reservations[0].used + 1), *s.reservations[1:])),
        replace(s, transfers=tuple(off if t == entry else t for t in s.transfers)),
        replace(s, transfers=tuple(t for t in s.transfers if t.line not in LINES)),
    ):
        assert "reservations are not paid as agreed and used" in settlement_faults(market, broken)


def test_replay() -> None:
    """A negotiation with reservations replays to the same settlement."""
    small, market = reserved_market(USED, factories=3, shipments=8, hubs=1, carriers=2)
    chosen = policy("contract_net", "shapley")
    outcome = synchronize(market, parties(small, market), chosen, 7)
    assert replayed(market, chosen, outcome.transcript).settlement == outcome.settlement


def test_what_reservations_really_cost() -> None:
    """As driven, money adds up over all parties, and a reserved vehicle costs its carrier its fixed cost once."""
    small, market = reserved_market(USED, factories=3, shipments=8, hubs=1, carriers=2)
    desks = parties(small, market)
    s = synchronize(market, desks, policy("contract_net"), 7).settlement
    shippers = {d.owner: d for p in desks.values() for d in p.desks if isinstance(d, ShipperDesk)}
    executed = execute(small.region, market, s, shippers)
    assert sum(had(s, executed).values()) == -executed.resource_cents
    by_load = {load.id: load for load in executed.loads}
    for load in s.loads:
        done = by_load[load.id]
        fixed = 0 if load.reservation else to_cents(small.region.day_costs(load.vehicle).fixed_eur)
        assert done.cost_lines.get("fixed", 0) == fixed
        assert done.vehicle == type_of(load.vehicle)
    for run, row in zip(executed.reserved, s.reservations, strict=True):
        assert run.paid_cents == row.cost_cents
        if row.good in small.region.vehicles:
            fixed = to_cents(small.region.operating_costs[row.good].fixed_eur)
            idle = to_cents(small.region.idle_eur(row.good)) * (row.quantity - row.used)
            assert run.resource_cents == fixed * row.used + idle


def test_providers_are_never_worse_off() -> None:
    """Bidding truthfully, a carrier or hub gets for its work and its reserved capacity no less than both cost it."""
    for seed in range(40):
        small, market = reserved_market(seed, carriers=2, hubs=1)
        desks = parties(small, market)
        s = synchronize(market, desks, policy("contract_net"), 7).settlement
        shippers = {d.owner: d for p in desks.values() for d in p.desks if isinstance(d, ShipperDesk)}
        costs = execute(small.region, market, s, shippers).provider_costs()
        got = dict.fromkeys(costs, 0)
        for t in s.transfers:
            # A carrier that owns shipments pays and gets back its own part, too.
            if t.payer == COORDINATOR and t.line in ("transport", "hub", "reservation"):
                got[t.payee] = got.get(t.payee, 0) + t.cents
            elif t.payee == COORDINATOR and t.line == "release":
                got[t.payer] = got.get(t.payer, 0) - t.cents
        for who, cost in costs.items():
            # Each price is rounded up, each cost line to the nearest cent.
            assert got[who] >= cost - 4 * len(s.loads) - 4 * len(s.bookings), (seed, who)


def test_a_coalition_pays_others_for_their_part() -> None:
    """Whoever would use a reserved vehicle without those who paid for it has to pay them their part; nobody its own."""
    _, market = reserved_market(USED, factories=3, shipments=8, hubs=1, carriers=2)
    vehicle = min(market.vehicles)
    r = Reserved("r", "v0", Good.VEHICLE, type_of(vehicle), 2, 1000, 0, 1500, {"f0": 3.0, "f1": 1.0})
    one = replace(market, reserved=(r,))
    load = Load("l", "v0", r.good + RESERVED_SUFFIX, (), {})
    parts = {owners: replace(one, shipments=_of(one, owners)) for owners in (("f0",), ("f1",), ("f0", "f1"), ("f2",))}
    assert {o: others_cents(part, (load,)) for o, part in parts.items()} == {
        ("f0",): 250,
        ("f1",): 750,
        ("f0", "f1"): 0,
        ("f2",): 1000,
    }
    assert others_cents(parts["f0",], (load, load, load)) == 500
    assert others_cents(parts["f0",], (replace(load, vehicle=r.good),)) == 0


def _of(market: Market, owners: tuple[str, ...]) -> dict[str, object]:
    return {k: s for k, s in market.shipments.items() if s.owner in owners}


def test_vehicles_apart() -> None:
    """Reserved vehicles are a type of their own; together there are as many as before, and no more can be reserved."""
    small, market = reserved_market(USED, factories=3, shipments=8, hubs=1, carriers=2)
    count = vehicles_reserved(market.reserved)
    for name, kind in small.region.vehicles.items():
        rest, apart = market.vehicles.get(name), market.vehicles.get(name + RESERVED_SUFFIX)
        assert (rest.count if rest else 0) + (apart.count if apart else 0) == kind.count
        assert (apart.count if apart else 0) == count.get(name, 0)
        assert apart is None or replace(apart, id=name, count=kind.count) == kind
    name = min(small.region.vehicles)
    with pytest.raises(ValueError, match="are reserved, expected 0 to"):
        with_reserved(small.region.vehicles, {name: 99})


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"quantity": 0}, "is of 0 for 1 owners"),
        ({"parts": {}}, "for 0 owners"),
        ({"release_cents": 2000}, "gives back 2000 of 1000"),
    ],
)
def test_reservations_that_make_no_sense(changes: dict[str, object], said: str) -> None:
    """A reservation of nothing, for nobody, or that gives back more than it cost is refused."""
    fields = {
        "id": "r",
        "provider": "v",
        "kind": Good.VEHICLE,
        "good": "v-0",
        "quantity": 1,
        "price_cents": 1000,
        "release_cents": 0,
        "spot_cents": 1500,
        "parts": {"f": 1.0},
    }
    with pytest.raises(ValueError, match=said):
        Reserved(**(fields | changes))  # type: ignore[arg-type]


@given(st.integers(1, 20), st.integers(0, 5000), st.lists(st.floats(0, 99), min_size=1, max_size=6))
def test_shares_add_up(quantity: int, price: int, parts: list[float]) -> None:
    """The owners' parts of the price are whole cents and add up to it."""
    r = Reserved("r", "v", Good.VEHICLE, "v-0", quantity, price, 0, price, {f"f{i}": p for i, p in enumerate(parts)})
    shares = r.shares()
    assert sum(shares.values()) == quantity * price
    assert all(cents >= 0 for cents in shares.values())
    assert np.argmax(list(shares.values())) == np.argmax(parts) or max(parts) - sorted(parts)[-2] < 1e-3 or price == 0
