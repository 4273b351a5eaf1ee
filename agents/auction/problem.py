"""The winner determination problem of a reverse combinatorial auction, and its answer."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from groupage.errors import AuctionError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


@dataclass(frozen=True, slots=True)
class Bid:
    """An offer to carry all of some items for one price.

    Attributes
    ----------
    bidder
        Who offers.
    items
        Positions in the problem's reserves; at least one.
    price_cents
        What the bidder asks for all of them together.
    groups
        Names of further limits that the bid counts against, such as a hub's dock or a region.
    """

    bidder: str
    items: frozenset[int]
    price_cents: int
    groups: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class WinnerProblem:
    """Which bids to accept so that accepted prices plus the reserves of what no bid carries are least.

    Every item is in at most one accepted bid. Reserves add up: accepting nothing costs their sum, the stand-alone cost.

    Attributes
    ----------
    reserves_cents
        Per item: what leaving it to its owner costs, or ``None`` where some bid must carry it.
    bids
        In any order: equal sets of bids get equal answers.
    most_per_bidder
        How many bids of one bidder may be accepted: 1 (exclusive bids), more, or ``None`` for no limit.
    most_per_group
        The same for groups of bids, whoever made them.
    """

    reserves_cents: tuple[int | None, ...]
    bids: tuple[Bid, ...]
    most_per_bidder: int | None = 1
    most_per_group: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.most_per_bidder is not None and self.most_per_bidder < 1:
            raise AuctionError(f"most_per_bidder is {self.most_per_bidder}, expected at least 1 or None")
        if negative := [name for name, most in self.most_per_group.items() if most < 0]:
            raise AuctionError(f"most_per_group of {min(negative)} is negative, expected at least 0")
        items = range(len(self.reserves_cents))
        for index, bid in enumerate(self.bids):
            if not bid.items or not all(item in items for item in bid.items):
                raise AuctionError(
                    f"bid {index} of {bid.bidder} is for items {sorted(bid.items)}, "
                    f"expected some of 0 to {len(items) - 1}"
                )
            if unknown := bid.groups - self.most_per_group.keys():
                raise AuctionError(
                    f"bid {index} of {bid.bidder} is in group {min(unknown)}, expected a key of most_per_group"
                )

    def without(self, bidder: str) -> WinnerProblem:
        """Return the same problem as if one bidder had stayed away."""
        return self.of(bid for bid in self.bids if bid.bidder != bidder)

    def of(self, bids: Iterable[Bid]) -> WinnerProblem:
        """Return the same problem with other bids."""
        return WinnerProblem(self.reserves_cents, tuple(bids), self.most_per_bidder, self.most_per_group)

    def cost_cents(self, accepted: Iterable[int]) -> int:
        """Price of accepted bids plus the reserves of the items that none of them carries.

        Parameters
        ----------
        accepted
            Positions in ``bids``.

        Raises
        ------
        AuctionError
            When they break a limit, share an item, or leave one that must be carried.
        """
        chosen = [self.bids[index] for index in accepted]
        carried = Counter(item for bid in chosen for item in bid.items)
        if shared := [item for item, times in carried.items() if times > 1]:
            raise AuctionError(f"item {min(shared)} is in {carried[min(shared)]} accepted bids, expected at most 1")
        left = [reserve for item, reserve in enumerate(self.reserves_cents) if item not in carried]
        if None in left:
            raise AuctionError("an item without a reserve is in no accepted bid")
        for bidder, times in sorted(Counter(bid.bidder for bid in chosen).items()):
            if self.most_per_bidder is not None and times > self.most_per_bidder:
                raise AuctionError(f"{times} bids of {bidder} are accepted, expected at most {self.most_per_bidder}")
        for group, times in sorted(Counter(group for bid in chosen for group in bid.groups).items()):
            if times > self.most_per_group[group]:
                raise AuctionError(f"{times} bids of {group} are accepted, expected {self.most_per_group[group]}")
        return sum(bid.price_cents for bid in chosen) + sum(reserve for reserve in left if reserve is not None)


@dataclass(frozen=True, slots=True)
class Winners:
    """Accepted bids, and how far from the best they can be.

    Attributes
    ----------
    accepted
        Positions in the problem's bids, ascending.
    cost_cents
        Accepted prices plus the reserves of what no accepted bid carries.
    lower_bound_cents
        No set of bids costs less: proven.
    nodes
        Branch and bound nodes used.
    method
        What decided: ``presolve``, ``linear program``, ``branch and bound``, ``annealing`` or two of them.
    """

    accepted: tuple[int, ...]
    cost_cents: int
    lower_bound_cents: int
    nodes: int
    method: str

    @property
    def optimal(self) -> bool:
        """Whether no other set is cheaper: proven."""
        return self.cost_cents == self.lower_bound_cents

    @property
    def gap(self) -> float:
        """How much cheaper another set could be at most, as a part of the cost."""
        return (self.cost_cents - self.lower_bound_cents) / abs(self.cost_cents) if not self.optimal else 0.0

    def __str__(self) -> str:
        state = "proven best" if self.optimal else f"within {self.gap:.2%} of the best"
        return f"{len(self.accepted)} bids accepted at {self.cost_cents / 100:,.2f} EUR, {state} ({self.method})"
