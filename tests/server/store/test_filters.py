from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine, insert
from sqlmodel import Session, select

from groupage.v1 import companies_pb2, orders_pb2, shipments_pb2
from server.faults import Fault
from server.order_writes import decoded, row_of
from server.services.orders import FILTERS
from server.store import filters
from server.store.tables import OrderRow
from server.viewer import Viewer

START = datetime(2026, 5, 4, tzinfo=UTC)
STATES = ["OPEN", "COMMITTED", "CANCELLED"]


@pytest.fixture(scope="module")
def rows():
    """Orders of many kinds in a database in memory, with their messages."""
    engine = create_engine("sqlite://")
    OrderRow.metadata.tables["orders"].create(engine)
    made = []
    for i in range(24):
        order = orders_pb2.Order(
            external_ref=f"Ref-{i}",
            origins=["companies/a/sites/p"],
            destination=f"companies/a/sites/c{i % 3}",
            product=["", "steel", "Steel bars", "100%_"][i % 4],
        )
        for field in ("ready_at", "window_open", "window_close"):
            getattr(order, field).FromDatetime(START + timedelta(hours=i % 5))
        row = row_of("companies/a", order, f"o{i:02}")
        row.update(state=STATES[i % 3], created_at=START, updated_at=START, synchronization="s" if i % 2 else "")
        made.append(row)
    with engine.begin() as connection:
        connection.execute(insert(OrderRow), made)
    with Session(engine) as session:
        yield session, session.exec(select(OrderRow).order_by(OrderRow.name)).all()


TERMS = st.one_of(
    st.builds("state{}{}".format, st.sampled_from(["=", "!=", ":"]), st.sampled_from(STATES)),
    st.builds(
        'product{}"{}"'.format,
        st.sampled_from(["=", "!=", ":"]),
        st.sampled_from(["", "steel", "STEEL", "%", "_", "0%_"]),
    ),
    st.builds(
        'window_open{}"2026-05-04T0{}:00:00Z"'.format,
        st.sampled_from(["<", "<=", ">", ">=", "=", "!="]),
        st.integers(0, 5),
    ),
    st.builds("external_ref{}Ref-{}".format, st.sampled_from(["=", "!=", "<", ">", ":"]), st.integers(0, 23)),
    st.sampled_from(['synchronization=""', 'synchronization!=""']),
)
TEXTS = st.recursive(
    TERMS,
    lambda inner: st.one_of(
        st.builds("NOT ({})".format, inner),
        st.builds("({}) AND ({})".format, inner, inner),
        st.builds("({}) OR ({})".format, inner, inner),
        st.builds("{} OR {} AND {}".format, TERMS, TERMS, TERMS),
    ),
    max_leaves=5,
)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(TEXTS)
def test_sql_and_messages_are_filtered_alike(rows, text):
    """The same filter lets through the same orders, whether the database applies it or we do."""
    session, all_rows = rows
    node = filters.parse(text, orders_pb2.Order, list(FILTERS))
    by_sql = set(session.exec(select(OrderRow.name).where(filters.sql(node, FILTERS))).all())
    by_message = {r.name for r in all_rows if filters.matches(node, decoded(r, Viewer("a")))}
    assert by_sql == by_message


def test_or_binds_closer_than_and(rows):
    """As AIP-160 has it: a OR b AND c is (a OR b) AND c."""
    _, all_rows = rows

    def found(text):
        node = filters.parse(text, orders_pb2.Order, list(FILTERS))
        return [r.name for r in all_rows if filters.matches(node, decoded(r, Viewer("a")))]

    text = "state:OPEN OR state:COMMITTED AND product:steel"
    assert found(text) == found("(state:OPEN OR state:COMMITTED) AND product:steel")
    assert found(text) != found("state:OPEN OR (state:COMMITTED AND product:steel)")


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("owner=1", 0),
        ("state", 5),
        ("state:", 6),
        ("state:OPENED", 6),
        ("state<OPEN", 6),
        ("(state:OPEN", 11),
        ("state:OPEN)", 10),
        ("state:OPEN AND", 14),
        ("window_open<soon", 12),
        ('product="a', 8),
        ("state:OPEN;drop", 10),
        ("(" * 30 + "state:OPEN" + ")" * 30, 21),
    ],
)
def test_what_cannot_be_read_is_told_with_its_place(text, at):
    """FILTER_INVALID names the character from which it cannot be read."""
    with pytest.raises(Fault) as caught:
        filters.parse(text, orders_pb2.Order, list(FILTERS))
    assert (caught.value.reason, caught.value.metadata) == ("FILTER_INVALID", {"at": str(at)})


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet='abst:OPENAD()<>="\\ \n-é\x00', max_size=30))
def test_no_text_breaks_the_parser(text):
    """Whatever is sent is read, or refused by name."""
    told = ""
    try:
        filters.parse(text, orders_pb2.Order, list(FILTERS))
    except Fault as fault:
        told = fault.reason
    assert told in ("", "FILTER_INVALID")


def test_lists_and_nested_fields():
    """Of a list any member may match; a field of a list's messages is named with a dot."""
    company = companies_pb2.Company(roles=[companies_pb2.ROLE_SHIPPER, companies_pb2.ROLE_CARRIER])
    node = filters.parse("roles:ROLE_CARRIER AND NOT roles:ROLE_HUB", companies_pb2.Company, ["roles"])
    assert filters.matches(node, company)
    shipment = shipments_pb2.Shipment(alerts=[shipments_pb2.Alert(kind=shipments_pb2.Alert.LATE)])
    for text, passes in (("alerts.kind:LATE", True), ("alerts.kind:SILENT", False)):
        node = filters.parse(text, shipments_pb2.Shipment, ["alerts.kind"])
        assert filters.matches(node, shipment) is passes
