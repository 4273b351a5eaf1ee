"""What the winners of a reverse auction are paid.

With W the winners, C(S) the least cost when only the bidders of S have bid, and b their prices, payments p lie in the
core when no group could offer the buyer less: for all S, the buyer's cost under p is at most C(S) plus what the winners
in S were paid above their prices. So the core bounds payments from above; of the payments in it the ones that pay the
winners most in total (the mirror image of an auctioneer's least revenue) leave them least reason to ask for more than
their cost. Prices as asked <= core-selecting <= VCG, for every winner.

References
----------
R. Day and S. Raghavan, "Fair payments for efficient allocations in public sector combinatorial auctions", Management
Science 53(9), 2007, 1389-1406. R. Day and P. Cramton, "Quadratic core-selecting payment rules for combinatorial
auctions", Operations Research 60(3), 2012, 588-603.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import linprog, nnls

from agents.auction.winners import USUAL, Search, determine_winners
from groupage.errors import AuctionError, UnprovenError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from agents.auction.problem import WinnerProblem, Winners

TOLERANCE_CENTS = 1e-5


@dataclass(frozen=True, slots=True)
class Payments:
    """What each bidder receives.

    Attributes
    ----------
    rule
        ``first_price``, ``vcg`` or ``core_selecting``.
    cents
        By bidder, winners only.
    solved
        Winner problems solved for it, beside the first.
    nodes
        Branch and bound nodes that they used.
    """

    rule: str
    cents: Mapping[str, int]
    solved: int = 0
    nodes: int = 0

    @property
    def total_cents(self) -> int:
        """All that is paid."""
        return sum(self.cents.values())

    def surplus_cents(self, problem: WinnerProblem, winners: Winners) -> int:
        """Return the reserves of what is carried less what is paid for it.

        Who collects the reserves from the items' owners and pays the winners keeps this; negative is a deficit. It is
        never negative as asked or in the core.
        """
        carried = {item for index in winners.accepted for item in problem.bids[index].items}
        return sum(problem.reserves_cents[item] or 0 for item in carried) - self.total_cents


@dataclass(frozen=True, slots=True)
class ExchangePayments:
    """VCG in an exchange, where those who give items up also bid for others'.

    Attributes
    ----------
    gain_cents
        By participant: what taking part is worth to it if it told the truth; at least 0.
    received_cents
        By participant: what it receives, negative where it pays.
    operator_cents
        What the operator keeps: minus the sum of what is received. Negative is a deficit, as Myerson and Satterthwaite
        (1983) say there must be somewhere.
    solved, nodes
        Winner problems solved beside the first, and the nodes that they used.
    """

    gain_cents: Mapping[str, int]
    received_cents: Mapping[str, int]
    operator_cents: int
    solved: int
    nodes: int


def first_price(problem: WinnerProblem, winners: Winners) -> Payments:
    """Pay what was asked."""
    return Payments("first_price", MappingProxyType(_asked(problem, winners)))


def vcg(problem: WinnerProblem, winners: Winners, *, search: Search = USUAL, seed: int = 0) -> Payments:
    """Pay each winner its price plus how much dearer the plan would be without it (Vickrey, Clarke, Groves).

    Asking one's true cost is then the best strategy whatever others ask.

    Parameters
    ----------
    problem, winners
        The auction and its proven best answer.
    search
        Per winner problem.
    seed
        Of the searches.

    Raises
    ------
    UnprovenError
        When this or any problem without one winner is not solved to a proven optimum.
    AuctionError
        When nobody could carry an item without some winner, so that there is no limit to its payment.
    """
    _need_proof(winners, "the winner problem")
    paid, nodes = {}, 0
    for bidder, asked in _asked(problem, winners).items():
        without = _without(problem, winners, bidder, search, seed)
        paid[bidder] = asked + without.cost_cents - winners.cost_cents
        nodes += without.nodes
    return Payments("vcg", MappingProxyType(paid), len(paid), nodes)


def core_selecting(
    problem: WinnerProblem,
    winners: Winners,
    *,
    search: Search = USUAL,
    seed: int = 0,
    most_cents: int | None = None,
) -> Payments:
    """Pay as much in total as the core allows, and of such payments those nearest to VCG in least squares.

    Groups that would object are found one by one: the winner problem in which each winner asks for what it is paid
    finds the group that would offer most, until none offers less than the plan costs. Payments are whole cents and
    in the core to the cent; their total is below the most that the core allows by less than a cent a winner.

    Parameters
    ----------
    problem, winners
        The auction and its proven best answer.
    search
        Per winner problem.
    seed
        Of the searches.
    most_cents
        What may be paid in all. The buyer doing without any bidder is a group that could object too; its cost is the
        sum of the reserves, or less where reserves are too high for what is carried: then this is the limit.

    Raises
    ------
    UnprovenError
        When any winner problem on the way is not solved to a proven optimum.
    AuctionError
        When nobody could carry an item without some winner, or the winners ask more than may be paid.
    """
    ceiling = vcg(problem, winners, search=search, seed=seed)
    asked = _asked(problem, winners)
    names = list(asked)
    low = np.array([asked[name] for name in names], dtype=np.int64)
    high = np.array([ceiling.cents[name] for name in names], dtype=np.int64)
    left = winners.cost_cents - int(low.sum())
    outside: list[NDArray[np.int64]] = []
    limits: list[int] = []
    if most_cents is not None and low.sum() > most_cents:
        raise AuctionError(f"the winners ask {low.sum()} cents, expected at most the {most_cents} that may be paid")
    if most_cents is not None and high.sum() > most_cents:
        outside.append(np.ones(low.size, dtype=np.int64))
        limits.append(most_cents)
    solved, nodes = ceiling.solved, ceiling.nodes
    while True:
        paid = _most_nearest(
            low, high, np.array(outside).reshape(len(limits), len(names)), np.array(limits, dtype=np.int64)
        )
        fees = {name: int(fee) for name, fee in zip(names, paid - low, strict=True)}
        rival = determine_winners(problem, search=search, seed=seed, start=winners.accepted, fees_cents=fees)
        solved, nodes = solved + 1, nodes + rival.nodes
        _need_proof(rival, "the search for a group that would object")
        if rival.cost_cents >= left + int(paid.sum()):
            break
        joined = {problem.bids[index].bidder for index in rival.accepted}
        outside.append(np.array([name not in joined for name in names], dtype=np.int64))
        limits.append(problem.cost_cents(rival.accepted) - left - sum(asked[n] for n in names if n in joined))
    return Payments("core_selecting", MappingProxyType(dict(zip(names, paid.tolist(), strict=True))), solved, nodes)


def vcg_exchange(
    problem: WinnerProblem, winners: Winners, givers: Sequence[str], *, search: Search = USUAL, seed: int = 0
) -> ExchangePayments:
    """Give each participant of an exchange what its taking part adds to the saving of all.

    Parameters
    ----------
    problem, winners
        Reserves are what keeping an item costs the one who gives it up; the answer is proven best.
    givers
        Per item: who gives it up.
    search
        Per winner problem.
    seed
        Of the searches.

    Raises
    ------
    UnprovenError
        When any winner problem is not solved to a proven optimum.
    AuctionError
        When an item has no reserve or no giver.
    """
    _need_proof(winners, "the winner problem")
    reserves = [reserve for reserve in problem.reserves_cents if reserve is not None]
    if not len(reserves) == len(problem.reserves_cents) == len(givers):
        raise AuctionError(f"{len(reserves)} reserves, {len(givers)} givers for {len(problem.reserves_cents)} items")
    nothing = sum(reserves)
    saving = nothing - winners.cost_cents
    received = dict.fromkeys(sorted({*givers, *(bid.bidder for bid in problem.bids)}), 0)
    accepted = [problem.bids[index] for index in winners.accepted]
    involved = {bid.bidder for bid in accepted} | {givers[item] for bid in accepted for item in bid.items}
    gain, solved, nodes = dict.fromkeys(received, 0), 0, 0
    for name in sorted(involved):
        own = frozenset(item for item, giver in enumerate(givers) if giver == name)
        rest = problem.of(bid for bid in problem.bids if bid.bidder != name and not bid.items & own)
        without = determine_winners(rest, search=search, seed=seed)
        _need_proof(without, f"the winner problem without {name}")
        gain[name] = saving - (nothing - without.cost_cents)
        given = sum(reserves[item] for bid in accepted for item in bid.items & own)
        received[name] = gain[name] + sum(bid.price_cents for bid in accepted if bid.bidder == name) - given
        solved, nodes = solved + 1, nodes + without.nodes
    return ExchangePayments(MappingProxyType(gain), MappingProxyType(received), -sum(received.values()), solved, nodes)


def _asked(problem: WinnerProblem, winners: Winners) -> dict[str, int]:
    """Sum of each winner's accepted prices, by name."""
    asked: dict[str, int] = {}
    for bid in sorted((problem.bids[index] for index in winners.accepted), key=lambda bid: bid.bidder):
        asked[bid.bidder] = asked.get(bid.bidder, 0) + bid.price_cents
    return asked


