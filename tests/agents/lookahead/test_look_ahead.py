"""Tests for agents.lookahead: what the coordinator decides, whom it tells what, and who pays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.bidding import Markup, Truthful
from agents.holding import ForecastValue, HoldingView, LaneLoad, LaneVerdict, QuantityBased, Wait
from agents.lookahead import Ahead, Outlook, PoolDay, look_ahead
from agents.lookahead.holds import near_places
from agents.mediation import mediate, replay
from agents.messages import COORDINATOR, QUESTIONS, Message, Performative, Topic, same_message
from agents.participants import Capacity, CapacityDesk, Party, PlannerDesk
from agents.planning import parties
from agents.reservations import Good
from agents.reserving import Newsvendor, Nothing
from agents.transcript import Round
from groupage.errors import ReplayError
from logistics import Site, SiteKind, great_circle_network
from logistics.lane_costs import LaneCosts, LoadPrice

NEXT = date(2026, 3, 3)
PATHS = 4
# A load of up to 3 pallets costs 60 EUR, one of up to 10 pallets 100 EUR.
PRICES = LaneCosts.of((LoadPrice(3.0, 6_000, "list"), LoadPrice(10.0, 10_000, "list")))
LANE = ("F1", "Z1", "ambient")
NETWORK = great_circle_network(
    [
        Site("F1", SiteKind.FACTORY, 51.0, 5.0),
        Site("F2", SiteKind.FACTORY, 51.05, 5.0),
        Site("F3", SiteKind.FACTORY, 53.0, 5.0),
        Site("K", SiteKind.CLIENT, 51.5, 5.5, zone="Z1"),
    ],
    1.3,
    50.0,
)
TRUCK, DOCK = (Good.VEHICLE, "C1-truck"), (Good.DOCK_SLOT, "H1")
# On each of two days seven pallets needed one truck and one slot.
EXPERIENCE = (PoolDay(7.0, {TRUCK: 1, DOCK: 1}), PoolDay(7.0, {TRUCK: 1, DOCK: 1}))


def outlook(owners: Sequence[str] = ("F1", "F2"), capacity: float = 100.0, **changes: object) -> Outlook:
    given = Outlook(
        NEXT,
        PATHS,
        tuple(owners),
        {"C1": (TRUCK,), "H1": (DOCK,)},
        capacity,
        NETWORK,
        lambda origin, zone, temperature, kg: PRICES,
        EXPERIENCE,
    )
    return replace(given, **changes)


def view(shipment: str, owner: str, pallets: float = 2.0, holding_cents: int = 0, last_day: int = 1) -> HoldingView:
    wait = Wait(NEXT, "ambient", 500.0, PRICES, 100.0, holding_cents, 0)
    return HoldingView(shipment, (), pallets, last_day, 0, (owner, "Z1"), wait)


def owner_desk(
    owner: str,
    paths: Sequence[float] | None,
    *views: HoldingView,
    alone_cents: float = 1e9,
    zone: str = "Z1",
) -> PlannerDesk:
    lanes = {} if paths is None else {(owner, zone, "ambient"): np.array(paths, dtype=float)}
    return PlannerDesk(owner, lanes, views, frozenset(v.shipment for v in views if v.last_day > 0), alone_cents)


TRUCKS = CapacityDesk("C1", (Capacity("C1-truck", 3, 100.0, 150.0, 0.0),), Truthful())
DOCKS = CapacityDesk("H1", (Capacity("H1", 8, 10.0, 15.0, 0.0),), Truthful())


def everybody(*owners: PlannerDesk, trucks: CapacityDesk = TRUCKS) -> dict[str, Party]:
    return parties(owners, {"C1": [trucks], "H1": [DOCKS]})


def held_talk(
    people: Mapping[str, object],
    given: Outlook | None = None,
    holding: object = None,
    reserving: object = None,
) -> tuple[Ahead, tuple[Round, ...]]:
    found = given or outlook([p for p in people if p.startswith("F")])
    return mediate(look_ahead(found, holding, reserving), people, 3)  # type: ignore[arg-type]


def messages(rounds: Sequence[Round]) -> list[Message]:
    return [m for one in rounds for m in (*one.sent, *one.replies)]


def told(rounds: Sequence[Round], who: str, topic: Topic) -> list[dict[str, object]]:
    return [
        row for one in rounds for m in one.sent if (m.receiver, m.topic) == (who, topic) for row in m.body.to_pylist()
    ]


class Refusing:
    """Answers as a desk does, but refuses one topic."""

    def __init__(self, party: Party, topic: Topic) -> None:
        self.party, self.topic = party, topic

    def respond(self, message: Message, history: Sequence[Message], rng: np.random.Generator) -> Message:
        if message.topic == self.topic:
            return message.reply(Performative.REFUSE, reason="no")
        return self.party.respond(message, history, rng)


# Holding


def test_waits_for_anothers_goods() -> None:
    """A shipment waits for what another owner near by expects, which its own owner could not know."""
    people = everybody(owner_desk("F1", [0.0] * PATHS, view("a", "F1")), owner_desk("F2", [5.0] * PATHS))
    ahead, _ = held_talk(people, holding=ForecastValue())
    assert dict(ahead.held) == {"a": ahead.held["a"]}
    assert (ahead.held["a"].owner, ahead.held["a"].saving_cents) == ("F1", 6_000)
    alone = everybody(owner_desk("F1", [0.0] * PATHS, view("a", "F1")), owner_desk("F2", [0.0] * PATHS))
    assert held_talk(alone, holding=ForecastValue())[0].held == {}


def test_what_is_far_away_is_not_collected() -> None:
    """Goods of an owner beyond the rule's distance, or for another zone, are no reason to wait."""
    for far in (owner_desk("F3", [5.0] * PATHS), owner_desk("F2", [5.0] * PATHS, zone="Z2")):
        people = everybody(owner_desk("F1", [0.0] * PATHS, view("a", "F1")), far)
        assert held_talk(people, holding=ForecastValue())[0].held == {}
    people = everybody(owner_desk("F1", [0.0] * PATHS, view("a", "F1")), owner_desk("F3", [5.0] * PATHS))
    assert held_talk(people, holding=ForecastValue(collect_km=1_000.0))[0].held


