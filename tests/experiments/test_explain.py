"""Explanations of a run say what its tables say, and to each viewer only what is its own."""

import json
import shutil

import pandas as pd
import pytest

from agents.messages import Performative, Topic
from agents.participants import CarrierDesk, ShipperDesk
from agents.protocols import reasons
from agents.telling import lowest_quote
from agents.visibility import MATRIX, Phase, Role, visible
from experiments.explain import TWO_MEMBERS, TWO_OWNERS, _own_part, explain
from experiments.explain_record import Record
from experiments.results import read_table
from groupage.errors import InputError
from logistics.standalone import standalone_plan
from tests.experiments.explained import put_rows, rows, small_run, through_hub


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """The results folder of a small run."""
    return small_run(tmp_path_factory.mktemp("explain"))


@pytest.fixture(scope="module")
def after(results):
    """What became of the shipments."""
    return rows(results, "shipments", scope="after")


def one(after, **equal):
    """The first shipment row of a kind."""
    return next(r for r in after if all(r[k] == v for k, v in equal.items()))


def on_day(found, day):
    """An explanation's facts of one day."""
    return next(facts for facts in found["days"] if facts["day"] == str(day))


def test_pooled_shipment(results, after):
    """To the operator: carrier, load, who else was on it, when it came, and its owner's account of that day."""
    row = one(after, mode="pool")
    day = on_day(explain(results, row["shipment"]), row["day"])
    load = rows(results, "legs", shipment=row["shipment"])[0]["load"]
    others = {r["shipment"] for r in rows(results, "legs", load=load, day=row["day"])} - {row["shipment"]}
    assert {o["shipment"] for o in day["co_loaded"]} == others
    owner_of = {r["shipment"]: r["owner"] for r in after}
    assert all(o["owner"] == owner_of[o["shipment"]] for o in day["co_loaded"])
    assert [(leg["load"], leg["carrier"]) for leg in day["legs"]] == [(load, row["carrier"])]
    assert day["legs"][0]["unloaded_at"] == day["delivered_at"]
    assert day["mode"] == "pool"
    assert day["on_time"] == row["on_time"]
    assert day["reserve_eur"] == row["reserve_eur"]
    (account,) = rows(results, "shares", party=row["owner"], day=row["day"])
    assert day["standalone_eur"] == account["standalone_eur"]
    assert day["paid_eur"] == pytest.approx(account["share_eur"] + account["left_alone_eur"])
    assert day["saving_eur"] == pytest.approx(account["gain_eur"])
    (alone,) = rows(results, "shipments", scope="before", shipment=row["shipment"])
    assert (day["kgco2e"], day["alone_kgco2e"]) == (row["kgco2e"], alone["kgco2e"])


def test_own_goods_are_not_others(results, after, tmp_path):
    """A vehicle with one owner's goods alone is not pooled with others."""
    row = one(after, mode="pool")
    leg = rows(results, "legs", shipment=row["shipment"])[0]
    own = {r["shipment"] for r in after if r["owner"] == row["owner"]}
    copy = shutil.copytree(results, tmp_path / "copy")
    assert on_day(explain(copy, row["shipment"], row["owner"]), row["day"])["pooled_with_others"]
    at = (leg["day"], leg["load"])
    kept = [r for r in rows(copy, "legs") if (r["day"], r["load"]) != at or r["shipment"] in own]
    put_rows(copy, "legs", kept)
    assert not on_day(explain(copy, row["shipment"], row["owner"]), row["day"])["pooled_with_others"]


def test_left_outside(results, after):
    """An owner hears that no offer was worth it, not what a carrier asked; the operator hears both."""
    row = next(r for r in after if r["mode"] in ("alone", "groupage") and "lowest quote" in r["reason"])
    told = on_day(explain(results, row["shipment"]), row["day"])
    assert f"{told['lowest_quote_eur']:.2f} EUR" in row["reason"]
    own = on_day(explain(results, row["shipment"], row["owner"]), row["day"])
    assert own["reason"] == "no carrier's offer was worth taking: going alone was put at no more"
    assert "lowest_quote_eur" not in own


