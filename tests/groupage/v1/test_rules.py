"""The rules in the schema: what they take and refuse, and that they are the engine's own."""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from google.protobuf import json_format
from google.protobuf.timestamp_pb2 import Timestamp
from google.type import date_pb2, latlng_pb2
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.policy import Choice, Effort, Policy
from agents.visibility import Phase, Role
from experiments.assemble import Tables
from experiments.order_rows import build_shipments
from experiments.problems import ProblemList
from experiments.tables import ORDERS, SITES, check_frame
from groupage.v1 import (
    certificates_pb2,
    change_requests_pb2,
    demand_pb2,
    fleets_pb2,
    hubs_pb2,
    negotiation_pb2,
    orders_pb2,
    policies_pb2,
    proposals_pb2,
    rulebooks_pb2,
    shipments_pb2,
    sites_pb2,
    synchronizations_pb2,
    tables_pb2,
    tariffs_pb2,
    tracking_events_pb2,
    types_pb2,
)
from logistics.compliance import ADR_LABELS
from logistics.fleet import Body, CallUp, Certificate, OperatingCosts, VehicleType
from logistics.hubs import Hub, HubCosts
from logistics.shipments import Handling, Shipment, Stakes, Temperature
from logistics.sites import OpeningHours, Site, SiteKind, gln_check_digit, is_valid_gln
from logistics.tariffs import GroupageBracket, GroupageTariff, Incumbent
from tests.groupage.v1.contract import ROOT, broken

START = datetime(2026, 5, 4, tzinfo=UTC)
UUID = "7f1e1b1e-5b0a-4d5e-9b8e-2d1f5f5f5f5f"
TIMES = ("released_at", "ready_at", "pickup_until", "window_open", "window_close", "due_at")


def stamp(hours: float) -> Timestamp:
    made = Timestamp()
    made.FromDatetime(START + timedelta(hours=hours))
    return made


def order(**changed: Any) -> orders_pb2.Order:
    """An order that breaks no rule, unless what is changed does."""
    fields: dict[str, Any] = {
        "external_ref": "4711/10",
        "origins": ["companies/acme/sites/plant"],
        "destination": "companies/acme/sites/client",
        "pallets": 3.0,
        "weight_kg": 900.0,
        "ready_at": stamp(6),
        "window_open": stamp(8),
        "window_close": stamp(12),
    }
    return orders_pb2.Order(**(fields | changed))


def test_a_whole_order_is_taken() -> None:
    """An order with every field filled breaks no rule."""
    whole = order(
        name="companies/acme/orders/01jx4m",
        volume_m3=4.5,
        released_at=stamp(0),
        pickup_until=stamp(10),
        due_at=stamp(11),
        loading_min=10,
        unloading_min=20,
        handling=types_pb2.Handling(
            adr_labels=["3", "8"], temperature=types_pb2.TEMPERATURE_CHILLED, certificates=["GDP"]
        ),
        product="steel",
        freight_payer="companies/client",
        ssccs=["106141411234567897"],
        stakes=orders_pb2.Stakes(
            lateness_eur_micros_per_hour=40_000_000, line_stop_cents=500_000, line_stop_at=stamp(14), paid_cents=12_300
        ),
    )
    assert broken(whole) == []
    assert broken(orders_pb2.CreateOrderRequest(parent="companies/acme", order=whole, request_id=UUID)) == []