def test_paths_are_added_path_by_path() -> None:
    """The pool's demand is the sum of its members' paths: two owners that are never there together leave room."""
    for one, other, holds in (
        ([10.0, 0.0, 10.0, 0.0], [0.0, 10.0, 0.0, 10.0], False),
        ([5.0, 0.0, 5.0, 0.0], [0.0, 5.0, 0.0, 5.0], True),
    ):
        people = everybody(owner_desk("F1", one, view("a", "F1")), owner_desk("F2", other))
        assert bool(held_talk(people, holding=ForecastValue())[0].held) is holds


def test_whoever_does_not_agree_ships_and_all_is_weighed_again() -> None:
    """Two shipments would save 60 EUR by waiting; the one that it costs too much goes, and takes the other along."""
    dear = view("b", "F2", 1.0, holding_cents=5_500)
    people = everybody(
        owner_desk("F1", [2.0] * PATHS, view("a", "F1")),
        owner_desk("F2", [3.0] * PATHS, view("b", "F2", 1.0, last_day=0)),
    )
    # The other must go today in a load with room: nothing is saved by waiting.
    assert held_talk(people, holding=ForecastValue())[0].held == {}
    both = everybody(owner_desk("F1", [2.0] * PATHS, view("a", "F1")), owner_desk("F2", [3.0] * PATHS, dear))
    ahead, rounds = held_talk(both, holding=ForecastValue())
    asked = [m.receiver for one in rounds for m in one.sent if m.topic == Topic.HOLD]
    assert asked == ["F1", "F2"]
    assert ahead.held == {}


def test_an_owner_is_told_of_its_own_shipments_only() -> None:
    """What an owner is asked to hold are its own shipments, and what each saves."""
    people = everybody(
        owner_desk("F1", [0.0] * PATHS, view("a", "F1"), view("c", "F1", 1.0)),
        owner_desk("F2", [5.0] * PATHS, view("b", "F2", 1.0)),
    )
    ahead, rounds = held_talk(people, holding=ForecastValue())
    assert set(ahead.held) == {"a", "b", "c"}
    assert {row["shipment"] for row in told(rounds, "F1", Topic.HOLD)} == {"a", "c"}
    assert {row["shipment"] for row in told(rounds, "F2", Topic.HOLD)} == {"b"}
    assert sum(h.saving_cents for h in ahead.held.values()) == 10_000


def test_a_full_region_is_a_risk() -> None:
    """Where all that is expected is more than all vehicles hold, a last chance may be missed, which is weighed."""
    risky = replace(view("a", "F1"), wait=replace(view("a", "F1").wait, penalty_cents=6_000))  # type: ignore[type-var]
    people = everybody(owner_desk("F1", [0.0] * PATHS, risky), owner_desk("F2", [5.0] * PATHS))
    assert held_talk(people, outlook(capacity=7.0), ForecastValue())[0].held
    assert not held_talk(people, outlook(capacity=6.9), ForecastValue())[0].held