def test_a_quote_below_going_alone_is_not_called_dearer(results, after, tmp_path):
    """Where a record's lowest quote was below going alone, the owner is not told that no offer was worth taking."""
    copy = shutil.copytree(results, tmp_path / "copy")
    row = next(r for r in after if r["mode"] in ("alone", "groupage") and "lowest quote" in r["reason"])
    low = [r | {"reason": lowest_quote(1000, 2000)} if r == row else r for r in rows(copy, "shipments")]
    put_rows(copy, "shipments", low)
    own = on_day(explain(copy, row["shipment"], row["owner"]), row["day"])
    assert own["reason"] == "a carrier offered to take it for less than going alone, but no award came of it"
    assert "10.00" not in json.dumps(own)


@pytest.mark.parametrize(
    ("desk", "topic", "why"),
    [
        (CarrierDesk, Topic.PLAN, reasons.NO_PLAN),
        (CarrierDesk, Topic.AWARD, reasons.WORD_BROKEN),
        (CarrierDesk, Topic.QUOTES, reasons.NO_CARRIER),
        (ShipperDesk, Topic.OFFER, reasons.NOT_OFFERED),
    ],
)
def test_owners_read_who_went_back_on_its_word(tmp_path, monkeypatch, desk, topic, why):
    """In a run where everybody of a kind refuses a topic, owners read that reason and not that alone was cheaper."""
    honest = desk.answer

    def refusing(self, message, history, rng):
        if message.topic == topic:
            return message.reply(Performative.REFUSE, reason="not today")
        return honest(self, message, history, rng)

    monkeypatch.setattr(desk, "answer", refusing)
    folder = small_run(tmp_path)
    outside = [r for r in rows(folder, "shipments", scope="after") if r["mode"] in ("alone", "groupage")]
    row = next(r for r in outside if r["reason"] == why)
    assert on_day(explain(folder, row["shipment"], row["owner"]), row["day"])["reason"] == why
    assert reasons.NOT_CHEAPER not in {r["reason"] for r in outside}


def test_nobody_takes_it(tmp_path, monkeypatch):
    """Where neither its owner nor the pool delivers a shipment, both reasons are told, and no cost alone is claimed."""

    def without_means(self, shipments):
        jobs = [self.jobs[s] for s in sorted(shipments) if s in self.jobs]
        return standalone_plan(self.network, jobs, (), {}, iterations=1, seed=1)

    monkeypatch.setattr(ShipperDesk, "alone", without_means)
    folder = small_run(tmp_path)
    day = next(r for r in rows(folder, "shipments", scope="after") if r["mode"] == "unserved")
    told = on_day(explain(folder, day["shipment"], day["owner"]), day["day"])["reason"]
    assert told == f"no vehicle or tariff open to its owner takes it, and {reasons.NOTHING_TO_SAVE}"


def test_held_shipment(results, after):
    """A shipment that waited has a day with the reason for it, and then the day on which it went."""
    row = one(after, mode="held")
    found = explain(results, row["shipment"], row["owner"])
    assert [day["mode"] for day in found["days"]] == [r["mode"] for r in after if r["shipment"] == row["shipment"]]
    assert found["days"][0] == {
        "day": str(row["day"]),
        "owner": row["owner"],
        "mode": "held",
        "reason": row["reason"],
    }


def test_owners_learn_nothing_of_each_other(results, after):
    """An owner's explanations name no other owner, none of the others' shipments, and no figure of theirs."""
    owners = {r["owner"] for r in after}
    for viewer in owners:
        strangers = {f'"{x}"' for x in owners - {viewer}}
        strangers |= {f'"{r["shipment"]}"' for r in after if r["owner"] != viewer}
        own = sorted({r["shipment"] for r in after if r["owner"] == viewer})
        for subject in [viewer, *own]:
            told = json.dumps(explain(results, subject, viewer))
            assert not [x for x in strangers if x in told]


def test_every_fact_passes_the_matrix(results, after):
    """Whoever asks about whatever: each fact told is visible to one of the roles that the viewer has in it."""
    row = one(after, mode="pool")
    record = Record(results)
    own, others = ([r["shipment"] for r in after if (r["owner"] == row["owner"]) is it_is] for it_is in (True, False))
    asked = 0
    for viewer in (row["owner"], row["carrier"], row["destination"], "H1"):
        for subject in dict.fromkeys([viewer, row["shipment"], *own[:3], *others[:4]]):
            try:
                found = explain(results, subject, viewer)
            except InputError:
                continue
            asked += 1
            roles = record.roles(viewer)
            for day in found["days"]:
                assert all(any(visible(f, role, Phase.AFTER) for role in roles) for f in day if f != "day")
    assert asked > 7