@pytest.mark.parametrize(
    ("changed", "rule"),
    [
        ({"pallets": 0.0}, "pallets: double.gt_lte"),
        ({"pallets": math.nan}, "pallets: double.finite"),
        ({"weight_kg": math.inf}, "weight_kg: double.finite"),
        ({"volume_m3": -1.0}, "volume_m3: double.gte_lte"),
        ({"external_ref": ""}, "external_ref: string.min_len"),
        ({"external_ref": "a\x00"}, "external_ref: string.pattern"),
        ({"external_ref": "a" * 129}, "external_ref: string.max_len"),
        ({"origins": []}, "origins: repeated.min_items"),
        ({"origins": ["companies/acme/sites/plant"] * 2}, "origins: repeated.unique"),
        ({"destination": "companies/acme/sites/plant"}, ": destination_not_origin"),
        ({"destination": "acme/client"}, "destination: string.pattern"),
        ({"window_close": stamp(7)}, ": window_order"),
        ({"ready_at": stamp(13)}, ": ready_before_close"),
        ({"pickup_until": stamp(5)}, ": ready_before_pickup"),
        ({"due_at": stamp(7)}, ": due_after_open"),
        ({"released_at": stamp(13)}, ": released_before_close"),
        ({"handling": types_pb2.Handling(adr_labels=["10"])}, "handling.adr_labels[0]: string.in"),
        ({"handling": types_pb2.Handling(temperature=9)}, "handling.temperature: enum.defined_only"),  # type: ignore[arg-type]
        ({"product": "a|b"}, "product: string.pattern"),
        ({"ssccs": ["106141411234567890"]}, "ssccs[0]: sscc"),
        ({"ssccs": ["10614141123456789"]}, "ssccs[0]: sscc"),
        ({"stakes": orders_pb2.Stakes(line_stop_cents=-1)}, "stakes.line_stop_cents: int64.gte_lte"),
    ],
)
def test_what_is_wrong_with_an_order_is_named(changed: Mapping[str, Any], rule: str) -> None:
    """Each rule refuses what breaks it, and says at which field."""
    assert rule in broken(order(**changed))


def test_equal_times_are_in_order() -> None:
    """A window may be one point in time, at which the goods are ready and due."""
    at = dict.fromkeys(TIMES, stamp(8))
    assert broken(order(**at)) == []


@settings(max_examples=60)
@given(
    hours=st.fixed_dictionaries(
        {name: st.integers(0, 3) for name in ("released_at", "ready_at", "window_open", "window_close")},
        optional={name: st.integers(0, 3) for name in ("pickup_until", "due_at")},
    ),
    pallets=st.sampled_from([0.0, -1.0, 0.5, 3.0]),
    volume=st.sampled_from([0.0, -1.0, 2.0]),
    origin=st.sampled_from(["plant", "client"]),
)
def test_orders_are_judged_as_the_laboratory_judges_them(
    hours: dict[str, int], pallets: float, volume: float, origin: str
) -> None:
    """An order breaks a rule of the wire exactly where a row of the table of orders breaks one of the laboratory's."""
    times = {name: stamp(h) for name, h in hours.items()}
    sent = order(pallets=pallets, volume_m3=volume, origins=[f"companies/acme/sites/{origin}"], **times)
    row = {
        "shipment": "S1",
        "owner": "acme",
        "origins": origin,
        "destination": "client",
        "pallets": pallets,
        "weight_kg": 900.0,
        "volume_m3": volume,
    } | {name: (START + timedelta(hours=h)).isoformat() for name, h in hours.items()}
    assert (broken(sent) == []) == (problems_of(row) == [])


def problems_of(row: Mapping[str, Any]) -> list[str]:
    """What the laboratory finds wrong with a row of its table of orders."""
    found = ProblemList()
    places = pd.DataFrame(
        {"site": ["plant", "client"], "kind": ["factory", "client"], "lat": [51.0, 52.0], "lon": [5.0, 6.0]}
    )
    sites = check_frame(places, SITES, ZoneInfo("UTC"), found)
    orders = check_frame(pd.DataFrame([row]), ORDERS, ZoneInfo("UTC"), found)
    tables: Tables = {"sites": sites, "orders": orders}
    build_shipments(tables, found)
    return [str(problem) for problem in found.problems]


@given(st.one_of(st.text(max_size=14), st.text("0123456789", min_size=12, max_size=14)))
def test_glns_are_judged_by_their_check_digit(text: str) -> None:
    """A GLN is taken exactly where the engine takes it, or where none is given; one with a right digit always is."""
    for gln in (text, text[:12] + str(gln_check_digit(text[:12])) if text[:12].isdigit() and text.isascii() else text):
        sent = sites_pb2.Site(gln=gln)
        assert ("gln: gln" not in broken(sent)) == (not gln or is_valid_gln(gln))


@given(st.floats(), st.floats())
def test_places_are_on_the_globe(lat: float, lon: float) -> None:
    """A position is taken exactly where the engine makes a site of it."""
    try:
        Site("x", SiteKind.CLIENT, lat, lon)
        right = True
    except ValueError:
        right = False
    sent = sites_pb2.Site(position=latlng_pb2.LatLng(latitude=lat, longitude=lon))
    assert (": position_range" not in broken(sent)) == right