def test_rules_of_owners_stay_with_owners() -> None:
    """Under a rule that does not look at the pool nobody is asked what could wait."""
    people = everybody(owner_desk("F1", [5.0] * PATHS, view("a", "F1")), owner_desk("F2", [5.0] * PATHS))
    ahead, rounds = held_talk(people, holding=QuantityBased(), reserving=Newsvendor())
    assert ahead.held == {}
    assert not any(m.topic in (Topic.HOLDABLE, Topic.HOLD) for m in messages(rounds))


# Reserving


def test_reserves_what_the_pool_needs() -> None:
    """Seven pallets that need a truck and a slot reserve one of each; owners bear them in proportion to their paths."""
    people = everybody(owner_desk("F1", [5.0] * PATHS), owner_desk("F2", [2.0] * PATHS))
    ahead, rounds = held_talk(people, reserving=Newsvendor())
    assert [(r.kind, r.good, r.provider, r.quantity) for r in ahead.reserved] == [
        (Good.DOCK_SLOT, "H1", "H1", 1),
        (Good.VEHICLE, "C1-truck", "C1", 1),
    ]
    assert ahead.reserved[1].shares() == {"F1": 7_143, "F2": 2_857}
    assert told(rounds, "F1", Topic.RESERVE) == [{"day": NEXT, "share_cents": 7_857, "saving_cents": 3_928}]
    assert told(rounds, "C1", Topic.RESERVED)[0]["quantity"] == 1


def test_whoever_refuses_is_never_charged() -> None:
    """An owner that does not agree bears nothing of any reservation, and quantities follow what the others expect."""
    desks = owner_desk("F1", [7.0] * PATHS), owner_desk("F2", [7.0] * PATHS)
    people = everybody(*desks)
    assert held_talk(people, reserving=Newsvendor())[0].reserved[0].quantity == 2
    ahead, rounds = held_talk(people | {"F2": Refusing(people["F2"], Topic.RESERVE)}, reserving=Newsvendor())
    assert [(r.quantity, dict(r.parts)) for r in ahead.reserved] == [(1, {"F1": 7.0}), (1, {"F1": 7.0})]
    asked = [m.receiver for one in rounds for m in one.sent if m.topic == Topic.RESERVE]
    assert asked == ["F1", "F2", "F1"]
    assert ahead.notes[-1] == "reserved without F2"


def test_an_owner_judges_by_its_own_figures() -> None:
    """A part that is more than an owner expects to pay alone for all that it sends is refused."""
    people = everybody(owner_desk("F1", [5.0] * PATHS), owner_desk("F2", [2.0] * PATHS, alone_cents=3_000))
    ahead, _ = held_talk(people, reserving=Newsvendor())
    assert all(set(r.parts) == {"F1"} for r in ahead.reserved)


@pytest.mark.parametrize("topic", [Topic.CAPACITY, Topic.RESERVED])
def test_a_provider_that_does_not_sell(topic: Topic) -> None:
    """What a carrier does not offer or does not stand by is not reserved and nobody pays for it; the hub's slot is."""
    people = everybody(owner_desk("F1", [5.0] * PATHS), owner_desk("F2", [2.0] * PATHS))
    ahead, _ = held_talk(people | {"C1": Refusing(people["C1"], topic)}, reserving=Newsvendor())
    assert [r.provider for r in ahead.reserved] == ["H1"]


def test_nothing_to_gain_nothing_asked() -> None:
    """Without a premium on the day, without past days of the pool, or without a forecast, nothing is reserved."""
    flat = CapacityDesk("C1", (Capacity("C1-truck", 3, 100.0, 100.0, 0.0),), Truthful())
    people = everybody(owner_desk("F1", [7.0] * PATHS), owner_desk("F2", None), trucks=flat)
    assert [r.provider for r in held_talk(people, reserving=Newsvendor())[0].reserved] == ["H1"]
    ahead, rounds = held_talk(people, outlook(experience=()), reserving=Newsvendor())
    assert ahead.reserved == ()
    assert len(rounds) == 1
    blind = everybody(owner_desk("F1", None), owner_desk("F2", None))
    ahead, rounds = held_talk(blind, holding=ForecastValue(), reserving=Newsvendor())
    assert ahead == Ahead(notes=ahead.notes)
    assert len(rounds) == 1
    assert held_talk(people, reserving=Nothing())[0].reserved == ()


