"""Questions without names, and answers that fit or are refused row by row."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.mediation import completed
from agents.messages import (
    ANSWERS,
    COORDINATOR,
    QUESTIONS,
    Exchange,
    Message,
    Performative,
    Topic,
    rows_table,
    same_message,
    table,
)
from groupage.v1 import negotiation_pb2
from groupage.wire.messages import performative_number, put
from logistics.fleet import with_reserved
from server.faults import Fault
from server.wire.answers import check
from server.wire.messages import not_understood, question_id, reply
from server.wire.pseudonyms import Pseudonyms
from tests.agents.markets import small_market
from tests.groupage.wire.bodies import bodies
from tests.server.wire.behind import SECRET, asked_in_bytes

MARKET = small_market(31, factories=3, shipments=8, hubs=1, carriers=2).market
NAMES = Pseudonyms(SECRET, "v0", MARKET)


def message(topic: Topic, rows: list[dict[str, Any]], receiver: str = "v0") -> Message:
    """A question of the coordinator's; what a row does not say is empty."""
    schema = QUESTIONS[topic]
    body = rows_table(schema, [dict.fromkeys(schema.names) | row for row in rows])
    return Message(f"main/3/{receiver}", Performative.CFP, COORDINATOR, receiver, "main", topic, body=body)


def answer(topic: str, *rows: dict[str, Any], act: Performative = Performative.INFORM) -> negotiation_pb2.Answer:
    """An answer with rows as its sender wrote them."""
    made = negotiation_pb2.Answer(question_id="q", performative=performative_number(act))
    body = getattr(made, topic)
    body.SetInParent()
    for row in rows:
        body.rows.add(**row)
    return made


def refused(asked: Message, given: negotiation_pb2.Answer, names: Pseudonyms = NAMES) -> dict[str, str]:
    """What is wrong with an answer, by field; the server and the worker agree wherever both can tell."""
    found = reply(asked, given, names)
    assert isinstance(found, Fault), found
    assert found.reason == "REPLY_MALFORMED"
    assert found.metadata == {"question_id": "q"}
    return dict(found.violations)


QUOTES = message(Topic.QUOTES, [{"lot": 0, "job": "s0"}, {"lot": 1, "job": "s1"}])


@pytest.mark.parametrize(
    ("given", "wrong"),
    [
        (answer("award", {"lot": 0}), {"award": "rows of topic quotes"}),
        (answer("loads"), {"loads": "rows of topic quotes"}),
        (
            answer("quotes", {"lot": 0, "price_cents": 1}, {"lot": 7}),
            {"quotes.rows[1].lot": "one that was asked about"},
        ),
        (answer("quotes", {"price_cents": 1}), {"quotes.rows[0].lot": "a figure"}),
        (answer("quotes", {"lot": 1, "price_cents": -1}), {"quotes.rows[0].price_cents": "0 or more"}),
        (answer("quotes", {"lot": 0}, act=Performative.REFUSE), {"quotes": "no rows with refuse"}),
        (
            negotiation_pb2.Answer(question_id="q", performative="PERFORMATIVE_UNSPECIFIED"),
            {"performative": "an act of speech"},
        ),
    ],
)
def test_an_answer_that_does_not_fit_is_refused_by_row(given: negotiation_pb2.Answer, wrong: dict[str, str]) -> None:
    """Another topic, rows for what was not asked, missing and negative cells: each field is named."""
    assert refused(QUOTES, given) == wrong
    with pytest.raises(Fault) as caught:
        check(asked_in_bytes(QUOTES, NAMES), given)
    assert dict(caught.value.violations) == wrong


def test_what_is_no_act_of_an_answer_is_refused() -> None:
    """Nobody answers with a call for proposals, nor with an act that the contract does not have."""
    for act in (Performative.CFP, Performative.REQUEST):
        given = negotiation_pb2.Answer(question_id="q", performative=performative_number(act))
        assert refused(QUOTES, given)["performative"].startswith("one of ")
    assert refused(QUOTES, negotiation_pb2.Answer(question_id="q", performative=77)) == {  # type: ignore[arg-type]
        "performative": "an act of speech"
    }


