"""Reservations as a pooled good: providers name terms, the pool's paths say how much pays, owners agree to their part.

An owner is told its part of the price and what that is expected to save it; not how much is reserved, nor with whom.
Owners bear a reservation in proportion to their mean part of the paths. Whoever does not agree is left out, pays
nothing, and the quantities are chosen again on what the others expect. Its goods may still go in a reserved vehicle:
every coalition without those who paid is charged their part (`agents.reservations.others_cents`), so the sharing rule
splits what the vehicle saves, and the reservation's own price, used or not, stays with those who agreed.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np

from agents.messages import QUESTIONS, Exchange, Message, Performative, Topic, table
from agents.reservations import Reserved
from agents.reserving import GoodView
from forecasting import CapacityOffer
from logistics.money import split_cents

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

    from numpy.typing import NDArray

    from agents.lookahead.outlook import GoodKey, Outlook
    from agents.protocols.talk import Talk
    from agents.reserving import ReservingRule

Terms = dict["GoodKey", tuple[str, CapacityOffer]]  # by good: who offers it, at what prices in cents


def agree_reservations(
    outlook: Outlook, rule: ReservingRule, expected: Mapping[str, NDArray[np.float64]], talk: Talk
) -> Generator[Exchange, tuple[Message, ...], tuple[Reserved, ...]]:
    """Ask for terms, choose quantities, ask owners for their part, and tell the providers.

    Parameters
    ----------
    expected
        By owner, sample paths of all that it expects to send on the next planning day, shape ``(paths,)``.
    """
    owners = {o: paths for o, paths in sorted(expected.items()) if paths.mean() > 0}
    if not owners or not outlook.experience:
        return ()
    terms = yield from _terms(outlook, talk)
    while owners and terms:
        chosen = _chosen(outlook, rule, owners, terms)
        if not chosen:
            return ()
        declined = yield from _declining(outlook, chosen, talk)
        if not declined:
            return (yield from _awarded(chosen, talk))
        talk.notes.append(f"reserved without {', '.join(sorted(declined))}")
        owners = {o: paths for o, paths in owners.items() if o not in declined}
    return ()


def _terms(outlook: Outlook, talk: Talk) -> Generator[Exchange, tuple[Message, ...], Terms]:
    bodies = {
        who: table(QUESTIONS[Topic.CAPACITY], {"day": [outlook.next_day] * len(goods), "good": [g for _, g in goods]})
        for who, goods in outlook.goods.items()
        if goods
    }
    terms: Terms = {}
    if not bodies:
        return terms
    for who, body in talk.answers((yield talk.ask(Topic.CAPACITY, bodies, Performative.CFP))).items():
        of = {name: (kind, name) for kind, name in outlook.goods[who]}
        for row in body.to_pylist():
            key = of.get(row["good"])
            if key is None or row["units"] < 1 or row["release_cents"] >= row["price_cents"]:
                talk.notes.append(f"{who}: its terms for {row['good']} cannot be taken")
                continue
            terms[key] = (
                who,
                CapacityOffer(row["units"], row["price_cents"], row["spot_cents"], row["release_cents"]),
            )
    return dict(sorted(terms.items()))


def _chosen(
    outlook: Outlook, rule: ReservingRule, owners: Mapping[str, NDArray[np.float64]], terms: Terms
) -> list[Reserved]:
    """Reserve each good by itself, borne by all owners in proportion to what each expects to send."""
    volume = np.sum(list(owners.values()), axis=0)
    parts = {o: float(paths.mean()) for o, paths in owners.items()}
    chosen = []
    for number, (key, (who, offer)) in enumerate(terms.items(), start=1):
        seen = tuple((day.pallets, day.used.get(key, 0)) for day in outlook.experience)
        found = rule.choose(GoodView(volume, seen, (offer,)))
        quantity = min(found.total, offer.units)
        if quantity < 1:
            continue
        saving = split_cents(int(found.saving), parts)
        chosen.append(
            Reserved(
                f"{outlook.next_day.isoformat()}-{number}",
                who,
                key[0],
                key[1],
                quantity,
                int(offer.reserved),
                int(offer.release),
                int(offer.spot),
                parts,
                saving,
            )
        )
    return chosen


def _declining(
    outlook: Outlook, chosen: list[Reserved], talk: Talk
) -> Generator[Exchange, tuple[Message, ...], frozenset[str]]:
    """Ask each owner for its part of all that shall be reserved; returns who does not agree."""
    share: defaultdict[str, int] = defaultdict(int)
    saving: defaultdict[str, int] = defaultdict(int)
    for r in chosen:
        for owner, cents in r.shares().items():
            share[owner] += cents
            saving[owner] += r.saving_cents[owner]
    bodies = {
        owner: table(
            QUESTIONS[Topic.RESERVE],
            {"day": [outlook.next_day], "share_cents": [share[owner]], "saving_cents": [saving[owner]]},
        )
        for owner in sorted(share)
    }
    agreed = talk.accepted((yield talk.ask(Topic.RESERVE, bodies, Performative.PROPOSE)))
    return frozenset(bodies) - agreed


def _awarded(chosen: list[Reserved], talk: Talk) -> Generator[Exchange, tuple[Message, ...], tuple[Reserved, ...]]:
    """Tell the providers; what one of them does not stand by falls away, and nobody pays for it."""
    by_provider: dict[str, list[Reserved]] = defaultdict(list)
    for r in chosen:
        by_provider[r.provider].append(r)
    bodies = {
        who: table(
            QUESTIONS[Topic.RESERVED],
            {
                "reservation": [r.id for r in own],
                "good": [r.good for r in own],
                "quantity": [r.quantity for r in own],
                "price_cents": [r.price_cents for r in own],
                "release_cents": [r.release_cents for r in own],
            },
        )
        for who, own in by_provider.items()
    }
    standing = talk.accepted((yield talk.ask(Topic.RESERVED, bodies, Performative.ACCEPT_PROPOSAL)))
    return tuple(r for r in chosen if r.provider in standing)
