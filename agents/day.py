"""What one planning day leaves behind: who negotiated what, and what then happened. Everything the operator may see."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from logistics.costs import LINE_ORDER, CostLine
from logistics.money import split_cents

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime

    from agents.lookahead import Ahead
    from agents.market import Market
    from agents.settlement import Settlement
    from agents.transcript import Transcript
    from logistics.routing.problem import Stop

POOL, ALONE, GROUPAGE, HELD, UNSERVED = "pool", "alone", "groupage", "held", "unserved"


@dataclass(frozen=True, slots=True)
class DrivenLoad:
    """A tour as it was driven, at its true cost.

    Attributes
    ----------
    mode
        ``pool``, or ``alone`` for a vehicle that an owner hired or ran by itself.
    owner
        For ``alone``: whose tour it was.
    cost_lines
        True operating cost (resource cost) in cents by line.
    price_cents
        What was paid for it.
    fill
        Largest share of any capacity in use at any point of the tour.
    """

    id: str
    mode: str
    carrier: str
    vehicle: str
    owner: str
    stops: tuple[Stop, ...]
    distance_km: float
    duration_min: float
    cost_lines: Mapping[str, int]
    price_cents: int
    kgco2e: float
    kgco2e_ttw: float
    fill: float
    shipments: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class GroupageRun:
    """A shipment that went by a public groupage network."""

    shipment: str
    carrier: str
    tariff: str
    price_cents: int
    resource_cents: int
    kgco2e: float
    kgco2e_ttw: float


@dataclass(frozen=True, slots=True)
class Delivery:
    """How a shipment ended.

    Attributes
    ----------
    mode
        ``pool``, ``alone``, ``groupage``, ``held`` or ``unserved``.
    delivered_at
        Start of unloading, UTC; ``None`` if not delivered on this day, or by a groupage network (some time that day).
    indirect_lines
        Cost of being late, and of having waited as promised, in cents by line; the owner's.
    """

    shipment: str
    owner: str
    mode: str
    delivered_at: datetime | None
    on_time: bool
    late_hours: float
    indirect_lines: Mapping[str, int]
    kgco2e: float
    kgco2e_ttw: float
    reason: str


@dataclass(frozen=True, slots=True)
class ReservedRun:
    """What a reservation came to on its day.

    Attributes
    ----------
    paid_cents
        What its owners paid for it, less what came back.
    resource_cents
        What keeping the capacity free really cost its provider: fixed costs of the vehicles, used or not, less what
        unused ones were still worth. A used dock slot is a cost of its hub's work and not counted again.
    """

    id: str
    provider: str
    paid_cents: int
    resource_cents: int


@dataclass(frozen=True, slots=True)
class Execution:
    """A day as driven: loads, groupage, deliveries, and costs that belong to nobody's tour.

    Attributes
    ----------
    hub_lines
        True cost of hubs in cents by line; hub operations are in ``hub_kgco2e``.
    hub_costs
        True cost of each hub's work in cents.
    hub_prices
        What hubs were paid, in cents.
    commitment_cents
        Contract vehicles that were owed and not used, by owner.
    revenue
        What each carrier was paid, in cents.
    reserved
        What was reserved ahead for the day. Used vehicles of it have no fixed cost among their tours' lines.
    holding_cents
        What keeping goods for a later day cost, by owner.
    """

    loads: tuple[DrivenLoad, ...] = ()
    groupage: tuple[GroupageRun, ...] = ()
    deliveries: tuple[Delivery, ...] = ()
    hub_lines: Mapping[str, int] = field(default_factory=dict)
    hub_kgco2e: float = 0.0
    hub_costs: Mapping[str, int] = field(default_factory=dict)
    hub_prices: int = 0
    commitment_cents: Mapping[str, int] = field(default_factory=dict)
    revenue: Mapping[str, int] = field(default_factory=dict)
    reserved: tuple[ReservedRun, ...] = ()
    holding_cents: Mapping[str, int] = field(default_factory=dict)

    def cost_lines(self) -> dict[str, tuple[int, int]]:
        """Cents by line, as paid and as resource cost.

        What was paid for a tour is spread over its lines in proportion to their true cost, since a quote names one
        price; where a tour costs nothing the price stands as its fixed part.
        """
        lines: dict[str, list[int]] = {}

        def add(name: str, paid: int, resource: int) -> None:
            entry = lines.setdefault(name, [0, 0])
            entry[0] += paid
            entry[1] += resource

        for load in self.loads:
            weights = dict(load.cost_lines) if any(load.cost_lines.values()) else {CostLine.FIXED.value: 1}
            for name, paid in split_cents(load.price_cents, {k: float(v) for k, v in weights.items()}).items():
                add(name, paid, load.cost_lines.get(name, 0))
        for sent in self.groupage:
            add(CostLine.GROUPAGE, sent.price_cents, sent.resource_cents)
        if self.hub_lines:
            parts = {k: float(v) for k, v in self.hub_lines.items()}
            for name, paid in split_cents(self.hub_prices, parts).items():
                add(name, paid, self.hub_lines[name])
        for cents in self.commitment_cents.values():
            add(CostLine.COMMITMENT, cents, cents)
        for run in self.reserved:
            add(CostLine.RESERVATION, run.paid_cents, run.resource_cents)
        for cents in self.holding_cents.values():
            add(CostLine.HOLDING, cents, cents)
        for delivery in self.deliveries:
            for name, cents in delivery.indirect_lines.items():
                add(name, cents, cents)
        order = [n for n in LINE_ORDER if n in lines] + sorted(lines.keys() - set(LINE_ORDER))
        return {str(name): (lines[name][0], lines[name][1]) for name in order}

    @property
    def kgco2e(self) -> float:
        """All emissions well-to-wheel, hubs included."""
        return (
            math.fsum(load.kgco2e for load in self.loads) + math.fsum(g.kgco2e for g in self.groupage) + self.hub_kgco2e
        )

    @property
    def paid_cents(self) -> int:
        """All that owners pay, indirect costs included."""
        return sum(paid for paid, _ in self.cost_lines().values())

    @property
    def resource_cents(self) -> int:
        """True cost of all work and of being late."""
        return sum(resource for _, resource in self.cost_lines().values())

    def provider_costs(self) -> dict[str, int]:
        """True cost in cents of pooled work and of what was kept free for it, by carrier and hub."""
        costs: Counter[str] = Counter(self.hub_costs)
        for run in self.reserved:
            costs[run.provider] += run.resource_cents
        for load in self.loads:
            if load.mode == POOL:
                costs[load.carrier] += sum(load.cost_lines.values())
        return dict(costs)


@dataclass(frozen=True, slots=True)
class Day:
    """One planning day.

    Attributes
    ----------
    released, held
        Ids that came on the table, and ids kept back for a later day with their owner and the reason.
    executed
        What the settlement led to.
    alone
        The same shipments without a pool.
    displaced_cents
        Revenue that each incumbent or tariff carrier would have had without the pool and lost to it.
    look_ahead
        The record of what the coordinator asked and decided before the negotiation; ``None`` where it did not.
    ahead
        What came of that: holds, and what was reserved for the next planning day.
    """

    number: int
    day: date
    market: Market
    settlement: Settlement
    transcript: Transcript
    released: tuple[str, ...]
    held: Mapping[str, tuple[str, str]]
    executed: Execution
    alone: Execution
    displaced_cents: Mapping[str, int]
    look_ahead: Transcript | None = None
    ahead: Ahead | None = None

    @property
    def rounds(self) -> int:
        """Exchanges of the coordinator's with participants on this day."""
        return self.settlement.evidence.rounds + (len(self.look_ahead.rounds) if self.look_ahead else 0)

    @property
    def messages(self) -> int:
        """Messages of this day."""
        return self.settlement.evidence.messages + (self.look_ahead.message_count if self.look_ahead else 0)

    @property
    def disclosed(self) -> dict[str, int]:
        """Private figures that left each participant for the coordinator on this day."""
        count = Counter(self.settlement.evidence.disclosed)
        if self.look_ahead:
            count.update(self.look_ahead.disclosed)
        return dict(sorted(count.items()))