def _need_proof(winners: Winners, what: str) -> None:
    if not winners.optimal:
        raise UnprovenError(f"{what} is solved to within {winners.gap:.2%}, expected a proven optimum for this payment")


def _without(problem: WinnerProblem, winners: Winners, bidder: str, search: Search, seed: int) -> Winners:
    """Solve the auction as if one winner had stayed away, starting from what the others won."""
    kept = [index for index, bid in enumerate(problem.bids) if bid.bidder != bidder]
    place = {index: position for position, index in enumerate(kept)}
    start = [place[index] for index in winners.accepted if index in place]
    rest = problem.without(bidder)
    carried = {item for position in start for item in rest.bids[position].items}
    if any(reserve is None and item not in carried for item, reserve in enumerate(problem.reserves_cents)):
        start = []
    found = determine_winners(rest, search=search, seed=seed, start=start)
    _need_proof(found, f"the winner problem without {bidder}")
    return found


def _most_nearest(
    low: NDArray[np.int64], high: NDArray[np.int64], outside: NDArray[np.int64], limits: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Pay most, in whole cents from ``low`` to ``high`` with ``outside @ paid <= limits``, and nearest to ``high``."""
    if not limits.size:
        return high
    scale = max(float((high - low).max()), 1.0)
    room, slack = (high - low) / scale, (limits - outside @ low) / scale
    most = linprog(-np.ones(low.size), A_ub=outside, b_ub=slack, bounds=list(zip(0 * room, room, strict=True)))
    # x = high - payments, scaled: the shortest x with rows @ x >= floors.
    rows = np.vstack((outside, np.eye(low.size), -np.eye(low.size), -np.ones(low.size)))
    floors = np.concatenate((outside @ room - slack, np.zeros(low.size), -room, [-(room.sum() + most.fun) - 1e-9]))
    exact = high - scale * _shortest(rows.astype(np.float64), floors)
    paid = np.clip(np.floor(exact + TOLERANCE_CENTS).astype(np.int64), low, high)
    # The solvers' rounding may leave a cent too much: take it back where a limit is broken, then give away whole cents
    # that the limits still allow, to whom rounding down took most.
    while (broken := np.flatnonzero(outside @ paid > limits)).size:
        paid[np.flatnonzero((outside[broken[0]] > 0) & (paid > low))[0]] -= 1
    by_loss = sorted(range(low.size), key=lambda i: (-round(float(exact[i]) - math.floor(exact[i]), 4), i))
    for i in (i for _ in range(2) for i in by_loss):
        if paid[i] < high[i] and (outside @ paid + outside[:, i] <= limits).all():
            paid[i] += 1
    return np.asarray(paid)


def _shortest(rows: NDArray[np.float64], floors: NDArray[np.float64]) -> NDArray[np.float64]:
    """Find the shortest x with ``rows @ x >= floors`` (least distance programming, Lawson and Hanson 1974, ch. 23)."""
    stacked = np.vstack((rows.T, floors))
    target = np.append(np.zeros(rows.shape[1]), 1.0)
    weights, _ = nnls(stacked, target)
    residual = stacked @ weights - target
    return np.asarray(-residual[:-1] / residual[-1])
