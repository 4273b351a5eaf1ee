"""Holds as a pooled good: what could wait is weighed lane by lane on the sum of all owners' paths.

The owners are told for each of their shipments whether it should wait and what that is expected to save, nothing else.
Where an owner does not agree, its shipments go today, and all is weighed again with that.
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from agents.holding import LaneLoad, miss_probability
from agents.lookahead.outlook import Held
from agents.messages import QUESTIONS, Exchange, Message, Performative, Topic, table
from logistics.money import split_cents

if TYPE_CHECKING:
    from collections.abc import Collection, Generator, Mapping, Sequence

    from numpy.typing import NDArray

    from agents.holding import PooledHolding
    from agents.lookahead.outlook import Outlook
    from agents.protocols.talk import Talk
    from logistics.lane_costs import LaneCosts
    from logistics.network import Network

KG_STEP = 50.0  # goods are priced by their weight per pallet, taken up to whole steps


@dataclass(frozen=True, eq=False)
class LanePaths:
    """What one owner expects on one lane, shape ``(paths,)``."""

    owner: str
    origin: str
    zone: str
    temperature: str
    pallets: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A shipment that could go today, as its owner told."""

    shipment: str
    owner: str
    origin: str
    zone: str
    temperature: str
    pallets: float
    weight_kg: float
    can_wait: bool
    holding_cents: int
    penalty_cents: int


def agree_holds(
    outlook: Outlook, rule: PooledHolding, lanes: Sequence[LanePaths], talk: Talk
) -> Generator[Exchange, tuple[Message, ...], tuple[dict[str, Held], dict[str, float]]]:
    """Ask what could wait, decide on the joint paths, and ask the owners whether they agree.

    Returns
    -------
    tuple
        What is held, by shipment, and its pallets by owner.
    """
    owners = sorted({lane.owner for lane in lanes})
    body = table(QUESTIONS[Topic.HOLDABLE], {"day": [outlook.next_day]})
    answers = talk.answers((yield talk.ask(Topic.HOLDABLE, dict.fromkeys(owners, body)))) if owners else {}
    candidates = [
        Candidate(owner=owner, **row)
        for owner in sorted(answers)
        for row in answers[owner].to_pylist()
        if row["pallets"] > 0 and row["weight_kg"] >= 0
    ]
    declined: set[str] = set()
    agreed: dict[str, Held] = {}
    while True:
        proposed = _weighed(outlook, rule, lanes, candidates, declined)
        # Whoever agreed to a saving is asked again if it has become less.
        new = [
            s for s, hold in sorted(proposed.items()) if s not in agreed or hold.saving_cents < agreed[s].saving_cents
        ]
        if not new:
            pallets: dict[str, float] = defaultdict(float)
            for c in candidates:
                pallets[c.owner] += c.pallets if c.shipment in proposed else 0.0
            return dict(sorted(proposed.items())), dict(pallets)
        asked: dict[str, list[str]] = defaultdict(list)
        for s in new:
            asked[proposed[s].owner].append(s)
        bodies = {
            owner: table(
                QUESTIONS[Topic.HOLD], {"shipment": own, "saving_cents": [proposed[s].saving_cents for s in own]}
            )
            for owner, own in asked.items()
        }
        said = talk.answers((yield talk.ask(Topic.HOLD, bodies, Performative.PROPOSE)))
        for owner, own in asked.items():
            willing = set(said[owner]["shipment"].to_pylist()) if owner in said else set()
            agreed |= {s: proposed[s] for s in own if s in willing}
            declined |= set(own) - willing


def _weighed(
    outlook: Outlook,
    rule: PooledHolding,
    lanes: Sequence[LanePaths],
    candidates: Sequence[Candidate],
    declined: Collection[str],
) -> dict[str, Held]:
    """Decide lane by lane; by shipment that should wait, its part of what is expected to be saved."""
    origins = {lane.origin for lane in lanes} | {c.origin for c in candidates}
    place = near_places(sorted(origins - {""}), outlook.network, rule.collect_km)
    everything = np.sum([lane.pallets for lane in lanes], axis=0)
    waiting = [c for c in candidates if c.can_wait and c.shipment not in declined]
    miss = miss_probability(everything + math.fsum(c.pallets for c in waiting), outlook.capacity_pallets)
    groups: dict[tuple[str, str, str], list[Candidate]] = defaultdict(list)
    for c in candidates:
        groups[place.get(c.origin, ""), c.zone, c.temperature].append(c)
    held: dict[str, Held] = {}
    for (origin, zone, temperature), here in sorted(groups.items()):
        could = [c for c in here if c.can_wait and c.shipment not in declined]
        costs = _costs(outlook, origin, zone, temperature, here) if could and origin else None
        if costs is None:
            continue
        joining = [
            lane.pallets
            for lane in lanes
            if (place.get(lane.origin, ""), lane.zone, lane.temperature) == (origin, zone, temperature)
        ]
        load = LaneLoad(
            today_pallets=math.fsum(c.pallets for c in here if c not in could),
            waiting_pallets=math.fsum(c.pallets for c in could),
            tomorrow_pallets=np.sum(joining, axis=0) if joining else np.zeros(outlook.paths),
            costs=costs,
            holding_cents=sum(c.holding_cents for c in could),
            penalty_cents=sum(c.penalty_cents for c in could),
            miss=miss,
        )
        verdict = rule.verdict(load)
        if verdict.hold:
            parts = split_cents(math.floor(verdict.saving_cents), {c.shipment: c.pallets for c in could})
            held |= {c.shipment: Held(c.owner, parts[c.shipment]) for c in could}
    return held


def _costs(outlook: Outlook, origin: str, zone: str, temperature: str, here: Sequence[Candidate]) -> LaneCosts | None:
    """What the open market asks for goods as heavy as these."""
    pallets, weight_kg = math.fsum(c.pallets for c in here), math.fsum(c.weight_kg for c in here)
    return outlook.lane_costs(origin, zone, temperature, priced_kg(pallets, weight_kg))


def priced_kg(pallets: float, weight_kg: float) -> float:
    """Weight per pallet by which goods are priced: in steps, so that few different prices have to be worked out."""
    return math.ceil(weight_kg / pallets / KG_STEP) * KG_STEP if pallets > 0 else 0.0


def near_places(sites: Sequence[str], network: Network, within_km: float) -> Mapping[str, str]:
    """Join places that a tour collects from: each within so many km of another; by site, the first of its group.

    Sites that the network does not know stay alone.
    """
    group = {s: s for s in sites}
    known = [s for s in sites if s in network.index]
    for i, a in enumerate(known):
        for b in known[:i]:
            if min(network.km(a, b), network.km(b, a)) <= within_km and group[a] != group[b]:
                first, last = sorted((group[a], group[b]))
                group = {s: first if g == last else g for s, g in group.items()}
    return group
