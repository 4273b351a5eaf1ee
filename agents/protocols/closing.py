"""From what carriers agreed to carry to a deal: their plans, checked, and nobody pays more than alone.

And from a deal to a settlement, with the coalitions that the sharing rule asks about.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from agents.jobs import shipment_of
from agents.market import digest
from agents.messages import QUESTIONS, Exchange, Message, Topic, table
from agents.plans import carried, routes_from_table
from agents.protocols.asking import confirm_bookings
from agents.protocols.deal import Deal, appraise, pooled_owners, pooled_shipments, settle, worst_owner
from agents.protocols.reasons import NO_PLAN, PROMISE_WITHDRAWN, left_out
from agents.protocols.subsets import allocation
from agents.protocols.talk import Talk
from agents.reservations import others_cents
from agents.settlement import Load
from groupage.errors import AuctionError, UnprovenError
from logistics.money import split_cents

if TYPE_CHECKING:
    from agents.market import Market
    from agents.promise import Promise
    from agents.protocol import Conduct
    from agents.tools import Tools
    from logistics.consolidation import HubOffer

Agreed = Mapping[str, Sequence[tuple[Collection[str], int]]]  # by carrier: jobs that go together, at a price in cents
Negotiation = Callable[["Market", Talk], Generator[Exchange, tuple[Message, ...], Deal]]
# One try without some parties: a deal (``None`` where there was nothing to negotiate), and who went back on its word.
Attempt = Callable[[Talk, frozenset[str]], Generator[Exchange, tuple[Message, ...], tuple[Deal | None, frozenset[str]]]]


@dataclass(frozen=True, slots=True)
class Payment:
    """How an auction pays its winners where not as they asked.

    Attributes
    ----------
    rule
        Its name.
    cents
        What each winner is paid in all, given what the owners may pay; raises `UnprovenError` or `AuctionError` where
        the rule says nothing.
    """

    rule: str
    cents: Callable[[int], Mapping[str, int]]


def concluded(market: Market, tools: Tools, conversation: str, negotiate: Negotiation) -> Conduct:
    """Negotiate a market, then each coalition's shipments alone where coalitions are to be costed; settle."""
    talk = Talk(conversation)
    deal = yield from negotiate(market, talk)
    shares = None
    if deal.loads:
        # What goes later is in no coalition's cost: what-ifs are about today alone.
        today = replace(market.restricted_to(market.shipments.keys() - deal.promised), later=())
        costed = tools.needs_coalitions
        shares = yield from allocation(today, deal, tools, lambda part: _what_if(part, negotiate), coalitions=costed)
    return settle(market, tools, deal, talk, shares)


def _what_if(part: Market, negotiate: Negotiation) -> Generator[Exchange, tuple[Message, ...], int]:
    """What a coalition would pay in all if it held the same negotiation alone."""
    deal = yield from negotiate(part, Talk(conversation_of(part)))
    return min(deal.total_cents + others_cents(part, deal.loads), sum(deal.standalone.values()))


def conversation_of(part: Market) -> str:
    """Name of a coalition's what-if conversation; the same owners may ask about other shipments in another pool."""
    return f"coalition/{'+'.join(part.owners)}/{digest(tuple(sorted(part.shipments)))[:8]}"


def kept_to(
    market: Market, talk: Talk, reserves: Mapping[str, int], attempt: Attempt, anew: str = "negotiated"
) -> Generator[Exchange, tuple[Message, ...], Deal]:
    """Negotiate, and anew without whoever went back on its word, until nobody does.

    Participants read what they have agreed to from the conversation, so a new attempt is a new conversation.

    Parameters
    ----------
    anew
        Says in the notes what was done again.
    """
    without: frozenset[str] = frozenset()
    number = 0
    while reserves:
        here = talk if number == 0 else Talk(f"{talk.conversation}#{number}", talk.rounds, talk.notes)
        deal, refusing = yield from attempt(here, without)
        talk.rounds = here.rounds
        if refusing:
            talk.notes.append(f"{anew} again without {', '.join(sorted(refusing))}")
            without |= refusing
            number += 1
        elif deal is None:
            break
        else:
            return deal
    return (yield from appraise(market, Deal(reserves=reserves), talk))


def handled(
    deal: Deal, tools: Tools, talk: Talk, offers: Sequence[HubOffer]
) -> Generator[Exchange, tuple[Message, ...], frozenset[str]]:
    """Have hubs confirm a deal's dock slots; returns those that do not, or that would be overbooked."""
    refusing = yield from confirm_bookings(deal.bookings, talk)
    return refusing | tools.jobs.overbooked(deal.loads, offers)


