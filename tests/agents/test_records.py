"""What is written of the engine is read back as the same, and nothing else is read."""

import json
from dataclasses import fields, replace
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.messages import ANSWERS, EMPTY_BODY, QUESTIONS, Exchange, Message, Performative, Topic, same_message
from agents.records import CLASSES, dumps, from_json, loads, to_json
from agents.registry import built_in
from agents.synchronize import replayed, synchronize
from groupage.errors import InputError
from logistics import GroupageBracket, Temperature
from tests.agents.markets import policy, small_market
from tests.agents.reserved import parties, reserved_market

TEXT = st.text(max_size=8)
_CELLS = {
    pa.string(): TEXT,
    pa.int32(): st.integers(-(2**31), 2**31 - 1),
    pa.int64(): st.none() | st.integers(-(2**63), 2**63 - 1),
    pa.float64(): st.floats(allow_nan=False),
    pa.bool_(): st.booleans(),
    pa.date32(): st.dates(),
    pa.list_(pa.string()): st.lists(TEXT, max_size=3),
    pa.list_(pa.float64()): st.lists(st.floats(allow_nan=False), max_size=3),
}


@st.composite
def bodies(draw, schema):
    rows = draw(st.integers(0, 4))
    columns = [pa.array([draw(_CELLS[f.type]) for _ in range(rows)], type=f.type) for f in schema]
    return pa.table(columns, schema=schema) if len(schema) else EMPTY_BODY


@st.composite
def messages(draw):
    topic = draw(st.sampled_from(sorted(Topic)))
    schema = draw(st.sampled_from([QUESTIONS[topic], ANSWERS[topic]]))
    heads = {name: draw(TEXT) for name in ("id", "sender", "receiver", "conversation", "in_reply_to", "reason")}
    return Message(
        performative=draw(st.sampled_from(sorted(Performative))), topic=topic, body=draw(bodies(schema)), **heads
    )


@given(messages())
def test_messages(message):
    """A message of any topic comes back with every field, cell, type and mark of a private column."""
    back = loads(dumps(message))
    assert same_message(back, message)
    assert back.private_figures == message.private_figures


@given(st.lists(messages(), max_size=3, unique_by=lambda m: m.receiver), st.none() | st.timedeltas())
def test_exchanges(sent, within):
    """An exchange comes back with its messages and its deadline."""
    back = loads(dumps(Exchange(tuple(sent), within)))
    assert back.reply_within == within
    assert all(same_message(a, b) for a, b in zip(back.messages, sent, strict=True))


@pytest.mark.parametrize("protocol", sorted(built_in("protocols")))
def test_negotiations(protocol):
    """Of a negotiation by any protocol, settlement and transcript come back, and the record read replays."""
    small = small_market(46, factories=2, shipments=4, hubs=1, carriers=2)
    chosen = policy(protocol)
    outcome = synchronize(small.market, small.parties(), chosen, 7)
    back = loads(dumps(outcome))
    assert back.settlement == outcome.settlement
    assert dumps(back) == dumps(outcome)
    market, again = loads(dumps(small.market)), loads(dumps(chosen))
    assert (market.digest, again.digest) == (small.market.digest, chosen.digest)
    assert replayed(market, again, back.transcript).settlement == outcome.settlement


@pytest.mark.parametrize("seed", range(6))
def test_reservations(seed):
    """What was reserved ahead, and what became of it, comes back as well."""
    small, market = reserved_market(seed, factories=2, shipments=4, hubs=1, carriers=2)
    outcome = synchronize(market, parties(small, market), policy("contract_net"), 1)
    back = loads(dumps((market, outcome.settlement)))
    assert back[0].digest == market.digest
    assert back[1] == outcome.settlement


@pytest.mark.parametrize(
    "value",
    [
        GroupageBracket("*", "*", 3.0, float("inf"), 12.5),
        (1, 1.0, True, None, "$"),
        {"$": 1, "a": (2,)},
        {(1, "x"): frozenset({Temperature.FROZEN, Temperature.AMBIENT})},
        datetime(2026, 3, 2, 4, 0, 0, 123456, tzinfo=UTC),
        date(2026, 2, 28),
        timedelta(days=-1, microseconds=1),
        (np.float64(0.1), np.int64(7), np.bool_(True)),
    ],
)
def test_odd_values(value):
    """Infinities, numbers of either kind, sets, keys that are no words, and times keep their value and type."""
    back = loads(dumps(value))
    assert back == value
    assert repr(to_json(back)) == repr(to_json(value))


def test_older_records():
    """A field that a record lacks has its default; one that nobody knows is refused by name."""
    bracket = to_json(GroupageBracket("*", "*", 3.0, 9.0, 12.5))
    small = small_market(1)
    site = to_json(next(iter(small.market.sites.values())))
    del site["gln"]
    assert from_json(site).gln is None
    with pytest.raises(InputError, match=r"GroupageBracket has colour"):
        from_json(bracket | {"colour": "red"})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "not JSON"),
        ('{"$":"os.system","is":"true"}', "os.system"),
        ('{"$":"Leg"}', "Leg cannot be read"),
        ('{"$":"Temperature","is":"warm"}', "Temperature"),
        ('{"$":"table","is":"AAAA"}', "table"),
        ('[{"$":"date"}]', "date"),
    ],
)
def test_what_is_no_record(text, said):
    """What was not written by us is refused with where it breaks; nothing that a record names is run."""
    with pytest.raises(InputError, match=said):
        loads(text)


def test_what_is_not_written():
    """A value of a class that records do not hold is an error of ours, never a guess."""
    with pytest.raises(TypeError, match="object"):
        dumps({"a": object()})
    with pytest.raises(TypeError, match="time zone"):
        dumps(datetime(2026, 1, 1))  # noqa: DTZ001


def test_every_field_is_written():
    """Each class of records is written whole: no field that makes it is left out."""
    small = small_market(3)
    shipment = replace(next(iter(small.shipments.values())), product="p")
    assert json.loads(dumps(shipment)).keys() - {"$"} == {f.name for f in fields(CLASSES["Shipment"])}