def test_what_is_held_is_needed_tomorrow() -> None:
    """Goods that are held count among what the next day needs room for, and their owner bears its part for them."""
    people = everybody(
        owner_desk("F1", [0.0] * PATHS, view("a", "F1")), owner_desk("F2", [5.0] * PATHS), owner_desk("F3", None)
    )
    ahead, _ = held_talk(people, holding=ForecastValue(), reserving=Newsvendor())
    assert set(ahead.held) == {"a"}
    assert dict(ahead.reserved[0].parts) == {"F1": 2.0, "F2": 5.0}


def test_prices_follow_bidding() -> None:
    """What is paid ahead, and what the saving is judged by, are the provider's prices and not its costs."""
    dear = replace(TRUCKS, bidding=Markup(10.0))
    people = everybody(owner_desk("F1", [7.0] * PATHS), owner_desk("F2", [0.0] * PATHS), trucks=dear)
    [_, truck] = held_talk(people, reserving=Newsvendor())[0].reserved
    assert (truck.price_cents, truck.spot_cents, truck.saving_cents) == (11_000, 16_500, {"F1": 5_500})


# What is told to whom

CANARY = 3.141592653589793


@settings(max_examples=30)
@given(st.integers(0, 10_000))
def test_nobody_is_told_of_anybodys_paths(seed: int) -> None:
    """No message to a participant carries a path, a pooled quantity, an owner's name or another's shipment."""
    rng = np.random.default_rng(seed)
    owners = ["F1", "F2", "F3"]
    paths = {o: (rng.uniform(0, 9, PATHS) + CANARY * 1e-3).tolist() for o in owners}
    views = {
        o: [view(f"{o}-s{i}", o, float(rng.uniform(0.5, 4))) for i in range(int(rng.integers(0, 3)))] for o in owners
    }
    people = everybody(*(owner_desk(o, paths[o], *views[o]) for o in owners))
    near = outlook(owners)
    _, rounds = held_talk(people, near, ForecastValue(collect_km=500.0), Newsvendor())
    pooled = np.sum(list(paths.values()), axis=0)
    secret = {round(x, 9) for own in paths.values() for x in (*own, float(np.mean(own)))}
    secret |= {round(float(x), 9) for x in (*pooled, pooled.mean(), *np.quantile(pooled, [0.1, 0.5, 0.9]))}
    for message in (m for one in rounds for m in one.sent):
        assert message.sender == COORDINATOR
        words = [message.reason, *(str(x) for row in message.body.to_pylist() for x in row.values())]
        figures = [x for row in message.body.to_pylist() for x in row.values() if isinstance(x, float)]
        assert not secret & {round(x, 9) for x in figures}
        others = [o for o in owners if o != message.receiver]
        assert not [w for w in words for o in others if o in w]
        assert not any(isinstance(x, list) for row in message.body.to_pylist() for x in row.values())


def test_questions_have_no_room_for_paths() -> None:
    """What the coordinator sends in a look ahead has no column that could hold a path or a volume."""
    for topic in (Topic.OUTLOOK, Topic.HOLDABLE, Topic.HOLD, Topic.CAPACITY, Topic.RESERVE, Topic.RESERVED):
        kinds = {str(c.type) for c in QUESTIONS[topic]}
        assert kinds <= {"string", "date32[day]", "int32", "int64"}, topic
        whole = {c.name for c in QUESTIONS[topic] if str(c.type).startswith("int")}
        # Of whole numbers only the count of paths asked for, a provider's own units, and own money.
        assert whole <= {"paths", "quantity", "saving_cents", "share_cents", "price_cents", "release_cents"}, topic


def test_disclosure_is_counted() -> None:
    """Each figure of each path counts, and so do holding costs, penalties and the three prices of a good."""
    people = everybody(owner_desk("F1", [5.0] * PATHS, view("a", "F1")), owner_desk("F2", [2.0] * PATHS))
    _, rounds = held_talk(people, holding=ForecastValue(), reserving=Newsvendor())
    count: dict[str, int] = {}
    for m in messages(rounds):
        if m.sender != COORDINATOR:
            count[m.sender] = count.get(m.sender, 0) + m.private_figures
    assert count == {"F1": PATHS + 2, "F2": PATHS, "C1": 3, "H1": 3}