def closed(
    market: Market,
    tools: Tools,
    talk: Talk,
    reserves: Mapping[str, int],
    agreed: Agreed,
    reasons: Mapping[str, str],
    offers: Sequence[HubOffer] = (),
    broken: Callable[[Sequence[Load]], list[str]] | None = None,
    payment: Payment | None = None,
    terms: Mapping[str, float] | None = None,
    promises: Sequence[Promise] = (),
    void: Mapping[str, str] | None = None,
) -> Generator[Exchange, tuple[Message, ...], Deal]:
    """Ask carriers for their final plans; drop owners until nobody pays more than alone.

    Parameters
    ----------
    agreed
        What each carrier has agreed to carry, and for how much. It is paid at most that: it may ask for less once it
        sees its whole tours. Where an owner was dropped, what is left of a part has the price of the carrier's plan.
    reasons
        Why shipments that nobody agreed to carry stay outside.
    broken
        Says what else that was agreed a carrier's loads do not keep.
    payment
        How carriers are paid, where an auction's rule says so; only if nothing of what was won falls away, else as they
        asked, and the notes say why. What it comes to above what the owners may pay, the operator adds.
    terms
        By shipment that goes through a hub: the share of the hub's named terms that was agreed on.
    promises, void
        What was agreed on for later days, and why promises that were due today were not closed; ``None`` where none
        was asked for. An owner for whom it is worse to wait has its promises withdrawn.
    """
    why = dict(reasons)
    keep = {shipment_of(j) for parts in agreed.values() for jobs, _ in parts for j in jobs}
    everything = set(keep)
    held = tuple(promises)
    due = tuple(p for p in market.due if p.id not in void) if void is not None else ()
    while True:
        loads = yield from _final_loads(tools, talk, agreed, keep, broken)
        bookings = tools.jobs.bookings(loads, offers, terms)
        unplanned = keep - pooled_shipments(loads)
        known = why | dict.fromkeys(sorted(unplanned), NO_PLAN)
        whole = Deal(loads, bookings, reserves, reasons=known, promises=held, due=due, void=void or {})
        deal = yield from appraise(market, whole, talk)
        dropped = worst_owner(market, deal)
        if dropped is None:
            if payment is None or not loads:
                return deal
            fell_away = f"no sound plan came for {', '.join(sorted(unplanned))}" if unplanned else ""
            if keep != everything:
                fell_away = "part of what was won was withdrawn"
            return _paid(market, deal, payment, talk, fell_away)
        withdrawn = [p for p in held if p.owner == dropped]
        if withdrawn:
            talk.notes.append(f"what was promised to {dropped} cost it more than going alone today and was withdrawn")
            held = tuple(p for p in held if p not in withdrawn)
            why |= {s: PROMISE_WITHDRAWN for p in withdrawn for s in p.lot}
            continue
        talk.notes.append(f"what was agreed for {dropped} cost more than going alone and was withdrawn")
        own = {s for s in keep if market.shipments[s].owner == dropped}
        gone = own - {s for p in due for s in p.lot} or own
        for s in sorted(gone):
            why[s] = NO_PLAN if s in unplanned else left_out(deal, dropped, after_refusal=bool(unplanned))
        keep -= gone


def _paid(market: Market, deal: Deal, payment: Payment, talk: Talk, fell_away: str) -> Deal:
    """Pay each carrier what a rule says, over its loads in the proportions of its prices; the operator adds the rest.

    As asked, and noted why, where part of what was won fell away or the rule says nothing.
    """
    may_pay = sum(deal.ceilings(pooled_owners(market, deal)).values())
    try:
        if fell_away:
            raise AuctionError(fell_away)
        payments = payment.cents(may_pay - sum(b.price_cents for b in deal.bookings))
    except (AuctionError, UnprovenError) as why:
        talk.notes.append(f"paid as asked instead of by {payment.rule}: {why}")
        return deal
    lines: dict[str, int] = {}
    for carrier, cents in payments.items():
        own = {load.id: 1.0 + sum(load.price_lines.values()) for load in deal.loads if load.carrier == carrier}
        lines |= split_cents(cents, own)
    paid = replace(deal, loads=tuple(replace(load, price_lines={"quoted": lines[load.id]}) for load in deal.loads))
    return replace(paid, subsidy_cents=max(0, paid.price_cents - may_pay))


def _final_loads(
    tools: Tools,
    talk: Talk,
    agreed: Agreed,
    keep: Collection[str],
    broken: Callable[[Sequence[Load]], list[str]] | None,
) -> Generator[Exchange, tuple[Message, ...], tuple[Load, ...]]:
    wanted = {c: sorted(j for jobs, _ in parts for j in jobs if shipment_of(j) in keep) for c, parts in agreed.items()}
    bodies = {c: table(QUESTIONS[Topic.PLAN], {"job": jobs}) for c, jobs in wanted.items() if jobs}
    if not bodies:
        return ()
    loads: list[Load] = []
    for carrier, body in talk.answers((yield talk.ask(Topic.PLAN, bodies))).items():
        routes, prices = routes_from_table(body)
        if carried(routes) != set(wanted[carrier]) or set(prices) != set(routes):
            talk.notes.append(f"{carrier}: the plan does not carry what was agreed, or names no price for a load")
            continue
        most = max(0, sum(cents for _, cents in agreed[carrier]))
        whole = all(shipment_of(j) in keep for jobs, _ in agreed[carrier] for j in jobs)
        if whole and sum(prices.values()) > most:
            prices = split_cents(most, {load: float(p) for load, p in prices.items()})
        own = [Load(k, carrier, route.vehicle, route.stops, {"quoted": prices[k]}) for k, route in routes.items()]
        faults = tools.faults(own) or (broken(own) if broken else [])
        if faults:
            talk.notes.append(f"{carrier}: the plan was refused ({faults[0]})")
            continue
        loads += own
    return tuple(loads)