@given(st.integers(-5, 1450), st.integers(-5, 1450))
def test_opening_hours_are_those_of_the_engine(open_min: int, close_min: int) -> None:
    """Opening hours are taken exactly where the engine takes them."""
    try:
        OpeningHours(open_min, close_min)
        right = True
    except ValueError:
        right = False
    assert (broken(sites_pb2.OpeningHours(open_min=open_min, close_min=close_min)) == []) == right


def test_danger_labels_are_those_of_the_engine() -> None:
    """All labels that the engine knows can be sent, all at once too."""
    assert broken(types_pb2.Handling(adr_labels=ADR_LABELS)) == []


@pytest.mark.parametrize(
    ("enum", "prefix", "words"),
    [
        (types_pb2.Temperature, "TEMPERATURE", {t.value for t in Temperature}),
        (sites_pb2.SiteKind, "SITE_KIND", {k.value for k in SiteKind}),
        (fleets_pb2.Body, "BODY", {b.value for b in Body}),
        (rulebooks_pb2.ViewerRole, "VIEWER_ROLE", {r.value for r in Role}),
        (rulebooks_pb2.Phase, "PHASE", {p.value for p in Phase}),
        (proposals_pb2.Outcome, "OUTCOME", {"pooled", "standalone", "held", "unserved"}),
    ],
)
def test_enums_speak_the_engine_s_words(enum: Any, prefix: str, words: set[str]) -> None:
    """The values of an enum are the engine's own words."""
    names = {name.removeprefix(f"{prefix}_").lower() for name in enum.keys()}  # noqa: SIM118
    assert names == words | {"unspecified"}


def test_a_policy_crosses_the_wire_whole() -> None:
    """Policy and effort have the engine's fields; a policy sent and read back has the same digest."""
    assert set(Policy.model_fields) == {f.name for f in policies_pb2.Policy.DESCRIPTOR.fields}
    assert set(Effort.model_fields) == {f.name for f in policies_pb2.Effort.DESCRIPTOR.fields}
    policy = Policy(
        name="careful",
        protocol=Choice(name="contract_net", params={"rounds": 5, "whole": True, "word": "x"}),
        bidding=Choice(name="markup", params={"percent": 5.0}),
        effort=Effort(coalitions=12),
    )
    sent = policies_pb2.Policy(name=policy.name)
    kinds = {bool: "flag", int: "integer", float: "number", str: "text"}
    for kind in ("protocol", "sharing", "bidding", "concession", "holding", "forecaster", "reservation"):
        chosen, strategy = getattr(policy, kind), getattr(sent, kind)
        strategy.name = chosen.name
        for name, given_ in chosen.params.items():
            setattr(strategy.params[name], kinds[type(given_)], given_)
    for name, budget in policy.effort.model_dump().items():
        setattr(sent.effort, name, budget)
    assert broken(sent) == []
    received = policies_pb2.Policy.FromString(sent.SerializeToString())
    read = {
        kind: Choice(
            name=getattr(received, kind).name,
            params={k: getattr(v, v.WhichOneof("value")) for k, v in getattr(received, kind).params.items()},
        )
        for kind in ("protocol", "sharing", "bidding", "concession", "holding", "forecaster", "reservation")
    }
    effort = Effort(**{f.name: getattr(received.effort, f.name) for f in received.effort.DESCRIPTOR.fields})
    assert Policy(name=received.name, effort=effort, **read).digest == policy.digest


@pytest.mark.parametrize(
    ("request_", "field", "line", "most"),
    [
        (orders_pb2.UploadOrdersRequest, "orders", order(), 5000),
        (orders_pb2.BatchCreateOrdersRequest, "orders", order(), 1000),
        (
            demand_pb2.UploadDemandRequest,
            "records",
            demand_pb2.DemandRecord(zone="37", day=date_pb2.Date(year=2026, month=5, day=4), pallets=2.0),
            5000,
        ),
    ],
)
def test_chunks_have_a_largest_size(request_: Any, field: str, line: Any, most: int) -> None:
    """A chunk may have so many lines and no more."""
    chunk = request_(parent="companies/acme", request_id=UUID, **{field: [line] * most})
    assert broken(chunk) == []
    getattr(chunk, field).append(line)
    assert broken(chunk) == [f"{field}: repeated.max_items"]


