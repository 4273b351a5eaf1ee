import asyncio
import inspect
import threading
from datetime import UTC, datetime

import grpc
import pandas as pd
import pytest

from groupage.client import AsyncClient, Client, Connection
from groupage.client.methods import services
from groupage.errors import InputError, ServiceError
from groupage.v1 import orders_pb2, orders_service_pb2
from tests.groupage.client.conftest import QUICK, events, order, refuse

UNAVAILABLE, EXHAUSTED = grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.RESOURCE_EXHAUSTED


def down(request, context):
    refuse(context, UNAVAILABLE, "STORE_UNAVAILABLE")


def test_every_method_of_the_contract_is_there(client):
    """Each service of the contract with each of its methods, in Python's spelling."""
    for name, methods in services().items():
        assert set(dir(getattr(client, name))) == set(methods)
    assert "batch_create_orders" in dir(client.orders)
    assert len(services()) == 9
    with pytest.raises(AttributeError, match="no method 'fetch'"):
        client.orders.fetch()


def test_a_call_carries_its_fields_and_who_calls(client, service):
    """Fields make the request, and the token goes along as the contract says."""
    service.script = [order("companies/acme/orders/1")]
    answer = client.orders.get_order(name="companies/acme/orders/1")
    assert answer.name == service.requests[0].name
    assert service.metadata[0]["authorization"] == "Bearer gpg_a_b"


def test_a_write_keeps_its_request_id_when_it_is_sent_again(client, service):
    """What is lost on the way is asked for again with the same id, so that it has no second effect."""
    service.script = [down, down, order("companies/acme/orders/1")]
    client.orders.create_order(parent="companies/acme", order=orders_pb2.Order(external_ref="1"))
    ids = {r.request_id for r in service.requests}
    assert len(service.requests) == 3
    assert len(ids) == 1
    assert ids != {""}


def test_two_writes_have_two_request_ids(client, service):
    """Each new write is a new one."""
    service.script = [order("a"), order("b")]
    for _ in range(2):
        client.orders.create_order(parent="companies/acme")
    assert len({r.request_id for r in service.requests}) == 2


@pytest.mark.parametrize(
    ("code", "reason", "calls"),
    [
        (UNAVAILABLE, "SERVER_DRAINING", 4),
        (EXHAUSTED, "STORE_FULL", 4),
        (EXHAUSTED, "REQUEST_TOO_LARGE", 1),
        (grpc.StatusCode.ABORTED, "ETAG_MISMATCH", 1),
        (grpc.StatusCode.NOT_FOUND, "RESOURCE_NOT_FOUND", 1),
        (grpc.StatusCode.INTERNAL, "INTERNAL_FAULT", 1),
    ],
)
def test_only_what_may_pass_is_asked_for_again(client, service, code, reason, calls):
    """Temporary refusals are tried as often as the policy says; all others are told at once."""
    service.script = [lambda request, context: refuse(context, code, reason)] * calls
    with pytest.raises(ServiceError) as caught:
        client.orders.get_order(name="x")
    assert (caught.value.reason, caught.value.status, len(service.requests)) == (reason, code.name, calls)


def test_an_error_says_all_that_the_service_said(client, service):
    """Reason, metadata and every field that is wrong."""
    service.script = [
        lambda request, context: refuse(
            context, grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELD", wrong=[("order.pallets", "more than 0")]
        )
    ]
    with pytest.raises(ServiceError, match=r"INVALID_FIELD: as scripted \(order.pallets: more than 0\)") as caught:
        client.orders.create_order(parent="companies/acme")
    assert caught.value.violations == (("order.pallets", "more than 0"),)


def test_the_services_word_on_waiting_counts(service):
    """RetryInfo that is longer than the own wait is kept to."""
    error = ServiceError("", retry_after_s=7.0, temporary=True)
    from groupage.client.retries import rng

    assert QUICK.wait_s(error, 1, rng(1)) == 7.0
    assert QUICK.wait_s(error, 4, rng(1)) is None