def test_operator_is_told_of_facts_in_the_matrix_only(results, after):
    """Every fact has its row in the matrix; one that has none would be shown to nobody, and is an error."""
    kinds = {r["mode"]: r["shipment"] for r in after}
    for subject in [*kinds.values(), "F1", "C1", "H1", after[0]["destination"]]:
        for day in explain(results, subject)["days"]:
            assert day.keys() - {"day"} <= MATRIX.keys()


def test_owners_read_how_sure_their_own_share_is(results, tmp_path):
    """An owner is told its own standard error; what is known of groups of owners, the operator alone."""
    copy = tmp_path / "copy"
    shutil.copytree(results, copy)
    put_rows(copy, "shares", [r | {"standard_error_eur": 3.5} for r in read_table(copy, "shares").to_pylist()])
    figures = {"in_core": False, "violating_coalition": "F1+F2", "largest_violation_eur": 9.0}
    figures |= {"certified": False, "coalitions_evaluated": 40}
    told = {"stability": json.dumps(figures), "sharing_note": "split equally"}
    put_rows(copy, "days", [r | told for r in read_table(copy, "days").to_pylist()])
    for day in explain(copy, "F1", "F1")["days"]:
        assert day["standard_error_eur"] == 3.5
        assert not day.keys() & {"stability", "sharing_note"}
    for day in explain(copy, "F1")["days"]:
        assert day["stability"] == figures
        assert day["sharing_note"] == "split equally"


def test_results_say_how_fair_the_shares_are(results):
    """Every day with a pool has its figures in the tables, and the summary adds them up."""
    found = [json.loads(r["fairness"]) for r in rows(results, "days") if r["pooled"]]
    assert found
    assert all(f["individually_rational"] for f in found)
    summary = json.loads((results / "summary.json").read_text(encoding="utf-8"))
    assert summary["sharing"]["days"] == summary["sharing"]["days_rational"] == len(found)


def test_refusal_does_not_tell(results, after):
    """Asking about another's shipment, pooled or not, or about none at all, gets the same answer."""
    viewer = one(after, mode="pool")["owner"]
    others = {r["shipment"] for r in after if r["owner"] != viewer}
    pooled = next(r["shipment"] for r in after if r["mode"] == "pool" and r["owner"] != viewer)
    co_loaded = on_day(explain(results, one(after, mode="pool")["shipment"]), one(after, mode="pool")["day"])[
        "co_loaded"
    ]
    co_loader = next(o["shipment"] for o in co_loaded if o["owner"] != viewer)
    alone = next(r["shipment"] for r in after if r["mode"] == "groupage" and r["owner"] != viewer)
    other = next(r["owner"] for r in after if r["owner"] != viewer)
    said = set()
    for subject in (pooled, co_loader, alone, "S000000-000", other, "C1", "H1"):
        with pytest.raises(InputError) as refused:
            explain(results, subject, viewer)
        text = str(refused.value)
        assert not [x for x in others - {subject} if x in text]
        said.add(text.replace(subject, "IT").split(", such as ")[0])
    assert said == {f"IT is not for {viewer} to see: a participant is told of its own shipments and account"}


def test_carrier(results, after):
    """A carrier sees goods, stops and its pay; of a shipment that another carried it hears nothing."""
    row = one(after, mode="pool")
    day = on_day(explain(results, row["shipment"], row["carrier"]), row["day"])
    assert day["legs"][0]["load"] == row["load"]
    assert not {"paid_eur", "standalone_eur", "reserve_eur", "saving_eur", "mode", "pooled_with_others"} & day.keys()
    stranger = next(
        c for c in ("C1", "C2") if c not in {r["carrier"] for r in after if r["shipment"] == row["shipment"]}
    )
    with pytest.raises(InputError, match=f"not for {stranger}"):
        explain(results, row["shipment"], stranger)
    told = explain(results, row["carrier"], row["carrier"])
    booked = rows(results, "shares", party=row["carrier"])
    assert told["total"]["received_eur"] == pytest.approx(sum(r["received_eur"] for r in booked))
    assert told["total"]["cost_eur"] == pytest.approx(sum(r["cost_eur"] for r in booked))
    assert told["total"]["gain_eur"] == pytest.approx(sum(r["gain_eur"] for r in booked))
    assert told["total"]["disclosed"] == sum(r["disclosed"] for r in booked)
    assert "work_lost_eur" not in told["total"]
    lost = explain(results, row["carrier"])["total"]["work_lost_eur"]
    assert lost == pytest.approx(sum(r["displaced_revenue_eur"] for r in booked))
    driven = rows(results, "loads", carrier=row["carrier"], scope="after")
    assert [load["load"] for d in told["days"] for load in d["loads"]] == [load["load"] for load in driven]