def test_places_and_vehicles_must_be_known() -> None:
    """A plan that stops nowhere known, or drives somebody else's vehicle, is refused where it is read."""
    asked = message(Topic.PLAN, [{"job": "s0"}])
    stop: dict[str, Any] = {
        "load": "tour 1",
        "vehicle": "v0-0",
        "position": 0,
        "site": NAMES.called("place", "f0"),
        "arrival_min": 1.0,
        "start_min": 1.0,
        "departure_min": 2.0,
        "job": NAMES.called("job", "s0"),
        "act": "pickup",
        "price_cents": 5,
    }
    heard = reply(asked, answer("plan", stop, stop | {"job": "", "act": ""}), NAMES)
    assert isinstance(heard, Message)
    assert heard.body["job"].to_pylist() == ["s0", ""]
    assert heard.body["site"].to_pylist() == ["f0", "f0"]
    assert heard.body["load"].to_pylist() == ["tour 1", "tour 1"]
    wrong = stop | {"vehicle": "v1-0", "site": "f0"}
    assert refused(asked, answer("plan", stop, wrong)) == {
        "plan.rows[1].vehicle": "a name of this negotiation",
        "plan.rows[1].site": "a name of this negotiation",
    }
    other = NAMES.called("job", "s1")
    assert refused(asked, answer("plan", stop | {"job": other})) == {"plan.rows[0].job": "one that was asked about"}
    nan = stop | {"arrival_min": float("nan")}
    assert refused(asked, answer("plan", nan)) == {"plan.rows[0].arrival_min": "numbers that are finite"}


def test_contracts_keep_their_jobs() -> None:
    """A job is answered in the contract that it was asked in."""
    asked = message(Topic.CONTRACTS, [{"contract": 0, "job": "s0"}, {"contract": 1, "job": "s1"}])
    crossed = answer("contracts", {"contract": 0, "job": NAMES.called("job", "s1"), "price_cents": 1})
    assert refused(asked, crossed) == {"contracts.rows[0]": "contract and job as they were asked about"}


def test_an_outlook_has_as_many_paths_as_were_asked_for() -> None:
    """A forecast of fewer sample paths than were asked for is refused."""
    asked = message(Topic.OUTLOOK, [{"paths": 3}])
    lane = {"origin": NAMES.called("place", "f0"), "zone": "Z", "temperature": "ambient"}
    assert refused(asked, answer("outlook", lane | {"path_pallets": [1.0, 2.0]})) == {
        "outlook.rows[0].path_pallets": "as many figures as paths were asked for (3)"
    }
    heard = reply(asked, answer("outlook", lane | {"path_pallets": [1.0, 2.0, 0.0]}), NAMES)
    assert isinstance(heard, Message)
    assert heard.body["origin"].to_pylist() == ["f0"]


def test_a_malformed_answer_stands_as_not_understood() -> None:
    """A negotiation goes on with `not-understood` in place of an answer that does not fit."""
    found = reply(QUOTES, answer("quotes", {"lot": 7}), NAMES)
    assert isinstance(found, Fault)
    stands = not_understood(QUOTES, found)
    assert completed(Exchange((QUOTES,)), [stands]) == (stands,)
    assert stands.performative is Performative.NOT_UNDERSTOOD
    assert "quotes.rows[0].lot" in stands.reason


@pytest.mark.parametrize("topic", [t for t in Topic if t is not Topic.NONE])
@settings(max_examples=25)
@given(data=st.data())
def test_no_answer_breaks_a_negotiation(topic: Topic, data: st.DataObject) -> None:
    """Whatever rows come back on whatever topic: a reply that the mediator takes, or a fault."""
    asked = message(topic, [])
    asked = replace(asked, body=data.draw(bodies(QUESTIONS[topic], answer=False)))
    said = data.draw(st.sampled_from([t for t in Topic if len(ANSWERS[t])]))
    given = negotiation_pb2.Answer(
        question_id="q", performative=performative_number(data.draw(st.sampled_from(Performative)))
    )
    put(given, said, data.draw(bodies(ANSWERS[said], answer=True)))
    found = reply(asked, given, NAMES)
    if isinstance(found, Message):
        assert completed(Exchange((asked,)), [found]) == (found,)
        assert found.body.schema.equals(ANSWERS[topic], check_metadata=True) or not found.body.schema.names


def test_a_table_for_a_typed_topic_is_refused() -> None:
    """A topic with typed rows is not answered with a table of any columns."""
    given = negotiation_pb2.Answer(question_id="q", performative="PERFORMATIVE_INFORM")
    given.table.columns.add(name="lot").integers.cells.append(0)
    assert refused(QUOTES, given) == {"table": "rows of topic quotes"}


def test_a_topic_of_another_package_that_has_no_answer_is_a_fault() -> None:
    """An answer on a topic that the engine knows no schema of is a fault, not an exception."""
    asked = replace(QUOTES, topic="swaps", body=pa.table({"job": ["s0"], "who": ["v1"]}))  # type: ignore[arg-type]
    sent = asked_in_bytes(asked, NAMES)
    assert sent.table.columns[0].strings.cells == [NAMES.called("job", "s0")]
    assert sent.table.columns[1].strings.cells == [NAMES.called("company", "v1")]
    given = negotiation_pb2.Answer(question_id="q", performative="PERFORMATIVE_PROPOSE")
    given.table.columns.add(name="lot").integers.cells.append(0)
    assert "topic" in refused(asked, given)