def test_pages_are_read_to_the_end(client, service):
    """A list goes on with the token of each page, and everything else as it was."""
    service.script = [
        orders_pb2.ListOrdersResponse(orders=[order("a"), order("b")], next_page_token="t"),
        orders_pb2.ListOrdersResponse(orders=[order("c")]),
    ]
    frame = client.frame("orders", "list_orders", parent="companies/acme", filter="state:OPEN")
    assert list(frame["name"]) == ["a", "b", "c"]
    assert [r.page_token for r in service.requests] == ["", "t"]
    assert {r.filter for r in service.requests} == {"state:OPEN"}
    assert {r.page_size for r in service.requests} == {1_000}


def test_a_watch_has_no_gaps_and_no_repeats_over_breaks(client, service):
    """After each break it goes on behind the last event that came; it ends when the service ends it."""

    def broken(request, context):
        yield events(request.after_sequence + 1, request.after_sequence + 2)
        refuse(context, UNAVAILABLE, "SERVER_DRAINING")

    def slow(request, context):
        yield events(request.after_sequence + 1, request.after_sequence + 1)
        refuse(context, EXHAUSTED, "WATCHER_TOO_SLOW")

    service.script = [broken, slow, broken, lambda request, context: iter([events(6, 7)])]
    seen = [e.sequence for e in client.watch("pools/rhine/synchronizations/s")]
    assert seen == [1, 2, 3, 4, 5, 6, 7]
    assert [r.after_sequence for r in service.requests] == [0, 2, 3, 5]


def test_a_watch_that_is_refused_is_told(client, service):
    """What will not pass is no break."""
    service.script = [lambda request, context: refuse(context, grpc.StatusCode.NOT_FOUND, "RESOURCE_NOT_FOUND")]
    with pytest.raises(ServiceError) as caught:
        list(client.watch("pools/rhine/synchronizations/s"))
    assert caught.value.reason == "RESOURCE_NOT_FOUND"


def receipts(requests, context):
    for request in requests:
        answer = orders_pb2.UploadOrdersResponse(request_id=request.request_id)
        for line, one in enumerate(request.orders):
            if one.pallets > 30:
                answer.names.append("")
                status = answer.failures.add(line=line).status
                status.code = 3
                status.message = "no"
            else:
                answer.names.append(f"companies/acme/orders/{one.external_ref}")
        yield answer


def test_an_upload_names_what_was_refused_by_the_callers_own_index(client, service):
    """Stored and refused lines are told by the index of the frame that was given."""
    frame = pd.DataFrame({"external_ref": ["a", "b", "c"], "pallets": [1.0, 99.0, 2.0]}, index=[10, 20, 30])
    service.script = [receipts]
    receipt = client.upload_orders("companies/acme", frame)
    assert dict(receipt.stored["name"]) == {10: "companies/acme/orders/a", 30: "companies/acme/orders/c"}
    assert list(receipt.failures.index) == [20]
    assert str(receipt) == "2 lines stored, 1 refused"


def test_an_upload_goes_on_where_it_broke_off(client, service):
    """Chunks without a receipt are sent again with their own request ids; those with one are not."""

    def two(requests, context):
        answered = receipts(requests, context)
        seen.append([])
        for _ in range(2):
            answer = next(answered)
            seen[-1].append(answer.request_id)
            yield answer
        refuse(context, UNAVAILABLE, "SERVER_DRAINING")

    def rest(requests, context):
        seen.append([])
        for answer in receipts(requests, context):
            seen[-1].append(answer.request_id)
            yield answer

    seen: list[list[str]] = []
    service.script = [two, rest]
    frame = pd.DataFrame({"external_ref": [f"r{i}" for i in range(4500)], "pallets": 1.0})
    receipt = client.upload_orders("companies/acme", frame)
    assert list(receipt.stored["name"]) == [f"companies/acme/orders/r{i}" for i in range(4500)]
    assert [len(ids) for ids in seen] == [2, 3]
    assert not set(seen[0]) & set(seen[1])