def test_consignee(results, after):
    """A client sees when its deliveries come, and nothing of who paid what or shared a vehicle."""
    row = one(after, mode="pool")
    day = on_day(explain(results, row["shipment"], row["destination"]), row["day"])
    assert day.keys() == {"day", "destination", "delivered_at", "on_time", "late_hours"}
    told = explain(results, row["destination"], row["destination"])
    came = {r["shipment"] for r in after if r["destination"] == row["destination"]}
    assert {d["shipment"] for day in told["days"] for d in day["deliveries"]} == came


def test_owner_totals(results, after):
    """An owner's total is what the run's summary says it paid; its shipments are counted by what became of them."""
    summary = json.loads((results / "summary.json").read_text(encoding="utf-8"))
    for owner in {r["owner"] for r in after}:
        found = explain(results, owner, owner)
        assert found["roles"] == ["owner"]
        assert found["total"]["paid_eur"] == pytest.approx(summary["shares_eur"][owner])
        modes = [r["mode"] for r in after if r["owner"] == owner]
        assert found["total"]["shipments"] == {m: modes.count(m) for m in sorted(set(modes))}
        saved = found["total"]["standalone_eur"] - found["total"]["paid_eur"]
        assert found["total"]["saving_eur"] == pytest.approx(saved)


def test_through_a_hub(results, tmp_path):
    """Who carried one hop sees that hop, not where the goods went from there; the hub sees its own slots for them."""
    copy, leg = through_hub(results, tmp_path / "hub")
    full = on_day(explain(copy, leg["shipment"]), leg["day"])
    assert [(hop["carrier"], hop["to_site"]) for hop in full["legs"]] == [("C1", "H1"), ("C2", leg["to_site"])]
    assert [b["load"] for b in full["bookings"]] == ["C1-in", "C2-out"]
    first = on_day(explain(copy, leg["shipment"], "C1"), leg["day"])
    assert [hop["load"] for hop in first["legs"]] == ["C1-in"]
    assert leg["to_site"] not in json.dumps(first)
    assert "delivered_at" not in first
    last = on_day(explain(copy, leg["shipment"], "C2"), leg["day"])
    assert [hop["load"] for hop in last["legs"]] == ["C2-out"]
    assert last["destination"] == leg["to_site"]
    assert last["delivered_at"]
    hub = on_day(explain(copy, leg["shipment"], "H1"), leg["day"])
    assert hub.keys() == {"day", "pallets", "bookings"}
    assert hub["bookings"] == full["bookings"]
    assert "bookings" not in on_day(explain(copy, leg["shipment"], full["owner"]), leg["day"])


def test_two_hubs():
    """A hub sees its own slots, not those of another hub on the same shipment's way."""
    facts = {"bookings": [{"hub": "H1", "price_eur": 17.0}, {"hub": "H2", "price_eur": 11.0}]}
    assert _own_part(facts, frozenset({Role.HUB}), "H1") == {"bookings": facts["bookings"][:1]}
    assert _own_part(facts, frozenset({Role.OPERATOR}), "operator") == facts


