"""What an outsider can check of tours that stand: it needs the record of the negotiation alone."""

from __future__ import annotations

from collections import Counter

from agents.market import Market
from agents.messages import Topic
from agents.protocols.talks import round_up
from agents.protocols.tour_bids import OPENING_FACTOR
from agents.transcript import Transcript


def check_standing(market: Market, transcript: Transcript) -> None:
    """After every round no request is on two standing tours, and none stands that was never bid."""
    bids: dict[tuple[str, int], tuple[str, set[str]]] = {}
    standing: dict[tuple[str, int], tuple[str, set[str]]] = {}
    moved = 0
    for one in transcript.rounds:
        for reply in one.replies:
            if reply.topic == Topic.TOURS and "tour" in reply.body.column_names:
                for row in reply.body.to_pylist():
                    _, jobs = bids.setdefault((reply.in_reply_to, row["tour"]), (row["vehicle"], set()))
                    jobs.add(row["job"])
        rows = [row for m in one.sent if m.topic == Topic.STAND for row in m.body.to_pylist()]
        for row in rows:
            bid = row["question"], row["tour"]
            if row["stands"]:
                standing[bid] = bids[bid]
            else:
                del standing[bid]
        moved += bool(rows)
        on_tours = Counter(job for _, jobs in standing.values() for job in jobs)
        assert all(times == 1 for times in on_tours.values())
        used = Counter(vehicle for vehicle, _ in standing.values())
        counts = {v: market.vehicles[v].count for v in used}
        assert all(most is None or used[v] <= most for v, most in counts.items())
    assert moved


def check_reserves_untold(market: Market, transcript: Transcript) -> None:
    """At the opening, before anything is bid, no carrier is told what an owner's shipment is worth to it."""
    stated: dict[str, int] = {}
    for one in transcript.rounds:
        for reply in one.replies:
            if reply.topic == Topic.OFFER and "reserve_cents" in reply.body.column_names:
                stated |= {row["shipment"]: row["reserve_cents"] for row in reply.body.to_pylist()}
    opening = next(one for one in transcript.rounds if one.sent[0].topic == Topic.TOURS)
    told = [(r["job"], r["price_cents"]) for m in opening.sent for r in m.body.to_pylist() if r["job"] is not None]
    assert told
    # Told are twice the steps of 1, 2 and 5 above the reserves, with some noise; their mean would be lower by far were
    # they twice the reserves themselves.
    steps = {job: round_up(stated[job]) for job, _ in told}
    assert sum(stated.get(job, 0) for job in steps) < 0.85 * sum(steps.values())
    assert sum(cents for _, cents in told) > 0.92 * OPENING_FACTOR * sum(steps[job] for job, _ in told)