def test_an_upload_that_is_given_up_says_what_became_of_its_lines(client, service):
    """Stored, refused or without an answer: no line is lost with the error."""

    def one_chunk(requests, context):
        yield next(receipts(requests, context))
        refuse(context, grpc.StatusCode.FAILED_PRECONDITION, "COMPANY_SUSPENDED")

    service.script = [one_chunk]
    frame = pd.DataFrame({"external_ref": [f"r{i}" for i in range(2500)], "pallets": [99.0] + [1.0] * 2499})
    frame.index = frame.index + 100
    with pytest.raises(ServiceError, match="COMPANY_SUSPENDED") as caught:
        client.upload_orders("companies/acme", frame)
    receipt = caught.value.receipt
    assert str(receipt) == "999 lines stored, 1 refused, 1500 without an answer"
    assert list(receipt.failures.index) == [100]
    assert receipt.unanswered == tuple(range(1100, 2600))


def test_an_upload_that_the_service_ends_early_is_not_begun_for_ever(client, service):
    """A stream that ends well and answers nothing is tried as often as any, with waits, and then told."""

    def nothing(requests, context):
        for _ in requests:
            pass
        return iter(())

    service.script = [nothing] * 20
    with pytest.raises(ServiceError, match="before all was answered"):
        client.upload_orders("companies/acme", [orders_pb2.Order(external_ref="a")])
    assert len(service.requests) == QUICK.attempts


@pytest.mark.parametrize("code", [grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN])
def test_streams_outlive_what_breaks_on_the_way(client, service, code):
    """A status without a reason is none of the service's: the watch and the upload go on."""

    def dropped(request, context):
        if not hasattr(request, "after_sequence"):
            context.abort(code, "RST_STREAM")
        yield events(1, 2)
        context.abort(code, "RST_STREAM")

    service.script = [dropped, lambda request, context: iter([events(3, 3)]), dropped, receipts]
    assert [e.sequence for e in client.watch("pools/rhine/synchronizations/s")] == [1, 2, 3]
    assert len(client.upload_orders("companies/acme", [orders_pb2.Order(external_ref="a")]).stored) == 1