def test_two_owners(results, after, monkeypatch):
    """That one's share tells the other's gain is said: to the operator by day, to owners where there are only two."""
    owners = {
        day: {r["owner"] for r in after if r["day"] == day and r["mode"] == "pool"} for day in {r["day"] for r in after}
    }
    day = next(d for d, pooled in owners.items() if len(pooled) == 2)
    row = one(after, day=day, mode="pool")
    assert f"{day}: {TWO_OWNERS}" in explain(results, row["shipment"])["notes"]
    assert f"{day}: {TWO_OWNERS}" in explain(results, row["owner"])["notes"]
    other_day = next(d for d, pooled in owners.items() if len(pooled) > 2)
    assert not explain(results, one(after, day=other_day, mode="pool", owner="F1")["shipment"])["notes"]
    assert not explain(results, row["shipment"], row["owner"])["notes"]
    monkeypatch.setattr(Record, "owners", frozenset(owners[day]))
    assert explain(results, row["shipment"], row["owner"])["notes"] == [TWO_MEMBERS]
    assert explain(results, row["owner"], row["owner"])["notes"] == [TWO_MEMBERS]
    assert not explain(results, row["shipment"], row["carrier"])["notes"]


def test_unserved(results, after, tmp_path):
    """A shipment that nobody served has no time of delivery, whoever asks, and is no delivery of its client's."""
    row = one(after, mode="groupage")
    copy = shutil.copytree(results, tmp_path / "copy")
    table = rows(copy, "shipments")
    for r in table:
        if r["shipment"] == row["shipment"] and r["scope"] == "after":
            r |= {"mode": "unserved", "carrier": "", "on_time": False, "reason": "no vehicle takes it"}
    put_rows(copy, "shipments", table)
    day = on_day(explain(copy, row["shipment"], row["owner"]), row["day"])
    assert (day["mode"], day["reason"], day["legs"]) == ("unserved", "no vehicle takes it", [])
    client = on_day(explain(copy, row["shipment"], row["destination"]), row["day"])
    assert client == {"day": str(row["day"]), "destination": row["destination"], "on_time": False}
    told = explain(copy, row["destination"], row["destination"])
    assert row["shipment"] not in json.dumps(told)


def test_unknown(results, after):
    """An id that nobody has is answered with the nearest that somebody has; so is a viewer."""
    near = after[0]["shipment"]
    with pytest.raises(InputError, match=near):
        explain(results, f"{near}9")
    with pytest.raises(InputError, match=r"such as .*F1"):
        explain(results, "F1x")
    with pytest.raises(InputError, match=r"--as: F9, expected the operator or a participant, such as .*F1"):
        explain(results, near, "F9")


def test_no_results(tmp_path):
    """A folder of something else is named, with what was expected."""
    with pytest.raises(InputError, match="expected a results folder"):
        explain(tmp_path, "F1")


def test_comparison(results, tmp_path):
    """Of a comparison, one policy's run must be named; a policy that it does not have is answered with its own."""
    shutil.copytree(results, tmp_path / "runs" / "tiny")
    (tmp_path / "comparison.json").write_text('{"policies": ["tiny", "other"]}', encoding="utf-8")
    with pytest.raises(InputError, match="--policy with one of tiny, other"):
        explain(tmp_path, "F1")
    assert explain(tmp_path, "F1", policy="tiny") == explain(results, "F1")
    with pytest.raises(InputError, match=r"--policy: tin, expected a policy of .*, such as tiny"):
        explain(tmp_path, "F1", policy="tin")
    with pytest.raises(InputError, match="expected tiny, the policy of"):
        explain(results, "F1", policy="other")
    (tmp_path / "comparison.json").write_text("{", encoding="utf-8")
    with pytest.raises(InputError, match="unreadable"):
        explain(tmp_path, "F1", policy="tiny")


def test_roles_add_up(results, after, monkeypatch):
    """A party of two trades sees what either may see."""
    row = one(after, mode="pool")
    monkeypatch.setattr(Record, "roles", lambda _, party: frozenset({Role.OWNER, Role.CARRIER}))
    told = explain(results, row["owner"], row["owner"])
    assert {"paid_eur", "received_eur", "loads"} <= told["days"][0].keys()
    assert "work_lost_eur" not in told["days"][0]


def test_a_factory_without_orders(results, tmp_path):
    """A factory without an order on these days takes part, with nothing to tell."""
    copy = tmp_path / "results"
    shutil.copytree(results, copy)
    path = copy / "scenario" / "sites.csv"
    sites = pd.read_csv(path, dtype=str)
    quiet = sites[sites["kind"] == "factory"].head(1).assign(site="F9", gln=None)
    pd.concat([sites, quiet]).to_csv(path, index=False)
    found = explain(copy, "F9")
    assert found["roles"] == ["owner"]
    assert found["days"] == [] or all(not day.get("shipments") for day in found["days"])
