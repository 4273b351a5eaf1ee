"""A carrier or hub cannot do what it committed to: who does it in its stead, what that costs, and who bears it. Pure.

A load goes to another vehicle as it stands, or its orders to other loads of the plan or to a vehicle at other times:
whatever leaves the most in the plan, most of it at its times, and costs the least. Orders that nobody takes leave it,
and their owners get what they said that these cost alone. Who fails gives its price back and bears what the rest costs
more, up to the limit of the rulebook's liability. What it costs less is the owners'.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from agents.messages import COORDINATOR
from agents.settlement import Left, LeftStatus, Transfer
from logistics.money import split_cents
from server.drafts import CHANGE, QUOTED, Draft, NoPlanError, starts
from server.replan import Replanned, alone_cents
from server.wire.account import COMPENSATION, LIABILITY, SHARE
from server.wire.told import Hashed

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from agents.settlement import Booking, Load, Settlement
    from server.market import Freeze

RELEASED = "who was to carry or handle it cannot, and nobody else takes it: it is its owner's to book"
UNDER_WAY = "its goods are under way, or it is not committed any more"


@dataclass(frozen=True)
class Failure:
    """What fails, one of them, and the engine id of who fails."""

    provider: str
    load: Load | None = None
    booking: Booking | None = None


def failure_of(freeze: Freeze, settlement: Settlement, called: str, company: str) -> Failure:
    """Find what a company says that it cannot do.

    Parameters
    ----------
    called
        The load or booking as proposals call it.
    company
        Its resource name.

    Raises
    ------
    NoPlanError
        If it has no such load or booking in the plan in force.
    """
    names = Hashed.of(freeze)
    for load in settlement.loads:
        if names.called("load", load.id) == called and _company(freeze, load.carrier) == company:
            return Failure(load.carrier, load=load)
    for b in settlement.bookings:
        if names.called("booking", b.id) == called and _company(freeze, b.hub) == company:
            return Failure(b.hub, booking=b)
    raise NoPlanError("it is not in the plan any more")


def _company(freeze: Freeze, who: str) -> str:
    seat = freeze.seats.get(who)
    return seat.company if seat is not None else who


@dataclass(frozen=True)
class _Option:
    """One way out: the plan with it, what of it costs more or less than before, and what nobody takes."""

    draft: Draft
    price_gone: int
    quoted: tuple[tuple[str, str, int], ...] = ()
    released: tuple[str, ...] = ()
    given: frozenset[str] = frozenset()


def without_provider(
    freeze: Freeze,
    settlement: Settlement,
    failure: Failure,
    *,
    refused: Collection[str] = (),
    under_way: Collection[str] = (),
    limit_cents: int | None = None,
    free: Mapping[str, int] | None = None,
) -> Replanned:
    """Replan what a provider cannot do.

    Parameters
    ----------
    refused
        Companies, by resource name, that would not have what they were asked: nothing is put on their vehicles, and
        their orders are moved to no other times but released.
    under_way
        Orders of which something has moved: these stay on the loads that they are on.
    limit_cents
        The most that who fails is liable for; ``None``: no limit.
    free
        Vehicles of each type that no other plan holds by now; ``None``: as many as were frozen.

    Raises
    ------
    NoPlanError
        If what is under way finds nobody who takes it.
    """
    avoid = _participants(freeze, {*refused, _company(freeze, failure.provider)})
    draft = replace(Draft.of(freeze, freeze, settlement), free=free)
    if failure.load is not None:
        options = _for_load(draft, failure.load, avoid, frozenset(under_way))
        orders = {leg.shipment for leg in settlement.legs if leg.load == failure.load.id}
    else:
        orders = {*failure.booking.shipments} if failure.booking is not None else set()
        options = _for_booking(draft, failure, avoid, frozenset(under_way))
    if not options:
        raise NoPlanError(UNDER_WAY)
    losses = {order: alone_cents(freeze, settlement, order) for order in sorted(orders)}

    def extra(option: _Option) -> int:
        quoted = sum(cents for _, _, cents in option.quoted)
        lost = sum(losses[order] for order in option.released)
        return sum(option.draft.more.values()) + quoted + lost - option.price_gone

    # What is beyond the liability nobody else need bear: then all is released instead, if nothing of it moves yet.
    within = [one for one in options if limit_cents is None or extra(one) <= limit_cents]
    within = within or [one for one in options if len(one.released) == len(losses)]
    if not within:
        raise NoPlanError(UNDER_WAY)
    # Owners keep their times where that can be, also where other times would cost less.
    then = starts(settlement.loads)
    best = min(within, key=lambda one: (len(one.released), _retimed(one, then), extra(one)))
    return _settled(freeze, settlement, failure, best, losses, extra(best), limit_cents)


def _retimed(option: _Option, then: dict[str, tuple[float, float]]) -> int:
    return sum(then.get(job) != at for job, at in starts(option.draft.loads.values()).items())


def _participants(freeze: Freeze, companies: Collection[str]) -> frozenset[str]:
    return frozenset(who for who, seat in freeze.seats.items() if seat.company in companies) | frozenset(companies)


def _for_load(draft: Draft, load: Load, avoid: frozenset[str], fixed: frozenset[str]) -> list[_Option]:
    """Ways out where a load fails; the last one releases everything that can be."""
    price = sum(load.price_lines.values())
    orders = sorted({leg.shipment for leg in draft.legs if leg.load == load.id})
    bare = replace(draft, loads={k: x for k, x in draft.loads.items() if k != load.id})
    whole = bare.replaced(load, avoid)
    options = [_taken(whole, load.id, price)] if whole is not None else []
    if not fixed.intersection(orders):
        options += _one_by_one(bare, orders, load.id, price, avoid)
    return options


def _for_booking(draft: Draft, failure: Failure, avoid: frozenset[str], fixed: frozenset[str]) -> list[_Option]:
    """Ways out where a dock slot fails: its orders go by no hub, or are released."""
    booking = failure.booking
    if booking is None or fixed.intersection(booking.shipments):
        return []
    options = []
    for one in _one_by_one(draft, sorted(booking.shipments), f"{booking.id}+", 0, avoid):
        was = {b.id: b for b in draft.bookings}
        lost, kept = 0, []
        for b in one.draft.bookings:
            gone = was[b.id].pallets - b.pallets
            if b.hub != failure.provider or (gone <= 0 and b.id != booking.id):
                kept.append(b)
                continue
            # It handles less, and is paid less by as much; nothing where nothing is left.
            whole = b.id == booking.id or not b.shipments
            cents = b.price_cents if whole else math.ceil(b.price_cents * gone / was[b.id].pallets)
            lost += cents
            if not whole:
                kept.append(replace(b, price_cents=b.price_cents - cents))
        options.append(replace(one, draft=replace(one.draft, bookings=tuple(kept)), price_gone=lost))
    return options


def _taken(made: tuple[Draft, int], load: str, price_gone: int) -> _Option:
    draft, price = made
    carrier = draft.loads[load].carrier
    return _Option(draft, price_gone, ((carrier, load, price),), (), frozenset({carrier}))


def _one_by_one(bare: Draft, orders: Iterable[str], name: str, price_gone: int, avoid: frozenset[str]) -> list[_Option]:
    """Each order on the load that takes it cheapest, and what is left on a vehicle of its own; and all released."""
    wanted = sorted(orders)
    none = bare
    for order in wanted:
        none = none.without(order)
    releases = _Option(none, price_gone, (), tuple(wanted))
    owner = {order: bare.freeze.market.shipments[order].owner for order in wanted}
    draft, given, left = none, set[str](), []
    for order in sorted(wanted, key=lambda o: (-bare.freeze.market.shipments[o].pallets, o)):
        placed = None if owner[order] in avoid else draft.placed(order, avoid)
        if placed is None:
            left.append(order)
            continue
        (load,) = placed.loads_of(order)
        draft = placed
        given.add(load.carrier)
    moved = _Option(draft, price_gone, (), tuple(sorted(left)), frozenset(given))
    options = [moved, releases]
    willing = [order for order in left if owner[order] not in avoid and order in draft.book.direct]
    alone = draft.fresh(name, willing, avoid) if willing else None
    if alone is not None:
        taken = _taken(alone, name, price_gone)
        rest = tuple(sorted(set(left).difference(willing)))
        options.insert(0, replace(taken, released=rest, given=taken.given | given))
    return options


def _settled(
    freeze: Freeze,
    settlement: Settlement,
    failure: Failure,
    option: _Option,
    losses: dict[str, int],
    extra: int,
    limit_cents: int | None,
) -> Replanned:
    """Move the money: every cent that somebody gets is another's, and none is the operator's."""
    about = failure.load.id if failure.load is not None else failure.booking.id if failure.booking is not None else ""
    borne = max(0, extra if limit_cents is None else min(extra, limit_cents))
    lost = {order: losses[order] for order in option.released}
    # Beyond the limit the released bear their own losses, each by its part.
    paid = split_cents(sum(lost.values()) - max(0, extra - borne), lost) if lost else {}
    market = freeze.market
    moves = [
        Transfer(COORDINATOR, failure.provider, -option.price_gone, CHANGE, about),
        Transfer(COORDINATOR, failure.provider, -borne, LIABILITY, about),
        *(Transfer(COORDINATOR, who, cents, CHANGE, about) for who, cents in sorted(option.draft.more.items())),
        *(Transfer(COORDINATOR, who, cents, QUOTED, load) for who, load, cents in option.quoted),
        *(Transfer(market.shipments[o].owner, COORDINATOR, -c, COMPENSATION, o) for o, c in paid.items()),
    ]
    if extra < 0:
        parts = split_cents(-extra, {o: market.shipments[o].pallets for o in losses})
        moves += [Transfer(market.shipments[o].owner, COORDINATOR, -c, SHARE, o) for o, c in parts.items()]
    left_cents = dict(settlement.left_cents)
    for order, cents in lost.items():
        owner = market.shipments[order].owner
        left_cents[owner] = left_cents.get(owner, 0) + cents
    new = replace(
        settlement,
        legs=option.draft.legs,
        loads=tuple(option.draft.loads.values()),
        bookings=option.draft.bookings,
        left=(*settlement.left, *(Left(order, LeftStatus.STANDALONE, RELEASED) for order in option.released)),
        left_cents=left_cents,
        transfers=(*settlement.transfers, *(t for t in moves if t.cents)),
    )
    if option.draft.book.faults(new.loads):
        raise NoPlanError("there is no sound plan without it")
    # Names of jobs and loads stay those of the negotiation.
    kept = replace(freeze, named_as=freeze.names_digest)
    return Replanned(kept, new, frozenset(losses), paid, frozenset(_company(freeze, c) for c in option.given))
