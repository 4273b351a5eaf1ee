"""Iterated contract net: a contract net, after which carriers contract anew among themselves while that gains.

Sandholm 1998, "Contract types for satisficing task allocation: I theoretical results": one request moves (original),
several move (cluster), requests move both ways (swap), or among three and more (multi-agent). A contract goes round:
the coordinator names neighbouring requests, whoever holds them, and what each is worth at a guess; each party in turn
says what of it it would carry, and the last has to carry what is left. Only contracts that gain are signed, at what
each party asked, so that signing leaves nobody worse off.

    (the contract net, until nothing more is awarded)
    coordinator -> carriers   what do you ask for all you have, planned anew? (signed)
    repeat
      coordinator -> owners     what does all that is still with you cost alone? (where that has changed)
      coordinator -> carriers   what of each of these contracts would you carry, and what would you ask in all?
      carriers -> coordinator   their choice, and a price
      coordinator -> carriers   and of what these left? (the next in turn, until the last)
      coordinator -> carriers   the contracts that gain most are signed, at most one a carrier
      carriers -> coordinator   signed, or not: then the contract is void for all its parties
    (where awards were no cheaper for owners than going alone: once more, from what each owner would send alone)
    coordinator -> carriers   would you carry each of these owners' days? (signed by who asks least, then contracts)
    coordinator -> carriers   your plan and price for all you hold
    coordinator -> owners     what would you have paid alone for this?
    coordinator -> hubs       do you confirm these slots?

Requests that a carrier has through a hub stay with it. What is still with its owner may move to any carrier.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from agents.jobs import shipment_of
from agents.messages import QUESTIONS, Exchange, Message, Performative, Topic, table
from agents.protocols.asking import restated
from agents.protocols.contract_net import ContractNet
from agents.protocols.contracts import Contract, Holdings, Offer, Places, drawn_contracts, signable
from agents.seeds import rng_for
from groupage.parameters import check_bounds

if TYPE_CHECKING:
    from collections.abc import Collection, Generator, Mapping, Sequence

    import pyarrow as pa

    from agents.market import Market
    from agents.participants.contracting import Part
    from agents.protocols.closing import Agreed
    from agents.protocols.contract_net import Table
    from agents.protocols.talk import Talk
    from agents.tools import Tools

REPLAN = 4  # idle rounds in a row after which all plan what they have anew, and once at the first


@dataclass(frozen=True, slots=True)
class IteratedContractNet(ContractNet):
    """Awards lots as a contract net does, then has carriers contract anew in pairs and groups.

    Attributes
    ----------
    contract_rounds
        Rounds of contracts at most.
    patience
        Rounds in a row in which nothing is signed, after which it ends; fewer where there are few requests.
    contracts
        Contracts that go round at once, for each carrier.
    largest
        Requests in a contract at most.
    parties
        Carriers in a multi-agent contract at most.
    """

    contract_rounds: int = 60
    patience: int = 12
    contracts: int = 8
    largest: int = 24
    parties: int = 3
    name: str = "iterated_contract_net"

    def __post_init__(self) -> None:
        ContractNet.__post_init__(self)
        check_bounds(self, contract_rounds=(0, math.inf), parties=(2, math.inf))
        check_bounds(self, patience=(1, math.inf), contracts=(1, 1000), largest=(1, math.inf))

    def _agreed(
        self, board: Table, market: Market, tools: Tools, talk: Talk
    ) -> Generator[Exchange, tuple[Message, ...], Agreed]:
        """What each carrier has after all contracts; or what it was awarded, where that costs owners less in all.

        Where the awards cost owners no less than going alone, contracts also begin anew from owners' whole days.
        """
        before = _awarded(board)
        after, total_cents = yield from self._contracted(before, market, tools, talk)
        total_cents += sum(award.fee_cents for award in board.awards)
        awarded_cents = min((cents for _, cents in board.marks), default=total_cents)
        alone_cents = sum(board.stated.values())
        if awarded_cents >= alone_cents:
            days = yield from self._from_days(before, board.stated, min(total_cents, alone_cents), market, tools, talk)
            if days is not None:
                return _agreed(days, {})
        if awarded_cents < total_cents or alone_cents <= total_cents:
            return board.agreed()
        stayed: dict[str, set[str]] = {}
        for award in board.awards:
            stayed.setdefault(award.carrier, set()).update(set(award.lot) - before.held.get(award.carrier, frozenset()))
        return _agreed(after, stayed)

    def _from_days(
        self, awarded: Holdings, stated: Mapping[str, int], below_cents: int, market: Market, tools: Tools, talk: Talk
    ) -> Generator[Exchange, tuple[Message, ...], Holdings | None]:
        """What carriers hold after contracts that began from owners' whole days; ``None`` if that costs no less.

        Where owners' tours are good already, lots that each save something on their own leave a remainder that costs
        more than they save, and contracts hardly find back from there. What an owner would do alone is a start from
        which any contract that gains leaves all better off. It is another conversation, in which nothing was awarded.
        """
        before, talk.conversation = talk.conversation, f"{talk.conversation}#days"
        nothing: dict[str, frozenset[str]] = dict.fromkeys(awarded.held, frozenset())
        offered = Holdings(nothing, dict.fromkeys(nothing, 0), frozenset(stated), stated)
        holdings, number = yield from _days(offered, market, talk)
        holdings, total_cents = yield from self._contracted(holdings, market, tools, talk, number)
        if total_cents < below_cents:
            return holdings
        talk.conversation = before
        return None

    def _contracted(
        self, holdings: Holdings, market: Market, tools: Tools, talk: Talk, number: int = 0
    ) -> Generator[Exchange, tuple[Message, ...], tuple[Holdings, int]]:
        """Sign what gains until nothing does; returns who then holds what, and what all of it costs owners in cents.

        A remainder that is with owners may cost them more than its reserves had said once some of it has gone. Where
        all cost less before, the contracts signed since are withdrawn.
        """
        signed: list[tuple[Contract, str]] = []
        places = Places(market, tools.jobs, holdings.reserves)
        rng = rng_for(tools.seed, "contracts", talk.conversation)
        holdings, left_cents = yield from _restated(market, talk, holdings)
        marks = [(holdings.all_asked_cents + left_cents, 0, holdings)]
        drawn = _replanned(holdings, number)
        number, idle = number + len(drawn), 0
        for _ in range(1 + self.contract_rounds):
            found, valid = yield from _round(drawn, holdings, talk)
            signed += [(contract, contract.kind(holdings)) for contract in valid]
            loose, holdings = holdings.loose, found
            if loose != holdings.loose:
                holdings, left_cents = yield from _restated(market, talk, holdings)
            marks.append((holdings.all_asked_cents + left_cents, len(signed), holdings))
            idle = 0 if valid else idle + 1
            if idle > min(self.patience, 2 + len(places.ids) // 5):
                break
            count = self.contracts * len(holdings.carriers)
            drawn = drawn_contracts(range(number, number + count), holdings, places, self.largest, self.parties, rng)
            number += count
            if idle % REPLAN == 1:
                drawn += _replanned(holdings, number)
                number += len(holdings.carriers)
        total_cents, kept, holdings = min(marks, key=lambda mark: mark[:2])
        if kept < len(signed):
            yield from _withdraw([contract for contract, _ in signed[kept:]], talk)
        if kept:
            kinds = sorted(Counter(kind for _, kind in signed[:kept]).items())
            talk.notes.append(f"contracts signed: {', '.join(f'{n} {kind}' for kind, n in kinds)}")
        return holdings, total_cents


def _agreed(holdings: Holdings, stayed: Mapping[str, Collection[str]]) -> Agreed:
    """What each carrier holds and what stayed with it besides, at what it asks for all of it."""
    jobs = {c: holdings.held.get(c, frozenset()).union(stayed.get(c, ())) for c in holdings.asked_cents}
    return {c: [(tuple(sorted(own)), holdings.asked_cents[c])] for c, own in jobs.items() if own}


def _replanned(holdings: Holdings, number: int) -> list[Contract]:
    """A contract for each carrier in which nothing moves: it may find better tours."""
    holding = [c for c in holdings.carriers if holdings.held[c]]
    return [Contract(number + k, (c,), {}, frozenset()) for k, c in enumerate(holding)]


def _days(
    holdings: Holdings, market: Market, talk: Talk
) -> Generator[Exchange, tuple[Message, ...], tuple[Holdings, int]]:
    """Have each owner's day carried whole, or what there is room for, by whoever asks least for it beside its reserve.

    Returns
    -------
    tuple
        Who then holds what, and how many contracts that took.
    """
    days: dict[str, list[str]] = {}
    for s in sorted(holdings.loose):
        days.setdefault(market.shipments[s].owner, []).append(s)
    guide_cents = 10 ** len(str(sum(holdings.reserves.values())))  # worth any way to it, and tells nobody's reserve
    number = 0
    while days and holdings.carriers:
        pairs = [(day, c) for day in days.values() for c in holdings.carriers]
        contracts = [
            Contract(number + k, (c,), dict.fromkeys(day, guide_cents), frozenset(day))
            for k, (day, c) in enumerate(pairs)
        ]
        number += len(contracts)
        yield from _ask(contracts, 0, talk)
        chosen: list[Contract] = []
        offered = [c for c in contracts if any(offer.carries for offer in c.offers.values())]
        for contract in sorted(offered, key=lambda c: (-c.gain_cents(holdings), c.number)):
            if not any(contract.parties == c.parties or contract.worth == c.worth for c in chosen):
                chosen.append(contract)
        if not chosen:
            break
        unwilling = yield from _sign(chosen, talk)
        for contract in chosen:
            if unwilling.isdisjoint(contract.parties):
                holdings = contract.applied(holdings)
                del days[market.shipments[min(contract.worth)].owner]
        holdings = holdings.without(unwilling)
    return holdings, number


def _awarded(board: Table) -> Holdings:
    """What carriers hold when contracts begin; who never quoted, or refused every award, takes no part in them."""
    refused = board.refusals.keys() - {award.carrier for award in board.awards}
    willing = sorted((board.to_ask.keys() & board.answered) - refused)
    held: dict[str, frozenset[str]] = {c: frozenset() for c in willing}
    asked_cents = dict.fromkeys(willing, 0)
    for award in board.awards:
        asked_cents[award.carrier] = asked_cents.get(award.carrier, 0) + award.price_cents
        if award.carrier in held:
            held[award.carrier] |= {job for job in award.lot if job == shipment_of(job)}
    return Holdings(held, asked_cents, board.left, board.reserves)


def _restated(
    market: Market, talk: Talk, holdings: Holdings
) -> Generator[Exchange, tuple[Message, ...], tuple[Holdings, int]]:
    """Ask owners what all that is still with them costs alone: reserves are raised to it."""
    reserves, left_cents = yield from restated(market, talk, holdings.reserves, holdings.loose)
    return replace(holdings, reserves=reserves), left_cents


def _round(
    contracts: Sequence[Contract], holdings: Holdings, talk: Talk
) -> Generator[Exchange, tuple[Message, ...], tuple[Holdings, list[Contract]]]:
    """Have contracts go round, and sign those that gain most; returns who then holds what, and what was signed."""
    for turn in range(max((len(c.parties) for c in contracts), default=0)):
        yield from _ask([c for c in contracts if len(c.parties) > turn == len(c.offers)], turn, talk)
    chosen = signable(contracts, holdings)
    unwilling = yield from _sign(chosen, talk)
    valid = [c for c in chosen if unwilling.isdisjoint(c.parties)]
    if unwilling:
        talk.notes.append(f"contracts went on without {', '.join(sorted(unwilling))}")
        unwilling |= yield from _withdraw([c for c in chosen if c not in valid], talk, unwilling)
        holdings = holdings.without(unwilling)
    for contract in valid:
        holdings = contract.applied(holdings)
    return holdings, valid


def _ask(contracts: Sequence[Contract], turn: int, talk: Talk) -> Generator[Exchange, tuple[Message, ...], None]:
    """Ask whoever is next in each contract."""
    asked: dict[str, dict[int, Contract]] = {}
    for contract in contracts:
        asked.setdefault(contract.parties[turn], {})[contract.number] = contract
    if not asked:
        return
    bodies = {p: _body(Topic.CONTRACTS, {n: c.part(turn) for n, c in mine.items()}) for p, mine in asked.items()}
    for party, body in talk.answers((yield talk.ask(Topic.CONTRACTS, bodies, Performative.CFP))).items():
        carries: dict[int, set[str]] = {}
        prices: dict[int, int] = {}
        for row in body.to_pylist():
            carries.setdefault(row["contract"], set()).update({row["job"]} - {""})
            if row["price_cents"] is not None:
                prices[row["contract"]] = row["price_cents"]
        for number, contract in asked[party].items():
            if number in prices:
                contract.answer(turn, Offer(frozenset(carries[number]), prices[number]))


def _sign(chosen: Sequence[Contract], talk: Talk) -> Generator[Exchange, tuple[Message, ...], frozenset[str]]:
    """Have all parties sign; returns who did not."""
    bodies = {
        party: _body(Topic.SIGNING, {c.number: c.part(turn)}, c.offers[party].asked_cents)
        for c in chosen
        for turn, party in enumerate(c.parties)
    }
    if not bodies:
        return frozenset()
    answers = talk.answers((yield talk.ask(Topic.SIGNING, bodies, Performative.ACCEPT_PROPOSAL)))
    return frozenset(bodies.keys() - answers.keys())


def _withdraw(
    contracts: Sequence[Contract], talk: Talk, unwilling: Collection[str] = ()
) -> Generator[Exchange, tuple[Message, ...], frozenset[str]]:
    """Tell all who signed some contracts that these do not hold; returns who did not hear it."""
    numbers: dict[str, list[int]] = {}
    for contract in contracts:
        for party in contract.parties:
            if party not in unwilling:
                numbers.setdefault(party, []).append(contract.number)
    if not numbers:
        return frozenset()
    bodies = {party: _body(Topic.SIGNING, dict.fromkeys(mine, ()), 0) for party, mine in numbers.items()}
    answers = talk.answers((yield talk.ask(Topic.SIGNING, bodies, Performative.REJECT_PROPOSAL)))
    return frozenset(bodies.keys() - answers.keys())


def _body(topic: Topic, parts: Mapping[int, Part], price_cents: int | None = None) -> pa.Table:
    """Write contracts as a table; one without requests still has to be named, and the price stands in the first row."""
    rows = [(number, job, cents) for number, part in parts.items() for job, cents in (part or (("", None),))]
    columns: dict[str, list[int | str | None]] = {
        "contract": [number for number, _, _ in rows],
        "job": [job for _, job, _ in rows],
        "worth_cents": [cents for _, _, cents in rows],
        "price_cents": [price_cents, *[None] * (len(rows) - 1)],
    }
    return table(QUESTIONS[topic], columns)