def test_a_rule_over_several_fields_is_told_without_a_field(client, service):
    """There is nothing to name before the colon."""
    wrong = [("", "decide_by must be before window_end")]
    service.script = [
        lambda request, context: refuse(context, grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELD", wrong=wrong)
    ]
    with pytest.raises(ServiceError, match=r"\(decide_by must be before window_end\)"):
        client.orders.get_order(name="x")


def test_a_service_that_is_not_there_is_an_error_with_its_status():
    """Nobody listens: UNAVAILABLE after the attempts, not a hang and not a traceback of gRPC's."""
    with Client("127.0.0.1:1", retries=QUICK) as client, pytest.raises(ServiceError) as caught:
        client.orders.get_order(name="x")
    assert caught.value.status == "UNAVAILABLE"


def test_the_async_client_does_the_same(service):
    """Calls, retries, pages and watches with await."""

    def broken(request, context):
        yield events(1, 2)
        refuse(context, UNAVAILABLE, "SERVER_DRAINING")

    service.script = [
        down,
        order("a"),
        orders_pb2.ListOrdersResponse(orders=[order("b")]),
        broken,
        lambda request, context: iter([events(3, 3)]),
        receipts,
    ]

    async def story():
        async with AsyncClient(service.address, retries=QUICK, seed=1) as client:
            created = await client.orders.create_order(parent="companies/acme")
            listed = [o.name async for o in client.pages("orders", "list_orders", parent="companies/acme")]
            watched = [e.sequence async for e in client.watch("pools/rhine/synchronizations/s")]
            receipt = await client.upload_orders("companies/acme", [orders_pb2.Order(external_ref="z")])
            return created.name, listed, watched, list(receipt.stored["name"])

    assert asyncio.run(story()) == ("a", ["b"], [1, 2, 3], ["companies/acme/orders/z"])


def test_fields_that_do_not_exist_are_named(client):
    """A wrong field or a wrong request is told before anything is sent."""
    with pytest.raises(InputError, match="pallet"):
        client.orders.create_order(parent="companies/acme", pallet=3)
    with pytest.raises(InputError, match="expected GetOrderRequest"):
        client.orders.get_order(orders_pb2.Order())


def test_a_connection_is_checked_and_keeps_its_secret(tmp_path):
    """Half a certificate, a missing file and an address without a port are errors; the token is never shown."""
    with pytest.raises(InputError, match="go together"):
        Connection("a:1", certificate_file=tmp_path / "c.pem")
    with pytest.raises(InputError, match="host:port"):
        Connection("localhost")
    with pytest.raises(InputError, match=r"none\.pem cannot be read"):
        Connection("a:1", ca_file=tmp_path / "none.pem").credentials()
    (tmp_path / "no.pem").write_text("nothing")
    with pytest.raises(InputError, match=r"no\.pem is no PEM file"):
        Connection("a:1", ca_file=tmp_path / "no.pem").credentials()
    assert not Connection("a:1").secure
    assert Connection("a:1", tls=True).secure
    with pytest.raises(InputError, match="host:port"):
        Connection("https://localhost:7443")
    for wrong in ("gpg_a_b\n", " gpg_a_b", "gpg_ä_b"):
        with pytest.raises(InputError, match="the token has") as caught:
            Connection("localhost:1", token=wrong)
        assert wrong.strip() not in str(caught.value)
    assert "gpg_secret" not in repr(Connection("a:1", token="gpg_secret"))


def test_both_clients_offer_the_same():
    """What one can do the other can do as well, by the same names."""

    def public(kind):
        return {n for n, _ in inspect.getmembers(kind, callable) if not n.startswith("_")}

    assert public(AsyncClient) - public(Client) == {"stream"}
    assert public(Client) <= public(AsyncClient)


def test_the_moment_of_a_message_stays_what_it_was(client, service):
    """Times come back as times of a frame, UTC."""
    at = datetime(2026, 5, 4, 6, tzinfo=UTC)
    one = order("a")
    one.window_open.FromDatetime(at)
    service.script = [orders_pb2.ListOrdersResponse(orders=[one])]
    frame = client.frame("orders", "list_orders", parent="companies/acme")
    assert frame["window_open"][0] == pd.Timestamp(at)
    assert orders_service_pb2.DESCRIPTOR.services_by_name["Orders"].full_name == "groupage.v1.Orders"


@pytest.mark.parametrize("resumed", [False, True])
def test_who_stops_listening_ends_the_stream(client, service, resumed):
    """A watch that is left in the middle is no stream that stays open at the service."""
    ended = threading.Event()

    def endless(request, context):
        context.add_callback(ended.set)
        yield events(1, 1)
        ended.wait(30)

    service.script = [endless]
    name = "pools/rhine/synchronizations/s"
    watching = client.watch(name) if resumed else client.synchronizations.watch_synchronization(name=name)
    next(watching)
    watching.close()
    assert ended.wait(3)  # before the service would end a connection that only pings


def test_what_cannot_be_watched_or_listed_is_named(client):
    """A wrong name is an error with what was expected, and no fault of Python's."""
    for name in ("acme", "pools/rhine", "companies/acme/orders/1", "pools//synchronizations/1"):
        with pytest.raises(InputError, match="cannot be watched, expected a synchronization"):
            next(client.watch(name))
    for service, method in (("order", "list_orders"), ("orders", "get_order")):
        with pytest.raises(
            InputError, match=rf"{service}\.{method} answers no pages, expected one of .*orders.list_orders"
        ):
            client.frame(service, method, parent="companies/acme")


def test_a_frame_of_nothing_has_its_columns(client, service):
    """Where a list is empty a program finds the columns that it asks for."""
    service.script = [orders_pb2.ListOrdersResponse()]
    assert len(client.frame("orders", "list_orders", parent="companies/acme")[["external_ref", "state"]]) == 0