def test_days_are_whole() -> None:
    """A day without a year or a day of the month is refused: it would name many days."""
    for day in (date_pb2.Date(month=5, day=4), date_pb2.Date(year=2026, month=5), date_pb2.Date(year=2026)):
        assert "day: full_date" in broken(demand_pb2.DemandRecord(zone="37", day=day))
    assert "day: required" in broken(demand_pb2.DemandRecord(zone="37"))


def test_a_request_for_a_synchronization_has_its_times_in_order() -> None:
    """The decision falls before the planning window ends, and replies get between ten seconds and a week."""
    sent = synchronizations_pb2.RequestSynchronizationRequest(
        parent="pools/rhine",
        rulebook="pools/rhine/rulebooks/v3",
        window_start=stamp(24),
        window_end=stamp(48),
        reply_within=timedelta(minutes=20),
        decide_by=stamp(12),
        request_id=UUID,
    )
    assert broken(sent) == []
    for name, value, rule in (
        ("window_end", stamp(24), ": window_order"),
        ("decide_by", stamp(48), ": decide_before_window_end"),
    ):
        wrong = type(sent)()
        wrong.CopyFrom(sent)
        getattr(wrong, name).CopyFrom(value)
        assert rule in broken(wrong)
    sent.reply_within.FromTimedelta(timedelta(seconds=9))
    assert "reply_within: duration.gte_lte" in broken(sent)


def test_a_tariff_is_of_one_kind() -> None:
    """A tariff is a price list, a price for hire or a contract; prices and brackets are checked inside it."""
    assert "terms: required" in broken(tariffs_pb2.Tariff())
    bracket = tariffs_pb2.GroupageBracket(from_zone="*", to_zone="37", up_to_pallets=3, price_cents=-1)
    listed = tariffs_pb2.Tariff(groupage=tariffs_pb2.GroupageTerms(brackets=[bracket]))
    assert broken(listed) == ["groupage.brackets[0].price_cents: int64.gte_lte"]
    bracket.price_cents = 8900
    assert broken(tariffs_pb2.Tariff(groupage=tariffs_pb2.GroupageTerms(brackets=[bracket]))) == []
    contract = tariffs_pb2.ContractTerms(
        vehicle_type="companies/swift/vehicleTypes/rigid",
        prices=types_pb2.OperatingRates(),
        committed_vehicles=3,
        max_vehicles=2,
    )
    assert broken(contract) == [": committed_vehicles"]


def test_a_change_request_says_what_changes() -> None:
    """A change names one kind of change, and the order unless a provider fails."""
    change = change_requests_pb2.ChangeRequest
    name = "companies/acme/orders/1"
    short = change_requests_pb2.ShortQuantity(pallets=1, weight_kg=200)
    failure = change_requests_pb2.ProviderFailure(load_or_booking_id="L1")
    assert broken(change(order=name, short_quantity=short)) == []
    assert broken(change(provider_failure=failure)) == []
    assert "change: required" in broken(change(order=name))
    assert ": order_given" in broken(change(short_quantity=short))
    assert ": order_given" in broken(change(order=name, provider_failure=failure))
    empty = change_requests_pb2.OrderAmendment()
    assert "amendment: something" in broken(change(order=name, amendment=empty))


def test_an_event_is_one_of_epcis() -> None:
    """An event has an EPCIS id, a step and a disposition of the CBV, and says what it is about."""
    event = tracking_events_pb2.TrackingEvent(
        event_id=f"urn:uuid:{UUID}",
        type=tracking_events_pb2.EVENT_TYPE_OBJECT,
        action=tracking_events_pb2.ACTION_OBSERVE,
        event_at=stamp(9),
        event_time_zone_offset="+02:00",
        biz_step="unloading",
        disposition="in_progress",
        read_point="geo:51.2,6.8",
        load_id="L1",
    )
    assert broken(event) == []
    for name, value, rule in (
        ("event_id", "42", "event_id: string.pattern"),
        ("biz_step", "flying", "biz_step: string.in"),
        ("disposition", "lost", "disposition: string.in"),
        ("event_time_zone_offset", "CET", "event_time_zone_offset: string.pattern"),
        ("load_id", "", ": about_something"),
        ("type", tracking_events_pb2.EVENT_TYPE_AGGREGATION, ": parent_for_aggregation"),
    ):
        wrong = tracking_events_pb2.TrackingEvent()
        wrong.CopyFrom(event)
        setattr(wrong, name, value)
        assert rule in broken(wrong), name