def test_same_again_and_replayed() -> None:
    """The same people and the same outlook say the same; the record replays, and not for another outlook."""
    people = everybody(
        owner_desk("F1", [5.0, 1.0, 2.0, 0.0], view("a", "F1")), owner_desk("F2", [2.0, 0.0, 7.0, 1.0], view("b", "F2"))
    )
    first, rounds = held_talk(people, holding=ForecastValue(), reserving=Newsvendor())
    again, others = held_talk(people, holding=ForecastValue(), reserving=Newsvendor())
    assert first == again
    assert all(same_message(a, b) for a, b in zip(messages(rounds), messages(others), strict=True))
    given = outlook(["F1", "F2"])
    assert replay(look_ahead(given, ForecastValue(), Newsvendor()), rounds) == first
    with pytest.raises(ReplayError):
        replay(look_ahead(replace(given, paths=9), ForecastValue(), Newsvendor()), rounds)


# What others send is material to judge


class Saying:
    """Answers a topic with a body of its own."""

    def __init__(self, party: Party, topic: Topic, **columns: list[object]) -> None:
        self.party, self.topic, self.columns = party, topic, columns

    def respond(self, message: Message, history: Sequence[Message], rng: np.random.Generator) -> Message:
        reply = self.party.respond(message, history, rng)
        if message.topic != self.topic:
            return reply
        body = reply.body
        for name, cells in self.columns.items():
            i = body.schema.get_field_index(name)
            import pyarrow as pa

            body = body.set_column(i, body.schema.field(i), pa.array(cells, type=body.schema.field(i).type))
        return replace(reply, body=body)


@pytest.mark.parametrize("wrong", [[[1.0, 2.0]], [[float("nan")] * PATHS], [[-1.0] * PATHS], [[None] * PATHS], [None]])
def test_paths_that_are_none(wrong: list[object]) -> None:
    """Too few paths, or figures that no demand has: that owner is left out, and the others go on."""
    people = everybody(owner_desk("F1", [5.0] * PATHS), owner_desk("F2", [7.0] * PATHS))
    liar = Saying(people["F1"], Topic.OUTLOOK, path_pallets=wrong)
    ahead, _ = held_talk(people | {"F1": liar}, holding=ForecastValue(), reserving=Newsvendor())
    assert all(set(r.parts) == {"F2"} for r in ahead.reserved)
    assert ahead.reserved
    assert any("F1" in note for note in ahead.notes)


def test_terms_that_are_none() -> None:
    """A provider that would give back all it is paid, or offers what nobody asked for, sells nothing."""
    people = everybody(owner_desk("F1", [7.0] * PATHS), owner_desk("F2", [0.0] * PATHS))
    for columns in ({"release_cents": [10_000]}, {"good": ["C2-truck"]}, {"units": [0]}):
        liar = Saying(people["C1"], Topic.CAPACITY, **columns)
        ahead, _ = held_talk(people | {"C1": liar}, reserving=Newsvendor())
        assert [r.provider for r in ahead.reserved] == ["H1"]
        assert any(note.startswith("C1: its terms") for note in ahead.notes)


def test_goods_without_weight_or_size() -> None:
    """A shipment of no pallets is no candidate."""
    people = everybody(owner_desk("F1", [0.0] * PATHS, view("a", "F1")), owner_desk("F2", [5.0] * PATHS))
    liar = Saying(people["F1"], Topic.HOLDABLE, pallets=[-2.0])
    assert held_talk(people | {"F1": liar}, holding=ForecastValue())[0].held == {}


# Parts


def test_near_places() -> None:
    """Places are joined along a chain of short ways; others, and such as nobody knows, stay alone."""
    assert near_places(["F1", "F2", "F3", "nowhere"], NETWORK, 20.0) == {
        "F1": "F1",
        "F2": "F1",
        "F3": "F3",
        "nowhere": "nowhere",
    }
    assert set(near_places(["F1", "F2", "F3"], NETWORK, 1_000.0).values()) == {"F1"}
    assert near_places(["F1", "F2"], NETWORK, 0.0) == {"F1": "F1", "F2": "F2"}


def test_a_rule_of_ones_own() -> None:
    """Any rule with the methods of a pooled one is asked lane by lane."""

    class Always(ForecastValue):
        def verdict(self, lane: LaneLoad) -> LaneVerdict:
            return LaneVerdict(200.0 * lane.waiting_pallets, 0.0)

    people = everybody(
        owner_desk("F1", [9.0] * PATHS, view("a", "F1")), owner_desk("F3", [0.0] * PATHS, view("b", "F3"))
    )
    ahead, _ = held_talk(people, holding=Always())
    assert {s: h.saving_cents for s, h in ahead.held.items()} == {"a": 400, "b": 400}
