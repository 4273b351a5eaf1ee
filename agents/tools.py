"""What a neutral coordinator may use: the route planner, lots, checks, the policy's sharing rule.

Results are cached by content, so that a replayed or resumed negotiation does not pay for them twice.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from scipy.cluster.hierarchy import average

from agents.jobs import JobBook
from agents.market import Market, digest
from agents.pools import KM_PER_GAP_MIN, Pool, find_pools
from agents.seeds import seed_for
from agents.sharing.settle import check_rule
from agents.sharing.stability import stability
from agents.verdicts import NOT_DISTINGUISHABLE, STABLE, UNSTABLE
from logistics.consolidation import HubOffer, MixedPlan, mixed_plan
from logistics.fleet import OperatingCosts
from logistics.jobs import fleet_for
from logistics.network import great_circle_km

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from agents.policy import Effort
    from agents.settlement import Load
    from agents.sharing.allocation import Allocation
    from agents.sharing.game import SharingRule
    from logistics.routing.problem import FleetVehicle, Job
    from logistics.sites import Site


@dataclass
class Tools:
    """The coordinator's own means for one market.

    Attributes
    ----------
    stability
        Whether the costs of all coalitions shall be worked out, though the sharing rule may not need them.
    """

    market: Market
    sharing: SharingRule
    effort: Effort
    seed: int
    stability: bool = False
    exclusions: tuple[tuple[str, str], ...] = ()
    _plans: dict[str, MixedPlan] = field(default_factory=dict, repr=False)
    _later: dict[int, JobBook] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        check_rule(self.sharing, len(self.market.owners))
        self.jobs = JobBook(self.market)
        zero = {v: OperatingCosts() for v in self.market.vehicles}
        self._offered, self.exclusions = self._fleet(zero, self.jobs.direct)

    def jobs_on(self, day: int) -> JobBook:
        """Transports of a later planning day, as far as they are known today; 0 is today."""
        if day == 0:
            return self.jobs
        if day not in self._later:
            self._later[day] = JobBook(self.market.ahead(day))
        return self._later[day]

    @property
    def needs_coalitions(self) -> bool:
        """Whether the costs of coalitions between one owner and all are wanted."""
        return self.stability or self.sharing.needs_coalitions

    def _fleet(
        self, costs: Mapping[str, OperatingCosts], jobs: Mapping[str, Job]
    ) -> tuple[tuple[FleetVehicle, ...], tuple[tuple[str, str], ...]]:
        m = self.market
        offered = {v: m.vehicles[v] for v in sorted(costs) if v in m.vehicles}
        return fleet_for(offered, costs, m.carriers, jobs, m.sites, m.start, m.horizon_min)

    def plan(
        self,
        shipments: Iterable[str],
        costs: Mapping[str, OperatingCosts],
        offers: Sequence[HubOffer] = (),
        prizes: Mapping[str, int] | None = None,
        attempt: int = 0,
    ) -> MixedPlan:
        """Plan some shipments with vehicles at stated costs and hubs at stated terms.

        Parameters
        ----------
        costs
            By vehicle type; only these vehicles drive.
        prizes
            Cents by shipment for leaving it out; without, everything that fits is carried.
        attempt
            Each number searches from another seed.
        """
        wanted = {s: self.jobs.direct[s] for s in sorted(shipments) if s in self.jobs.direct}
        key = digest((tuple(wanted), dict(costs), tuple(offers), dict(prizes) if prizes is not None else None, attempt))
        if key not in self._plans:
            fleet, _ = self._fleet(costs, wanted)
            bases = [{v.type.base for v in fleet} & set(job.origins) for job in wanted.values()]
            per_job = self.effort.plan_iterations_per_job if all(bases) else self.effort.collect_iterations_per_job
            iterations = min(self.effort.plan_iterations, per_job * max(1, len(wanted)))
            # Of what is planned and not of what it is said to cost: another report meets the same search.
            seed = seed_for(self.seed, "plan", *([attempt] if attempt else []), *wanted)
            self._plans[key] = mixed_plan(
                self.market.network, wanted, fleet, offers, iterations=iterations, seed=seed, prizes=prizes
            )
        return self._plans[key]

    def weights(self, market: Market, pooled: Iterable[str]) -> dict[str, float]:
        """What a rule weighs each owner's pooled shipments by: m3 where it shares by volume, tonne-km otherwise.

        Tonne-kilometres are over the shortest origin.
        """
        by_volume = getattr(self.sharing, "to", None) == "volume"
        total = dict.fromkeys(market.owners, 0.0)
        for s in sorted(pooled):
            shipment = market.shipments[s]
            if by_volume:
                total[shipment.owner] += shipment.volume_m3
                continue
            km = min(market.network.km(o, shipment.destination) for o in shipment.origins)
            total[shipment.owner] += shipment.weight_kg / 1000 * km
        return total

    def routing_noise_cents(
        self, shipments: Iterable[str], price_cents: int, costs: Mapping[str, OperatingCosts] | None = None
    ) -> int:
        """How far c(N) hangs on the seed of the search: spread over three plans of the pooled shipments, in cents.

        At the costs that carriers have stated; where they have stated none, at `USUAL_COSTS`, and what the plans differ
        by in proportion is taken of the pool's price. Plans that carry fewer shipments than others do not count.
        """
        ids = sorted(shipments)
        at = costs if costs is not None else dict.fromkeys(sorted(self.market.vehicles), USUAL_COSTS)
        plans = [self.plan(ids, at, attempt=k) for k in range(NOISE_SEEDS)]
        fewest = min(len(plan.plan.unserved) for plan in plans)
        found = [plan.cost_cents for plan in plans if len(plan.plan.unserved) == fewest]
        spread = max(found) - min(found)
        if costs is not None or not max(found):
            return spread
        return round(price_cents * spread / max(found))

    def stability_of(
        self, found: Allocation, shares: Mapping[str, int], noise_cents: int | None = None
    ) -> dict[str, float | int | str | bool]:
        """Figures of some shares against the coalitions' costs.

        Parameters
        ----------
        found
            What the rule said, with the game.
        noise_cents
            What a violation must be above to mean anything; adds a verdict.
        """
        game = found.game
        # Shares are whole cents, so that a coalition may miss its cost by one a member without anybody's doing.
        held = stability(game, np.array([shares[p] for p in game.players], dtype=np.float64), tolerance=game.n)
        figures: dict[str, float | int | str | bool] = {
            "in_core": held.in_core,
            "largest_violation_eur": held.largest_violation / 100,
            "violating_coalition": "+".join(held.violating_coalition),
            "jain_index": held.jain_index,
            "certified": found.certified,
            "coalitions_evaluated": found.coalitions_evaluated,
        }
        if noise_cents is not None:
            within = held.largest_violation <= noise_cents
            verdict = STABLE if held.in_core else NOT_DISTINGUISHABLE if within else UNSTABLE
            figures |= {"routing_noise_eur": noise_cents / 100, "verdict": verdict}
        return figures

    def faults(self, loads: Sequence[Load]) -> list[str]:
        """What is physically wrong with some loads: windows, capacities, eligibility, counts; empty when sound."""
        return self.jobs.faults(loads)

    def pools(self, shipments: Iterable[str]) -> tuple[Pool, ...]:
        """Cut some shipments into overlapping pools; see `agents.pools.find_pools`."""
        return find_pools(self.market, {s: self.jobs.direct[s] for s in sorted(shipments)}, self._offered)

    def clusters(self, shipments: Iterable[str]) -> list[tuple[str, ...]]:
        """Groups of shipments that could well travel together, each once; smaller groups first.

        Average-linkage trees over the distance between clients and the gap between their windows, with and without the
        distance between origins: every node with at least two shipments is a group. So is each owner's whole day.
        """
        ids = sorted(s for s in shipments if s in self.jobs.direct)
        if len(ids) < 2:
            return []
        groups = {node for matrix in self._apart(ids) for node in _tree_nodes(matrix)}
        owners: dict[str, list[int]] = {}
        for i, s in enumerate(ids):
            owners.setdefault(self.market.shipments[s].owner, []).append(i)
        groups |= {tuple(own) for own in owners.values() if len(own) > 1}
        return [tuple(ids[i] for i in group) for group in sorted(groups, key=lambda g: (len(g), g))]

    def near(self, shipments: Iterable[str]) -> frozenset[str]:
        """Shipments that could well travel with some of these, themselves included: the nearest of each."""
        return frozenset(other for s in shipments for other in self._nearest[s])

    @cached_property
    def _nearest(self) -> Mapping[str, tuple[str, ...]]:
        found: dict[str, tuple[str, ...]] = {}
        for pool in self.pools(self.jobs.direct):
            ids = pool.shipments
            order = np.argsort(self._apart(ids)[0], axis=1, kind="stable")[:, :NEAREST]
            row = {s: k for k, s in enumerate(ids)}
            found |= {s: tuple(ids[k] for k in order[row[s]]) for s in pool.home}
        return found

    def _apart(self, ids: Sequence[str]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return how far apart shipments are in km, with and without their origins; shapes ``(ids, ids)``."""
        jobs = [self.jobs.direct[s] for s in ids]
        sites = self.market.sites
        to = _km_between([sites[j.destination] for j in jobs])
        opens = np.array([j.delivery_open_min for j in jobs])
        closes = np.array([j.delivery_close_min for j in jobs])
        gap_min = np.maximum(0.0, np.maximum(opens[:, None] - closes[None, :], opens[None, :] - closes[:, None]))
        near_clients = to + gap_min * KM_PER_GAP_MIN
        places = sorted({o for j in jobs for o in j.origins})
        at = np.array([[o in j.origins for o in places] for j in jobs])
        shared = at.astype(np.int64) @ at.T.astype(np.int64) > 0
        near_both = near_clients + np.where(shared, 0.0, _km_between([sites[j.origins[0]] for j in jobs]))
        return near_both, near_clients


def _km_between(sites: Sequence[Site]) -> NDArray[np.float64]:
    return great_circle_km(np.array([s.lat for s in sites]), np.array([s.lon for s in sites]))


def _tree_nodes(distances: NDArray[np.float64]) -> list[tuple[int, ...]]:
    groups: list[tuple[int, ...]] = [(i,) for i in range(len(distances))]
    for left, right, *_ in average(distances[np.triu_indices(len(distances), k=1)]):
        groups.append(tuple(sorted(groups[int(left)] + groups[int(right)])))
    return groups[len(distances) :]


NOISE_SEEDS = 3  # plans of c(N) that its noise is the spread of
# About what a rigid truck costs in Europe in 2026; only the proportions count.
USUAL_COSTS = OperatingCosts(fixed_eur=150.0, per_km_eur=0.6, per_hour_eur=30.0)
NEAREST = 24  # shipments whose cost an award may have changed
