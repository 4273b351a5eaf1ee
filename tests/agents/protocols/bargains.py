"""Bargaining in tests: negotiations with chosen strategies, and what a record says of their talks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from agents.bargaining import Ending, Issues, Side, Threads, bargain
from agents.messages import Message, Performative, Topic
from agents.participant import Participant
from agents.participants import CarrierDesk, HubDesk, Party, ShipperDesk
from agents.participants.seller import sold_lots
from agents.participants.talks import issues_of
from agents.policy import Choice
from agents.synchronize import Synchronization, synchronize
from tests.agents.markets import START, Small, policy, small_market
from tests.agents.protocols.promises import check_promises

OPENING = (Topic.BUYING, Topic.FEES)  # the owners' side, which speaks first
TALKS = (*OPENING, Topic.SELLING, Topic.HOSTING)


def giving_way(parties: dict[str, Party], role: type, concession: object) -> dict[str, Participant]:
    """The same parties, those of a role with another strategy; nothing that they remember is shared."""
    fresh = {"_plans": {}} if role is ShipperDesk else {"_tours": {}, "_own": {}}
    return {
        who: Party(
            who, tuple(replace(d, concession=concession, **fresh) if isinstance(d, role) else d for d in party.desks)
        )
        for who, party in parties.items()
    }


def negotiated(small: Small, parties: dict[str, Participant], **params: int) -> Synchronization:
    """Bargain once; whatever comes out, the promises hold."""
    choice = Choice(name="alternating_offers", params=params)
    outcome = synchronize(small.market, parties, policy("standalone").model_copy(update={"protocol": choice}), 11)
    check_promises(small, outcome.settlement)
    return outcome


@dataclass
class Told:
    """One talk as the record has it."""

    owner: Message
    carrier: Message
    offers: list[tuple[int, int, int]]  # price in cents, day, window
    ending: Performative | None = None


def talks_of(outcome: Synchronization) -> dict[int, Told]:
    """All talks of a record by number; one that was cut off, since another part of its lot failed, has no ending."""
    found: dict[int, Told] = {}
    for one in outcome.transcript.rounds:
        for message in one.sent:
            if message.topic in TALKS and message.body["round"][0].as_py() == 0:
                for talk in message.body["talk"].to_pylist():
                    if message.topic in OPENING:
                        found[talk] = Told(message, message, [])
                    else:
                        found[talk].carrier = message
        for reply in one.replies:
            if reply.topic in TALKS:
                for row in reply.body.to_pylist():
                    told = found[row["talk"]]
                    if row["act"] == Performative.PROPOSE:
                        told.offers.append((row["price_cents"], row["day"], row["window"]))
                    else:
                        told.ending = Performative(row["act"])
    return found


def history_before(outcome: Synchronization, message: Message) -> list[Message]:
    """What the receiver of a message heard and said before it."""
    heard: list[Message] = []
    for one in outcome.transcript.rounds:
        if any(m.id == message.id for m in one.sent):
            return heard
        heard += [m for m in (*one.sent, *one.replies) if message.receiver in (m.receiver, m.sender)]
    raise AssertionError("the message is not in the record")


def issues_in(message: Message) -> Issues:
    """What a message is about: as many days as the talk in it that has most."""
    rows = message.body.to_pylist()
    return issues_of(rows[0]["prices"], max(row["days"] for row in rows), rows[0]["windows"])


def threads_of(party: Party, message: Message, history: Sequence[Message]) -> Threads:
    """The receiver's side of the talks in a message."""
    desk = next(d for d in party.desks if message.topic in d.topics)
    issues, rounds = issues_in(message), message.body["rounds"][0].as_py()
    if isinstance(desk, ShipperDesk):
        return desk._buyer.threads(message, desk._buyer.worth_cents(history), issues, rounds)
    if isinstance(desk, HubDesk):
        return desk.threads(message, issues, rounds)
    assert isinstance(desk, CarrierDesk)
    return desk._seller.threads(message, sold_lots(history)[0], issues, rounds)


def agrees_with_bargains(outcome: Synchronization, parties: dict[str, Party]) -> int:
    """Check every talk of a record against `bargain` between its two sides; returns how many ended in agreement."""
    sides = {}

    def side(message: Message, talk: int, days: int) -> Side:
        rows = message.body.to_pylist()
        if message.id not in sides:
            sides[message.id] = threads_of(parties[message.receiver], message, history_before(outcome, message))
        found = sides[message.id].side([row["talk"] for row in rows].index(talk))
        return replace(found, worth=found.worth.reshape(issues_in(message).sizes)[:, :days].ravel())

    compared = agreed = 0
    for number, told in talks_of(outcome).items():
        if told.ending is None and not told.offers:
            continue
        row = next(r for r in told.owner.body.to_pylist() if r["talk"] == number)
        issues = issues_of(row["prices"], row["days"], row["windows"])
        both = (side(message, number, row["days"]) for message in (told.owner, told.carrier))
        found = bargain(issues, *both, row["rounds"])
        levels = issues.levels[found.offers].tolist()
        outcomes = [(price * row["top_cents"] // (row["prices"] - 1), day, window) for price, day, window in levels]
        assert told.offers == outcomes[: len(told.offers)]
        if told.ending is not None:
            assert told.offers == outcomes
            assert (told.ending == Performative.ACCEPT_PROPOSAL) == (found.ending is Ending.AGREED)
            compared += 1
            agreed += found.ending is Ending.AGREED
    assert compared > agreed
    return agreed


def pacts(outcome: Synchronization) -> Iterator[tuple[str, dict[str, object]]]:
    """Parts of all deals that a carrier confirmed, with the carrier."""
    for one in outcome.transcript.rounds:
        yes = {r.in_reply_to for r in one.replies if r.topic == Topic.DEAL and r.performative == Performative.INFORM}
        for message in one.sent:
            if message.id in yes:
                yield from ((message.receiver, row) for row in message.body.to_pylist())


def with_days(seed: int, **sizes: int) -> Small:
    """A market with one vehicle of each type, two days to come, and goods that can wait for them."""
    small = small_market(seed, **({"factories": 3, "shipments": 10, "hubs": 1, "carriers": 1} | sizes))
    fleet = {v: replace(kind, count=1) for v, kind in small.region.vehicles.items()}
    wait = timedelta(days=2)
    shipments = {
        k: replace(s, window_close=s.window_close + wait, due_at=s.window_close + wait)
        for k, s in small.shipments.items()
    }
    later = tuple(START + timedelta(days=d) for d in (1, 2))
    return Small(replace(small.region, vehicles=fleet), shipments, later)
