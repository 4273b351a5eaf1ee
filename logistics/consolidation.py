"""Mixed plans: each shipment travels direct, in a shared tour, or through a hub, whichever makes the whole cheapest.

All transports of a plan, direct ones and legs through hubs, are jobs of one routing problem, so a vehicle may do
several kinds on one tour. Which shipments take a hub is searched from the direct plan: sets of shipments whose client
lies nearer to the hub than to where their goods are, moved together, as a linehaul pays only for many.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from logistics.costs import CostLine, sum_lines
from logistics.hub_legs import (
    HubOffer,
    HubVisit,
    hub_violations,
    hub_visits,
    is_hub_leg,
    leg_jobs,
    overbooked_hours,
)
from logistics.routing.insertion import Inserter, cheapest
from logistics.routing.problem import FleetVehicle, Job, Plan, RoutingProblem
from logistics.routing.solve import plan_of, rounds_of, solve

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from logistics.network import Network

__all__ = ["HubOffer", "HubVisit", "MixedPlan", "hub_violations", "leg_jobs", "mixed_plan"]

# Rounds of moving sets to one hub, and sets planned in each beside the largest: the best by insertion.
MAX_ROUNDS = 2
TRIALS = 1
# A proposed set of shipments is tried with this part of the iterations; only the last plan gets them all.
TRIAL_SHARE = 20
MIN_TRIAL_ITERATIONS = 20
MAX_REPAIRS = 3
LARGEST_ORIGINS = 3


@dataclass(frozen=True)
class MixedPlan:
    """Routes over direct transports and hub legs, and what the whole costs.

    Attributes
    ----------
    plan
        Routes; ``plan.unserved`` holds ids of shipments.
    jobs
        Every job of the routing problem, by id.
    chains
        Ids of the jobs that move each carried shipment, in order.
    visits
        Dock visits, one booking each.
    cost_lines
        Cents by line: routes, handling, dock slots, storage.
    foregone_cents
        Prizes of what is left out.
    """

    plan: Plan
    jobs: Mapping[str, Job]
    chains: Mapping[str, tuple[str, ...]]
    visits: tuple[HubVisit, ...] = ()
    cost_lines: Mapping[str, int] = field(default_factory=dict)
    foregone_cents: int = 0

    @property
    def cost_cents(self) -> int:
        """Cost of routes and hubs, without prizes."""
        return sum(self.cost_lines.values())

    @property
    def total_cents(self) -> int:
        """Cost of routes and hubs and the prizes foregone."""
        return self.cost_cents + self.foregone_cents


def mixed_plan(
    network: Network,
    jobs: Mapping[str, Job],
    fleet: Sequence[FleetVehicle],
    hub_offers: Sequence[HubOffer] = (),
    *,
    iterations: int,
    seed: int,
    prizes: Mapping[str, int] | None = None,
) -> MixedPlan:
    """Plan shipments direct, pooled, or through hubs.

    Starting from the direct plan, sets of shipments are moved to a hub: all are estimated by insertion into the tours,
    a few planned with a part of the iterations, and the best that comes of it planned once more in full.
    Plans that would need more dock slots than offered are repaired by taking visits out of the crowded hours.

    Parameters
    ----------
    jobs
        Direct transports by shipment id.
    iterations
        Of the direct plan, and of the last plan through hubs.
    prizes
        What leaving each shipment out costs, by shipment; others, and all without ``prizes``, must be carried.

    Returns
    -------
    MixedPlan
        Without hubs on offer, what `logistics.routing.solve` says.
    """
    search = _Search(network, dict(jobs), tuple(fleet), tuple(hub_offers), prizes or {}, iterations, seed)
    return search.run()


@dataclass(frozen=True)
class _Search:
    network: Network
    direct: dict[str, Job]
    fleet: tuple[FleetVehicle, ...]
    offers: tuple[HubOffer, ...]
    prizes: Mapping[str, int]
    iterations: int
    seed: int

    def run(self) -> MixedPlan:
        direct = best = self.solved({}, self.iterations, None)
        for offer in sorted(self.offers, key=lambda o: o.hub):
            if any(slots > 0 for _, _, slots, _ in offer.windows):
                best = self.with_hub(best, offer)
        if best is direct:
            return direct
        full = self.solved(_hubs_of(best), self.iterations, best.plan)
        return full if self.is_sound(full) and self.score(full) < self.score(best) else best

    def with_hub(self, plan: MixedPlan, offer: HubOffer) -> MixedPlan:
        """Return the best plan found by moving sets of shipments to a hub, or the plan itself."""
        for _ in range(MAX_ROUNDS):
            better = self.best_trial(plan, offer)
            if better is plan:
                break
            plan = better
        return plan

    def best_trial(self, plan: MixedPlan, offer: HubOffer) -> MixedPlan:
        """Try a few sets for a hub and return the best plan with one of them, or the plan itself."""
        estimates = []
        for shipments in self.proposals(plan, offer):
            via = _hubs_of(plan) | dict.fromkeys(shipments, offer.hub)
            guess = self.inserted(via, plan.plan)
            estimates.append((self.score(guess), shipments, via, guess.plan))
        # Insertion is the more pessimistic the more it inserts, so the largest set is tried whatever it says.
        largest = max(estimates, key=lambda e: (len(e[1]), e[1]), default=None)
        promising = sorted((e for e in estimates if e is not largest), key=lambda e: e[:2])[:TRIALS]
        best = plan
        for _, _, via, start in [largest, *promising] if largest else []:
            trial = self.repaired(via, start)
            if trial is not None and self.score(trial) < self.score(best):
                best = trial
        return best

    @property
    def trial_iterations(self) -> int:
        """Iterations of a plan that is only tried."""
        return min(self.iterations, max(MIN_TRIAL_ITERATIONS, self.iterations // TRIAL_SHARE))

    def score(self, plan: MixedPlan) -> tuple[int, int]:
        """Order plans: fewer shipments left behind that must be carried, then fewer cents."""
        return sum(s not in self.prizes for s in plan.plan.unserved), plan.total_cents

    def proposals(self, plan: MixedPlan, offer: HubOffer) -> Iterator[tuple[str, ...]]:
        """Propose sets of shipments that might take a hub.

        All whose client is nearer to the hub than to their goods; the nearer half of them; those of each of the
        largest origins; those on tours that are dear for what they carry.
        """
        km = self.network.km
        able = {
            s: km(offer.site, job.destination)
            for s, job in self.direct.items()
            if len(plan.chains.get(s, ())) < 2
            and leg_jobs(job, offer) is not None
            and km(offer.site, job.destination) < min(km(o, job.destination) for o in job.origins)
        }
        near = sorted(able, key=lambda s: (able[s], s))
        by_origin: dict[tuple[str, ...], list[str]] = {}
        for s in near:
            by_origin.setdefault(self.direct[s].origins, []).append(s)
        largest = sorted(by_origin.values(), key=lambda group: (-sum(self.direct[s].pallets for s in group), group))
        sets = [near, near[: len(near) // 2], *largest[:LARGEST_ORIGINS], self.on_dear_tours(plan, able)]
        seen: set[tuple[str, ...]] = set()
        for group in sets:
            shipments = tuple(sorted(group))
            if len(shipments) > 1 and shipments not in seen and self.could_pay(plan, shipments, offer):
                seen.add(shipments)
                yield shipments

    def on_dear_tours(self, plan: MixedPlan, able: Iterable[str]) -> list[str]:
        """Return the shipments among ``able`` on tours whose cost per pallet is above the plan's, or left out."""
        able = set(able)
        pallets = [sum(plan.jobs[j].pallets for j in route.jobs) for route in plan.plan.routes]
        usual = plan.plan.cost_cents / max(sum(pallets), 1e-9)
        dear = {
            job
            for route, load in zip(plan.plan.routes, pallets, strict=True)
            if route.cost_cents > usual * load
            for job in route.jobs
        }
        return sorted(able & (dear | set(plan.plan.unserved)))

    def could_pay(self, plan: MixedPlan, shipments: Sequence[str], offer: HubOffer) -> bool:
        """Tell whether handling alone stays below all that the shipments' tours and prizes cost now."""
        moved = set(shipments)
        now = sum(route.cost_cents for route in plan.plan.routes if moved & set(route.jobs))
        now += sum(self.prizes.get(s, 0) for s in moved & set(plan.plan.unserved))
        forced = any(s not in self.prizes for s in moved & set(plan.plan.unserved))
        fee = offer.handling_cents_per_pallet * sum(self.direct[s].pallets for s in shipments)
        return forced or fee + 2 * min(cents for *_, cents in offer.windows) < now

    def repaired(self, via: Mapping[str, str], warm: Plan) -> MixedPlan | None:
        """Try shipments through hubs; those that break a chain or crowd a dock go direct, and it is planned again.

        Returns
        -------
        MixedPlan or None
            A sound plan, where one was found.
        """
        for _ in range(MAX_REPAIRS):
            made = self.solved(via, self.trial_iterations, warm)
            back = self.broken(made, via) or self.crowding(made)
            if not back:
                return made
            via = {s: hub for s, hub in via.items() if s not in back}
            if not via:
                break
            warm = made.plan
        return None

    def is_sound(self, plan: MixedPlan) -> bool:
        """Tell whether every leg belongs to a whole chain and every dock has room."""
        halves = sum(is_hub_leg(job) for route in plan.plan.routes for job in route.jobs)
        whole = sum(len(legs) for legs in plan.chains.values() if len(legs) > 1)
        return halves == whole and not overbooked_hours(plan.visits, self.offers)

    def broken(self, plan: MixedPlan, via: Mapping[str, str]) -> set[str]:
        """Return the shipments meant for a hub of which a leg is not driven."""
        return {s for s in via if s not in plan.chains}

    def crowding(self, plan: MixedPlan) -> set[str]:
        """Return the shipments on the least loaded visits in hours that hold more visits than slots."""
        back: set[str] = set()
        for (hub, hour), surplus in overbooked_hours(plan.visits, self.offers).items():
            here = [v for v in plan.visits if v.hub == hub and v.start_min // 60 == hour]
            here.sort(key=lambda v: (sum(self.direct[s].pallets for s in v.shipments), v.start_min, v.route))
            back |= {s for visit in here[:surplus] for s in visit.shipments}
        return back

    def solved(self, via: Mapping[str, str], iterations: int, warm: Plan | None) -> MixedPlan:
        """Plan once, with these shipments through these hubs and all others direct or left to their prizes."""
        problem, chains = self.problem(via)
        return self.accounted(problem, chains, solve(problem, iterations=iterations, seed=self.seed, warm=warm))

    def inserted(self, via: Mapping[str, str], plan: Plan) -> MixedPlan:
        """Plan roughly: keep the tours, less what moves to a hub, and insert the legs where they cost least."""
        problem, chains = self.problem(via)
        inserter = Inserter(problem.network, problem.fleet, problem.jobs)
        rounds = rounds_of(inserter, plan)
        carried = {visit.job for _, visits in rounds.tours for visit in visits}
        for job in problem.jobs:
            if job.id not in carried and is_hub_leg(job.id):
                cents, with_job = cheapest(inserter, rounds, job.id)
                rounds = with_job if cents < math.inf else rounds
        return self.accounted(problem, chains, plan_of(inserter, rounds, problem.jobs))

    def problem(self, via: Mapping[str, str]) -> tuple[RoutingProblem, dict[str, tuple[str, ...]]]:
        """Return the routing problem of a choice of hubs, and the jobs that move each shipment in it."""
        offers = {offer.hub: offer for offer in self.offers}
        jobs: list[Job] = []
        chains: dict[str, tuple[str, ...]] = {}
        for s, job in self.direct.items():
            legs = leg_jobs(job, offers[via[s]]) if s in via else None
            made = legs or (replace(job, prize_cents=self.prizes.get(s)),)
            jobs += made
            chains[s] = tuple(leg.id for leg in made)
        fleet = tuple(
            replace(v, excluded=v.excluded | {leg for s in v.excluded if s in chains for leg in chains[s]})
            for v in self.fleet
        )
        return RoutingProblem(self.network, tuple(jobs), fleet), chains

    def accounted(self, problem: RoutingProblem, chains: Mapping[str, tuple[str, ...]], plan: Plan) -> MixedPlan:
        """Say what a plan of the problem costs, hubs and prizes included."""
        jobs = {job.id: job for job in problem.jobs}
        left = set(plan.unserved)
        carried = {s: legs for s, legs in chains.items() if not left & set(legs)}
        visits = hub_visits(plan.routes, jobs, self.offers)
        hub_lines = {
            CostLine.HANDLING: sum(v.handling_cents for v in visits),
            CostLine.DOCK_SLOT: sum(v.slot_cents for v in visits),
            CostLine.STORAGE: sum(v.storage_cents for v in visits),
        }
        unserved = tuple(s for s in chains if s not in carried)
        return MixedPlan(
            plan=replace(plan, unserved=unserved),
            jobs=jobs,
            chains=carried,
            visits=visits,
            cost_lines=sum_lines([*(r.cost_lines for r in plan.routes), {k: c for k, c in hub_lines.items() if c}]),
            foregone_cents=sum(self.prizes.get(s, 0) for s in unserved),
        )


def _hubs_of(plan: MixedPlan) -> dict[str, str]:
    """Return the hub that each shipment with two legs takes."""
    return {s: legs[0].removeprefix(f"{s}@").removesuffix(":in") for s, legs in plan.chains.items() if len(legs) > 1}
