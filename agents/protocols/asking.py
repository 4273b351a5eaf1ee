"""What every protocol asks: what is on the table, what it costs alone, at what terms hubs may be used."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agents.jobs import hub_offer
from agents.messages import QUESTIONS, Exchange, Message, Performative, Topic, table
from logistics.money import split_cents

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Mapping, Sequence

    from agents.market import Market
    from agents.protocols.talk import Talk
    from agents.settlement import Booking
    from agents.tools import Tools
    from logistics.consolidation import HubOffer


def ask_offers(market: Market, tools: Tools, talk: Talk) -> Generator[Exchange, tuple[Message, ...], dict[str, int]]:
    """Ask every owner what it puts on the table, and its reserve for each shipment in cents."""
    feasible = tools.jobs.direct
    bodies = {
        owner: table(QUESTIONS[Topic.OFFER], {"shipment": own})
        for owner in market.owners
        if (own := [s for s in market.owned_by(owner) if s in feasible])
    }
    if not bodies:
        return {}
    answers = talk.answers((yield talk.ask(Topic.OFFER, bodies)))
    reserves: dict[str, int] = {}
    for owner, body in answers.items():
        asked = set(bodies[owner]["shipment"].to_pylist())
        for shipment, cents in zip(body["shipment"].to_pylist(), body["reserve_cents"].to_pylist(), strict=True):
            if shipment in asked and cents is not None and cents >= 0:
                reserves[shipment] = cents
    return reserves


def ask_hub_terms(market: Market, talk: Talk) -> Generator[Exchange, tuple[Message, ...], list[HubOffer]]:
    """Ask all hubs at what terms the pool may use them."""
    if not market.hubs:
        return []
    bodies = {hub: table(QUESTIONS[Topic.HUB_TERMS], {"hub": [hub]}) for hub in market.hubs}
    answers = talk.answers((yield talk.ask(Topic.HUB_TERMS, bodies, Performative.CFP)))
    return [hub_offer(market, hub, body) for hub, body in sorted(answers.items())]


def ask_standalone(
    market: Market, talk: Talk, sets: Mapping[str, Sequence[Sequence[str]]]
) -> Generator[Exchange, tuple[Message, ...], dict[str, list[int | None]]]:
    """Ask owners what each of some sets of their shipments would cost them alone.

    Returns
    -------
    dict
        By owner, one figure per set in cents; ``None`` where no answer came. Owners without shipments in any set are
        not asked; the empty set is asked too, since commitments cost even then.
    """
    bodies = {}
    for owner, groups in sets.items():
        numbered = [(i, s) for i, group in enumerate(groups) for s in group]
        # A set without shipments still has to be named: a row with an empty shipment.
        numbered += [(i, "") for i, group in enumerate(groups) if not group]
        numbered.sort()
        bodies[owner] = table(
            QUESTIONS[Topic.STANDALONE], {"set": [i for i, _ in numbered], "shipment": [s for _, s in numbered]}
        )
    if not bodies:
        return {}
    answers = talk.answers((yield talk.ask(Topic.STANDALONE, bodies)))
    out: dict[str, list[int | None]] = {}
    for owner, groups in sets.items():
        figures: list[int | None] = [None] * len(groups)
        if owner in answers:
            body = answers[owner]
            for number, cents in zip(body["set"].to_pylist(), body["standalone_cents"].to_pylist(), strict=True):
                if number is not None and 0 <= number < len(groups):
                    figures[number] = cents
        out[owner] = figures
    return out


def restated(
    market: Market, talk: Talk, stated: Mapping[str, int], loose: Iterable[str]
) -> Generator[Exchange, tuple[Message, ...], tuple[dict[str, int], int]]:
    """Raise the reserves of what is still with owners to what this remainder costs them alone.

    Reserves add up, but a remainder of few shipments is dear to drive alone: taking one more away then saves less than
    its reserve, and taking all of them away more. Reserves are only ever raised, so that it comes to an end.

    Returns
    -------
    tuple
        Reserves by shipment in cents, and what all of the remainder costs alone on top of what was never offered; what
        is owed for committed vehicles is in neither, as pooling saves none of it. An owner that does not answer keeps
        the reserves it stated.
    """
    mine: dict[str, list[str]] = {}
    for shipment in sorted(loose):
        mine.setdefault(market.shipments[shipment].owner, []).append(shipment)
    raised, total = dict(stated), 0
    kept = {o: [s for s in market.owned_by(o) if s not in stated] for o in mine}
    sets = {o: [sorted(own + kept[o]), kept[o]] for o, own in mine.items()}
    figures = yield from ask_standalone(market, talk, sets)
    for owner, (alone, owed) in figures.items():
        own = mine[owner]
        if alone is None or owed is None:
            total += sum(stated[s] for s in own)
            continue
        worth = max(0, alone - owed)
        total += worth
        parts = split_cents(worth, {s: 1.0 + stated[s] for s in own})
        raised |= {s: max(stated[s], part) for s, part in parts.items()}
    return raised, total


def confirm_bookings(
    bookings: Sequence[Booking], talk: Talk
) -> Generator[Exchange, tuple[Message, ...], frozenset[str]]:
    """Ask hubs to confirm their dock slots; returns the hubs that did not."""
    hubs = sorted({b.hub for b in bookings})
    if not hubs:
        return frozenset()
    bodies = {}
    for hub in hubs:
        own = [b for b in bookings if b.hub == hub]
        bodies[hub] = table(
            QUESTIONS[Topic.BOOKINGS],
            {
                "booking": [b.id for b in own],
                "start_min": [b.start_min for b in own],
                "end_min": [b.end_min for b in own],
                "pallets": [b.pallets for b in own],
                "storage_pallet_hours": [b.storage_pallet_hours for b in own],
                "price_cents": [b.price_cents for b in own],
            },
        )
    agreed = talk.accepted((yield talk.ask(Topic.BOOKINGS, bodies, Performative.PROPOSE)))
    return frozenset(hubs) - agreed