@pytest.mark.parametrize("topic", [t for t in Topic if t is not Topic.NONE])
def test_no_foreign_name_leaves_in_a_question(topic: Topic) -> None:
    """No engine id in any column of any topic stands in the bytes; its own vehicles have short ones."""
    columns: dict[str, list[Any]] = {}
    for column in QUESTIONS[topic]:
        word = "companies/swift/vehicleTypes/van|reserved" if column.name in ("vehicle", "good", "hub") else "canary"
        word = "pickup" if column.name == "act" else word
        if pa.types.is_string(column.type):
            columns[column.name] = [word]
        elif pa.types.is_list(column.type):
            columns[column.name] = [[word, f"{word}@{word}:in"]]
        else:
            columns[column.name] = [None]
    named = Message(
        "coalition/canary+canary2/1/v0",
        Performative.REQUEST,
        COORDINATOR,
        "v0",
        "coalition/canary+canary2",
        topic,
        body=table(QUESTIONS[topic], columns),
    )
    sent = asked_in_bytes(named, NAMES).SerializeToString()
    for secret in (b"canary", b"companies/", b"reserved|", b"|reserved"):
        assert secret not in sent


def test_conversations_with_two_hubs_of_one_company_are_told_apart() -> None:
    """A company that runs two hubs has a conversation with each, under one negotiation."""
    one, two = (asked_in_bytes(message(Topic.HOSTING, [], hub), NAMES) for hub in ("h0", "h1"))
    assert one.conversation != two.conversation
    assert one.conversation.split("/")[0] == two.conversation.split("/")[0] == "n1"
    assert one.question_id == question_id(NAMES, "main/3/h0") != two.question_id


class TestReserved:
    """Reserved vehicles are some of their type's on the wire, and types of their own in the engine."""

    market = replace(MARKET, vehicles=with_reserved({"v0-0": replace(MARKET.vehicles["v0-0"], count=3)}, {"v0-0": 1}))
    names = Pseudonyms(SECRET, "v0", market)
    plain, apart = "v0-0", "v0-0|reserved"

    def test_tariffs(self) -> None:
        """A type is asked once; a reserved one costs the same but for its fixed cost, which is paid."""
        asked = message(Topic.TARIFFS, [{"vehicle": self.plain}, {"vehicle": self.apart}])
        assert [row.vehicle for row in asked_in_bytes(asked, self.names).tariffs.rows] == ["v0-0"]
        rates = {"per_km_eur_micros": 2, "per_hour_eur_micros": 3, "toll_eur_micros_per_km": 4}
        heard = reply(asked, answer("tariffs", {"vehicle": "v0-0", "fixed_eur_micros": 10**6, **rates}), self.names)
        assert isinstance(heard, Message)
        assert heard.body["vehicle"].to_pylist() == [self.plain, self.apart]
        assert heard.body["fixed_eur"].to_pylist() == [1.0, 0.0]
        assert heard.body["per_km_eur"].to_pylist() == [2e-6, 2e-6]
        assert heard.body.schema.equals(ANSWERS[Topic.TARIFFS], check_metadata=True)

    def test_tours(self) -> None:
        """The vehicles of a type are counted together, and the first tours are driven by those reserved."""
        rows = [
            {"pool": 0, "job": "s0", "price_cents": 10},
            {"pool": 0, "vehicle": self.plain, "most": 2},
            {"pool": 0, "vehicle": self.apart, "most": 1},
        ]
        asked = message(Topic.TOURS, rows)
        sent = asked_in_bytes(asked, self.names).tours.rows
        assert [(r.vehicle, r.most) for r in sent if r.HasField("vehicle")] == [("v0-0", 3)]
        job = self.names.called("job", "s0")
        given = [{"tour": n, "vehicle": "v0-0", "job": job, "price_cents": 5} for n in (0, 0, 1)]
        heard = reply(asked, answer("tours", *given), self.names)
        assert isinstance(heard, Message)
        assert heard.body["vehicle"].to_pylist() == [self.apart, self.apart, self.plain]

    def test_loads(self) -> None:
        """Loads on offer name the type, whichever of its vehicles is meant."""
        asked = message(Topic.LOADS, [{"load": "v0-1", "vehicle": self.apart, "site": "f0", "job": ""}])
        assert asked_in_bytes(asked, self.names).loads.rows[0].vehicle == "v0-0"
        load = self.names.called("load", "v0-1")
        heard = reply(asked, answer("loads", {"load": load}), self.names)
        assert isinstance(heard, Message)
        assert same_message(heard, asked.reply(Performative.INFORM, table(ANSWERS[Topic.LOADS], {"load": ["v0-1"]})))
