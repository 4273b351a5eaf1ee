"""Which formulation fits a problem: where vehicles load, and which goods may meet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from logistics.compliance import conflict

if TYPE_CHECKING:
    from collections.abc import Iterable

    from logistics.routing.problem import Job, RoutingProblem
    from logistics.shipments import Handling


def compatible_sets(handlings: Iterable[Handling]) -> list[frozenset[Handling]]:
    """Return the largest sets of classes that may share a vehicle (maximal cliques, Bron and Kerbosch 1973)."""
    distinct = sorted(set(handlings), key=lambda h: (h.temperature, h.adr_labels, h.certificates))
    friends = {a: frozenset(b for b in distinct if b != a and conflict(a, b) is None) for a in distinct}
    found: list[frozenset[Handling]] = []

    def grow(clique: frozenset[Handling], candidates: frozenset[Handling], done: frozenset[Handling]) -> None:
        if not candidates and not done:
            found.append(clique)
            return
        pivot = max(sorted(candidates | done, key=distinct.index), key=lambda h: len(friends[h] & candidates))
        for h in sorted(candidates - friends[pivot], key=distinct.index):
            grow(clique | {h}, candidates & friends[h], done & friends[h])
            candidates -= {h}
            done |= {h}

    grow(frozenset(), frozenset(distinct), frozenset())
    return sorted(found, key=lambda c: sorted(map(distinct.index, c)))


def common_origins(problem: RoutingProblem) -> list[str] | None:
    """Return where each vehicle loads if all that it may carry is ready at one place, else ``None``.

    Its base goes first, then the nearest of the common origins.
    """
    places: list[str] = []
    shared: dict[frozenset[str], frozenset[str]] = {}
    for vehicle in problem.fleet:
        base = vehicle.type.base
        if vehicle.excluded not in shared:
            sets = [frozenset(job.origins) for job in problem.jobs if job.id not in vehicle.excluded]
            shared[vehicle.excluded] = frozenset.intersection(*sets) if sets else frozenset({base})
            if not sets:
                places.append(base)
                continue
        common = shared[vehicle.excluded]
        if not common:
            return None
        places.append(base if base in common else min(common, key=lambda o: (problem.network.km(base, o), o)))
    return places


def nearest_origin(problem: RoutingProblem, job: Job) -> str:
    """Return the origin with the shortest way from the nearest base through it to the destination."""
    if len(job.origins) == 1:
        return job.origins[0]
    km = problem.network.km
    bases = sorted({v.type.base for v in problem.fleet if job.id not in v.excluded}) or [job.destination]
    return min(job.origins, key=lambda o: (min(km(b, o) for b in bases) + km(o, job.destination), o))