def test_rows_go_only_where_something_is_said_with_them() -> None:
    """A refusal carries no rows; a table's marks of what is filled are as many as its cells."""
    refused = negotiation_pb2.Answer(question_id="q", performative=negotiation_pb2.PERFORMATIVE_REFUSE)
    assert broken(refused) == []
    refused.quotes.SetInParent()
    assert broken(refused) == [": rows_only_where_said"]
    refused.performative = negotiation_pb2.PERFORMATIVE_PROPOSE
    assert broken(refused) == []
    column = tables_pb2.Column(name="price_cents", integers=tables_pb2.IntegerCells(cells=[1, 2]), valid=[True])
    assert broken(column) == [": valid_length"]
    column.valid.append(False)
    assert broken(column) == []


def test_shipments_are_named_after_their_order() -> None:
    """A shipment is the one of its order, and is named so."""
    assert broken(shipments_pb2.GetShipmentRequest(name="companies/acme/orders/1/shipment")) == []
    assert broken(shipments_pb2.GetShipmentRequest(name="companies/acme/orders/1")) == ["name: string.pattern"]


def test_the_examples_of_the_page_are_taken() -> None:
    """What the reference shows in Python runs, and its quote in JSON is a message that breaks no rule."""
    page = (ROOT / "docs" / "reference" / "wire-contract.md").read_text(encoding="utf-8")
    fences = dict(re.findall(r"^```(python|json)\n(.*?)^```$", page, re.MULTILINE | re.DOTALL))
    shown: dict[str, Any] = {}
    exec(fences["python"], shown)
    assert shown["order"].stakes.line_stop_cents == 500_000
    said = json_format.Parse(fences["json"], negotiation_pb2.ConverseRequest())
    assert broken(said) == []
    assert said.answer.quotes.rows[0].price_cents == 42_000


SAME = {
    orders_pb2.Stakes: (Stakes, {"line_stop_eur": "line_stop_cents", "paid_eur": "paid_cents"}),
    orders_pb2.Order: (Shipment, {"id": "name", "owner": "name"}),
    types_pb2.Handling: (Handling, {}),
    types_pb2.OperatingRates: (OperatingCosts, {}),
    sites_pb2.Site: (Site, {"id": "name", "name": "display_name", "lat": "position", "lon": "position"}),
    sites_pb2.OpeningHours: (OpeningHours, {}),
    fleets_pb2.CallUp: (CallUp, {}),
    hubs_pb2.Hub: (Hub, {"id": "name"}),
    hubs_pb2.HubRates: (HubCosts, {}),
    fleets_pb2.VehicleType: (VehicleType, {"id": "name", "carrier": "name"}),
    tariffs_pb2.GroupageBracket: (GroupageBracket, {"price_eur": "price_cents"}),
    tariffs_pb2.GroupageTerms: (
        GroupageTariff,
        {"minimum_eur": "minimum_cents", "id": "", "carrier": "", "margin_percent": ""},  # those of the tariff
    ),
    tariffs_pb2.ContractTerms: (
        Incumbent,
        {"vehicle": "vehicle_type", "id": "", "owner": "", "carrier": "", "margin_percent": ""},
    ),
    certificates_pb2.Certificate: (Certificate, {}),
    policies_pb2.Policy: (Policy, {}),
}


@pytest.mark.parametrize(("sent", "value"), [(m, v) for m, (v, _) in SAME.items()], ids=lambda x: x.__name__)
def test_nothing_of_the_engine_s_values_is_missing(sent: Any, value: Any) -> None:
    """Whatever the engine knows of a thing can be sent under the engine's own name; euros are whole units here."""
    renamed = SAME[sent][1]
    names = value.model_fields if value is Policy else [field.name for field in dataclasses.fields(value)]
    wanted = {renamed.get(n, re.sub(r"_eur(?=_|$)", "_eur_micros", n)) for n in names} - {""}
    assert wanted - {field.name for field in sent.DESCRIPTOR.fields} == set()
